"""Reads the fields of a page's form, and shows what is wrong with them."""

from __future__ import annotations

import datetime
from collections.abc import Mapping

from services.errors import Invalid
from services.words import number_months


def date_in(form: Mapping[str, str], name: str) -> datetime.date | None:
    """Return the date in NAME-day, NAME-month and NAME-year, or None if they form no date."""
    year, month, day = _inputs(form, name)
    try:
        return datetime.date(int(year), int(month_number(month)), int(day))
    except (ValueError, OverflowError):
        return None


def first_errors(error: Invalid, **renamed: str) -> dict[str, str]:
    """Return the first message of each field, by the field's name in the form.

    Args:
        error: of the service.
        renamed: names in the form that differ, by the service's name.
    """
    return {renamed.get(name, name): messages[0] for name, messages in error.fields.items()}


def month_number(text: str) -> str:
    """Return a month's number for its name in one of our languages; any other text as it is.

    "March", "Mar", "März" and "marzo" are "3".
    """
    return number_months().get(text.strip().rstrip(".").casefold(), text)


def _inputs(form: Mapping[str, str], name: str) -> list[str]:
    return [form.get(f"{name}-{part}", "").strip() for part in ("year", "month", "day")]
