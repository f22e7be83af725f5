"""Stores every signed transaction before it is sent, and sends again what a chain lost."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import sqlalchemy as sa

from consent.account_nonces import EVERYDAY, REVOKED, REVOKING, AccountNonces, purposes
from consent.chain import MAX_TRANSACTION_BYTES, Chain, Receipt
from consent.errors import LedgerUnavailable
from consent.outbox_rows import (
    FAILED,
    MINED,
    OUTBOX,
    REFUSED,
    REPLACED,
    RESTORED,
    REVOCATIONS,
    WRITTEN,
)
from consent.own_messages import OwnMessages
from consent.raw_transactions import Payload, RelayerAccount, read_payload
from consent.resending import Resender
from consent.revocations import PendingEntries
from consent.short_reads import read_rows

ENTRY_BYTES: Final = 64
_HASHES_PER_QUERY: Final = 500
_MIN_POLL_S: Final = 0.002
_MAX_POLL_S: Final = 0.25
_POLL_GROWTH: Final = 1.3
_RESEND_AFTER_S: Final = 1.0
_ANYBODYS: Final = frozenset(
    {"grant", "withdraw", "stop", "add-key", "remove-key", "veto", "recover", "end-key"}
)
"""The kinds of transactions that the contract takes from any account."""

_HAS_REFUSALS: Final = sa.and_(OUTBOX.c.kind == "grant", OUTBOX.c.entries != b"")
_PENDING: Final = sa.select(OUTBOX.c.kind, OUTBOX.c.state, OUTBOX.c.entries).where(
    OUTBOX.c.state.in_(map(sa.literal, (WRITTEN, FAILED, REFUSED))),
    OUTBOX.c.kind.in_(map(sa.literal, ("withdraw", "stop", "grant"))),
    OUTBOX.c.entries != b"",
)


@dataclass(frozen=True, slots=True)
class Intent:
    """A transaction to be signed: what it is for and what it calls.

    `entries` is what must count while the transaction is not mined: 64 bytes for each withdrawal
    (subject, terms hash) or stop (subject, time); 128 for each refusal in a transaction of grants
    (subject, terms hash, time of signing, end).
    """

    kind: str
    payload: Payload
    entries: bytes = b""


@dataclass(frozen=True, slots=True)
class StoredTransaction:
    """A signed transaction that is stored here, whether or not any node has it."""

    nonce: int
    kind: str
    hash: bytes
    raw: bytes


class SettledTransaction(NamedTuple):
    """One of our transactions, its receipt, and those of its entries that count as a "no" here."""

    kind: str
    raw: bytes
    receipt: Receipt
    counted: bytes


@dataclass(frozen=True, slots=True)
class MinedTransaction:
    """A transaction that the chain has mined from our account."""

    nonce: int
    hash: bytes
    raw: bytes


class Outbox:
    """The one writer of one account's transactions, however many threads and processes share it.

    What it finds, settles and sends again is that of every account that ever wrote here.

    A nonce is issued in the database transaction that writes the row, so that no two writers get
    the same one and none is left out. What became of a transaction is looked up by the hash
    computed here.
    """

    def __init__(
        self, engine: sa.Engine, chain: Chain, account: RelayerAccount, purpose: str = EVERYDAY
    ) -> None:
        self._engine = engine
        self._chain = chain
        self._account = account
        self.address = account.address
        self.nonces = AccountNonces(engine, chain, account.address, purpose)
        self.resender = Resender(engine, chain)
        self.messages = OwnMessages(engine)
        self.note_revocations: Callable[[Sequence[StoredTransaction]], None] = lambda _: None
        self.judge: Callable[[Sequence[SettledTransaction]], list[str]] = _judge_without_ledger
        """`AcknowledgedChanges.judge`; before it is known, nothing is on the ledger."""

    def write(self, intents: Sequence[Intent]) -> list[StoredTransaction]:
        """Sign transactions with the next nonces and store them durably; nothing is sent yet.

        This needs no chain once the account has written here before, so that a withdrawal is
        always possible.

        Raises:
            LedgerUnavailable: the account's first transaction, and the chain is unavailable; or the
                database cannot be written.
        """
        self.nonces.require_row()
        try:
            with self._engine.begin() as connection:
                written = [self._write(connection, intent) for intent in intents]
        except sa.exc.DBAPIError as exc:
            raise LedgerUnavailable("the outbox cannot be written") from exc
        if any(intent.entries for intent in intents):
            self.note_revocations(written)
        return written

    def _write(self, connection: sa.Connection, intent: Intent) -> StoredTransaction:
        offer = self.nonces.take(connection, intent.kind)
        raw, digest = self._account.sign(intent.payload, offer)
        if len(raw) > MAX_TRANSACTION_BYTES:
            raise ValueError(
                f"transaction {intent.kind} has {len(raw)} bytes, which is too large: "
                f"the limit is {MAX_TRANSACTION_BYTES}"
            )
        connection.execute(
            sa.insert(OUTBOX).values(
                account=self.address,
                nonce=offer.nonce,
                kind=intent.kind,
                raw=raw,
                hash=digest,
                entries=intent.entries,
                state=WRITTEN,
            )
        )
        return StoredTransaction(offer.nonce, intent.kind, digest, raw)

    def send(self, transactions: Sequence[StoredTransaction]) -> None:
        """Send transactions to the node; neither its answer nor its absence changes anything."""
        try:
            self._chain.send([transaction.raw for transaction in transactions])
        except LedgerUnavailable:
            return  # the rows are durable: `settle` or `flush` sends them again

    def flush(self) -> int:
        """Send, in order, what the chain does not have; see `Resender.flush`."""
        return self.resender.flush()

    def settle(self, transactions: Sequence[StoredTransaction], limit_s: float) -> list[Receipt]:
        """Wait until each of these is mined and return the receipts, in order.

        Raises:
            LedgerUnavailable: not all were mined in time; they stay here and are sent again.
        """
        hashes = [transaction.hash for transaction in transactions]
        started, pause_s = time.monotonic(), _MIN_POLL_S
        resend_at = started + _RESEND_AFTER_S
        while True:
            now = time.monotonic()
            try:
                receipts = self._chain.receipts(hashes)
                if all(receipt is not None for receipt in receipts):
                    return [receipt for receipt in receipts if receipt is not None]
                if now >= resend_at:
                    self.flush()
                    resend_at = now + _RESEND_AFTER_S
            except LedgerUnavailable:
                pause_s = _MAX_POLL_S
            if now - started > limit_s:
                raise LedgerUnavailable(
                    f"the transaction is stored but was not mined within {limit_s:g} s"
                )
            time.sleep(pause_s)
            pause_s = min(pause_s * _POLL_GROWTH, _MAX_POLL_S)

    def record(
        self,
        transactions: Sequence[StoredTransaction],
        receipts: Sequence[Receipt],
        acknowledged: Collection[bytes] = (),
    ) -> None:
        """Store the results of transactions whose events the mirror has read.

        From here on a withdrawal counts by the mirror and no longer by this outbox, unless the
        contract refused it: what was acknowledged to a patient stays in force here. What a node
        says is mined while the mirror does not have it stays written. `acknowledged` are the
        hashes of grants whose refusals (denies) were acknowledged before this result.
        """
        if not transactions:
            return
        update = sa.update(OUTBOX).where(OUTBOX.c.hash == sa.bindparam("sent_hash"))
        hashes = [transaction.hash for transaction in transactions]
        counted = {
            row.hash: row.entries
            for row in self._rows_of(hashes)
            if row.kind in REVOCATIONS or row.hash in acknowledged
        }
        settled = [
            SettledTransaction(sent.kind, sent.raw, receipt, counted.get(sent.hash, b""))
            for sent, receipt in zip(transactions, receipts, strict=True)
        ]
        rows = [
            {"sent_hash": name, "result": result}
            for name, result in zip(hashes, self.judge(settled), strict=True)
        ]
        with self._engine.begin() as connection:
            connection.execute(update.values(state=sa.bindparam("result")), rows)

    def settle_open(self, final_block: Callable[[], int]) -> int:
        """Record the results of rows that no caller waits for; return how many are still open.

        `final_block` is called between reading the receipts and recording them; it must bring the
        mirror up to date and return the number of the last block that it has read.
        """
        rows = self.find(state=WRITTEN)
        receipts = self._chain.receipts([row.hash for row in rows]) if rows else []
        last = final_block() if rows else 0
        mined = [
            (row, receipt)
            for row, receipt in zip(rows, receipts, strict=True)
            if receipt is not None and receipt.block_number <= last
        ]
        refusals = sa.select(OUTBOX.c.hash).where(OUTBOX.c.state == WRITTEN, _HAS_REFUSALS)
        with self._engine.connect() as connection:
            acknowledged = set(connection.scalars(refusals)) if mined else set()
        self.record([row for row, _ in mined], [receipt for _, receipt in mined], acknowledged)
        return len(rows) - len(mined)

    def find(
        self, kind: str | None = None, state: str | None = None, account: str | None = None
    ) -> list[StoredTransaction]:
        """Return the transactions of a kind, in a state or of an account, by their nonces."""
        query = sa.select(OUTBOX.c.nonce, OUTBOX.c.kind, OUTBOX.c.hash, OUTBOX.c.raw)
        query = query.where(OUTBOX.c.nonce >= 0)  # without those that lost theirs: see `_adopt`
        if account is not None:
            query = query.where(OUTBOX.c.account == account)
        if kind is not None:
            query = query.where(OUTBOX.c.kind == kind)
        if state is not None:
            query = query.where(OUTBOX.c.state == state)
        with self._engine.connect() as connection:
            rows = connection.execute(query.order_by(OUTBOX.c.nonce, OUTBOX.c.seq))
            return [StoredTransaction(row.nonce, row.kind, row.hash, row.raw) for row in rows]

    def signed_here(self, hashes: Sequence[bytes]) -> dict[bytes, bytes]:
        """Return, by its hash, each of these transactions that was written here, as signed.

        Its messages passed this ledger's admission; one that was read back from a chain is left
        out, since nobody here checked what it holds.
        """
        return {row.hash: row.raw for row in self._rows_of(hashes) if row.kind != RESTORED}

    def pending(self) -> PendingEntries:
        """Return what counts although no chain has confirmed it, read by one statement.

        A withdrawal or a stop whose transaction failed, or in which the contract refused one of
        them, stays among them: what a patient revoked stays revoked. A refusal that the contract
        refused after its acknowledgement stays too.

        Raises:
            LedgerUnavailable: the database is unavailable.
        """
        try:
            rows = read_rows(self._engine, _PENDING)
        except sa.exc.DBAPIError as exc:
            raise LedgerUnavailable("the outbox cannot be read") from exc
        revoked: dict[str, list[bytes]] = {"withdraw": [], "stop": []}
        refusals = b""
        for kind, state, entries in rows:
            if kind in revoked:
                starts = range(0, len(entries), ENTRY_BYTES)
                revoked[kind] += [entries[at : at + ENTRY_BYTES] for at in starts]
            elif state != FAILED:
                refusals += entries
        return PendingEntries(revoked["withdraw"], revoked["stop"], refusals)

    def open_revocations(self) -> set[bytes]:
        """Return the hashes of transactions whose "no" counts by this outbox alone."""
        query = sa.select(OUTBOX.c.hash).where(
            OUTBOX.c.state.in_((WRITTEN, FAILED, REFUSED)),
            sa.or_(OUTBOX.c.kind.in_(REVOCATIONS), _HAS_REFUSALS),
        )
        with self._engine.connect() as connection:
            return set(connection.scalars(query))

    def take_over(self) -> int:
        """Write again from this account what revoked ones wrote and the chain does not have.

        A thief of its key can spend such an account's money and nonces, so that it may never be
        mined. Return how many transactions that was.

        Raises:
            LedgerUnavailable: the chain is unavailable.
        """
        uses = purposes(self._engine)
        revoked = {each for each, use in uses.items() if use in (REVOKING, REVOKED)}
        rows = sa.and_(
            OUTBOX.c.account.in_(revoked - {self.address}),
            OUTBOX.c.state == WRITTEN,
            OUTBOX.c.kind.in_(_ANYBODYS),
        )
        with self._engine.connect() as connection:
            hashes = connection.scalars(
                sa.select(OUTBOX.c.hash).where(rows).limit(_HASHES_PER_QUERY)
            ).all()
        receipts = self._chain.receipts(hashes) if hashes else []
        left = [name for name, receipt in zip(hashes, receipts, strict=True) if receipt is None]
        if not left:
            return 0
        self.nonces.require_row()
        taken = sa.update(OUTBOX).where(rows, OUTBOX.c.hash.in_(left)).values(state=REPLACED)
        with self._engine.begin() as connection:  # another process may take them at this moment
            taken_rows = sorted(
                connection.execute(taken.returning(*OUTBOX.c)), key=lambda row: row.seq
            )
            intents = [Intent(row.kind, read_payload(row.raw), row.entries) for row in taken_rows]
            written = [self._write(connection, intent) for intent in intents]
        if any(intent.entries for intent in intents):
            self.note_revocations(written)
        self.send(written)
        return len(written)

    def known(self, hashes: Sequence[bytes]) -> set[bytes]:
        """Return those of these transactions that are stored here, also if read back."""
        return {row.hash for row in self._rows_of(hashes)}

    def _rows_of(self, hashes: Sequence[bytes]) -> Iterator[sa.Row[Any]]:
        """Yield the row of each of these transactions that is stored here."""
        with self._engine.connect() as connection:
            for at in range(0, len(hashes), _HASHES_PER_QUERY):
                part = list(hashes[at : at + _HASHES_PER_QUERY])
                yield from connection.execute(sa.select(OUTBOX).where(OUTBOX.c.hash.in_(part)))

    def is_missing(self, transaction: MinedTransaction) -> bool:
        """Return whether the row under this nonce holds another transaction than the chain."""
        query = sa.select(OUTBOX.c.hash).where(self._at(transaction.nonce))
        with self._engine.connect() as connection:
            return connection.scalar(query) != transaction.hash

    def adopt(self, transactions: Sequence[MinedTransaction], next_nonce: int) -> None:
        """Store transactions that the chain has from this account and that are not stored here.

        What was written here under the nonce of one of them can never be mined: it is written
        again, under a new nonce. Afterwards no nonce below `next_nonce` is ever issued.
        """
        with self._engine.begin() as connection:
            self.nonces.raise_to(connection, next_nonce)
            overtaken = [self._adopt(connection, transaction) for transaction in transactions]
            written = [self._write(connection, intent) for intent in filter(None, overtaken)]
        self.note_revocations(written)

    def _adopt(self, connection: sa.Connection, mined: MinedTransaction) -> Intent | None:
        is_same_nonce = self._at(mined.nonce)
        row = connection.execute(sa.select(OUTBOX).where(is_same_nonce)).one_or_none()
        # Its row stays: a "no" in it that was acknowledged would else be missed as lost.
        moved = sa.update(OUTBOX).where(is_same_nonce).values(nonce=-OUTBOX.c.seq, state=REPLACED)
        connection.execute(moved)
        place = {"nonce": mined.nonce, "state": WRITTEN}
        back = sa.update(OUTBOX).where(OUTBOX.c.hash == mined.hash).values(**place)
        if not connection.execute(back).rowcount:  # else the chain took it after all
            values = {"account": self.address, "kind": RESTORED, "entries": b"", **place}
            values |= {"raw": mined.raw, "hash": mined.hash}
            connection.execute(sa.insert(OUTBOX).values(**values))
        if row is None or row.kind == RESTORED:
            return None
        return Intent(row.kind, read_payload(row.raw), row.entries)

    def _at(self, nonce: int) -> sa.ColumnElement[bool]:
        return sa.and_(OUTBOX.c.account == self.address, OUTBOX.c.nonce == nonce)


def _judge_without_ledger(settled: Sequence[SettledTransaction]) -> list[str]:
    """Return the states where nothing is known of the ledger: what counts here goes on counting."""
    return [
        (WRITTEN if each.counted else MINED)
        if each.receipt.ok
        else (REFUSED if each.counted and each.kind not in REVOCATIONS else FAILED)
        for each in settled
    ]
