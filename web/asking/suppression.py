"""Hides small numbers: 1 to 10 is never told, nor can it be worked out from its neighbours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

LEAST: Final = 11
OTHER: Final = "other"


def is_small(count: int) -> bool:
    """Tell whether a count must not be told: zero may be, and eleven or more (CMS)."""
    return 0 < count < LEAST


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
