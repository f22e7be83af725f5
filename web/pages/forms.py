"""Reads the fields of a page's form, and shows what is wrong with them."""

from __future__ import annotations

import datetime
from collections.abc import Mapping

from services.errors import Invalid
from services.words import month_of


def date_in(form: Mapping[str, str], name: str) -> datetime.date | None:
    """Return the date in NAME-day, NAME-month and NAME-year, or None if they form no date.

    The month is a number or a name in any of our languages: 3, March, März, mar.
    """
    year, month, day = _inputs(form, name)
    try:
        return datetime.date(int(year), month_of(month), int(day))
    except (ValueError, OverflowError):
        return None


def first_errors(error: Invalid, **renamed: str) -> dict[str, str]:
    """Return the first message of each field, by the field's name in the form.

    Args:
        error: of the service.
        renamed: names in the form that differ, by the service's name.
    """
    return {renamed.get(name, name): messages[0] for name, messages in error.fields.items()}


def _inputs(form: Mapping[str, str], name: str) -> list[str]:
    return [form.get(f"{name}-{part}", "").strip() for part in ("year", "month", "day")]
