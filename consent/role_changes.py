"""Gives and takes roles and money on the ledger, each confirmed before the next begins."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

import sqlalchemy as sa

from consent import abi
from consent.account_nonces import ADMIN
from consent.account_roles import ADMIN as ADMIN_ROLE
from consent.account_roles import AccountRoles
from consent.chain import Chain
from consent.errors import ConsentInvalid, LedgerUnavailable, NotPermitted
from consent.limits import LedgerLimits
from consent.mirror import Mirror
from consent.outbox import Intent, Outbox
from consent.outbox_rows import WRITTEN
from consent.raw_transactions import Payload, RelayerAccount

_POLL_S: Final = 0.1
_ROLE_GAS: Final = 200_000
_PAYMENT_GAS: Final = 21_000
_ADMIN_TRANSACTIONS: Final = 50
_ADMIN_SHARE: Final = 100


class RoleChanges:
    """The steps of an exchange of accounts; each looks at what is done already.

    A change of roles is a transaction that is stored before it is sent, and the step after it
    begins once it is mined, final and proved by the mirror.
    """

    def __init__(
        self, engine: sa.Engine, chain: Chain, mirror: Mirror, contract: str, limits: LedgerLimits
    ) -> None:
        self._engine = engine
        self._chain = chain
        self._mirror = mirror
        self._contract = contract
        self._limits = limits

    def read(self) -> AccountRoles:
        """Return the roles as the ledger proves them now."""
        self._mirror.sync()
        return self._mirror.roles

    def open_outbox(self, account: RelayerAccount, purpose: str) -> Outbox:
        """Return what writes from an account, which counts as ours from here on."""
        outbox = Outbox(self._engine, self._chain, account, purpose)
        outbox.nonces.require_row()
        return outbox

    def require_admin(self, admin: RelayerAccount) -> Outbox:
        """Return what writes from the contract's admin.

        Raises:
            NotPermitted: the account is not the admin.
        """
        if not self.read().has(ADMIN_ROLE, bytes.fromhex(admin.address[2:])):
            raise NotPermitted(
                f"{admin.address} is not the admin of the contract {self._contract}: use its key"
            )
        return self.open_outbox(admin, ADMIN)

    def set_role(self, sender: Outbox, function: str, role: bytes, address: str) -> None:
        """Give or take a role, unless that is done; it is then proved by the mirror.

        Raises:
            LedgerUnavailable: not confirmed in time.
            NotPermitted: the contract refused it.
        """
        account, is_given = bytes.fromhex(address[2:]), function == abi.GRANT_ROLE
        if self.read().has(role, account) == is_given:
            return
        data = abi.encode_call(function, role, address)
        self._send(sender, "role", Payload(to=self._contract, data=data, gas=_ROLE_GAS))
        self._await(lambda: self.read().has(role, account) == is_given, "the change of a role")

    def pay_admin(self, address: str, payer: Outbox) -> None:
        """Let an account pay for changes of roles; see `require_money`."""
        share = self.balance(payer.address) // _ADMIN_SHARE
        self.require_money(address, _ADMIN_TRANSACTIONS * _ROLE_GAS, share, payer)

    def require_money(self, address: str, gas: int, share: int, payer: Outbox) -> None:
        """Let an account be able to pay for this much gas; the payer gives a share if it cannot.

        Raises:
            ConsentInvalid: the share is too small; the message names account and amount.
        """
        needed = gas * self._chain.fees().max_fee
        if self.balance(address) >= needed:
            return
        if share < needed:
            raise ConsentInvalid(
                f"the account {address} has too little money: it needs {needed} wei, and "
                f"{payer.address} cannot give so much; send it that, then repeat the command"
            )
        self._send(payer, "pay", Payload(to=address, data=b"", gas=_PAYMENT_GAS, value=share))

    def balance(self, address: str) -> int:
        """Return an account's wei at the newest block."""
        return self._chain.balance(address)

    def await_sent(self, outbox: Outbox, address: str, *, is_required: bool) -> int:
        """Wait until the chain has what an account wrote so far; return how many are missing."""
        before = {sent.hash for sent in outbox.find(state=WRITTEN, account=address)}

        def count() -> int:
            if before:
                outbox.flush()
                outbox.settle_open(lambda: self._mirror.sync()[0].block_number)
            open_rows = outbox.find(state=WRITTEN, account=address)
            return sum(sent.hash in before for sent in open_rows)

        if is_required:
            self._await(lambda: count() == 0, f"all transactions of {address}")
        return count()

    def _send(self, sender: Outbox, kind: str, payload: Payload) -> None:
        transactions = sender.write([Intent(kind, payload)])
        sender.send(transactions)
        receipts = sender.settle(transactions, self._limits.confirm_s)
        sender.record(transactions, receipts)
        if not receipts[0].ok:
            raise NotPermitted(f"the chain refused transaction {kind} of {sender.address}")

    def _await(self, is_done: Callable[[], bool], what: str) -> None:
        until_s = time.monotonic() + self._limits.confirm_s
        while not is_done():
            if time.monotonic() > until_s:
                raise LedgerUnavailable(
                    f"{what} was not confirmed in {self._limits.confirm_s:g} s: repeat the command"
                )
            time.sleep(_POLL_S)
