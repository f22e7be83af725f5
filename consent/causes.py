"""Reads the transactions behind changes of the ledger, and what each of them claims."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from consent.abi import Change
from consent.calldata import Claim, Claims, Message, read_claims
from consent.chain import Chain
from consent.outbox import Outbox
from consent.raw_transactions import SentCall, read_call
from consent.typed_data import Domain, Op, keccak

_WORD: Final = 32


@dataclass(frozen=True, slots=True)
class Cause:
    """The transaction behind some changes; `is_ours`: written here, after admission."""

    call: SentCall
    claims: Claims
    is_ours: bool

    def claims_for(self, change: Change) -> list[Claim]:
        """Return what the transaction brought for exactly this change."""
        claims = self.claims.get(message_of(change), [])
        if not claims and change.op == Op.STOPPED:
            return self.claims.get((change.op, change.body[:_WORD]), [])
        return claims


def message_of(change: Change) -> Message:
    """Return the message that makes a change, as `consent.calldata.list_claims` gives it."""
    words = change.body
    if change.op == Op.GRANTED:
        words = words[: 2 * _WORD] + words[3 * _WORD :]
    return change.op, words


class Causes:
    """Reads transactions from the outbox, and those of others from the chain."""

    def __init__(self, chain: Chain, outbox: Outbox, domain: Domain) -> None:
        self._chain = chain
        self._outbox = outbox
        self._domain = domain

    def read(self, names: Sequence[bytes], accounts: Collection[bytes]) -> dict[bytes, Cause]:
        """Return, by its hash, each of these transactions that calls our contract.

        Raises:
            LedgerUnavailable: one of them cannot be read.
        """
        ours = self._outbox.signed_here(names)
        foreign = [name for name in names if name not in ours]
        raws = ours | dict(zip(foreign, self._chain.raw_transactions(foreign), strict=True))
        causes = {
            name: self._cause(raws[name], name in ours, accounts)
            for name in names
            if keccak(raws[name]) == name
        }
        return {name: cause for name, cause in causes.items() if cause is not None}

    def with_messages(
        self, changes: Sequence[Change], accounts: Collection[bytes], *, is_whole: bool
    ) -> dict[Message, list[Cause]]:
        """Return our own transactions with a signed message that could have made these changes.

        Anybody who sees a message can bring it first, through a contract, so that the transaction
        behind the change shows no signature. See `OwnMessages.find`.
        """
        messages = {message_of(change) for change in changes}
        raws = self._outbox.messages.find(messages, is_whole=is_whole)
        causes = {
            message: [self._cause(raw, is_here, accounts) for raw, is_here in each]
            for message, each in raws.items()
        }
        return {message: list(filter(None, each)) for message, each in causes.items()}

    def _cause(self, raw: bytes, is_here: bool, accounts: Collection[bytes]) -> Cause | None:
        call = read_call(raw)
        if call is None or call.to != bytes.fromhex(self._domain.contract[2:]):
            return None
        if call.chain_id not in (0, self._domain.chain_id):
            return None
        return Cause(call, read_claims(call), is_here and call.sender in accounts)
