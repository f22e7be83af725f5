"""Which models learned from a patient, and what became of each after a withdrawal."""

from __future__ import annotations

from flask import Response

from models import Model
from services.patient import changes
from services.patient.standing import standings
from web.pages.page import Visit


def learned(visit: Visit) -> Response:
    """What learned from me?"""
    words, asking = visit.words, visit.platform.asking
    consents = [one.consent_id for one in standings(visit)[0]]
    rows = [
        (
            asking.party_name(one.study),
            words.day(one.trained_at_s),
            _state(visit, one),
        )
        for one in changes.learned(visit, consents)
    ]
    return visit.show("patient/models.html", title=words("models-title"), rows=rows)


def _state(visit: Visit, model: Model) -> str:
    words = visit.words
    if model.ended_at_s is not None:
        said = words("models-replaced", date=words.day(model.ended_at_s))
        return f"{said}. {words('models-next')}" if model.successor else said
    if model.affected_at_s is not None:
        last = model.affected_at_s + visit.platform.diagnostics.grace_s
        return words("models-replacing", date=words.day(last))
    return words("models-active")
