"""Asking a model about a patient: the values first, the answer, the decision, the pictures."""

from __future__ import annotations

from typing import Any, Final

from flask import Response

from models import ModelsInvalid, ModelsNotFound
from services import errors
from services.clinician import Diagnosing
from services.clinician.diagnosing import drawn, kept_answer
from services.requests.predictions import AGREE, StoredPrediction
from web.api.clinician.patients import clinician
from web.api.route import Call
from web.errors import ValidationError

SVG: Final = "image/svg+xml"
_INPUT: Final = ("what", "value", "date")
_SAME: Final = (
    *("model", "question", "outcome", "probability", "prevalence"),
    *("affected", "contributions"),
)


def get_values(call: Call) -> dict[str, Any]:
    """What a model would be given about a patient, and what is wrong with it; it is journalled."""
    asked, model = _asked(call, call.names["patient"], call.names["question"])
    names = ("code", "words", "value", "recorded_on", "problem", "accepts")
    found = asked.values(model)
    return {"model": model.id, "values": [{n: getattr(one, n) for n in names} for one in found]}


def post_own_diagnosis(call: Call) -> dict[str, Any]:
    """Ask the model in service about a patient; the answer is kept, sealed."""
    asked, model = _asked(call, call.body["patient"], call.body["question"])
    return _shown(call, kept_answer(clinician(call), asked.predict(model)))


def get_own_diagnosis(call: Call) -> dict[str, Any]:
    """One diagnosis, while everything that it used is permitted."""
    return _shown(call, _require(call))


def get_contributions(call: Call) -> Response:
    """The plot of all contributions to a diagnosis, as SVG."""
    return Response(drawn(_require(call)), content_type=SVG)


def post_decision(call: Call) -> dict[str, Any]:
    """Keep what was decided with a diagnosis; against the model, with a reason."""
    found, said = _require(call), call.body
    reason = said["reason"].strip()
    if said["decision"] != AGREE and not reason:
        raise ValidationError({"reason": [call.words("decision-error-reason")]})
    answers = call.platform.asking.predictions
    answers.decide(call.party, found.id, said["decision"], reason)
    return _shown(call, _require(call))


def get_card_picture(call: Call) -> Response:
    """One of a card's plots, as SVG: calibration, decision, contributions, distributions."""
    name = f"{call.names['picture']}.svg"
    try:
        drawn_of_card = call.platform.diagnostics.picture(call.names["model"], name)
    except ModelsNotFound as exc:
        raise errors.NotFound from exc
    return Response(drawn_of_card, content_type=SVG)


def _asked(call: Call, patient: str, question: str) -> tuple[Diagnosing, Any]:
    asked = Diagnosing.of(clinician(call), patient, question)
    if asked.model is None:
        raise ModelsInvalid(call.words("no-answer-model"))
    return asked, asked.model


def _require(call: Call) -> StoredPrediction:
    return kept_answer(clinician(call), call.names["diagnosis"])


def _shown(call: Call, found: StoredPrediction) -> dict[str, Any]:
    body = found.body
    card = call.platform.diagnostics.card(body["model"]).content
    same = (
        "model",
        "question",
        "outcome",
        "probability",
        "prevalence",
        "affected",
        "contributions",
    )
    return {name: body[name] for name in same} | {
        "id": found.id,
        "interval": [body["low"], body["high"]],
        "inputs": [
            dict(zip(("what", "value", "date"), one, strict=True)) for one in body["inputs"]
        ],
        "input_commitment": body["commitment"],
        "not_for": list(card["limits"]),
        "asked_at_s": found.at_s,
        "decision": found.decision,
        "reason": found.reason,
        "decided_at_s": found.decided_at_s,
    }
