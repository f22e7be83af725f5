"""Turns records into a matrix: columns, units, ranges, and what a missing value means."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from models.errors import InputOutOfRange, UnitMismatch
from models.question import Question
from models.question_parts import Feature
from records.values import BOOLEAN, CATEGORY, NUMBER
from storage import Record

Values = npt.NDArray[np.float32]
"""One row a patient, one column a feature; NaN is missing; categories are their place in
`Feature.values`, booleans 0 and 1."""
_UNITS: Final = {
    "1": "",
    "{count}": "",
    "a": "years",
    "h": "hours",
    "min": "minutes",
    "/min": "per minute",
    "mm[Hg]": "mmHg",
    "kg/m2": "kg/m²",
    "ug/dL": "µg/dL",
    "ug/L": "µg/L",
}
"""UCUM codes that people write otherwise."""

Observed = dict[str, tuple[float | int | str | bool, str]]


@dataclass(frozen=True, slots=True)
class Matrix:
    """Rows in a fixed order, with the label of each; `values` is (n, features), float32."""

    values: Values
    labels: npt.NDArray[np.bool_]

    def rows(self, chosen: npt.NDArray[np.bool_]) -> Matrix:
        """Return the chosen rows, in their order."""
        return Matrix(self.values[chosen], self.labels[chosen])


def newest(records: Iterable[Record], until: str = "9999-12-31") -> Observed:
    """Return each code's newest observation that was recorded up to `until` (an ISO date).

    Of two records of one day the one with the greater id counts, whatever their order.
    """
    found: Observed = {}
    for record in sorted(records, key=lambda one: (one.recorded_on, one.record_id)):
        if record.recorded_on <= until:
            found.update(record.observations)
    return found


def label_of(question: Question, records: Sequence[Record]) -> tuple[bool, str] | None:
    """Return whether the label is positive and the day of its record, or None without a label."""
    days = [one.recorded_on for one in records if question.label.code in one.observations]
    if not days:
        return None
    value, _ = newest(records)[question.label.code]
    return value == question.label.positive, max(days)


def to_row(question: Question, observed: Observed) -> Values:
    """Return one patient's features, shape (features,).

    Raises:
        InputOutOfRange: a value is none that the model was made for; names feature and range.
        UnitMismatch: a record is in another unit than the question.
    """
    row = np.full(len(question.features), np.nan, np.float32)
    for place, feature in enumerate(question.features):
        if feature.code in observed:
            row[place] = _number(feature, *observed[feature.code])
    return row


def _number(feature: Feature, value: float | int | str | bool, unit: str) -> float:
    if feature.kind == CATEGORY:
        if value not in feature.values:
            what = f"{feature.words} is none of: {accepts(feature)}"
            raise InputOutOfRange(f"{what} ({feature.code})")
        return feature.values.index(str(value))
    if feature.kind == BOOLEAN:
        if not isinstance(value, bool):
            raise InputOutOfRange(f"{feature.words} is neither true nor false ({feature.code})")
        return float(value)
    if unit != feature.unit:
        raise UnitMismatch(f"{feature.code} is in {unit!r}; the question asks for {feature.unit!r}")
    if isinstance(value, str | bool) or not feature.minimum <= value <= feature.maximum:
        what = f"{feature.words} is out of range {accepts(feature)}"
        raise InputOutOfRange(f"{what} ({feature.code})")
    return float(value)


def eligible(question: Question, row: Values) -> str:
    """Return "" if the patient may be asked about, else the words of the rule that says no."""
    places = {feature.code: n for n, feature in enumerate(question.features)}
    for rule in question.eligibility:
        place = places[rule.code]
        # A missing value fails too: who is not known to be an adult is not treated as one.
        if not rule.minimum <= row[place] <= rule.maximum:
            return f"{question.features[place].words} must be {_bounds(rule.minimum, rule.maximum)}"
    return ""


def _bounds(minimum: float, maximum: float) -> str:
    if maximum == float("inf"):
        return f"{minimum:g} or more"
    return f"at most {maximum:g}" if minimum == float("-inf") else f"{minimum:g} to {maximum:g}"


def spoken(feature: Feature, value: float) -> str:
    """Return a value as a clinician would write it."""
    if np.isnan(value):
        return feature.missing
    if feature.kind == CATEGORY:
        return feature.values[int(value)].replace("-", " ")
    if feature.kind == NUMBER:
        return f"{value:g} {written(feature.unit)}".rstrip()
    return "yes" if value else "no"


def accepts(feature: Feature) -> str:
    """Return in words what values a feature may have."""
    if feature.kind == NUMBER:
        within = f"{feature.minimum:g} to {feature.maximum:g} {written(feature.unit)}"
        return within.rstrip()
    return "yes, no" if feature.kind == BOOLEAN else ", ".join(feature.values)


def written(unit: str) -> str:
    """Return a UCUM unit as people write it."""
    return _UNITS.get(unit, unit)
