"""Has a patient sign a message, brings it to the ledger once, and does what follows from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from consent import (
    PENDING,
    Grant,
    KeyAddition,
    KeyRemoval,
    Message,
    Outcome,
    RecoveryVeto,
    Signed,
    Stop,
    Withdrawal,
    keccak,
)
from services.accounts import AlreadySigned, ProofInvalid, SignatureRequest
from services.patient.asker import Asker
from services.platform import Platform
from services.requests import ACCEPTED

KNOWN: Final = "consent-id-used"
KEY_KNOWN: Final = "key-used"
OPT_OUT: Final = "opt-out"
_WHY: Final = {Withdrawal: "withdrawal", Stop: "stop"}


@dataclass(frozen=True, slots=True)
class Brought:
    """What became of a signature; `is_again` means that it had been brought before."""

    prepared: SignatureRequest
    outcome: Outcome
    is_again: bool

    @property
    def is_in_force(self) -> bool:
        """True when it counts: confirmed, or taken back and only waiting for the register."""
        return self.outcome.ok or self.outcome.reason == PENDING

    @property
    def is_known(self) -> bool:
        """True when it counts, or did: the ledger has this permission already."""
        return self.is_in_force or self.outcome.reason == KNOWN


def prepare(asker: Asker, message: Message, **after: Any) -> SignatureRequest:
    """Keep for ten minutes what is to be signed; `after` notes what follows when it is in force.

    ``request`` is the request that a grant answers; ``research="off"`` is an opt-out.
    """
    return asker.platform.identity.signatures.prepare(asker.me, message, after)


def bring(asker: Asker, identity: str, credential: Mapping[str, Any]) -> Brought:
    """Bring what a device or wallet signed to the ledger, and keep what became of it.

    `credential` is WebAuthn's, as JSON, or ``{"wallet": …, "signature": …}`` in hex. Pressed twice,
    the second press is told the first result. After a withdrawal or a stop, what grantees could
    open is re-keyed by a job. After a change of keys every session of the account has ended:
    answer through web.cookies.renewed.

    Raises:
        SignatureExpired: unknown, another's, or ten minutes are over.
        ProofInvalid: another key, message or site; nothing was sent.
        LedgerUnavailable (consent): nothing was kept but what the outbox has; it can be sent again.
    """
    people = asker.platform.identity
    prepared = people.signatures.get(asker.me, identity)
    try:
        signed = _signed(asker, identity, credential)
    except AlreadySigned as exc:
        brought = Brought(prepared, exc.outcome, True)
        _follow(asker, brought)
        return brought
    if isinstance(signed.message, KeyAddition):
        signed = replace(signed, proof=people.passkey_changes.proof_of(prepared))
    outcome = _submit(asker.platform, signed)
    if outcome.ok:
        people.passkey_changes.apply(asker.me, prepared, signed.message)
    outcome = people.signatures.record_outcome(asker.me, identity, outcome)
    brought = Brought(people.signatures.get(asker.me, identity), outcome, False)
    _follow(asker, brought)
    return brought


def _signed(asker: Asker, identity: str, credential: Mapping[str, Any]) -> Signed:
    signings = asker.platform.identity.signatures
    if "wallet" not in credential:
        return signings.finish(asker.me, identity, credential)
    address, signature = (_bytes(credential.get(name)) for name in ("wallet", "signature"))
    return signings.finish_with_wallet(asker.me, identity, address, signature)


def _follow(asker: Asker, brought: Brought) -> None:
    """Answer the request, or re-key after an opt-out; done again, it changes nothing."""
    after = brought.prepared.context
    if "request" in after and brought.is_known:
        requests = asker.platform.asking.requests
        one = requests.get(asker.subject, str(after["request"]))
        requests.record_answer(one, ACCEPTED, brought.outcome.consent_id)
    if after.get("research") == "off" and brought.is_in_force:
        _rekey(asker.platform, asker.subject, OPT_OUT)


def _submit(platform: Platform, signed: Signed) -> Outcome:
    kind, ledger = type(signed.message), platform.ledger
    bring_to = {
        Grant: ledger.grant,
        Withdrawal: ledger.withdraw,
        Stop: ledger.stop,
        KeyAddition: ledger.keys.add,
        KeyRemoval: ledger.keys.remove,
        RecoveryVeto: ledger.keys.veto_recovery,
    }
    if kind not in bring_to:
        raise ProofInvalid(f"a patient brings no {kind.__name__}", "changed")
    outcome = bring_to[kind]([signed])[0]
    if _is_known(platform, signed, outcome):
        # The ledger took it, and we died before we wrote that down: it is in force.
        outcome = replace(outcome, ok=True, reason="")
    if kind in _WHY and (outcome.ok or outcome.reason == PENDING):
        _rekey(platform, signed.message.subject, _WHY[kind])
    return outcome


def _rekey(platform: Platform, subject: bytes, why: str) -> None:
    platform.jobs.enqueue("rekey", {"subjects": [subject.hex()], "why": why}, "patients")


def _is_known(platform: Platform, signed: Signed, outcome: Outcome) -> bool:
    message = signed.message
    if isinstance(message, KeyAddition) and outcome.reason == KEY_KNOWN:
        keys, hashed = platform.ledger.keys.of_subject(message.subject), keccak(message.signer)
        return any(one.key_hash == hashed and not one.is_removed for one in keys)
    if outcome.reason != KNOWN:
        return False
    known = platform.ledger.consents_of(message.subject)
    return any(one.consent_id == outcome.consent_id and one.state == "active" for one in known)


def _bytes(told: Any) -> bytes:
    try:
        return bytes.fromhex(str(told).removeprefix("0x"))
    except ValueError as exc:
        raise ProofInvalid("the signing program sent no signature", "cancel") from exc
