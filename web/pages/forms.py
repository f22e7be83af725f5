"""Reads the fields of a page's form that consist of several inputs."""

from __future__ import annotations

import datetime
from collections.abc import Mapping


def has_date(form: Mapping[str, str], name: str) -> bool:
    """Return whether any of the three inputs of a date is filled in."""
    return any(_inputs(form, name))


def date_in(form: Mapping[str, str], name: str) -> datetime.date | None:
    """Return the date in NAME-day, NAME-month and NAME-year, or None if they form no date."""
    try:
        return datetime.date(*(int(text) for text in _inputs(form, name)))
    except (ValueError, OverflowError):
        return None


def _inputs(form: Mapping[str, str], name: str) -> list[str]:
    return [form.get(f"{name}-{part}", "").strip() for part in ("year", "month", "day")]
