"""A patient's own records: the list, one opened, a value over time, and the models trained."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from attrs import define

from consent import ANY, CATEGORIES
from models import Diagnostics, Model
from records.documents import observations
from services.errors import NotFound
from services.jobs.progress import Progress
from services.parties import PartyNames
from services.patient.consents import PatientConsents
from services.record_views import LineView, RecordViews, ValueSeries
from services.requests.wording import format_day
from services.words import Words
from storage import Entry, Record, RecordStore

NAMED_RECORDS: Final = 20
"""Of how many records the names are shown where terms are signed."""


@dataclass(frozen=True, slots=True)
class StoredRecord:
    """A record that is stored, not opened: its custodian's name, and when it was added here.

    `added_at_s` is in seconds UTC; 0 if it is not known.
    """

    entry: Entry
    custodian_name: str
    added_at_s: int


@dataclass(frozen=True, slots=True)
class OpenedRecord:
    """A record that was opened for the patient; `added_at_s` as in `StoredRecord`.

    `values` are its lines in the patient's words, `earlier` those that corrections replaced.
    """

    record: Record
    custodian_name: str
    added_at_s: int
    values: Sequence[LineView]
    earlier: Sequence[LineView]

    @property
    def observations(self) -> dict[str, Any]:
        """Codes and values as they were deposited."""
        observations: dict[str, Any] = record_document(self.record)["values"]
        return observations


@dataclass(frozen=True, slots=True)
class TrainedModel:
    """A published model that was trained on the patient's records.

    Attributes:
        replaced_by_s: when it is replaced at the latest; None unless a withdrawal affects it.
        is_in_successor: whether the model that replaced it was trained on them too.
    """

    model: Model
    study_name: str
    replaced_by_s: int | None
    is_in_successor: bool


@define(eq=False, repr=False, kw_only=True)
class PatientRecords:
    """What a patient can read about their own records; opening one is in the history."""

    _store: RecordStore
    _diagnostics: Diagnostics
    _parties: PartyNames
    _consents: PatientConsents
    _views: RecordViews

    def list_all(self, subject: bytes, words: Words) -> list[StoredRecord]:
        """Return every stored record of the patient; none is opened."""
        entries = self._store.records_of(subject)
        times = self._store.added_times(entries)
        name_of, language = self._parties.name_of, words.language
        return [
            StoredRecord(entry, name_of(entry.custodian, language), times.get(entry.batch, 0))
            for entry in entries
        ]

    def name_few(self, subject: bytes, words: Words, record_ids: Sequence[str]) -> dict[str, str]:
        """Return category and day, in words, of the stored ones of a few records, by id.

        Of more than `NAMED_RECORDS` none is named: nobody reads such a list before signing.
        """
        if ANY in record_ids or len(record_ids) > NAMED_RECORDS:
            return {}
        names = {}
        for entry in self._store.records_of(subject):
            if (record_id := entry.record_id.hex()) in record_ids:
                day = format_day(words, entry.recorded_on)
                names[record_id] = f"{words(f'category-{entry.category}')} ({day})"
        return names

    def open(self, subject: bytes, words: Words, record_id: str) -> OpenedRecord:
        """Open a record for the patient.

        Raises:
            StorageNotFound: it does not exist, or belongs to another patient.
        """
        record = self._store.vault.open_own(subject, record_id)
        same = [e for e in self._store.records_of(subject) if e.category == record.category]
        entries = [e for e in same if e.record_id.hex() == record_id]
        times = self._store.added_times(entries)
        former = self._store.vault.open_own_former(subject, [record_id])
        return OpenedRecord(
            record,
            self._parties.name_of(record.custodian, words.language),
            next(iter(times.values()), 0),
            self._views.describe(words, [record], has_others=len(same) > len(entries)),
            self._views.earlier(words, former, [record]),
        )

    def series(self, subject: bytes, words: Words, category: str, code: str) -> ValueSeries:
        """Return one value of the patient over time; this opens the records of the category.

        Raises:
            NotFound: the patient has no record of the category, or none with this code.
        """
        if category not in CATEGORIES:
            raise NotFound
        records = self._store.vault.open_all_own(subject, [category])
        return self._views.series(words, records, code)

    def export_all(self, subject: bytes, words: Words, progress: Progress) -> list[dict[str, Any]]:
        """Return every record of the patient, opened, with codes, values and their words.

        What corrections replaced is in `earlier`, if the custodian keeps it.
        """
        entries = self._store.records_of(subject)
        times = self._store.added_times(entries)
        batches = {entry.record_id.hex(): entry.batch for entry in entries}
        progress("records", 0, len(batches))
        records = self._store.vault.open_all_own(subject, None)
        former = self._store.vault.open_own_former(subject)
        lines = _by_record(self._views.describe(words, records))
        earlier = _by_record(self._views.earlier(words, former, records))
        return [
            {
                **record_document(record),
                "added_at_s": times.get(batches.get(record.record_id, -1), 0),
                "says": lines.get(record.record_id, []),
                "earlier": earlier.get(record.record_id, []),
            }
            for record in records
        ]

    def list_models(self, subject: bytes, words: Words) -> list[TrainedModel]:
        """Return the published models that were trained on the patient's records."""
        consents = [c.consent_id for c in self._consents.list_all(subject, words).consents]
        models = self._diagnostics.models_trained_under(consents) if consents else []
        grace_s, trained = self._diagnostics.grace_s, {model.id for model in models}
        return [
            TrainedModel(
                model,
                self._parties.name_of(model.study),
                None if model.affected_at_s is None else model.affected_at_s + grace_s,
                model.successor in trained,
            )
            for model in models
            if model.published_at_s is not None
        ]


def _by_record(views: Sequence[LineView]) -> dict[str, list[dict[str, str]]]:
    lines: dict[str, list[dict[str, str]]] = {}
    for view in views:
        line = {"name": view.name, "value": view.value, "when": view.when}
        lines.setdefault(view.line.record_id, []).append(line)
    return lines


def record_document(record: Record) -> dict[str, Any]:
    """Return a record as JSON, codes and values as they were deposited."""
    return {
        "id": record.record_id,
        "kind": record.category,
        "date": record.recorded_on,
        "custodian": record.custodian,
        "values": {code: list(value) for code, value in observations(record).items()},
    }
