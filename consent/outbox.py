"""Keeps every signed transaction on disk before it is sent, and sends again what a chain lost."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import sqlalchemy as sa

from consent.chain import MAX_TRANSACTION_BYTES, Account, Chain, Receipt
from consent.errors import LedgerUnavailable
from consent.raw import Transaction, read_payload
from consent.tables import METADATA
from consent.writer import Writer

REGAINED: Final = "regained"
"""The kind of a transaction that was not written here but read back from the chain."""
WRITTEN: Final = "written"
MINED: Final = "mined"
FAILED: Final = "failed"

ENTRY_BYTES: Final = 64
_FLUSH_ROWS: Final = 64
_POLL_S: Final = (0.002, 0.25)
_RESEND_AFTER_S: Final = 1.0

_OUTBOX = sa.Table(
    "consent_outbox",
    METADATA,
    sa.Column("seq", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("account", sa.String(42), nullable=False),
    sa.Column("nonce", sa.BigInteger, nullable=False),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("raw", sa.LargeBinary, nullable=False),
    sa.Column("hash", sa.LargeBinary, nullable=False, unique=True),
    sa.Column("entries", sa.LargeBinary, nullable=False),
    sa.Column("state", sa.String(8), nullable=False),
    sa.UniqueConstraint("account", "nonce"),
    sa.Index("consent_outbox_open", "state", "kind"),
)


@dataclass(frozen=True, slots=True)
class Intent:
    """A transaction to be: what it is for, to whom ("" deploys), its calldata and its gas limit.

    `entries` is what must count while the transaction is not mined: 64 bytes for each withdrawal
    (subject, terms hash) or stop (subject, time).
    """

    kind: str
    to: str
    data: bytes
    gas: int
    entries: bytes = b""


@dataclass(frozen=True, slots=True)
class Sent:
    """A transaction that is durable here, whether or not any node has it."""

    nonce: int
    kind: str
    hash: bytes
    raw: bytes


class Outbox:
    """The one writer of one account's transactions, however many threads and processes share it.

    A nonce is given in the database transaction that writes the row, so that no two writers get
    the same one and none is left out; what happened to it is asked by the hash computed here.
    """

    def __init__(self, engine: sa.Engine, chain: Chain, account: Account) -> None:
        self._engine = engine
        self._chain = chain
        self._account = account
        self.address = account.address
        self.writer = Writer(engine, chain, account.address)

    def write(self, intents: Sequence[Intent]) -> list[Sent]:
        """Sign transactions with the next nonces and make them durable; nothing is sent yet.

        This needs no chain once the account has written here before, so that a withdrawal is
        always possible.

        Raises:
            LedgerUnavailable: the account's first transaction, and the chain is away; or the
                database cannot be written.
        """
        self.writer.require_known()
        try:
            with self._engine.begin() as connection:
                return [self._write(connection, intent) for intent in intents]
        except sa.exc.DBAPIError as exc:
            raise LedgerUnavailable("the outbox cannot be written") from exc

    def _write(self, connection: sa.Connection, intent: Intent) -> Sent:
        row = self.writer.take_nonce(connection)
        raw, digest = self._account.sign(
            {
                "type": 2,
                "chainId": row.chain_id,
                "nonce": row.nonce,
                "gas": intent.gas,
                "maxFeePerGas": row.fee_most,
                "maxPriorityFeePerGas": row.fee_tip,
                "value": 0,
                "data": intent.data,
                **({"to": bytes.fromhex(intent.to[2:])} if intent.to else {}),
            }
        )
        if len(raw) > MAX_TRANSACTION_BYTES:
            raise ValueError("a transaction too large for any node's pool")
        values = {"account": self.address, "nonce": row.nonce, "kind": intent.kind, "raw": raw}
        connection.execute(
            sa.insert(_OUTBOX).values(**values, hash=digest, entries=intent.entries, state=WRITTEN)
        )
        return Sent(row.nonce, intent.kind, digest, raw)

    def send(self, sent: Sequence[Sent]) -> None:
        """Hand transactions to the node; what it says, and whether it is there, changes nothing."""
        try:
            self._chain.send([one.raw for one in sent])
        except LedgerUnavailable:
            return  # the rows are durable: whoever waits, or flushes, sends them again

    def flush(self) -> int:
        """Send, in order, what the chain does not have; return how many transactions that was.

        Raises:
            LedgerUnavailable: the chain is away.
        """
        count = self._chain.transaction_count(self.address)
        missing = sa.select(_OUTBOX.c.raw).where(
            _OUTBOX.c.account == self.address, _OUTBOX.c.nonce >= count
        )
        with self._engine.connect() as connection:
            ordered = missing.order_by(_OUTBOX.c.nonce).limit(_FLUSH_ROWS)
            raws = list(connection.scalars(ordered))
        for raw in raws:
            self._chain.send([raw])
        return len(raws)

    def settle(self, sent: Sequence[Sent], wait_s: float) -> list[Receipt]:
        """Wait until each of these is mined and return what became of it, in order.

        Raises:
            LedgerUnavailable: not all were mined in time; they stay here and are sent again.
        """
        return self._wait([one.hash for one in sent], wait_s)

    def _wait(self, hashes: list[bytes], wait_s: float) -> list[Receipt]:
        started, pause = time.monotonic(), _POLL_S[0]
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
                pause = _POLL_S[1]
            if now - started > wait_s:
                raise LedgerUnavailable("the transaction is kept, but not yet on the chain")
            time.sleep(pause)
            pause = min(pause * 1.3, _POLL_S[1])

    def note(self, sent: Sequence[Sent], receipts: Sequence[Receipt]) -> None:
        """Remember what became of transactions whose events the mirror has taken in.

        From here on a withdrawal counts by the mirror and no longer by this outbox.
        """
        with self._engine.begin() as connection:
            for one, receipt in zip(sent, receipts, strict=True):
                state = MINED if receipt.ok else FAILED
                connection.execute(
                    sa.update(_OUTBOX).where(_OUTBOX.c.hash == one.hash).values(state=state)
                )

    def settle_open(self, final_block: Callable[[], int]) -> int:
        """Note what became of rows that nobody waits for any more; return how many are still open.

        `final_block` is called between asking and noting; it must bring the mirror up to date and
        return the number of the block up to which that is.
        """
        rows = self.find(state=WRITTEN)
        receipts = self._chain.receipts([row.hash for row in rows]) if rows else []
        last = final_block() if rows else 0
        mined = [
            (row, receipt)
            for row, receipt in zip(rows, receipts, strict=True)
            if receipt is not None and receipt.block_number <= last
        ]
        self.note([row for row, _ in mined], [receipt for _, receipt in mined])
        return len(rows) - len(mined)

    def find(self, kind: str | None = None, state: str | None = None) -> list[Sent]:
        """Return this account's transactions of a kind, or in a state, in the order of nonces."""
        asked = sa.select(_OUTBOX.c.nonce, _OUTBOX.c.kind, _OUTBOX.c.hash, _OUTBOX.c.raw)
        asked = asked.where(_OUTBOX.c.account == self.address)
        if kind is not None:
            asked = asked.where(_OUTBOX.c.kind == kind)
        if state is not None:
            asked = asked.where(_OUTBOX.c.state == state)
        with self._engine.connect() as connection:
            found = connection.execute(asked.order_by(_OUTBOX.c.nonce))
            return [Sent(row.nonce, row.kind, row.hash, row.raw) for row in found]

    def pending(self, kind: str) -> list[bytes]:
        """Return the entries of a kind that count although no chain has confirmed them.

        A transaction that failed stays among them: what a patient took back stays taken back.

        Raises:
            LedgerUnavailable: the database is away.
        """
        asked = sa.select(_OUTBOX.c.entries).where(
            _OUTBOX.c.state.in_((WRITTEN, FAILED)), _OUTBOX.c.kind == kind
        )
        try:
            with self._engine.connect() as connection:
                joined = b"".join(connection.scalars(asked))
        except sa.exc.DBAPIError as exc:
            raise LedgerUnavailable("the outbox cannot be read") from exc
        return [joined[at : at + ENTRY_BYTES] for at in range(0, len(joined), ENTRY_BYTES)]

    def is_missing(self, transaction: Transaction) -> bool:
        """Tell whether the chain's transaction is not the one that is kept under its nonce."""
        asked = sa.select(_OUTBOX.c.hash).where(self._at(transaction.nonce))
        with self._engine.connect() as connection:
            return connection.scalar(asked) != transaction.hash

    def adopt(self, transactions: Sequence[Transaction], next_nonce: int) -> None:
        """Keep transactions that the chain has from this account and that are not kept here.

        What was written here under the nonce of one of them can never be mined: it is written
        again, with a nonce of its own. Afterwards no nonce below `next_nonce` is ever given.
        """
        with self._engine.begin() as connection:
            self.writer.raise_to(connection, next_nonce)
            for one in transactions:
                found = sa.select(_OUTBOX).where(self._at(one.nonce))
                overtaken = connection.execute(found).one_or_none()
                connection.execute(sa.delete(_OUTBOX).where(self._at(one.nonce)))
                values = {"account": self.address, "nonce": one.nonce, "kind": REGAINED}
                connection.execute(
                    sa.insert(_OUTBOX).values(
                        **values, raw=one.raw, hash=one.hash, entries=b"", state=WRITTEN
                    )
                )
                if overtaken is not None and overtaken.kind != REGAINED:
                    again = read_payload(overtaken.raw)
                    intent = Intent(overtaken.kind, again.to, again.data, again.gas)
                    self._write(connection, replace(intent, entries=overtaken.entries))

    def _at(self, nonce: int) -> sa.ColumnElement[bool]:
        return sa.and_(_OUTBOX.c.account == self.address, _OUTBOX.c.nonce == nonce)
