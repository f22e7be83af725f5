"""Turns records into a matrix: columns, units, ranges, missing values, eligibility."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models.errors import InputOutOfRange, UnitMismatch
from models.question import Feature, Question, Rule
from records.documents import observations as read_observations
from records.units import SAME, find_conversion
from records.values import BOOLEAN, CATEGORY
from storage import Record

Values = npt.NDArray[np.float32]
"""One row a patient, one column a feature; NaN is missing; a category is its index in
`Feature.values`, a boolean is 0 or 1."""

Observation = tuple[float | int | str | bool, str]
"""A value and its UCUM unit."""
Observations = dict[str, Observation]


@dataclass(frozen=True, slots=True)
class Matrix:
    """Rows in a fixed order, with the label of each; `values` is (n, features), float32.

    `people` has the number of each row's patient, in the order of the patients given; None if each
    patient has exactly one row. `index_s` has the second UTC at which each prediction of a question
    of format 2 is made; None for format 1.
    """

    values: Values
    labels: npt.NDArray[np.bool_]
    people: npt.NDArray[np.int64] | None = None
    index_s: npt.NDArray[np.int64] | None = None

    def rows(self, chosen: npt.NDArray[np.bool_]) -> Matrix:
        """Return the chosen rows, in their order."""
        people = None if self.people is None else self.people[chosen]
        index_s = None if self.index_s is None else self.index_s[chosen]
        return Matrix(self.values[chosen], self.labels[chosen], people, index_s)


def in_time_order(records: Iterable[Record]) -> list[Record]:
    """Return the records by day, and those of one day by id, so that the order never matters."""
    return sorted(records, key=lambda record: (record.recorded_on, record.record_id))


def latest_observations(records: Iterable[Record], until: str = "9999-12-31") -> Observations:
    """Return the latest observation of each code, recorded on or before `until` (ISO date)."""
    observations: Observations = {}
    for record in in_time_order(records):
        if record.recorded_on <= until:
            observations.update(read_observations(record))
    return observations


def find_label(question: Question, records: Sequence[Record]) -> tuple[bool, str] | None:
    """Return whether the label is positive and the day of its record; None if there is none."""
    for record in reversed(in_time_order(records)):
        value, _ = read_observations(record).get(question.label.code, (None, ""))
        if value is not None:
            return value == question.label.positive, record.recorded_on
    return None


def to_row(
    question: Question, observations: Observations, unread: Counter[str] | None = None
) -> Values:
    """Return the features of one patient, shape (features,).

    With `unread`, a value in a unit that cannot be converted is missing and counted there, by the
    feature's code; without, it is an error.

    Raises:
        InputOutOfRange: the model does not accept a value.
        UnitMismatch: a record is in a unit that cannot be converted to the question's.
    """
    row = np.full(len(question.features), np.nan, np.float32)
    for column, feature in enumerate(question.features):
        if feature.code in observations:
            try:
                row[column] = to_number(feature, *observations[feature.code])
            except UnitMismatch:
                if unread is None:
                    raise
                unread[feature.code] += 1
    return row


def to_number(feature: Feature, value: float | int | str | bool, unit: str) -> float:
    """Return one value as it is in the matrix, converted to the feature's unit.

    Raises:
        InputOutOfRange, UnitMismatch: see `to_row`.
    """
    if feature.kind == CATEGORY:
        if value not in feature.values:
            raise InputOutOfRange(feature, value)
        return feature.values.index(str(value))
    if feature.kind == BOOLEAN:
        if not isinstance(value, bool):
            raise InputOutOfRange(feature, value)
        return float(value)
    number = _in_unit(feature, value, unit)
    if number is None or not feature.minimum <= number <= feature.maximum:
        raise InputOutOfRange(feature, value)
    return number


def _in_unit(feature: Feature, value: float | int | str | bool, unit: str) -> float | None:
    """Return a number in the feature's unit; None if it is none."""
    conversion = SAME if unit == feature.unit else find_conversion(unit, feature.unit)
    if conversion is None:
        raise UnitMismatch(feature, unit)
    if isinstance(value, str | bool):
        return None
    number = float(value)
    return number if conversion is SAME else number * conversion.scale + conversion.offset


def find_failed_rule(question: Question, row: Values) -> Rule | None:
    """Return the first eligibility criterion that the patient does not meet, or None."""
    columns = question.columns()
    for rule in question.eligibility:
        # A missing value fails too: a patient whose age is unknown is not treated as an adult.
        if not rule.minimum <= row[columns[rule.code]] <= rule.maximum:
            return rule
    return None
