"""Remembers since when blocks were shown that only some of several chain nodes have."""

from __future__ import annotations

from typing import Final

MAX_HEIGHTS: Final = 1_000


class FirstSights:
    """Since when blocks that only some nodes have were shown, height by height.

    A node that advances slowly is thus not forgiven at each step, and two nodes of which one is
    always a block behind are not refused.
    """

    def __init__(self) -> None:
        self._seen: dict[int, float] = {}

    def since_s(self, agreed: int, highest: int, now_s: float) -> float:
        """Return when the block after `agreed` was first shown, if all up to `highest` are now.

        A time belongs to all heights after the entry before it. Blocks that no node shows any more
        are forgotten.
        """
        if highest <= agreed:
            self._seen = {}
            return now_s
        seen: dict[int, float] = {}
        for height, at_s in self._seen.items():
            if height > agreed:
                seen.setdefault(min(height, highest), at_s)
        # Never more entries than a bound: then a new block has the time of the last one, too early.
        at_s = seen.popitem()[1] if len(seen) >= MAX_HEIGHTS else now_s
        seen.setdefault(highest, at_s)
        self._seen = seen
        return next(iter(seen.values()))
