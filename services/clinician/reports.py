"""Predictions as a clinician reads them, and as they are stored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from math import exp, log
from typing import Any, Final

from models import InputValue, Prediction, Question, to_points
from services.dates import day_of
from services.words import Words

PROBLEMS: Final = {
    "missing": "values-missing",
    "outside": "values-outside-range",
    "unit": "values-unit-other",
    "bound": "values-bound",
    "kind": "values-kind",
}
"""The text about each problem of an input value."""
MAX_BARS: Final = 8
OLD_DAYS: Final = 365
"""A value that was recorded longer ago is called old."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InputLine:
    """An input value as the clinician saw it: `what` it is, its value or problem, its date."""

    what: str
    value: str
    date: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ContributionLine:
    """How many points of 100 one value moved the estimate; the last line can be all others."""

    words: str
    value: Any
    points: int


@dataclass(frozen=True, slots=True, kw_only=True)
class InputWarnings:
    """What a reader has to know of the values before they use the estimate.

    Attributes:
        missing, total: how many values the model did not have, of how many.
        old: how many were recorded more than a year before.
        oldest_on, newest_on: ISO dates of the oldest and the newest value; "" without any.
    """

    missing: int
    total: int
    old: int
    oldest_on: str
    newest_on: str

    @property
    def is_all_old(self) -> bool:
        """Whether no value was recorded within the last year."""
        return self.old > 0 and self.old == self.total - self.missing


@dataclass(frozen=True, slots=True, kw_only=True)
class UnusualLine:
    """A value that few training patients had; `low` and `high` are empty for a rare category."""

    words: str
    value: str
    low: str
    high: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Likeness:
    """How a patient compares with those whom the model learned from and was tested on.

    Attributes:
        similar: how many tested patients had an estimate like this, in tens.
        events: how many of them had the outcome, in tens.
        unusual: the values outside the training range.
        is_unlike: whether the numbers together are far from those of the training patients.
        site: empty, or `new` or `unmeasured` if the model did not learn from the patient's site;
            `new` if the interval is wider for that, `unmeasured` if it is 0 to 1, since nobody
            knows how much wider it has to be.
    """

    similar: str
    events: str
    unusual: Sequence[UnusualLine]
    is_unlike: bool
    site: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PredictionReport:
    """A prediction as it was made, with what was decided with it.

    Attributes:
        patient_number: the hospital number; "" if it is not known here.
        outcome: what is estimated, in words.
        probability, low, high, prevalence: shares from 0 to 1; low to high is the interval.
        likeness: to other patients; None for predictions of earlier releases.
        start: points of 100 before any value; the points of `contributions` lead to the estimate.
        warnings: about the values; None for predictions of earlier releases.
        model_state: of the model now, a state of `models.registry`.
        model_ended_at_s: when the model was replaced or retired; None while it serves.
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
    start: int
    model_state: str
    model_ended_at_s: int | None
    warnings: InputWarnings | None
    likeness: Likeness | None
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
    def is_affected(self) -> bool:
        """Whether the model has to be replaced or retired: it learned from what is not so now."""
        return self.model_state == "affected"

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
    """Return an input value in words: the value, as what it was written, what is wrong with it."""
    problem = words(PROBLEMS[value.problem], accepts=value.accepts) if value.problem else ""
    source = _conversion(words, value) if value.rule and not value.problem else ""
    texts = [text for text in (value.value, source, problem) if text]
    return InputLine(
        what=value.words, value=" · ".join(texts), date=value.recorded_on or words("frame-unknown")
    )


def _conversion(words: Words, value: InputValue) -> str:
    rule = words(f"values-rule-{value.rule}")
    return words("values-converted", source=value.source, value=value.value, rule=rule)


def warnings_of(values: Sequence[InputValue], at_s: float) -> InputWarnings:
    """Return what to warn of, as of this moment (seconds UTC)."""
    today = day_of(at_s)
    days = sorted(date.fromisoformat(value.recorded_on) for value in values if value.recorded_on)
    return InputWarnings(
        missing=sum(value.problem == "missing" for value in values),
        total=len(values),
        old=sum((today - day).days > OLD_DAYS for day in days),
        oldest_on=days[0].isoformat() if days else "",
        newest_on=days[-1].isoformat() if days else "",
    )


def body_of(words: Words, prediction: Prediction, at_s: float) -> dict[str, Any]:
    """Return the body of a stored prediction; bodies of earlier releases have no bars."""
    lines = [input_line(words, value) for value in prediction.inputs]
    effects = [
        (contribution.words, contribution.value, contribution.log_odds)
        for contribution in prediction.contributions
    ]
    start, bars = _bars(words, prediction.probability, prediction.start, effects)
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
        "start": start,
        "bars": [[bar.words, bar.value, bar.points] for bar in bars],
        "warnings": asdict(warnings_of(prediction.inputs, at_s)),
        "likeness": _likeness(prediction),
        "places": list(prediction.places),
        "records": list(prediction.records),
        "count": prediction.view.count,
        "block": prediction.view.block_number,
        "commitment": prediction.input_commitment.hex(),
    }


def _likeness(prediction: Prediction) -> dict[str, Any]:
    similar, events = prediction.similar
    return {
        "similar": str(similar),
        "events": str(events),
        "unusual": [asdict(value) for value in prediction.unusual.values],
        "is_unlike": prediction.unusual.is_unlike,
        "site": prediction.site,
    }


def _stored_likeness(body: Mapping[str, Any]) -> Likeness | None:
    if "likeness" not in body:
        return None
    content = body["likeness"]
    return Likeness(**{**content, "unusual": [UnusualLine(**row) for row in content["unusual"]]})


def values_of(words: Words, body: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a stored body says of a prediction, by the names of `PredictionReport`."""
    same = ("model", "model_sha256", "outcome", "probability", "low", "high", "prevalence")
    start, bars = _stored_bars(words, body)
    return {name: body[name] for name in (*same, "block", "count")} | {
        "input_commitment": body["commitment"],
        "warnings": InputWarnings(**body["warnings"]) if "warnings" in body else None,
        "likeness": _stored_likeness(body),
        "inputs": [
            InputLine(what=what, value=value, date=day) for what, value, day in body["inputs"]
        ],
        "start": start,
        "contributions": bars,
    }


def _stored_bars(words: Words, body: Mapping[str, Any]) -> tuple[int, list[ContributionLine]]:
    if "bars" in body:
        bars = [
            ContributionLine(words=what, value=value, points=points)
            for what, value, points in body["bars"]
        ]
        return body["start"], bars
    # Earlier releases kept the log-odds of every value, and not where they start.
    effects = [(line["words"], line["value"], line["log_odds"]) for line in body["contributions"]]
    bounded = min(max(body["probability"], 0.005), 0.995)
    logit = log(bounded / (1 - bounded)) - sum(effect for _, _, effect in effects)
    return _bars(words, body["probability"], 1 / (1 + exp(-logit)), effects)


def _bars(
    words: Words, estimate: float, start: float, effects: Sequence[tuple[str, Any, float]]
) -> tuple[int, list[ContributionLine]]:
    """Return the start in points of 100, and at most eight bars: the last is all other values."""
    ordered = sorted(effects, key=lambda effect: -abs(effect[2]))
    alone = len(ordered) if len(ordered) <= MAX_BARS else MAX_BARS - 1
    listed, others = ordered[:alone], ordered[alone:]
    if others:
        rest = sum(effect for _, _, effect in others)
        listed = [*listed, (words("prediction-others", count=len(others)), "", rest)]
    points = to_points(estimate, start, [effect for _, _, effect in listed])
    bars = [
        ContributionLine(words=what, value=value, points=added)
        for (what, value, _), added in zip(listed, points.added, strict=True)
    ]
    return points.start, bars
