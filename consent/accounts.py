"""Lists the installation's accounts on the ledger, separates them, and exchanges each."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import sqlalchemy as sa

from consent import abi
from consent.account_nonces import (
    ADMIN,
    ANCHORER,
    EVERYDAY,
    FINISHED,
    FORMER_ADMIN,
    RELAYER,
    RETIRED,
    RETIRING,
    REVOKED,
    REVOKING,
    purposes,
    set_purpose,
)
from consent.account_reports import AdminRotation, LedgerAccount, Rotation
from consent.account_roles import ADMIN as ADMIN_ROLE
from consent.account_roles import ANCHOR, CUSTODIAN, PAUSER
from consent.chain import Chain, Finality
from consent.deployment import Deployment
from consent.errors import ConsentInvalid
from consent.limits import LedgerLimits
from consent.mirror import Mirror
from consent.outbox import Outbox
from consent.own_accounts import GAS_RESERVES, KeyFiles, Outboxes
from consent.raw_transactions import RelayerAccount
from consent.role_changes import RoleChanges

OTHER: Final = "other"
"""The use of an account with a role that is none of this installation's."""
CUSTODIAN_USE: Final = "custodian"
"""The use of the account that enrols where the others are separate."""
_ROLES: Final = {EVERYDAY: (CUSTODIAN, ANCHOR), ANCHORER: (ANCHOR,), RELAYER: ()}
"""What each kind of account needs. Without anchor, one that enrols counts as retired."""
_SHARES: Final = {EVERYDAY: 2, RELAYER: 2, ANCHORER: 10}
"""A new account gets one part in so many of the payer's money."""


def can_separate(finality: Finality) -> bool:
    """Return whether a chain keeps the order of several accounts' transactions.

    A single validator that loses its newest blocks gets them again, with another head if
    another account's new transaction is mined between them. The nonces of one account exclude it.
    """
    return finality != "single"


class Accounts:
    """The accounts of one installation on one ledger; roles are those that are proved.

    A change of roles is a transaction of the admin's account. Each step looks at what is done
    already, so an interrupted exchange is completed by calling it again.
    """

    def __init__(  # noqa: PLR0913 - the parts of the ledger
        self,
        engine: sa.Engine,
        chain: Chain,
        mirror: Mirror,
        outboxes: Outboxes,
        deployment: Deployment,
        limits: LedgerLimits,
    ) -> None:
        self._engine = engine
        self._deployment = deployment
        self._outboxes = outboxes
        self._custodian = outboxes.custodian
        self._changes = RoleChanges(engine, chain, mirror, deployment.contract, limits)

    def list(self) -> list[LedgerAccount]:
        """Return the accounts, those that are in use first.

        Raises:
            LedgerUnavailable, LedgerBroken: the ledger cannot be read.
        """
        roles = self._changes.read()
        others = {
            "0x" + account.hex(): ADMIN if roles.has(ADMIN_ROLE, account) else OTHER
            for account in roles.accounts()
        }
        uses = others | purposes(self._engine)
        uses[self._custodian.address] = uses.get(self._custodian.address, EVERYDAY)
        if self.are_separate:
            uses = {each: CUSTODIAN_USE if use == EVERYDAY else use for each, use in uses.items()}
        order = (
            *(RELAYER, EVERYDAY, CUSTODIAN_USE, ANCHORER, ADMIN),
            *(RETIRING, RETIRED, REVOKING, REVOKED, FORMER_ADMIN, OTHER),
        )
        listed = sorted(uses, key=lambda address: (order.index(uses[address]), address))
        return [
            LedgerAccount(
                address=address,
                use=uses[address],
                roles=roles.names_of(bytes.fromhex(address[2:])),
                wei=self._changes.balance(address),
            )
            for address in listed
        ]

    @property
    def are_separate(self) -> bool:
        """Whether relaying, enrolling and anchoring have an account each."""
        return self._outboxes.are_separate

    def has_admin(self) -> bool:
        """Return whether another account than the one that enrols administers the contract.

        Raises:
            LedgerUnavailable, LedgerBroken: the ledger cannot be read.
        """
        custodian = bytes.fromhex(self._custodian.address[2:])
        return not self._changes.read().has(ADMIN_ROLE, custodian)

    def separate(self, admin: RelayerAccount, *, relayer: KeyFiles, anchor: KeyFiles) -> None:
        """Give relaying and anchoring an account each; the present one goes on enrolling.

        Processes that run go on with the present account until they are restarted. An account
        that administers the contract as well hands that to `admin` first.

        Raises:
            NotPermitted: `admin` is not the contract's admin.
            ConsentInvalid: the chain has a single validator, an account cannot pay (the message
                names it and the amount), or the key of the account that enrols is missing.
            LedgerUnavailable: a step was not confirmed in time; call it again.
        """
        if not can_separate(self._deployment.finality):
            raise ConsentInvalid(
                "accounts are separate on chains with finality bft or pos; a chain of a single "
                "validator can lose its newest blocks, and the nonces of one account keep the order"
            )
        self._require_enroller()
        self._hand_admin(admin)
        for purpose, keys in ((ANCHORER, anchor), (RELAYER, relayer)):
            if self._outboxes.of(purpose) is self._custodian:
                self._add(keys.make_next(), purpose, admin, self._custodian)
                keys.switch()

    def rotate(
        self,
        admin: RelayerAccount | None,
        keys: KeyFiles,
        *,
        is_revoked: bool,
        purpose: str = EVERYDAY,
    ) -> Rotation:
        """Exchange the account of a purpose for a new one, or complete an exchange that was begun.

        Afterwards nothing counts that the former account enrols or anchors. Unless it `is_revoked`
        it can still propose recoveries for the patients whom it enrolled. An account that
        administers the contract as well hands that to `admin` first. A relayer needs no `admin`.

        Raises:
            NotPermitted: `admin` is not the contract's admin.
            ConsentInvalid: the accounts are not separate, another exchange needs the admin, or an
                account cannot pay; the message names it and the amount.
            LedgerUnavailable: a step was not confirmed in time; call it again.
        """
        is_missing = self._is_enroller_missing()
        if (begun := self._find_begun()) and not is_missing:
            return self._finish(admin, begun, waiting=0)
        own = self._outboxes.of(purpose)
        if purpose != EVERYDAY and own is self._custodian:
            self._require_enroller()
            remedy = "run vouchsafe accounts rotate"
            if can_separate(self._deployment.finality):
                remedy = "run vouchsafe accounts separate, restart web and worker, then repeat this"
            raise ConsentInvalid(f"the account {own.address} has other tasks too: {remedy}")
        if admin is not None:
            self._hand_admin(admin)
        own.nonces.require_row()  # a key that was lost, and made again, never wrote
        new = keys.make_next()
        former, replaced = own.address, self._outboxes.purposes_of(own)
        if purpose == EVERYDAY and is_missing:
            former, replaced = self._find_missing(new.address), {EVERYDAY}
        is_revoked = is_revoked or purposes(self._engine).get(former) in (REVOKING, REVOKED)
        is_stolen = is_revoked and former == own.address
        self._add(new, purpose, admin, self._payer(own, admin, is_revoked=is_stolen))
        # From here on no process writes an enrolment or an anchor from the former account, so that
        # none can come after the end of its roles and be lost.
        set_purpose(self._engine, former, REVOKING if is_revoked else RETIRING)
        waiting = self._changes.await_sent(own, former, is_required=not is_revoked)
        keys.switch()
        present = dict.fromkeys(replaced, new.address)
        return self._finish(admin, former, waiting=waiting, present=present)

    def revoke(self, admin: RelayerAccount, address: str) -> Rotation:
        """Take every role from an account that is not in use, whose key others may have.

        It was replaced, or its key was lost here, so that another account took its place.

        Raises:
            ConsentInvalid: an account in use, an admin, or none of this installation's.
            NotPermitted, LedgerUnavailable: as `rotate`.
        """
        address = address.lower()
        is_used = address in {each.address for each in self._outboxes}
        if is_used or purposes(self._engine).get(address, ADMIN) in (ADMIN, FORMER_ADMIN):
            raise ConsentInvalid(
                f"{address} is no former account of this installation; run: vouchsafe accounts"
            )
        self._changes.require_admin(admin)
        set_purpose(self._engine, address, REVOKING)
        return self._finish(admin, address, waiting=0)

    def rotate_admin(self, admin: RelayerAccount, keys: KeyFiles) -> AdminRotation:
        """Let a new account administer the contract, or complete an exchange that was begun.

        Afterwards `admin` has no role. The new account takes the first role from it, which shows
        that its key works, before `admin` gives up the right to administer.

        Raises:
            NotPermitted: `admin` is not the contract's admin.
            ConsentInvalid: the account that enrols is the admin, or cannot pay for the new one.
            LedgerUnavailable: a step was not confirmed in time; call it again.
        """
        if not self.has_admin():
            raise ConsentInvalid(
                f"the account {self._custodian.address} enrols and administers the contract; "
                "run: vouchsafe accounts rotate"
            )
        if (former := self._find_former_admin(admin.address)) is None:
            former, admin = admin.address, self._replace_admin(admin, keys)
        set_purpose(self._engine, former, FORMER_ADMIN)
        return AdminRotation(former=former, admin=admin.address)

    def _find_former_admin(self, present: str) -> str | None:
        """Return the account that `present` replaced, where only the note of it is missing."""
        roles = self._changes.read()
        if not roles.has(ADMIN_ROLE, bytes.fromhex(present[2:])):
            return None
        listed = [each for each, use in purposes(self._engine).items() if use == ADMIN]
        ended = [each for each in listed if not roles.has(ADMIN_ROLE, bytes.fromhex(each[2:]))]
        return next(iter(ended), None)

    def _replace_admin(self, admin: RelayerAccount, keys: KeyFiles) -> RelayerAccount:
        """Exchange the admin and its key; skip what an interrupted exchange did."""
        own = bytes.fromhex(admin.address[2:])
        was_admin = purposes(self._engine).get(admin.address) == ADMIN
        has_given_up = was_admin and not self._changes.read().has(ADMIN_ROLE, own)
        if not has_given_up:
            self._changes.require_admin(admin)
        new = keys.make_next()
        if not has_given_up:
            self._hand_over(admin, new)
        self._changes.require_admin(new)
        keys.switch()
        return new

    def _hand_over(self, admin: RelayerAccount, new: RelayerAccount) -> None:
        self._changes.pay_admin(new.address, self._custodian)
        sender = self._changes.open_outbox(admin, ADMIN)
        for role in (PAUSER, ADMIN_ROLE):
            self._changes.set_role(sender, abi.GRANT_ROLE, role, new.address)
        # Its row comes after its role: an admin's row without the role is that of a former one.
        taker = self._changes.open_outbox(new, ADMIN)
        self._changes.set_role(taker, abi.REVOKE_ROLE, PAUSER, admin.address)
        self._changes.set_role(sender, abi.REVOKE_ROLE, ADMIN_ROLE, admin.address)

    def _find_begun(self) -> str | None:
        """Return a former account whose exchange was begun and is not complete."""
        begun = {address for address, use in purposes(self._engine).items() if use in FINISHED}
        return next(iter(begun - {each.address for each in self._outboxes}), None)

    def _is_enroller_missing(self) -> bool:
        """Return whether the account that enrols has no key here, so that another's is used."""
        return purposes(self._engine).get(self._custodian.address) in (RELAYER, ANCHORER)

    def _find_missing(self, new: str) -> str:
        """Return the account that enrolled until its key was lost; `new` takes its place."""
        uses = purposes(self._engine)
        unused = sorted(uses.keys() - {new, *(each.address for each in self._outboxes)})
        order = (RETIRING, REVOKING, EVERYDAY, RETIRED, REVOKED)
        chosen = (each for use in order for each in unused if uses[each] == use)
        return next(chosen, self._custodian.address)

    def _require_enroller(self) -> None:
        if self._is_enroller_missing():
            raise ConsentInvalid(
                "the key of the account that enrols is missing: restore custodian.key from a "
                "backup, or run: vouchsafe accounts rotate"
            )

    def _finish(
        self,
        admin: RelayerAccount | None,
        former: str,
        *,
        waiting: int,
        present: Mapping[str, str] = MappingProxyType({}),
    ) -> Rotation:
        """Take the roles of a former account; `present` has the account that each task got now."""
        begun, account = purposes(self._engine)[former], bytes.fromhex(former[2:])
        ended = (ANCHOR, CUSTODIAN) if begun == REVOKING else (ANCHOR,)
        roles = self._changes.read()
        if any(roles.has(role, account) for role in ended):
            if admin is None:
                raise ConsentInvalid(
                    f"the exchange of {former} is not complete: complete it first with vouchsafe "
                    "accounts rotate custodian"
                )
            sender = self._changes.require_admin(admin)
            for role in ended:
                self._changes.set_role(sender, abi.REVOKE_ROLE, role, former)
        use = FINISHED[begun]
        set_purpose(self._engine, former, use)
        addresses = [
            present.get(each, self._outboxes.of(each).address)
            for each in (RELAYER, EVERYDAY, ANCHORER)
        ]
        relayer, custodian, anchor = addresses
        return Rotation(
            former=former,
            use=use,
            relayer=relayer,
            custodian=custodian,
            anchor=anchor,
            waiting=waiting,
        )

    def _hand_admin(self, admin: RelayerAccount) -> None:
        """Let `admin` administer the contract, and no longer the account that enrols."""
        own = bytes.fromhex(self._custodian.address[2:])
        roles, other = self._changes.read(), bytes.fromhex(admin.address[2:])
        if not roles.has(ADMIN_ROLE, other) and roles.has(ADMIN_ROLE, own):
            self._changes.pay_admin(admin.address, self._custodian)
            for role in (PAUSER, ADMIN_ROLE):
                self._changes.set_role(self._custodian, abi.GRANT_ROLE, role, admin.address)
        sender = self._changes.require_admin(admin)
        if own != other:
            for role in (PAUSER, ADMIN_ROLE):
                self._changes.set_role(sender, abi.REVOKE_ROLE, role, self._custodian.address)

    def _payer(self, own: Outbox, admin: RelayerAccount | None, *, is_revoked: bool) -> Outbox:
        """Return what pays for the account that replaces `own`.

        Anyone with the key of a revoked account could hold up or overtake its payment.
        """
        others = [each for each in self._outboxes if each is not own]
        if not is_revoked:
            return own
        if others:
            return others[0]
        if admin is None:
            raise ConsentInvalid("an account that does everything is revoked by its admin: name it")
        return self._changes.open_outbox(admin, ADMIN)

    def _add(
        self, new: RelayerAccount, purpose: str, admin: RelayerAccount | None, payer: Outbox
    ) -> None:
        """Give a new account money and its roles; it counts as ours before it has them."""
        self._changes.open_outbox(new, purpose)
        share = self._changes.balance(payer.address) // _SHARES[purpose]
        self._changes.require_money(new.address, GAS_RESERVES[purpose], share, payer)
        for role in _ROLES[purpose]:
            if admin is None:
                raise ConsentInvalid(f"a new account for {purpose} needs the admin: name its key")
            sender = self._changes.require_admin(admin)
            self._changes.set_role(sender, abi.GRANT_ROLE, role, new.address)
