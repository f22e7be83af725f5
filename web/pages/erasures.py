"""The custodian's page of patients who ask to be erased: record, approve or refuse."""

from __future__ import annotations

from flask import Blueprint, Response, request

from services.errors import Invalid
from services.tokens import CUSTODIAN
from web.current import current_account, services, words
from web.pages.forms import first_errors
from web.pages.guard import render_form, see_other
from web.responses import json_file
from web.view_options import requires_role

bp = Blueprint("custodian_erasures", __name__)


@bp.get("/custodian/erasures")
@requires_role(CUSTODIAN)
def erasures() -> Response:
    """Show the requests, and the form for a patient who asks in person."""
    return _list({})


@bp.post("/custodian/erasures")
@requires_role(CUSTODIAN)
def record_erasure() -> Response:
    """Record the request of a patient whose identity was checked."""
    number, identity = request.form.get("number", ""), request.form.get("identity", "")
    try:
        pending = services().custodian.erasures.record(
            words(), number, identity, by=current_account().id
        )
    except Invalid as exc:
        return _list(first_errors(exc))
    return see_other(f"/custodian/erasures/{pending.request.id}")


@bp.get("/custodian/erasures/<id>")
@requires_role(CUSTODIAN)
def erasure(id: str) -> Response:
    """Show one request: who asks, what would be erased, and the decision."""
    return _one_request(id, {})


@bp.post("/custodian/erasures/<id>")
@requires_role(CUSTODIAN)
def decide_erasure(id: str) -> Response:
    """Approve a request after a tick, or refuse it; a repeated form changes no decision."""
    erasures, by = services().custodian.erasures, current_account().id
    decision = request.form.get("wish", "")
    if decision == "approve" and not request.form.get("sure"):
        return _one_request(id, {"sure": words()("erasures-sure-error")})
    if decision == "approve":
        erasures.approve(id, by=by)
    elif decision == "refuse":
        try:
            erasures.refuse(words(), id, request.form.get("reason", ""), by=by)
        except Invalid as exc:
            return _one_request(id, first_errors(exc))
    return see_other(f"/custodian/erasures/{id}")


@bp.get("/custodian/erasures/<id>/receipt")
@requires_role(CUSTODIAN)
def erasure_receipt(id: str) -> Response:
    """Return the signed receipt as a file."""
    return json_file(services().custodian.erasures.receipt(id), "erasure.json")


def _list(errors: dict[str, str]) -> Response:
    return render_form(
        "custodian/erasures.html",
        title=words()("menu-erasures"),
        errors=errors,
        erasures=services().custodian.erasures.list_all(),
    )


def _one_request(identity: str, errors: dict[str, str]) -> Response:
    return render_form(
        "custodian/erasure.html",
        title=words()("erasures-one"),
        errors=errors,
        pending=services().custodian.erasures.get(identity),
    )
