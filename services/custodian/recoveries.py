"""Proposes new keys for patients who lost all of theirs, after their identity was checked again."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Final

from attrs import define

from consent import DAY_S, PENDING, ConsentLedger, Enrolment, Recovery, Signed
from records import JsonInvalid
from records.json_strict import loads
from services.accounts.accounts import new_id
from services.accounts.errors import ProofInvalid
from services.accounts.invitations import RECOVER, VALID_DAYS
from services.accounts.key_recoveries import OPEN, READY, KeyRecoveries
from services.custodian.identity_checks import IDENTITY_CHECKS, IdentityChecks
from services.custodian.invitations import IssuedInvitation
from services.errors import Invalid
from services.installation import Installation
from services.patient.acts import KEY_RECOVERED, PatientActs
from services.requests import PatientDirectory
from services.schemas import SignedEnrolmentSchema, ValidationError
from services.words import Words

ON_HOLD: Final = "on-hold"
REFUSED: Final = "refused"
REFUSED_LISTED_S: Final = 60 * DAY_S
"""A refused key is listed this long after its proposal: it may be the first sign of a theft."""
LOG: Final = logging.getLogger("vouchsafe.custodian")


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingRecovery:
    """A new key that was proposed for a patient, and is not valid yet or was refused.

    Attributes:
        number: the patient's hospital number, "" if the directory has none.
        subject: the patient, 32 bytes.
        state: ``waiting`` during the delay, ``ready`` after it; ``on-hold`` if the account that
            proposed it has been disabled: it is not completed; ``refused`` by the patient.
        ready_at_s: the end of the delay, seconds UTC; None if it cannot be read now, or it is
            refused.
    """

    number: str
    subject: bytes
    signer: bytes
    state: str
    ready_at_s: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveryRequest:
    """A wallet's recovery: number, identity check, and the enrolment it signed, as JSON."""

    number: str
    identity: str
    proof: bytes


@define(eq=False, repr=False, kw_only=True)
class CustodianRecoveries:
    """Issues recovery links, lists pending recoveries, and completes those whose delay is over."""

    _ledger: ConsentLedger
    _directory: PatientDirectory
    _key_recoveries: KeyRecoveries
    _checks: IdentityChecks
    _acts: PatientActs
    _installation: Installation

    def issue_link(self, words: Words, number: str, identity: str, *, by: str) -> IssuedInvitation:
        """Return a link with which a patient who lost every key creates a new one.

        The journal has the identity check before the link is returned. An earlier recovery link of
        the patient no longer works.

        Raises:
            Invalid: its fields say what is missing or wrong.
            LedgerUnavailable, ViewRefused (consent): the check cannot be recorded now.
        """
        subject = self._require_enrolled(words, number, identity)
        self._checks.record(RECOVER, identity, by=by, subject=subject)
        link = self._key_recoveries.invite(subject, by)
        LOG.info("recovery link for %s, identity %s, by %s", subject.hex(), identity, by)
        until_s = int(self._installation.clock()) + VALID_DAYS * DAY_S
        return IssuedInvitation(link=link, until_s=until_s)

    def complete_due(self) -> int:
        """Finish each recovery whose delay is over; return how many keys can sign in from now on.

        One that a disabled account proposed is on hold: another custodian has to issue a new link.
        So is one that the patient refused here, also while the ledger does not show the refusal.

        The worker calls it once a minute. Repeating it changes nothing.

        Raises:
            LedgerUnavailable, ViewRefused (consent): the next call continues.
        """
        for recovery in self._ledger.keys.open_recoveries():
            if recovery.state == READY and not self._is_on_hold(recovery):
                self._ledger.keys.finish_recovery(recovery.subject)
        subjects = self._key_recoveries.admit_recovered()
        for subject in subjects:
            self._acts.add(subject, new_id(), KEY_RECOVERED, party=self._installation.organisation)
        return len(subjects)

    def _is_on_hold(self, recovery: Recovery) -> bool:
        return self._key_recoveries.is_on_hold(recovery.subject, recovery.signer)

    def list_pending(self) -> list[PendingRecovery]:
        """Return every recovery that waits; then those that patients refused, for 60 days."""
        keys = self._ledger.keys
        recoveries = keys.open_recoveries()
        recoveries += keys.refused_recoveries(self._installation.clock() - REFUSED_LISTED_S)
        numbers = self._directory.numbers_of([recovery.subject for recovery in recoveries])
        pending = []
        for recovery in recoveries:
            state = self._state(recovery)
            pending.append(
                PendingRecovery(
                    number=numbers.get(recovery.subject, ""),
                    subject=recovery.subject,
                    signer=recovery.signer,
                    state=state,
                    ready_at_s=None if state == REFUSED else recovery.ready_at_s,
                )
            )
        return pending

    def _state(self, recovery: Recovery) -> str:
        is_refused = self._ledger.keys.is_refused(recovery.subject, recovery.signer)
        if is_refused or recovery.state not in OPEN:
            return REFUSED
        return ON_HOLD if self._is_on_hold(recovery) else recovery.state

    def propose(self, words: Words, request: RecoveryRequest, *, by: str) -> list[PendingRecovery]:
        """Propose a new key for a patient and return what is pending now.

        It waits the recovery delay, is on the ledger for everybody to see, and any key of the
        patient can veto it.

        Raises:
            Invalid: its fields say what is missing or wrong; nothing was proposed.
            LedgerUnavailable (consent): nothing was proposed.
        """
        subject = self._require_enrolled(words, request.number, request.identity)
        signed = _parse_proof(request.proof)
        if signed is None or signed.message.subject != subject:
            raise Invalid.of("proof", words("recoveries-proof-error"))
        self._checks.record(RECOVER, request.identity, by=by, subject=subject)
        try:
            outcome = self._key_recoveries.propose_signed(signed, by)
        except ProofInvalid as exc:
            raise Invalid.of("proof", words("recoveries-proof-error")) from exc
        if not outcome.ok and outcome.reason != PENDING:
            raise Invalid.of("proof", words("recoveries-refused"))
        LOG.info(
            "recovery proposed for %s, identity %s, by %s", subject.hex(), request.identity, by
        )
        return self.list_pending()

    def _require_enrolled(self, words: Words, number: str, identity: str) -> bytes:
        """Return the subject of a hospital number, if a new key can be proposed for it."""
        subject, errors = self._directory.find_subject(number), dict[str, str]()
        if subject is None or not self._ledger.is_enrolled(subject):
            errors["number"] = words("recoveries-number-error")
        elif not self._ledger.can_recover(subject):
            errors["number"] = words("recoveries-account-error")
        if identity not in IDENTITY_CHECKS:
            errors["identity"] = words("invite-identity-error")
        if subject is None or errors:
            fields = {field: [text] for field, text in errors.items()}
            raise Invalid(" ".join(errors.values()), fields)
        return subject


def _parse_proof(proof: bytes) -> Signed | None:
    try:
        signed: Signed = SignedEnrolmentSchema().load(loads(proof))
    except (ValidationError, JsonInvalid):
        return None
    return signed if isinstance(signed.message, Enrolment) else None
