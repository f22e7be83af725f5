"""Messages that a patient signs: prepared, submitted to the ledger once, and followed up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from consent import (
    PENDING,
    ConsentError,
    ConsentLedger,
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
from services.accounts import (
    Account,
    AlreadySigned,
    IdentityService,
    ProofInvalid,
    SignatureExpired,
    SignatureRequest,
)
from services.errors import NotFound
from services.jobs.queue import JobQueue
from services.patient import acts
from services.patient.acts import PatientActs
from services.requests import ACCEPTED, ConsentRequests

CONSENT_KNOWN: Final = "consent-id-used"
KEY_KNOWN: Final = "key-used"
REKEY_REASONS: Final = {Withdrawal: "withdrawal", Stop: "stop"}
OPT_OUT: Final = "opt-out"
DENY: Final = "deny"
_OVER: Final = frozenset({"withdrawn", "expired"})
_LIVING: Final = frozenset({"active", "not-yet"})
OFF: Final = "off"
ON: Final = "on"
ACT_KINDS: Final = {
    Grant.__name__: acts.GRANTED,
    Withdrawal.__name__: acts.WITHDRAWN,
    Stop.__name__: acts.STOPPED,
    KeyAddition.__name__: acts.KEY_ADDED,
    KeyRemoval.__name__: acts.KEY_REMOVED,
    RecoveryVeto.__name__: acts.KEY_REFUSED,
}
RESEARCH_ACTS: Final = {OFF: acts.RESEARCH_OFF, ON: acts.RESEARCH_ON}


@dataclass(frozen=True, slots=True)
class SubmittedSignature:
    """The result of a signature; `is_repeated` means that it had been submitted before."""

    request: SignatureRequest
    outcome: Outcome
    is_repeated: bool

    @property
    def transaction_hash(self) -> str | None:
        """Of the transaction that has it; None before there is one."""
        return self.outcome.transaction_hash or None

    @property
    def is_in_force(self) -> bool:
        """True when it is confirmed, or ends a use of records and waits for the ledger only."""
        return self.outcome.ok

    @property
    def is_pending(self) -> bool:
        """True while it waits for the ledger: of such messages, only a "no" is in force."""
        return self.outcome.reason == PENDING

    @property
    def is_granted(self) -> bool:
        """True when the ledger has this permission, from now or from before, or is to have it."""
        return self.is_in_force or self.is_pending or self.outcome.reason == CONSENT_KNOWN

    @property
    def ends_sessions(self) -> bool:
        """True when a key was added or removed by this call, so every session has ended."""
        is_key_change = self.request.kind in (KeyAddition.__name__, KeyRemoval.__name__)
        return is_key_change and self.is_in_force and not self.is_repeated


class PatientSignatures:
    """Prepares what a patient's device signs, and submits the signature."""

    def __init__(
        self,
        *,
        identity: IdentityService,
        ledger: ConsentLedger,
        requests: ConsentRequests,
        jobs: JobQueue,
        acts: PatientActs,
    ) -> None:
        self._acts = acts
        self._identity = identity
        self._ledger = ledger
        self._requests = requests
        self._jobs = jobs
        self._submit_by_type = {
            Grant: ledger.grant,
            Withdrawal: ledger.withdraw,
            Stop: ledger.stop,
            KeyAddition: ledger.keys.add,
            KeyRemoval: ledger.keys.remove,
            RecoveryVeto: ledger.keys.veto_recovery,
        }

    def prepare(self, account: Account, message: Message, **follow_up: Any) -> SignatureRequest:
        """Store a message for the patient to sign; it expires after ten minutes.

        `follow_up` is what happens when it is in force: ``request`` is the id of the request that a
        grant answers; ``research="off"`` marks an opt-out; ``party`` and ``consent`` (hex) say
        whose permission a withdrawal ends.
        """
        return self._identity.signatures.prepare(account, message, follow_up)

    def submit(
        self, account: Account, identity: str, credential: Mapping[str, Any]
    ) -> SubmittedSignature:
        """Submit a signature to the ledger. Repeating the call returns the first result.

        After a withdrawal or a stop, re-encryption of what recipients could open is queued. After a
        change of keys, every session of the account has ended.

        `credential` is WebAuthn's as JSON, or ``{"wallet": …, "signature": …}`` in hex.

        Raises:
            SignatureExpired: unknown, another account's, or expired.
            ProofInvalid: signed by another key, or another message; nothing was sent.
            LedgerUnavailable (consent): it can be submitted again.
        """
        signatures = self._identity.signatures
        request = signatures.get(account, identity)
        try:
            signed = self._signed(account, identity, credential)
        except AlreadySigned as exc:
            return self._follow_up(account, SubmittedSignature(request, exc.outcome, True))
        if isinstance(signed.message, KeyAddition):
            signed = replace(signed, proof=self._identity.passkey_changes.proof_of(request))
        outcome = self._send(signed)
        if outcome.ok:
            self._identity.passkey_changes.apply(account, request, signed.message)
        outcome = signatures.record_outcome(account, identity, outcome)
        request = signatures.get(account, identity)
        return self._follow_up(account, SubmittedSignature(request, outcome, False))

    def _signed(self, account: Account, identity: str, credential: Mapping[str, Any]) -> Signed:
        signatures = self._identity.signatures
        if "wallet" not in credential:
            return signatures.finish(account, identity, credential)
        address, signature = (_bytes(credential.get(name)) for name in ("wallet", "signature"))
        return signatures.finish_with_wallet(account, identity, address, signature)

    def _send(self, signed: Signed) -> Outcome:
        kind = type(signed.message)
        if kind not in self._submit_by_type:
            raise ProofInvalid(f"{kind.__name__} is not a message of patients", "changed")
        if isinstance(signed.message, Stop):
            self._require_all_ended(signed.message)
        outcome = self._submit_by_type[kind]([signed])[0]
        if self._is_on_ledger(signed, outcome):
            # It was sent by a process that ended before it stored the outcome.
            outcome = replace(outcome, ok=True, reason="")
        message = signed.message
        if isinstance(message, Withdrawal | Stop) and outcome.ok and self._takes_back(message):
            self._queue_rekey(message.subject, REKEY_REASONS[type(message)])
        return outcome

    def _takes_back(self, message: Withdrawal | Stop) -> bool:
        """Return whether somebody may have read records under what this message ends.

        A withdrawal of what was never granted, or of a refusal, takes nothing back, nor does a stop
        where every permission had ended before: nothing is re-encrypted after them. What this
        message has ended already counts, since its sender may have died before it was re-encrypted.
        """
        try:
            consents = self._ledger.consents_of(message.subject)
        except ConsentError:
            return True  # nobody can tell now
        permits = [c for c in consents if c.terms is None or c.terms.decision != DENY]
        if isinstance(message, Withdrawal):
            return any(consent.terms_hash == message.terms_hash for consent in permits)
        return any(
            consent.signed_at_s <= message.issued_at_s and consent.state not in _OVER
            for consent in permits
        )

    def _require_all_ended(self, stop: Stop) -> None:
        """Refuse a stop that would leave a permission in force which was signed after it.

        Raises:
            SignatureExpired: the patient can sign again, and the new stop ends it too.
        """
        try:
            consents = self._ledger.consents_of(stop.subject)
        except ConsentError:
            return  # nothing can be granted meanwhile, and ending is always possible
        if any(
            consent.signed_at_s > stop.issued_at_s
            and consent.state in _LIVING
            and (consent.terms is None or consent.terms.decision != DENY)
            for consent in consents
        ):
            raise SignatureExpired

    def _follow_up(self, account: Account, submitted: SubmittedSignature) -> SubmittedSignature:
        """Answer the request, or queue re-encryption; done again, it changes nothing."""
        context, outcome = submitted.request.context, submitted.outcome
        subject = bytes.fromhex(
            submitted.request.typed_data["message"]["subject"].removeprefix("0x")
        )
        if "request" in context and submitted.is_granted:
            request = self._requests.get(subject, str(context["request"]))
            self._requests.record_answer(request, ACCEPTED, outcome.consent_id)
        if context.get("research") == OFF and submitted.is_in_force:
            self._queue_rekey(subject, OPT_OUT)
        if submitted.is_in_force or (submitted.is_granted and "request" in context):
            self._record_act(subject, submitted)
        return submitted

    def _record_act(self, subject: bytes, submitted: SubmittedSignature) -> None:
        """Put what the patient signed into their history, once."""
        request, context = submitted.request, submitted.request.context
        kind = RESEARCH_ACTS.get(context.get("research", ""), ACT_KINDS[request.kind])
        terms = request.typed_data["message"].get("terms", {})
        consent = context.get("consent")
        consent_id = bytes.fromhex(consent) if consent else submitted.outcome.consent_id
        party = "" if "research" in context else terms.get("recipient") or context.get("party", "")
        self._acts.add(subject, request.id, kind, party=party, consent_id=consent_id)

    def _queue_rekey(self, subject: bytes, reason: str) -> None:
        arguments = {"subjects": [subject.hex()], "why": reason}
        self._jobs.enqueue("rekey", arguments, "patients")

    def _is_on_ledger(self, signed: Signed, outcome: Outcome) -> bool:
        message = signed.message
        if isinstance(message, KeyAddition) and outcome.reason == KEY_KNOWN:
            key_hash = keccak(message.signer)
            keys = self._ledger.keys.of_subject(message.subject)
            return any(key.key_hash == key_hash and not key.is_removed for key in keys)
        if outcome.reason != CONSENT_KNOWN:
            return False
        return any(
            consent.consent_id == outcome.consent_id and consent.state == "active"
            for consent in self._ledger.consents_of(message.subject)
        )


def subject_of(account: Account) -> bytes:
    """Return the subject of a patient's account.

    Raises:
        NotFound: the account is not a patient's.
    """
    if account.subject is None:
        raise NotFound
    return account.subject


def _bytes(digits: Any) -> bytes:
    try:
        return bytes.fromhex(str(digits).removeprefix("0x"))
    except ValueError as exc:
        raise ProofInvalid("the wallet sent no signature in hex", "cancel") from exc
