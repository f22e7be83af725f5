"""Files medicines that arrive, change or are deleted after what refers to them was stored."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from attrs import define

from records.fhir_entries import FhirEntry
from records.fhir_file import STORED_MAX_DEPTH
from records.json_strict import loads_exact
from records.medicines import (
    BESIDE,
    Resource,
    beside_name,
    beside_parts,
    is_in_error,
    names_of,
    reference_of,
)
from records.outcomes import Outcome
from records.placement import content_of
from records.references import split_url
from services.chunks import chunks
from services.custodian.filing import ResourceFiling
from services.custodian.filings import Filing, Medicine
from services.custodian.items import ItemIndex
from services.custodian.medicine_uses import NO_MEDICINE, MedicineUses, Use
from services.custodian.medicines import Medicines
from services.custodian.sender_servers import SenderServers
from storage import Record, RecordStore

CHUNK_RECORDS: Final = 1_000


class ChangedMedicines(NamedTuple):
    """How many stored resources a delivery's medicines changed.

    Attributes:
        late: have the code of their medicine now, which arrived after them.
        corrected: have another version of their medicine.
        lost: lost its code, since the medicine was deleted or entered in error.
    """

    late: int = 0
    corrected: int = 0
    lost: int = 0


@dataclass(slots=True)
class _Changes:
    """What changes in a chunk of documents, and which resources still have no medicine."""

    filings: list[Filing] = field(default_factory=list)
    removed: dict[str, Filing] = field(default_factory=dict)
    incomplete: set[str] = field(default_factory=set)
    late: int = 0
    corrected: int = 0
    lost: int = 0


@define(eq=False, repr=False)
class LateMedicines:
    """Remembers what refers to which medicine, and files the medicine beside it when it changes."""

    _store: RecordStore
    _items: ItemIndex
    _uses: MedicineUses
    _servers: SenderServers

    def remember(self, filings: Iterable[Filing], medicines: Medicines) -> None:
        """Remember which medicine each filed resource refers to, whether it is known or not."""
        named = [(filing, _names(filing)) for filing in filings if _is_filed(filing)]
        named = [(filing, names) for filing, names in named if names]
        if not named:
            return
        keys = self._items.keys([filing.identity for filing, _ in named])
        known = [filing.medicine for filing, _ in named if filing.medicine is not None]
        hashed = iter(medicines.hash_contents(known))
        hashes = self._uses.hash_names({name for _, names in named for name in names})
        contents: dict[Use, bytes] = {}
        for (filing, names), key in zip(named, keys, strict=True):
            content = NO_MEDICINE if filing.medicine is None else next(hashed)
            for name in names:
                contents[Use(hashes[name], filing.same_key or key)] = content
        self._uses.write(contents)

    def file(self, medicines: Medicines, sender: str, filing: ResourceFiling) -> ChangedMedicines:
        """File a delivery's medicines in the documents that have another version, or none.

        What was deleted leaves the documents. A resource moves to the category that the rules give
        it with its medicine. Repeating the delivery completes what a crash left.
        """
        contents = medicines.contents()
        hashes = self._uses.hash_names(contents)
        current = {hashes[name]: content for name, content in contents.items()}
        uses = self._uses.find_outdated(current)
        places = self._items.find_records(use.item for use in uses)
        servers = frozenset(self._servers.find(sender)) if uses else frozenset[str]()
        by_record: dict[str, list[Use]] = {}
        for use in uses:
            if use.item in places:
                by_record.setdefault(places[use.item], []).append(use)
        total = ChangedMedicines()
        for part in chunks(sorted(by_record), CHUNK_RECORDS):
            records = self._store.versions.read(part)
            changes = self._changes(records, medicines, sender, servers)
            filing.file([*changes.removed.values(), *changes.filings], sender, dry=False)
            counts = (changes.late, changes.corrected, changes.lost)
            total = ChangedMedicines(*map(sum, zip(total, counts, strict=True)))
            complete = (each for each in part if each not in changes.incomplete)
            done = [use for record_id in complete for use in by_record[record_id]]
            self._uses.write({use: current[use.name] for use in done})
        return total

    def _changes(
        self,
        records: Mapping[str, Record],
        medicines: Medicines,
        sender: str,
        servers: frozenset[str],
    ) -> _Changes:
        """Return what the medicines of a delivery change in these documents."""
        referring = [
            (record_id, entry, identity)
            for record_id, record in records.items()
            for entry, identity in _referring(record)
        ]
        current = medicines.find(
            [(entry, _sender(identity, sender, servers)) for _, entry, identity in referring]
        )
        changes = _Changes()
        copies = {record_id: _copies(record) for record_id, record in records.items()}
        for (record_id, entry, identity), medicine in zip(referring, current, strict=True):
            record = records[record_id]
            beside = copies[record_id].get(reference_of(entry.resource or {}), {})
            if medicine is None:
                deleted = [n for n in beside if medicines.is_deleted(beside_parts(n)[1])]
                changes.removed |= {name: _deletion(name) for name in deleted}
                changes.lost += bool(deleted)
                if not deleted and not beside:
                    changes.incomplete.add(record_id)
            elif not _has(beside, medicine, record):
                filing = Filing(0, entry, record.subject, identity=identity, medicine=medicine)
                filing.is_stored = True
                changes.filings.append(filing)
                _count(changes, beside, medicine)
                outdated = _outdated(beside, medicine, record)
                changes.removed |= {name: _deletion(name) for name in outdated}
        return changes


def _is_filed(filing: Filing) -> bool:
    is_stored = filing.outcome not in (Outcome.REFUSED, Outcome.OLDER)
    return is_stored and not filing.is_deletion and bool(filing.identity)


def _names(filing: Filing) -> list[str]:
    """Return what the medicine of a filing may be called, with its own identity."""
    reference = reference_of(filing.entry.resource or {})
    names = names_of(reference, filing.entry.url, filing.sender)
    if names and filing.medicine is not None:
        names.append(filing.medicine.identity)
    return list(dict.fromkeys(names))


def _referring(record: Record) -> Iterator[tuple[FhirEntry, str]]:
    """Yield the resources of a document that refer to a medicine elsewhere, with identity."""
    for content, arrival in zip(record.resources, record.arrivals, strict=True):
        resource = loads_exact(content, STORED_MAX_DEPTH)
        reference = reference_of(resource)
        if reference and not reference.startswith("#") and not arrival.identity.startswith(BESIDE):
            url = arrival.identity if split_url(arrival.identity)[0] else ""
            yield FhirEntry(0, resource, url), arrival.identity


def _copies(record: Record) -> dict[str, dict[str, Resource]]:
    """Return by reference the medicines in a document: each by its identity there."""
    copies: dict[str, dict[str, Resource]] = {}
    for content, arrival in zip(record.resources, record.arrivals, strict=True):
        if arrival.identity.startswith(BESIDE):
            reference, _ = beside_parts(arrival.identity)
            resource = loads_exact(content, STORED_MAX_DEPTH)
            copies.setdefault(reference, {})[arrival.identity] = resource
    return copies


def _has(beside: Mapping[str, Resource], medicine: Medicine, record: Record) -> bool:
    """Return whether a document has this version of a medicine, and no other of the same."""
    content = content_of(medicine.resource)
    is_there = any(content_of(each) == content for each in beside.values())
    return is_there and not _outdated(beside, medicine, record)


def _outdated(beside: Mapping[str, Resource], medicine: Medicine, record: Record) -> list[str]:
    """Return other copies of the same medicine, as a document has that was moved since."""
    place = (record.subject, record.category, record.recorded_on)
    name = beside_name(place, medicine.reference, medicine.identity)
    same = (n for n in beside if beside_parts(n)[1] == medicine.identity and n != name)
    content = content_of(medicine.resource)
    return [each for each in same if content_of(beside[each]) != content]


def _count(changes: _Changes, beside: Mapping[str, Resource], medicine: Medicine) -> None:
    stated = any(not is_in_error(each) for each in beside.values())
    if is_in_error(medicine.resource):
        changes.lost += stated
    elif beside:
        changes.corrected += 1
    else:
        changes.late += 1


def _deletion(identity: str) -> Filing:
    return Filing(0, FhirEntry(0), b"", identity=identity)


def _sender(identity: str, sender: str, servers: frozenset[str]) -> str:
    """Return the sender of a delivery if the resource is its own, "" if it may be another's.

    The same relative reference of two senders is to two medicines.
    """
    is_own = identity.startswith((f"{sender}|", f"business|{sender}|"))
    return sender if is_own or split_url(identity)[0] in servers else ""
