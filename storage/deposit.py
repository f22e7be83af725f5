"""Deposit records: encrypt, pin, catalogue and anchor them so that a crash loses or halves none."""

from __future__ import annotations

import secrets
from collections import deque
from collections.abc import Callable, Collection, Container, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Final

from storage import merkle
from storage.car import raw_cid
from storage.car_folder import block_offsets
from storage.catalogue import ANCHORED, CATALOGUED, PINNED, SEALED
from storage.components import Components, Progress, no_progress
from storage.entry import Batch, Entry
from storage.errors import ConcurrentChange, StorageError, StorageInvalid
from storage.keys import SecretKey, wrap_record_key
from storage.record import Record, canonical, require_record
from storage.seal import Context, new_key, seal

_RECENT_ANCHORS = 1_000
BATCH_RECORDS: Final = 5_000
BATCH_BYTES: Final = 2**26
RECORD_ID_BYTES: Final = 16
ABANDONED_AFTER_S: Final = 30
MAX_ATTEMPTS: Final = 5
_DRAFTS: Final = 2
"""The batch to be stored, and the one that is sealed meanwhile."""
_MIN_RECORD_BYTES: Final = 400
_NUMBER_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class DepositReport:
    """The result of a deposit.

    `record_ids` are in the order of the records given; `new` counts those deposited now, the others
    were deposited before from the same source.
    """

    record_ids: tuple[str, ...]
    new: int
    batches: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SealedBatch:
    """An encrypted batch in memory: its catalogue entries and its envelopes."""

    entries: list[Entry]
    blocks: list[bytes]


@dataclass(frozen=True, slots=True)
class _Draft:
    """The record ids of a part, and the sealed batch of those that are new, if any."""

    ids: list[str]
    sealed: SealedBatch | None


class Deposits:
    """Writes records into the store.

    Each batch goes through sealed → pinned → catalogued → anchored. Its envelopes are on disk
    before its rows are written, and its rows before Kubo is called, so that after a crash every
    batch is found and finished.
    """

    def __init__(self, components: Components) -> None:
        self._catalogue = components.catalogue
        self._keys = components.keys
        self._car_folder = components.car_folder
        self._blocks = components.blocks
        self._ledger = components.ledger
        self._clock = components.clock

    def deposit(
        self,
        records: Sequence[Record],
        sources: Sequence[str] | None = None,
        progress: Progress = no_progress,
    ) -> DepositReport:
        """Deposit records; on return each one is visible and anchored on the ledger.

        After an error `finish_unfinished` completes what was begun, so a deposit with sources can
        be repeated unchanged.

        Args:
            records: what to deposit.
            sources: where each record came from, such as a table's row or a document's id. A record
                whose source was deposited before is not deposited again.
            progress: is called with the number of records deposited.

        Raises:
            RecordInvalid: one of the records is invalid; nothing was deposited.
            VaultSealed, StoreUnavailable, DatabaseUnavailable, DiskFull: try again; the batches
                that were finished remain.
        """
        for record in records:
            require_record(record)
        marks: Sequence[bytes | None] = [None] * len(records)
        if sources is not None:
            marks = self.source_marks(records, sources)
        record_ids, names, new = list[str](), list[str](), 0
        for part, draft in self._draft_all(records, marks):
            progress("depositing", part.start, len(records))
            part_ids, batch = self._deposit_part(records[part], marks[part], draft)
            record_ids += part_ids
            if batch is not None:
                names.append(batch.name)
                new += batch.count
        progress("depositing", len(records), len(records))
        return DepositReport(tuple(record_ids), new, tuple(names))

    def source_marks(self, records: Sequence[Record], sources: Sequence[str]) -> list[bytes]:
        """Return a keyed hash of each record's source.

        Raises:
            StorageInvalid: not one source for each record, or two are equal.
        """
        if len(sources) != len(records):
            raise StorageInvalid(
                f"{len(sources)} sources for {len(records)} records; give one source per record"
            )
        mark_of = self._keys.pseudonyms("source")
        marks = [
            mark_of(f"{record.custodian}\0{source}".encode())
            for record, source in zip(records, sources, strict=True)
        ]
        if len(set(marks)) != len(marks):
            raise StorageInvalid("two records have the same source; give each its own")
        return marks

    def _draft_all(
        self, records: Sequence[Record], marks: Sequence[bytes | None]
    ) -> Iterator[tuple[slice, _Draft | None]]:
        """Yield each part with its draft; the next is made while the caller stores this one."""
        parts = list(batch_slices(records))
        waiting, drafts = deque(parts), deque[Future[_Draft | None]]()
        with ThreadPoolExecutor(1) as pool:
            for part in parts:
                while waiting and len(drafts) < _DRAFTS:
                    later = waiting.popleft()
                    drafts.append(pool.submit(self._draft, records[later], marks[later]))
                yield part, drafts.popleft().result()

    def _draft(self, records: Sequence[Record], marks: Sequence[bytes | None]) -> _Draft | None:
        """Seal the records of a part that are new; None if its sources must be looked up again."""
        known = self.find_finished([mark for mark in marks if mark is not None])
        if known is None:
            return None
        ids = [known.get(mark or b"") or secrets.token_hex(RECORD_ID_BYTES) for mark in marks]
        new = [
            (replace(record, record_id=record_id), mark)
            for record, mark, record_id in zip(records, marks, ids, strict=True)
            if mark is None or mark not in known
        ]
        return _Draft(ids, self.seal(new) if new else None)

    def _deposit_part(
        self, records: Sequence[Record], marks: Sequence[bytes | None], draft: _Draft | None
    ) -> tuple[list[str], Batch | None]:
        """Deposit the new records of one batch; return all record ids, and the batch if any."""
        for _ in range(MAX_ATTEMPTS):
            if draft is not None and draft.sealed is None:
                return draft.ids, None
            if draft is not None and draft.sealed is not None:
                try:
                    return draft.ids, self._deposit_batch(draft.sealed)
                except ConcurrentChange:
                    pass  # the same sources are deposited, or a patient was erased: look again
            draft = self._draft(records, marks)
        raise ConcurrentChange("other processes are depositing the same sources; try again")

    def find_finished(self, marks: Sequence[bytes]) -> dict[bytes, str] | None:
        """Return the record id of each source that was deposited before.

        A known record may be in an unfinished batch; then that is finished first, and None says
        that the caller has to look again.
        """
        known = self._catalogue.find_sources(marks)
        unfinished = self._catalogue.unfinished_batches(list(known))
        if unfinished:
            self._finish_all(unfinished, wait=True)
            return None
        return known

    def finish_versions(self, record_ids: Collection[str]) -> None:
        """Finish each batch with a version of these records, which is not visible before.

        Waits for another process that works on one.
        """
        unfinished = [
            batch
            for batch in self._catalogue.batches(unfinished=True)
            if any(each.record_id.hex() in record_ids for each in self._catalogue.entries(batch.id))
        ]
        self._finish_all(unfinished, wait=True)

    def deposit_versions(
        self,
        records: Sequence[tuple[Record, bytes | None]],
        *,
        keeping: Container[str] = (),
        former: Sequence[Record] = (),
    ) -> None:
        """Deposit one batch of (record, source mark) pairs; newer versions replace older ones.

        On return they are visible and anchored. The keys of older versions are deleted, unless
        their record is in `keeping`: those stay as former versions.

        Args:
            records: current versions.
            keeping: the ids of records whose replaced versions are kept.
            former: former versions of some of the records, sealed again.

        Raises:
            ConcurrentChange: one of the sources or versions exists already, or a record or patient
                was deleted meanwhile; nothing was stored.
        """
        sealed = self.seal([*((record, None) for record in former), *records])
        for index, entry in enumerate(sealed.entries):
            if index < len(former):
                sealed.entries[index] = entry._replace(wrapped=None, former=entry.wrapped)
            elif entry.record_id.hex() in keeping:
                sealed.entries[index] = entry._replace(keeps_former=True)
        with self.stage(sealed) as batch:
            self.pin(batch)
            self._catalogue.make_current(batch.id)
            self.anchor(batch)
        self.trim()

    def seal(self, records: Sequence[tuple[Record, bytes | None]]) -> SealedBatch:
        """Encrypt (record, source mark) pairs under fresh keys, wrapped by their patients' keys."""
        patients = self._keys.make_patient_keys(record.subject for record, _ in records)
        commit = self._keys.pseudonyms("catalogue")
        entries, blocks = list[Entry](), list[bytes]()
        for record, source in records:
            entry, envelope = _seal(record, source, patients[record.subject], commit)
            entries.append(entry)
            blocks.append(envelope)
        offsets = block_offsets([len(block) for block in blocks])
        entries = [e._replace(offset=offset) for e, offset in zip(entries, offsets, strict=True)]
        return SealedBatch(entries, blocks)

    @contextmanager
    def stage(self, sealed: SealedBatch) -> Iterator[Batch]:
        """Write a sealed batch to disk and to the catalogue; yield it while it is locked.

        Raises:
            ConcurrentChange: one of its sources or versions exists already, or a record or patient
                was deleted meanwhile; nothing is left behind.
            DiskFull, StoreUnavailable, DatabaseUnavailable: nothing is left behind.
        """
        name = secrets.token_hex(RECORD_ID_BYTES)
        cids = [entry.cid for entry in sealed.entries]
        root = merkle.root([entry.leaf() for entry in sealed.entries])
        at_s = int(self._clock())
        with self._car_folder.write(name, cids, sealed.blocks) as pin:
            try:
                batch_id = self._catalogue.add(name, at_s, pin, root, sealed.entries)
            except StorageError:
                self._car_folder.delete(name)
                raise
            yield Batch(batch_id, name, SEALED, at_s, len(cids), pin, root, False)

    def _deposit_batch(self, sealed: SealedBatch) -> Batch:
        with self.stage(sealed) as batch:
            self.pin(batch)
            self._catalogue.set_state(batch.id, CATALOGUED)
            self.anchor(batch)
        self.trim()
        return batch

    def pin(self, batch: Batch) -> None:
        """Import a staged batch into Kubo and pin it there."""
        self._blocks.import_car(self._car_folder.path(batch.name), batch.pin)
        self._catalogue.set_state(batch.id, PINNED)

    def anchor(self, batch: Batch) -> None:
        """Anchor a batch's root on the ledger, unless it is anchored already."""
        # Anchoring one twice does no harm, so that looking at the recent anchors is enough.
        recent = self._ledger.anchors("records", _RECENT_ANCHORS)
        if batch.root not in {anchor.root for anchor in recent}:
            self._ledger.anchor("records", batch.root, batch.count)
        self._catalogue.set_state(batch.id, ANCHORED)

    def finish_unfinished(self) -> int:
        """Finish every batch that was interrupted; return how many there were.

        A batch that another process works on is left alone: that process holds the lock of its
        file. A batch without a file was never acknowledged and is deleted once it is old; a file
        without a batch is deleted. Call this at start and every half minute.

        Raises:
            StoreUnavailable, DiskFull, LedgerUnavailable (consent): the rest is left to the next
                call.
        """
        finished = self._finish_all(self._catalogue.batches(unfinished=True), wait=False)
        batches = self._catalogue.batches
        self._car_folder.delete_orphans(lambda: {batch.name for batch in batches()})
        self.trim()
        return finished

    def _finish_all(self, unfinished: Sequence[Batch], *, wait: bool) -> int:
        """Finish these batches; wait for other processes that work on one, or skip it."""
        finished = 0
        for listed in unfinished:
            with self._car_folder.lock(listed.name, wait=wait) as is_ours:
                batch = self._catalogue.find_batch(listed.id) if is_ours else None
                if batch is not None and batch.state != ANCHORED:
                    finished += self._finish(batch)
        return finished

    def _finish(self, batch: Batch) -> bool:
        if batch.state == SEALED and not self._car_folder.path(batch.name).exists():
            # The file may be on another machine that is depositing the batch at this moment.
            if self._clock() - batch.at_s < ABANDONED_AFTER_S:
                return False
            self._catalogue.delete(batch.id)
            self._blocks.unpin([batch.pin])
            return True
        if batch.state == SEALED:
            self.pin(batch)
        if batch.state in (SEALED, PINNED):
            # Also right for a batch of new versions, whose older keys it deletes.
            self._catalogue.make_current(batch.id)
        self.anchor(batch)
        return True

    def trim(self) -> int:
        """Keep the CAR files below their limit; return how many were deleted."""
        batches = self._catalogue.batches
        return self._car_folder.trim(lambda: {batch.name for batch in batches(unfinished=True)})


def batch_slices(records: Sequence[Record]) -> Iterator[slice]:
    """Yield the slices that split records into batches of limited number and, roughly, bytes."""
    start = total = 0
    for index, record in enumerate(records):
        size = _MIN_RECORD_BYTES + sum(
            len(code) + (len(value) if type(value) is str else _NUMBER_BYTES)
            for code, (value, _) in record.observations.items()
        )
        size += sum(map(len, record.resources))
        if index > start and (total + size > BATCH_BYTES or index - start == BATCH_RECORDS):
            yield slice(start, index)
            start, total = index, 0
        total += size
    if start < len(records):
        yield slice(start, len(records))


def _seal(
    record: Record, source: bytes | None, patient: SecretKey, commit: Callable[[bytes], bytes]
) -> tuple[Entry, bytes]:
    record_id, key = bytes.fromhex(record.record_id), new_key()
    context = Context(record.subject, record.category, record.custodian, record_id, record.version)
    envelope = seal(canonical(record), key, context)
    entry = Entry(
        record_id=record_id,
        version=record.version,
        subject=record.subject,
        category=record.category,
        custodian=record.custodian,
        recorded_on=record.recorded_on,
        cid=raw_cid(envelope),
        size=len(envelope),
        offset=0,
        commitment=commit(description(record)),
        wrapped=wrap_record_key(patient, key, record_id, record.version),
        source=source,
    )
    return entry, envelope


def description(record: Record | Entry) -> bytes:
    """Return the bytes that a leaf's commitment is computed from."""
    fields = (record.category, record.custodian, record.recorded_on)
    return record.subject + "\0".join(fields).encode()
