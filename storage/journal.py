"""Writes every use and every refusal before a byte leaves: hash-chained, anchored, provable."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import lru_cache
from typing import Any, Final, Protocol

import orjson
import sqlalchemy as sa

from consent import Anchor
from storage import merkle
from storage.database import insert_many, plain, reading, writing
from storage.errors import (
    ConcurrentChange,
    DatabaseUnavailable,
    JournalBroken,
    JournalUnavailable,
    StorageBroken,
    StorageInvalid,
)
from storage.journal_row import (
    LOST,
    NO_RECORD,
    NOBODY,
    START,
    AccessOutcome,
    JournalRow,
    Use,
    row_hash,
)
from storage.keys import Keys
from storage.tables import METADATA

_NEWEST_ANCHORS = 64
_AT_ONCE: Final = 5_000
_THE_ONE: Final = 1

_HEAD = sa.Table(
    "storage_journal_head",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("seq", sa.BigInteger, nullable=False),
    sa.Column("hash", sa.LargeBinary(32), nullable=False),
)
_USES = sa.Table(
    "storage_journal_uses",
    METADATA,
    sa.Column("hash", sa.LargeBinary(32), primary_key=True),
    sa.Column("body", sa.LargeBinary, nullable=False),  # canonical JSON of who, what for and when
)
_ROWS = sa.Table(
    "storage_journal",
    METADATA,
    sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("use", sa.LargeBinary(32), nullable=False),
    sa.Column("subject", sa.LargeBinary(32), nullable=False, index=True),
    sa.Column("record_id", sa.LargeBinary(16), nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("outcome", sa.String(32), nullable=False),
    sa.Column("consent_id", sa.LargeBinary(32), nullable=False),
    sa.Column("hash", sa.LargeBinary(32), nullable=False),
)


class Anchoring(Protocol):
    """What the journal needs of the ledger."""

    def anchor(self, kind: str, root: bytes, count: int) -> str:
        """Put a root on the ledger."""
        ...

    def anchors(self, kind: str, last: int | None = None) -> list[Anchor]:
        """Return the roots of a kind on the ledger, oldest first: all, or the last so many."""
        ...


class Journal:
    """The one list of what was asked and answered; rows are only ever added at its end."""

    def __init__(self, engine: sa.Engine, keys: Keys, ledger: Anchoring) -> None:
        self._engine = engine
        self._keys = keys
        self._ledger = ledger
        self._reached = -1

    def write(self, use: Use, answers: Sequence[AccessOutcome]) -> int:
        """Add one row for each answer, durably; return the number of the last row.

        Raises:
            JournalUnavailable: nothing was written, so nothing may leave. DiskFull is one cause.
            JournalBroken: the same; rows that were anchored are gone. A newer copy of the database
                is put in place, or the loss is accepted.
        """
        return self._append(use, answers, 0)

    def accept_loss(self, use: Use) -> int:
        """Go on after rows that were anchored and are gone for good; return the next row's number.

        That row says so, and every check does from now on: nobody can show what those rows were.

        Raises:
            BadlyAsked: nothing is gone.
            JournalUnavailable: nothing was written.
        """
        last = self.anchored()
        if self.head()[0] >= last:
            raise StorageInvalid("no row that was anchored is gone")
        return self._append(use, [AccessOutcome(NOBODY, NO_RECORD, 0, LOST, NOBODY)], last)

    def _append(self, use: Use, answers: Sequence[AccessOutcome], after: int) -> int:
        """Add rows behind the last one, or behind row `after` where that is further on."""
        if self._reached < 0:  # once a process: an old copy is put in place while none runs
            self._reached = self.anchored()
        commit, body = self.committing(), use.body()
        name = hashlib.sha256(body).digest()
        try:
            with writing(self._engine) as connection:
                seq, before = _lock_head(connection)
                seq = max(seq, after)
                if seq < self._reached:
                    raise JournalBroken("rows that were anchored are gone: run verify")
                _keep_use(connection, name, body)
                rows = []
                for answer in answers:
                    seq += 1
                    before = row_hash(before, seq, name, commit(answer), answer)
                    rows.append((seq, name, *answer, before))
                insert_many(connection, _ROWS, _WRITTEN, rows)
                connection.execute(sa.update(_HEAD).values(seq=seq, hash=before))
        except JournalBroken:
            raise
        except (DatabaseUnavailable, ConcurrentChange, StorageBroken) as exc:
            raise JournalUnavailable("the journal cannot be written, so nothing leaves") from exc
        self._reached = seq
        return seq

    def committing(self) -> Callable[[AccessOutcome], bytes]:
        """Return what tells a row's commitments: 32 bytes for the subject, 32 for the record.

        Raises:
            VaultSealed: the root key is absent.
        """
        of_subject = lru_cache(_AT_ONCE)(self._keys.pseudonyms("journal subject"))
        of_record = self._keys.pseudonyms("journal record")
        return lambda answer: of_subject(answer.subject) + of_record(answer.record_id)

    def head(self) -> tuple[int, bytes]:
        """Return the number and hash of the last row that was written."""
        with reading(self._engine) as connection:
            head = connection.execute(sa.select(_HEAD.c.seq, _HEAD.c.hash)).first()
        return (int(head.seq), bytes(head.hash)) if head else (0, START)

    def size(self) -> int:
        """Return how many rows there are."""
        with reading(self._engine) as connection:
            return int(connection.scalar(sa.select(sa.func.max(_ROWS.c.seq))) or 0)

    def of_subject(
        self, subject: bytes, limit: int = 100, before: int | None = None
    ) -> list[JournalRow]:
        """Return a subject's rows, newest first."""
        asked = sa.select(_ROWS).where(_ROWS.c.subject == subject)
        if before is not None:
            asked = asked.where(_ROWS.c.seq < before)
        with reading(self._engine) as connection:
            ordered = asked.order_by(_ROWS.c.seq.desc()).limit(limit)
            return [_row(found) for found in connection.execute(ordered)]

    def use(self, name: bytes) -> dict[str, Any]:
        """Return who asked, what for and when, of the use that rows name."""
        with reading(self._engine) as connection:
            body = connection.scalar(sa.select(_USES.c.body).where(_USES.c.hash == name))
        if body is None or hashlib.sha256(body).digest() != name:
            raise JournalBroken("a use that journal rows name is missing or altered")
        found: dict[str, Any] = orjson.loads(body)
        return found

    def count_outcomes(self, first: int, last: int) -> dict[str, int]:
        """Return how many of the rows from `first` to `last` have each outcome."""
        query = sa.select(_ROWS.c.outcome, sa.func.count()).where(_ROWS.c.seq.between(first, last))
        with reading(self._engine) as connection:
            rows = connection.execute(query.group_by(_ROWS.c.outcome))
            return {outcome: count for outcome, count in rows}

    def rows(self, first: int = 1, last: int | None = None) -> Iterator[JournalRow]:
        """Yield the rows from `first` to `last`, oldest first."""
        asked = sa.select(*plain(list(_ROWS.columns))).where(_ROWS.c.seq >= first)
        asked = asked.order_by(_ROWS.c.seq)
        if last is not None:
            asked = asked.where(_ROWS.c.seq <= last)
        with reading(self._engine) as connection:
            streamed = connection.execution_options(yield_per=_AT_ONCE).execute(asked)
            for part in streamed.partitions():
                yield from map(_row, part)

    def uses(self, name: bytes | None = None) -> Iterator[tuple[bytes, bytes]]:
        """Yield (hash, body) of every use, or of the one of this name."""
        asked = sa.select(_USES.c.hash, _USES.c.body)
        if name is not None:
            asked = asked.where(_USES.c.hash == name)
        with reading(self._engine) as connection:
            streamed = connection.execution_options(yield_per=_AT_ONCE)
            for row in streamed.execute(asked):
                yield row.hash, row.body

    def anchor(self) -> int:
        """Put the root of all rows since the last anchor on the ledger; return how many they were.

        Raises:
            LedgerUnavailable (consent): not confirmed; the next call finds out.
        """
        last, size = self.anchored(), self.size()
        if size <= last:
            return 0
        self._ledger.anchor("journal", self.root(last + 1, size), size)
        return size - last

    def anchored(self) -> int:
        """Return the number of the last row that an anchor on the ledger covers."""
        # Two processes that anchored at once may have done so in either order.
        newest = self._ledger.anchors("journal", _NEWEST_ANCHORS)
        return max((anchor.count for anchor in newest), default=0)

    def root(self, first: int, last: int) -> bytes:
        """Return the Merkle root of the hashes of these rows."""
        return merkle.root([row.hash for row in self.rows(first, last)])

    def prove(self, seq: int) -> tuple[merkle.Proof, Anchor] | None:
        """Return the proof that a row is under an anchor, or None while no anchor covers it.

        Raises:
            JournalBroken: the rows are not those that were anchored.
        """
        anchors = self._ledger.anchors("journal")
        for place, anchor in enumerate(anchors):
            if seq > anchor.count:
                continue
            for last in starts_of(anchors, place):
                leaves = [row.hash for row in self.rows(last + 1, anchor.count)]
                if last < seq and merkle.root(leaves) == anchor.root:
                    return merkle.prove(leaves, seq - last - 1), anchor
            raise JournalBroken("rows are not those that were anchored: run verify")
        return None


def starts_of(anchors: Sequence[Anchor], place: int) -> list[int]:
    """Return after which rows an anchor's own may start, the likeliest first.

    It is the end of the anchor before; an earlier one where two processes anchored at once.
    """
    count = anchors[place].count
    return sorted({0} | {one.count for one in anchors[:place] if one.count < count}, reverse=True)


def _lock_head(connection: sa.Connection) -> tuple[int, bytes]:
    """Take the right to write the next row, and return the last one's number and hash."""
    # An update first: it waits for another writer on every database.
    lock = sa.update(_HEAD).values(id=_THE_ONE)
    if connection.execute(lock).rowcount == 0:
        with suppress(sa.exc.IntegrityError), connection.begin_nested():
            connection.execute(sa.insert(_HEAD).values(id=_THE_ONE, seq=0, hash=START))
        connection.execute(lock)  # of ours, or of who was first
    head = connection.execute(sa.select(_HEAD.c.seq, _HEAD.c.hash)).one()
    return int(head.seq), bytes(head.hash)


def _keep_use(connection: sa.Connection, name: bytes, body: bytes) -> None:
    known = sa.select(_USES.c.hash).where(_USES.c.hash == name)
    if connection.execute(known).first() is None:
        connection.execute(sa.insert(_USES), {"hash": name, "body": body})


_WRITTEN: Final = tuple(column.name for column in _ROWS.columns)


def _row(found: Sequence[Any]) -> JournalRow:
    seq, use, *answer, name = found
    return JournalRow(seq, use, AccessOutcome(*answer), name)
