"""Read FHIR dates as seconds UTC, with the first and the last moment that they can mean."""

from __future__ import annotations

import calendar
import datetime
import re
from functools import lru_cache
from typing import Any, Final, NamedTuple

DAY_S: Final = 86_400
TIMELESS_S: Final = -62_135_596_800
"""The start of a fact that has no time, such as a person's sex: 0001-01-01."""
PRECISIONS: Final = ("none", "year", "month", "day", "time", "age")
"""An age is seconds since birth, until `records.ages` has dated it."""
_NONE, YEAR, MONTH, DAY, _TIME, AGE = range(6)
_MIN_YEAR: Final = 1900
_EPOCH: Final = datetime.date(1970, 1, 1).toordinal()
_UTC: Final = datetime.UTC
_LEAP_SECOND: Final = re.compile(r"(T\d\d:\d\d):60")
_FULL: Final = re.compile(r"\d{4}-\d\d-\d\d(?:[T ]|\Z)")
"""A blank for the T is not FHIR, but has no other meaning; "20240305" could be a number."""
_PARTIAL: Final = re.compile(r"(\d{4})(?:-(\d{2}))?\Z")


class Moment(NamedTuple):
    """A FHIR date: its first and last second, and the index of its precision in PRECISIONS."""

    first: int
    last: int
    precision: int

    @property
    def known(self) -> int:
        """When it is certain to have passed; a day counts from its start."""
        return self.last if self.precision in (YEAR, MONTH) else self.first


_MAX_CHARACTERS: Final = 64
"""A longer text would stay in memory, with thousands of others; an instant has about thirty."""
NO_TIME: Final = Moment(TIMELESS_S, TIMELESS_S, _NONE)


def read_moment(text: Any) -> Moment | None:
    """Return a FHIR date, dateTime or instant; None if it is none, or lies before 1900."""
    is_short = isinstance(text, str) and len(text) <= _MAX_CHARACTERS
    return _read(text) if is_short else None


@lru_cache(maxsize=2**16)
def _read(text: str) -> Moment | None:
    try:
        partial = _PARTIAL.match(text)
        if partial is not None:
            return _of_partial(int(partial[1]), partial[2])
        if not _FULL.match(text):
            return None
        if len(text) == 10:
            return _of_days(datetime.date.fromisoformat(text), 1, DAY)
        # FHIR allows a leap second, which a datetime cannot hold.
        moment = datetime.datetime.fromisoformat(_LEAP_SECOND.sub(r"\1:59", text))
    except ValueError:
        return None
    if moment.year < _MIN_YEAR:
        return None
    aware = moment if moment.tzinfo is not None else moment.replace(tzinfo=_UTC)
    seconds = int(aware.timestamp())
    return Moment(seconds, seconds, _TIME)


def _of_partial(year: int, month: str | None) -> Moment | None:
    if month is None:
        days = 366 if calendar.isleap(year) else 365
        return _of_days(datetime.date(year, 1, 1), days, YEAR)
    first = datetime.date(year, int(month), 1)
    return _of_days(first, calendar.monthrange(year, first.month)[1], MONTH)


def _of_days(first: datetime.date, days: int, precision: int) -> Moment | None:
    if first.year < _MIN_YEAR:
        return None
    start = (first.toordinal() - _EPOCH) * DAY_S
    return Moment(start, start + days * DAY_S - 1, precision)
