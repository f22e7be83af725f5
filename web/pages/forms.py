"""Reads the fields of a page's form, and shows what is wrong with them."""

from __future__ import annotations

import datetime
from collections.abc import Mapping

from services.errors import Invalid


def date_in(form: Mapping[str, str], name: str) -> datetime.date | None:
    """Return the date in NAME-day, NAME-month and NAME-year, or None if they form no date."""
    try:
        return datetime.date(*(int(text) for text in _inputs(form, name)))
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
