"""Lists the values that a model would receive about a patient, and which it cannot accept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from models.errors import InputOutOfRange, PatientIneligible, UnitMismatch
from models.features import (
    Observation,
    Values,
    find_failed_rule,
    in_time_order,
    latest_observations,
    to_number,
    to_row,
)
from models.input_value import MISSING, InputValue
from models.question import Feature, Question
from models.question_parts import format_unit
from models.timed_inputs import list_timed_inputs, read_timed_row
from records.documents import UNDATED
from records.documents import observations as read_observations
from records.values import NUMBER
from storage import Record

__all__ = ["MISSING", "InputValue", "list_input_values", "read_row"]

UCUM: Final = "ucum"


def list_input_values(
    question: Question, records: Sequence[Record], at_s: int
) -> tuple[InputValue, ...]:
    """Return each value that the model would receive at a moment, in the question's order."""
    if question.timeline is not None:
        return list_timed_inputs(question, records, at_s)
    ordered = in_time_order(records)
    observations = latest_observations(ordered)
    days = {code: record.recorded_on for record in ordered for code in read_observations(record)}
    return tuple(
        _input_value(feature, observations.get(feature.code), _day(days.get(feature.code, "")))
        for feature in question.features
        if feature.predicts
    )


def _day(day: str) -> str:
    return "" if day == UNDATED else day


def read_row(question: Question, records: Sequence[Record], at_s: int) -> Values:
    """Return the features of one patient at a moment, shape (features,).

    Raises:
        InputOutOfRange, UnitMismatch: the model cannot accept a value of the patient.
        PatientIneligible: the model is not intended for this patient.
    """
    if question.timeline is not None:
        row = read_timed_row(question, records, at_s)
    else:
        row = to_row(question, latest_observations(records))
    rule = find_failed_rule(question, row)
    if rule is not None:
        column = question.columns()[rule.code]
        raise PatientIneligible(question.features[column], float(row[column]), rule)
    return row


def _input_value(feature: Feature, observation: Observation | None, day: str) -> InputValue:
    code, words, accepts = feature.code, feature.words, feature.accepted
    if observation is None:
        return InputValue(code, words, "", day, MISSING, accepts)
    value, unit = observation
    source = f"{str(value).removesuffix('.0')} {format_unit(unit)}".strip()
    try:
        text = feature.format(to_number(feature, *observation))
    except (InputOutOfRange, UnitMismatch) as exc:
        return InputValue(code, words, source, day, exc.code, accepts)
    if feature.kind != NUMBER or unit == feature.unit:
        return InputValue(code, words, text, day, "", accepts)
    return InputValue(code, words, text, day, "", accepts, source, UCUM)
