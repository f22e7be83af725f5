"""Pseudonymised copies: the agreement, the encrypted download, and people to delete."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response

from services.researcher.pseudonymised_copies import PseudonymisedCopies, PseudonymisedOffer
from services.tokens import RESEARCHER
from web.api.researcher.schemas import AcceptanceBody, DeletionsBody, PseudonymisedSchema
from web.api.resources import accepts, accepts_nothing, idempotent, returns, returns_file
from web.current import current_caller, services
from web.responses import SEALED, download_response
from web.view_options import one_at_a_time, requires_role

bp = Blueprint("researcher_api_pseudonymised_copies", __name__)


@bp.get("/researcher/studies/<study>/pseudonymised")
@requires_role(RESEARCHER)
@returns(PseudonymisedSchema)
def get_pseudonymised(study: str) -> PseudonymisedOffer:
    """Return the agreement, the risk, the copies so far, and the people whose rows must go."""
    return _copies().get(current_caller().party, study)


@bp.post("/researcher/studies/<study>/pseudonymised")
@requires_role(RESEARCHER)
@one_at_a_time
@accepts(AcceptanceBody)
@returns_file(SEALED)
def post_pseudonymised(study: str, body: dict[str, Any]) -> Response:
    """Accept the agreement and download a copy that only the study's private key opens."""
    caller = current_caller()
    file = _copies().download(caller.party, caller.id, study)
    return download_response(file.content, file.name, SEALED)


@bp.post("/researcher/studies/<study>/deletions")
@requires_role(RESEARCHER)
@idempotent
@accepts(DeletionsBody)
@returns(PseudonymisedSchema)
def post_deletions(study: str, body: dict[str, Any]) -> PseudonymisedOffer:
    """Confirm that all rows of these people are deleted; return what is left to do."""
    party = current_caller().party
    _copies().acknowledge(party, study, body["names"])
    return _copies().get(party, study)


@bp.post("/researcher/studies/<study>/pseudonymised/<copy_id>/deletion")
@requires_role(RESEARCHER)
@idempotent
@accepts_nothing
@returns(PseudonymisedSchema)
def post_copy_deletion(study: str, copy_id: str) -> PseudonymisedOffer:
    """Confirm that a whole copy is deleted; return what is left to do."""
    party = current_caller().party
    _copies().confirm_deletion(party, study, copy_id)
    return _copies().get(party, study)


def _copies() -> PseudonymisedCopies:
    return services().researcher.pseudonymised_copies
