"""Moves a record that was filed under the wrong patient to the right one."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from attrs import define

from models import Diagnostics
from records.errors import NamesItsPerson
from records.reassignment import reassign
from services.custodian.items import ItemIndex
from services.custodian.patient_journal import PatientJournal
from services.errors import Invalid, NotFound
from services.requests import PatientDirectory, StoredPredictions
from services.requests.censuses import Censuses
from services.requests.history import MOVED_HERE
from services.words import Words
from storage import MOVED_AWAY, Entry, Record, RecordStore

LOG: Final = logging.getLogger("vouchsafe.custodian")
WHY: Final = "filed under the wrong patient"
_RECORD_ID: Final = re.compile(r"[0-9a-f]{32}\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class FiledRecord:
    """A record as a custodian chooses it: its id, class and day; no content."""

    record_id: str
    category: str
    recorded_on: str
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveResult:
    """What a move did: the id of the new record, and the models marked for retraining."""

    record_id: str
    affected_models: Sequence[str]


@define(eq=False, repr=False, kw_only=True)
class CustodianMoves:
    """Lists the records of a hospital number, and moves one to another number."""

    _store: RecordStore
    _directory: PatientDirectory
    _items: ItemIndex
    _diagnostics: Diagnostics
    _journal: PatientJournal
    _censuses: Censuses
    _predictions: StoredPredictions
    _erase_exports: Callable[[bytes], object]

    def list_records(self, words: Words, number: str) -> list[FiledRecord]:
        """Return the records of a hospital number, the newest day first; none is opened.

        Raises:
            Invalid: the number is nobody's.
        """
        entries = self._store.records_of(self._subject(words, number, "number"))
        records = [
            FiledRecord(
                record_id=entry.record_id.hex(),
                category=entry.category,
                recorded_on=entry.recorded_on,
                version=entry.version,
            )
            for entry in entries
        ]
        return sorted(records, key=lambda record: record.recorded_on, reverse=True)

    def move(self, words: Words, record_id: str, number: str, *, by: str) -> MoveResult:
        """Move a record, with its former versions, to the patient of a hospital number.

        It is journalled for both patients first. On return the record is encrypted under the right
        patient's key and counts under that patient's consents alone; the old one is deleted, with
        the predictions and the prepared copy of the other patient that have it, and models trained
        on it are marked for retraining.

        Raises:
            NotFound: there is no such record.
            Invalid: the number is nobody's or the record's own, or the record names its person.
            LedgerUnavailable (consent), JournalUnavailable (storage): nothing was moved.
            SubjectErased, StoreUnavailable (storage): repeat the call to complete it.
        """
        entry = self._entry(record_id)
        subject = self._subject(words, number, "other")
        if subject == entry.subject:
            raise Invalid.of("other", words("moves-same-error"))
        identities: list[str] = []
        affected: list[str] = []

        def change(versions: Sequence[Record]) -> list[Record]:
            moved = [reassign(version, subject, number.strip()) for version in versions]
            self._journal.record(MOVED_AWAY, WHY, [entry.subject], by=by)
            self._journal.record(MOVED_HERE, WHY, [subject], by=by)
            identities.extend(arrival.identity for arrival in versions[-1].arrivals)
            return moved

        def finish(new_id: str) -> None:
            # Corrections that its sender makes later find the record under its new id.
            new, items = bytes.fromhex(new_id), self._items.find(identities).items()
            self._items.write({name: item._replace(record_id=new) for name, item in items})
            self._predictions.erase_resting_on(record_id, entry.subject)
            self._erase_exports(entry.subject)
            for each in self._diagnostics.apply_corrections([record_id]):
                affected.append(each.model.id)

        try:
            new_id = self._store.versions.move(record_id, change, finish)
        except NamesItsPerson as exc:
            raise Invalid.of("record", words("moves-patient-error")) from exc
        self._censuses.delete()
        self._store.erasure.sweep(wait=False)
        LOG.info("record %s moved to record %s by %s", record_id, new_id, by)
        return MoveResult(record_id=new_id, affected_models=affected)

    def _entry(self, record_id: str) -> Entry:
        is_id = _RECORD_ID.match(record_id) is not None
        entry = self._store.versions.entries([record_id]).get(record_id) if is_id else None
        if entry is None:
            raise NotFound
        return entry

    def _subject(self, words: Words, number: str, name: str) -> bytes:
        subject = self._directory.find_subject(number)
        if subject is None:
            raise Invalid.of(name, words("moves-number-error"))
        return subject
