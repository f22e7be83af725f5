"""Finds the indexes of a timed question, their labels, and why a person has none."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from models.features import Matrix
from models.question import Question
from models.timeline import DATE, DAY_S, EACH, FIRST, LAST, Timeline
from models.windows import EventReader, Indexes, Integers, Mask
from records.event_rules import DEATH, DEATH_UNDATED, PERSON_CODES
from records.event_times import PRECISIONS
from records.event_values import BOOLEAN, CODE, NUMBER, TEXT
from records.events import EventBuilder, EventTable
from records.extraction import EVENTS
from storage import Extractor, Record

NO_INDEX: Final = "no-index"
NOT_OBSERVED: Final = "not-observed-before"
LABEL_BEFORE: Final = "label-before"
NOT_FOLLOWED: Final = "not-followed"
NO_LABEL: Final = "no-label"
NO_CATEGORY: Final = "required-category-missing"
INELIGIBLE: Final = "ineligible"
DEATH_NOT_DATED: Final = "death-not-dated"
_REASONS: Final = (
    "",
    NO_INDEX,
    NO_CATEGORY,
    NOT_OBSERVED,
    LABEL_BEFORE,
    NOT_FOLLOWED,
    NO_LABEL,
    INELIGIBLE,
    DEATH_NOT_DATED,
)
_DAY_PRECISION: Final = PRECISIONS.index("day")


@dataclass(frozen=True, slots=True)
class Selection:
    """The rows of a cohort.

    Attributes:
        indexes: whose predictions, at which times; in ascending order.
        labels: whether each is positive.
        excluded: for each subject without a row, why: the reason of the first index.
    """

    indexes: Indexes
    labels: Mask
    excluded: dict[int, str]


def possible_reasons(question: Question) -> tuple[str, ...]:
    """Return the reasons that people can have for having no row of a timed question."""
    timeline = question.timeline
    if timeline is None:
        raise ValueError(f"question {question.id} has no timeline")
    outcome = timeline.outcome
    can_be = {
        NO_INDEX: timeline.index.take != DATE,
        NO_CATEGORY: bool(question.required),
        NOT_OBSERVED: timeline.before is not None,
        LABEL_BEFORE: outcome.never_before,
        NOT_FOLLOWED: timeline.after is not None,
        NO_LABEL: not outcome.absent_is_negative,
        INELIGIBLE: bool(question.eligibility),
        DEATH_NOT_DATED: bool(outcome.codes.match([DEATH])[0]),
    }
    return tuple(reason for reason, can in can_be.items() if can)


def find_extractor(question: Question) -> Extractor | None:
    """Return what a vault is handed for a question: events, if it has a timeline."""
    return None if question.timeline is None else EVENTS


def read_events(question: Question, patients: Sequence[Sequence[Record]]) -> EventReader:
    """Return a reader of the events of these patients, who are numbered from 0."""
    if question.timeline is None:
        raise ValueError(f"question {question.id} has no timeline")
    builder = EventBuilder()
    for number, records in enumerate(patients):
        for record in records:
            builder.add_record(number, record)
    return EventReader(builder.build(), question.timeline)


def find_timed_reasons(
    question: Question, patients: Sequence[Sequence[Record]], unread: Counter[tuple[str, str]]
) -> list[str]:
    """Return for each patient why there is no row; on return `unread` has the unread values."""
    reader = read_events(question, patients)
    selection = select(question, reader, len(patients))
    reader.unread.clear()
    reader.read(question.features, selection.indexes, question.categories)
    unread.update(reader.unread)
    return [selection.excluded.get(number, "") for number in range(len(patients))]


def make_timed_matrix(question: Question, patients: Sequence[Sequence[Record]]) -> Matrix:
    """Return the rows of these patients, in their order and in order of time."""
    reader = read_events(question, patients)
    selection = select(question, reader, len(patients))
    values = reader.read(question.features, selection.indexes, question.categories)
    people = selection.indexes.subject
    is_one_each = len(people) == len(patients) == len(np.unique(people))
    index_s = selection.indexes.at
    return Matrix(values, selection.labels, None if is_one_each else people, index_s)


def select(question: Question, reader: EventReader, subjects: int) -> Selection:
    """Return the indexes of subjects 0 to `subjects` - 1 that make a row, and their labels."""
    timeline = question.timeline
    if timeline is None:
        raise ValueError(f"question {question.id} has no timeline")
    indexes = _find_indexes(timeline, reader, subjects)
    labels, reasons = _find_labels(timeline, reader, indexes)
    _set(reasons, _is_ineligible(question, reader, indexes), INELIGIBLE)
    _put(reasons, ~_is_observed_before(timeline, reader.events, indexes), NOT_OBSERVED)
    _put(reasons, ~_has_categories(question, reader.events, indexes), NO_CATEGORY)
    is_row = reasons == 0
    excluded = dict.fromkeys(range(subjects), NO_INDEX)
    for subject, reason in zip(indexes.subject[::-1].tolist(), reasons[::-1].tolist(), strict=True):
        excluded[subject] = _REASONS[reason]
    for subject in indexes.subject[is_row].tolist():
        excluded.pop(subject, None)
    return Selection(indexes.take(is_row), labels[is_row], excluded)


def find_label_at(question: Question, records: Sequence[Record], at_s: int) -> bool | None:
    """Return the label of one patient for a prediction at a moment; None if it is not known yet.

    Where the question does not say how long patients are followed, nobody can tell an absent label
    from one that is still to come: it is never known.

    Args:
        question: with a timeline.
        records: of the patient.
        at_s: seconds UTC.
    """
    if not records:
        return None
    reader = read_events(question, [records])
    if reader.timeline.after is None:
        return None
    index = Indexes(np.zeros(1, np.int64), np.full(1, at_s, np.int64))
    labels, reasons = _find_labels(reader.timeline, reader, index)
    return None if reasons[0] else bool(labels[0])


def _set(reasons: Integers, mask: Mask, reason: str) -> None:
    """Give a reason to rows that have none."""
    reasons[mask & (reasons == 0)] = _REASONS.index(reason)


def _put(reasons: Integers, mask: Mask, reason: str) -> None:
    """Give a reason that comes before every other."""
    reasons[mask] = _REASONS.index(reason)


def _find_indexes(timeline: Timeline, reader: EventReader, subjects: int) -> Indexes:
    index, events = timeline.index, reader.events
    if index.take == DATE:
        at = np.full(subjects, index.at_s or 0, np.int64)
        return Indexes(np.arange(subjects), at)
    rows = reader.rows(index.codes, ())
    # A month or a year does not say when a prediction was made.
    rows = rows[events.precision[rows] >= _DAY_PRECISION]
    indexes = Indexes(events.subject[rows], events.start[rows])
    if index.take in (FIRST, LAST):
        indexes = indexes.take(_ends(indexes.subject, last=index.take == LAST))
    elif index.take == EACH:
        indexes = indexes.take(_spaced(indexes, max(1, index.apart.seconds)))
    return Indexes(indexes.subject, indexes.at + index.delay.seconds)


def _ends(subjects: Integers, *, last: bool) -> Mask:
    """Return the last, or the first, row of each subject; rows are in order of time."""
    change = subjects[1:] != subjects[:-1]
    if not len(subjects):
        return np.zeros(0, np.bool_)
    return np.concatenate([change, [True]] if last else [[True], change])


def _spaced(indexes: Indexes, apart_s: int) -> Mask:
    """Return the indexes that are at least this far after the one before, of each subject."""
    is_chosen = np.zeros(len(indexes), np.bool_)
    before: tuple[int, float] = (-1, -math.inf)
    rows = zip(indexes.subject.tolist(), indexes.at.tolist(), strict=True)
    for place, (subject, at) in enumerate(rows):
        if subject != before[0] or at - before[1] >= apart_s:
            is_chosen[place] = True
            before = (subject, at)
    return is_chosen


def _find_labels(
    timeline: Timeline, reader: EventReader, indexes: Indexes
) -> tuple[Mask, Integers]:
    """Return the label of each index, and the number of the reason where it has none."""
    outcome, events = timeline.outcome, reader.events
    pairs = reader.pair(reader.rows(outcome.codes, outcome.status), indexes)
    start, at = events.start[pairs.row], indexes.at[pairs.index]
    is_positive, is_readable = _outcomes(timeline, reader, pairs.row)
    is_inside = outcome.within.contains(start, at)
    reasons = np.zeros(len(indexes), np.int64)
    if outcome.never_before:
        earlier = is_positive & outcome.within.is_before(start, at)
        _set(reasons, _marked(pairs.index[earlier], len(indexes)), LABEL_BEFORE)
    labels = _marked(pairs.index[is_inside & is_positive], len(indexes))
    if outcome.codes.match([DEATH])[0]:
        # Nobody knows whether such a death is inside the window, so it is not a negative.
        _set(reasons, ~labels & _has_undated_death(events, indexes), DEATH_NOT_DATED)
    if timeline.after is not None:
        followed = _last_seen(events, indexes)
        # Who was seen for less than the label's window may have it in the rest of the window.
        needed_s = max(timeline.after.seconds, outcome.within.high.seconds)
        end = (indexes.at + needed_s) // DAY_S
        _set(reasons, ~labels & (followed // DAY_S < end), NOT_FOLLOWED)
    if not outcome.absent_is_negative:
        has_value = _marked(pairs.index[is_inside & is_readable], len(indexes))
        _set(reasons, ~has_value, NO_LABEL)
    return labels, reasons


def _outcomes(timeline: Timeline, reader: EventReader, rows: Integers) -> tuple[Mask, Mask]:
    """Return which of the label's events are positive, and which can be read at all."""
    outcome, events = timeline.outcome, reader.events
    if isinstance(outcome.positive, bool):
        is_readable = events.kind[rows] == BOOLEAN
        return is_readable & (events.value[rows] == float(outcome.positive)), is_readable
    if isinstance(outcome.positive, str):
        names = [outcome.positive in (text, text.rpartition("|")[2]) for text in events.texts]
        is_readable = np.isin(events.kind[rows], (CODE, TEXT))
        return is_readable & np.array(names, np.bool_)[events.text[rows]], is_readable
    if outcome.minimum == -math.inf and outcome.maximum == math.inf:
        everything = np.ones(len(rows), np.bool_)
        return everything, everything
    numbers = np.where(events.kind[rows] == NUMBER, events.value[rows], np.nan)
    values = reader.in_unit(rows, numbers, outcome.unit)
    is_readable = ~np.isnan(values)
    return (values >= outcome.minimum) & (values <= outcome.maximum), is_readable


def _marked(places: Integers, size: int) -> Mask:
    mask = np.zeros(size, np.bool_)
    mask[places] = True
    return mask


def _is_real(events: EventTable) -> Mask:
    """Return which rows are events of care, not facts about the person."""
    facts = [code in (*PERSON_CODES, DEATH_UNDATED) for code in events.codes]
    return ~np.array(facts, np.bool_)[events.code]


def _has_undated_death(events: EventTable, indexes: Indexes) -> Mask:
    """Return whether each index's subject has died and no date of the death is known."""
    people = int(max(indexes.subject.max(initial=-1), events.subject.max(initial=-1))) + 1
    codes = np.array(events.codes, dtype=object)
    is_undated, is_dated = (codes[events.code] == code for code in (DEATH_UNDATED, DEATH))
    undated = _marked(events.subject[is_undated], people)
    undated[events.subject[is_dated]] = False
    return undated[indexes.subject]


def _last_seen(events: EventTable, indexes: Indexes) -> Integers:
    """Return the second of the last event of each index's subject; a death counts."""
    is_death = np.array([code == DEATH for code in events.codes], np.bool_)[events.code]
    rows = np.flatnonzero(_is_real(events) | is_death)
    last = np.full(int(indexes.subject.max(initial=-1)) + 1, -(2**62), np.int64)
    known = events.subject[rows] < len(last)
    np.maximum.at(last, events.subject[rows][known], events.start[rows][known])
    return last[indexes.subject]


def _is_observed_before(timeline: Timeline, events: EventTable, indexes: Indexes) -> Mask:
    if timeline.before is None:
        return np.ones(len(indexes), np.bool_)
    rows = np.flatnonzero(_is_real(events))
    first = np.full(int(indexes.subject.max(initial=-1)) + 1, 2**62, np.int64)
    known = events.subject[rows] < len(first)
    np.minimum.at(first, events.subject[rows][known], events.start[rows][known])
    begin = (indexes.at - timeline.before.seconds) // DAY_S
    is_observed: Mask = first[indexes.subject] // DAY_S <= begin
    return is_observed


def _has_categories(question: Question, events: EventTable, indexes: Indexes) -> Mask:
    has_all = np.ones(len(indexes), np.bool_)
    for category in question.required:
        earliest = np.full(int(indexes.subject.max(initial=-1)) + 1, 2**62, np.int64)
        names = np.array([word == category for word in events.categories], np.bool_)
        rows = np.flatnonzero(names[events.category] & (events.subject < len(earliest)))
        np.minimum.at(earliest, events.subject[rows], events.known[rows])
        has_all &= earliest[indexes.subject] <= indexes.at
    return has_all


def _is_ineligible(question: Question, reader: EventReader, indexes: Indexes) -> Mask:
    columns = question.columns()
    features = [question.features[columns[rule.code]] for rule in question.eligibility]
    mask = np.zeros(len(indexes), np.bool_)
    if features:
        values = reader.read(features, indexes, question.categories)
        for rule, column in zip(question.eligibility, values.T, strict=True):
            # A missing value fails too: without an age nobody is treated as an adult.
            mask |= ~((column >= rule.minimum) & (column <= rule.maximum))
    return mask
