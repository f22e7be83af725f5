"""The custodian's pages about people: lost passkeys, staff accounts, open invitations."""

from __future__ import annotations

from typing import Final

from flask import Blueprint, Response, request

from services.errors import Invalid
from services.tokens import CUSTODIAN
from web.current import current_account, services, words
from web.pages.forms import first_errors
from web.pages.guard import render
from web.view_options import requires_role

_INVALID: Final = 422

bp = Blueprint("people_pages", __name__)


@bp.get("/custodian/recoveries")
@requires_role(CUSTODIAN)
def recoveries() -> Response:
    """Show the recoveries that wait, and the form that issues a recovery link."""
    return _recoveries({}, 200)


@bp.post("/custodian/recoveries")
@requires_role(CUSTODIAN)
def issue_recovery_link() -> Response:
    """Make a link with which a patient who lost every key creates a new one; show it once."""
    form, service = request.form, services().custodian.recoveries
    number, identity = form.get("number", ""), form.get("identity", "")
    try:
        issued = service.issue_link(words(), number, identity, by=current_account().id)
    except Invalid as exc:
        return _recoveries(first_errors(exc), _INVALID)
    title = words()("recoveries-made")
    return render("custodian/recovery_link.html", title=title, number=number, issued=issued)


def _recoveries(errors: dict[str, str], status: int) -> Response:
    return render(
        "custodian/recoveries.html",
        title=words()("menu-recoveries"),
        status=status,
        errors=errors,
        values=request.form if errors else {},
        pending=services().custodian.recoveries.list_pending(),
    )
