"""Files resources in documents: what is new, the same, corrected, moved, deleted or older."""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from attrs import define, field

from records.categories import CategoryRules
from records.documents import why_no_value
from records.fhir_entries import FhirEntry
from records.json_strict import dumps_exact
from records.medicines import beside_name, beside_place
from records.merging import DocumentMerge, split_fitting
from records.outcomes import EntryCode, Outcome
from records.persons import patient_state
from records.placement import (
    business_identity_of,
    content_in,
    day_of,
    document_source,
    identity_of,
    updated_us,
)
from services.custodian.filings import NO_CONTENT, Filing, Medicine, decide, newest_of_each
from services.custodian.items import Item, ItemIndex
from storage import Arrival, Arriving, Entry, Merged, Record, RecordStore
from storage.document import LEVEL

MAX_RESOURCE_BYTES: Final = 15_000_000
MAX_DEFLATED_BYTES: Final = 1_000_000
_SMALL_BYTES: Final = 900_000


class _Place(NamedTuple):
    """Where a resource is filed: the document of a subject, category and day."""

    subject: bytes
    category: str
    recorded_on: str


@define(eq=False, repr=False)
class _Plan:
    """What changes: resources by document, and identities that leave one, by its record id.

    `left_class` are the documents of which something moves to another category.
    """

    placed: dict[_Place, list[Filing]] = field(factory=dict)
    updated: dict[str, list[Filing]] = field(factory=dict)
    removed: dict[str, set[str]] = field(factory=dict)
    left_class: set[str] = field(factory=set)

    def place(self, filing: Filing, place: _Place) -> None:
        """File a resource in the document of a place."""
        self.placed.setdefault(place, []).append(filing)

    def remove(self, record_id: str, identity: str) -> None:
        """Take a resource out of a document."""
        self.removed.setdefault(record_id, set()).add(identity)


@define(eq=False, repr=False, kw_only=True)
class ResourceFiling:
    """Files the resources of one delivery; nameless equal ones are counted over all of it."""

    _store: RecordStore
    _items: ItemIndex
    _rules: CategoryRules
    _organisation: str
    _clock: Callable[[], float]
    _occurrences: Counter[bytes] = field(init=False, factory=Counter)
    _matched: set[bytes] = field(init=False, factory=set)
    _business: dict[str, set[bytes]] = field(init=False, factory=dict)
    corrected: set[str] = field(init=False, factory=set)
    """The records with a value that was corrected or deleted."""

    def file(self, filings: Sequence[Filing], sender: str, *, dry: bool) -> None:
        """File resources and set what became of each; with `dry`, only say what would.

        On return everything stored is visible and anchored. Repeating a delivery changes nothing.
        What is about an erased patient is refused, and the rest is filed.
        """
        filings = self._refuse_erased(filings)
        self._read(filings, sender)
        winners, plan = newest_of_each(filings), _Plan()
        items, entries = self._decide_all(winners, plan)
        beside = self._beside(winners)
        self._read(beside, sender)
        more_items, more_entries = self._decide_all(beside, plan)
        if not dry:
            self._write(plan, {**entries, **more_entries})
            self._items.write(dict(_written([*winners, *beside], {**items, **more_items})))

    def _decide_all(
        self, filings: Sequence[Filing], plan: _Plan
    ) -> tuple[dict[str, Item], dict[str, Entry]]:
        """Set what becomes of each and plan it; return what is stored of them, and where."""
        items = self._items.find(filing.identity for filing in filings)
        same = self._find_same(filings, items)
        records = [item.record_id.hex() for item in items.values() if item.record_id]
        entries = self._store.versions.entries(sorted(set(records)))
        for filing in filings:
            item = items.get(filing.identity)
            entry = entries.get(item.record_id.hex()) if item and item.record_id else None
            before = None if entry is None else _place_of(entry)
            if filing.identity in same:
                filing.outcome = Outcome.SAME
            elif filing.is_deletion:
                _plan_deletion(plan, filing, item)
            elif filing.outcome is not Outcome.REFUSED and (
                decide(filing, item) or self._is_protected_now(filing, before)
            ):
                _note_move(filing, before)
                self._plan(plan, filing, item, before)
            elif item is not None and before is not None and filing.beside is None:
                filing.place, filing.record_id = before, item.record_id.hex()
        return items, entries

    def _is_protected_now(self, filing: Filing, before: _Place | None) -> bool:
        """Return whether a stored resource belongs to another class since its medicine is known."""
        if before is None or filing.medicine is None or filing.outcome is not Outcome.SAME:
            return False
        place = self._place(filing)
        if place.subject != before.subject or place.category == before.category:
            return False
        filing.outcome = Outcome.CORRECTED
        return True

    def _beside(self, filings: Sequence[Filing]) -> list[Filing]:
        """Return the medicines that these filings need in their documents, each once."""
        beside: dict[str, Filing] = {}
        for filing in filings:
            if filing.medicine is None or filing.outcome in (Outcome.OLDER, Outcome.REFUSED):
                continue
            place = filing.place or self._place(filing)
            name = _beside_name(filing.medicine, place)
            if name:
                entry = FhirEntry(0, filing.medicine.resource)
                beside[name] = Filing(
                    0, entry, place[0], identity=name, beside=filing.joined, place=place
                )
                beside[name].into = filing.record_id if filing.place else ""
        return list(beside.values())

    def _refuse_erased(self, filings: Sequence[Filing]) -> list[Filing]:
        """Return the filings that are not about an erased patient."""
        erased = self._store.find_erased({filing.subject for filing in filings})
        for filing in filings:
            if filing.subject in erased:
                filing.outcome, filing.code = Outcome.REFUSED, EntryCode.ERASED
        return [filing for filing in filings if filing.subject not in erased]

    def _read(self, filings: Sequence[Filing], sender: str) -> None:
        contents, now_s = [], self._clock()
        for filing in filings:
            filing.sender = filing.sender or sender
            filing.identity = filing.identity or identity_of(filing.entry, filing.sender)
            content, resource = b"", filing.entry.resource
            if resource is not None:
                filing.resource = canonical = dumps_exact(resource)
                content = content_in(resource, canonical)
                if filing.beside is not None:
                    # Of one place and reference the same content is the same under any address.
                    content += beside_place(filing.identity).encode()
                filing.code = patient_state(resource) or why_no_value(filing.readable, now_s)
                if _is_too_large(filing.resource):
                    filing.outcome, filing.code = Outcome.REFUSED, EntryCode.TOO_LARGE
            contents.append((filing.subject, content))
        for filing, content in zip(filings, self._items.hash_contents(contents), strict=True):
            filing.content = NO_CONTENT if filing.is_deletion else content
        self._name([f for f in filings if not f.identity and not f.is_deletion])

    def _name(self, filings: Sequence[Filing]) -> None:
        """Name resources without id and URL, so that no two different ones get the same name.

        A business identifier of several entries, such as a panel's accession number, names none of
        them; each is then named by its subject and content.
        """
        names = [business_identity_of(f.entry, f.sender, f.subject) for f in filings]
        for filing, name in zip(filings, names, strict=True):
            if name:
                self._business.setdefault(name, set()).add(filing.content)
        for filing, name in zip(filings, names, strict=True):
            if name and len(self._business[name]) == 1:
                filing.identity = name
                continue
            self._occurrences[filing.content] += 1
            number = self._occurrences[filing.content]
            filing.identity = f"content|{filing.content.hex()}|{number}"

    def _find_same(self, filings: Sequence[Filing], items: Mapping[str, Item]) -> set[str]:
        """Return the identities of resources that are stored under another identity.

        The same export comes with URLs in a Bundle and without them in NDJSON.
        """
        unknown = [f for f in filings if f.identity not in items and not f.is_deletion]
        keys = self._items.find_contents(filing.content for filing in unknown)
        same = set()
        for filing in unknown:
            known = keys.get(filing.content, ())
            free = [key for key in known if key not in self._matched]
            if filing.beside is not None and known:
                same.add(filing.identity)  # one copy serves every resource that refers to it
            elif free:
                self._matched.add(free[0])
                filing.same_key = free[0]
                same.add(filing.identity)
        return same

    def _plan(self, plan: _Plan, filing: Filing, item: Item | None, before: _Place | None) -> None:
        place = self._place(filing)
        if item is None or not item.record_id or item.is_deleted:
            if filing.into:
                plan.updated.setdefault(filing.into, []).append(filing)
            else:
                plan.place(filing, place)
        elif before is None:
            filing.outcome, filing.code = Outcome.REFUSED, EntryCode.ERASED
        elif place == before:
            plan.updated.setdefault(item.record_id.hex(), []).append(filing)
            self.corrected.add(item.record_id.hex())
        else:
            plan.remove(item.record_id.hex(), filing.identity)
            plan.place(filing, place)
            if place.category != before.category:
                plan.left_class.add(item.record_id.hex())
                if filing.medicine is not None:
                    plan.remove(item.record_id.hex(), _beside_name(filing.medicine, before))
            self.corrected.add(item.record_id.hex())

    def _place(self, filing: Filing) -> _Place:
        """Return where a resource is filed; a medicine is filed where it is needed."""
        if filing.beside is not None and filing.place is not None:
            return _Place(*filing.place)
        resource = filing.classified
        return _Place(filing.subject, self._rules.place(resource).category, day_of(resource))

    def _write(self, plan: _Plan, entries: Mapping[str, Entry]) -> None:
        self.corrected |= set(plan.removed)
        pending = [
            _Work(
                self._header(_place_of(entries[record_id])),
                -1,
                filings,
                record_id,
                may_keep=record_id not in plan.left_class,
            )
            for record_id in sorted({*plan.updated, *plan.removed})
            for filings in (plan.updated.get(record_id, []),)
            if record_id in entries
        ]
        for place, filings in plan.placed.items():
            pieces = enumerate(split_fitting(filings))
            pending += [_Work(self._header(place), part, piece) for part, piece in pieces]
        removed = {record_id: frozenset(names) for record_id, names in plan.removed.items()}
        while pending:
            pending = self._merge(self._by_record(pending), removed)
            removed = {}

    def _by_record(self, pending: Sequence[_Work]) -> list[_Work]:
        """Return the work on each record once: by its id, or by its source if it is new."""
        sources = [work.source for work in pending]
        if len(set(sources)) == len(sources) and not any(work.record_id for work in pending):
            return list(pending)  # no record is here twice; each is looked up when it is stored
        known = self._store.versions.find([work.header for work in pending], sources)
        grouped: dict[str, _Work] = {}
        for work, record_id in zip(pending, known, strict=True):
            work.record_id = work.record_id or record_id
            name = work.record_id or work.source
            if name in grouped:
                work.add(grouped[name])
            grouped[name] = work
        return list(grouped.values())

    def _merge(
        self, grouped: Sequence[_Work], removed: Mapping[str, frozenset[str]]
    ) -> list[_Work]:
        """Merge what arrives; return what did not fit, for the next part of its document."""
        at_s = int(self._clock())
        merge = DocumentMerge(removed)
        report = self._store.versions.merge([work.arriving(at_s) for work in grouped], merge)
        following = []
        for work, record_id, result in zip(grouped, report.record_ids, report.results, strict=True):
            for filing in work.filings:
                filing.record_id = record_id
                if result is Merged.ERASED:
                    filing.outcome, filing.code = Outcome.REFUSED, EntryCode.ERASED
            left = {each.arrival.identity for each in merge.overflow.get(record_id, ())}
            filings = [filing for filing in work.filings if filing.identity in left]
            if filings:
                following.append(_Work(work.header, work.part + 1, filings))
        return following

    def _header(self, place: _Place) -> Record:
        return Record(place.subject, place.category, self._organisation, place.recorded_on, {})


@dataclass(slots=True)
class _Work:
    """What arrives for one document: `part` is its number, or -1 for a record known by its id."""

    header: Record
    part: int
    filings: list[Filing]
    record_id: str = ""
    may_keep: bool = True

    @property
    def source(self) -> str:
        """The name by which the document is named again."""
        if self.part < 0:
            return f"record\0{self.record_id}"
        header = self.header
        return document_source(header.subject, header.category, header.recorded_on, self.part)

    def add(self, before: _Work) -> None:
        """Add earlier work on the same record; its filings come first."""
        self.filings = [*before.filings, *self.filings]
        self.part = max(before.part, self.part)
        self.may_keep = before.may_keep and self.may_keep

    def arriving(self, at_s: int) -> Arriving:
        """Return the work as it is handed to the store."""
        header = self.header
        record = Record(
            header.subject,
            header.category,
            header.custodian,
            header.recorded_on,
            {},
            self.record_id,
            resources=tuple(filing.resource for filing in self.filings),
            arrivals=tuple(Arrival(filing.identity, 1, at_s) for filing in self.filings),
        )
        return Arriving(record, self.source, self.may_keep)


def _beside_name(medicine: Medicine, place: tuple[bytes, str, str]) -> str:
    return beside_name(place, medicine.reference, medicine.identity)


def _place_of(entry: Entry) -> _Place:
    return _Place(entry.subject, entry.category, entry.recorded_on)


def _is_too_large(resource: bytes) -> bool:
    is_huge, is_small = len(resource) > MAX_RESOURCE_BYTES, len(resource) <= _SMALL_BYTES
    return is_huge or not (is_small or len(zlib.compress(resource, LEVEL)) <= MAX_DEFLATED_BYTES)


def _plan_deletion(plan: _Plan, filing: Filing, item: Item | None) -> None:
    filing.outcome, filing.code = Outcome.DELETED, EntryCode.DELETION
    if item is None or item.is_deleted or not item.record_id:
        filing.code = EntryCode.DELETION if filing.is_waiting else EntryCode.UNKNOWN_RESOURCE
        filing.content = item.content if item else NO_CONTENT
        return
    at_us = updated_us(filing.entry)
    if at_us is not None and item.updated_us is not None and at_us < item.updated_us:
        filing.outcome, filing.code = Outcome.OLDER, EntryCode.NEWER_STORED
        return
    filing.record_id, filing.content = item.record_id.hex(), item.content
    plan.remove(filing.record_id, filing.identity)


def _note_move(filing: Filing, before: _Place | None) -> None:
    """Say that a resource leaves its patient: two systems may use the same ids."""
    is_moved = before is not None and before.subject != filing.subject
    if is_moved and filing.outcome is Outcome.CORRECTED:
        filing.code = EntryCode.OTHER_PATIENT


def _written(filings: Iterable[Filing], old: Mapping[str, Item]) -> Iterable[tuple[str, Item]]:
    """Yield the index rows of what was stored or deleted; a date that is known stays."""
    for filing in filings:
        if filing.outcome in (Outcome.STORED, Outcome.CORRECTED, Outcome.DELETED):
            record_id = bytes.fromhex(filing.record_id)
            at_us = updated_us(filing.entry)
            if at_us is None and filing.identity in old:
                at_us = old[filing.identity].updated_us
            yield filing.identity, Item(record_id, filing.content, at_us, filing.is_deletion)
