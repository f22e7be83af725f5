"""Builds the services of an installation from its parts."""

from __future__ import annotations

from dataclasses import dataclass

from services.accounts import IdentityService
from services.auditor.service import AuditorService
from services.idempotency import StoredResponses
from services.information import InformationService
from services.installation import Installation
from services.jobs.heartbeats import Workers
from services.jobs.queue import JobQueue
from services.monitoring import MonitoringService
from services.patient.consents import PatientConsents
from services.patient.history import PatientHistory
from services.patient.keys import PatientKeys
from services.patient.records import PatientRecords
from services.patient.requests import PatientRequests
from services.patient.service import PatientService
from services.patient.signatures import PatientSignatures
from services.patient.withdrawals import PatientWithdrawals
from services.platform import Platform
from services.tokens import Tokens


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """The services that faces call; no service receives this, each has only its own ports.

    Attributes:
        identity: accounts, invitations, passkeys, sessions.
        tokens: of programs that use the API.
        responses: kept for requests that are repeated under one Idempotency-Key.
        jobs: long work.
        platform: of views that are not converted yet; goes with the last of them.
    """

    installation: Installation
    identity: IdentityService
    tokens: Tokens
    responses: StoredResponses
    jobs: JobQueue
    information: InformationService
    auditor: AuditorService
    patient: PatientService
    monitoring: MonitoringService
    platform: Platform


def build_services(platform: Platform) -> Services:
    """Return the services; nothing is read or written yet."""
    installation = Installation(
        organisation=platform.organisation,
        site=platform.site,
        home=platform.home,
        clock=platform.clock,
        is_development=platform.development,
        version=platform.version,
    )
    return Services(
        installation=installation,
        identity=platform.identity,
        tokens=Tokens(platform.engine, platform.clock),
        responses=StoredResponses(platform.engine, platform.clock),
        jobs=platform.jobs,
        information=InformationService(
            ledger=platform.ledger,
            parties=platform.asking.parties,
            installation=installation,
        ),
        auditor=AuditorService(
            ledger=platform.ledger,
            store=platform.store,
            diagnostics=platform.diagnostics,
            jobs=platform.jobs,
            folder=platform.home / "evidence",
        ),
        patient=_patient_service(platform),
        monitoring=MonitoringService(
            ledger=platform.ledger,
            store=platform.store,
            jobs=platform.jobs,
            workers=Workers(platform.engine, platform.clock),
            installation=installation,
        ),
        platform=platform,
    )


def _patient_service(platform: Platform) -> PatientService:
    ledger, store, diagnostics = platform.ledger, platform.store, platform.diagnostics
    asking, clock = platform.asking, platform.clock
    parties, requests = asking.parties, asking.requests
    history = PatientHistory(history=asking.history, store=store, ledger=ledger, parties=parties)
    consents = PatientConsents(ledger=ledger, requests=requests, parties=parties, history=history)
    signatures = PatientSignatures(
        identity=platform.identity, ledger=ledger, requests=requests, jobs=platform.jobs
    )
    return PatientService(
        requests=PatientRequests(
            requests=requests,
            descriptions=asking.descriptions,
            store=store,
            signatures=signatures,
            clock=clock,
        ),
        consents=consents,
        withdrawals=PatientWithdrawals(
            consents=consents,
            signatures=signatures,
            diagnostics=diagnostics,
            parties=parties,
            clock=clock,
        ),
        signatures=signatures,
        records=PatientRecords(
            store=store,
            diagnostics=diagnostics,
            parties=parties,
            consents=consents,
            history=history,
        ),
        history=history,
        keys=PatientKeys(identity=platform.identity, ledger=ledger, signatures=signatures),
    )
