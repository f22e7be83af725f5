"""Issues each nonce of an account once, and stores what its transactions offer for gas."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from consent.chain import Chain
from consent.errors import LedgerUnavailable
from consent.raw_transactions import Offer
from consent.tables import METADATA

_FEE_TOLERANCE: Final = 2
"""Fees that moved by less than this factor are left as they are: the offer has more headroom."""

EVERYDAY: Final = "everyday"
"""Enrols; where the accounts are not separate, it relays and anchors too."""
RELAYER: Final = "relayer"
ANCHORER: Final = "anchor"
ADMIN: Final = "admin"
RETIRING: Final = "retiring"
RETIRED: Final = "retired"
"""Replaced as planned: it only proposes recoveries for the patients whom it enrolled."""
REVOKING: Final = "revoking"
REVOKED: Final = "revoked"
"""Replaced since others may have its key: it has no role any more."""
FORMER_ADMIN: Final = "ex-admin"
"""Administered the contract until another account took its place; it never enrols."""
FINISHED: Final = {RETIRING: RETIRED, REVOKING: REVOKED}
"""What an account is for once an exchange that was begun is complete."""
_BARRED: Final = {
    **dict.fromkeys((RETIRING, RETIRED), frozenset({"enrol", "anchor"})),
    **dict.fromkeys((REVOKING, REVOKED), frozenset({"enrol", "anchor", "recovery"})),
}
"""What an account can no longer write: the ledger would count nothing of it. Others relay on."""

_WRITER = sa.Table(
    "consent_outbox_writer",
    METADATA,
    sa.Column("account", sa.String(42), primary_key=True),
    sa.Column("chain_id", sa.BigInteger, nullable=False),
    sa.Column("next_nonce", sa.BigInteger, nullable=False),
    sa.Column("fee_most", sa.String(80), nullable=False),  # wei do not fit 64 bits
    sa.Column("fee_tip", sa.String(80), nullable=False),
    sa.Column("purpose", sa.String(8), nullable=False, server_default=EVERYDAY),
)


def purposes(engine: sa.Engine) -> dict[str, str]:
    """Return what each account that ever wrote here is, or was, for."""
    with engine.connect() as connection:
        rows = connection.execute(sa.select(_WRITER.c.account, _WRITER.c.purpose))
        return {row.account: row.purpose for row in rows}


def set_purpose(engine: sa.Engine, address: str, purpose: str) -> None:
    """Store what an account is for; what it is then too old for, no process writes any more."""
    update = sa.update(_WRITER).where(_WRITER.c.account == address)
    with engine.begin() as connection:
        connection.execute(update.values(purpose=purpose))


def own_accounts(engine: sa.Engine) -> frozenset[bytes]:
    """Return every account (20 bytes) that writes for this installation or did, but its admins."""
    return frozenset(
        bytes.fromhex(address[2:])
        for address, purpose in purposes(engine).items()
        if purpose not in (ADMIN, FORMER_ADMIN)
    )


class AccountNonces:
    """The row of one account, which all its processes share."""

    def __init__(
        self, engine: sa.Engine, chain: Chain, address: str, purpose: str = EVERYDAY
    ) -> None:
        self._purpose = purpose
        self._engine = engine
        self._chain = chain
        self._address = address
        self._is_ours = _WRITER.c.account == address
        self._has_row = False
        self._max_fee = 0

    def take(self, connection: sa.Connection, kind: str) -> Offer:
        """Return the next nonce and the fees; nobody else gets it once the transaction commits.

        Raises:
            LedgerUnavailable: the account was replaced, and only the new one may write this kind.
        """
        # The update comes first: it takes the row's lock, and with it the right to the nonce.
        update = sa.update(_WRITER).where(self._is_ours)
        update = update.values(next_nonce=_WRITER.c.next_nonce + 1)
        row = connection.execute(update.returning(*_WRITER.c)).one()
        if kind in _BARRED.get(row.purpose, ()):
            raise LedgerUnavailable(
                f"the account {self._address} was replaced and can no longer {kind}: restart the "
                "platform's processes, or complete the rotation with: vouchsafe accounts rotate"
            )
        return Offer(
            chain_id=row.chain_id,
            nonce=row.next_nonce - 1,
            max_fee=int(row.fee_most),
            tip=int(row.fee_tip),
        )

    def find_next(self) -> int | None:
        """Return the next nonce; None while the account has never written here."""
        with self._engine.connect() as connection:
            return connection.scalar(sa.select(_WRITER.c.next_nonce).where(self._is_ours))

    def raise_to(self, connection: sa.Connection, nonce: int) -> None:
        """Issue no nonce below this one from now on."""
        is_behind = sa.and_(self._is_ours, _WRITER.c.next_nonce < nonce)
        connection.execute(sa.update(_WRITER).where(is_behind).values(next_nonce=nonce))

    def renew_fees(self) -> None:
        """Store what the chain asks for gas now, if it is far from what is offered.

        Raises:
            LedgerUnavailable: the chain is unavailable; the last known fees stay.
        """
        fees = self._chain.fees()
        if _FEE_TOLERANCE * fees.max_fee > self._max_fee > fees.max_fee // _FEE_TOLERANCE:
            return
        self.require_row()
        values = {"fee_most": str(fees.max_fee), "fee_tip": str(fees.tip)}
        with self._engine.begin() as connection:
            connection.execute(sa.update(_WRITER).where(self._is_ours).values(**values))
        self._max_fee = fees.max_fee

    def require_row(self) -> None:
        """Make the row if there is none.

        Raises:
            LedgerUnavailable: there is none, and the chain is unavailable.
        """
        if not self._has_row:
            self._has_row = self.find_next() is not None
        if not self._has_row:
            self._insert_row()

    def _insert_row(self) -> None:
        fees, nonce = self._chain.fees(), self._chain.transaction_count(self._address)
        row = {
            "account": self._address,
            "chain_id": self._chain.chain_id(),
            "next_nonce": nonce,
            "fee_most": str(fees.max_fee),
            "fee_tip": str(fees.tip),
            "purpose": self._purpose,
        }
        try:
            with self._engine.begin() as connection:
                connection.execute(sa.insert(_WRITER).values(**row))
        except sa.exc.IntegrityError:
            pass  # another process of the same account inserted it first
        self._has_row = True
