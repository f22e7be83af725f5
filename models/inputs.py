"""Shows what a model would be given about one patient, and which value it could not take."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from models.errors import InputOutOfRange, UnitMismatch
from models.features import Observed, accepts, newest, spoken, to_row
from models.question import Question
from models.question_parts import Feature
from storage import Record

MISSING = "missing"
OUTSIDE = "outside"
OTHER_UNIT = "unit"


@dataclass(frozen=True, slots=True)
class InputValue:
    """One value as the model would see it.

    Attributes:
        code, words: what it is.
        value: as a clinician writes it, with its unit; "" if it is missing.
        recorded_on: ISO date of the record that it is from, or "".
        problem: "", or missing, outside (the range the model knows), unit (another one).
        accepts: what the model knows, in words.
    """

    code: str
    words: str
    value: str
    recorded_on: str
    problem: str
    accepts: str


def input_values(question: Question, records: Iterable[Record]) -> tuple[InputValue, ...]:
    """Return each value that the model of a question would be given, in the question's order."""
    held = list(records)
    observed, days = newest(held), _days(held)
    found = []
    for feature in question.features:
        if feature.predicts:
            value, problem = _looked_at(question, feature, observed)
            day = days.get(feature.code, "")
            found.append(
                InputValue(feature.code, feature.words, value, day, problem, accepts(feature))
            )
    return tuple(found)


def _days(records: Iterable[Record]) -> dict[str, str]:
    found: dict[str, str] = {}
    for record in sorted(records, key=lambda one: (one.recorded_on, one.record_id)):
        found |= dict.fromkeys(record.observations, record.recorded_on)
    return found


def _looked_at(question: Question, feature: Feature, observed: Observed) -> tuple[str, str]:
    if feature.code not in observed:
        return "", MISSING
    place = question.features.index(feature)
    try:
        row = to_row(question, {feature.code: observed[feature.code]})
    except (InputOutOfRange, UnitMismatch) as exc:
        value, unit = observed[feature.code]
        problem = OTHER_UNIT if isinstance(exc, UnitMismatch) else OUTSIDE
        return f"{value} {unit}".strip(), problem
    number = float(row[place])
    return (spoken(feature, number), "") if not np.isnan(number) else ("", MISSING)
