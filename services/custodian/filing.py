"""Files resources in documents: what is new, the same, corrected, moved, deleted or older."""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, NamedTuple

from records.categories import CategoryRules
from records.documents import why_no_value
from records.fhir_file import FhirEntry
from records.json_strict import dumps_exact
from records.merging import DocumentMerge, Filed, fits, with_resources
from records.outcomes import EntryCode, Outcome
from records.persons import patient_state
from records.placement import (
    business_identity_of,
    content_of,
    day_of,
    document_source,
    identity_of,
    updated_us,
    version_number,
)
from services.custodian.items import Item, ItemIndex
from storage import Arrival, Arriving, Entry, Merged, Record, RecordStore

MAX_RESOURCE_BYTES: Final = 15_000_000
MAX_DEFLATED_BYTES: Final = 1_000_000
_SMALL_BYTES: Final = 900_000
_NO_CONTENT: Final = bytes(32)


@dataclass(slots=True)
class Filing:
    """A resource of a known patient, or a deletion, and what becomes of it.

    Attributes:
        number: of its entry in the file.
        entry: the resource as it arrived; a deletion has none.
        subject: whose it is; b"" for a deletion.
        outcome, code: what became of it; set by `ResourceFiling.file`.
        resource: its canonical bytes.
        content: keyed hash of subject and content.
        identity: the name that is the same in each version.
        sender: who sent it, if that is not the sender of the delivery.
        record_id: the document that it is filed in.
    """

    number: int
    entry: FhirEntry
    subject: bytes
    outcome: Outcome = Outcome.STORED
    code: EntryCode = EntryCode.NOTHING
    resource: bytes = b""
    content: bytes = _NO_CONTENT
    identity: str = ""
    record_id: str = ""
    sender: str = ""

    @property
    def is_deletion(self) -> bool:
        """Whether the entry deletes its resource."""
        return self.entry.resource is None


class _Place(NamedTuple):
    """Where a resource is filed: the document of a subject, category and day."""

    subject: bytes
    category: str
    recorded_on: str


@dataclass(slots=True)
class _Plan:
    """What changes: resources by document, and identities that leave one, by its record id."""

    placed: dict[_Place, list[Filing]] = field(default_factory=dict)
    updated: dict[str, list[Filing]] = field(default_factory=dict)
    removed: dict[str, set[str]] = field(default_factory=dict)

    def place(self, filing: Filing, place: _Place) -> None:
        """File a resource in the document of a place."""
        self.placed.setdefault(place, []).append(filing)

    def remove(self, record_id: str, identity: str) -> None:
        """Take a resource out of a document."""
        self.removed.setdefault(record_id, set()).add(identity)


class ResourceFiling:
    """Files the resources of one delivery; nameless equal ones are counted over all of it."""

    def __init__(
        self,
        *,
        store: RecordStore,
        items: ItemIndex,
        rules: CategoryRules,
        organisation: str,
        clock: Callable[[], float],
    ) -> None:
        self._store = store
        self._items = items
        self._rules = rules
        self._organisation = organisation
        self._clock = clock
        self._occurrences: Counter[bytes] = Counter()
        self._matched: set[bytes] = set()
        self._business: dict[str, set[bytes]] = {}
        self.corrected: set[str] = set()
        """The records with a value that was corrected or deleted."""

    def file(self, filings: Sequence[Filing], sender: str, *, dry: bool) -> None:
        """File resources and set what became of each; with `dry`, only say what would.

        On return everything stored is visible and anchored. Repeating a delivery changes nothing.
        What is about an erased patient is refused, and the rest is filed.
        """
        filings = self._refuse_erased(filings)
        self._read(filings, sender)
        winners = _newest_of_each(filings)
        items = self._items.find(filing.identity for filing in winners)
        same = self._find_same(winners, items)
        records = [item.record_id.hex() for item in items.values() if item.record_id]
        entries = self._store.versions.entries(sorted(set(records)))
        plan = _Plan()
        for filing in winners:
            item = items.get(filing.identity)
            if filing.identity in same:
                filing.outcome = Outcome.SAME
            elif filing.is_deletion:
                _plan_deletion(plan, filing, item)
            elif filing.outcome is not Outcome.REFUSED and _decide(filing, item):
                entry = entries.get(item.record_id.hex()) if item and item.record_id else None
                place = None if entry is None else _place_of(entry)
                self._plan(plan, filing, item, place)
        if not dry:
            self._write(plan, entries)
            self._items.write(dict(_written(winners, items)))

    def _refuse_erased(self, filings: Sequence[Filing]) -> list[Filing]:
        """Return the filings that are not about an erased patient."""
        erased = self._store.find_erased({filing.subject for filing in filings})
        for filing in filings:
            if filing.subject in erased:
                filing.outcome, filing.code = Outcome.REFUSED, EntryCode.ERASED
        return [filing for filing in filings if filing.subject not in erased]

    def _read(self, filings: Sequence[Filing], sender: str) -> None:
        contents = []
        for filing in filings:
            filing.sender = filing.sender or sender
            filing.identity = filing.identity or identity_of(filing.entry, filing.sender)
            content, resource = b"", filing.entry.resource
            if resource is not None:
                filing.resource = canonical = dumps_exact(resource)
                content = content_of(resource)
                filing.code = patient_state(resource) or why_no_value(canonical, self._clock())
                if _is_too_large(filing.resource):
                    filing.outcome, filing.code = Outcome.REFUSED, EntryCode.TOO_LARGE
            contents.append((filing.subject, content))
        for filing, content in zip(filings, self._items.hash_contents(contents), strict=True):
            filing.content = _NO_CONTENT if filing.is_deletion else content
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
            free = [key for key in keys.get(filing.content, ()) if key not in self._matched]
            if free:
                self._matched.add(free[0])
                same.add(filing.identity)
        return same

    def _plan(self, plan: _Plan, filing: Filing, item: Item | None, before: _Place | None) -> None:
        resource = filing.entry.resource or {}
        place = _Place(filing.subject, self._rules.place(resource).category, day_of(resource))
        if item is None or not item.record_id or item.is_deleted:
            plan.place(filing, place)
        elif before is None:
            filing.outcome, filing.code = Outcome.REFUSED, EntryCode.ERASED
        elif place == before:
            plan.updated.setdefault(item.record_id.hex(), []).append(filing)
            self.corrected.add(item.record_id.hex())
        else:
            plan.remove(item.record_id.hex(), filing.identity)
            plan.place(filing, place)
            self.corrected.add(item.record_id.hex())

    def _write(self, plan: _Plan, entries: Mapping[str, Entry]) -> None:
        self.corrected |= set(plan.removed)
        pending = [
            _Work(self._header(_place_of(entries[record_id])), -1, filings, record_id)
            for record_id in sorted({*plan.updated, *plan.removed})
            for filings in (plan.updated.get(record_id, []),)
            if record_id in entries
        ]
        for place, filings in plan.placed.items():
            pieces = enumerate(_pieces(filings))
            pending += [_Work(self._header(place), part, piece) for part, piece in pieces]
        removed = {record_id: frozenset(names) for record_id, names in plan.removed.items()}
        while pending:
            pending = self._merge(self._by_record(pending), removed)
            removed = {}

    def _by_record(self, pending: Sequence[_Work]) -> list[_Work]:
        """Return the work on each record once: by its id, or by its source if it is new."""
        records = [work.header for work in pending]
        known = self._store.versions.find(records, [work.source for work in pending])
        grouped: dict[str, _Work] = {}
        for work, record_id in zip(pending, known, strict=True):
            named = replace(work, record_id=work.record_id or record_id)
            name = named.record_id or named.source
            if name in grouped:
                before = grouped[name]
                filings = [*before.filings, *named.filings]
                named = replace(named, filings=filings, part=max(before.part, named.part))
            grouped[name] = named
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


@dataclass(frozen=True, slots=True)
class _Work:
    """What arrives for one document: `part` is its number, or -1 for a record known by its id."""

    header: Record
    part: int
    filings: list[Filing]
    record_id: str = ""

    @property
    def source(self) -> str:
        """The name by which the document is named again."""
        if self.part < 0:
            return f"record\0{self.record_id}"
        header = self.header
        return document_source(header.subject, header.category, header.recorded_on, self.part)

    def arriving(self, at_s: int) -> Arriving:
        """Return the work as it is handed to the store."""
        filed = [_filed(filing, at_s) for filing in self.filings]
        header = replace(self.header, record_id=self.record_id)
        return Arriving(with_resources(header, filed), self.source)


def _place_of(entry: Entry) -> _Place:
    return _Place(entry.subject, entry.category, entry.recorded_on)


def _filed(filing: Filing, at_s: int) -> Filed:
    return Filed(filing.resource, Arrival(filing.identity, 1, at_s))


def _pieces(filings: Sequence[Filing]) -> list[list[Filing]]:
    """Split the resources of one document into parts that each fit an envelope."""
    pieces: list[list[Filing]] = [[]]
    size = 0
    for filing in filings:
        if not fits(len(pieces[-1]), size, _filed(filing, 0)):
            pieces.append([])
            size = 0
        pieces[-1].append(filing)
        size += len(filing.resource)
    return pieces


def _is_too_large(resource: bytes) -> bool:
    is_huge, is_small = len(resource) > MAX_RESOURCE_BYTES, len(resource) <= _SMALL_BYTES
    return is_huge or not (is_small or len(zlib.compress(resource)) <= MAX_DEFLATED_BYTES)


def _newest_of_each(filings: Sequence[Filing]) -> list[Filing]:
    """Return the newest version of each resource; the others of this file are older."""
    versions: dict[str, list[Filing]] = {}
    for filing in filings:
        versions.setdefault(filing.identity, []).append(filing)
    winners = []
    for group in versions.values():
        winner = max(enumerate(group), key=_age_of(group))[1]
        for filing in group:
            if filing is not winner:
                filing.outcome, filing.code = Outcome.OLDER, EntryCode.NEWER_STORED
        winners.append(winner)
    return winners


def _age_of(group: Sequence[Filing]) -> Callable[[tuple[int, Filing]], tuple[int, int, int]]:
    times = [updated_us(filing.entry) for filing in group]
    is_dated, is_undated = None not in times, set(times) == {None}

    def age(numbered: tuple[int, Filing]) -> tuple[int, int, int]:
        index, filing = numbered
        order = -index if filing.entry.newest_first else index
        version = version_number(filing.entry.resource or {})
        if is_dated:
            return (times[index] or 0, version, order)
        # Content without a date never counts before content with one.
        is_certain = filing.is_deletion or times[index] is not None or is_undated
        return (int(is_certain), 0, order)

    return age


def _decide(filing: Filing, item: Item | None) -> bool:
    """Set what becomes of a resource; return whether anything has to be stored."""
    if item is None:
        filing.outcome = Outcome.STORED
        return True
    at_us = updated_us(filing.entry)
    is_later = at_us is not None and (item.updated_us is None or at_us > item.updated_us)
    is_earlier = at_us is not None and item.updated_us is not None and at_us < item.updated_us
    if filing.content == item.content and not item.is_deleted:
        filing.outcome = Outcome.SAME
        return False
    if is_earlier or (item.is_deleted and filing.content == item.content and not is_later):
        filing.outcome, filing.code = Outcome.OLDER, EntryCode.NEWER_STORED
        return False
    is_error = (filing.entry.resource or {}).get("status") == "entered-in-error"
    if at_us is None and item.updated_us is not None and not is_error:
        filing.outcome, filing.code = Outcome.REFUSED, EntryCode.UNDATED
        return False
    filing.outcome = Outcome.STORED if item.is_deleted else Outcome.CORRECTED
    if is_error and not item.is_deleted:
        filing.outcome = Outcome.DELETED
    return True


def _plan_deletion(plan: _Plan, filing: Filing, item: Item | None) -> None:
    filing.outcome, filing.code = Outcome.DELETED, EntryCode.DELETION
    if item is None or item.is_deleted or not item.record_id:
        filing.code = EntryCode.UNKNOWN_RESOURCE
        filing.content = item.content if item else _NO_CONTENT
        return
    at_us = updated_us(filing.entry)
    if at_us is not None and item.updated_us is not None and at_us < item.updated_us:
        filing.outcome, filing.code = Outcome.OLDER, EntryCode.NEWER_STORED
        return
    filing.record_id, filing.content = item.record_id.hex(), item.content
    plan.remove(filing.record_id, filing.identity)


def _written(filings: Iterable[Filing], old: Mapping[str, Item]) -> Iterable[tuple[str, Item]]:
    """Yield the index rows of what was stored or deleted; a date that is known stays."""
    for filing in filings:
        if filing.outcome in (Outcome.STORED, Outcome.CORRECTED, Outcome.DELETED):
            record_id = bytes.fromhex(filing.record_id)
            at_us = updated_us(filing.entry)
            if at_us is None and filing.identity in old:
                at_us = old[filing.identity].updated_us
            yield filing.identity, Item(record_id, filing.content, at_us, filing.is_deletion)
