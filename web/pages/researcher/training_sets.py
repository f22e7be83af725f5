"""Training sets: their conditions, the download, and what must be deleted after withdrawals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from urllib.parse import urlencode

from flask import Blueprint, Response, request

from models import MIN_COHORT, MIN_COUNT, PROPOSED_COLUMNS, CohortTooSmall
from models.pseudonymised import DELETION_DAYS
from services.errors import NotFound
from services.tokens import RESEARCHER
from web.current import current_account, services, words
from web.pages.guard import render, render_form, see_other
from web.pages.researcher.counts import count_text, steady_text
from web.responses import ZIP, download_response
from web.view_options import one_at_a_time, requires_role

bp = Blueprint("researcher_training_sets", __name__)


@bp.get("/researcher/sets/<slug>")
@requires_role(RESEARCHER)
def training_set(slug: str) -> Response:
    """Show what a copy holds and its conditions."""
    return _training_set(slug, {})


@bp.post("/researcher/sets/<slug>")
@requires_role(RESEARCHER)
def accept(slug: str) -> Response:
    """Take the acceptance of the agreement, and go to the page with the download."""
    offer = services().researcher.training_sets.get(current_account().party, slug)
    if offer.is_over or not offer.is_enough:
        return _training_set(slug, {})
    if request.form.get("agree") != "yes":
        return _training_set(slug, {"agree": words()("set-agree-error")})
    columns = urlencode([("columns", code) for code in request.form.getlist("columns")])
    return see_other(f"/researcher/sets/{slug}/copy" + (f"?{columns}" if columns else ""))


@bp.get("/researcher/sets/<slug>/copy")
@requires_role(RESEARCHER)
def copy(slug: str) -> Response:
    """Show the button that downloads a copy; this page stays when the file has come."""
    offer = services().researcher.training_sets.get(current_account().party, slug)
    if offer.is_over or not offer.is_enough:
        return see_other(f"/researcher/sets/{slug}")
    return _copy(slug, "", request.args.getlist("columns"))


@bp.post("/researcher/sets/<slug>/copy")
@requires_role(RESEARCHER)
@one_at_a_time
def download(slug: str) -> Response:
    """Download the set of the people who permit a copy now; it is stored before it leaves."""
    account, sets = current_account(), services().researcher.training_sets
    chosen = request.form.getlist("columns")
    offer = sets.get(account.party, slug)
    if offer.is_over or request.form.get("agree") != "yes":
        return see_other(f"/researcher/sets/{slug}")
    try:
        file = sets.download(account.party, account.id, slug, chosen)
    except CohortTooSmall:
        return _copy(slug, words()("set-few", count=MIN_COHORT), chosen)
    return download_response(file.release.content, file.name, ZIP)


def _copy(slug: str, problem: str, columns: Sequence[str]) -> Response:
    party = current_account().party
    return render(
        "researcher/copy.html",
        title=words()("set-copy-title"),
        offer=services().researcher.training_sets.get(party, slug),
        slug=slug,
        party=services().information.party_name(party),
        columns=columns,
        problem=problem,
        status=422 if problem else 200,
    )


@bp.get("/researcher/notices")
@requires_role(RESEARCHER)
def notices() -> Response:
    """Show copies that must be deleted and models that must be replaced."""
    return render(
        "researcher/notices.html",
        title=words()("menu-notices"),
        pending=services().researcher.training_sets.notices(current_account().party),
        offers=services().researcher.pseudonymised_copies.list_studies(current_account().party),
        count_text=count_text,
        deletion_days=DELETION_DAYS,
    )


@bp.post("/researcher/notices")
@requires_role(RESEARCHER)
def confirm_deletion() -> Response:
    """Store that the study confirmed that a copy is deleted."""
    sets, copy_id = services().researcher.training_sets, request.form.get("set", "")
    with suppress(NotFound):  # it was confirmed before: the page shows so
        sets.confirm_deletion(current_account().party, copy_id)
    return see_other("/researcher/notices")


def _training_set(slug: str, errors: Mapping[str, str]) -> Response:
    party = current_account().party
    sets = services().researcher.training_sets
    offer = sets.get(party, slug)
    due = [notice.copy.id for notice in sets.notices(party).copies if notice.is_due]
    return render_form(
        "researcher/set.html",
        title=words()("set-title"),
        offer=offer,
        due=due,
        slug=slug,
        people=steady_text(offer.people),
        party=services().information.party_name(party),
        min_count=MIN_COUNT,
        min_cohort=MIN_COHORT,
        proposed=PROPOSED_COLUMNS,
        errors=errors,
    )
