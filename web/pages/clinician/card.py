"""The card of a model for clinicians: what it is for, how good it is, and its plots."""

from __future__ import annotations

from flask import Response

from models import ModelsNotFound
from services import errors
from web.pages.page import Visit

PICTURES = ("calibration.svg", "decision.svg", "contributions.svg", "distributions.svg")


def card(visit: Visit) -> Response:
    """Is this model any good?"""
    try:
        model = visit.platform.diagnostics.model(visit.names["id"])
        content = visit.platform.diagnostics.card(model.id).content
    except ModelsNotFound as exc:
        raise errors.NotFound from exc
    return visit.show(
        "clinician/card.html",
        title=visit.words("card-title"),
        model=model,
        card=content,
        pictures=f"/clinician/models/{model.id}/pictures",
        study=visit.platform.asking.party_name(model.study),
    )


def picture(visit: Visit) -> Response:
    """One of the card's plots."""
    return shown_picture(visit, visit.names["id"], visit.names["name"])


def shown_picture(visit: Visit, model_id: str, name: str) -> Response:
    """Return a plot as SVG."""
    if name not in PICTURES:
        raise errors.NotFound
    try:
        drawn = visit.platform.diagnostics.picture(model_id, name)
    except ModelsNotFound as exc:
        raise errors.NotFound from exc
    return Response(drawn, content_type="image/svg+xml")
