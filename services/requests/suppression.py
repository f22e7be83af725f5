"""Hides small numbers of the people whom a study asked, so that none can be worked out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from models import MIN_COUNT, is_small, merge_small


@dataclass(frozen=True, slots=True)
class SuppressedCounts:
    """How many people permit a study, and by reason how many do not.

    If `at_least` is not 0, it is shown instead of `permitted`.
    """

    permitted: int
    reasons: Mapping[str, int]
    at_least: int


def suppress_counts(
    request_count: int, permitted: int, reasons: Mapping[str, int]
) -> SuppressedCounts:
    """Return the counts of the people whom a study asked, as they may be shown.

    If few people permit it, no reason is shown, since the rest is known; if few people do not,
    neither the reasons nor the exact number of those who do are shown.
    """
    rest = request_count - permitted
    if is_small(permitted) or sum(reasons.values()) != rest:
        return SuppressedCounts(permitted, {}, 0)
    if is_small(rest):
        return SuppressedCounts(permitted, {}, find_bound(request_count, permitted))
    return SuppressedCounts(permitted, merge_small(reasons), 0)


def find_bound(whole: int, part: int) -> int:
    """Return of how many people at least a part is, where 1 to 10 others are in the whole.

    0 if the part may be shown: then its rest is no small number.
    """
    return max(0, whole - MIN_COUNT + 1) if is_small(whole - part) else 0
