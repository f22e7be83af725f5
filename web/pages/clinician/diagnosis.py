"""Asking a model: the values first, then the answer with its limits, then the decision."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Response

from models import Model, ModelRetired, ModelsInvalid
from services.clinician import Diagnosing
from services.clinician.diagnosing import MOST_REASON, drawn, kept_answer, row
from services.requests.predictions import AGREE, CHOICES, StoredPrediction
from web.pages.clinician.ward import clinician
from web.pages.page import Visit


def values(visit: Visit) -> Response:
    """Are these values right? Opening the records for this is an access, and journalled."""
    asked = _asked(visit, visit.query)
    if asked.model is None:
        return _no_answer(visit, visit.words("no-answer-model"))
    found = asked.values(asked.model)
    return visit.show(
        "clinician/values.html",
        title=visit.words("values-title"),
        one=asked.patient,
        question=visit.platform.diagnostics.question(asked.question),
        rows=[row(visit.words, value) for value in found],
        is_whole=not any(value.problem in ("outside", "unit") for value in found),
    )


def predict(visit: Visit) -> Response:
    """Ask the model; its answer is kept, sealed, and shown on a page of its own."""
    asked = _asked(visit, visit.form)
    if asked.model is None:
        return _no_answer(visit, visit.words("no-answer-model"))
    try:
        identity = asked.predict(asked.model)
    except ModelRetired:
        return _stopped(visit, asked.model)
    except ModelsInvalid as exc:
        return _no_answer(
            visit, f"{visit.words('no-answer-title')}. {str(exc)[:1].upper()}{str(exc)[1:]}."
        )
    return visit.go(f"/clinician/diagnoses/{identity}")


def diagnosis(visit: Visit, wrong: dict[str, str] | None = None) -> Response:
    """What does the model say, and how surely?"""
    found = _require(visit)
    body = found.body
    question = visit.platform.diagnostics.question(body["question"])
    card = visit.platform.diagnostics.card(body["model"]).content
    number = visit.platform.asking.directory.number_of(found.subject) or ""
    return visit.show(
        "clinician/diagnosis.html",
        title=visit.words("diagnosis-title", question=question.title),
        found=found,
        body=body,
        question=question,
        card=card,
        number=number,
        values=visit.form or {"decision": found.decision, "reason": found.reason},
        errors=wrong or {},
    )


def decide(visit: Visit) -> Response:
    """Keep what the clinician decided, with the reason."""
    found, form = _require(visit), visit.form
    decision, reason = form.get("decision", ""), form.get("reason", "").strip()[:MOST_REASON]
    wrong = {}
    if decision not in CHOICES:
        wrong["decision"] = visit.words("decision-error")
    elif decision != AGREE and not reason:
        wrong["reason"] = visit.words("decision-error-reason")
    if wrong:
        return diagnosis(visit, wrong)
    visit.platform.asking.predictions.decide(visit.me.party, found.id, decision, reason)
    return visit.go(f"/clinician/diagnoses/{found.id}#decision")


def plot(visit: Visit) -> Response:
    """The plot of all contributions to one answer."""
    return Response(drawn(_require(visit)), content_type="image/svg+xml")


def _asked(visit: Visit, said: Mapping[str, str]) -> Diagnosing:
    return Diagnosing.of(clinician(visit), said.get("patient", ""), said.get("question", ""))


def _require(visit: Visit) -> StoredPrediction:
    return kept_answer(clinician(visit), visit.names["id"])


def _stopped(visit: Visit, model: Model) -> Response:
    ended = visit.words.day(model.ended_at_s or model.affected_at_s or visit.platform.clock())
    return _no_answer(visit, visit.words("model-stopped", date=ended))


def _no_answer(visit: Visit, said: str) -> Response:
    title = visit.words("no-answer-title")
    return visit.show("clinician/no_answer.html", title=title, said=said, status=422)
