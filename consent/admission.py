"""Checks signed messages before they are sent; the contract checks them again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from consent.abi import BADLY_SIGNED
from consent.admission_rules import AdmissionRules
from consent.chain import Chain
from consent.deployment import Deployment
from consent.errors import ConsentInvalid, LedgerBroken, LedgerUnavailable, SignatureInvalid
from consent.freshness import MAX_AHEAD_S
from consent.mirror import Mirror
from consent.passkeys import is_passkey_signature
from consent.recoveries import WAITING
from consent.signatures import recover
from consent.state import LedgerState
from consent.terms import (
    Enrolment,
    Grant,
    KeyAddition,
    Message,
    RecoveryVeto,
    Signed,
    Stop,
    Withdrawal,
)
from consent.transactions import (
    ACCOUNT_BYTES,
    PASSKEY_BYTES,
    Checked,
    Kind,
    Outcome,
    encode_checked,
    is_too_large,
)
from consent.typed_data import Domain, consent_id, digest, terms_hash
from consent.wording import require_terms

REVERTED: Final = "reverted"
_REVOCATIONS: Final = (Withdrawal, Stop)
_BUSY_AHEAD_S: Final = MAX_AHEAD_S * 3 // 4
"""Where the chain's clock is ahead by more seconds than this, only what takes rights away is sent:
each further block would bring the moment nearer at which every view is refused."""


class _Refusal(Exception):
    """Carries the code of the reason for which a message is not sent."""


class Admission:
    """The checks of one ledger; what passes them, the contract checks again."""

    def __init__(
        self,
        chain: Chain,
        mirror: Mirror,
        deployment: Deployment,
        custodian: str,
        clock: Callable[[], float],
    ) -> None:
        self.contract = deployment.contract
        self.domain = Domain(deployment.chain_id, deployment.contract)
        self._chain = chain
        self._mirror = mirror
        self._verifiers = {bytes.fromhex(verifier[2:]) for verifier in deployment.verifiers}
        self._sender = custodian
        self._custodian = bytes.fromhex(custodian[2:])
        self._clock = clock

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
        now_s = int(self._clock())
        state, block_time_s = self._state(kind, now_s)
        rules = AdmissionRules(state, signed, now_s, block_time_s)
        admitted = []
        for index, item in enumerate(signed, start=first):
            try:
                admitted.append(self._check(kind, index, item, rules))
            except _Refusal as refusal:
                outcomes[index] = Outcome(False, str(refusal), _name(item.message), "")
        return admitted

    def needs_chain(self, signed: Signed) -> bool:
        """Return whether the signature is none of a plain account or a passkey (ERC-1271)."""
        if len(signed.signer) != ACCOUNT_BYTES:
            return False
        try:
            return recover(self._digest(signed), signed.signature) != signed.signer
        except (SignatureInvalid, _Refusal):
            return True

    def why_reverted(self, sender: str, data: bytes) -> str:
        """Return the code of the reason for which a call to the contract reverted."""
        try:
            return self._chain.find_refusal(sender, self.contract, data) or REVERTED
        except LedgerUnavailable:
            return REVERTED

    def _state(self, kind: Kind, now_s: int) -> tuple[LedgerState, int]:
        """Return the newest state and the time of its newest block."""
        try:
            view, state = self._mirror.sync()
        except (LedgerUnavailable, LedgerBroken):
            if kind.counts_once_stored:  # always possible: the newest known keys must do
                return self._mirror.state(), 0
            raise
        ahead_s = view.block_time_s - now_s
        if ahead_s > _BUSY_AHEAD_S and not kind.counts_once_stored:
            raise LedgerUnavailable(
                f"the chain's clock is {ahead_s} s ahead of this host's, more than "
                f"{_BUSY_AHEAD_S} s: too much was sent at once; try again later"
            )
        return state, view.block_time_s

    def _check(self, kind: Kind, index: int, signed: Signed, rules: AdmissionRules) -> Checked:
        message = signed.message
        hashed = self._digest(signed)
        if isinstance(message, Enrolment):
            self._require_enrolment(signed, message)
        if isinstance(message, _REVOCATIONS):
            _require(rules.find_refusal(signed))  # first: their signers may be out of reach
        alone = self._require_signed(signed, hashed)
        if isinstance(message, Grant | RecoveryVeto):
            _require(rules.find_refusal(signed))
        checked = encode_checked(kind, index, signed, alone)
        if is_too_large(checked):
            raise _Refusal("signature-too-large")
        if kind.values is not None and not self._refuses_proposal(message):
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

    def _refuses_proposal(self, message: Message) -> bool:
        """Return whether this refuses a key that waits: it is stored whatever the node says."""
        if not isinstance(message, RecoveryVeto):
            return False
        recoveries = self._mirror.recoveries.of_subject(message.subject)
        return any(each.state == WAITING and each.signer == message.signer for each in recoveries)

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
            return self._require_contract(signer, hashed, signature)
        if len(signer) != PASSKEY_BYTES or signer[:ACCOUNT_BYTES] not in self._verifiers:
            raise _Refusal("signer-malformed")
        if not is_passkey_signature(signer, hashed, signature):
            raise _Refusal(BADLY_SIGNED)
        return False

    def _require_contract(self, signer: bytes, hashed: bytes, signature: bytes) -> bool:
        """Ask an account with code (ERC-1271); nothing that it refuses now is sent or stored."""
        if not self._chain.signed_by_contract(signer, hashed, signature):
            raise _Refusal(BADLY_SIGNED)
        return True


def _name(message: Message) -> bytes | None:
    """Return the id of the consent that a grant would make."""
    try:
        if not isinstance(message, Grant):
            return None
        return consent_id(message.subject, terms_hash(message.terms))
    except ConsentInvalid:
        return None


def _require(refusal: str | None) -> None:
    if refusal is not None:
        raise _Refusal(refusal)
