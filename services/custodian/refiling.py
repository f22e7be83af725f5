"""Finds the stored resources that other rules of categories would move, and moves them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from attrs import define

from models import Diagnostics
from records.categories import RULES, CategoryRules, read_rules
from records.fhir_file import STORED_MAX_DEPTH
from records.json_strict import loads_exact
from records.medicines import (
    BESIDE,
    find_medicine,
    medicines_of,
    reference_of,
    with_whole_medicine,
)
from records.merging import DocumentMerge, Filed, split_fitting, with_resources
from records.placement import document_source
from services.custodian.items import ItemIndex
from services.custodian.patient_journal import PatientJournal
from services.jobs.progress import Progress
from services.requests.history import REFILED
from storage import Arriving, Record, RecordStore

CHUNK_RECORDS: Final = 1_000
Place = tuple[bytes, str, str]
"""Subject, category and day of a document."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CategoryMove:
    """How many resources, of how many documents and patients, leave one category for another."""

    before: str
    after: str
    resources: int
    documents: int
    patients: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RefilingReport:
    """What rules would move, or moved.

    Attributes:
        rules: their version.
        documents: how many documents of FHIR resources were read.
        others: records of tables, whose mapping says their category.
        moves: by category, the largest first.
        affected_models: the ids of models that were trained on a document that changed.
    """

    rules: str
    documents: int
    others: int
    moves: Sequence[CategoryMove]
    affected_models: Sequence[str] = ()


@dataclass(slots=True)
class _Change:
    """What changes in a chunk: resources by their new place, identities by the old document."""

    placed: dict[Place, list[Filed]] = field(default_factory=lambda: defaultdict(list))
    removed: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))


@dataclass(slots=True)
class _Tally:
    """Resources, documents and patients by (category before, after)."""

    resources: dict[tuple[str, str], int] = field(default_factory=lambda: defaultdict(int))
    documents: dict[tuple[str, str], set[str]] = field(default_factory=lambda: defaultdict(set))
    patients: dict[tuple[str, str], set[bytes]] = field(default_factory=lambda: defaultdict(set))
    read: int = 0
    others: int = 0

    def moves(self) -> list[CategoryMove]:
        """Return the counts, the largest first."""
        moves = [
            CategoryMove(
                before=pair[0],
                after=pair[1],
                resources=count,
                documents=len(self.documents[pair]),
                patients=len(self.patients[pair]),
            )
            for pair, count in self.resources.items()
        ]
        return sorted(moves, key=lambda move: (-move.resources, move.before, move.after))


@define(eq=False, repr=False, kw_only=True)
class CustodianCategories:
    """Compares what is stored with the rules of categories."""

    _store: RecordStore
    _items: ItemIndex
    _diagnostics: Diagnostics
    _journal: PatientJournal

    def version(self) -> str:
        """Return the version of the installed rules."""
        return read_rules().version

    def check(self, progress: Progress, path: Path = RULES) -> RefilingReport:
        """Return what the rules of a file would move; nothing changes.

        Raises:
            DeclarationInvalid (records): the file is invalid.
        """
        rules, tally = read_rules(path), _Tally()
        for records in self._chunks(progress):
            _compare(records, rules, tally)
        return _report(rules, tally)

    def apply(self, progress: Progress, *, by: str) -> RefilingReport:
        """File every resource where the installed rules put it; its patient sees that it moved.

        Each chunk is journalled, filed under its new category, and then taken out of the old one;
        models trained on it are marked for retraining before that. Repeating an interrupted call
        completes it.

        Raises:
            LedgerUnavailable (consent), JournalUnavailable, StoreUnavailable (storage): the chunks
                before are done; repeat the call.
        """
        rules, tally, affected = read_rules(), _Tally(), dict[str, None]()
        for records in self._chunks(progress):
            change = _compare(records, rules, tally)
            self._destroy_former([record.record_id for record in records], rules)
            if change.placed:
                subjects = [subject for subject, *_ in change.placed]
                self._journal.record(REFILED, f"rules {rules.version}", subjects, by=by)
                self._file_all(change, records[0].custodian)
                # Before the removal: after it, a repeated call would not find these documents.
                models = self._diagnostics.apply_corrections(sorted(change.removed))
                affected |= {each.model.id: None for each in models}
                self._remove(change, {record.record_id: record for record in records})
        return replace(_report(rules, tally), affected_models=list(affected))

    def _chunks(self, progress: Progress) -> Iterator[list[Record]]:
        ids = [entry.record_id.hex() for entry in self._store.current_entries()]
        for start in range(0, len(ids), CHUNK_RECORDS):
            progress("reading", start, len(ids))
            yield list(self._store.versions.read(ids[start : start + CHUNK_RECORDS]).values())
        progress("reading", len(ids), len(ids))

    def _destroy_former(self, record_ids: Sequence[str], rules: CategoryRules) -> None:
        """Delete former versions with a resource that the rules put into another category."""
        former = self._store.versions.read_former(record_ids)
        moved = _compare(former, rules, _Tally()).removed
        if moved:
            self._store.versions.delete_former(sorted(moved))

    def _file_all(self, change: _Change, custodian: str) -> None:
        pending = [
            (place, part, filed)
            for place, placed in change.placed.items()
            for part, filed in enumerate(split_fitting(placed))
        ]
        while pending:
            pending = self._file(pending, custodian)

    def _remove(self, change: _Change, records: Mapping[str, Record]) -> None:
        removing = [
            # What is kept of it would stay in the wrong category.
            Arriving(with_resources(records[record_id], []), f"record\0{record_id}", False)
            for record_id in sorted(change.removed)
        ]
        leaving = {record_id: frozenset(names) for record_id, names in change.removed.items()}
        self._store.versions.merge(removing, DocumentMerge(leaving))

    def _file(
        self, pending: Sequence[tuple[Place, int, list[Filed]]], custodian: str
    ) -> list[tuple[Place, int, list[Filed]]]:
        """File resources in the documents of their places; return what did not fit."""
        merge = DocumentMerge({})
        arriving = [
            Arriving(
                with_resources(Record(*place[:2], custodian, place[2], {}), filed),
                document_source(*place, part),
            )
            for place, part, filed in pending
        ]
        report = self._store.versions.merge(arriving, merge)
        following = []
        for (place, part, filed), record_id in zip(pending, report.record_ids, strict=True):
            left = merge.overflow.get(record_id, [])
            if left:
                following.append((place, part + 1, left))
            names = {each.arrival.identity for each in filed}
            names -= {each.arrival.identity for each in left}
            items, new = self._items.find(names), bytes.fromhex(record_id)
            self._items.write({n: item._replace(record_id=new) for n, item in items.items()})
        return following


def _compare(records: Sequence[Record], rules: CategoryRules, tally: _Tally) -> _Change:
    """Return what the rules move of these records, and count it."""
    change = _Change()
    for record in records:
        tally.read += bool(record.resources)
        tally.others += bool(record.observations)
        placed = zip(record.resources, record.arrivals, _categories(record, rules), strict=True)
        for resource, arrival, category in placed:
            if category == record.category:
                continue
            pair = (record.category, category)
            tally.resources[pair] += 1
            tally.documents[pair].add(record.record_id)
            tally.patients[pair].add(record.subject)
            place = (record.subject, category, record.recorded_on)
            change.placed[place].append(Filed(resource, arrival))
            change.removed[record.record_id].add(arrival.identity)
    return change


def _categories(record: Record, rules: CategoryRules) -> list[str]:
    """Return the category of each resource of a document; medicines go where they are needed."""
    parsed = [loads_exact(resource, STORED_MAX_DEPTH) for resource in record.resources]
    medicines = medicines_of(parsed, [arrival.identity for arrival in record.arrivals])
    categories = [rules.place(with_whole_medicine(each, medicines)).category for each in parsed]
    needed: dict[int, str] = {}
    for resource, category in zip(parsed, categories, strict=True):
        if reference_of(resource):
            needed.setdefault(id(find_medicine(resource, medicines)), category)
    return [
        needed.get(id(resource), record.category) if arrival.identity.startswith(BESIDE) else own
        for resource, arrival, own in zip(parsed, record.arrivals, categories, strict=True)
    ]


def _report(rules: CategoryRules, tally: _Tally) -> RefilingReport:
    return RefilingReport(
        rules=rules.version, documents=tally.read, others=tally.others, moves=tally.moves()
    )
