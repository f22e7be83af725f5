"""The custodian's API: overview, uploads, studies, recoveries, enrolments, records, subjects."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import orjson
from flask import Blueprint, Response

from consent import Outcome, Signed
from records.description import TableDescription
from services.custodian.approvals import StudyReview
from services.custodian.column_maps import NewMapping
from services.custodian.fhir_uploads import NDJSON, to_ndjson
from services.custodian.invitations import IssuedInvitation
from services.custodian.overview import Overview
from services.custodian.recoveries import PendingRecovery, RecoveryRequest
from services.custodian.upload_store import Upload
from services.custodian.uploads import NewUpload, UploadReport
from services.model_monitoring import ModelMonth
from services.requests import REFUSED, RETURNED, Proposal
from services.subjects import SubjectConsents, SubjectUses, parse_subject
from services.tokens import CUSTODIAN
from storage import DepositReport
from web.api.custodian import counting, erasures, invitation_lists, people, persons
from web.api.custodian.schemas import (
    MAX_FILE_BYTES,
    DepositBody,
    DepositSchema,
    MappingBody,
    MappingsSchema,
    OutcomesSchema,
    OverviewSchema,
    ProposalsSchema,
    RecoveriesSchema,
    RecoveryBody,
    RecoveryLinkBody,
    RecoveryLinkSchema,
    StudyDecisionBody,
    StudyReviewSchema,
    TableDescriptionSchema,
    UploadBody,
    UploadReportSchema,
    UploadsSchema,
)
from web.api.guard import require_operator
from web.api.resources import accepts, accepts_nothing, idempotent, returns, returns_file
from web.api.schemas import (
    ModelMonthsSchema,
    PageSchema,
    SignedEnrolments,
    SubjectConsentsSchema,
    SubjectUsesSchema,
)
from web.current import current_caller, services, words
from web.view_options import max_body, one_at_a_time, requires_role

MAX_BATCH_BYTES: Final = 16 * 2**20

bp = Blueprint("custodian", __name__)
own = Blueprint("own", __name__)
"""Routes of the organisation that operates this installation; for others they do not exist."""
own.before_request(require_operator)


@own.get("/custodian/overview")
@requires_role(CUSTODIAN)
@returns(OverviewSchema)
def get_overview() -> Overview:
    """Return which parts respond, what is stored, and what waits."""
    return services().custodian.overview.get()


@own.get("/custodian/models/months")
@requires_role(CUSTODIAN)
@returns(ModelMonthsSchema)
def get_model_months() -> Sequence[ModelMonth]:
    """Return the newest monthly report of each model in service: drift, and known outcomes."""
    return services().custodian.models.list_newest()


@own.get("/custodian/mappings")
@requires_role(CUSTODIAN)
@returns(MappingsSchema)
def get_mappings() -> list[str]:
    """Return the names of the installed mappings."""
    return services().custodian.uploads.mapping_names()


@own.get("/custodian/uploads")
@requires_role(CUSTODIAN)
@returns(UploadsSchema)
def get_uploads() -> list[Upload]:
    """Return the newest fifty files, newest first."""
    return services().custodian.uploads.list_newest(current_caller().party)


@own.post("/custodian/uploads")
@requires_role(CUSTODIAN)
@max_body(MAX_FILE_BYTES)
@idempotent
@accepts(UploadBody)
@returns(UploadReportSchema, status=202)
def post_upload(body: NewUpload) -> UploadReport:
    """Queue the check of a table or a FHIR bundle; nothing is stored before that is requested."""
    caller = current_caller()
    return services().custodian.uploads.submit(words(), caller.party, body, by=caller.id)


@own.get("/custodian/uploads/<upload>")
@requires_role(CUSTODIAN)
@returns(UploadReportSchema)
def get_upload(upload: str) -> UploadReport:
    """Return what is in a file, each problem with its remedy, and what was stored."""
    return services().custodian.uploads.get(words(), current_caller().party, upload)


@own.get("/custodian/uploads/<upload>/outcomes")
@requires_role(CUSTODIAN)
@one_at_a_time
@returns_file(NDJSON)
def get_outcomes(upload: str) -> Response:
    """Return what became of each entry of a FHIR file: one FHIR OperationOutcome a line."""
    outcomes = services().custodian.uploads.outcomes(current_caller().party, upload)
    return Response(to_ndjson(outcomes), content_type=NDJSON)


@own.get("/custodian/uploads/<upload>/columns")
@requires_role(CUSTODIAN)
@returns(TableDescriptionSchema)
def get_columns(upload: str) -> TableDescription:
    """Return what the columns of a table without a mapping seem to mean, and a drafted mapping."""
    return services().custodian.columns.describe(current_caller().party, upload)


@own.post("/custodian/uploads/<upload>/mapping")
@requires_role(CUSTODIAN)
@idempotent
@accepts(MappingBody)
@returns(UploadReportSchema, status=202)
def post_mapping(upload: str, body: NewMapping) -> UploadReport:
    """Give a table that waits for its columns a mapping, and queue its check."""
    columns = services().custodian.columns
    return columns.save(words(), current_caller().party, upload, body)


@own.post("/custodian/uploads/<upload>/storing")
@requires_role(CUSTODIAN)
@idempotent
@accepts_nothing
@returns(UploadReportSchema, status=202)
def post_storing(upload: str) -> UploadReport:
    """Store the good rows of a checked file; a repeated request stores them once."""
    return services().custodian.uploads.store(words(), current_caller().party, upload)


@own.delete("/custodian/uploads/<upload>")
@requires_role(CUSTODIAN)
@returns(UploadReportSchema)
def delete_upload(upload: str) -> UploadReport:
    """Discard a checked file; one that is being stored, or was, does not change."""
    return services().custodian.uploads.discard(words(), current_caller().party, upload)


@own.get("/custodian/studies")
@requires_role(CUSTODIAN)
@returns(ProposalsSchema)
def get_proposals() -> list[Proposal]:
    """Return every proposed study, newest first, decided or not."""
    return services().custodian.approvals.list_all()


@own.get("/custodian/studies/<study>")
@requires_role(CUSTODIAN)
@one_at_a_time
@returns(StudyReviewSchema)
def get_proposal(study: str) -> StudyReview:
    """Return what a study plans, how many patients it reaches, and what patients would read."""
    return services().custodian.approvals.review(words(), study)


@own.post("/custodian/studies/<study>/answer")
@requires_role(CUSTODIAN)
@idempotent
@accepts(StudyDecisionBody)
@returns(StudyReviewSchema)
def post_proposal_answer(study: str, body: dict[str, Any]) -> StudyReview:
    """Approve a study, or with a reason refuse it or ask for changes; a decision is final."""
    approvals, by, version = services().custodian.approvals, current_caller().id, body["version"]
    if body["answer"] == "approve":
        approvals.approve(study, by=by, version=version)
    else:
        state = REFUSED if body["answer"] == "refuse" else RETURNED
        approvals.reject(words(), study, state, body["why"], by=by, version=version)
    return approvals.review(words(), study)


@own.get("/custodian/recoveries")
@requires_role(CUSTODIAN)
@returns(RecoveriesSchema)
def get_recoveries() -> list[PendingRecovery]:
    """Return the new keys that wait; then those that patients refused, for 60 days."""
    return services().custodian.recoveries.list_pending()


@own.post("/custodian/recoveries/links")
@requires_role(CUSTODIAN)
@accepts(RecoveryLinkBody)
@returns(RecoveryLinkSchema, status=201)
def post_recovery_link(body: dict[str, str]) -> IssuedInvitation:
    """Return a link with which a patient whose identity was checked again creates a new passkey.

    An earlier link of this kind for the patient no longer works.
    """
    recoveries, by = services().custodian.recoveries, current_caller().id
    return recoveries.issue_link(words(), body["number"], body["identity"], by=by)


@own.post("/custodian/recoveries")
@requires_role(CUSTODIAN)
@accepts(RecoveryBody)
@returns(RecoveriesSchema)
def post_recovery(body: dict[str, Any]) -> list[PendingRecovery]:
    """Propose a wallet for a patient whose identity was checked again; then the delay begins."""
    recovery = RecoveryRequest(
        number=body["number"], identity=body["identity"], proof=orjson.dumps(body["proof"])
    )
    return services().custodian.recoveries.propose(words(), recovery, by=current_caller().id)


@own.post("/custodian/enrolments")
@requires_role(CUSTODIAN)
@max_body(MAX_BATCH_BYTES)
@idempotent
@accepts(SignedEnrolments)
@returns(OutcomesSchema)
def post_enrolments(body: dict[str, list[Signed]]) -> list[Outcome]:
    """Enrol subjects by their first keys; one outcome each, in the order sent."""
    return services().custodian.subjects.enrol(body["signed"])


@own.post("/custodian/records")
@requires_role(CUSTODIAN)
@max_body(MAX_BATCH_BYTES)
@idempotent
@accepts(DepositBody)
@returns(DepositSchema, status=201)
def post_records(body: dict[str, Any]) -> DepositReport:
    """Seal and store records: all or none; a record whose source is stored does not change."""
    party = current_caller().party
    return services().custodian.records.deposit(party, body["records"], body.get("sources"))


@own.get("/custodian/subjects/<subject>/consents")
@requires_role(CUSTODIAN)
@returns(SubjectConsentsSchema)
def get_subject_consents(subject: str) -> SubjectConsents:
    """Return every consent of a subject, oldest first, with its state now."""
    party = current_caller().party
    return services().custodian.subjects.consents_of(party, parse_subject(subject))


@own.get("/custodian/subjects/<subject>/uses")
@requires_role(CUSTODIAN)
@one_at_a_time
@accepts(PageSchema)
@returns(SubjectUsesSchema)
def get_subject_uses(subject: str, body: dict[str, Any]) -> SubjectUses:
    """Return who used a subject's records or was refused, newest first, each with its proof."""
    party = current_caller().party
    return services().custodian.subjects.uses_of(
        party, parse_subject(subject), body["limit"], body["before"]
    )


own.register_blueprint(people.bp)
own.register_blueprint(invitation_lists.bp)
own.register_blueprint(counting.bp)
own.register_blueprint(erasures.bp)
own.register_blueprint(persons.bp)
bp.register_blueprint(own)
