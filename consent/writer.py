"""Gives an account's nonces, each once, and keeps what its transactions offer for gas."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa

from consent.chain import Chain
from consent.tables import METADATA

_FEES_KEPT: Final = 2
"""Fees that moved by less than this factor stay as they are: the offer has far more headroom."""

_WRITER = sa.Table(
    "consent_outbox_writer",
    METADATA,
    sa.Column("account", sa.String(42), primary_key=True),
    sa.Column("chain_id", sa.BigInteger, nullable=False),
    sa.Column("next_nonce", sa.BigInteger, nullable=False),
    sa.Column("fee_most", sa.String(80), nullable=False),  # wei do not fit 64 bits
    sa.Column("fee_tip", sa.String(80), nullable=False),
)


@dataclass(frozen=True, slots=True)
class Ticket:
    """The right to sign one transaction; fees in wei a gas."""

    nonce: int
    chain_id: int
    fee_most: int
    fee_tip: int


class Writer:
    """The row of one account, which all its processes share."""

    def __init__(self, engine: sa.Engine, chain: Chain, address: str) -> None:
        self._engine = engine
        self._chain = chain
        self._address = address
        self._mine = _WRITER.c.account == address
        self._is_known = False
        self._fee_most = 0

    def take_nonce(self, connection: sa.Connection) -> Ticket:
        """Return the next nonce; it is nobody else's once the connection's transaction is done."""
        # The update comes first: it takes the row's lock, and with it the right to the nonce.
        raised = sa.update(_WRITER).where(self._mine).values(next_nonce=_WRITER.c.next_nonce + 1)
        row = connection.execute(raised.returning(*_WRITER.c)).one()
        return Ticket(row.next_nonce - 1, row.chain_id, int(row.fee_most), int(row.fee_tip))

    def find_next_nonce(self) -> int | None:
        """Return the nonce that comes next; None while the account has never written here."""
        with self._engine.connect() as connection:
            return connection.scalar(sa.select(_WRITER.c.next_nonce).where(self._mine))

    def raise_to(self, connection: sa.Connection, nonce: int) -> None:
        """Give no nonce below this one any more."""
        is_behind = sa.and_(self._mine, _WRITER.c.next_nonce < nonce)
        connection.execute(sa.update(_WRITER).where(is_behind).values(next_nonce=nonce))

    def renew_fees(self) -> None:
        """Note what the chain asks for gas now, if it is far from what is offered.

        Raises:
            LedgerUnavailable: the chain is away; the last known fees stay.
        """
        fees = self._chain.fees()
        if _FEES_KEPT * fees.most > self._fee_most > fees.most // _FEES_KEPT:
            return
        self.require_known()
        values = {"fee_most": str(fees.most), "fee_tip": str(fees.tip)}
        with self._engine.begin() as connection:
            connection.execute(sa.update(_WRITER).where(self._mine).values(**values))
        self._fee_most = fees.most

    def require_known(self) -> None:
        """Make the row if there is none.

        Raises:
            LedgerUnavailable: there is none, and the chain is away.
        """
        if not self._is_known:
            self._is_known = self.find_next_nonce() is not None
        if not self._is_known:
            self._become_known()

    def _become_known(self) -> None:
        fees, nonce = self._chain.fees(), self._chain.transaction_count(self._address)
        values = {"account": self._address, "chain_id": self._chain.chain_id(), "next_nonce": nonce}
        try:
            with self._engine.begin() as connection:
                connection.execute(
                    sa.insert(_WRITER).values(
                        **values, fee_most=str(fees.most), fee_tip=str(fees.tip)
                    )
                )
        except sa.exc.IntegrityError:
            pass  # another writer of the same account was first, which is as good
        self._is_known = True
