"""Training sets: their conditions, the download, and deletion after withdrawals."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response

from services.researcher.training_sets import Notices, TrainingSetOffer, TrainingSets
from services.tokens import RESEARCHER
from web.api.researcher.schemas import AgreementBody, NoticesSchema, TrainingSetSchema
from web.api.resources import accepts, accepts_nothing, idempotent, returns, returns_file
from web.current import current_caller, services
from web.responses import ZIP, download_response
from web.view_options import one_at_a_time, requires_role

bp = Blueprint("researcher_api_training_sets", __name__)


@bp.get("/researcher/studies/<study>/set")
@requires_role(RESEARCHER)
@returns(TrainingSetSchema)
def get_training_set(study: str) -> TrainingSetOffer:
    """Return what a copy holds, its conditions, and the copies downloaded so far."""
    return _sets().get(current_caller().party, study)


@bp.post("/researcher/studies/<study>/set")
@requires_role(RESEARCHER)
@one_at_a_time
@accepts(AgreementBody)
@returns_file(ZIP)
def post_training_set(study: str, body: dict[str, Any]) -> Response:
    """Accept the conditions and download a ZIP of data.parquet, its manifest and dictionary."""
    caller = current_caller()
    file = _sets().download(caller.party, caller.id, study, body["columns"])
    return download_response(file.release.content, file.name, ZIP)


@bp.get("/researcher/notices")
@requires_role(RESEARCHER)
@returns(NoticesSchema)
def get_notices() -> Notices:
    """Return the copies that must be deleted, and the models that withdrawals affect."""
    return _sets().notices(current_caller().party)


@bp.post("/researcher/notices/<set_id>/deletion")
@requires_role(RESEARCHER)
@idempotent
@accepts_nothing
@returns(NoticesSchema)
def post_deletion(set_id: str) -> Notices:
    """Confirm that a copy is deleted; return the notices that are left."""
    party = current_caller().party
    _sets().confirm_deletion(party, set_id)
    return _sets().notices(party)


def _sets() -> TrainingSets:
    return services().researcher.training_sets
