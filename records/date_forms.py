"""Finds the format in which a column writes dates, though a few of its cells may not be dates."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from records.dates import FIRST_YEARS, has_two_digit_year, read_date
from records.faults import CellFaultCode, CellInvalid
from records.variables import spaced

_DAYS: Final = ("%d.%m.%Y", "%m/%d/%Y", "%d/%m/%Y", "%Y/%m/%d", "%d-%m-%Y")
_SHORT: Final = (*(day.replace("%Y", "%y") for day in _DAYS), "%y-%m-%d")
_NAMED: Final = ("%d-%b-%Y", "%d-%b-%y", "%d%b%Y", "%d%b%y", "%d %b %Y", "%d %B %Y")
_NAMED_FIRST: Final = ("%b %d, %Y", "%B %d, %Y", "%b %d %Y", "%B %d %Y")
_DIGITS: Final = (
    *("%Y%m%d", "%d%m%Y", "%m%d%Y", "%y%m%d", "%d%m%y", "%m%d%y"),
    *("%Y%m%d%H%M", "%Y%m%d%H%M%S"),  # so in HL7 version 2
)
"""Dates that look like numbers; six digits are a date only if the column's name says so."""
_TIMES: Final = ("%H:%M", "%H:%M:%S", "%I:%M %p", "%I:%M:%S %p")
_TIMED: Final = tuple(f"{day} {time}" for day in (*_DAYS, *_SHORT) for time in _TIMES)
_OF_SAS: Final = ("%d%b%Y:%H:%M:%S", "%d%b%y:%H:%M:%S")
DATE_FORMATS: Final = (
    *("", *_DAYS, *_DIGITS, *_NAMED, *_NAMED_FIRST, *_SHORT),
    *(*_TIMED, *_OF_SAS),
)
_PATIENCE: Final = 8
"""How many cells may not be dates in a format before the first one is."""
_MOST: Final = 0.5
"""If more than this share of cells are dates in one format, the others are faults."""
_NEARLY_ALL: Final = 0.9
"""Which share of cells must be dates if they could also be numbers."""
_MANY: Final = 0.02
"""If day and month change places in more than this share of cells, it is no slip."""
_NUMERIC: Final = re.compile(r"([0-9]{1,2})[./-]([0-9]{1,2})[./-](?:[0-9]{4}|[0-9]{2})(?:[ T]|\Z)")
_ZONED: Final = re.compile(r"[0-9]{12}(?:[0-9]{2}(?:\.[0-9]{1,4})?)?[+-][0-9]{4}")
"""A moment of HL7 version 2 with its zone, which no format reads."""
_MONTHS: Final = 12
_LAST_DAY: Final = 31
_DATE_NAME: Final = re.compile(r"\b(date|datum|fecha|day|tag)$|datum$|^date\b")


def is_date_name(name: str) -> bool:
    """Return whether a column is named as dates are."""
    return _DATE_NAME.search(spaced(name)) is not None


@dataclass(slots=True)
class DateForms:
    """The formats in which the cells of a column may be dates.

    Attributes:
        cells: how many were seen.
        hits: by format, how many cells are dates in it; a format that does not fit is left out.
        numeric: how many cells have day and month in digits in any order, or a zone at their end.
        days_first, months_first: how many of these fit only one order, as 31.12. and 12/31 do.
    """

    cells: int = 0
    numeric: int = 0
    days_first: int = 0
    months_first: int = 0
    hits: dict[str, int] = field(default_factory=lambda: dict.fromkeys(DATE_FORMATS, 0))

    def see(self, text: str) -> None:
        """Count a cell that has a value."""
        self.cells += 1
        self._see_order(text)
        if text[4:5] == "-" and _is_date(text, ""):  # which is read in every form
            self.hits = {form: count + 1 for form, count in self.hits.items()}
            return
        for form, count in list(self.hits.items()):
            if _is_date(text, form):
                self.hits[form] = count + 1
            elif self.cells - count > max(_PATIENCE, count):
                del self.hits[form]

    def _see_order(self, text: str) -> None:
        match = _NUMERIC.match(text)
        if match is None:
            self.numeric += _ZONED.fullmatch(text) is not None
            return
        first, second = int(match[1]), int(match[2])
        if 0 < min(first, second) <= _MONTHS and max(first, second) <= _LAST_DAY:
            self.numeric += 1
            self.days_first += first > _MONTHS
            self.months_first += second > _MONTHS

    @property
    def has_both_orders(self) -> bool:
        """Whether day and month change places, so that no one format reads every cell rightly."""
        return min(self.days_first, self.months_first) > _MANY * self.cells

    @property
    def is_of_days(self) -> bool:
        """Whether nearly every cell is a date in digits, though perhaps in no one format."""
        return self.cells > 0 and self.numeric >= _NEARLY_ALL * self.cells

    def best(self, name: str) -> list[str]:
        """Return the formats in which most cells of the column with this name are dates."""
        if self.has_both_orders:
            return []
        most = max(self.hits.values(), default=0)
        forms = [form for form, count in self.hits.items() if count == most]
        if set(forms) <= set(_DIGITS):
            has_name = is_date_name(name)
            forms = [form for form in forms if has_name or not has_two_digit_year(form)]
            return forms if most >= _NEARLY_ALL * self.cells > 0 else []
        return forms if most > _MOST * self.cells else []

    @property
    def others(self) -> int:
        """How many cells are not dates in the format that fits best."""
        return self.cells - max(self.hits.values(), default=0)


def has_day(text: str) -> bool:
    """Return whether a word of a text is a whole day, as in `crp 2024-05-31`."""
    forms = [form for form in DATE_FORMATS if form not in _DIGITS]
    words = [text, *re.split(r"[\s_/]", text), *re.split(r"[\s_]", text)]
    return any(_is_date(word, form) for word in words if word[:1].isdigit() for form in forms)


def is_digits(form: str) -> bool:
    """Return whether dates in this format could be numbers."""
    return form in _DIGITS


def has_one_order(forms: list[str]) -> bool:
    """Return whether day, month and year have the same order in each of the formats."""
    orders = {re.sub(r"[^dmy]", "", form.lower().replace("%b", "%m")) for form in forms}
    return len(orders) < 2 or "" in forms


@lru_cache(maxsize=2**10)
def _marks(form: str) -> str:
    return _marks_of(re.sub(r"%[a-zA-Z]", "", form))


def _marks_of(text: str) -> str:
    return "".join(sorted({each for each in text if not each.isalnum()}))


def _is_date(text: str, form: str) -> bool:
    # The marks between their parts distinguish most forms, and are cheap to compare.
    if form and _marks_of(text) != _marks(form):
        return False
    try:
        return bool(read_date(text, form, FIRST_YEARS[0]))
    except CellInvalid as exc:
        return exc.code is CellFaultCode.DATE_OUTSIDE
