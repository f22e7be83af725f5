"""Hides small numbers: 1 to 10 is never told, nor can it be worked out from its neighbours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

LEAST: Final = 11
OTHER: Final = "other"


@dataclass(frozen=True, slots=True)
class Told:
    """Who permits it, and by reason who does not; `at_least` stands in for the first if not 0."""

    permitted: int
    reasons: Mapping[str, int]
    at_least: int


def is_small(count: int) -> bool:
    """Tell whether a count must not be told: zero may be, and eleven or more (CMS)."""
    return 0 < count < LEAST


def as_told(count: int) -> int | str:
    """Return a count as programs are told it; 1 to 10 is said as that, in words."""
    return f"1 to {LEAST - 1}" if is_small(count) else count


def merged(classes: Mapping[str, int]) -> dict[str, int]:
    """Return counts by class in which no class is small: small ones join `other`.

    While `other` itself is small, the next smallest class joins it, so that it cannot be worked out
    from the total either. Only when all of them together are small is a small number left.
    """
    kept = {name: count for name, count in classes.items() if count and not is_small(count)}
    other = sum(count for count in classes.values() if is_small(count))
    while is_small(other) and kept:
        smallest = min(kept, key=lambda name: (kept[name], name))
        other += kept.pop(smallest)
    return kept | ({OTHER: other} if other else {})


def of_asked(asked: int, permitted: int, reasons: Mapping[str, int]) -> Told:
    """Return what may be told of the people whom a study asked, so that nothing small follows.

    With few who permit it, no reason is told, since the rest is known; with few who do not, neither
    the reasons nor the exact number of those who do.
    """
    rest = asked - permitted
    if is_small(permitted) or sum(reasons.values()) != rest:
        return Told(permitted, {}, 0)
    if is_small(rest):
        return Told(permitted, {}, asked - LEAST + 1)
    return Told(permitted, merged(reasons), 0)
