"""The records that a patient lets the clinician's organisation read: a timeline, and each value."""

from __future__ import annotations

from flask import Blueprint, Response, request

from services.clinician.records import RecordQuery
from services.tokens import CLINICIAN
from web.current import current_account, services, words
from web.pages.guard import render
from web.view_options import opens_records, requires_role

bp = Blueprint("clinician_records", __name__)


@bp.get("/clinician/patients/<id>/records")
@requires_role(CLINICIAN)
@opens_records
def timeline(id: str) -> Response:
    """Show what the records say, the newest first; opening them is journalled."""
    account = current_account()
    page = services().clinician.records.timeline(account.party, account.id, _query(id), words())
    return render(
        "clinician/timeline.html",
        title=words()("timeline-title", number=page.patient.label),
        timeline=page,
    )


@bp.get("/clinician/patients/<id>/values")
@requires_role(CLINICIAN)
@opens_records
def value(id: str) -> Response:
    """Show one value over time, as a chart and a table; opening the records is journalled."""
    account, code = current_account(), request.args.get("code", "")
    result = services().clinician.records.series(
        account.party, account.id, _query(id), code, words()
    )
    return render(
        "clinician/value.html",
        title=words()("chart-title", value=result.series.name),
        result=result,
    )


def _query(patient_key: str) -> RecordQuery:
    return RecordQuery(
        patient_key=patient_key,
        category=request.args.get("kind", ""),
        page=request.args.get("page", 1, type=int),
    )
