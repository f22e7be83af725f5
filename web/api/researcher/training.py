"""Training a study's models as JSON: the jobs, the models, what withdrawals did to them."""

from __future__ import annotations

from typing import Any

from flask import Response

from models import Model, ModelsNotFound, suppress
from services import errors
from services.researcher import training
from web.api.jobs import job_shown
from web.api.researcher.studies import own_study, researcher
from web.api.route import Call


def post_training(call: Call) -> dict[str, Any]:
    """Train a model on what the study may learn from; the job that is under way, if there is."""
    return job_shown(training.train(researcher(call), own_study(call)))


def get_training(call: Call) -> dict[str, Any]:
    """How far a study's training is, or what came of it."""
    return job_shown(researcher(call).job(own_study(call), call.names["job"]))


def delete_training(call: Call) -> dict[str, Any]:
    """Ask a study's training to end; one that is over stays as it is."""
    job = researcher(call).job(own_study(call), call.names["job"])
    call.platform.jobs.cancel(job.id)
    return job_shown(call.platform.jobs.get(job.id))


def get_own_trained(call: Call) -> dict[str, Any]:
    """The models of the caller's studies, the newest first."""
    asker = researcher(call)
    return {"models": [_shown(one) for one in asker.models(asker.studies())]}


def get_own_model(call: Call) -> dict[str, Any]:
    """One model, how it stands, and whether withdrawals touched it."""
    asker = researcher(call)
    one = asker.model(call.names["model"])
    gone = training.gone_from(asker, one)
    return _shown(one) | {"is_touched": gone > 0, "withdrew": suppress(gone)}


def get_own_card(call: Call) -> dict[str, Any]:
    """How good a model is, what it learned from, and what it must not be used for."""
    one = researcher(call).model(call.names["model"])
    return dict(call.platform.diagnostics.card(one.id).content)


def get_own_picture(call: Call) -> Response:
    """One of the card's pictures, as SVG: calibration, decision, contributions, and more."""
    one = researcher(call).model(call.names["model"])
    try:
        drawn = call.platform.diagnostics.picture(one.id, f"{call.names['picture']}.svg")
    except ModelsNotFound as exc:
        raise errors.NotFound from exc
    return Response(drawn, content_type="image/svg+xml")


def post_own_retraining(call: Call) -> dict[str, Any]:
    """Replace a model by one trained from scratch on what is permitted now."""
    asker = researcher(call)
    return job_shown(training.retrain(asker, asker.model(call.names["model"])))


def _shown(one: Model) -> dict[str, Any]:
    names = (
        "study",
        "question",
        "sha256",
        "state",
        "trained_at_s",
        "published_at_s",
        "affected_at_s",
        "ended_at_s",
        "predecessor",
        "successor",
    )
    return {"model": one.id} | {name: getattr(one, name) for name in names}
