"""Fetch envelopes, verify and open them; used only by vault and erasure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from storage.car import raw_cid
from storage.components import Components, Progress, no_progress
from storage.entry import Entry
from storage.errors import NameMismatch, RecordLost, StorageNotFound
from storage.extracts import Extractor, bind_group, find_extracts, seal_extracts
from storage.keys import SecretKey, unwrap_record_key
from storage.record import Record, read_content
from storage.seal import Context, open_sealed

CHUNK_RECORDS: Final = 4_096
"""So many envelopes are in memory at a time; with an extractor, so many records' contents too."""
_GROUP_RECORDS: Final = 64
"""The extracts of at most this many records are sealed together."""
_MAX_SINGLE_READS = 32
"""Up to this many blocks are requested one by one."""


@dataclass(frozen=True, slots=True)
class _Part:
    """Entries that are read at once, with the patient's key and the name of the batch of each."""

    entries: Sequence[Entry]
    patients: Sequence[SecretKey]
    batches: Sequence[str]

    def take(self, indexes: Sequence[int]) -> _Part:
        return _Part(
            [self.entries[index] for index in indexes],
            [self.patients[index] for index in indexes],
            [self.batches[index] for index in indexes],
        )

    def groups(self) -> list[tuple[str, list[int]]]:
        """Return batch and indexes of those whose extracts are sealed together."""
        groups: dict[tuple[str, bytes, str], list[int]] = {}
        for index, (entry, batch) in enumerate(zip(self.entries, self.batches, strict=True)):
            # Not across categories: questions that name different ones find the same groups.
            groups.setdefault((batch, entry.subject, entry.category), []).append(index)
        return [
            (batch, indexes[start : start + _GROUP_RECORDS])
            for (batch, _, _), indexes in groups.items()
            for start in range(0, len(indexes), _GROUP_RECORDS)
        ]


class Reader:
    """Turns catalogue entries into records; it does not check consent."""

    def __init__(self, components: Components) -> None:
        self._catalogue = components.catalogue
        self._keys = components.keys
        self._car_folder = components.car_folder
        self._extracts = components.extracts
        self._blocks = components.blocks

    def read(
        self,
        entries: Sequence[Entry],
        progress: Progress = no_progress,
        extractor: Extractor | None = None,
    ) -> list[Record | None]:
        """Return the record of each entry, in order; None if the patient's key was deleted.

        With an extractor, the records have what it extracts in place of their content.

        Raises:
            RecordLost: a block is missing; the record may have been re-encrypted meanwhile.
            StorageBroken: a block, key or record is not what was deposited.
            StoreUnavailable, DatabaseUnavailable, VaultSealed: nothing was read.
        """
        if not entries:
            return []
        patients = self._keys.patient_keys(entry.subject for entry in entries)
        progress("reading", 0, len(entries))
        names = self._catalogue.names(entry.batch for entry in entries)
        records: list[Record | None] = [None] * len(entries)
        present = [index for index, entry in enumerate(entries) if entry.subject in patients]
        for start in range(0, len(present), CHUNK_RECORDS):
            progress("opening", start, len(entries))
            indexes = present[start : start + CHUNK_RECORDS]
            chosen = [entries[index] for index in indexes]
            keys = [patients[entry.subject] for entry in chosen]
            part = _Part(chosen, keys, [names[entry.batch] for entry in chosen])
            read = self._open(part) if extractor is None else self._extract(part, extractor)
            for index, record in zip(indexes, read, strict=True):
                records[index] = record
        if extractor is not None:
            self._extracts.trim()  # once: it looks at every file
        progress("opening", len(entries), len(entries))
        return records

    def _open(self, part: _Part) -> list[Record]:
        joined = zip(part.entries, self._fetch(part), part.patients, strict=True)
        return [_open(entry, envelope, _record_key(entry, key)) for entry, envelope, key in joined]

    def _extract(self, part: _Part, extractor: Extractor) -> list[Record]:
        """Return records with extracts: those that are stored and intact, else made now."""
        stored = {batch: self._extracts.read(batch, extractor.name) for batch in set(part.batches)}
        extracts = [b""] * len(part.entries)
        absent = []
        for batch, indexes in part.groups():
            entries = [part.entries[index] for index in indexes]
            group = bind_group(entries, part.patients[indexes[0]], extractor.name)
            known = find_extracts(stored[batch].get(group.name, b""), group)
            for index, extract in zip(indexes, known or [b""] * len(indexes), strict=True):
                extracts[index] = extract
            if not known:
                absent.append((batch, indexes, group))
        missing = [index for _, indexes, _ in absent for index in indexes]
        for index, record in zip(missing, self._open(part.take(missing)), strict=True):
            extracts[index] = extractor.extract(record)
        changed: dict[str, dict[bytes, bytes]] = {}
        for batch, indexes, group in absent:
            sealed = seal_extracts([extracts[index] for index in indexes], group)
            if sealed:
                changed[batch] = stored[batch]
                stored[batch][group.name] = sealed
        self._extracts.write(changed, extractor.name)
        return list(map(_without_content, part.entries, extracts))

    def _fetch(self, part: _Part) -> list[bytes]:
        """Return every block, from the CAR files where they are intact, else from IPFS."""
        entries = part.entries
        indexes_by_batch: dict[str, list[int]] = {}
        for index, batch in enumerate(part.batches):
            indexes_by_batch.setdefault(batch, []).append(index)
        blocks = [b""] * len(entries)
        for batch, indexes in indexes_by_batch.items():
            read = self._car_folder.read(batch, [entries[index] for index in indexes])
            for index, block in zip(indexes, read, strict=True):
                blocks[index] = block
        missing = [
            index for index, entry in enumerate(entries) if raw_cid(blocks[index]) != entry.cid
        ]
        fetched = self._request([entries[index] for index in missing])
        for index in missing:
            blocks[index] = fetched[entries[index].cid]
        return blocks

    def _request(self, entries: Sequence[Entry]) -> Mapping[bytes, bytes]:
        try:
            if len(entries) <= _MAX_SINGLE_READS:
                return {entry.cid: self._blocks.get(entry.cid, entry.size) for entry in entries}
            return dict(self._blocks.get_many([entry.cid for entry in entries]))
        except StorageNotFound as exc:
            raise RecordLost("a block is missing from the IPFS node; run verify") from exc


def _record_key(entry: Entry, patient: SecretKey) -> bytes:
    return unwrap_record_key(patient, entry.require_key(), entry.record_id, entry.version)


def _open(entry: Entry, envelope: bytes, key: bytes) -> Record:
    record_id, version, subject, category, custodian, recorded_on, *_ = entry
    if len(envelope) != entry.size:
        raise NameMismatch(
            f"the envelope of record {record_id.hex()} has {len(envelope)} bytes; "
            f"expected {entry.size}"
        )
    context = Context(subject, category, custodian, record_id, version)
    observations, document = read_content(open_sealed(envelope, key, context))
    if document.recorded_on != recorded_on:
        raise NameMismatch(f"the date of record {record_id.hex()} differs from the catalogue")
    return Record(
        subject,
        category,
        custodian,
        recorded_on,
        observations,
        record_id.hex(),
        version,
        document.resources,
        document.arrivals,
    )


def _without_content(entry: Entry, extract: bytes) -> Record:
    return Record(
        entry.subject,
        entry.category,
        entry.custodian,
        entry.recorded_on,
        {},
        entry.record_id.hex(),
        entry.version,
        extract=extract,
    )
