"""Asking a model: the values first, then the answer with its limits, then the decision."""

from __future__ import annotations

from math import exp
from typing import Any

from flask import Response

from consent import Request
from models import (
    BadlyAsked,
    Diagnosis,
    DiagnosisAsked,
    Model,
    ModelRetired,
    NotFound,
    draw_contributions,
)
from web import errors
from web.asking.answers import AGREE, CHOICES, KeptAnswer
from web.asking.care import PURPOSE, InCare
from web.pages.page import Visit

PERCENT = 100
NOBODY = bytes(32)


def values(visit: Visit) -> Response:
    """Are these values right? Opening the records for this is an access, and journalled."""
    one, model = _asked(visit, visit.query.get("patient", ""), visit.query.get("question", ""))
    if model is None:
        return _no_answer(visit, visit.words("no-answer-model"))
    found = visit.platform.diagnostics.inputs(_to_ask(visit, one, model, "looking at the values"))
    question = visit.platform.diagnostics.question(model.question)
    return visit.show(
        "clinician/values.html",
        title=visit.words("values-title"),
        one=one,
        question=question,
        rows=[_row(visit, value) for value in found],
        is_whole=not any(value.problem in ("outside", "unit") for value in found),
    )


def diagnose(visit: Visit) -> Response:
    """Ask the model; its answer is kept, sealed, and shown on a page of its own."""
    one, model = _asked(visit, visit.form.get("patient", ""), visit.form.get("question", ""))
    if model is None:
        return _no_answer(visit, visit.words("no-answer-model"))
    diagnostics = visit.platform.diagnostics
    try:
        inputs = diagnostics.inputs(_to_ask(visit, one, model, "a diagnosis"))
        answer = diagnostics.diagnose(_to_ask(visit, one, model, "a diagnosis"))
    except ModelRetired:
        return _stopped(visit, model)
    except BadlyAsked as exc:
        return _no_answer(
            visit, f"{visit.words('no-answer-title')}. {str(exc)[:1].upper()}{str(exc)[1:]}."
        )
    kept = _kept(visit, answer, [_row(visit, value) for value in inputs])
    identity = visit.platform.asking.answers.keep(visit.me.party, visit.me.id, one.subject, kept)
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
    decision, reason = form.get("decision", ""), form.get("reason", "").strip()[:2_000]
    wrong = {}
    if decision not in CHOICES:
        wrong["decision"] = visit.words("decision-error")
    elif decision != AGREE and not reason:
        wrong["reason"] = visit.words("decision-error-reason")
    if wrong:
        return diagnosis(visit, wrong)
    visit.platform.asking.answers.decide(visit.me.party, found.id, decision, reason)
    return visit.go(f"/clinician/diagnoses/{found.id}#decision")


def plot(visit: Visit) -> Response:
    """The plot of all contributions to one answer."""
    body = _require(visit).body
    bars = [(f"{one['words']} {one['value']}", one["log_odds"]) for one in body["contributions"]]
    return Response(draw_contributions(bars, "svg"), content_type="image/svg+xml")


def _asked(visit: Visit, key: str, question: str) -> tuple[InCare, Model | None]:
    one = visit.platform.asking.care.patient(visit.me.party, key)
    if question not in {known.id for known in visit.platform.diagnostics.questions()}:
        raise errors.NotFound
    try:
        return one, visit.platform.diagnostics.serving(question)
    except NotFound:
        return one, None


def _to_ask(visit: Visit, one: InCare, model: Model, why: str) -> DiagnosisAsked:
    return DiagnosisAsked(visit.me.party, one.subject, model.id, why, f"clinician:{visit.me.id}")


def _require(visit: Visit) -> KeptAnswer:
    """Return a diagnosis of one's own organisation about somebody who still permits all of it.

    One that does not exist costs the same decision as one that is not permitted any more.
    """
    answers, party = visit.platform.asking.answers, visit.me.party
    found = answers.find(party, visit.names["id"])
    subject, wanted = (found.subject, set(found.body["records"])) if found else (NOBODY, set())
    requests = [
        Request(party, PURPOSE, subject, one.record_id.hex(), one.category, one.recorded_on)
        for one in visit.platform.safe.records_of(subject)
        if one.record_id.hex() in wanted
    ]
    nothing = Request(party, PURPOSE, NOBODY, "0" * 32, "condition", "2000-01-01")
    decided = visit.platform.law.decide_each(requests or [nothing])
    if found is None or len(requests) < len(wanted) or not all(one.permitted for one in decided):
        raise errors.NotFound
    return found


def _stopped(visit: Visit, model: Model) -> Response:
    ended = visit.words.day(model.ended_at_s or model.affected_at_s or visit.platform.clock())
    return _no_answer(visit, visit.words("model-stopped", date=ended))


def _no_answer(visit: Visit, said: str) -> Response:
    title = visit.words("no-answer-title")
    return visit.show("clinician/no_answer.html", title=title, said=said, status=422)


def _row(visit: Visit, value: Any) -> list[str]:
    said = {
        "missing": "values-missing",
        "outside": "values-outside-range",
        "unit": "values-unit-other",
    }
    told = visit.words(said[value.problem], accepts=value.accepts) if value.problem else ""
    shown = " · ".join(one for one in (value.value, told) if one)
    return [value.words, shown, value.recorded_on or visit.words("frame-unknown")]


def _kept(visit: Visit, answer: Diagnosis, inputs: list[list[str]]) -> dict[str, Any]:
    return {
        "model": answer.model_id,
        "model_sha256": answer.model_sha256,
        "question": answer.question,
        "outcome": answer.outcome,
        "probability": answer.probability,
        "low": answer.low,
        "high": answer.high,
        "prevalence": answer.prevalence,
        "inputs": inputs,
        "contributions": [
            {
                "words": one.words,
                "value": one.value,
                "log_odds": one.log_odds,
                "points": _points(answer.probability, one.log_odds),
            }
            for one in answer.contributions
        ],
        "records": list(answer.records),
        "count": answer.view.count,
        "block": answer.view.block_number,
        "commitment": answer.input_commitment.hex(),
        "affected": answer.affected,
    }


def _points(probability: float, log_odds: float) -> int:
    """Return by how many of 100 an answer would differ without this one contribution."""
    held = min(max(probability, 0.001), 0.999)
    odds = held / (1 - held) * exp(-log_odds)
    return round(PERCENT * (held - odds / (1 + odds)))
