"""The requests and results of the custodian's API."""

from __future__ import annotations

import base64
import binascii
import io
from collections.abc import Mapping
from typing import Any, Final

from marshmallow import fields, post_load, validate

from consent import Outcome
from records import ColumnSummary, Level
from records.description import ColumnDescription, TableDescription
from records.faults import CellFault
from services.accounts.sessions import Session
from services.custodian.approvals import MAX_REASON, StudyReview
from services.custodian.column_maps import NewMapping
from services.custodian.deaths import DeceasedPatient
from services.custodian.erasures import PendingErasure
from services.custodian.history import HistoryState
from services.custodian.identity_checks import IDENTITY_CHECKS, LIST_CHECKS
from services.custodian.invitation_lists import InvitationList, ListPerson, ListSummary
from services.custodian.invitations import IssuedInvitation
from services.custodian.links import LinkedPatients
from services.custodian.messages import Inbox, PatientMessage
from services.custodian.moves import FiledRecord, MoveResult
from services.custodian.overview import Health, Holdings, Overview, Week
from services.custodian.people import OpenInvitation, StaffAccount
from services.custodian.people_lists import MAX_LIST_BYTES, MAX_NUMBER, LineFault, LineProblem
from services.custodian.recoveries import PendingRecovery
from services.custodian.upload_problems import BadCell
from services.custodian.upload_store import LEAVE, NONE, Upload
from services.custodian.uploads import MAX_MAPPING, NewUpload, UploadReport
from services.requests import Proposal, ReleasedCopy
from services.requests.copy_deletions import DeletionCounts
from services.requests.counting_rules import CountingRule
from services.requests.messages import ANSWERED, CORRECTED, MAX_TEXT, REFUSED
from services.schemas import Strict, ValidationError
from services.words import LANGUAGES
from storage import DepositReport
from storage.schemas import Items, RecordSchema
from web.api.schemas import (
    BARE_HEX,
    ErasureRequestSchema,
    Flag,
    JobSchema,
    Text,
    listing,
    schema_of,
)

MAX_RECORDS: Final = 5_000
MAX_BASE64: Final = 32 * 2**20 * 4 // 3 + 8
"""JSON is parsed as a whole, so less than a form may carry: 32 MiB of file."""
MAX_FILE_BYTES: Final = MAX_BASE64 + MAX_MAPPING + 4_096
_OBJECT: Final = {"type": "object", "additionalProperties": True}


class UploadBody(Strict):
    """A file in base64, and how it is read.

    `mapping` names one that is installed, or is `draft` for a table whose columns are mapped
    afterwards; `own_mapping` is the TOML text of another; a FHIR bundle needs neither. `on_bad`
    says whether the good rows are stored without the bad ones.
    """

    name = Text(255, required=True)
    file = fields.String(required=True, validate=validate.Length(0, MAX_BASE64))
    mapping = Text(128, 0, load_default="")
    own_mapping = fields.String(load_default="", validate=validate.Length(0, MAX_MAPPING))
    on_bad = fields.String(required=True, validate=validate.OneOf((LEAVE, NONE)))

    @post_load
    def _to_upload(self, data: Mapping[str, Any], **_: Any) -> NewUpload:
        try:
            body = base64.b64decode(data["file"], validate=True)
        except (binascii.Error, ValueError) as exc:
            raise ValidationError({"file": ["Must be base64."]}) from exc
        return NewUpload(
            name=data["name"],
            file=io.BytesIO(body),
            mapping=data["mapping"],
            own_mapping=data["own_mapping"].encode() or None,
            on_bad=data["on_bad"],
        )


class MappingBody(Strict):
    """The mapping of a table's columns as TOML; `name` keeps it for further tables."""

    mapping = fields.String(required=True, validate=validate.Length(1, MAX_MAPPING))
    name = Text(64, 0, load_default="")

    @post_load
    def _to_mapping(self, data: Mapping[str, Any], **_: Any) -> NewMapping:
        return NewMapping(text=data["mapping"], name=data["name"])


class StudyDecisionBody(Strict):
    """An approval, or with its reason a refusal or what has to change (`return`).

    With the `version` that was read, a study that was changed since is not decided on (409).
    """

    answer = fields.String(required=True, validate=validate.OneOf(("approve", "return", "refuse")))
    why = fields.String(load_default="", validate=validate.Length(0, MAX_REASON))
    version = fields.Integer(load_default=None, strict=True, allow_none=True)


class MessageAnswerBody(Strict):
    """How a message is answered: ``answered``, or ``corrected`` or ``refused`` with the reason."""

    outcome = fields.String(required=True, validate=validate.OneOf((ANSWERED, CORRECTED, REFUSED)))
    text = fields.String(required=True, validate=validate.Length(1, MAX_TEXT))


class ListBody(Strict):
    """Patients to invite as CSV: number, e-mail, name, language; `language` is of other letters."""

    list = fields.String(required=True, validate=validate.Length(1, MAX_LIST_BYTES))
    language = fields.String(load_default="en", validate=validate.OneOf(LANGUAGES))


class ListConfirmationBody(Strict):
    """How everybody's identity was checked, who is invited too, whether mails are sent."""

    identity = fields.String(required=True, validate=validate.OneOf(LIST_CHECKS))
    new_patients = Flag()
    replace_links = Flag()
    mails = Flag()


class CountingBody(Strict):
    """Whether researchers may have people counted before anybody is asked."""

    is_allowed = Flag(required=True)


class HistoryRuleBody(Strict):
    """Whether the versions that corrections replace are kept."""

    keeps = Flag(required=True)


class ErasureBody(Strict):
    """Who asks to be erased, and how their identity was checked."""

    number = Text(MAX_NUMBER, required=True)
    identity = fields.String(required=True, validate=validate.OneOf(IDENTITY_CHECKS))


class ErasureDecisionBody(Strict):
    """An approval, which cannot be undone, or a refusal with the reason that the patient reads."""

    decision = fields.String(required=True, validate=validate.OneOf(("approve", "refuse")))
    reason = fields.String(load_default="", validate=validate.Length(0, MAX_REASON))


class LinkBody(Strict):
    """Two hospital numbers that may be one person's."""

    number = Text(MAX_NUMBER, required=True)
    other = Text(MAX_NUMBER, required=True)


class NumberBody(Strict):
    """A patient of the directory, by hospital number."""

    number = Text(MAX_NUMBER, required=True)


class DeathBody(Strict):
    """Whether the patient of a hospital number has died."""

    number = Text(MAX_NUMBER, required=True)
    has_died = fields.Boolean(required=True)


class LinkDecisionBody(Strict):
    """``confirm``: one person; ``dismiss``: two people; ``undo``: a link that was wrong."""

    decision = fields.String(required=True, validate=validate.OneOf(("confirm", "dismiss", "undo")))


class RecoveryLinkBody(ErasureBody):
    """Whose key was lost, and how their identity was checked again."""


class RecoveryBody(RecoveryLinkBody):
    """A wallet's recovery: whose key, the identity check, and the wallet's signed enrolment."""

    proof = fields.Dict(keys=fields.String(), required=True, metadata=_OBJECT)


class DepositBody(Strict):
    """Records, and for each, if given, the source that distinguishes it from all others."""

    records = Items(fields.Nested(RecordSchema), least=1, most=MAX_RECORDS, required=True)
    sources = Items(Text(512), least=1, most=MAX_RECORDS)


HealthSchema = schema_of("HealthSchema", Health, "chain ipfs worker")
HoldingsSchema = schema_of(
    "HoldingsSchema",
    Holdings,
    "patients subjects records is_anchored",
    anchor="anchored_at_s",
    jobs="active_jobs",
    studies="proposed_studies",
    erasures="requested_erasures",
    links="proposed_links",
)
WeekSchema = schema_of("WeekSchema", Week, "yes no estimates uploads")
OverviewSchema = schema_of(
    "OverviewSchema",
    Overview,
    "waiting_files",
    health=HealthSchema,
    held=("holdings", HoldingsSchema),
    week=WeekSchema,
)
MappingsSchema = listing("MappingsSchema", "mappings", fields.String())
UploadSchema = schema_of(
    "UploadSchema",
    Upload,
    "id sent.name sent.kind sent.on_bad state ended_at_s",
    bytes="size",
    sent_at_s="at_s",
)
UploadsSchema = listing("UploadsSchema", "uploads", UploadSchema)
BadCellSchema = schema_of("BadCellSchema", BadCell, "row line column problem cure")
LevelSchema = schema_of("LevelSchema", Level, "value count")
ColumnSummarySchema = schema_of(
    "ColumnSummarySchema",
    ColumnSummary,
    "column code category kind unit count missing bad left_out bounds minimum median maximum",
    levels=LevelSchema,
)
ColumnDescriptionSchema = schema_of(
    "ColumnDescriptionSchema",
    ColumnDescription,
    "draft.role draft.kind draft.code draft.unit draft.category values missing different "
    "minimum maximum",
    column="draft.name",
    shapes=fields.List(fields.String()),
    flags=fields.List(fields.String()),
)
TableNoteSchema = schema_of(
    "TableNoteSchema", CellFault, "row line column problem message", code=fields.String()
)
TableDescriptionSchema = schema_of(
    "TableDescriptionSchema",
    TableDescription,
    "rows copies has_id has_units header_rows mapping",
    columns=ColumnDescriptionSchema,
    notes=TableNoteSchema,
)
UploadReportSchema = schema_of(
    "UploadReportSchema",
    UploadReport,
    "upload.id upload.sent.name upload.sent.kind upload.sent.on_bad upload.state upload.ended_at_s",
    bytes="upload.size",
    sent_at_s="upload.at_s",
    may_store="can_store",
    may_map="can_map",
    report="counts",
    bad=("problems", BadCellSchema),
    notes=BadCellSchema,
    columns=ColumnSummarySchema,
    job=JobSchema,
)
ProposalSchema = schema_of(
    "ProposalSchema",
    Proposal,
    "study owner title board protocol condition question purpose categories data_from data_to "
    "days until_s wants_copy copy_kind contact state version proposed_at_s answered_at_s why",
)
StudyCopySchema = schema_of(
    "StudyCopySchema", ReleasedCopy, "at_s ends_at_s rows deleted_at_s is_pseudonymised"
)
DeletionCountsSchema = schema_of(
    "DeletionCountsSchema", DeletionCounts, "waiting overdue acknowledged"
)
ProposalsSchema = listing("ProposalsSchema", "studies", ProposalSchema)
StudyReviewSchema = schema_of(
    "StudyReviewSchema",
    StudyReview,
    "patients_read",
    study=("proposal", ProposalSchema),
    reaches="reach",
    copies=StudyCopySchema,
    deletions=DeletionCountsSchema,
)
PendingRecoverySchema = schema_of(
    "PendingRecoverySchema",
    PendingRecovery,
    "subject state ready_at_s",
    hospital_number="number",
    signer=BARE_HEX,
)
StaffSessionSchema = schema_of("StaffSessionSchema", Session, "id began_at_s used_at_s ends_at_s")
StaffAccountSchema = schema_of(
    "StaffAccountSchema",
    StaffAccount,
    "id name role party joined_at_s last_used_at_s is_disabled",
    sessions=StaffSessionSchema,
)
StaffSchema = listing("StaffSchema", "people", StaffAccountSchema)
OpenInvitationSchema = schema_of(
    "OpenInvitationSchema",
    OpenInvitation,
    "id kind role name party issued_by issued_at_s until_s",
)
ListPersonSchema = schema_of(
    "ListPersonSchema", ListPerson, "line number email name language state link mail"
)
LineProblemSchema = schema_of(
    "LineProblemSchema",
    LineProblem,
    "line",
    problem=fields.Enum(LineFault, by_value=True, attribute="fault", required=True),
)
InvitationListSchema = schema_of(
    "InvitationListSchema",
    InvitationList,
    "id is_issued until_s kept_until_s can_mail",
    people=ListPersonSchema,
    problems=LineProblemSchema,
)
InvitationListsSchema = listing(
    "InvitationListsSchema",
    "lists",
    schema_of("ListSummarySchema", ListSummary, "id at_s people is_issued"),
)
OpenInvitationsSchema = listing("OpenInvitationsSchema", "invitations", OpenInvitationSchema)
PatientMessageSchema = schema_of(
    "PatientMessageSchema",
    PatientMessage,
    "message.id message.kind message.about message.text message.at_s message.outcome "
    "message.answer message.answered_at_s",
    hospital_number="number",
)
InboxSchema = schema_of(
    "InboxSchema",
    Inbox,
    waiting=PatientMessageSchema,
    answered=PatientMessageSchema,
)
RecoveryLinkSchema = schema_of("RecoveryLinkSchema", IssuedInvitation, "link until_s days")
RecoveriesSchema = listing("RecoveriesSchema", "recoveries", PendingRecoverySchema)
PendingErasureSchema = schema_of(
    "PendingErasureSchema",
    PendingErasure,
    "is_waiting",
    hospital_number="number",
    request=ErasureRequestSchema,
)
ErasuresSchema = listing("ErasuresSchema", "erasures", PendingErasureSchema)
OutcomeSchema = schema_of(
    "OutcomeSchema",
    Outcome,
    "ok reason consent_id",
    transaction_hash=fields.Function(lambda outcome: outcome.transaction_hash or None),
)
OutcomesSchema = listing("OutcomesSchema", "outcomes", OutcomeSchema)
DepositSchema = schema_of("DepositSchema", DepositReport, "record_ids new batches")
CountingSchema = schema_of("CountingSchema", CountingRule, "is_allowed decided_at_s")
LinkedPatientsSchema = schema_of(
    "LinkedPatientsSchema",
    LinkedPatients,
    "link.id link.state link.source link.proposed_at_s link.decided_at_s is_waiting is_linked",
    hospital_numbers=fields.List(fields.String(), attribute="numbers"),
    records=fields.List(fields.Integer()),
    affected_models=fields.List(fields.String()),
)
LinksSchema = listing("LinksSchema", "links", LinkedPatientsSchema)
DeceasedPatientSchema = schema_of(
    "DeceasedPatientSchema",
    DeceasedPatient,
    "death.source death.at_s",
    hospital_number="number",
)
DeceasedSchema = listing("DeceasedSchema", "deceased", DeceasedPatientSchema)
HistoryStateSchema = schema_of(
    "HistoryStateSchema", HistoryState, "rule.keeps rule.by rule.at_s versions"
)
FiledRecordSchema = schema_of(
    "FiledRecordSchema", FiledRecord, "record_id category recorded_on version"
)
FiledRecordsSchema = listing("FiledRecordsSchema", "records", FiledRecordSchema)
MoveResultSchema = schema_of(
    "MoveResultSchema",
    MoveResult,
    "record_id",
    affected_models=fields.List(fields.String()),
)
