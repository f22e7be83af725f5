"""Predictions as a clinician reads them, and as they are stored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import exp
from typing import Any, Final

from models import InputValue, Prediction, Question
from services.words import Words

PROBLEMS: Final = {
    "missing": "values-missing",
    "outside": "values-outside-range",
    "unit": "values-unit-other",
}
"""The text about each problem of an input value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InputLine:
    """An input value as the clinician saw it: `what` it is, its value or problem, its date."""

    what: str
    value: str
    date: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ContributionLine:
    """How far one value moved the estimate: log-odds, and points of 100."""

    words: str
    value: Any
    log_odds: float
    points: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PredictionReport:
    """A prediction as it was made, with what was decided with it.

    Attributes:
        patient_number: the hospital number; "" if it is not known here.
        outcome: what is estimated, in words.
        probability, low, high, prevalence: shares from 0 to 1; low to high is the card's interval.
        is_affected: whether people on whose records the model was trained withdrew.
        block, count: the view of the ledger by which the records were opened.
        card: the content of the model's card.
        decision: "" until the clinician decided; then one of `CHOICES`.
    """

    id: str
    patient_number: str
    question: Question
    model: str
    model_sha256: str
    outcome: str
    probability: float
    low: float
    high: float
    prevalence: float
    is_affected: bool
    inputs: Sequence[InputLine]
    contributions: Sequence[ContributionLine]
    input_commitment: str
    block: int
    count: int
    card: Mapping[str, Any]
    predicted_at_s: int
    decision: str
    reason: str
    decided_at_s: int | None

    @property
    def interval(self) -> tuple[float, float]:
        """The bounds of the interval."""
        return self.low, self.high

    @property
    def limits(self) -> Sequence[str]:
        """What the model must not be used for."""
        limits: Sequence[str] = self.card["limits"]
        return limits


def input_line(words: Words, value: InputValue) -> InputLine:
    """Return an input value in words: its value, or what is wrong with it, or both."""
    problem = words(PROBLEMS[value.problem], accepts=value.accepts) if value.problem else ""
    texts = [text for text in (value.value, problem) if text]
    return InputLine(
        what=value.words, value=" · ".join(texts), date=value.recorded_on or words("frame-unknown")
    )


def body_of(words: Words, prediction: Prediction) -> dict[str, Any]:
    """Return the body of a stored prediction; its format is that of earlier releases."""
    lines = [input_line(words, value) for value in prediction.inputs]
    return {
        "model": prediction.model_id,
        "model_sha256": prediction.model_sha256,
        "question": prediction.question,
        "outcome": prediction.outcome,
        "probability": prediction.probability,
        "low": prediction.low,
        "high": prediction.high,
        "prevalence": prediction.prevalence,
        "inputs": [[line.what, line.value, line.date] for line in lines],
        "contributions": [
            {
                "words": contribution.words,
                "value": contribution.value,
                "log_odds": contribution.log_odds,
                "points": _points(prediction.probability, contribution.log_odds),
            }
            for contribution in prediction.contributions
        ],
        "records": list(prediction.records),
        "count": prediction.view.count,
        "block": prediction.view.block_number,
        "commitment": prediction.input_commitment.hex(),
        "affected": prediction.is_affected,
    }


def values_of(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a stored body says of a prediction, by the names of `PredictionReport`."""
    same = ("model", "model_sha256", "outcome", "probability", "low", "high", "prevalence")
    return {name: body[name] for name in (*same, "block", "count")} | {
        "is_affected": body["affected"],
        "input_commitment": body["commitment"],
        "inputs": [
            InputLine(what=what, value=value, date=date) for what, value, date in body["inputs"]
        ],
        "contributions": [ContributionLine(**line) for line in body["contributions"]],
    }


def _points(probability: float, log_odds: float) -> int:
    """Return by how many of 100 the estimate would differ without one contribution."""
    bounded = min(max(probability, 0.001), 0.999)
    odds = bounded / (1 - bounded) * exp(-log_odds)
    return round(100 * (bounded - odds / (1 + odds)))
