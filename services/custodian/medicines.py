"""Stores the medicines of a delivery in their newest version, and finds those referred to."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Final

from attrs import define, field

from records.fhir_entries import FhirEntry
from records.medicines import MEDICATION, is_in_error, names_of, reference_of
from records.outcomes import EntryCode, EntryOutcome, Outcome
from records.placement import content_of, identity_of, updated_us
from records.references import split_relative, split_url
from services.custodian.deletions import Deletions
from services.custodian.filings import NO_CONTENT, Filing, Medicine, decide, newest_of_each
from services.custodian.items import Item, ItemIndex
from services.custodian.medicine_uses import NO_MEDICINE
from services.custodian.parked import Parked, ParkedEntries

BATCH_SIZE: Final = 500
MAX_CHECKED_RESOURCES: Final = 100_000
"""A check stores nothing, so that it remembers this many medicines of its files."""
_Key = tuple[str, bytes]
"""Identity and content of an entry."""


def is_medicine(entry: FhirEntry) -> bool:
    """Return whether an entry is a Medication, or deletes one."""
    if entry.resource is not None or entry.code:
        return entry.kind == MEDICATION
    kinds = (split_url(entry.url)[1], split_url(entry.target)[1], split_relative(entry.target)[0])
    return MEDICATION in kinds


@define(eq=False, repr=False)
class Medicines:
    """The medicines of one delivery; they are stored before what refers to them is filed."""

    _parked: ParkedEntries
    _items: ItemIndex
    _deletions: Deletions
    _sender: str
    _dry: bool = field(kw_only=True)
    _identities: dict[str, str] = field(init=False, factory=dict)
    _batch: list[Filing] = field(init=False, factory=list)
    _checked: dict[str, Parked] = field(init=False, factory=dict)
    _outcomes: dict[_Key, tuple[Outcome, EntryCode]] = field(init=False, factory=dict)
    _contents: dict[str, bytes] = field(init=False, factory=dict)

    def add(self, entry: FhirEntry) -> None:
        """Take the Medication of a file, or its deletion."""
        if entry.code or not is_medicine(entry):
            return
        identity = identity_of(entry, self._sender)
        if not identity:
            return
        self._batch.append(Filing(0, entry, b"", identity=identity, sender=self._sender))
        if len(self._batch) >= BATCH_SIZE:
            self.flush()

    def contents(self) -> Mapping[str, bytes]:
        """Return what the medicines of the delivery are called, and the hash of what each is now.

        It is NO_MEDICINE if one was deleted.
        """
        return {
            name: self._contents[identity]
            for name, identity in self._identities.items()
            if identity in self._contents
        }

    def hash_contents(self, medicines: Sequence[Medicine]) -> list[bytes]:
        """Return the keyed hash of each medicine's content."""
        # Many resources refer to one medicine: each is written as canonical JSON once.
        resources = {id(each.resource): each.resource for each in medicines}
        contents = ((b"", content_of(resource)) for resource in resources.values())
        hashes = dict(zip(resources, self._items.hash_contents(contents), strict=True))
        return [hashes[id(each.resource)] for each in medicines]

    def is_deleted(self, identity: str) -> bool:
        """Return whether the delivery deletes the medicine of this identity."""
        return self._contents.get(identity) == NO_MEDICINE

    def find_outcome(self, entry: FhirEntry) -> EntryOutcome | None:
        """Return what became of a medicine or its deletion; None if it has no name."""
        if entry.code or not is_medicine(entry):
            return None
        result = self._outcomes.get(_key(entry, self._sender))
        if result is None:
            return None
        outcome, code = result
        return EntryOutcome(entry.number, outcome, MEDICATION, code)

    def flush(self) -> None:
        """Store the newest version of each medicine that was added; a check remembers it."""
        batch, self._batch = self._batch, []
        self._deletions.name([each for each in batch if each.is_deletion], self._sender)
        named = [each for each in batch if each.outcome is not Outcome.REFUSED]
        hashed = [
            (b"", b"" if each.entry.resource is None else content_of(each.entry.resource))
            for each in named
        ]
        for filing, content in zip(named, self._items.hash_contents(hashed), strict=True):
            filing.content = NO_CONTENT if filing.is_deletion else content
        winners = newest_of_each(named)
        known = self._known([each.identity for each in winners])
        for filing in winners:
            _decide(filing, known.get(filing.identity))
        self._remember(batch, winners)
        if self._dry:
            self._check(winners)
        else:
            self._store(winners, known)

    def find(self, entries: Sequence[tuple[FhirEntry, str]]) -> list[Medicine | None]:
        """Return the medicine of each (entry, sender), None if there is none or it is unknown."""
        references = [reference_of(entry.resource or {}) for entry, _ in entries]
        named = [
            self._names(reference, entry.url, sender) if reference else []
            for reference, (entry, sender) in zip(references, entries, strict=True)
        ]
        all_names = {name for names in named for name in names}
        stored = self._stored(all_names) if all_names else {}
        medicines: list[Medicine | None] = []
        for reference, names in zip(references, named, strict=True):
            name = next((name for name in names if name in stored), None)
            resource = stored[name].entry.resource if name else None
            medicines.append(Medicine(reference, name or "", resource) if resource else None)
        return medicines

    def _names(self, reference: str, url: str, sender: str) -> list[str]:
        return [self._identities.get(name, name) for name in names_of(reference, url, sender)]

    def _stored(self, names: set[str]) -> dict[str, Parked]:
        """Return the medicines of these identities as they are stored, or would be.

        What else waits is another patient's, whatever a reference says.
        """
        stored = self._parked.find(names)
        stored |= {name: self._checked[name] for name in names & set(self._checked)}
        return {
            name: each
            for name, each in stored.items()
            if each.entry.kind == MEDICATION and not self.is_deleted(name)
        }

    def _known(self, identities: Sequence[str]) -> dict[str, Item]:
        """Return what is stored of these medicines, and which were deleted."""
        known = self._items.find(identities)
        stored = self._stored(set(identities))
        resources = [each.entry.resource or {} for each in stored.values()]
        hashed = self._items.hash_contents((b"", content_of(each)) for each in resources)
        for (identity, parked), content in zip(stored.items(), hashed, strict=True):
            known[identity] = Item(b"", content, updated_us(parked.entry), is_deleted=False)
        return known

    def _remember(self, batch: Sequence[Filing], winners: Sequence[Filing]) -> None:
        """Remember what became of each, what each winner is called, and what it is now."""
        for filing in batch:
            key = _key(filing.entry, self._sender)
            before = self._outcomes.get(key)
            if before is None or before[0] is Outcome.SHARED:
                self._outcomes[key] = (filing.outcome, filing.code)
        for filing in winners:
            if filing.outcome in (Outcome.OLDER, Outcome.REFUSED):
                continue
            for name in (filing.identity, filing.entry.url):
                # A name of two medicines is nobody's.
                if name and self._identities.setdefault(name, filing.identity) != filing.identity:
                    self._identities[name] = ""
            content = NO_MEDICINE if filing.is_deletion else filing.content
            self._contents[filing.identity] = content
            if filing.code is EntryCode.UNKNOWN_RESOURCE:
                self._remember_deleted(filing)

    def _remember_deleted(self, filing: Filing) -> None:
        """Remember a deletion under every name: after a crash it completes what it began."""
        for name in self._deletions.candidates(filing.entry, self._sender):
            self._contents[name] = NO_MEDICINE
            self._identities.setdefault(name, name)

    def _check(self, winners: Sequence[Filing]) -> None:
        for filing in winners:
            is_current = filing.outcome not in (Outcome.OLDER, Outcome.REFUSED)
            has_room = len(self._checked) < MAX_CHECKED_RESOURCES
            if is_current and not filing.is_deletion and has_room:
                parked = Parked(filing.identity, filing.entry, self._sender)
                self._checked[filing.identity] = parked

    def _store(self, winners: Sequence[Filing], known: Mapping[str, Item]) -> None:
        current = [f for f in winners if f.outcome not in (Outcome.OLDER, Outcome.REFUSED)]
        arrived = [each for each in current if not each.is_deletion]
        deleted = [each for each in current if each.is_deletion]
        self._parked.add(Parked(each.identity, each.entry, self._sender) for each in arrived)
        rows = {}
        for filing in current:
            before = known.get(filing.identity)
            is_back = before is not None and before.is_deleted
            if filing.is_deletion or is_back:
                content = filing.content
                if filing.is_deletion:
                    content = before.content if before is not None else NO_CONTENT
                at_us = updated_us(filing.entry)
                at_us = before.updated_us if at_us is None and before is not None else at_us
                rows[filing.identity] = Item(b"", content, at_us, filing.is_deletion)
        self._items.write(rows)
        if deleted:
            self._parked.delete_identities(each.identity for each in deleted)


def _decide(filing: Filing, item: Item | None) -> None:
    """Set what becomes of the newest version of a medicine, or of its deletion."""
    if filing.is_deletion:
        _decide_deletion(filing, item)
        return
    decide(filing, item)
    if filing.outcome in (Outcome.STORED, Outcome.SAME):
        filing.outcome = Outcome.SHARED
    if is_in_error(filing.entry.resource or {}) and filing.code is EntryCode.NOTHING:
        filing.code = EntryCode.STATUS


def _decide_deletion(filing: Filing, item: Item | None) -> None:
    filing.outcome, filing.code = Outcome.DELETED, EntryCode.DELETION
    if item is None or item.is_deleted:
        filing.code = EntryCode.UNKNOWN_RESOURCE
        return
    at_us = updated_us(filing.entry)
    if at_us is not None and item.updated_us is not None and at_us < item.updated_us:
        filing.outcome, filing.code = Outcome.OLDER, EntryCode.NEWER_STORED


def _key(entry: FhirEntry, sender: str) -> _Key:
    """Return what tells the entries of a delivery apart whose outcomes may differ."""
    at_us = updated_us(entry) or 0
    resource = entry.resource
    content = b"" if resource is None else hashlib.sha256(content_of(resource)).digest()
    return identity_of(entry, sender), content + at_us.to_bytes(8, "big", signed=True)
