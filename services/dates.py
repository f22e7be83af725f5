"""Days as ISO dates, and the second in which one ends."""

from __future__ import annotations

import datetime

from consent import DAY_S


def end_of_day_s(day: datetime.date) -> int:
    """Return the last second of a day, UTC."""
    start = datetime.datetime.combine(day, datetime.time.min, datetime.UTC)
    return int(start.timestamp()) + DAY_S - 1


def iso_time(at_s: float) -> str:
    """Return the ISO date and time, UTC, of a moment."""
    return datetime.datetime.fromtimestamp(at_s, datetime.UTC).isoformat()


def iso_day(at_s: float) -> str:
    """Return the ISO date, UTC, of a moment."""
    return datetime.datetime.fromtimestamp(at_s, datetime.UTC).date().isoformat()
