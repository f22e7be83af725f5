"""Counts of people as researchers read them."""

from __future__ import annotations

from models import MIN_COUNT, is_small
from web.current import words


def count_text(count: int) -> str:
    """Return a count in words; 1 to 10 is hidden."""
    return words()("few") if is_small(count) else words().number(count)


def steady_text(count: int) -> str:
    """Return a count that moves only with eleven people: its 0 can be any number up to 10."""
    return words()("few") if count < MIN_COUNT else words().number(count)


def part_text(bound: int, count: int) -> str:
    """Return a count of people, or at least how many they are where the exact one is hidden."""
    if bound and count >= MIN_COUNT:
        return words()("cohort-at-least", count=words().number(bound))
    return steady_text(count)
