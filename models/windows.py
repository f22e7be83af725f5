"""Reads features from events: what was known at the index, in each feature's window."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from models.features import Values
from models.question_parts import Feature
from models.timeline import (
    AGE,
    COUNT,
    DAY_S,
    DAYS_SINCE,
    EXISTS,
    FIRST,
    HALF,
    LAST,
    MISSING,
    Codes,
    Reading,
    Timeline,
)
from records.certainty import CONFIRMED
from records.event_values import BOOLEAN as BOOLEAN_KIND
from records.event_values import BOUNDS, CODE, TEXT
from records.event_values import NUMBER as NUMBER_KIND
from records.events import EventTable
from records.values import BOOLEAN, CATEGORY

Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

UNIT: Final = "unit"
BOUND: Final = "bound"
OUTSIDE: Final = "outside"
KIND: Final = "kind"
_YEAR_DAYS: Final = 365.25
_BELOW: Final = (BOUNDS.index("<"), BOUNDS.index("<="))


@dataclass(frozen=True, slots=True)
class Indexes:
    """One row for each prediction: whose (ascending), and at which second UTC."""

    subject: Integers
    at: Integers

    def __len__(self) -> int:
        """The number of predictions."""
        return len(self.subject)

    def take(self, rows: npt.NDArray[Any]) -> Indexes:
        """Return the chosen rows."""
        return Indexes(self.subject[rows], self.at[rows])


@dataclass(frozen=True, slots=True)
class Pairs:
    """Events beside indexes of the same subject: row of the event, row of the index; in order."""

    row: Integers
    index: Integers

    def keep(self, mask: Mask) -> Pairs:
        """Return the chosen pairs."""
        return Pairs(self.row[mask], self.index[mask])


@dataclass(frozen=True)
class EventReader:
    """Reads the events of a cohort around indexes.

    Attributes:
        events: the events, as `EventBuilder.build` orders them.
        timeline: the timed part of the question.
        unread: how many values could not be read, by feature and reason.
    """

    events: EventTable
    timeline: Timeline
    unread: Counter[tuple[str, str]] = field(default_factory=Counter)

    @cached_property
    def _by_code(self) -> tuple[Integers, Integers]:
        """The rows by code, and where each code starts among them."""
        order = np.argsort(self.events.code, kind="stable")
        starts = np.searchsorted(self.events.code[order], np.arange(len(self.events.codes) + 1))
        return order, starts

    @cached_property
    def _hidden(self) -> Mask:
        """Rows of events that have a code which reveals the label."""
        hidden = np.zeros(int(self.events.event.max(initial=-1)) + 1, np.bool_)
        hidden[self.events.event[self._rows_of(self.timeline.hidden)]] = True
        mask: Mask = hidden[self.events.event]
        return mask

    def _rows_of(self, codes: Codes) -> Integers:
        order, starts = self._by_code
        meant = np.flatnonzero(codes.match(self.events.codes))
        if not len(meant):
            return np.empty(0, np.int64)
        return np.sort(np.concatenate([order[starts[code] : starts[code + 1]] for code in meant]))

    def rows(self, codes: Codes, status: Sequence[str]) -> Integers:
        """Return the rows of these codes, of certain events and of those of these statuses."""
        rows = self._rows_of(codes)
        accepted = [word == CONFIRMED or word in status for word in self.events.statuses]
        return rows[np.array(accepted, np.bool_)[self.events.status[rows]]]

    def pair(self, rows: Integers, indexes: Indexes) -> Pairs:
        """Return each of the rows with each index of its subject."""
        subjects = self.events.subject[rows]
        people = int(max(subjects.max(initial=0), indexes.subject.max(initial=0))) + 1
        places = np.searchsorted(indexes.subject, np.arange(people + 1))
        first = places[subjects]
        many = places[subjects + 1] - first
        ends = np.cumsum(many)
        index = np.repeat(first - (ends - many), many) + np.arange(ends[-1] if len(ends) else 0)
        return Pairs(np.repeat(rows, many), index)

    def read(
        self, features: Sequence[Feature], indexes: Indexes, categories: Sequence[str]
    ) -> Values:
        """Return the features at the indexes, shape (indexes, features).

        Only events of records of these categories are read, since a prediction opens no others.
        """
        opened = self.opened(categories)
        values = np.empty((len(indexes), len(features)), np.float32)
        for place, feature in enumerate(features):
            values[:, place] = self.column(feature, indexes, opened)
        return values

    def opened(self, categories: Sequence[str]) -> Mask:
        """Return which of the table's categories are among these."""
        return np.array([word in categories for word in self.events.categories], np.bool_)

    def find_pairs(self, feature: Feature, indexes: Indexes, opened: Mask) -> Pairs:
        """Return the events that a feature reads: in its window, known by then, not hidden."""
        events, reading = self.events, reading_of(feature)
        rows = self.rows(reading.codes, reading.status)
        rows = rows[opened[events.category[rows]] & ~self._hidden[rows]]
        pairs = self.pair(rows, indexes)
        start, at = events.start[pairs.row], indexes.at[pairs.index]
        known = events.known[pairs.row] <= at
        return pairs.keep(known & (start <= at) & reading.within.contains(start, at))

    def column(self, feature: Feature, indexes: Indexes, opened: Mask) -> Floats:
        """Return one feature at the indexes, shape (indexes,)."""
        reading = reading_of(feature)
        pairs = self.find_pairs(feature, indexes, opened)
        if reading.take == AGE:
            column = self._ages(pairs, indexes)
        elif reading.take in _FREQUENCIES:
            column = _FREQUENCIES[reading.take](self, self._one_each(pairs), indexes)
        else:
            values = self.numbers(feature, pairs)
            is_read = ~np.isnan(values)
            pairs, values = pairs.keep(is_read), values[is_read]
            is_first = self._is_first(pairs)
            pairs, values = pairs.keep(is_first), values[is_first]
            days = (self.events.start[pairs.row] - indexes.at[pairs.index]) / DAY_S
            column = _TAKES[reading.take](values, days, pairs.index, len(indexes))
        outside = (column < feature.minimum) | (column > feature.maximum)
        return np.where(outside, np.nan, column)

    def _one_each(self, pairs: Pairs) -> Pairs:
        return pairs.keep(self._is_first(pairs))

    def _is_first(self, pairs: Pairs) -> Mask:
        """Return which pair is the first of its event and index: an event has many codings."""
        events = self.events.event[pairs.row]
        # Rows of one event are neighbours: without two of them here, nothing is double.
        is_double = (events[1:] == events[:-1]) & (pairs.row[1:] != pairs.row[:-1])
        if not is_double.any():
            return np.ones(len(events), np.bool_)
        keys = events * (int(pairs.index.max()) + 1) + pairs.index
        _, firsts = np.unique(keys, return_index=True)
        is_first = np.zeros(len(keys), np.bool_)
        is_first[firsts] = True
        return is_first

    def numbers(self, feature: Feature, pairs: Pairs) -> Floats:
        """Return the value of each pair as the matrix has it; NaN, and counted, if unreadable."""
        if feature.kind == CATEGORY:
            return self._indexes_of_texts(feature, pairs)
        events, rows = self.events, pairs.row
        target = BOOLEAN_KIND if feature.kind == BOOLEAN else NUMBER_KIND
        is_kind = events.kind[rows] == target
        self._count(feature, KIND, ~is_kind & (events.kind[rows] <= TEXT))
        values = np.where(is_kind, events.value[rows], np.nan)
        if feature.kind == BOOLEAN:
            return values
        converted = self.in_unit(rows, values, feature.unit)
        self._count(feature, UNIT, np.isnan(converted) & ~np.isnan(values))
        values = self._bounded(feature, reading_of(feature).bounds, rows, converted)
        outside = (values < feature.minimum) | (values > feature.maximum)
        self._count(feature, OUTSIDE, outside)
        return np.where(outside, np.nan, values)

    def _indexes_of_texts(self, feature: Feature, pairs: Pairs) -> Floats:
        events, rows = self.events, pairs.row
        places = np.full(len(events.texts), np.nan)
        for number, text in enumerate(events.texts):
            for name in (text, text.rpartition("|")[2]):
                if name in feature.values:
                    places[number] = feature.values.index(name)
                    break
        is_text = (events.kind[rows] == CODE) | (events.kind[rows] == TEXT)
        values = np.where(is_text, places[events.text[rows]], np.nan)
        self._count(feature, OUTSIDE, is_text & np.isnan(values))
        return values

    def in_unit(self, rows: Integers, values: Floats, target: str) -> Floats:
        """Return the values of rows in a unit, by one rule for each code and unit; else NaN."""
        events, many = self.events, len(self.events.units)
        keys, inverse = np.unique(events.code[rows] * many + events.unit[rows], return_inverse=True)
        scale, offset = np.full(len(keys), np.nan), np.zeros(len(keys))
        for place, key in enumerate(keys.tolist()):
            code, unit = events.codes[key // many], events.units[key % many]
            rule = self.timeline.units.find_conversion(code, unit, target)
            if rule is not None:
                scale[place], offset[place] = rule.scale, rule.offset
        converted: Floats = values * scale[inverse] + offset[inverse]
        return converted

    def _bounded(self, feature: Feature, rule: str, rows: Integers, values: Floats) -> Floats:
        bounds = self.events.bound[rows]
        is_bound = bounds > 0
        if rule == MISSING:
            self._count(feature, BOUND, is_bound & ~np.isnan(values))
            return np.where(is_bound, np.nan, values)
        return np.where(np.isin(bounds, _BELOW), values / 2, values) if rule == HALF else values

    def _count(self, feature: Feature, reason: str, mask: Mask) -> None:
        count = int(mask.sum())
        if count:
            self.unread[feature.code, reason] += count

    def _ages(self, pairs: Pairs, indexes: Indexes) -> Floats:
        """Return completed years at the index, from the last date of birth that is known."""
        place = _last(np.arange(len(pairs.row), dtype=np.float64), pairs.index, len(indexes))
        born_at = np.full(len(indexes), np.datetime64("NaT"), "datetime64[D]")
        has_birth = ~np.isnan(place)
        rows = pairs.row[place[has_birth].astype(np.int64)]
        born_at[has_birth] = (self.events.start[rows] // DAY_S).astype("datetime64[D]")
        today = (indexes.at // DAY_S).astype("datetime64[D]")
        years = today.astype("datetime64[Y]") - born_at.astype("datetime64[Y]")
        is_before_birthday = _day_of_year(today) < _day_of_year(born_at)
        ages = years.astype("timedelta64[Y]").astype(np.float64) - is_before_birthday
        return np.where(has_birth, ages, np.nan)

    def _exists(self, pairs: Pairs, indexes: Indexes) -> Floats:
        return (_counts(pairs.index, len(indexes)) > 0).astype(np.float64)

    def _how_many(self, pairs: Pairs, indexes: Indexes) -> Floats:
        return _counts(pairs.index, len(indexes))

    def _days_since(self, pairs: Pairs, indexes: Indexes) -> Floats:
        days = indexes.at[pairs.index] // DAY_S - self.events.start[pairs.row] // DAY_S
        return _last(days.astype(np.float64), pairs.index, len(indexes))


def reading_of(feature: Feature) -> Reading:
    """Return how a feature of format 2 is read.

    Raises:
        ValueError: the feature is of format 1.
    """
    if feature.reading is None:
        raise ValueError(f"{feature.code} has no reading")
    return feature.reading


def _day_of_year(days: npt.NDArray[Any]) -> Floats:
    """Return month and day as one number that grows through the year."""
    months = days.astype("datetime64[M]")
    month = (months - days.astype("datetime64[Y]")).astype(np.float64)
    number: Floats = month * 32 + (days - months).astype(np.float64)
    return number


def _counts(index: Integers, size: int) -> Floats:
    return np.bincount(index, minlength=size).astype(np.float64)


def _sums(values: Floats, index: Integers, size: int) -> Floats:
    # bincount adds in the order of the rows, so one patient's sum is the same alone and in a batch.
    sums: Floats = np.bincount(index, weights=values, minlength=size).astype(np.float64)
    return sums


def _divide(numerators: Floats, denominators: Floats) -> Floats:
    quotients = np.full(len(numerators), np.nan)
    np.divide(numerators, denominators, out=quotients, where=denominators > 0)
    return quotients


def _last(values: Floats, index: Integers, size: int) -> Floats:
    return _picked(values, index, size, np.maximum, -1)


def _first(values: Floats, index: Integers, size: int) -> Floats:
    return _picked(values, index, size, np.minimum, len(values))


def _picked(values: Floats, index: Integers, size: int, pick: Any, start: int) -> Floats:
    places = np.full(size, start, np.int64)
    pick.at(places, index, np.arange(len(values)))
    has_value = places != start
    picked = np.full(size, np.nan)
    picked[has_value] = values[places[has_value]]
    return picked


def _extreme(values: Floats, index: Integers, size: int, pick: Any, start: float) -> Floats:
    extremes = np.full(size, start)
    pick.at(extremes, index, values)
    return np.where(extremes == start, np.nan, extremes)


def _mean(values: Floats, index: Integers, size: int) -> Floats:
    return _divide(_sums(values, index, size), _counts(index, size))


def _sd(values: Floats, index: Integers, size: int) -> Floats:
    centred = values - _mean(values, index, size)[index]
    return np.sqrt(_divide(_sums(centred**2, index, size), _counts(index, size) - 1))


def _slope(values: Floats, days: Floats, index: Integers, size: int) -> Floats:
    """Return the change in a year, by least squares; NaN where all values are of one time."""
    times = days - _mean(days, index, size)[index]
    centred = values - _mean(values, index, size)[index]
    change = _sums(times * centred, index, size)
    return _divide(change, _sums(times**2, index, size)) * _YEAR_DAYS


_Take = Callable[[Floats, Floats, Integers, int], Floats]
_TAKES: Final = MappingProxyType[str, _Take](
    {
        FIRST: lambda values, _, index, size: _first(values, index, size),
        LAST: lambda values, _, index, size: _last(values, index, size),
        "mean": lambda values, _, index, size: _mean(values, index, size),
        "min": lambda values, _, index, size: _extreme(values, index, size, np.minimum, math.inf),
        "max": lambda values, _, index, size: _extreme(values, index, size, np.maximum, -math.inf),
        "sd": lambda values, _, index, size: _sd(values, index, size),
        "slope": _slope,
    }
)
_Frequency = Callable[[EventReader, Pairs, Indexes], Floats]
_FREQUENCIES: Final = MappingProxyType[str, _Frequency](
    {
        EXISTS: EventReader._exists,
        COUNT: EventReader._how_many,
        DAYS_SINCE: EventReader._days_since,
    }
)
