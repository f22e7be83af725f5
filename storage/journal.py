"""Record every use and refusal before data leaves: hash-chained, anchored on the ledger."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, NamedTuple, Protocol

import orjson
import sqlalchemy as sa

from consent import Anchor, ConsentError, StateMark, View
from storage import merkle
from storage.database import chunks, insert_many, reading, writing
from storage.errors import (
    ConcurrentChange,
    DatabaseUnavailable,
    JournalBroken,
    JournalUnavailable,
    StorageBroken,
    StorageInvalid,
)
from storage.journal_proofs import prove_rows
from storage.journal_tables import HEAD, ROWS, USES
from storage.keys import Keys

START: Final = b"\0" * 32
NOBODY: Final = b"\0" * 32
NO_RECORD: Final = b"\0" * 16
LOST: Final = "rows-lost"
"""Outcome of the row that continues a journal after rows that are permanently lost."""
MOVED_AWAY: Final = "record-moved-away"
"""Outcome of the row of a patient whose record a custodian moves to another patient."""
MAX_UNANCHORED_S: Final = 900.0
"""How old a row may be without an anchor before releases stop, where no other bound is set."""
_RECENT_ANCHORS: Final = 64
_CHUNK_ROWS: Final = 5_000
_HEAD_ID: Final = 1
# Made once: every release writes the journal, and making a statement costs more than running it.
_LOCK_HEAD: Final = sa.update(HEAD).values(id=_HEAD_ID).returning(HEAD.c.seq, HEAD.c.hash)
_MOVE_HEAD: Final = sa.update(HEAD).values(seq=sa.bindparam("last"), hash=sa.bindparam("head"))
_FIND_USE: Final = sa.select(USES.c.hash).where(USES.c.hash == sa.bindparam("name"))


@dataclass(frozen=True, slots=True)
class Use:
    """One request: who, for what purpose, why, when, at which view; `detail` holds only hashes."""

    at_s: int
    party: str
    actor: str
    purpose: str
    why: str
    view: View
    detail: tuple[tuple[str, str], ...] = ()

    def body(self) -> bytes:
        """Return its canonical bytes, whose hash is the name that rows refer to."""
        return orjson.dumps(
            {
                "at_s": self.at_s,
                "party": self.party,
                "actor": self.actor,
                "purpose": self.purpose,
                "why": self.why,
                "block": self.view.block_number,
                "count": self.view.count,
                "head": self.view.head.hex(),
                "detail": dict(self.detail),
            },
            option=orjson.OPT_SORT_KEYS,
        )


class AccessOutcome(NamedTuple):
    """The outcome for one requested record: `permitted`, or the reason of a refusal."""

    subject: bytes
    record_id: bytes
    version: int
    outcome: str
    consent_id: bytes


@dataclass(frozen=True, slots=True)
class JournalRow:
    """One row of the journal; `use` is the hash of its use, `hash` links it to the row before."""

    seq: int
    use: bytes
    answer: AccessOutcome
    hash: bytes


def row_hash(
    before: bytes, seq: int, use: bytes, commitments: bytes, answer: AccessOutcome
) -> bytes:
    """Return the hash that links a row to the row before (docs/spec/evidence.md).

    Subject and record enter it as keyed commitments (64 bytes), so that an exported journal shows
    no pseudonym.
    """
    _, _, version, outcome, consent_id = answer
    fields = (before, seq.to_bytes(8, "big"), use, commitments, version.to_bytes(4, "big"))
    return hashlib.sha256(b"".join((*fields, consent_id, outcome.encode()))).digest()


class Anchoring(Protocol):
    """What the journal uses of the ledger."""

    def anchor(self, kind: str, root: bytes, count: int) -> str:
        """Put a root on the ledger."""
        ...

    def anchors(self, kind: str, last: int | None = None) -> list[Anchor]:
        """Return the roots of a kind on the ledger, oldest first: all, or only the `last` ones."""
        ...


class Journal:
    """The append-only list of all requests and their outcomes.

    Attributes:
        max_unanchored_s: how old a row may be without an anchor before releases stop, in seconds.
        mark: the file outside every backup that says how far the journal has been.
    """

    def __init__(
        self,
        engine: sa.Engine,
        keys: Keys,
        ledger: Anchoring,
        clock: Callable[[], float],
        max_unanchored_s: float = MAX_UNANCHORED_S,
    ) -> None:
        self._engine = engine
        self._keys = keys
        self._ledger = ledger
        self._clock = clock
        self.max_unanchored_s = max_unanchored_s
        self.mark: StateMark | None = None
        self._anchoring = threading.Lock()
        self._oldest_unanchored_s: float | None = None
        self._last_anchored = -1

    def write(self, use: Use, answers: Sequence[AccessOutcome]) -> int:
        """Append one row for each answer, durably; return the number of the last row.

        Raises:
            JournalUnavailable, DiskFull: nothing was written, so nothing may be released; also when
                older rows than the bound lack an anchor and get none now.
            JournalBroken: likewise, because anchored rows are missing. An operator restores a
                newer copy of the database, or accepts the loss.
        """
        self._require_anchored()
        last = self._append(use, answers, 0)
        if self.mark is not None:
            self.mark.raise_journal(last)
        return last

    def _require_anchored(self) -> None:
        """Refuse while older rows than the bound lack an anchor: their end could be cut unseen."""
        try:
            if not self._is_overdue():
                return
            with self._anchoring:  # so that requests that find it at once anchor once
                if self._is_overdue():
                    self.anchor()  # in place of a worker that does not run
                    self._oldest_unanchored_s = None
                if self._is_overdue():
                    raise JournalUnavailable("journal rows are overdue for an anchor; run verify")
        except (ConsentError, DatabaseUnavailable, StorageBroken) as exc:
            raise JournalUnavailable("overdue anchors cannot be read or written now") from exc

    def _is_overdue(self) -> bool:
        """Return whether the oldest row without an anchor is older than the bound."""
        due_s = self._clock() - self.max_unanchored_s
        if self._oldest_unanchored_s is None or self._oldest_unanchored_s < due_s:
            query = sa.select(USES.c.body).join(ROWS, ROWS.c.use == USES.c.hash)
            query = query.where(ROWS.c.seq > self.anchored()).order_by(ROWS.c.seq).limit(1)
            with reading(self._engine) as connection:
                body = connection.scalar(query)
            self._oldest_unanchored_s = float(orjson.loads(body)["at_s"]) if body else self._clock()
        return self._oldest_unanchored_s < due_s

    def accept_loss(self, use: Use) -> int:
        """Continue after anchored rows that are permanently lost; return the next row's number.

        That row records the loss, and every check reports it from then on.

        Raises:
            StorageInvalid: no anchored row is missing.
            JournalUnavailable: nothing was written.
        """
        last = self.reached()
        if self.head()[0] >= last:
            raise StorageInvalid("no anchored journal row is missing; there is no loss to accept")
        return self._append(use, [AccessOutcome(NOBODY, NO_RECORD, 0, LOST, NOBODY)], last)

    def _append(self, use: Use, answers: Sequence[AccessOutcome], after: int) -> int:
        """Append rows after the last one, or after row `after` if that is later."""
        if self._last_anchored < 0:  # once: copies are restored only while no process runs
            self._last_anchored = self.reached()
        commit, body = self.commitments(), use.body()
        name = hashlib.sha256(body).digest()
        try:
            with writing(self._engine) as connection:
                seq, before = _lock_head(connection)
                seq = max(seq, after)
                if seq < self._last_anchored:
                    raise JournalBroken(
                        f"journal rows {seq + 1} to {self._last_anchored} were anchored or marked "
                        "but are missing; look for a newer copy of the database, or see what "
                        "`vouchsafe accept-loss` reports"
                    )
                _store_use(connection, name, body)
                rows = []
                for answer in answers:
                    seq += 1
                    before = row_hash(before, seq, name, commit(answer), answer)
                    rows.append((seq, name, *answer, before))
                insert_many(connection, ROWS, _WRITTEN, rows)
                connection.execute(_MOVE_HEAD, {"last": seq, "head": before})
        except JournalBroken:
            raise
        except (DatabaseUnavailable, ConcurrentChange, StorageBroken) as exc:
            raise JournalUnavailable("the journal cannot be written; nothing was released") from exc
        self._last_anchored = seq
        return seq

    def commitments(self) -> Callable[[AccessOutcome], bytes]:
        """Return a function of a row's commitments: 32 bytes for the subject, 32 for the record.

        Raises:
            VaultSealed: there is no root key.
        """
        of_subject = lru_cache(_CHUNK_ROWS)(self._keys.pseudonyms("journal subject"))
        of_record = self._keys.pseudonyms("journal record")
        return lambda answer: of_subject(answer.subject) + of_record(answer.record_id)

    def head(self) -> tuple[int, bytes]:
        """Return the number and hash of the last row that was written; (0, START) if none."""
        with reading(self._engine) as connection:
            head = connection.execute(sa.select(HEAD.c.seq, HEAD.c.hash)).first()
        return (int(head.seq), bytes(head.hash)) if head else (0, START)

    def size(self) -> int:
        """Return the number of the last row."""
        with reading(self._engine) as connection:
            return int(connection.scalar(sa.select(sa.func.max(ROWS.c.seq))) or 0)

    def of_subject(
        self,
        subject: bytes,
        limit: int = 100,
        before: int | None = None,
        under: tuple[bytes, str] | None = None,
    ) -> list[JournalRow]:
        """Return a subject's rows, newest first; `under` one consent, or of one outcome."""
        query = sa.select(ROWS).where(ROWS.c.subject == subject)
        if before is not None:
            query = query.where(ROWS.c.seq < before)
        if under is not None:
            query = query.where((ROWS.c.consent_id == under[0]) | (ROWS.c.outcome == under[1]))
        with reading(self._engine) as connection:
            ordered = query.order_by(ROWS.c.seq.desc()).limit(limit)
            return [_row(row) for row in connection.execute(ordered)]

    def use(self, name: bytes) -> dict[str, Any]:
        """Return the fields of a use by its hash.

        Raises:
            JournalBroken: it is missing or altered.
        """
        return self.uses_of([name])[name]

    def uses_of(self, names: Iterable[bytes]) -> dict[bytes, dict[str, Any]]:
        """Return the fields of uses by their hashes.

        Raises:
            JournalBroken: one is missing or altered.
        """
        fields: dict[bytes, dict[str, Any]] = {}
        query = sa.select(USES.c.hash, USES.c.body)
        with reading(self._engine) as connection:
            for part in chunks(names):
                rows = connection.execute(query.where(USES.c.hash.in_(part)))
                bodies = {bytes(row.hash): row.body for row in rows}
                for name in part:
                    if hashlib.sha256(bodies.get(name, b"")).digest() != name:
                        problem = f"journal use {name.hex()} is missing or altered"
                        raise JournalBroken(f"{problem}; run verify")
                    fields[name] = orjson.loads(bodies[name])
        return fields

    def count_outcomes(self, first: int, last: int) -> dict[str, int]:
        """Return how many of the rows from `first` to `last` have each outcome."""
        query = sa.select(ROWS.c.outcome, sa.func.count()).where(ROWS.c.seq.between(first, last))
        with reading(self._engine) as connection:
            counts = connection.execute(query.group_by(ROWS.c.outcome))
            return {row.outcome: row[1] for row in counts}

    def rows(self, first: int = 1, last: int | None = None) -> Iterator[JournalRow]:
        """Yield the rows from `first` to `last`, oldest first."""
        query = sa.select(ROWS).where(ROWS.c.seq >= first).order_by(ROWS.c.seq)
        if last is not None:
            query = query.where(ROWS.c.seq <= last)
        with reading(self._engine) as connection:
            streamed = connection.execution_options(yield_per=_CHUNK_ROWS)
            for chunk in streamed.execute(query).partitions():
                yield from map(_row, chunk)

    def uses(self, name: bytes | None = None) -> Iterator[tuple[bytes, bytes]]:
        """Yield (hash, body) of every use, or only of the use with this hash."""
        query = sa.select(USES.c.hash, USES.c.body)
        if name is not None:
            query = query.where(USES.c.hash == name)
        with reading(self._engine) as connection:
            streamed = connection.execution_options(yield_per=_CHUNK_ROWS)
            for row in streamed.execute(query):
                yield row.hash, row.body

    def anchor(self) -> int:
        """Anchor the root of all rows since the last anchor; return how many rows that covers.

        Raises:
            LedgerUnavailable (consent): not confirmed; the next call checks whether it succeeded.
        """
        last, size = self.anchored(), self.size()
        if size <= last:
            return 0
        self._ledger.anchor("journal", self.root(last + 1, size), size)
        return size - last

    def anchored(self) -> int:
        """Return the number of the last row that an anchor on the ledger covers."""
        # The newest anchor may cover less: two processes may have anchored in either order.
        recent = self._ledger.anchors("journal", _RECENT_ANCHORS)
        return max((anchor.count for anchor in recent), default=0)

    def reached(self) -> int:
        """Return the number of the last row that an anchor or the mark shows to have been."""
        marked = self.mark.read() if self.mark is not None else None
        return max(self.anchored(), marked.journal if marked else 0)

    def root(self, first: int, last: int) -> bytes:
        """Return the Merkle root of the hashes of rows `first` to `last`."""
        return merkle.root(self.hashes(first, last))

    def hashes(self, first: int, last: int) -> list[bytes]:
        """Return the hashes of rows `first` to `last`, oldest first."""
        query = sa.select(ROWS.c.hash).where(ROWS.c.seq.between(first, last)).order_by(ROWS.c.seq)
        with reading(self._engine) as connection:
            return [bytes(hashed) for hashed in connection.scalars(query)]

    def prove(self, seqs: Collection[int]) -> dict[int, tuple[merkle.Proof, Anchor]]:
        """Return, of each of these rows that an anchor covers, the proof and the anchor.

        Raises:
            JournalBroken: the rows differ from those that were anchored.
        """
        return prove_rows(self.hashes, self._ledger.anchors("journal"), seqs)


def _lock_head(connection: sa.Connection) -> tuple[int, bytes]:
    """Lock the journal for this transaction; return the number and hash of the last row."""
    # An update, since it waits for other writers on every database.
    head = connection.execute(_LOCK_HEAD).one_or_none()
    if head is None:
        with suppress(sa.exc.IntegrityError), connection.begin_nested():
            connection.execute(sa.insert(HEAD).values(id=_HEAD_ID, seq=0, hash=START))
        head = connection.execute(_LOCK_HEAD).one()  # or that of a process that was faster
    return int(head.seq), bytes(head.hash)


def _store_use(connection: sa.Connection, name: bytes, body: bytes) -> None:
    if connection.execute(_FIND_USE, {"name": name}).first() is None:
        connection.execute(sa.insert(USES), {"hash": name, "body": body})


_WRITTEN: Final = tuple(column.name for column in ROWS.columns)


def _row(row: Sequence[Any]) -> JournalRow:
    seq, use, *answer, hashed = row
    return JournalRow(seq, use, AccessOutcome(*answer), hashed)
