"""Proposes new keys for patients who lost all of theirs, after their identity was checked again."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Final

from consent import ConsentLedger, Enrolment, Signed
from records import JsonInvalid
from records.json_strict import loads
from services.custodian.invitations import IDENTITY_CHECKS
from services.errors import Invalid
from services.requests import PatientDirectory
from services.schemas import SignedEnrolmentSchema, ValidationError
from services.words import Words

LOG: Final = logging.getLogger("vouchsafe.custodian")


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingRecovery:
    """A new key that was proposed for a patient and is not valid yet.

    Attributes:
        number: the patient's hospital number, "" if the directory has none.
        subject: 32 bytes.
        signer: the new key.
        state: ``waiting`` during the delay, ``ready`` after it.
        ready_at_s: the end of the delay, seconds UTC; None if it cannot be read now.
    """

    number: str
    subject: bytes
    signer: bytes
    state: str
    ready_at_s: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveryRequest:
    """Whose key, how their identity was checked, and the new key's signed enrolment as JSON."""

    number: str
    identity: str
    proof: bytes


class CustodianRecoveries:
    """Lists pending recoveries and proposes new ones; a proposed key starts to work by itself."""

    def __init__(self, *, ledger: ConsentLedger, directory: PatientDirectory) -> None:
        self._ledger = ledger
        self._directory = directory

    def list_pending(self) -> list[PendingRecovery]:
        """Return every recovery that waits for the end of its delay."""
        recoveries = self._ledger.keys.open_recoveries()
        numbers = self._directory.numbers_of([recovery.subject for recovery in recoveries])
        return [
            PendingRecovery(
                number=numbers.get(recovery.subject, ""),
                subject=recovery.subject,
                signer=recovery.signer,
                state=recovery.state,
                ready_at_s=recovery.ready_at_s,
            )
            for recovery in recoveries
        ]

    def propose(self, words: Words, request: RecoveryRequest, *, by: str) -> list[PendingRecovery]:
        """Propose a new key for a patient and return what is pending now.

        It waits the recovery delay, is on the ledger for everybody to see, and any key of the
        patient can veto it.

        Raises:
            Invalid: its fields say what is missing or wrong; nothing was proposed.
            LedgerUnavailable (consent): nothing was proposed.
        """
        if request.identity not in IDENTITY_CHECKS:
            raise _invalid(words, "identity", "invite-identity-error")
        number = request.number.strip()
        subject = self._directory.find_subject(number) if number else None
        if subject is None or not self._ledger.is_enrolled(subject):
            raise _invalid(words, "number", "recoveries-number-error")
        signed = _parse_proof(request.proof)
        if signed is None or signed.message.subject != subject:
            raise _invalid(words, "proof", "recoveries-proof-error")
        outcome = self._ledger.keys.propose_recovery(signed)
        if not outcome.ok:
            raise _invalid(words, "proof", "recoveries-refused")
        LOG.info(
            "recovery proposed for %s, identity %s, by %s", subject.hex(), request.identity, by
        )
        return self.list_pending()


def _parse_proof(proof: bytes) -> Signed | None:
    try:
        signed: Signed = SignedEnrolmentSchema().load(loads(proof))
    except (ValidationError, JsonInvalid):
        return None
    return signed if isinstance(signed.message, Enrolment) else None


def _invalid(words: Words, field: str, text: str) -> Invalid:
    return Invalid(words(text), {field: [words(text)]})
