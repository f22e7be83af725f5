"""Groups what a custodian can do, by subject."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from services.custodian.approvals import CustodianApprovals
from services.custodian.column_maps import CustodianColumns
from services.custodian.consent_imports import ConsentImports
from services.custodian.counting import CustodianCounting
from services.custodian.deaths import CustodianDeaths
from services.custodian.erasures import CustodianErasures
from services.custodian.history import CustodianHistory
from services.custodian.identity_checks import IdentityChecks
from services.custodian.intake import FhirIntake
from services.custodian.invitation_list_store import InvitationListStore
from services.custodian.invitation_lists import InvitationLists
from services.custodian.invitation_mails import InvitationMails
from services.custodian.invitations import CustodianInvitations
from services.custodian.links import CustodianLinks
from services.custodian.messages import CustodianMessages
from services.custodian.moves import CustodianMoves
from services.custodian.overview import CustodianOverview
from services.custodian.patient_journal import PatientJournal
from services.custodian.people import CustodianPeople
from services.custodian.records import CustodianRecords
from services.custodian.recoveries import CustodianRecoveries
from services.custodian.refiling import CustodianCategories
from services.custodian.subjects import CustodianSubjects
from services.custodian.uploads import CustodianUploads
from services.custodian.watched_folder import WatchedFolder
from services.custodian.watched_tables import WatchedTables
from services.model_monitoring import ModelMonitoring
from services.parts import Parts
from services.patient.acts import PatientActs
from services.subjects import SubjectRecords


@dataclass(frozen=True, slots=True, kw_only=True)
class CustodianService:
    """What people of the organisation that operates this installation can do."""

    overview: CustodianOverview
    models: ModelMonitoring
    invitations: CustodianInvitations
    lists: InvitationLists
    mails: InvitationMails
    uploads: CustodianUploads
    columns: CustodianColumns
    records: CustodianRecords
    intake: FhirIntake
    subjects: CustodianSubjects
    approvals: CustodianApprovals
    counting: CustodianCounting
    people: CustodianPeople
    recoveries: CustodianRecoveries
    messages: CustodianMessages
    erasures: CustodianErasures
    consents: ConsentImports
    links: CustodianLinks
    deaths: CustodianDeaths
    moves: CustodianMoves
    history: CustodianHistory
    categories: CustodianCategories
    inbox: WatchedFolder | None


def build_custodian(parts: Parts, erase_exports: Callable[[bytes], object]) -> CustodianService:
    """Return the custodian's service; nothing is read or written yet.

    `erase_exports` deletes the copies that were prepared for a patient.
    """
    installation = parts.installation
    directory = parts.requests.directory
    records = CustodianRecords(
        store=parts.store,
        directory=directory,
        diagnostics=parts.diagnostics,
        installation=installation,
    )
    journal = PatientJournal(ledger=parts.ledger, store=parts.store, installation=installation)
    intake = FhirIntake(
        store=parts.store,
        directory=directory,
        stores=parts.intake,
        diagnostics=parts.diagnostics,
        journal=journal,
        installation=installation,
    )
    uploads = CustodianUploads(
        uploads=parts.uploads,
        records=records,
        intake=intake,
        jobs=parts.jobs,
        installation=installation,
    )
    lists = InvitationListStore(parts.engine, parts.store, installation.clock)
    checks = IdentityChecks(journal)
    return CustodianService(
        models=parts.model_monitoring,
        overview=CustodianOverview(
            ledger=parts.ledger,
            store=parts.store,
            requests=parts.requests,
            uploads=parts.uploads,
            jobs=parts.jobs,
            workers=parts.workers,
            clock=installation.clock,
        ),
        lists=InvitationLists(
            engine=parts.engine,
            lists=lists,
            identity=parts.identity,
            store=parts.store,
            directory=directory,
            checks=checks,
            installation=installation,
        ),
        mails=InvitationMails(
            lists=lists,
            identity=parts.identity,
            parties=parts.requests.parties,
            installation=installation,
        ),
        invitations=CustodianInvitations(
            identity=parts.identity,
            store=parts.store,
            directory=directory,
            checks=checks,
            installation=installation,
        ),
        uploads=uploads,
        columns=CustodianColumns(uploads=parts.uploads, files=uploads, installation=installation),
        records=records,
        intake=intake,
        subjects=CustodianSubjects(
            ledger=parts.ledger,
            subjects=SubjectRecords(ledger=parts.ledger, store=parts.store),
            directory=directory,
            installation=installation,
        ),
        approvals=CustodianApprovals(requests=parts.requests),
        counting=CustodianCounting(
            rules=parts.requests.counting_rules, censuses=parts.requests.censuses
        ),
        erasures=CustodianErasures(
            requests=parts.requests.erasures, directory=directory, jobs=parts.jobs
        ),
        deaths=CustodianDeaths(store=parts.store, directory=directory, journal=journal),
        links=CustodianLinks(
            store=parts.store,
            directory=directory,
            diagnostics=parts.diagnostics,
            journal=journal,
            censuses=parts.requests.censuses,
        ),
        inbox=WatchedFolder(
            folder=installation.inbox,
            home=installation.home,
            intake=intake,
            tables=WatchedTables(records=records, installation=installation),
            clock=installation.clock,
        )
        if installation.inbox
        else None,
        history=CustodianHistory(store=parts.store, journal=journal),
        categories=CustodianCategories(
            store=parts.store,
            items=parts.intake.items,
            diagnostics=parts.diagnostics,
            journal=journal,
        ),
        moves=CustodianMoves(
            store=parts.store,
            directory=directory,
            items=parts.intake.items,
            diagnostics=parts.diagnostics,
            journal=journal,
            censuses=parts.requests.censuses,
            predictions=parts.requests.predictions,
            erase_exports=erase_exports,
        ),
        messages=CustodianMessages(
            messages=parts.requests.messages,
            directory=directory,
            store=parts.store,
            acts=PatientActs(parts.engine, installation.clock),
            installation=installation,
        ),
        people=CustodianPeople(identity=parts.identity, directory=directory),
        consents=ConsentImports(
            requests=parts.requests.requests,
            proposals=parts.requests.proposals,
            directory=directory,
            names=parts.intake.names,
            store=parts.store,
            installation=installation,
        ),
        recoveries=CustodianRecoveries(
            ledger=parts.ledger,
            directory=directory,
            key_recoveries=parts.identity.key_recoveries,
            checks=checks,
            acts=PatientActs(parts.engine, installation.clock),
            installation=installation,
        ),
    )
