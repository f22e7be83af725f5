"""The custodian's pages about whose records are whose, and their earlier versions."""

from __future__ import annotations

from functools import partial
from typing import Final

from flask import Blueprint, Response, request

from services.custodian.history import HistoryState
from services.errors import Invalid
from services.requests.wording import format_day
from services.tokens import CUSTODIAN
from web.current import current_account, services, words
from web.pages.forms import first_errors, number_in
from web.pages.guard import render, render_form, see_other
from web.view_options import requires_role

_MAX_DIGITS: Final = 6

bp = Blueprint("persons_pages", __name__)


@bp.get("/custodian/links")
@requires_role(CUSTODIAN)
def links() -> Response:
    """Show proposed links, those in force, and the form that proposes one."""
    return _links({})


@bp.post("/custodian/links")
@requires_role(CUSTODIAN)
def propose_link() -> Response:
    """Propose that two hospital numbers are one person's, and go to the proposal."""
    number, other = request.form.get("number", ""), request.form.get("other", "")
    service = services().custodian.links
    try:
        proposal = service.propose(words(), number, other, by=current_account().id)
    except Invalid as exc:
        return _links(first_errors(exc))
    return see_other(f"/custodian/links/{proposal.link.id}")


@bp.get("/custodian/links/<id>")
@requires_role(CUSTODIAN)
def link(id: str) -> Response:
    """Show one link: both patients, who proposed it, and the decision."""
    return render(
        "custodian/link.html",
        title=words()("links-one"),
        pair=services().custodian.links.get(id),
        models=_model_count(),
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


@bp.get("/custodian/deceased")
@requires_role(CUSTODIAN)
def deceased() -> Response:
    """Show who is noted as deceased, the rule for their consents, and the form to note a death."""
    return _deceased({})


@bp.post("/custodian/deceased")
@requires_role(CUSTODIAN)
def note_death() -> Response:
    """Note that a patient has died, or take the note back."""
    number, has_died = request.form.get("number", ""), request.form.get("wish") != "undo"
    try:
        services().custodian.deaths.note(
            words(), number, has_died=has_died, by=current_account().id
        )
    except Invalid as exc:
        return _deceased(first_errors(exc))
    return see_other("/custodian/deceased")


@bp.get("/custodian/moves")
@requires_role(CUSTODIAN)
def moves() -> Response:
    """Show the form that lists a patient's records, and what a move did."""
    return _moves({}, _model_count())


@bp.post("/custodian/moves")
@requires_role(CUSTODIAN)
def move_record() -> Response:
    """List the records of a number, or move the chosen one to another patient."""
    form, service = request.form, services().custodian.moves
    if form.get("wish") != "move":
        return _moves({})
    if not form.get("record"):
        return _moves({"record": words()("moves-record-error")})
    try:
        moved = service.move(
            words(), form["record"], form.get("other", ""), by=current_account().id
        )
    except Invalid as exc:
        return _moves(first_errors(exc))
    return see_other(f"/custodian/moves?models={len(moved.affected_models)}")


@bp.get("/custodian/versions")
@requires_role(CUSTODIAN)
def versions() -> Response:
    """Show the rule for earlier versions, and how many are stored."""
    return _versions(services().custodian.history.get(), {})


@bp.post("/custodian/versions")
@requires_role(CUSTODIAN)
def decide_versions() -> Response:
    """Keep earlier versions, or destroy them after a tick; a repeated form changes nothing."""
    form, service = request.form, services().custodian.history
    wish = form.get("wish")
    if wish == "destroy" and not form.get("sure"):
        state = service.get()
        if state.versions:  # they cannot be restored
            return _versions(state, {"sure": words()("versions-sure-error")})
    if wish in ("keep", "destroy"):
        service.set(keeps=wish == "keep", by=current_account().id)
    return see_other("/custodian/versions")


def _versions(state: HistoryState, errors: dict[str, str]) -> Response:
    title = words()("menu-versions")
    return render_form("custodian/versions.html", title=title, state=state, errors=errors)


def _model_count() -> int | None:
    """Return how many models the decision before affected; None if there was none."""
    return number_in(request.args.get("models", ""), _MAX_DIGITS)


def _moves(errors: dict[str, str], models: int | None = None) -> Response:
    number, records = request.form.get("number", ""), None
    if request.method == "POST":
        try:
            records = services().custodian.moves.list_records(words(), number)
        except Invalid as exc:
            errors = first_errors(exc)
    return render_form(
        "custodian/moves.html",
        title=words()("menu-moves"),
        errors=errors,
        number=number,
        records=records,
        format_day=partial(format_day, words()),
        models=models,
    )


def _deceased(errors: dict[str, str]) -> Response:
    deaths = services().custodian.deaths
    return render_form(
        "custodian/deceased.html",
        title=words()("menu-deceased"),
        errors=errors,
        patients=deaths.list_all(),
        ends_consents=deaths.ends_consents,
    )


def _links(errors: dict[str, str]) -> Response:
    return render_form(
        "custodian/links.html",
        title=words()("menu-links"),
        errors=errors,
        pairs=services().custodian.links.list_all(),
    )
