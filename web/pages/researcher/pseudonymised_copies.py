"""Pseudonymised copies: the agreement, the encrypted download, and people to delete."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress

from flask import Blueprint, Response, request

from models import MIN_COUNT, CohortTooSmall, ConsentsChanged
from models.pseudonymised import DELETION_DAYS
from services.errors import NotFound
from services.researcher.pseudonymised_copies import CopyRefused, PseudonymisedCopies
from services.tokens import RESEARCHER
from web.current import current_account, services, words
from web.pages.guard import render_form, see_other
from web.pages.researcher.counts import steady_text
from web.responses import SEALED, download_response
from web.view_options import one_at_a_time, requires_role

bp = Blueprint("researcher_pseudonymised_copies", __name__, url_prefix="/researcher/pseudonymised")


@bp.get("/<slug>")
@requires_role(RESEARCHER)
def offer(slug: str) -> Response:
    """Show the agreement, the risk, the copies, and the people whose rows must go."""
    return _page(slug, {})


@bp.post("/<slug>")
@requires_role(RESEARCHER)
@one_at_a_time
def download(slug: str) -> Response:
    """Download an encrypted copy of the people who permit it now; it is stored before it leaves."""
    account = current_account()
    if request.form.get("agree") != "yes":
        return _page(slug, {"agree": words()("set-agree-error")})
    try:
        file = _copies().download(account.party, account.id, slug)
    except CohortTooSmall:
        return _page(slug, {}, words()("pseudonymised-few", count=MIN_COUNT))
    except ConsentsChanged:
        return _page(slug, {}, words()("pseudonymised-changed"))
    except CopyRefused as exc:
        return _page(slug, {}, words()(f"pseudonymised-refusal-{exc.code}"))
    return download_response(file.content, file.name, SEALED)


@bp.post("/<slug>/deletions")
@requires_role(RESEARCHER)
def acknowledge(slug: str) -> Response:
    """Store that the study deleted these people's rows from all its copies."""
    _copies().acknowledge(current_account().party, slug, request.form.getlist("names"))
    return see_other(f"/researcher/pseudonymised/{slug}")


@bp.post("/<slug>/deleted")
@requires_role(RESEARCHER)
def confirm_deletion(slug: str) -> Response:
    """Store that the study deleted a whole copy."""
    party = current_account().party
    _copies().get(party, slug)
    with suppress(NotFound):  # it was confirmed before: the page shows so
        _copies().confirm_deletion(party, slug, request.form.get("copy", ""))
    return see_other(f"/researcher/pseudonymised/{slug}")


def _page(slug: str, errors: Mapping[str, str], problem: str = "") -> Response:
    party = current_account().party
    copies = _copies().get(party, slug)
    return render_form(
        "researcher/pseudonymised.html",
        title=words()("pseudonymised-title"),
        offer=copies,
        slug=slug,
        people=steady_text(copies.people),
        party=services().information.party_name(party),
        problem=problem,
        deletion_days=DELETION_DAYS,
        errors=errors,
        status=422 if problem else 0,
    )


def _copies() -> PseudonymisedCopies:
    return services().researcher.pseudonymised_copies
