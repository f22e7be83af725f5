"""Groups what a custodian can do, by subject."""

from __future__ import annotations

from dataclasses import dataclass

from services.custodian.approvals import CustodianApprovals
from services.custodian.column_maps import CustodianColumns
from services.custodian.consent_imports import ConsentImports
from services.custodian.counting import CustodianCounting
from services.custodian.deaths import CustodianDeaths
from services.custodian.erasures import CustodianErasures
from services.custodian.history import CustodianHistory
from services.custodian.intake import FhirIntake
from services.custodian.invitation_lists import InvitationLists
from services.custodian.invitation_mails import InvitationMails
from services.custodian.invitations import CustodianInvitations
from services.custodian.links import CustodianLinks
from services.custodian.messages import CustodianMessages
from services.custodian.moves import CustodianMoves
from services.custodian.overview import CustodianOverview
from services.custodian.people import CustodianPeople
from services.custodian.records import CustodianRecords
from services.custodian.recoveries import CustodianRecoveries
from services.custodian.refiling import CustodianCategories
from services.custodian.subjects import CustodianSubjects
from services.custodian.uploads import CustodianUploads
from services.custodian.watched_folder import WatchedFolder
from services.model_monitoring import ModelMonitoring


@dataclass(frozen=True, slots=True, kw_only=True)
class CustodianService:
    """What people of the organisation that operates this installation can do.

    Attributes:
        overview: health of the parts, holdings, pending work.
        models: monthly reports of the models in service.
        invitations: of patients and staff.
        lists: of many patients who are invited at once.
        mails: with the links of such lists.
        uploads: files that are checked and then stored.
        columns: the mapping of tables that were sent without one.
        records: deposits of records.
        intake: of FHIR files.
        subjects: enrolment, and one subject's consents and uses.
        approvals: decisions on proposed studies.
        counting: whether researchers may have people counted.
        people: staff accounts, open invitations, sessions.
        recoveries: new keys for patients who lost theirs.
        messages: patients' questions and requests for corrections.
        erasures: of patients who ask for it.
        consents: of other systems, as requests to their patients.
        links: of two patients who are one person.
        deaths: of patients.
        history: whether the versions that corrections replace are kept.
        categories: what is stored, compared with the rules of categories.
        inbox: the folder whose FHIR files are stored automatically; None without one.
        moves: of records that were filed under the wrong patient.
    """

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
