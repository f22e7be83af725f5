"""Reads the fields of a page's form, and shows what is wrong with them."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Final

from services.errors import Invalid
from services.words import number_months

MAX_DIGITS: Final = 15


def date_in(form: Mapping[str, str], name: str) -> datetime.date | None:
    """Return the date in NAME-day, NAME-month and NAME-year, or None if they form no date."""
    year, month, day = date_parts(form, name)
    try:
        return datetime.date(int(year), int(month), int(day))
    except (ValueError, OverflowError):
        return None


def number_in(text: str, max_digits: int = MAX_DIGITS) -> int | None:
    """Return a text as a whole number; None if it is not one, or has too many digits."""
    is_number = text.isascii() and text.isdecimal() and len(text) <= max_digits
    return int(text) if is_number else None


def first_errors(error: Invalid, **renamed: str) -> dict[str, str]:
    """Return the first message of each field, by the field's name in the form.

    `renamed` has names in the form that differ, by the service's name.
    """
    return {renamed.get(name, name): messages[0] for name, messages in error.fields.items()}


def month_number(text: str) -> str:
    """Return a month's number for its name in one of our languages; any other text as it is.

    "March", "Mar", "März" and "marzo" are "3".
    """
    return number_months().get(text.strip().rstrip(".").casefold(), text)


def date_parts(form: Mapping[str, str], name: str) -> tuple[str, str, str]:
    """Return the inputs of a date: year, month and day, the month as a number if it is a name."""
    year, month, day = (form.get(f"{name}-{part}", "").strip() for part in ("year", "month", "day"))
    return year, month_number(month), day
