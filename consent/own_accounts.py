"""Names the accounts of an installation, and opens what writes from each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Protocol

import sqlalchemy as sa

from consent.account_nonces import ANCHORER, EVERYDAY, RELAYER
from consent.chain import MAX_TRANSACTION_GAS, Chain
from consent.outbox import Outbox
from consent.raw_transactions import RelayerAccount

GAS_RESERVES: Final = {
    RELAYER: 100 * MAX_TRANSACTION_GAS,
    EVERYDAY: 100 * MAX_TRANSACTION_GAS,
    ANCHORER: 10 * MAX_TRANSACTION_GAS,
}
"""How much gas the account of each task must be able to pay for."""


@dataclass(frozen=True, slots=True)
class OwnAccounts:
    """The accounts that the processes of an installation write from.

    Attributes:
        custodian: enrols patients and proposes new keys for them.
        relayer: pays for what patients sign, and has no role.
        anchor: anchors the journal and records.
        former: the custodians that were replaced, as far as their keys are here.
    """

    custodian: RelayerAccount
    relayer: RelayerAccount
    anchor: RelayerAccount
    former: tuple[RelayerAccount, ...] = ()

    @classmethod
    def single(cls, account: RelayerAccount, *former: RelayerAccount) -> OwnAccounts:
        """Return the accounts of an installation where one has every task."""
        return cls(account, account, account, former)

    def outboxes(self, engine: sa.Engine, chain: Chain) -> Outboxes:
        """Return the outbox of each task; the same one where an account has several."""
        custodian = Outbox(engine, chain, self.custodian)
        others = [
            custodian
            if account.address == custodian.address
            else Outbox(engine, chain, account, purpose)
            for account, purpose in ((self.relayer, RELAYER), (self.anchor, ANCHORER))
        ]
        return Outboxes(custodian, *others)


@dataclass(frozen=True, slots=True)
class Outboxes:
    """What writes from each account of an installation."""

    custodian: Outbox
    relayer: Outbox
    anchor: Outbox

    def __iter__(self) -> Iterator[Outbox]:
        """Yield each outbox once."""
        return iter({each.address: each for each in self._by_purpose().values()}.values())

    def of(self, purpose: str) -> Outbox:
        """Return the outbox of the account with this purpose."""
        return self._by_purpose()[purpose]

    @property
    def are_separate(self) -> bool:
        """Whether each task has an account of its own."""
        return len(list(self)) == len(self._by_purpose())

    def purposes_of(self, outbox: Outbox) -> set[str]:
        """Return the tasks of an outbox's account."""
        return {purpose for purpose, each in self._by_purpose().items() if each is outbox}

    def _by_purpose(self) -> dict[str, Outbox]:
        return {RELAYER: self.relayer, EVERYDAY: self.custodian, ANCHORER: self.anchor}


class KeyFiles(Protocol):
    """Where the keys of one kind of account are stored; each step is durable when it returns."""

    def make_next(self) -> RelayerAccount:
        """Return the account that comes next, with its key stored; the same until `switch`."""
        ...

    def switch(self) -> None:
        """Put the next account in the place of the present one, whose key is kept apart."""
        ...
