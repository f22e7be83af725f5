"""Builds the services of an installation from its parts."""

from __future__ import annotations

from dataclasses import dataclass

from consent import ConsentLedger
from services.accounts import IdentityService
from services.auditor.service import AuditorService
from services.cards import ModelCards
from services.clinician.patients import ClinicianPatients
from services.clinician.predictions import ClinicianPredictions
from services.clinician.service import ClinicianService
from services.custodian.approvals import CustodianApprovals
from services.custodian.invitations import CustodianInvitations
from services.custodian.overview import CustodianOverview
from services.custodian.records import CustodianRecords
from services.custodian.recoveries import CustodianRecoveries
from services.custodian.service import CustodianService
from services.custodian.subjects import CustodianSubjects
from services.custodian.upload_store import UploadStore
from services.custodian.uploads import CustodianUploads
from services.idempotency import StoredResponses
from services.information import InformationService
from services.installation import Installation
from services.jobs.heartbeats import Workers
from services.jobs.queue import JobQueue
from services.monitoring import MonitoringService
from services.operator import OperatorService
from services.parties import PartyNames
from services.patient.consents import PatientConsents
from services.patient.history import PatientHistory
from services.patient.keys import PatientKeys
from services.patient.records import PatientRecords
from services.patient.requests import PatientRequests
from services.patient.service import PatientService
from services.patient.signatures import PatientSignatures
from services.patient.withdrawals import PatientWithdrawals
from services.platform import Platform
from services.researcher.cohorts import StudyCohorts
from services.researcher.models import StudyModels, WithdrawalCounts
from services.researcher.owned_studies import OwnedStudies
from services.researcher.proposing import StudyProposing
from services.researcher.questions import ResearchQuestions
from services.researcher.runs import ModelRuns
from services.researcher.service import ResearcherService
from services.researcher.studies import Studies
from services.researcher.training_sets import TrainingSets
from services.subjects import SubjectRecords
from services.tokens import Tokens


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """The services that faces call; no service receives this, each has only its own ports.

    Attributes:
        identity: accounts, invitations, passkeys, sessions.
        tokens: of programs that use the API.
        responses: kept for requests that are repeated under one Idempotency-Key.
        jobs: long work.
        ledger: for trial wallets, which sign as patients would.
        platform: of views that are not converted yet; goes with the last of them.
    """

    installation: Installation
    identity: IdentityService
    tokens: Tokens
    responses: StoredResponses
    jobs: JobQueue
    information: InformationService
    ledger: ConsentLedger
    cards: ModelCards
    clinician: ClinicianService
    researcher: ResearcherService
    auditor: AuditorService
    patient: PatientService
    custodian: CustodianService
    monitoring: MonitoringService
    operator: OperatorService
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
    parties = PartyNames(platform.diagnostics)
    cards = ModelCards(diagnostics=platform.diagnostics, parties=parties)
    return Services(
        installation=installation,
        identity=platform.identity,
        tokens=Tokens(platform.engine, platform.clock),
        responses=StoredResponses(platform.engine, platform.clock),
        jobs=platform.jobs,
        ledger=platform.ledger,
        information=InformationService(
            ledger=platform.ledger,
            parties=parties,
            installation=installation,
        ),
        cards=cards,
        clinician=_clinician(platform, cards),
        researcher=_researcher(platform, cards),
        auditor=AuditorService(
            ledger=platform.ledger,
            store=platform.store,
            diagnostics=platform.diagnostics,
            jobs=platform.jobs,
            folder=platform.home / "evidence",
        ),
        patient=_patient(platform),
        custodian=_custodian(platform, installation),
        operator=OperatorService(
            ledger=platform.ledger,
            store=platform.store,
            diagnostics=platform.diagnostics,
            installation=installation,
        ),
        monitoring=MonitoringService(
            ledger=platform.ledger,
            store=platform.store,
            jobs=platform.jobs,
            workers=Workers(platform.engine, platform.clock),
            installation=installation,
        ),
        platform=platform,
    )


def _patient(platform: Platform) -> PatientService:
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


def _custodian(platform: Platform, installation: Installation) -> CustodianService:
    directory, proposals = platform.asking.directory, platform.asking.proposals
    records = CustodianRecords(store=platform.store, directory=directory, installation=installation)
    return CustodianService(
        overview=CustodianOverview(
            ledger=platform.ledger,
            store=platform.store,
            directory=directory,
            proposals=proposals,
            jobs=platform.jobs,
            workers=Workers(platform.engine, platform.clock),
        ),
        invitations=CustodianInvitations(
            identity=platform.identity, directory=directory, installation=installation
        ),
        uploads=CustodianUploads(
            uploads=UploadStore(platform.engine, platform.store, platform.clock),
            records=records,
            jobs=platform.jobs,
            installation=installation,
        ),
        records=records,
        subjects=CustodianSubjects(
            ledger=platform.ledger,
            subjects=SubjectRecords(ledger=platform.ledger, store=platform.store),
            directory=directory,
            installation=installation,
        ),
        approvals=CustodianApprovals(
            proposals=proposals,
            store=platform.store,
            directory=directory,
            parties=platform.asking.parties,
            descriptions=platform.asking.descriptions,
        ),
        recoveries=CustodianRecoveries(ledger=platform.ledger, directory=directory),
    )


def _clinician(platform: Platform, cards: ModelCards) -> ClinicianService:
    requests, diagnostics = platform.asking, platform.diagnostics
    patients = ClinicianPatients(
        care=requests.care,
        directory=requests.directory,
        requests=requests.requests,
        diagnostics=diagnostics,
    )
    predictions = ClinicianPredictions(
        patients=patients,
        diagnostics=diagnostics,
        ledger=platform.ledger,
        store=platform.store,
        predictions=requests.predictions,
    )
    return ClinicianService(patients=patients, predictions=predictions, cards=cards)


def _researcher(platform: Platform, cards: ModelCards) -> ResearcherService:
    requests, diagnostics = platform.asking, platform.diagnostics
    ledger, store, feasibility = platform.ledger, platform.store, requests.feasibility
    owned = OwnedStudies(proposals=requests.proposals, diagnostics=diagnostics)
    return ResearcherService(
        questions=ResearchQuestions(
            diagnostics=diagnostics, store=store, feasibility=feasibility, home=platform.home
        ),
        studies=Studies(
            owned=owned,
            requests=requests.requests,
            store=store,
            diagnostics=diagnostics,
            feasibility=feasibility,
        ),
        proposing=StudyProposing(proposals=requests.proposals, diagnostics=diagnostics),
        cohorts=StudyCohorts(
            owned=owned,
            requests=requests.requests,
            store=store,
            ledger=ledger,
            feasibility=feasibility,
        ),
        models=StudyModels(
            owned=owned,
            jobs=platform.jobs,
            cards=cards,
            withdrawals=WithdrawalCounts(
                diagnostics=diagnostics, ledger=ledger, feasibility=feasibility
            ),
        ),
        training_sets=TrainingSets(
            owned=owned,
            copies=requests.copies,
            store=store,
            diagnostics=diagnostics,
            feasibility=feasibility,
        ),
        runs=ModelRuns(diagnostics=diagnostics, cards=cards),
    )
