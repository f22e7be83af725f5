"""The auditor's API: ledger status, anchors, journal, models, subjects, evidence bundle."""

from __future__ import annotations

from typing import Any, Final

from flask import Blueprint, Response, send_file

from models import Model
from services.auditor.journal import JournalPage, JournalPeriod, JournalSearch
from services.auditor.service import AnchorRow, LedgerStatus
from services.jobs.queue import Job
from services.subjects import SubjectConsents, SubjectUses, parse_subject
from services.tokens import AUDITOR
from web.api.auditor.schemas import (
    AnchorsSchema,
    AuditedModelSchema,
    AuditedModelsSchema,
    AuditJournalSchema,
    JournalPeriodBody,
    JournalPeriodSchema,
    JournalSearchBody,
    LedgerStatusSchema,
)
from web.api.resources import accepts, accepts_nothing, idempotent, returns, returns_file
from web.api.schemas import (
    JobSchema,
    ObjectAnswer,
    PageSchema,
    SubjectConsentsSchema,
    SubjectUsesSchema,
)
from web.current import current_caller, services
from web.responses import PDF, card_pdf, json_response
from web.view_options import one_at_a_time, requires_role

NDJSON: Final = "application/x-ndjson"

bp = Blueprint("auditor", __name__)


@bp.get("/auditor/standing")
@requires_role(AUDITOR)
@returns(LedgerStatusSchema)
def get_standing() -> LedgerStatus:
    """Return the state of ledger, mirror, journal and anchors."""
    return services().auditor.status()


@bp.get("/auditor/anchors")
@requires_role(AUDITOR)
@returns(AnchorsSchema)
def get_anchors() -> list[AnchorRow]:
    """Return the newest anchors of each kind, newest first."""
    return services().auditor.anchors()


@bp.get("/auditor/journal")
@requires_role(AUDITOR)
@one_at_a_time
@accepts(JournalSearchBody)
@returns(AuditJournalSchema)
def get_journal(body: dict[str, Any]) -> JournalPage:
    """Return the journal without subjects and records, newest first."""
    before = body.pop("before")
    return services().auditor.journal(JournalSearch(**body), before)


@bp.get("/auditor/journal/period")
@requires_role(AUDITOR)
@one_at_a_time
@accepts(JournalPeriodBody)
@returns(JournalPeriodSchema)
def get_journal_period(body: dict[str, Any]) -> JournalPeriod:
    """Return every matching row of some days, oldest first, with totals by party and purpose."""
    return services().auditor.journal_period(JournalSearch(**body))


@bp.get("/auditor/models")
@requires_role(AUDITOR)
@returns(AuditedModelsSchema)
def get_audited_models() -> list[Model]:
    """Return every model, oldest first."""
    return services().auditor.models()


@bp.get("/auditor/models/<model>")
@requires_role(AUDITOR)
@returns(AuditedModelSchema)
def get_audited_model(model: str) -> Model:
    """Return one model and its state."""
    return services().auditor.model(model)


@bp.get("/auditor/models/<model>/card")
@requires_role(AUDITOR)
@returns(ObjectAnswer)
def get_audited_card(model: str) -> Response:
    """Return a model's card, as docs/spec/ describes it."""
    return json_response(services().auditor.cards.get(model).content)


@bp.get("/auditor/models/<model>/card.pdf")
@requires_role(AUDITOR)
@one_at_a_time
@returns_file(PDF)
def get_audited_card_pdf(model: str) -> Response:
    """Return a model's card as PDF, with its figures."""
    return card_pdf(services().auditor.cards.files(model))


@bp.get("/auditor/subjects/<subject>/consents")
@requires_role(AUDITOR)
@returns(SubjectConsentsSchema)
def get_audited_consents(subject: str) -> SubjectConsents:
    """Return every consent of a subject with its state, oldest first."""
    return services().auditor.subject_consents(parse_subject(subject))


@bp.get("/auditor/subjects/<subject>/uses")
@requires_role(AUDITOR)
@one_at_a_time
@accepts(PageSchema)
@returns(SubjectUsesSchema)
def get_audited_uses(subject: str, body: dict[str, Any]) -> SubjectUses:
    """Return who used a subject's records or was refused, newest first, each with its proof."""
    page = services().auditor.subject_uses(parse_subject(subject), body["limit"], body["before"])
    return page


@bp.post("/auditor/evidence")
@requires_role(AUDITOR)
@idempotent
@accepts_nothing
@returns(JobSchema, status=202)
def post_bundle() -> Job:
    """Write the evidence to a file; the job that is writing one is returned as it is."""
    return services().auditor.start_bundle(current_caller().party)


@bp.get("/auditor/evidence/<job>")
@requires_role(AUDITOR)
@one_at_a_time
@returns_file(NDJSON)
def get_bundle(job: str) -> Response:
    """Return the evidence of a job that is done: one JSON object a line."""
    path = services().auditor.bundle_path(job).absolute()
    answer = send_file(path, NDJSON, as_attachment=True, download_name="evidence.ndjson")
    answer.headers["Cache-Control"] = "no-store"  # Flask would let browsers keep the file
    return answer
