"""The custodian's pages about whose records are whose: patients under two numbers."""

from __future__ import annotations

from typing import Final

from flask import Blueprint, Response, request

from services.errors import Invalid
from services.tokens import CUSTODIAN
from web.current import current_account, services, words
from web.pages.forms import first_errors
from web.pages.guard import render, see_other
from web.view_options import requires_role

_INVALID: Final = 422

bp = Blueprint("persons_pages", __name__)
BLUEPRINTS = (bp,)


@bp.get("/custodian/links")
@requires_role(CUSTODIAN)
def links() -> Response:
    """Show proposed links, those in force, and the form that proposes one."""
    return _links({}, 200)


@bp.post("/custodian/links")
@requires_role(CUSTODIAN)
def propose_link() -> Response:
    """Propose that two hospital numbers are one person's, and go to the proposal."""
    number, other = request.form.get("number", ""), request.form.get("other", "")
    service = services().custodian.links
    try:
        proposal = service.propose(words(), number, other, by=current_account().id)
    except Invalid as exc:
        return _links(first_errors(exc), _INVALID)
    return see_other(f"/custodian/links/{proposal.link.id}")


@bp.get("/custodian/links/<id>")
@requires_role(CUSTODIAN)
def link(id: str) -> Response:
    """Show one link: both patients, who proposed it, and the decision."""
    count = request.args.get("models", "")
    return render(
        "custodian/link.html",
        title=words()("links-one"),
        pair=services().custodian.links.get(id),
        models=int(count) if count.isdecimal() and len(count) <= 6 else None,
    )


@bp.post("/custodian/links/<id>")
@requires_role(CUSTODIAN)
def decide_link(id: str) -> Response:
    """Confirm, dismiss or undo a link; a repeated form changes nothing."""
    service, by = services().custodian.links, current_account().id
    decision = request.form.get("wish", "")
    if decision == "dismiss":
        service.dismiss(id, by=by)
        return see_other(f"/custodian/links/{id}")
    if decision not in ("confirm", "undo"):
        return see_other(f"/custodian/links/{id}")
    decide = service.confirm if decision == "confirm" else service.undo
    decided = decide(id, by=by)
    return see_other(f"/custodian/links/{id}?models={len(decided.affected_models)}")


def _links(errors: dict[str, str], status: int) -> Response:
    return render(
        "custodian/links.html",
        title=words()("menu-links"),
        status=status,
        errors=errors,
        values=request.form if errors else {},
        pairs=services().custodian.links.list_all(),
    )
