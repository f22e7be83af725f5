"""Builds the services of an installation from its parts."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import sqlalchemy as sa

from consent import ConsentLedger
from models import Diagnostics
from services.accounts import IdentityService
from services.auditor.service import AuditorService
from services.cards import ModelCards
from services.clinician.service import ClinicianService, build_clinician
from services.custodian.intake_stores import make_intake_stores
from services.custodian.invitation_lists import InvitationLists
from services.custodian.service import CustodianService, build_custodian
from services.custodian.upload_store import UploadStore
from services.erasure import PatientErasure, erase_death, erase_links
from services.idempotency import StoredResponses
from services.information import InformationService
from services.installation import Installation
from services.jobs.heartbeats import Workers
from services.jobs.queue import JobQueue
from services.model_monitoring import ModelMonitoring
from services.monitoring import MonitoringService
from services.operator import OperatorService
from services.parts import Parts
from services.patient.exports import PatientExports
from services.patient.service import PatientService, build_patient
from services.requests.stores import RequestStores, build_stores
from services.researcher.service import ResearcherService, build_researcher
from services.tokens import Tokens
from storage import RecordStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """An installation's services; none receives this, each has only its own ports.

    Faces call the services of the roles. The parts below them are for app.py, the worker, the
    demo and the trial wallet, which acts as patients do.

    Attributes:
        identity: accounts, invitations, passkeys, sessions.
        tokens: of programs that use the API.
        responses: kept for requests that are repeated under one Idempotency-Key.
        jobs: long work.
        workers: heartbeats of the processes that do it.
    """

    engine: sa.Engine
    ledger: ConsentLedger
    store: RecordStore
    diagnostics: Diagnostics
    requests: RequestStores
    installation: Installation
    workers: Workers
    identity: IdentityService
    tokens: Tokens
    responses: StoredResponses
    jobs: JobQueue
    information: InformationService
    cards: ModelCards
    clinician: ClinicianService
    researcher: ResearcherService
    auditor: AuditorService
    patient: PatientService
    custodian: CustodianService
    monitoring: MonitoringService
    model_monitoring: ModelMonitoring
    operator: OperatorService
    erasure: PatientErasure


def build_services(
    *,
    engine: sa.Engine,
    ledger: ConsentLedger,
    store: RecordStore,
    diagnostics: Diagnostics,
    installation: Installation,
) -> Services:
    """Return the services; nothing is read or written yet."""
    clock = installation.clock
    requests = build_stores(engine, ledger, store, diagnostics, installation)
    parts = Parts(
        engine=engine,
        ledger=ledger,
        store=store,
        diagnostics=diagnostics,
        identity=IdentityService(engine=engine, clock=clock, site=installation.site, ledger=ledger),
        jobs=JobQueue(engine, clock),
        workers=Workers(engine, clock),
        requests=requests,
        installation=installation,
        cards=ModelCards(diagnostics=diagnostics, parties=requests.parties),
        model_monitoring=ModelMonitoring(
            diagnostics=diagnostics, predictions=requests.predictions, clock=clock
        ),
        uploads=UploadStore(engine, store, clock),
        intake=make_intake_stores(engine, store, clock),
    )
    auditor = AuditorService(
        ledger=parts.ledger,
        store=parts.store,
        diagnostics=parts.diagnostics,
        cards=parts.cards,
        jobs=parts.jobs,
        folder=parts.installation.home / "evidence",
    )
    patient = build_patient(parts)
    custodian = build_custodian(parts, patient.exports.erase_subject)
    return Services(
        engine=engine,
        ledger=ledger,
        store=store,
        diagnostics=diagnostics,
        requests=requests,
        installation=installation,
        workers=parts.workers,
        identity=parts.identity,
        tokens=Tokens(engine, clock),
        responses=StoredResponses(engine, clock),
        jobs=parts.jobs,
        information=InformationService(
            ledger=parts.ledger,
            parties=requests.parties,
            installation=installation,
        ),
        cards=parts.cards,
        clinician=build_clinician(parts),
        researcher=build_researcher(parts),
        auditor=auditor,
        erasure=_erasure(parts, auditor, patient.exports, custodian.lists),
        patient=patient,
        custodian=custodian,
        operator=OperatorService(
            ledger=parts.ledger,
            store=parts.store,
            diagnostics=parts.diagnostics,
            installation=installation,
        ),
        model_monitoring=parts.model_monitoring,
        monitoring=MonitoringService(
            models=parts.model_monitoring,
            ledger=parts.ledger,
            store=parts.store,
            jobs=parts.jobs,
            workers=parts.workers,
            installation=installation,
        ),
    )


def _erasure(
    parts: Parts, auditor: AuditorService, exports: PatientExports, lists: InvitationLists
) -> PatientErasure:
    stores = parts.requests
    return PatientErasure(
        requests=stores.erasures,
        store=parts.store,
        parts={
            "answers": stores.predictions.erase_subject,
            # Before the terms, which say whether a link is still needed.
            "links-without-refusals": partial(erase_links, parts.store, parts.ledger),
            "drafts": stores.requests.close_subject,
            "questions": stores.messages.erase_subject,
            "exports": exports.erase_subject,
            "messages": parts.identity.erase_messages,
            "terms": parts.ledger.consent_terms.erase_subject,
            "parked": parts.intake.parked.erase_subject,
            "names": parts.intake.names.erase_subject,
            "deaths-without-links": partial(erase_death, parts.store),
            "bundles": lambda _: auditor.delete_bundles(),
            "census": lambda _: stores.censuses.delete(),
            "invitations": lists.erase_subject,  # by the number, which goes next
            "join-links": parts.identity.invitations.end_of_subject,
            "number": stores.directory.remove,
        },
        last=partial(_erase_late, stores),
    )


def _erase_late(stores: RequestStores, subject: bytes) -> None:
    """Delete what began before the records were deleted, and was stored meanwhile."""
    stores.censuses.delete()
    stores.predictions.erase_subject(subject)
