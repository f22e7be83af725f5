"""Read when something began as an age, and date it by the date of birth of its person."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from records.event_times import AGE, DAY, DAY_S, MONTH, NO_TIME, TIMELESS_S, YEAR, Moment
from records.event_values import Resource
from records.units import ucum_unit

WITHOUT_BIRTH: Final = "age-without-birth"
"""Why an age gives no event: no date of birth is permitted, or there are two."""
DATED_AFTER_ARRIVAL: Final = "dated-after-arrival"
MAX_AGE_S: Final = int(150 * 365.25) * DAY_S
_UNITS_S: Final[Mapping[str, float]] = {
    "a": 365.25 * DAY_S,
    "mo": 30.4375 * DAY_S,
    "wk": 7.0 * DAY_S,
    "d": 1.0 * DAY_S,
    "h": 3_600.0,
    "min": 60.0,
}
Columns = dict[str, npt.NDArray[Any]]


def read_age(resource: Resource, name: str) -> Moment | None:
    """Return the seconds since birth of `nameAge` or `nameRange`, None if neither can be read.

    An age of 34 years is every moment from the 34th birthday to the day before the 35th.
    """
    age = resource.get(f"{name}Age")
    if age is not None:
        return _moment(_span(age), _span(age))
    ages = resource.get(f"{name}Range")
    if not isinstance(ages, dict):
        return None
    low, high = _span(ages.get("low")), _span(ages.get("high"))
    return _moment(low or high, high or low)


def _span(age: Any) -> tuple[float, float] | None:
    """Return the first and the last second of an age, None if it is none."""
    if not isinstance(age, dict) or age.get("comparator") is not None:
        return None
    number: Any = age.get("value")
    unit = next((age[key] for key in ("code", "unit") if isinstance(age.get(key), str)), "")
    unit_s = _UNITS_S.get(ucum_unit(unit))  # senders write words where FHIR requires UCUM
    if unit_s is None or type(number) not in (int, float) or number < 0:
        return None
    first = number * unit_s
    return (first, first + unit_s - 1) if first <= MAX_AGE_S else None


def _moment(first: tuple[float, float] | None, last: tuple[float, float] | None) -> Moment | None:
    if first is None or last is None or last[1] < first[0]:
        return None
    return Moment(int(first[0]), int(last[1]), AGE)


def resolve_ages(columns: Columns, birth: int | None, no_event: Counter[str]) -> Columns:
    """Return the rows with a date for each age, without the ages that have none.

    A row with an age has the first and the last second of it as start and end, when it was
    recorded as known, and when it arrived as value. The date is the first moment that it can mean,
    known when the last one is over. Without a date of birth it is the date of recording.

    Args:
        columns: of an event table, by name.
        birth: the number of the code BIRTH, None if no event has it.
        no_event: on return it counts the events that were left out too.
    """
    rows = np.flatnonzero(columns["precision"] == AGE)
    if not len(rows):
        return columns
    columns = {name: values.copy() for name, values in columns.items()}
    subjects, recorded = columns["subject"][rows], columns["known"][rows]
    births = _births(columns, birth)
    born = np.array([births.get(int(each), NO_TIME) for each in subjects], np.int64)
    is_born = born[:, 0] != TIMELESS_S
    ages = columns["end"][rows] - columns["start"][rows] + 1
    start = np.where(is_born, born[:, 0] + columns["start"][rows], recorded)
    known = np.where(is_born, np.maximum(born[:, 1] + columns["end"][rows], recorded), recorded)
    width = np.where(ages <= DAY_S, DAY, np.where(ages <= 31 * DAY_S, MONTH, YEAR))
    precision = np.where(is_born, np.minimum(width, born[:, 2]), DAY)
    is_late = (start != TIMELESS_S) & (start > columns["value"][rows])
    for name, values in (("start", start), ("end", start), ("known", known)):
        columns[name][rows] = values
    columns["precision"][rows] = precision
    columns["value"][rows] = np.nan
    dropped = (start == TIMELESS_S) | is_late
    events = columns["event"][rows]
    _count(no_event, WITHOUT_BIRTH, events[start == TIMELESS_S])
    _count(no_event, DATED_AFTER_ARRIVAL, events[is_late])
    is_event = np.ones(len(columns["event"]), bool)
    is_event[rows[dropped]] = False
    return {name: values[is_event] for name, values in columns.items()}


def _count(no_event: Counter[str], reason: str, events: npt.NDArray[Any]) -> None:
    if len(events):
        no_event[reason] += len(np.unique(events))


def _births(columns: Columns, birth: int | None) -> dict[int, Moment]:
    """Return by subject the one date of birth that its records state."""
    births: dict[int, Moment] = {}
    if birth is None:
        return births
    names = ("subject", "start", "end", "precision")
    rows = np.flatnonzero(columns["code"] == birth)
    for subject, *moment in zip(*(columns[name][rows].tolist() for name in names), strict=True):
        born = Moment(*moment)
        if births.setdefault(subject, born) != born:
            births[subject] = NO_TIME
    return births
