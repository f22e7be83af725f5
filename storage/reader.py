"""Fetches sealed records, verifies them and opens them; for the vault and the erasure alone."""

from __future__ import annotations

from collections.abc import Sequence

from storage.car import raw_cid
from storage.components import Components, Progress, no_progress
from storage.entry import Entry
from storage.errors import NameMismatch, RecordLost, StorageNotFound
from storage.keys import SecretKey, unwrap_record_key
from storage.record import Record, parse
from storage.seal import Context, open_sealed

_FEW = 32
"""Up to this many blocks are asked for one by one."""


class Reader:
    """Turns entries of the catalogue into records; it asks nobody's consent."""

    def __init__(self, parts: Components) -> None:
        self._catalogue = parts.catalogue
        self._keys = parts.keys
        self._car_folder = parts.car_folder
        self._blocks = parts.blocks

    def read(
        self, entries: Sequence[Entry], progress: Progress = no_progress
    ) -> list[Record | None]:
        """Return the record of each entry, in their order; None where the patient was shredded.

        Raises:
            RecordLost: a block is not kept any more; it may have been given another name meanwhile.
            Broken: a block, a key or a record is not what was deposited.
            StoreUnavailable, DatabaseUnavailable, VaultSealed: nothing was read.
        """
        if not entries:
            return []
        patients = self._keys.patient_keys(entry.subject for entry in entries)
        progress("reading", 0, len(entries))
        blocks = self._fetch(entries)
        progress("opening", 0, len(entries))
        found = [
            _opened(entry, block, patients[entry.subject]) if entry.subject in patients else None
            for entry, block in zip(entries, blocks, strict=True)
        ]
        progress("opening", len(entries), len(entries))
        return found

    def _fetch(self, entries: Sequence[Entry]) -> list[bytes]:
        """Return every block, from the sealed cache where it is there and whole, else from IPFS."""
        names = {batch.id: batch.name for batch in self._catalogue.batches()}
        held: dict[int, list[int]] = {}
        for place, entry in enumerate(entries):
            held.setdefault(entry.batch, []).append(place)
        blocks = [b""] * len(entries)
        for batch, batch_places in held.items():
            its = [entries[place] for place in batch_places]
            for place, block in zip(
                batch_places, self._car_folder.read(names[batch], its), strict=True
            ):
                blocks[place] = block
        missing = [
            place for place, entry in enumerate(entries) if raw_cid(blocks[place]) != entry.cid
        ]
        found = self._ask([entries[place] for place in missing])
        for place in missing:
            blocks[place] = found[entries[place].cid]
        return blocks

    def _ask(self, missing: Sequence[Entry]) -> dict[bytes, bytes]:
        try:
            if len(missing) <= _FEW:
                return {entry.cid: self._blocks.get(entry.cid, entry.size) for entry in missing}
            return dict(self._blocks.get_many([entry.cid for entry in missing]))
        except StorageNotFound as exc:
            raise RecordLost("a block is not kept any more: run verify") from exc


def _opened(entry: Entry, envelope: bytes, patient: SecretKey) -> Record:
    record_id, version, subject, category, custodian, recorded_on, *_ = entry
    if len(envelope) != entry.size or entry.wrapped is None:
        raise NameMismatch("an envelope does not have the length that was deposited")
    key = unwrap_record_key(patient, entry.wrapped, record_id, version)
    context = Context(subject, category, custodian, record_id, version)
    day, observations = parse(open_sealed(envelope, key, context))
    if day != recorded_on:
        raise NameMismatch("a record's date is not the one that was catalogued")
    return Record(subject, category, custodian, day, observations, record_id.hex(), version)
