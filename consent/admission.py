"""Checks signed messages before they are sent, so that a wrong one is refused at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from consent.chain import Chain
from consent.deployment import Deployment
from consent.errors import ConsentInvalid, LedgerBroken, LedgerUnavailable, SignatureInvalid
from consent.mirror import Mirror
from consent.signatures import recover
from consent.state import LedgerState
from consent.terms import Enrolment, Grant, KeyAddition, Signed, Stop, Withdrawal
from consent.transactions import (
    ACCOUNT_BYTES,
    PASSKEY_BYTES,
    Checked,
    Kind,
    Outcome,
    check,
    is_too_large,
)
from consent.typed_data import Domain, digest, keccak
from consent.wording import require_terms

BADLY_SIGNED: Final = "badly-signed"
_TAKES_BACK: Final = (Withdrawal, Stop)


class _Refusal(Exception):
    """Carries the reason for which one message is not sent."""


class Admission:
    """The checks of one ledger; what it lets through, the contract checks again."""

    def __init__(
        self, chain: Chain, mirror: Mirror, deployment: Deployment, custodian: str
    ) -> None:
        self.contract = deployment.contract
        self.domain = Domain(deployment.chain_id, deployment.contract)
        self._chain = chain
        self._mirror = mirror
        self._verifiers = {bytes.fromhex(known[2:]) for known in deployment.verifiers}
        self._sender = custodian
        self._custodian = bytes.fromhex(custodian[2:])

    def admit(
        self,
        kind: Kind,
        first: int,
        signed: Sequence[Signed],
        outcomes: dict[int, Outcome],
    ) -> list[Checked]:
        """Return what may be sent; what may not is put into `outcomes` with its reason.

        Raises:
            LedgerUnavailable: the chain is away, and these are not withdrawals or stops.
        """
        state, now_s = self._state(kind)
        expired = set(state.expired_keys(now_s))
        admitted = []
        for place, one in enumerate(signed, start=first):
            try:
                # By our clock, whatever time a delegate says that it signed at.
                about = one.message.subject, keccak(one.signer)
                if about in expired and isinstance(one.message, Grant):
                    raise _Refusal("key-ended")
                admitted.append(self._checked(kind, place, one, state))
            except _Refusal as refusal:
                outcomes[place] = Outcome(False, str(refusal), None, "")
        return admitted

    def why_reverted(self, sender: str, data: bytes) -> str:
        """Return our word for why a call to the contract reverted."""
        try:
            return self._chain.find_refusal(sender, self.contract, data) or "reverted"
        except LedgerUnavailable:
            return "reverted"

    def _state(self, kind: Kind) -> tuple[LedgerState, int]:
        try:
            view, state = self._mirror.sync()
        except (LedgerUnavailable, LedgerBroken):
            if kind.counts_when_kept:  # always possible: the newest known keys must do
                return self._mirror.state(), 0
            raise
        return state, view.seen_at_s

    def _checked(self, kind: Kind, place: int, one: Signed, state: LedgerState) -> Checked:
        message = one.message
        try:
            hashed = digest(self.domain, message)
            if isinstance(message, Grant):
                require_terms(message.terms)
        except ConsentInvalid as exc:
            raise _Refusal("terms-invalid") from exc
        if isinstance(message, Enrolment):
            self._require_enrolment(one, message)
        if isinstance(message, _TAKES_BACK) and not _speaks_for(state, message.subject, one.signer):
            # It counts as soon as it is kept, so a stranger's must not be kept at all.
            raise _Refusal("key-unknown")
        alone = self._require_signed(one, hashed)
        checked = check(kind, place, one, alone)
        if is_too_large(checked):
            raise _Refusal("signature-too-large")
        if kind.values is not None:
            self._require_taken(checked)
        return checked

    def _require_signed(self, one: Signed, hashed: bytes) -> bool:
        """Check every signature of a message; True if it must travel alone."""
        message = one.message
        try:
            if isinstance(message, KeyAddition):
                self._is_alone(message.signer, hashed, one.proof)
            return self._is_alone(one.signer, hashed, one.signature)
        except LedgerUnavailable:
            if not isinstance(message, _TAKES_BACK):
                raise
            # No chain, no permits: taking a forged one back as well harms nobody until the
            # chain is there again, and then the contract refuses it.
            return True

    def _require_taken(self, checked: Checked) -> None:
        """Refuse a call that would revert now: each would cost gas and be kept for nothing."""
        refusal = self._chain.find_refusal(self._sender, self.contract, checked.struct)
        if refusal is not None:
            raise _Refusal(refusal)

    def _require_enrolment(self, one: Signed, message: Enrolment) -> None:
        if message.custodian != self._custodian:
            raise _Refusal("not-the-custodian")
        if message.signer != one.signer:
            raise _Refusal(BADLY_SIGNED)

    def _is_alone(self, signer: bytes, hashed: bytes, signature: bytes) -> bool:
        """Check the signature; True for a contract account, which only the chain can ask."""
        if len(signer) == ACCOUNT_BYTES:
            try:
                if recover(hashed, signature) == signer:
                    return False
            except SignatureInvalid:
                pass  # a contract's signature has any form
            return self._require_contract(signer)
        if len(signer) != PASSKEY_BYTES or signer[:ACCOUNT_BYTES] not in self._verifiers:
            raise _Refusal("signer-malformed")
        if not self._chain.signed_by_passkey(signer, hashed, signature):
            raise _Refusal(BADLY_SIGNED)
        return False

    def _require_contract(self, signer: bytes) -> bool:
        if not self._chain.code("0x" + signer.hex()):
            raise _Refusal(BADLY_SIGNED)
        return True


def _speaks_for(state: LedgerState, subject: bytes, signer: bytes) -> bool:
    number = state.index.find_one(subject)
    wanted = np.frombuffer(keccak(signer), np.uint8)
    active = state.keys.key_hash[state.of.keys == number]
    removed = state.removals.key_hash[state.of.removals == number]
    is_active = bool((active == wanted).all(axis=1).any())
    return number >= 0 and is_active and not bool((removed == wanted).all(axis=1).any())
