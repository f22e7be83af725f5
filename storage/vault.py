"""Release records after the ledger permitted it and the journal recorded it; nothing else does."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from consent import DecisionRequest, View
from storage.access import AccessRequest, AccessResult
from storage.collector import collector_paused
from storage.components import Components, Progress, no_progress
from storage.decided_entries import (
    NOT_THERE,
    PERMITTED,
    DecidedEntries,
    decide_entries,
    refusals_of,
)
from storage.duties import to_mask, unmet_mask
from storage.entry import Columns, Entry, columns_of
from storage.errors import RecordLost, StorageNotFound
from storage.extracts import Extractor
from storage.integrity import OWN, OWN_PURPOSE, PATIENT
from storage.journal import NO_RECORD, NOBODY, AccessOutcome, Use
from storage.person_refusals import REFUSING
from storage.reader import Reader
from storage.record import Record

WITHDRAWN: Final = "withdrawn"
ANSWERED: Final = "answered"
COUNTED: Final = "counted"
"""The outcome where the custodian only counts people: no record is released to anybody."""
_RECORD_ID: Final = re.compile(r"[0-9a-f]{32}\Z")


class Vault:
    """Releases what the ledger permits, after journalling it; each step may only refuse."""

    def __init__(self, components: Components) -> None:
        self._catalogue = components.catalogue
        self._journal = components.journal
        self._ledger = components.ledger
        self._persons = components.persons
        self._reader = Reader(components)
        self._clock = components.clock

    def gather(
        self,
        request: AccessRequest,
        progress: Progress = no_progress,
        extractor: Extractor | None = None,
    ) -> AccessResult:
        """Return every requested record that is permitted at the current view of the ledger.

        Permits and refusals are journalled, one row a record, before anything is opened. Records
        whose consent ended meanwhile are left out, and that is journalled too. With an extractor,
        the records have what it extracts in place of their content.

        Raises:
            LedgerUnavailable (consent): the ledger is unavailable or in doubt; nothing is released.
            JournalUnavailable, DatabaseUnavailable, StoreUnavailable, VaultSealed: likewise.
            StorageBroken: stored data failed an integrity check; nothing is released.
        """
        with collector_paused():
            try:
                return self._gather(request, progress, extractor)
            except RecordLost:
                # Re-encrypted between catalogue and fetch: the second attempt finds the new CIDs.
                return self._gather(request, progress, extractor)

    def _gather(
        self, request: AccessRequest, progress: Progress, extractor: Extractor | None
    ) -> AccessResult:
        progress("deciding", 0, 1)
        columns = self._catalogue.columns(request.categories, request.subjects, request.custodian)
        decided = self._decide(request, columns, None)
        view = decided.view or self._ledger.view()
        subjects = request.subjects or ()
        subject = subjects[0] if len(subjects) == 1 else NOBODY
        use = self._use(request, view)

        def read(entries: Sequence[Entry]) -> list[Record | None]:
            return self._reader.read(entries, progress, extractor)

        records = self._release(request, use, decided, (subject, NO_RECORD), read)
        consents = [decided.consents[index] for index in decided.permitted()]
        return AccessResult(view, records, consents, *refusals_of(decided), decided.duties())

    def gather_former(self, request: AccessRequest) -> list[Record]:
        """Return the former versions that are kept of the requested records, oldest first.

        Each is decided and journalled as its record is; without any, nothing is journalled. They
        are for people who read a record: training and predictions never ask for them.

        Raises:
            LedgerUnavailable (consent), JournalUnavailable, StoreUnavailable, StorageBroken: as
                `gather`.
        """
        entries = self._catalogue.former(categories=request.categories, subjects=request.subjects)
        if not entries:
            return []
        view = self._ledger.view()
        decided = self._decide(request, columns_of(entries), view)
        use = self._use(request, view)
        return self._release(request, use, decided, (NOBODY, NO_RECORD), self._reader.read)

    def decide_again(self, request: AccessRequest) -> dict[bytes, tuple[str, bytes]]:
        """Return outcome and deciding consent, now, of each current record of the request.

        By record id. Nothing is opened and nothing is journalled: it is for those who have records
        from `gather`, and must know whether they may still use them.

        Raises:
            LedgerUnavailable (consent), DatabaseUnavailable: as `gather`.
        """
        columns = self._catalogue.columns(request.categories, request.subjects, request.custodian)
        decided = self._decide(request, columns, None)
        outcomes = zip(decided.entries, decided.outcomes, decided.consents, strict=True)
        return {entry.record_id: (outcome, consent) for entry, outcome, consent in outcomes}

    def are_permitted(self, requests: Sequence[DecisionRequest]) -> list[bool]:
        """Return for each request, by one view, whether a record may be used now.

        Nothing is opened and nothing is journalled: it is for what was made of records before.

        Raises:
            LedgerUnavailable (consent), DatabaseUnavailable: as `gather`.
        """
        groups = self._persons.links.groups(request.subject for request in requests)
        ended = self._persons.find_ended(request.subject for request in requests)
        parts = [[request, *_linked(request, groups)] for request in requests]
        flat = [request for part in parts for request in part]
        decisions = iter(self._ledger.decide_each(flat) if flat else ())
        answers = []
        for part in parts:
            own, *others = [next(decisions) for _ in part]
            refuses = any(decision.reason in REFUSING for decision in others)
            refuses |= bool(to_mask(own.obligations) & unmet_mask(part[0].purpose))
            answers.append(own.permitted and not refuses and part[0].subject not in ended)
        return answers

    def open(self, party: str, purpose: str, record_id: str, why: str) -> Record:
        """Return one record if it exists and access is permitted.

        Raises:
            StorageNotFound: it does not exist or access is refused; the two look alike.
            LedgerUnavailable (consent), JournalUnavailable, StoreUnavailable, StorageBroken: as
                `gather`.
        """
        name = bytes.fromhex(record_id) if _RECORD_ID.match(record_id) else NO_RECORD
        request = AccessRequest(party, purpose, None, None, None, why)
        try:
            records = self._open(request, name)
        except RecordLost:
            records = self._open(request, name)
        if not records:
            raise StorageNotFound("record not found, or access not permitted")
        return records[0]

    def _open(self, request: AccessRequest, name: bytes) -> list[Record]:
        view = self._ledger.view()
        entries = self._catalogue.current(record_ids=[name])
        decided = self._decide(request, columns_of(entries), view)
        use = self._use(request, view)
        return self._release(request, use, decided, (NOBODY, name), self._reader.read)

    def open_own(self, subject: bytes, record_id: str) -> Record:
        """Return one of a patient's own records; it is journalled first and needs no consent.

        Raises:
            StorageNotFound: it does not exist, or belongs to another patient.
            LedgerUnavailable (consent), JournalUnavailable, StoreUnavailable, StorageBroken: as
                `gather`.
        """
        name = bytes.fromhex(record_id) if _RECORD_ID.match(record_id) else NO_RECORD
        for record in self._read_own(
            self._catalogue.current(record_ids=[name], subjects=[subject])
        ):
            return record
        raise StorageNotFound("record not found, or access not permitted")

    def open_for_counts(
        self, request: AccessRequest, progress: Progress = no_progress
    ) -> dict[bytes, list[Record]]:
        """Return the current records of everybody who does not refuse the request's use.

        They are for the custodian's own counts, which hide small numbers; no record may leave the
        caller. People who opted out of the purpose, or refuse any record to the party, are left
        out, whichever of their linked numbers they signed under; so are those whose consents ended
        with their death. One row a subject is journalled before anything is opened.

        Raises:
            LedgerUnavailable (consent): refusals cannot be checked now; nothing is opened.
            JournalUnavailable, DatabaseUnavailable, StoreUnavailable, StorageBroken, VaultSealed:
                likewise.
        """
        with collector_paused():
            try:
                return self._open_for_counts(request, progress)
            except RecordLost:
                return self._open_for_counts(request, progress)

    def _open_for_counts(
        self, request: AccessRequest, progress: Progress
    ) -> dict[bytes, list[Record]]:
        view = self._ledger.view()
        columns = self._catalogue.columns(request.categories, request.subjects, request.custodian)
        decided = self._decide_alone(request, columns, view)
        outcomes = list(zip(decided.entries, decided.outcomes, strict=True))
        refusing = {entry.subject for entry, outcome in outcomes if outcome in REFUSING}
        # All entries, not only permitted ones: the number of an opt-out may have no records.
        refusing |= {
            decided.entries[index].subject
            for index in self._persons.find_refusals(
                decided.entries,
                lambda entries: self._decide_alone(request, columns_of(entries), view).outcomes,
            )
        }
        # Who refuses under one number is not counted under another one either.
        groups = self._persons.links.groups(refusing)
        refusing |= {each for group in groups.values() for each in group}
        entries = [entry for entry in decided.entries if entry.subject not in refusing]
        subjects = list(dict.fromkeys(entry.subject for entry in entries))
        self._journal.write(
            self._use(request, view),
            [AccessOutcome(subject, NO_RECORD, 0, COUNTED, NOBODY) for subject in subjects],
        )
        by_subject: dict[bytes, list[Record]] = {}
        for record in self._reader.read(entries, progress):
            if record is not None:
                by_subject.setdefault(record.subject, []).append(record)
        return by_subject

    def open_all_own(self, subject: bytes, categories: Sequence[str] | None) -> list[Record]:
        """Return a patient's own records of these categories (None: of all), in catalogue order.

        They are journalled first, one row each, and need no consent.

        Raises:
            LedgerUnavailable (consent), JournalUnavailable, StoreUnavailable, StorageBroken: as
                `gather`.
        """
        entries = self._catalogue.current(categories=categories, subjects=[subject])
        return self._read_own(entries)

    def open_own_former(
        self, subject: bytes, record_ids: Sequence[str] | None = None
    ) -> list[Record]:
        """Return the former versions that are kept of a patient's own records, oldest first.

        Of these records, or of all. They are journalled first, one row each, and need no consent.

        Raises:
            LedgerUnavailable (consent), JournalUnavailable, StoreUnavailable, StorageBroken: as
                `gather`.
        """
        names = None if record_ids is None else [bytes.fromhex(each) for each in record_ids]
        return self._read_own(self._catalogue.former(subjects=[subject], record_ids=names))

    def _read_own(self, entries: list[Entry]) -> list[Record]:
        """Journal and open records of one patient; what is deleted meanwhile is left out."""
        if not entries:
            return []
        request = AccessRequest(PATIENT, OWN_PURPOSE, None, None, None, "the patient's own reading")
        answers = [
            AccessOutcome(entry.subject, entry.record_id, entry.version, OWN, NOBODY)
            for entry in entries
        ]
        self._journal.write(self._use(request, self._ledger.view()), answers)
        return [record for record in self._reader.read(entries) if record is not None]

    def record_use(self, request: AccessRequest, view: View, outcome: str = ANSWERED) -> int:
        """Journal what was computed from released records; return the number of the last row.

        Writes one row for each subject of `request`, whose `detail` holds the hashes of model and
        input. Call it before the result leaves.

        Raises:
            JournalUnavailable, DiskFull: nothing was written, so the result may not leave.
        """
        answers = [
            AccessOutcome(subject, NO_RECORD, 0, outcome, NOBODY)
            for subject in request.subjects or ()
        ]
        return self._journal.write(self._use(request, view), answers)

    def _use(self, request: AccessRequest, view: View) -> Use:
        detail = tuple(sorted(request.detail.items()))
        at_s = int(self._clock())
        return Use(at_s, request.party, request.actor, request.purpose, request.why, view, detail)

    def _decide(
        self, request: AccessRequest, columns: Columns, view: View | None
    ) -> DecidedEntries:
        """Decide on each entry; what its person refuses under a linked subject is refused."""
        decided = self._decide_alone(request, columns, view)
        permitted = decided.permitted()
        refused = self._persons.find_refusals(
            [columns.entries[index] for index in permitted],
            lambda entries: self._decide_alone(request, columns_of(entries), decided.view).outcomes,
        )
        for place, outcome in refused.items():
            decided.outcomes[permitted[place]] = outcome
            decided.consents[permitted[place]] = NOBODY
        return decided

    def _decide_alone(
        self, request: AccessRequest, columns: Columns, view: View | None
    ) -> DecidedEntries:
        return decide_entries(self._ledger, request, columns, view)

    def _release(
        self,
        request: AccessRequest,
        use: Use,
        decided: DecidedEntries,
        requested: tuple[bytes, bytes],
        read: Callable[[Sequence[Entry]], list[Record | None]],
    ) -> list[Record]:
        """Journal, open, and return what is still permitted then; updates `decided` accordingly.

        What is asked again is the whole decision, so that a refusal signed meanwhile counts as a
        withdrawal does. `requested` is the (subject, record id) to journal if there are no entries;
        `read` opens entries.
        """
        nothing = AccessOutcome(*requested, 0, NOT_THERE, NOBODY)
        self._journal.write(use, decided.answers() or [nothing])
        indexes = decided.permitted()
        entries = [decided.entries[index] for index in indexes]
        records = read(entries)
        again = self._decide(request, columns_of(entries), None)
        released: list[Record] = []
        changed: list[int] = []
        for place, (index, record) in enumerate(zip(indexes, records, strict=True)):
            outcome, consent = again.outcomes[place], again.consents[place]
            if record is None:
                outcome, consent = NOT_THERE, decided.consents[index]
            elif outcome == PERMITTED and consent != decided.consents[index]:
                # The journal names another consent, which has ended: the next request finds this.
                outcome, consent = WITHDRAWN, decided.consents[index]
            if record is not None and outcome == PERMITTED:
                released.append(record)
            else:
                decided.outcomes[index], decided.consents[index] = outcome, consent
                changed.append(index)
        if changed:
            rows = decided.answers()
            self._journal.write(use, [rows[index] for index in changed])
        return released


def _linked(
    request: DecisionRequest, groups: Mapping[bytes, Sequence[bytes]]
) -> list[DecisionRequest]:
    """Return the request for each other subject of the same person."""
    group = groups.get(request.subject, ())
    return [replace(request, subject=other) for other in group if other != request.subject]
