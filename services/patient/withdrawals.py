"""Changing one's mind: withdrawing a permission, stopping everything, research on or off."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from attrs import define

from consent import DAY_S, HRESCH, YEAR_S, Grant, Stop, Withdrawal, terms_hash
from models import Diagnostics
from services.accounts import Account, SignatureRequest
from services.parties import PartyNames
from services.patient.consents import (
    ACTIVE,
    RECORDING,
    ConsentList,
    ConsentSummary,
    PatientConsents,
)
from services.patient.signatures import (
    OFF,
    ON,
    PatientSignatures,
    SubmittedSignature,
    subject_of,
)
from services.statement import RequestedTerms, terms_for
from services.words import Words

OPT_OUT_S: Final = 100 * YEAR_S


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawalReview:
    """A withdrawal before it is signed.

    Attributes:
        signature: None if the permission has ended, or its terms cannot be read.
        has_models: True if a model in use was trained under the permission.
        grace_days: how soon such models are replaced.
    """

    consent: ConsentSummary
    signature: SignatureRequest | None
    has_models: bool
    grace_days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawalResult:
    """What a withdrawal did.

    Attributes:
        submitted: in force once the ledger has it, and while the ledger is unavailable.
        study_names: of the models in use that were trained under the permission.
        replaced_by_s: when these models are replaced at the latest.
    """

    consent: ConsentSummary
    submitted: SubmittedSignature
    study_names: Sequence[str]
    at_s: float
    replaced_by_s: float


@dataclass(frozen=True, slots=True)
class StopReview:
    """A stop before it is signed, and the permissions that it ends.

    Attributes:
        consents: empty without the ledger, although the stop may end some.
        is_checked: False without the ledger.
    """

    signature: SignatureRequest
    consents: Sequence[ConsentSummary]
    is_checked: bool


@dataclass(frozen=True, slots=True)
class StopResult:
    """What a stop did: how many permissions it ended, and when."""

    submitted: SubmittedSignature
    count: int
    at_s: float


@dataclass(frozen=True, slots=True)
class ResearchReview:
    """A change of the research choice before it is signed, and its sentence.

    `terms_hash` names the opt-out that a withdrawal ends; None if an opt-out is signed.
    """

    signature: SignatureRequest
    statement: str
    terms_hash: bytes | None = None


@define(eq=False, repr=False, kw_only=True)
class PatientWithdrawals:
    """What a patient can do to end uses of their records.

    NotFound is raised for a permission that does not exist or is another patient's.
    """

    _consents: PatientConsents
    _signatures: PatientSignatures
    _diagnostics: Diagnostics
    _parties: PartyNames
    _clock: Callable[[], float]

    def prepare_withdrawal(
        self, account: Account, words: Words, consent_id: str
    ) -> WithdrawalReview:
        """Return the withdrawal for the patient's device to sign; it expires after ten minutes."""
        consent = self._consents.find(subject_of(account), words, consent_id)
        signature = None
        if consent.terms is not None and consent.is_current:
            message = Withdrawal(subject_of(account), terms_hash(consent.terms))
            signature = self._signatures.prepare(
                account,
                message,
                party=consent.terms.recipient,
                consent=consent.consent_id.hex(),
            )
        return WithdrawalReview(
            consent=consent,
            signature=signature,
            has_models=bool(self._study_names(consent)),
            grace_days=self._diagnostics.grace_s // DAY_S,
        )

    def withdraw(
        self,
        account: Account,
        words: Words,
        consent_id: str,
        signing: str,
        credential: Mapping[str, Any],
    ) -> WithdrawalResult:
        """Withdraw a permission. Repeating the call returns the first result.

        On return the withdrawal is stored durably and in force for every decision, and
        re-encryption of what the recipient could open is queued.

        Raises:
            SignatureExpired, ProofInvalid: nothing was withdrawn; the patient can sign again.
        """
        consent = self._consents.find(subject_of(account), words, consent_id)
        submitted = self._signatures.submit(account, signing, credential)
        now_s = self._clock()
        return WithdrawalResult(
            consent=consent,
            submitted=submitted,
            study_names=self._study_names(consent),
            at_s=now_s,
            replaced_by_s=now_s + self._diagnostics.grace_s,
        )

    def prepare_stop(self, account: Account, words: Words) -> StopReview:
        """Return the stop for the patient's device to sign; it expires after ten minutes.

        Its time is now, or that of the newest permission: a wallet's clock may be a little ahead.
        """
        subject = subject_of(account)
        stored = self._consents.list_all(subject, words)
        ending = [
            consent
            for consent in stored.consents
            if consent.state in (ACTIVE, RECORDING) and not consent.is_refusal
        ]
        newest_s = max((consent.signed_at_s for consent in ending), default=0)
        message = Stop(subject, max(int(self._clock()), newest_s))
        signature = self._signatures.prepare(account, message, n=len(ending))
        return StopReview(signature, ending, stored.is_checked)

    def stop(self, account: Account, signing: str, credential: Mapping[str, Any]) -> StopResult:
        """End all permissions at once. Repeating the call returns the first result.

        Raises:
            SignatureExpired, ProofInvalid: nothing was ended; the patient can sign again. Expired
                too: a permission was signed after the page was opened, which the stop would miss.
        """
        submitted = self._signatures.submit(account, signing, credential)
        return StopResult(submitted, int(submitted.request.context.get("n", 0)), self._clock())

    def research_choice(self, subject: bytes, words: Words) -> str | None:
        """Return whether research is ``on`` or ``off``; off overrides every permission for it.

        None while the ledger cannot be asked: nobody knows then, and nothing is released.
        """
        return self.choice_in(self._consents.list_all(subject, words))

    def choice_in(self, consents: ConsentList) -> str | None:
        """Return the research choice that a patient's consents make; None if not checked."""
        if not consents.is_checked:
            return None
        return OFF if _opt_out(consents) else ON

    def prepare_research_choice(
        self, account: Account, words: Words, choice: str
    ) -> ResearchReview | None:
        """Return the change for the patient's device to sign; None if nothing is to be changed.

        `choice` is ``on`` or ``off``.
        """
        subject = subject_of(account)
        opt_out = _opt_out(self._consents.list_all(subject, words))
        if (choice == OFF) == (opt_out is not None):
            return None
        message: Grant | Withdrawal
        if opt_out is None or opt_out.terms is None:
            now_s, statement = int(self._clock()), words("statement-opt-out")
            terms = terms_for(RequestedTerms("deny", "*", (HRESCH,), obligations=()), statement)
            message = Grant(subject, terms, now_s, now_s + OPT_OUT_S)
        else:
            statement = words("opt-out-end")
            message = Withdrawal(subject, terms_hash(opt_out.terms))
        return ResearchReview(
            self._signatures.prepare(account, message, research=choice),
            statement,
            opt_out.terms_hash if opt_out else None,
        )

    def _study_names(self, consent: ConsentSummary) -> list[str]:
        models = self._diagnostics.models_trained_under([consent.consent_id])
        return [self._parties.name_of(m.study) for m in models if m.ended_at_s is None]


def _opt_out(consents: ConsentList) -> ConsentSummary | None:
    """Return the newest opt-out that is in force; a stop ends none."""
    for consent in consents.consents:
        if consent.state == ACTIVE and consent.is_opt_out:
            return consent
    return None
