"""Deposits records: sealed, pinned, catalogued, anchored; killed anywhere, it ends or vanishes."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Final

from storage import merkle
from storage.car import raw_cid
from storage.car_folder import places
from storage.catalogue import ANCHORED, CATALOGUED, PINNED, SEALED
from storage.components import Components, Progress, no_progress
from storage.entry import Batch, Entry
from storage.errors import ConcurrentChange, StorageError, StorageInvalid
from storage.keys import SecretKey, wrap_record_key
from storage.pause import collector_paused
from storage.record import Record, canonical, require_record
from storage.seal import Context, new_key, seal

_NEWEST_ANCHORS = 1_000
BATCH_RECORDS: Final = 5_000
BATCH_BYTES: Final = 2**26
RECORD_ID_BYTES: Final = 16
GIVEN_UP_AFTER_S: Final = 30
_MOST_RACES: Final = 5
_LEAST_BYTES: Final = 400
_NUMBER_BYTES: Final = 32


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
    """The way into the record store.

    Each batch goes sealed → pinned → catalogued → anchored. Its envelopes are on disk before its
    rows are written, and its rows before Kubo is asked, so whatever is killed is found again.
    """

    def __init__(self, parts: Components) -> None:
        self._catalogue = parts.catalogue
        self._keys = parts.keys
        self._car_folder = parts.car_folder
        self._blocks = parts.blocks
        self._ledger = parts.ledger
        self._clock = parts.clock

    def deposit(
        self,
        records: Sequence[Record],
        sources: Sequence[str] | None = None,
        progress: Progress = no_progress,
    ) -> DepositReport:
        """Deposit records; afterwards each can be asked for, and is anchored on the ledger.

        `sources` names where each record came from (a table's row, a document's id): a record whose
        source is here already is not deposited again. What an error interrupts is finished by
        `finish_unfinished`, so a deposit that names its sources can be given again as it was.

        Raises:
            RecordInvalid: one of them cannot be a record; nothing is deposited.
            VaultSealed, StoreUnavailable, DatabaseUnavailable, DiskFull: try again; what had been
                acknowledged stays.
        """
        for record in records:
            require_record(record)
        marks = self._marks(records, sources)
        ids, names, new = list[str](), list[str](), 0
        for part in _parts(records):
            progress("depositing", part.start, len(records))
            found, made = self._deposit_part(records[part], marks[part])
            ids += found
            if made is not None:
                names.append(made.name)
                new += made.count
        progress("depositing", len(records), len(records))
        return DepositReport(tuple(ids), new, tuple(names))

    def _marks(
        self, records: Sequence[Record], sources: Sequence[str] | None
    ) -> list[bytes] | list[None]:
        """Return what stands for each record's source."""
        if sources is None:
            return [None] * len(records)
        if len(sources) != len(records):
            raise StorageInvalid("as many sources as records")
        marked = self._keys.pseudonyms("source")
        marks = [
            marked(f"{record.custodian}\0{source}".encode())
            for record, source in zip(records, sources, strict=True)
        ]
        if len(set(marks)) != len(marks):
            raise StorageInvalid("two records of this deposit come from the same source")
        return marks

    def _deposit_part(
        self, records: Sequence[Record], marks: Sequence[bytes | None]
    ) -> tuple[list[str], Batch | None]:
        """Deposit those that are not here yet; return every id, and the batch if one was made."""
        for _ in range(_MOST_RACES):
            known = self._catalogue.known_sources([mark for mark in marks if mark is not None])
            # What is known may be half-way: it is acknowledged when it is through, not before.
            half_way = self._catalogue.unfinished_of(list(known))
            if half_way:
                self._finish_all(half_way, waits=True)
                continue
            ids = [known.get(mark or b"") or secrets.token_hex(RECORD_ID_BYTES) for mark in marks]
            named = [
                (replace(record, record_id=name), mark)
                for record, mark, name in zip(records, marks, ids, strict=True)
                if mark is None or mark not in known
            ]
            if not named:
                return ids, None
            try:
                return ids, self._deposit(self.seal(named))
            except ConcurrentChange:
                continue  # another process deposits the same sources: see which it took
        raise ConcurrentChange("other processes deposit the same sources: ask again")

    @collector_paused()
    def seal(self, records: Sequence[tuple[Record, bytes | None]]) -> Sealed:
        """Seal records, each beside its source, under fresh keys wrapped by their patients'."""
        patients = self._keys.make_patient_keys(record.subject for record, _ in records)
        commit = self._keys.pseudonyms("catalogue")
        entries, blocks = list[Entry](), list[bytes]()
        for record, source in records:
            entry, envelope = _sealed(record, patients[record.subject], commit)
            entries.append(entry._replace(source=source))
            blocks.append(envelope)
        stands = places([len(block) for block in blocks])
        placed = [entry._replace(place=at) for entry, at in zip(entries, stands, strict=True)]
        return Sealed(placed, blocks)

    @contextmanager
    def staged(self, sealed: Sealed) -> Iterator[Batch]:
        """Put a sealed batch on disk and into the catalogue, as `sealed`; hold its lock meanwhile.

        Raises:
            Overtaken: one of its sources or versions is here already; nothing is left behind.
            DiskFull, StoreUnavailable, DatabaseUnavailable: the same.
        """
        name = secrets.token_hex(RECORD_ID_BYTES)
        cids = [entry.cid for entry in sealed.entries]
        root = merkle.root([entry.leaf() for entry in sealed.entries])
        at_s = int(self._clock())
        with self._car_folder.written(name, cids, sealed.blocks) as pin:
            try:
                identity = self._catalogue.add(name, at_s, pin, root, sealed.entries)
            except StorageError:
                self._car_folder.drop(name)
                raise
            yield Batch(identity, name, SEALED, at_s, len(cids), pin, root, False)

    def _deposit(self, sealed: Sealed) -> Batch:
        with self.staged(sealed) as batch:
            self.pin(batch)
            self._catalogue.move(batch.id, CATALOGUED)
            self.anchor(batch)
        self.trim()
        return batch

    def pin(self, batch: Batch) -> None:
        """Bring a staged batch to Kubo; it is pinned there when this returns."""
        self._blocks.put_many(self._car_folder.path(batch.name), batch.pin)
        self._catalogue.move(batch.id, PINNED)

    def anchor(self, batch: Batch) -> None:
        """Put a batch's root on the ledger, unless it is there already."""
        newest = self._ledger.anchors("records", _NEWEST_ANCHORS)  # an older one may come twice
        if batch.root not in {anchor.root for anchor in newest}:
            self._ledger.anchor("records", batch.root, batch.count)
        self._catalogue.move(batch.id, ANCHORED)

    def finish_unfinished(self) -> int:
        """Finish every batch that something killed half-way; return how many they were.

        A batch that somebody works on is left to them: they hold its file's lock until they are
        done or dead. A batch without a file was never acknowledged, and is forgotten when it is
        old. A file without a batch is deleted. Call it at start and every half minute.

        Raises:
            StoreUnavailable, DiskFull, LedgerUnavailable (consent): the rest waits for next time.
        """
        finished = self._finish_all(self._catalogue.batches(unfinished=True), waits=False)
        known = self._catalogue.batches
        self._car_folder.drop_orphans(lambda: {batch.name for batch in known()})
        self.trim()
        return finished

    def _finish_all(self, listed: Sequence[Batch], *, waits: bool) -> int:
        """Finish these batches; wait for who works on one, or leave it to them."""
        finished = 0
        for one in listed:
            with self._car_folder.held(one.name, waits=waits) as is_ours:
                batch = self._catalogue.find_batch(one.id) if is_ours else None
                if batch is not None and batch.state != ANCHORED:
                    finished += self._finish(batch)
        return finished

    def _finish(self, batch: Batch) -> bool:
        if batch.state == SEALED and not self._car_folder.path(batch.name).exists():
            # Its file may be on another machine, where it is being deposited at this moment.
            if self._clock() - batch.at_s < GIVEN_UP_AFTER_S:
                return False
            self._catalogue.drop(batch.id)
            self._blocks.unpin([batch.pin])
            return True
        if batch.state == SEALED:
            self.pin(batch)
        if batch.state in (SEALED, PINNED):
            # Also right for a batch of new versions: `replace` moves it on in the same breath.
            self._catalogue.replace(batch.id)
        self.anchor(batch)
        return True

    def trim(self) -> int:
        """Keep the sealed cache under its bound; return how many batches left it."""
        needed = {batch.name for batch in self._catalogue.batches(unfinished=True)}
        return self._car_folder.trim(needed)


def _parts(records: Sequence[Record]) -> Iterator[slice]:
    """Cut records into batches that are bounded in number and, roughly, in bytes."""
    start = held = 0
    for place, record in enumerate(records):
        size = _LEAST_BYTES + sum(
            len(code) + (len(value) if type(value) is str else _NUMBER_BYTES)
            for code, (value, _) in record.observations.items()
        )
        if place > start and (held + size > BATCH_BYTES or place - start == BATCH_RECORDS):
            yield slice(start, place)
            start, held = place, 0
        held += size
    if start < len(records):
        yield slice(start, len(records))


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
