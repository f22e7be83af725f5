"""Builds the patient's service from the parts of an installation."""

from __future__ import annotations

from services.parts import Parts
from services.patient.acts import PatientActs
from services.patient.consents import PatientConsents
from services.patient.erasures import PatientErasures
from services.patient.exports import PatientExports
from services.patient.fhir import PatientFhir
from services.patient.history import PatientHistory
from services.patient.keys import PatientKeys
from services.patient.messages import PatientMessages
from services.patient.records import PatientRecords
from services.patient.requests import PatientRequests
from services.patient.service import PatientService
from services.patient.signatures import PatientSignatures
from services.patient.waiting_keys import WaitingKeys
from services.patient.withdrawals import PatientWithdrawals
from services.record_views import RecordViews


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
