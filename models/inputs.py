"""Lists the values that a model would receive about a patient, and which it cannot accept."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from models.errors import InputOutOfRange, UnitMismatch
from models.features import Observation, in_time_order, latest_observations, to_number
from models.question import Feature, Question
from records.documents import observations as read_observations
from storage import Record

MISSING = "missing"


@dataclass(frozen=True, slots=True)
class InputValue:
    """One value as the model would receive it.

    Attributes:
        code, words: the code and name of the feature.
        value: as a clinician writes it, with its unit; empty if it is missing.
        recorded_on: ISO date of the record that it is from, or empty.
        problem: empty, or ``missing``, ``outside`` (the accepted values) or ``unit`` (another one).
        accepts: the values that the model accepts, in words.
    """

    code: str
    words: str
    value: str
    recorded_on: str
    problem: str
    accepts: str


def list_input_values(question: Question, records: Iterable[Record]) -> tuple[InputValue, ...]:
    """Return each value that the model of a question would receive, in the question's order."""
    ordered = in_time_order(records)
    observations = latest_observations(ordered)
    days = {code: record.recorded_on for record in ordered for code in read_observations(record)}
    values = []
    for feature in question.features:
        if feature.predicts:
            value, problem = _check(feature, observations.get(feature.code))
            day = days.get(feature.code, "")
            values.append(
                InputValue(feature.code, feature.words, value, day, problem, feature.accepted)
            )
    return tuple(values)


def _check(feature: Feature, observation: Observation | None) -> tuple[str, str]:
    """Return the value as text, and its problem or an empty text."""
    if observation is None:
        return "", MISSING
    try:
        return feature.format(to_number(feature, *observation)), ""
    except (InputOutOfRange, UnitMismatch) as exc:
        value, unit = observation
        return f"{value} {unit}".strip(), exc.code
