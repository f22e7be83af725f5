"""Checks signed messages before they are sent; the contract checks them again."""

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
    encode_checked,
    is_too_large,
)
from consent.typed_data import Domain, digest, keccak
from consent.wording import require_terms

BADLY_SIGNED: Final = "badly-signed"
REVERTED: Final = "reverted"
_REVOCATIONS: Final = (Withdrawal, Stop)


class _Refusal(Exception):
    """Carries the code of the reason for which a message is not sent."""


class Admission:
    """The checks of one ledger; what passes them, the contract checks again."""

    def __init__(
        self, chain: Chain, mirror: Mirror, deployment: Deployment, custodian: str
    ) -> None:
        self.contract = deployment.contract
        self.domain = Domain(deployment.chain_id, deployment.contract)
        self._chain = chain
        self._mirror = mirror
        self._verifiers = {bytes.fromhex(verifier[2:]) for verifier in deployment.verifiers}
        self._sender = custodian
        self._custodian = bytes.fromhex(custodian[2:])

    def admit(
        self,
        kind: Kind,
        first: int,
        signed: Sequence[Signed],
        outcomes: dict[int, Outcome],
    ) -> list[Checked]:
        """Return what may be sent; the others are put into `outcomes` with their reasons.

        `first` is the index of the first message in the caller's list.

        Raises:
            LedgerUnavailable: the chain is unavailable, and these are not withdrawals or stops.
        """
        state, now_s = self._state(kind)
        expired = set(state.expired_keys(now_s))
        admitted = []
        for index, item in enumerate(signed, start=first):
            try:
                # By our clock, whatever time a delegate claims to have signed at.
                key = item.message.subject, keccak(item.signer)
                if key in expired and isinstance(item.message, Grant):
                    raise _Refusal("key-ended")
                admitted.append(self._check(kind, index, item, state))
            except _Refusal as refusal:
                outcomes[index] = Outcome(False, str(refusal), None, "")
        return admitted

    def why_reverted(self, sender: str, data: bytes) -> str:
        """Return the code of the reason for which a call to the contract reverted."""
        try:
            return self._chain.find_refusal(sender, self.contract, data) or REVERTED
        except LedgerUnavailable:
            return REVERTED

    def _state(self, kind: Kind) -> tuple[LedgerState, int]:
        try:
            view, state = self._mirror.sync()
        except (LedgerUnavailable, LedgerBroken):
            if kind.counts_once_stored:  # always possible: the newest known keys must do
                return self._mirror.state(), 0
            raise
        return state, view.seen_at_s

    def _check(self, kind: Kind, index: int, signed: Signed, state: LedgerState) -> Checked:
        message = signed.message
        hashed = self._digest(signed)
        if isinstance(message, Enrolment):
            self._require_enrolment(signed, message)
        if isinstance(message, _REVOCATIONS) and not _can_sign(
            state, message.subject, signed.signer
        ):
            # It counts as soon as it is stored, so a stranger's must not be stored at all.
            raise _Refusal("key-unknown")
        alone = self._require_signed(signed, hashed)
        checked = encode_checked(kind, index, signed, alone)
        if is_too_large(checked):
            raise _Refusal("signature-too-large")
        if kind.values is not None:
            self._require_accepted(checked)
        return checked

    def _digest(self, signed: Signed) -> bytes:
        try:
            if isinstance(signed.message, Grant):
                require_terms(signed.message.terms)
            return digest(self.domain, signed.message)
        except ConsentInvalid as exc:
            raise _Refusal("terms-invalid") from exc

    def _require_signed(self, signed: Signed, hashed: bytes) -> bool:
        """Check every signature of a message; True if it needs a transaction of its own."""
        message = signed.message
        try:
            if isinstance(message, KeyAddition):
                self._is_by_contract(message.signer, hashed, signed.proof)
            return self._is_by_contract(signed.signer, hashed, signed.signature)
        except LedgerUnavailable:
            if not isinstance(message, _REVOCATIONS):
                raise
            # No chain, no permits: accepting a forged revocation as well harms nobody until the
            # chain is back, and then the contract refuses it.
            return True

    def _require_accepted(self, checked: Checked) -> None:
        """Refuse a call that would revert now: each would cost gas and be stored for nothing."""
        refusal = self._chain.find_refusal(self._sender, self.contract, checked.struct)
        if refusal is not None:
            raise _Refusal(refusal)

    def _require_enrolment(self, signed: Signed, message: Enrolment) -> None:
        if message.custodian != self._custodian:
            raise _Refusal("not-the-custodian")
        if message.signer != signed.signer:
            raise _Refusal(BADLY_SIGNED)

    def _is_by_contract(self, signer: bytes, hashed: bytes, signature: bytes) -> bool:
        """Check the signature; True for a contract account, which only the chain can check."""
        if len(signer) == ACCOUNT_BYTES:
            try:
                if recover(hashed, signature) == signer:
                    return False
            except SignatureInvalid:
                pass  # the signature of a contract account has any form
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


def _can_sign(state: LedgerState, subject: bytes, signer: bytes) -> bool:
    number = state.index.find_one(subject)
    key_hash = np.frombuffer(keccak(signer), np.uint8)
    added = state.keys.key_hash[state.of.keys == number]
    removed = state.removals.key_hash[state.of.removals == number]
    is_added = bool((added == key_hash).all(axis=1).any())
    return number >= 0 and is_added and not bool((removed == key_hash).all(axis=1).any())
