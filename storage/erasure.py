"""Takes records out of reach: new keys and envelopes after a withdrawal, or a patient shredded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import orjson
import sqlalchemy as sa

from storage.car_folder import places
from storage.components import Components, Progress, no_progress
from storage.database import reading, writing
from storage.deposit import Deposits
from storage.entry import Batch, Entry
from storage.journal_row import NOBODY, AccessOutcome, Use
from storage.keys import purge_deleted
from storage.reader import Reader
from storage.rootkey import receipt_key, sign_receipt
from storage.tables import METADATA

REKEYED: Final = "re-keyed"
SHREDDED: Final = "shredded"
_OPERATOR: Final = "operator"
_PURPOSE: Final = "erasure"
_AT_ONCE: Final = 5_000

_RECEIPTS = sa.Table(
    "storage_receipts",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("at_s", sa.BigInteger, nullable=False),
    sa.Column("body", sa.LargeBinary, nullable=False),
    sa.Column("signature", sa.LargeBinary(64), nullable=False),
)


@dataclass(frozen=True, slots=True)
class Receipt:
    """What was erased and when, signed by the install; it holds names of blocks, no person."""

    at_s: int
    body: bytes
    signature: bytes
    public_key: bytes


class Erasure:
    """The way out of the record store."""

    def __init__(self, engine: sa.Engine, parts: Components, deposits: Deposits) -> None:
        self._engine = engine
        self._parts = parts
        self._deposits = deposits
        self._reader = Reader(parts)

    def rekey(
        self, subjects: Sequence[bytes], why: str, progress: Progress = no_progress
    ) -> Receipt | None:
        """Give every record of these subjects a new key, a new envelope and a new name.

        Afterwards the old keys are deleted, and the old blocks are unpinned, collected and out of
        the sealed cache: whoever kept an old key or an old name has nothing. None if there is no
        such record.

        Raises:
            StoreUnavailable, DiskFull: `finish_unfinished` goes on where this stopped.
        """
        entries = list(self._parts.catalogue.current(subjects=subjects))
        for start in range(0, len(entries), _AT_ONCE):
            self._rekey(entries[start : start + _AT_ONCE], why)
            progress("re-keying", min(start + _AT_ONCE, len(entries)), len(entries))
        if not entries:
            return None
        self.sweep(progress)
        return self._sign(REKEYED, why, entries)

    def _rekey(self, entries: Sequence[Entry], why: str) -> None:
        self._journal(REKEYED, why, entries)
        # Nobody is handed these: they go from one envelope into the next.
        opened = [record for record in self._reader.read(entries) if record is not None]
        if not opened:
            return
        newer = [(replace(record, version=record.version + 1), None) for record in opened]
        with self._deposits.staged(self._deposits.seal(newer)) as batch:
            self._deposits.pin(batch)
            self._parts.catalogue.replace(batch.id)
            self._deposits.anchor(batch)

    def shred(self, subject: bytes, why: str) -> Receipt | None:
        """Delete every key of a subject, then its blocks; nothing of it opens ever again."""
        entries = list(self._parts.catalogue.current(subjects=[subject]))
        self._journal(SHREDDED, why, entries)
        # In one breath, so that no row is left whose patient has no key, nor a key without rows.
        with writing(self._engine) as connection:
            self._parts.catalogue.shred(subject, connection)
            self._parts.keys.delete_patient(subject, connection)
        purge_deleted(self._engine)
        self.sweep()
        return self._sign(SHREDDED, why, entries) if entries else None

    def sweep(self, progress: Progress = no_progress, *, waits: bool = True) -> int:
        """Unpin and collect every block that belongs to a deleted key; return batches touched.

        The sealed cache of those batches is written anew without it. Safe to repeat: what was
        killed in between is found again. One process at a time does this; another waits for its
        turn, or returns at once if it does not `wait`.
        """
        with self._parts.car_folder.turn(waits=waits) as is_ours:
            touched = self._parts.catalogue.batches(erased=True) if is_ours else []
            left = {}
            for place, batch in enumerate(touched):
                progress("collecting", place, len(touched))
                left[batch.id] = self._repin(batch)
            if touched:
                self._parts.blocks.collect()
                progress("collecting", len(touched), len(touched))
            for identity, count in left.items():
                self._parts.catalogue.collected(identity, count)
        return len(touched)

    def _repin(self, batch: Batch) -> int:
        """Pin what is left of a batch, and only then let go of the pin that held all of it.

        Returns how many are left.
        """
        parts = self._parts
        left = [entry for entry in parts.catalogue.entries(batch.id) if entry.wrapped is not None]
        pin = b""
        parts.car_folder.drop(batch.name)
        if left:
            cids = [entry.cid for entry in left]
            blocks = dict(parts.blocks.get_many(cids))
            with parts.car_folder.written(batch.name, cids, [blocks[cid] for cid in cids]):
                stands = places([entry.size for entry in left])
                left = [e._replace(place=at) for e, at in zip(left, stands, strict=True)]
            pin = parts.blocks.hold(cids)
        if pin != batch.pin:
            parts.blocks.unpin([batch.pin])
        parts.catalogue.repinned(batch, pin, left)
        return len(left)

    def _journal(self, outcome: str, why: str, entries: Sequence[Entry]) -> None:
        view, at_s = self._parts.ledger.view(), int(self._parts.clock())
        use = Use(at_s, _OPERATOR, "", _PURPOSE, why, view)
        answers = [
            AccessOutcome(e.subject, e.record_id, e.version, outcome, NOBODY) for e in entries
        ]
        self._parts.journal.write(use, answers)

    def _sign(self, what: str, why: str, entries: Sequence[Entry]) -> Receipt:
        at_s = int(self._parts.clock())
        body = orjson.dumps(
            {
                "receipt": "erasure",
                "what": what,
                "why": why,
                "at_s": at_s,
                "blocks": sorted(entry.cid.hex() for entry in entries),
            },
            option=orjson.OPT_SORT_KEYS,
        )
        root = self._parts.keys.root()
        signature = sign_receipt(root, body)
        with writing(self._engine) as connection:
            values = {"at_s": at_s, "body": body, "signature": signature}
            connection.execute(sa.insert(_RECEIPTS), values)
        return Receipt(at_s, body, signature, receipt_key(root))

    def receipts(self) -> list[Receipt]:
        """Return every receipt, oldest first."""
        public = receipt_key(self._parts.keys.root())
        asked = sa.select(_RECEIPTS.c.at_s, _RECEIPTS.c.body, _RECEIPTS.c.signature)
        with reading(self._engine) as connection:
            rows = connection.execute(asked.order_by(_RECEIPTS.c.id))
            return [Receipt(row.at_s, row.body, row.signature, public) for row in rows]
