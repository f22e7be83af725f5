"""Stores the ledger's events, and the mark: the highest state ever used."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa

from consent.abi import Change
from consent.chain import Tip
from consent.errors import LedgerBroken
from consent.short_reads import read_rows
from consent.tables import METADATA
from consent.typed_data import GENESIS_HEAD, Op, keccak, next_head

_WORD: Final = 32
_THE_ROW: Final = 1
_PAGE_ROWS: Final = 10_000
_NAMES_PER_QUERY: Final = 500
_NEW_KEYS: Final = frozenset({Op.ENROLLED, Op.KEY_ADDED, Op.RECOVERED})

_EVENTS = sa.Table(
    "consent_events",
    METADATA,
    sa.Column("position", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("op", sa.SmallInteger, nullable=False),
    sa.Column("body", sa.LargeBinary, nullable=False),
    sa.Column("signer", sa.LargeBinary, nullable=False),
    sa.Column("block_number", sa.BigInteger, nullable=False),
    sa.Column("head", sa.LargeBinary, nullable=False),
    sa.Column("name", sa.LargeBinary(32)),
    sa.Column("proof", sa.BigInteger),
    sa.Column("cause", sa.LargeBinary(32)),
    sa.Index("consent_events_name", "name", "position"),
)
"""`name` finds rows again: a grant by its consent's id, an anchor by its kind, a new key by its
subject. `proof` is what consent/prover.py says of the change; null in rows that no prover saw.
`cause` is the hash of the transaction; null in rows from before one installation could have several
accounts, and never covered by the head."""

_MARK = sa.Table(
    "consent_mirror",
    METADATA,
    sa.Column("id", sa.SmallInteger, primary_key=True, autoincrement=False),
    sa.Column("position", sa.BigInteger, nullable=False),
    sa.Column("head", sa.LargeBinary, nullable=False),
    sa.Column("block_number", sa.BigInteger, nullable=False),
    sa.Column("block_hash", sa.LargeBinary, nullable=False),
    sa.Column("suspended", sa.BigInteger),
    sa.Column("epoch", sa.BigInteger, nullable=False, server_default="0"),
)
"""`epoch` rises where the meaning of rows changed: every process then loads them again.
`suspended`: grants up to this position permit nothing since a restore; null in a database for
which no state mark was ever written."""

_READ_MARK: Final = sa.select(_MARK)
"""Made once: every look at the ledger reads the mark."""


@dataclass(frozen=True, slots=True)
class Mark:
    """The last event's position and head, the block accepted with it, and the rows' epoch."""

    tip: Tip
    block_number: int
    block_hash: bytes
    epoch: int = 0


START: Final = Mark(Tip(GENESIS_HEAD, 0), -1, b"")


@dataclass(frozen=True, slots=True)
class ChangeRun:
    """Successive changes, the head after each, and each one's proof."""

    changes: Sequence[Change]
    heads: Sequence[bytes]
    proofs: Sequence[int]


def key_name(subject: bytes) -> bytes:
    """Return the name of the changes that gave a subject its keys; no consent's id is the same."""
    return keccak(subject)


def name_of(change: Change) -> bytes | None:
    """Return a grant's consent id, an anchor's kind, a new key's `key_name`; None for all else."""
    if change.op == Op.GRANTED:
        return keccak(change.body[: 2 * _WORD])
    if change.op in _NEW_KEYS:
        return key_name(change.body[:_WORD])
    return change.body[:_WORD] if change.op == Op.ANCHORED else None


def roll(head: bytes, changes: Iterable[Change]) -> list[bytes]:
    """Return the head after each of these changes, from the head before the first.

    Raises:
        LedgerBroken: a body that is not made of whole words.
    """
    heads = []
    for change in changes:
        body = change.body
        if len(body) % _WORD:
            raise LedgerBroken(f"the change has {len(body)} bytes, which are not whole words")
        words = [body[offset : offset + _WORD] for offset in range(0, len(body), _WORD)]
        head = next_head(head, change.op, words)
        heads.append(head)
    return heads


def leads(first: Tip, changes: Sequence[Change], last: Tip) -> bool:
    """Return whether these changes, and no others, lead from one state of the ledger to another."""
    try:
        heads = [first.head, *roll(first.head, changes)]
    except LedgerBroken:
        return False
    return Tip(heads[-1], first.count + len(changes)) == last


class Events:
    """The rows of events; readers roll the head over them again to prove them."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def mark(self) -> Mark:
        """Return the mark; before the first event it is `START`."""
        return _mark_of(read_rows(self._engine, _READ_MARK))

    def since(self, count: int) -> tuple[Mark, ChangeRun]:
        """Return the mark and the rows after position `count` up to it, their heads not rolled.

        Raises:
            LedgerBroken: rows that were written before changes were proved.
        """
        with self._engine.connect() as connection:
            mark = _find_mark(connection)
            after = _EVENTS.c.position.between(count + 1, mark.tip.count)
            query = sa.select(_EVENTS).where(after).order_by(_EVENTS.c.position)
            rows = connection.execute(query).all()
        if any(row.proof is None for row in rows):
            raise LedgerBroken("the mirror has changes without proof: rebuild it with recover")
        proofs = [row.proof for row in rows]
        return mark, ChangeRun([_change(row) for row in rows], [row.head for row in rows], proofs)

    def in_order(self, last: int | None = None) -> Iterator[tuple[int, Change, bytes]]:
        """Yield every row: its position (from 1), the change, and the head stored with it.

        With `last`, only up to this position.
        """
        query = sa.select(_EVENTS).order_by(_EVENTS.c.position)
        if last is not None:
            query = query.where(_EVENTS.c.position <= last)
        with self._engine.connect() as connection:
            for row in connection.execution_options(yield_per=_PAGE_ROWS).execute(query):
                yield row.position, _change(row), row.head

    def misnamed(self) -> list[int]:
        """Return the positions of rows under another name, or with another key, than their body's.

        The head covers neither: a row under another name would be found by nobody.
        """
        query = sa.select(_EVENTS).order_by(_EVENTS.c.position)
        with self._engine.connect() as connection:
            rows = connection.execution_options(yield_per=_PAGE_ROWS).execute(query)
            return [
                row.position
                for row in rows
                if row.name != name_of(_change(row)) or not _has_its_key(_change(row))
            ]

    def unproved(self) -> list[tuple[int, Change]]:
        """Return every change that no signature proves, with its position.

        Grants that a restore suspended are not among them: theirs were proved.
        """
        is_suspended = sa.and_(
            _EVENTS.c.op == int(Op.GRANTED), _EVENTS.c.position <= (self.suspended() or 0)
        )
        query = sa.select(_EVENTS).where(
            sa.func.coalesce(_EVENTS.c.proof, 0) == 0, sa.not_(is_suspended)
        )
        with self._engine.connect() as connection:
            rows = connection.execute(query.order_by(_EVENTS.c.position))
            return [(row.position, _change(row)) for row in rows]

    def unusual_proofs(self) -> dict[int, int]:
        """Return, by position, each stored proof that is neither 0 nor 1; there are few."""
        query = sa.select(_EVENTS.c.position, _EVENTS.c.proof).where(_EVENTS.c.proof.not_in((0, 1)))
        with self._engine.connect() as connection:
            return {position: proof for position, proof in connection.execute(query)}

    def named(self, names: Sequence[bytes]) -> list[tuple[int, Change]]:
        """Return the proved grants with these consent ids, or anchors of these kinds, in order."""
        changes: list[tuple[int, Change]] = []
        with self._engine.connect() as connection:
            for offset in range(0, len(names), _NAMES_PER_QUERY):
                part = list(names[offset : offset + _NAMES_PER_QUERY])
                query = sa.select(_EVENTS).where(_EVENTS.c.name.in_(part), _EVENTS.c.proof != 0)
                rows = connection.execute(query.order_by(_EVENTS.c.position))
                changes += [(row.position, _change(row)) for row in rows]
        # The name is not covered by the head, so it is checked here.
        requested = set(names)
        return [(offset, change) for offset, change in changes if name_of(change) in requested]

    def last_named(self, name: bytes, last: int) -> list[tuple[int, Change]]:
        """Return the last proved changes of a name as `named` does; reads at most `last`."""
        query = sa.select(_EVENTS).where(_EVENTS.c.name == name, _EVENTS.c.proof != 0)
        newest = query.order_by(_EVENTS.c.position.desc()).limit(last)
        with self._engine.connect() as connection:
            changes = [(row.position, _change(row)) for row in connection.execute(newest)]
        return [each for each in reversed(changes) if name_of(each[1]) == name]

    def has_anchor(self, body: bytes) -> bool:
        """Return whether a proved anchor has this body."""
        query = sa.select(sa.literal(True)).where(
            _EVENTS.c.name == body[:_WORD],
            _EVENTS.c.op == int(Op.ANCHORED),
            _EVENTS.c.body == body,
            _EVENTS.c.proof != 0,
        )
        with self._engine.connect() as connection:
            return connection.scalar(query.limit(1)) is not None

    def proposal_times(self) -> dict[int, int]:
        """Return, by position, from when the delay of each proposed recovery counts, as proved."""
        query = sa.select(_EVENTS.c.position, _EVENTS.c.proof).where(
            _EVENTS.c.op == int(Op.RECOVERY_PROPOSED), _EVENTS.c.proof != 0
        )
        with self._engine.connect() as connection:
            return {position: abs(proof) for position, proof in connection.execute(query)}

    def positions_of(self, causes: Sequence[bytes]) -> dict[bytes, int]:
        """Return the first position of the changes that each of these transactions made.

        It reads the column of every row: call it only where a chain has lost blocks.
        """
        query = sa.select(_EVENTS.c.cause, sa.func.min(_EVENTS.c.position))
        query = query.where(_EVENTS.c.cause.in_(list(causes))).group_by(_EVENTS.c.cause)
        with self._engine.connect() as connection:
            return {cause: position for cause, position in connection.execute(query)}

    def head_at(self, position: int) -> bytes | None:
        """Return the head that is stored with the change at `position`."""
        if position == 0:
            return GENESIS_HEAD
        query = sa.select(_EVENTS.c.head).where(_EVENTS.c.position == position)
        with self._engine.connect() as connection:
            return connection.scalar(query)

    def suspended(self) -> int | None:
        """Return up to which position grants are suspended; None before a mark was written."""
        with self._engine.connect() as connection:
            return connection.scalar(sa.select(_MARK.c.suspended))

    def require_marked(self) -> None:
        """Remember that a state mark exists, so that its loss is noticed."""
        never = _MARK.c.suspended.is_(None)
        with self._engine.begin() as connection:
            connection.execute(sa.update(_MARK).where(never).values(suspended=0))

    def suspend(self, count: int) -> int:
        """Take the proof from every grant up to this position; return how many had one."""
        with self._engine.begin() as connection:
            connection.execute(sa.update(_MARK).values(suspended=count, epoch=_MARK.c.epoch + 1))
            return _take_proofs(connection, count)

    def begin_epoch(self) -> None:
        """Let every process load the rows again."""
        with self._engine.begin() as connection:
            connection.execute(sa.update(_MARK).values(epoch=_MARK.c.epoch + 1))

    def append(self, before: Tip, mark: Mark, stretch: ChangeRun) -> bool:
        """Add rows after `before` and move the mark; False if another process was first."""
        try:
            with self._engine.begin() as connection:
                # The mark's row is the lock: the process that moves it writes the rows.
                if not _move(connection, before, mark):
                    return False
                _insert(connection, before.count, stretch)
        except sa.exc.IntegrityError:
            return False
        return True

    def replace(self, mark: Mark, stretch: ChangeRun) -> None:
        """Replace all rows by these and move the mark; what a restore suspended stays so."""
        with self._engine.begin() as connection:
            before = connection.execute(sa.select(_MARK.c.suspended, _MARK.c.epoch)).one_or_none()
            connection.execute(sa.delete(_MARK))
            connection.execute(sa.delete(_EVENTS))
            suspended, epoch = before or (None, 0)
            values = {**_values(mark), "suspended": suspended, "epoch": epoch + 1}
            connection.execute(sa.insert(_MARK).values(id=_THE_ROW, **values))
            _insert(connection, 0, stretch)
            _take_proofs(connection, suspended or 0)


def _take_proofs(connection: sa.Connection, count: int) -> int:
    grants = sa.and_(
        _EVENTS.c.op == int(Op.GRANTED), _EVENTS.c.position <= count, _EVENTS.c.proof != 0
    )
    return connection.execute(sa.update(_EVENTS).where(grants).values(proof=0)).rowcount


def _has_its_key(change: Change) -> bool:
    return not change.signer or keccak(change.signer) in (
        change.body[_WORD : 2 * _WORD],
        change.body[2 * _WORD : 3 * _WORD],
    )


def _change(row: Any) -> Change:
    return Change(row.op, row.body, row.signer, row.block_number)


def _find_mark(connection: sa.Connection) -> Mark:
    return _mark_of(connection.execute(_READ_MARK).all())


def _mark_of(rows: Sequence[Any]) -> Mark:
    if not rows:
        return START
    (row,) = rows
    return Mark(Tip(row.head, row.position), row.block_number, row.block_hash, row.epoch)


def _values(mark: Mark) -> dict[str, Any]:
    return {
        "position": mark.tip.count,
        "head": mark.tip.head,
        "block_number": mark.block_number,
        "block_hash": mark.block_hash,
    }


def _move(connection: sa.Connection, before: Tip, mark: Mark) -> bool:
    is_before = sa.and_(
        _MARK.c.position == before.count,
        _MARK.c.head == before.head,
        _MARK.c.epoch == mark.epoch,
    )
    moved = connection.execute(sa.update(_MARK).where(is_before).values(**_values(mark)))
    if moved.rowcount == 0 and before == START.tip:
        connection.execute(sa.insert(_MARK).values(id=_THE_ROW, **_values(mark)))
        return True
    return moved.rowcount == 1


def _insert(connection: sa.Connection, count: int, stretch: ChangeRun) -> None:
    rows = [
        {
            "position": count + index,
            "op": int(change.op),
            "body": change.body,
            "signer": change.signer,
            "block_number": change.block_number,
            "head": head,
            "name": name_of(change),
            "proof": proof,
            "cause": change.transaction or None,
        }
        for index, (change, head, proof) in enumerate(
            zip(stretch.changes, stretch.heads, stretch.proofs, strict=True), start=1
        )
    ]
    if rows:
        connection.execute(sa.insert(_EVENTS), rows)
