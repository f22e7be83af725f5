"""The auditor's API: ledger status, anchors, journal, models, subjects, evidence bundle."""

from __future__ import annotations

from typing import Any, Final

from flask import Blueprint, Response, send_file

from services.auditor.journal import JournalPage, JournalSearch
from services.auditor.service import AnchorRow, LedgerStatus
from services.jobs.queue import Job
from services.schemas import NothingSchema
from services.tokens import AUDITOR
from web.api.auditor.schemas import (
    AnchorsSchema,
    AuditJournalSchema,
    JournalSearchBody,
    LedgerStatusSchema,
)
from web.api.resources import accepts, idempotent, returns, returns_file
from web.api.schemas import JobSchema
from web.current import current_caller, services
from web.view_options import requires_role

NDJSON: Final = "application/x-ndjson"

bp = Blueprint("auditor", __name__)
BLUEPRINTS: Final = (bp,)


@bp.get("/auditor/standing")
@requires_role(AUDITOR)
@returns(LedgerStatusSchema)
def get_standing() -> LedgerStatus:
    """Return the state of ledger, mirror, journal and anchors."""
    return services().auditor.status()


@bp.get("/auditor/anchors")
@requires_role(AUDITOR)
@returns(AnchorsSchema)
def get_anchors() -> dict[str, list[AnchorRow]]:
    """Return the newest anchors of each kind, newest first."""
    return {"anchors": services().auditor.anchors()}


@bp.get("/auditor/journal")
@requires_role(AUDITOR)
@accepts(JournalSearchBody)
@returns(AuditJournalSchema)
def get_journal(body: dict[str, Any]) -> JournalPage:
    """Return the journal without subjects and records, newest first."""
    before = body.pop("before")
    return services().auditor.journal(JournalSearch(**body), before)


@bp.post("/auditor/evidence")
@requires_role(AUDITOR)
@idempotent
@accepts(NothingSchema)
@returns(JobSchema, status=202)
def post_bundle(body: dict[str, Any]) -> Job:
    """Write the evidence to a file; the job that is writing one is returned as it is."""
    return services().auditor.start_bundle(current_caller().party)


@bp.get("/auditor/evidence/<job>")
@requires_role(AUDITOR)
@returns_file(NDJSON)
def get_bundle(job: str) -> Response:
    """Return the evidence of a job that is done: one JSON object a line."""
    path = services().auditor.bundle_path(job).absolute()
    return send_file(path, NDJSON, as_attachment=True, download_name="evidence.ndjson")
