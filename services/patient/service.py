"""The patient's service: one part for each subject, and the first page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from services.patient.consents import ConsentSummary, PatientConsents
from services.patient.erasures import PatientErasures
from services.patient.exports import PatientExports
from services.patient.fhir import PatientFhir
from services.patient.history import HistoryFilter, HistoryLine, PatientHistory
from services.patient.keys import PatientKeys
from services.patient.messages import PatientMessages
from services.patient.records import PatientRecords
from services.patient.requests import PatientRequests, RequestSummary
from services.patient.signatures import PatientSignatures
from services.patient.withdrawals import PatientWithdrawals
from services.words import Words

RECENT_LINES: Final = 3
USES: Final = HistoryFilter(without_self=True)
"""What others did, and what the patient signed; own looks at records are in the history."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientHome:
    """The first page: waiting requests, current permissions, and the newest history lines.

    `research` is ``on`` or ``off``; None while the ledger cannot be asked.
    """

    waiting: Sequence[RequestSummary]
    consents: Sequence[ConsentSummary]
    lines: Sequence[HistoryLine]
    is_checked: bool
    research: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientService:
    """What a patient can see and do, by subject; every method takes the patient first."""

    requests: PatientRequests
    consents: PatientConsents
    withdrawals: PatientWithdrawals
    signatures: PatientSignatures
    records: PatientRecords
    history: PatientHistory
    keys: PatientKeys
    messages: PatientMessages
    exports: PatientExports
    fhir: PatientFhir
    erasures: PatientErasures

    def home(self, subject: bytes, words: Words) -> PatientHome:
        """Return what the first page shows."""
        consents = self.consents.list_all(subject, words)
        return PatientHome(
            waiting=[
                request for request in self.requests.list_all(subject, words) if request.is_waiting
            ],
            consents=[c for c in consents.consents if c.is_current and not c.is_refusal],
            lines=self.history.page(subject, words, line_filter=USES).lines[:RECENT_LINES],
            is_checked=consents.is_checked,
            research=self.withdrawals.choice_in(consents),
        )
