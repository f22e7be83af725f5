"""Days as ISO dates, the second in which one ends, and quarters of a year."""

from __future__ import annotations

import datetime

from consent import DAY_S


def start_of_day_s(day: datetime.date) -> int:
    """Return the first second of a day, UTC."""
    return int(datetime.datetime.combine(day, datetime.time.min, datetime.UTC).timestamp())


def end_of_day_s(day: datetime.date) -> int:
    """Return the last second of a day, UTC."""
    return start_of_day_s(day) + DAY_S - 1


def iso_time(at_s: float) -> str:
    """Return the ISO date and time, UTC, of a moment."""
    return datetime.datetime.fromtimestamp(at_s, datetime.UTC).isoformat()


def day_of(at_s: float) -> datetime.date:
    """Return the day, UTC, of a moment."""
    return datetime.datetime.fromtimestamp(at_s, datetime.UTC).date()


def iso_day(at_s: float) -> str:
    """Return the ISO date, UTC, of a moment."""
    return day_of(at_s).isoformat()


def quarter_of(at_s: float) -> str:
    """Return the quarter of the year, UTC, of a moment, such as `2026-Q4`."""
    day = day_of(at_s)
    return f"{day.year}-Q{(day.month + 2) // 3}"


def next_quarter(at_s: float) -> datetime.date:
    """Return the first day of the quarter, UTC, after that of a moment."""
    day = day_of(at_s)
    first_month = (day.month - 1) // 3 * 3 + 4
    return datetime.date(day.year + first_month // 13, (first_month - 1) % 12 + 1, 1)
