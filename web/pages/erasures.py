"""The custodian's page of patients who ask to be erased: record, approve or refuse."""

from __future__ import annotations

from flask import Blueprint, Response, request

from services.errors import Invalid
from services.tokens import CUSTODIAN
from web.current import current_account, services, words
from web.pages.forms import first_errors
from web.pages.guard import render, see_other
from web.pages.patient.consents import json_file
from web.view_options import requires_role

_INVALID = 422

bp = Blueprint("custodian_erasures", __name__)
BLUEPRINTS = (bp,)


@bp.get("/custodian/erasures")
@requires_role(CUSTODIAN)
def erasures() -> Response:
    """Show the requests, and the form for a patient who asks in person."""
    return _list({}, 200)


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
        return _list(first_errors(exc), _INVALID)
    return see_other(f"/custodian/erasures/{pending.request.id}")


@bp.get("/custodian/erasures/<id>")
@requires_role(CUSTODIAN)
def erasure(id: str) -> Response:
    """Show one request: who asks, what would be erased, and the decision."""
    return _one_request(id, {}, 200)


@bp.post("/custodian/erasures/<id>")
@requires_role(CUSTODIAN)
def decide_erasure(id: str) -> Response:
    """Approve or refuse a request; a repeated form does not change the decision."""
    erasures, by = services().custodian.erasures, current_account().id
    decision = request.form.get("wish", "")
    if decision == "approve":
        erasures.approve(id, by=by)
    elif decision == "refuse":
        try:
            erasures.refuse(words(), id, request.form.get("reason", ""), by=by)
        except Invalid as exc:
            return _one_request(id, first_errors(exc), _INVALID)
    return see_other(f"/custodian/erasures/{id}")


@bp.get("/custodian/erasures/<id>/receipt")
@requires_role(CUSTODIAN)
def erasure_receipt(id: str) -> Response:
    """Return the signed receipt as a file."""
    return json_file(services().custodian.erasures.receipt(id), "erasure.json")


def _list(errors: dict[str, str], status: int) -> Response:
    return render(
        "custodian/erasures.html",
        title=words()("menu-erasures"),
        status=status,
        errors=errors,
        values=request.form if errors else {},
        erasures=services().custodian.erasures.list_all(),
    )


def _one_request(identity: str, errors: dict[str, str], status: int) -> Response:
    return render(
        "custodian/erasure.html",
        title=words()("erasures-one"),
        status=status,
        errors=errors,
        values=request.form if errors else {},
        pending=services().custodian.erasures.get(identity),
    )
