"""Defines the small-number rules: which counts of people may be shown, and which groups used."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

MIN_COUNT: Final = 11
"""The smallest count above zero that may be shown, and the k of k-anonymity (CMS cell size)."""
MIN_COHORT: Final = 50
"""Of fewer people no cohort is formed, no model trained and no training set released."""
OTHER: Final = "other"
_MANY: Final = 100


def is_small(count: int) -> bool:
    """Return True if a count must be hidden; zero may be shown, and eleven or more (CMS)."""
    return 0 < count < MIN_COUNT


def suppress(count: int) -> int | str:
    """Return a count as it may be published: 1 to 10 becomes the text "1 to 10"."""
    return f"1 to {MIN_COUNT - 1}" if is_small(count) else count


def steady(count: int) -> int | str:
    """Return a count as a card states it: in tens, and 1 to 10 as a text.

    So that two cards, before and after one patient left, do not tell which group they were in.
    """
    return suppress(count) if is_small(count) else (count + 5) // 10 * 10


def conceal(count: int) -> int | str:
    """Return a count in tens; 0 to 10 give one text, which does not tell if there is anybody."""
    return steady(count) if count >= MIN_COUNT else f"0 to {MIN_COUNT - 1}"


def coarsen(share: float, people: int) -> float:
    """Return a share as a card states it: in hundredths, of fewer than 100 people in twentieths.

    Finer ones would together tell of exactly how many people they are.
    """
    steps = 100 if people >= _MANY else 20
    return round(share * steps) / steps


def coarsen_missing(share: float, people: int) -> float:
    """Return the share of people without a value, in steps of 11 people from 110 people on.

    Of few people the steps are tenths or twentieths: in hundredths, one person more or less would
    show.
    """
    steps = next((steps for steps in (100, 20) if people >= steps * MIN_COUNT), 10)
    return round(share * steps) / steps


def merge_small(counts: Mapping[str, int]) -> dict[str, int]:
    """Return counts by class in which no class is small: small classes are merged into `other`.

    While `other` itself is small, the next smallest class is merged too, so that nobody can work
    it out from the total. Only when all classes together are small does a small count remain.
    """
    visible = {name: count for name, count in counts.items() if count and not is_small(count)}
    other = sum(count for count in counts.values() if is_small(count))
    while is_small(other) and visible:
        smallest = min(visible, key=lambda name: (visible[name], name))
        other += visible.pop(smallest)
    return visible | ({OTHER: other} if other else {})
