"""Counts of people as researchers read them."""

from __future__ import annotations

from models import is_small
from web.current import words


def count_text(count: int) -> str:
    """Return a count in words; 1 to 10 is hidden."""
    return words()("few") if is_small(count) else words().number(count)
