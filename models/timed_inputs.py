"""Reads one patient's events at a moment: the row of the model, and each value with its source."""

from __future__ import annotations

import datetime
import math
from collections.abc import Sequence
from typing import Final

import numpy as np

from models.errors import PatientIneligible
from models.features import Values
from models.input_value import MISSING, InputValue
from models.question import Question
from models.question_parts import Feature, Rule
from models.selection import read_events
from models.timeline import FIRST, LAST, VALUE_TAKES
from models.windows import EventReader, Indexes, Integers, Mask, reading_of
from records.event_values import BOUNDS, NUMBER
from records.values import NUMBER as NUMBER_FEATURE
from storage import Record

_NONE_BEFORE: Final = Rule("label", -math.inf, 0)


def read_timed_row(question: Question, records: Sequence[Record], at_s: int) -> Values:
    """Return the features of one patient at a moment, shape (features,).

    Raises:
        PatientIneligible: the patient has had what the model predicts, and it is for others.
    """
    reader, now = read_events(question, [records]), _at(at_s)
    outcome = reader.timeline.outcome
    if outcome.never_before:
        rows = reader.rows(outcome.codes, outcome.status)
        earlier = rows[reader.events.start[rows] <= at_s]
        if len(earlier):
            words = f"earlier {question.label.words}"
            feature = Feature(
                question.label.code,
                words,
                NUMBER_FEATURE,
                question.label.category,
                "{count}",
                0,
                math.inf,
                (),
                MISSING,
                predicts=False,
            )
            raise PatientIneligible(feature, len(earlier), _NONE_BEFORE)
    row: Values = reader.read(question.features, now, question.categories)[0]
    return row


def list_timed_inputs(
    question: Question, records: Sequence[Record], at_s: int
) -> tuple[InputValue, ...]:
    """Return each value that the model would receive at a moment, in the question's order."""
    reader, now = read_events(question, [records]), _at(at_s)
    opened = reader.opened(question.categories)
    return tuple(
        _input_value(feature, reader, now, opened)
        for feature in question.features
        if feature.predicts
    )


def _at(at_s: int) -> Indexes:
    return Indexes(np.zeros(1, np.int64), np.full(1, at_s, np.int64))


def _input_value(feature: Feature, reader: EventReader, now: Indexes, opened: Mask) -> InputValue:
    reader.unread.clear()
    value = float(reader.column(feature, now, opened)[0])
    take = reading_of(feature).take
    rows = _rows_read(feature, reader, now, opened)
    row = None if not len(rows) else int(rows[0 if take == FIRST else -1])
    day = "" if row is None else _iso_day(int(reader.events.start[row]))
    source = "" if row is None or take not in (FIRST, LAST) else _as_written(reader, row)
    if not math.isnan(value):
        rule = _rule(reader, row, feature) if row is not None and source else ""
        text = feature.format(value)
        return InputValue(
            feature.code, feature.words, text, day, "", feature.accepted, source, rule
        )
    reasons = [reason for code, reason in reader.unread if code == feature.code]
    problem = reasons[0] if reasons and row is not None else MISSING
    text = source if problem != MISSING else ""
    return InputValue(feature.code, feature.words, text, day, problem, feature.accepted, source)


def _rows_read(feature: Feature, reader: EventReader, now: Indexes, opened: Mask) -> Integers:
    """Return the events that the value is from; those that cannot be read if it has none."""
    pairs = reader.find_pairs(feature, now, opened)
    if reading_of(feature).take not in VALUE_TAKES:
        return pairs.row
    rows = pairs.row[~np.isnan(reader.numbers(feature, pairs))]
    return rows if len(rows) else pairs.row


def _iso_day(start_s: int) -> str:
    return datetime.datetime.fromtimestamp(start_s, datetime.UTC).date().isoformat()


def _as_written(reader: EventReader, row: int) -> str:
    """Return a number with bound and unit as its sender wrote it; empty if it is not a number."""
    events = reader.events
    if events.kind[row] != NUMBER:
        return ""
    bound, unit = BOUNDS[events.bound[row]], events.units[events.unit[row]]
    return f"{bound}{events.value[row]:.15g} {unit}".strip()


def _rule(reader: EventReader, row: int, feature: Feature) -> str:
    events = reader.events
    code, unit = events.codes[events.code[row]], events.units[events.unit[row]]
    conversion = reader.timeline.units.find_conversion(code, unit, feature.unit)
    return "" if conversion is None else conversion.rule
