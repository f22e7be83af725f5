"""Lists the installation's accounts on the ledger, and exchanges each for a new one."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

import sqlalchemy as sa

from consent import abi
from consent.account_nonces import (
    ADMIN,
    EVERYDAY,
    FINISHED,
    FORMER_ADMIN,
    RETIRED,
    RETIRING,
    REVOKED,
    REVOKING,
    purposes,
    set_purpose,
)
from consent.account_roles import ADMIN as ADMIN_ROLE
from consent.account_roles import ANCHOR, CUSTODIAN, PAUSER, AccountRoles
from consent.chain import MAX_TRANSACTION_GAS, Chain
from consent.errors import ConsentInvalid, LedgerUnavailable, NotPermitted
from consent.limits import LedgerLimits
from consent.mirror import Mirror
from consent.outbox import WRITTEN, Intent, Outbox
from consent.raw_transactions import Payload, RelayerAccount

OTHER: Final = "other"
"""The use of an account with a role that is none of this installation's."""
_POLL_S: Final = 0.1
_ROLE_GAS: Final = 200_000
_PAYMENT_GAS: Final = 21_000
_ADMIN_TRANSACTIONS: Final = 50
_EVERYDAY_TRANSACTIONS: Final = 100
_ADMIN_SHARE: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerAccount:
    """An account with a role on the ledger, or of this installation.

    Attributes:
        address: lower-case hex.
        use: ``everyday`` (relays, enrols, anchors), ``admin``, ``retired`` (replaced; proposes
            recoveries for those whom it enrolled), ``revoked`` (replaced; may do nothing),
            ``retiring`` or ``revoking`` (an exchange was begun), ``ex-admin`` (a former admin, with
            no role), or ``other`` (not of us).
        roles: of ``admin``, ``pauser``, ``custodian``, ``anchor``, those that it has as verified.
        wei: its money at the newest block.
    """

    address: str
    use: str
    roles: tuple[str, ...]
    wei: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Rotation:
    """What an exchange of the everyday account did.

    Attributes:
        former: the account that was replaced, lower-case hex.
        use: what the former one still is, ``retired`` or ``revoked``.
        everyday: the account that enrols and anchors now.
        waiting: how many transactions of the former account the chain did not have yet.
    """

    former: str
    use: str
    everyday: str
    waiting: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AdminRotation:
    """What an exchange of the admin's account did; both addresses are lower-case hex."""

    former: str
    admin: str


class KeyFiles(Protocol):
    """Where the keys of one kind of account are stored; each step is durable when it returns."""

    def make_next(self) -> RelayerAccount:
        """Return the account that comes next, with its key stored; the same until `switch`."""
        ...

    def switch(self) -> None:
        """Put the next account in the place of the present one, whose key is kept apart."""
        ...


class Accounts:
    """The accounts of one installation on one ledger; roles are those that are proved.

    A change of roles is a transaction of the admin's account: it is stored before it is sent, and
    the step after it begins once it is mined, final and proved by the mirror. Each step looks at
    what is done already, so an interrupted exchange is completed by calling it again.
    """

    def __init__(  # noqa: PLR0913 - the parts of the ledger
        self,
        engine: sa.Engine,
        chain: Chain,
        mirror: Mirror,
        outbox: Outbox,
        contract: str,
        limits: LedgerLimits,
    ) -> None:
        self._engine = engine
        self._chain = chain
        self._mirror = mirror
        self._outbox = outbox
        self._contract = contract
        self._limits = limits

    def list(self) -> list[LedgerAccount]:
        """Return the accounts, the everyday one first.

        Raises:
            LedgerUnavailable, LedgerBroken: the ledger cannot be read.
        """
        roles = self._roles()
        uses = purposes(self._engine)
        others = {
            "0x" + account.hex(): ADMIN if roles.has(ADMIN_ROLE, account) else OTHER
            for account in roles.accounts()
        }
        uses = others | uses
        uses[self._outbox.address] = uses.get(self._outbox.address, EVERYDAY)
        order = (EVERYDAY, ADMIN, RETIRING, RETIRED, REVOKING, REVOKED, FORMER_ADMIN, OTHER)
        listed = sorted(uses, key=lambda address: (order.index(uses[address]), address))
        return [
            LedgerAccount(
                address=address,
                use=uses[address],
                roles=roles.names_of(bytes.fromhex(address[2:])),
                wei=self._chain.balance(address),
            )
            for address in listed
        ]

    def has_admin(self) -> bool:
        """Return whether another account than the everyday one administers the contract.

        Raises:
            LedgerUnavailable, LedgerBroken: the ledger cannot be read.
        """
        return not self._roles().has(ADMIN_ROLE, bytes.fromhex(self._outbox.address[2:]))

    def rotate(self, admin: RelayerAccount, keys: KeyFiles, *, is_revoked: bool) -> Rotation:
        """Exchange the everyday account for a new one, or complete an exchange that was begun.

        Afterwards nothing counts that the former account enrols or anchors. Unless it `is_revoked`
        it can still propose recoveries for the patients whom it enrolled. An everyday account that
        administers the contract as well hands that to `admin` first.

        Raises:
            NotPermitted: `admin` is not the contract's admin.
            ConsentInvalid: an account cannot pay; the message names it and the amount.
            LedgerUnavailable: a step was not confirmed in time; call it again.
        """
        if begun := self._find_begun():
            return self._finish(admin, begun, waiting=0)
        former = self._outbox.address
        self._separate(admin)
        is_revoked = is_revoked or purposes(self._engine).get(former) == REVOKING
        new = keys.make_next()
        self._prepare(admin, new, is_revoked=is_revoked)
        # From here on no process writes an enrolment or an anchor from the former account, so that
        # none can come after the end of its roles and be lost.
        set_purpose(self._engine, former, REVOKING if is_revoked else RETIRING)
        waiting = self._await_sent(former, is_required=not is_revoked)
        keys.switch()
        return self._finish(admin, former, waiting=waiting, everyday=new.address)

    def revoke(self, admin: RelayerAccount, address: str) -> Rotation:
        """Take every role from a former account, whose key others may have.

        Raises:
            ConsentInvalid: not a former account of this installation.
            NotPermitted, LedgerUnavailable: as `rotate`.
        """
        address = address.lower()
        is_former = address != self._outbox.address
        if not is_former or purposes(self._engine).get(address) not in (
            *FINISHED,
            RETIRED,
            REVOKED,
        ):
            raise ConsentInvalid(
                f"{address} is no former account of this installation; run: vouchsafe accounts"
            )
        self._require_admin(admin)
        set_purpose(self._engine, address, REVOKING)
        return self._finish(admin, address, waiting=0)

    def rotate_admin(self, admin: RelayerAccount, keys: KeyFiles) -> AdminRotation:
        """Let a new account administer the contract, or complete an exchange that was begun.

        Afterwards `admin` has no role. The new account takes the first role from it, which shows
        that its key works, before `admin` gives up the right to administer.

        Raises:
            NotPermitted: `admin` is not the contract's admin.
            ConsentInvalid: the everyday account is the admin, or cannot pay for the new one.
            LedgerUnavailable: a step was not confirmed in time; call it again.
        """
        if not self.has_admin():
            raise ConsentInvalid(
                f"the everyday account {self._outbox.address} administers the contract itself; "
                "run: vouchsafe accounts rotate"
            )
        if (former := self._find_former_admin(admin.address)) is None:
            former, admin = admin.address, self._replace_admin(admin, keys)
        set_purpose(self._engine, former, FORMER_ADMIN)
        return AdminRotation(former=former, admin=admin.address)

    def _find_former_admin(self, present: str) -> str | None:
        """Return the account that `present` replaced, where only the note of it is missing."""
        roles = self._roles()
        if not roles.has(ADMIN_ROLE, bytes.fromhex(present[2:])):
            return None
        listed = [each for each, use in purposes(self._engine).items() if use == ADMIN]
        ended = [each for each in listed if not roles.has(ADMIN_ROLE, bytes.fromhex(each[2:]))]
        return next(iter(ended), None)

    def _replace_admin(self, admin: RelayerAccount, keys: KeyFiles) -> RelayerAccount:
        """Exchange the admin and its key; skip what an interrupted exchange did."""
        own = bytes.fromhex(admin.address[2:])
        was_admin = purposes(self._engine).get(admin.address) == ADMIN
        has_given_up = was_admin and not self._roles().has(ADMIN_ROLE, own)
        if not has_given_up:
            self._require_admin(admin)
        new = keys.make_next()
        if not has_given_up:
            self._hand_over(admin, new)
        self._require_admin(new)
        keys.switch()
        return new

    def _hand_over(self, admin: RelayerAccount, new: RelayerAccount) -> None:
        share = self._chain.balance(self._outbox.address) // _ADMIN_SHARE
        self._require_money(new.address, _ADMIN_TRANSACTIONS * _ROLE_GAS, share, self._outbox)
        sender = self._sender(admin, ADMIN)
        for role in (PAUSER, ADMIN_ROLE):
            self._set_role(sender, abi.GRANT_ROLE, role, new.address)
        # Its row comes after its role: an admin's row without the role is that of a former one.
        self._set_role(self._sender(new, ADMIN), abi.REVOKE_ROLE, PAUSER, admin.address)
        self._set_role(sender, abi.REVOKE_ROLE, ADMIN_ROLE, admin.address)

    def _roles(self) -> AccountRoles:
        self._mirror.sync()
        return self._mirror.roles

    def _find_begun(self) -> str | None:
        """Return a former account whose exchange was begun and is not complete."""
        begun = [address for address, use in purposes(self._engine).items() if use in FINISHED]
        return next((address for address in begun if address != self._outbox.address), None)

    def _finish(
        self, admin: RelayerAccount, former: str, *, waiting: int, everyday: str = ""
    ) -> Rotation:
        self._require_admin(admin)
        begun = purposes(self._engine)[former]
        sender = self._sender(admin, ADMIN)
        for role in (ANCHOR, CUSTODIAN) if begun == REVOKING else (ANCHOR,):
            self._set_role(sender, abi.REVOKE_ROLE, role, former)
        use = FINISHED[begun]
        set_purpose(self._engine, former, use)
        everyday = everyday or self._outbox.address
        return Rotation(former=former, use=use, everyday=everyday, waiting=waiting)

    def _separate(self, admin: RelayerAccount) -> None:
        """Let `admin` administer the contract, and no longer the everyday account."""
        own = bytes.fromhex(self._outbox.address[2:])
        roles, other = self._roles(), bytes.fromhex(admin.address[2:])
        sender = self._sender(admin, ADMIN)
        if not roles.has(ADMIN_ROLE, other) and roles.has(ADMIN_ROLE, own):
            share = self._chain.balance(self._outbox.address) // _ADMIN_SHARE
            self._require_money(admin.address, _ADMIN_TRANSACTIONS * _ROLE_GAS, share, self._outbox)
            for role in (PAUSER, ADMIN_ROLE):
                self._set_role(self._outbox, abi.GRANT_ROLE, role, admin.address)
        self._require_admin(admin)
        if own != other:
            for role in (PAUSER, ADMIN_ROLE):
                self._set_role(sender, abi.REVOKE_ROLE, role, self._outbox.address)

    def _prepare(self, admin: RelayerAccount, new: RelayerAccount, *, is_revoked: bool) -> None:
        """Give the new account money and its roles; it counts as ours before it has them."""
        self._sender(new, EVERYDAY)
        # Anyone with the former account's key could hold up or overtake its payment.
        payer = self._sender(admin, ADMIN) if is_revoked else self._outbox
        share = self._chain.balance(payer.address) // 2
        gas = _EVERYDAY_TRANSACTIONS * MAX_TRANSACTION_GAS
        self._require_money(new.address, gas, share, payer)
        sender = self._sender(admin, ADMIN)
        for role in (CUSTODIAN, ANCHOR):
            self._set_role(sender, abi.GRANT_ROLE, role, new.address)

    def _sender(self, account: RelayerAccount, purpose: str) -> Outbox:
        outbox = Outbox(self._engine, self._chain, account, purpose)
        outbox.nonces.require_row()
        return outbox

    def _require_admin(self, admin: RelayerAccount) -> None:
        if not self._roles().has(ADMIN_ROLE, bytes.fromhex(admin.address[2:])):
            raise NotPermitted(
                f"{admin.address} is not the admin of the contract {self._contract}: use its key"
            )

    def _set_role(self, sender: Outbox, function: str, role: bytes, address: str) -> None:
        """Give or take a role, unless that is done; it is then proved by the mirror.

        Raises:
            LedgerUnavailable: not confirmed in time.
            NotPermitted: the contract refused it.
        """
        account, is_given = bytes.fromhex(address[2:]), function == abi.GRANT_ROLE
        if self._roles().has(role, account) == is_given:
            return
        data = abi.encode_call(function, role, address)
        self._send(sender, "role", Payload(to=self._contract, data=data, gas=_ROLE_GAS))
        self._await(lambda: self._roles().has(role, account) == is_given, "the change of a role")

    def _require_money(self, address: str, gas: int, share: int, payer: Outbox) -> None:
        """Let an account be able to pay for this much gas; the payer gives a share if it cannot."""
        needed = gas * self._chain.fees().max_fee
        if self._chain.balance(address) >= needed:
            return
        if share < needed:
            raise ConsentInvalid(
                f"the account {address} has too little money: it needs {needed} wei, and "
                f"{payer.address} cannot give so much; send it that, then repeat the command"
            )
        self._send(payer, "pay", Payload(to=address, data=b"", gas=_PAYMENT_GAS, value=share))

    def _send(self, sender: Outbox, kind: str, payload: Payload) -> None:
        transactions = sender.write([Intent(kind, payload)])
        sender.send(transactions)
        receipts = sender.settle(transactions, self._limits.confirm_s)
        sender.record(transactions, receipts)
        if not receipts[0].ok:
            raise NotPermitted(f"the chain refused transaction {kind} of {sender.address}")

    def _await_sent(self, address: str, *, is_required: bool) -> int:
        """Wait until the chain has what the account wrote so far; return how many are missing."""
        before = {sent.hash for sent in self._outbox.find(state=WRITTEN, account=address)}

        def count() -> int:
            if before:
                self._outbox.flush()
                self._outbox.settle_open(lambda: self._mirror.sync()[0].block_number)
            open_rows = self._outbox.find(state=WRITTEN, account=address)
            return sum(sent.hash in before for sent in open_rows)

        if is_required:
            self._await(lambda: count() == 0, f"all transactions of {address}")
        return count()

    def _await(self, is_done: Callable[[], bool], what: str) -> None:
        until_s = time.monotonic() + self._limits.confirm_s
        while not is_done():
            if time.monotonic() > until_s:
                raise LedgerUnavailable(
                    f"{what} was not confirmed in {self._limits.confirm_s:g} s: repeat the command"
                )
            time.sleep(_POLL_S)
