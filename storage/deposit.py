"""Deposits records: sealed, pinned, catalogued, anchored; killed anywhere, it ends or vanishes."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from storage import merkle
from storage.car import raw_cid
from storage.catalogue import ANCHORED, CATALOGUED, PINNED, SEALED
from storage.entry import Batch, Entry
from storage.errors import BadlyAsked
from storage.keys import SecretKey, wrap_record_key
from storage.parts import Parts, Progress, silent
from storage.record import Record, canonical, require_record
from storage.seal import Context, new_key, seal
from storage.staging import HEADER_BYTES, places

BATCH_RECORDS: Final = 5_000
RECORD_ID_BYTES: Final = 16


@dataclass(frozen=True, slots=True)
class DepositReport:
    """What a deposit did: `record_ids` in the order of the records given, `new` of them made now.

    The others were deposited before, under the same source key.
    """

    record_ids: tuple[str, ...]
    new: int
    batches: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sealed:
    """A batch that is sealed in memory: what the catalogue will say, and the envelopes."""

    entries: list[Entry]
    blocks: list[bytes]


class Deposits:
    """The way into the safe.

    Each batch goes sealed → pinned → catalogued → anchored. Its envelopes are on disk before its
    rows are written, and its rows before Kubo is asked, so whatever is killed is found again.
    """

    def __init__(self, parts: Parts) -> None:
        self._catalogue = parts.catalogue
        self._keys = parts.keys
        self._staging = parts.staging
        self._blobs = parts.blobs
        self._law = parts.law
        self._clock = parts.clock

    def deposit(
        self,
        records: Sequence[Record],
        sources: Sequence[str] | None = None,
        progress: Progress = silent,
    ) -> DepositReport:
        """Deposit records; afterwards each can be asked for, and is anchored on the ledger.

        `sources` names where each record came from (a table's row, a document's id): a record whose
        source is here already is not deposited again.

        Raises:
            RecordInvalid: one of them cannot be a record; nothing is deposited.
            VaultSealed, StoreUnavailable, DiskFull: try again; what had been acknowledged stays.
        """
        for record in records:
            require_record(record)
        if sources is not None and len(sources) != len(records):
            raise BadlyAsked("as many sources as records")
        known, marks = self._known(records, sources)
        ids = [known.get(mark, "") or secrets.token_hex(RECORD_ID_BYTES) for mark in marks]
        fresh = [place for place, mark in enumerate(marks) if mark not in known]
        names = []
        for start in range(0, len(fresh), BATCH_RECORDS):
            part = fresh[start : start + BATCH_RECORDS]
            progress("sealing", start, len(fresh))
            named = [replace(records[place], record_id=ids[place]) for place in part]
            marked = [marks[place] if sources is not None else None for place in part]
            names.append(self._deposit(self.seal(named, marked)))
            progress("depositing", start + len(part), len(fresh))
        return DepositReport(tuple(ids), len(fresh), tuple(names))

    def _known(
        self, records: Sequence[Record], sources: Sequence[str] | None
    ) -> tuple[dict[bytes, str], list[bytes]]:
        """Return which sources are here already, and a mark for each record's source."""
        if sources is None:
            return {}, [place.to_bytes(8, "big") for place in range(len(records))]
        marked = self._keys.pseudonyms("source")
        marks = [
            marked(f"{record.custodian}\0{source}".encode())
            for record, source in zip(records, sources, strict=True)
        ]
        if len(set(marks)) != len(marks):
            raise BadlyAsked("two records of this deposit come from the same source")
        return self._catalogue.known_sources(marks), marks

    def seal(self, records: Sequence[Record], sources: Sequence[bytes | None]) -> Sealed:
        """Seal records under fresh keys, each wrapped by its patient's."""
        patients = self._keys.make_patient_keys(record.subject for record in records)
        commit = self._keys.pseudonyms("catalogue")
        entries, blocks = [], []
        for record, source in zip(records, sources, strict=True):
            entry, envelope = _sealed(record, patients[record.subject], commit)
            entries.append(replace(entry, source=source))
            blocks.append(envelope)
        stands = places([len(block) for block in blocks], HEADER_BYTES)
        placed = [replace(e, place=at) for e, at in zip(entries, stands, strict=True)]
        return Sealed(placed, blocks)

    def stage(self, sealed: Sealed) -> Batch:
        """Put a sealed batch on disk and into the catalogue, in the state `sealed`."""
        name = secrets.token_hex(RECORD_ID_BYTES)
        pin = self._staging.write(name, [entry.cid for entry in sealed.entries], sealed.blocks)
        root = merkle.root([entry.leaf() for entry in sealed.entries])
        at_s = int(self._clock())
        identity = self._catalogue.add(name, at_s, pin, root, sealed.entries)
        return Batch(identity, name, SEALED, at_s, len(sealed.entries), pin, root, False)

    def _deposit(self, sealed: Sealed) -> str:
        batch = self.stage(sealed)
        self.pin(batch)
        self._catalogue.move(batch.id, CATALOGUED)
        self.anchor(batch)
        return batch.name

    def pin(self, batch: Batch) -> None:
        """Bring a staged batch to Kubo; it is pinned there when this returns."""
        self._blobs.put_many(self._staging.path(batch.name), batch.pin)
        self._catalogue.move(batch.id, PINNED)

    def anchor(self, batch: Batch) -> None:
        """Put a batch's root on the ledger, unless it is there already."""
        if batch.root not in {anchor.root for anchor in self._law.anchors("records")}:
            self._law.anchor("records", batch.root, batch.count)
        self._catalogue.move(batch.id, ANCHORED)

    def finish_unfinished(self) -> int:
        """Finish every batch that something killed half-way; return how many they were.

        A batch whose file is missing was never acknowledged: it is forgotten. A file without a
        batch is deleted. Call it at start and every half minute.

        Raises:
            StoreUnavailable, DiskFull, LedgerUnavailable (consent): the rest waits for next time.
        """
        unfinished = self._catalogue.batches(unfinished=True)
        for batch in unfinished:
            self._finish(batch)
        return len(unfinished)

    def _finish(self, batch: Batch) -> None:
        is_staged = self._staging.path(batch.name).exists()
        if batch.state == SEALED and not is_staged:
            self._catalogue.drop(batch.id)
            return
        if batch.state == SEALED:
            self.pin(batch)
        if batch.state in (SEALED, PINNED):
            # Also right for a batch of new versions: `replace` moves it on in the same breath.
            self._catalogue.replace(batch.id)
        self.anchor(batch)

    def drop_orphans(self) -> int:
        """Delete staged files that no batch knows; only while no deposit runs."""
        known = {batch.name for batch in self._catalogue.batches()}
        orphans = self._staging.names() - known
        for name in orphans:
            self._staging.drop(name)
            self._staging.path(name).with_suffix(".new").unlink(missing_ok=True)
        return len(orphans)


def _sealed(
    record: Record, patient: SecretKey, commit: Callable[[bytes], bytes]
) -> tuple[Entry, bytes]:
    identity, key = bytes.fromhex(record.record_id), new_key()
    context = Context(record.subject, record.category, record.custodian, identity, record.version)
    envelope = seal(canonical(record), key, context)
    entry = Entry(
        record_id=identity,
        version=record.version,
        subject=record.subject,
        category=record.category,
        custodian=record.custodian,
        recorded_on=record.recorded_on,
        cid=raw_cid(envelope),
        size=len(envelope),
        place=0,
        commitment=commit(described(record)),
        wrapped=wrap_record_key(patient, key, identity, record.version),
    )
    return entry, envelope


def described(record: Record | Entry) -> bytes:
    """Return what the commitment of a leaf is about, in bytes of one form."""
    words = (record.category, record.custodian, record.recorded_on)
    return record.subject + "\0".join(words).encode()
