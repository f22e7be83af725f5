"""Fetch envelopes, verify and open them; used only by vault and erasure."""

from __future__ import annotations

from collections.abc import Sequence

from storage.car import raw_cid
from storage.components import Components, Progress, no_progress
from storage.entry import Entry
from storage.errors import NameMismatch, RecordLost, StorageNotFound
from storage.keys import SecretKey, unwrap_record_key
from storage.record import Record, read_content
from storage.seal import Context, open_sealed

_MAX_SINGLE_READS = 32
"""Up to this many blocks are requested one by one."""


class Reader:
    """Turns catalogue entries into records; it does not check consent."""

    def __init__(self, components: Components) -> None:
        self._catalogue = components.catalogue
        self._keys = components.keys
        self._car_folder = components.car_folder
        self._blocks = components.blocks

    def read(
        self, entries: Sequence[Entry], progress: Progress = no_progress
    ) -> list[Record | None]:
        """Return the record of each entry, in order; None if the patient's key was deleted.

        Raises:
            RecordLost: a block is missing; the record may have been re-encrypted meanwhile.
            StorageBroken: a block, key or record is not what was deposited.
            StoreUnavailable, DatabaseUnavailable, VaultSealed: nothing was read.
        """
        if not entries:
            return []
        patients = self._keys.patient_keys(entry.subject for entry in entries)
        progress("reading", 0, len(entries))
        envelopes = self._fetch(entries)
        progress("opening", 0, len(entries))
        records = [
            _open(entry, envelope, patients[entry.subject]) if entry.subject in patients else None
            for entry, envelope in zip(entries, envelopes, strict=True)
        ]
        progress("opening", len(entries), len(entries))
        return records

    def _fetch(self, entries: Sequence[Entry]) -> list[bytes]:
        """Return every block, from the CAR files where they are intact, else from IPFS."""
        names = {batch.id: batch.name for batch in self._catalogue.batches()}
        indexes_by_batch: dict[int, list[int]] = {}
        for index, entry in enumerate(entries):
            indexes_by_batch.setdefault(entry.batch, []).append(index)
        blocks = [b""] * len(entries)
        for batch, indexes in indexes_by_batch.items():
            read = self._car_folder.read(names[batch], [entries[index] for index in indexes])
            for index, block in zip(indexes, read, strict=True):
                blocks[index] = block
        missing = [
            index for index, entry in enumerate(entries) if raw_cid(blocks[index]) != entry.cid
        ]
        fetched = self._request([entries[index] for index in missing])
        for index in missing:
            blocks[index] = fetched[entries[index].cid]
        return blocks

    def _request(self, entries: Sequence[Entry]) -> dict[bytes, bytes]:
        try:
            if len(entries) <= _MAX_SINGLE_READS:
                return {entry.cid: self._blocks.get(entry.cid, entry.size) for entry in entries}
            return dict(self._blocks.get_many([entry.cid for entry in entries]))
        except StorageNotFound as exc:
            raise RecordLost("a block is missing from the IPFS node; run verify") from exc


def _open(entry: Entry, envelope: bytes, patient: SecretKey) -> Record:
    record_id, version, subject, category, custodian, recorded_on, *_ = entry
    if len(envelope) != entry.size or entry.wrapped is None:
        raise NameMismatch(
            f"the envelope of record {record_id.hex()} has {len(envelope)} bytes; "
            f"expected {entry.size}"
        )
    key = unwrap_record_key(patient, entry.wrapped, record_id, version)
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
