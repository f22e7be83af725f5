"""Read the day and the time of a cell, in the form that a mapping names."""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from records.cells import SPREADSHEET_ERRORS
from records.faults import CellFaultCode, CellInvalid

FIRST_DAY: Final = "1900-01-01"
"""A record before this day is a typing error."""
EXCEL: Final = "excel"
UNKNOWN_FORMAT: Final = "?"
"""Written by a draft where a column of dates cannot be read; no mapping may have it."""
DAYS_SINCE: Final = "days since "
FIRST_YEARS: Final = (1900, 2000)
"""The least and the greatest first year of the hundred that two digits can mean."""
FIRST_YEAR_PROBLEM: Final = (
    "complete it: the first of the hundred years that two digits mean, 1900 to 2000, "
    "such as 1930 for 1930 to 2029"
)
_EXCEL_ZERO: Final = datetime.date(1899, 12, 30)
_ISO: Final = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]([0-9].*))?", re.ASCII)
_DAYS: Final = re.compile(r"([+-]?[0-9]{1,7})(?:\.([0-9]+))?", re.ASCII)
_TIME: Final = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])(?::([0-5][0-9])(?:\.[0-9]++)?)?(.*)")
_ZONE: Final = re.compile(r"\s*(Z|[+-][0-9]{2}:?[0-9]{2})?", re.ASCII)
_TWO_DIGITS: Final = re.compile(
    r"[0-9]{1,2}[./-](?:[0-9]{1,2}|[^\W\d_]{3,9})[./ -][0-9]{2}(?:[T ].*+)?", re.DOTALL
)
_ADJACENT: Final = re.compile(r"%[dmYyHIMS]%[dmYyHIMS]")
_CACHED: Final = 65_536
_MAX_CHARACTERS: Final = 256
"""A longer cell would stay in memory, with thousands of others."""
_MAX_FORMAT: Final = 64
"""Characters of a date format that can fit."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A day such as 2024-05-31, and a time such as 08:30:00, "" if the cell has none.

    `zone_s` is how far the clock of the cell is ahead of UTC, None if the cell does not say.
    """

    day: str
    time: str = ""
    zone_s: int | None = None


def has_two_digit_year(date_format: str) -> bool:
    """Return whether dates in this format have a year of two digits."""
    return "%y" in date_format.replace("%%", "")


def read_date(text: str, date_format: str = "", first_year: int = 0) -> Moment:
    """Return the day and time of a cell. A date such as 2024-05-31 is read in every format.

    Args:
        text: the cell without outer spaces.
        date_format: strptime codes such as `%d.%m.%Y`; `excel` for day numbers of a spreadsheet;
            `days since 2000-01-01` for numbers of days; "" for 2024-05-31 alone.
        first_year: of the hundred that a year of two digits can mean; without it none is read.

    Raises:
        CellInvalid: it is not a date in this form, or before 1900.
    """
    moment = None
    if len(text) <= _MAX_CHARACTERS:
        moment = _read(text, date_format, first_year)
    if text in SPREADSHEET_ERRORS:
        raise CellInvalid(CellFaultCode.SPREADSHEET_ERROR)
    if moment is None:
        is_short = _TWO_DIGITS.fullmatch(text) and not (
            first_year and has_two_digit_year(date_format)
        )
        if is_short:
            raise CellInvalid(CellFaultCode.TWO_DIGIT_YEAR)
        if date_format:
            raise CellInvalid(CellFaultCode.NOT_IN_DATE_FORMAT, expected=date_format)
        raise CellInvalid(CellFaultCode.NOT_A_DATE)
    if moment.day < FIRST_DAY:
        raise CellInvalid(CellFaultCode.DATE_OUTSIDE)
    return moment


def read_time(text: str) -> str:
    """Return a time such as 8:30, 08:30 or 08:30:15 as 08:30:00.

    Raises:
        CellInvalid: it is not a time of the day.
    """
    match = _TIME.fullmatch(text)
    if match is None or not _ZONE.fullmatch(match[4]):
        raise CellInvalid(CellFaultCode.NOT_A_TIME)
    return f"{int(match[1]):02}:{match[2]}:{match[3] or '00'}"


def read_zone(text: str) -> int | None:
    """Return how many seconds the zone of a time is ahead of UTC, None if it names none."""
    match = _TIME.fullmatch(text)
    zone = _ZONE.fullmatch(match[4]) if match else None
    if zone is None or zone[1] is None:
        return None
    if zone[1] == "Z":
        return 0
    seconds = (int(zone[1][1:3]) * 60 + int(zone[1][-2:])) * 60
    return -seconds if zone[1][0] == "-" else seconds


def date_format_problem(date_format: str) -> str:
    """Return what is wrong with a date format, "" if nothing is."""
    if date_format in ("", EXCEL):
        return ""
    if date_format == UNKNOWN_FORMAT:
        return "complete it: how the column writes a day, such as '%d.%m.%Y' for 31.05.2024"
    if date_format.startswith(DAYS_SINCE):
        try:
            datetime.date.fromisoformat(date_format.removeprefix(DAYS_SINCE))
        except ValueError:
            return "write the first day as in 'days since 2000-01-01'"
        return ""
    day = datetime.datetime(1931, 11, 23, 14, 35)  # a year that two digits would move
    try:
        is_whole = _parsed(day.strftime(date_format), date_format, FIRST_YEARS[0]).date()
    except (ValueError, re.error):  # re.error: a code that is there twice
        is_whole = None
    if is_whole != day.date() or len(date_format) > _MAX_FORMAT:
        return "write it with day, month and year of four digits, such as '%d.%m.%Y', or 'excel'"
    return ""


@lru_cache(maxsize=_CACHED)
def _read(text: str, date_format: str, first_year: int) -> Moment | None:
    iso = _ISO.fullmatch(text)
    try:
        if iso:
            day = datetime.date.fromisoformat(iso[1]).isoformat()
            return Moment(day, read_time(iso[2]), read_zone(iso[2])) if iso[2] else Moment(day)
        if date_format == EXCEL:
            return _counted(text, _EXCEL_ZERO)
        if date_format.startswith(DAYS_SINCE):
            zero = datetime.date.fromisoformat(date_format.removeprefix(DAYS_SINCE))
            return _counted(text, zero)
        if date_format and (first_year or not has_two_digit_year(date_format)):
            moment = _parsed(text, date_format, first_year)
            has_time = "%H" in date_format or "%I" in date_format
            return Moment(f"{moment:%Y-%m-%d}", f"{moment:%H:%M:%S}" if has_time else "")
    except (ValueError, OverflowError):  # CellInvalid of a time is a ValueError too
        return None
    return None


def _parsed(text: str, date_format: str, first_year: int) -> datetime.datetime:
    """Return a day and time; a year of two digits is the one in the hundred from `first_year` on.

    Raises:
        ValueError: it is in another form, or that year has no such day.
    """
    moment = datetime.datetime.strptime(text, date_format)
    # Python reads 190523 as 1905-02-03 in %Y%m%d. Without separators, each part must have its full
    # width.
    if _ADJACENT.search(date_format) and moment.strftime(date_format).lower() != text.lower():
        raise ValueError("a part is shorter than its full width")
    if not has_two_digit_year(date_format):
        return moment
    if "%Y" in date_format:
        raise ValueError("the year is there twice")
    return moment.replace(year=first_year + (moment.year - first_year) % 100)


def _counted(text: str, zero: datetime.date) -> Moment | None:
    match = _DAYS.fullmatch(text)
    if match is None:
        return None
    day = (zero + datetime.timedelta(days=int(match[1]))).isoformat()
    fraction = float(f"0.{match[2] or 0}")
    seconds = min(round(fraction * 86_400), 86_399)
    return Moment(day, str(datetime.timedelta(seconds=seconds)).zfill(8) if seconds else "")
