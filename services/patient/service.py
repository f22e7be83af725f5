"""The patient's service: one part for each subject, and the first page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from services.parts import Parts
from services.patient.acts import PatientActs
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
from services.patient.waiting_keys import WaitingKeys
from services.patient.withdrawals import PatientWithdrawals
from services.record_views import RecordViews
from services.words import Words

RECENT_LINES: Final = 3
SHOWN_CHARACTERS: Final = 3
"""Of a hospital number, at most half of it."""
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
    waiting_keys: WaitingKeys
    messages: PatientMessages
    exports: PatientExports
    fhir: PatientFhir
    erasures: PatientErasures
    find_number: Callable[[bytes], str | None]

    def number_end(self, subject: bytes) -> str:
        """Return the last characters of a hospital number, to recognise one's own; or ""."""
        number = self.find_number(subject) or ""
        return number[-SHOWN_CHARACTERS:] if len(number) >= 2 * SHOWN_CHARACTERS else ""

    def home(self, subject: bytes, words: Words) -> PatientHome:
        """Return what the first page shows."""
        consents = self.consents.list_all(subject, words)
        return PatientHome(
            waiting=[
                request for request in self.requests.list_all(subject, words) if request.is_waiting
            ],
            consents=[c for c in consents.consents if c.is_current and c.sentence],
            lines=self.history.page(subject, words, line_filter=USES).lines[:RECENT_LINES],
            is_checked=consents.is_checked,
            research=self.withdrawals.choice_in(consents),
        )


def build_patient(parts: Parts) -> PatientService:
    """Return the patient's service; nothing is read or written yet."""
    ledger, store, diagnostics = parts.ledger, parts.store, parts.diagnostics
    stores, clock = parts.requests, parts.installation.clock
    parties, requests = stores.parties, stores.requests
    acts = PatientActs(parts.engine, clock)
    history = PatientHistory(
        history=stores.history, store=store, ledger=ledger, parties=parties, acts=acts
    )
    consents = PatientConsents(
        ledger=ledger,
        requests=requests,
        parties=parties,
        history=history,
        acts=acts,
        copies=stores.copies,
        deletions=stores.deletions,
    )
    signatures = PatientSignatures(
        identity=parts.identity, ledger=ledger, requests=requests, jobs=parts.jobs, acts=acts
    )
    records = PatientRecords(
        store=store,
        diagnostics=diagnostics,
        parties=parties,
        consents=consents,
        views=RecordViews(diagnostics=diagnostics, parties=parties),
    )
    patient_requests = PatientRequests(
        requests=requests,
        descriptions=stores.descriptions,
        store=store,
        signatures=signatures,
        accounts=parts.identity.accounts,
        acts=acts,
        clock=clock,
    )
    messages = PatientMessages(
        messages=stores.messages,
        history=history,
        store=store,
        acts=acts,
        organisation=parts.installation.organisation,
    )
    return PatientService(
        requests=patient_requests,
        consents=consents,
        withdrawals=PatientWithdrawals(
            consents=consents,
            signatures=signatures,
            diagnostics=diagnostics,
            parties=parties,
            clock=clock,
        ),
        signatures=signatures,
        records=records,
        history=history,
        keys=PatientKeys(identity=parts.identity, ledger=ledger, signatures=signatures),
        waiting_keys=WaitingKeys(identity=parts.identity, ledger=ledger, acts=acts, clock=clock),
        erasures=PatientErasures(requests=stores.erasures, store=store),
        find_number=stores.directory.number_of,
        messages=messages,
        fhir=PatientFhir(
            consents=consents,
            history=history,
            store=store,
            organisation=parts.installation.organisation,
        ),
        exports=PatientExports(
            jobs=parts.jobs,
            accounts=parts.identity.accounts,
            passkeys=parts.identity.passkeys,
            records=records,
            consents=consents,
            requests=patient_requests,
            history=history,
            messages=messages,
            folder=parts.installation.home / "exports",
            seal=store.seal_text,
            unseal=store.open_text,
            clock=clock,
            is_erased=lambda subject: (
                stores.erasures.is_decided(subject) or bool(store.find_erased([subject]))
            ),
        ),
    )
