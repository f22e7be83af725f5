"""Checks the views and times of journal rows against the rows and anchors around them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import accumulate
from types import MappingProxyType
from typing import Any, Final

from consent import Anchor, Finding
from storage.findings import StoreFinding

ANCHORS_BEFORE: Final = MappingProxyType({"single": 4, "bft": 4, "pos": 32})
"""How many anchors before a row its view must include, by the chain's finality. The worker anchors
once a minute and a view is a minute old at most; more than two, since two processes may anchor at
once. With ``pos`` a view ends at the final block, which is about a quarter of an hour old."""
MAX_CLOCK_STEP_S: Final = 3_600
"""By how much a host's clock may have been set back between two rows, or may differ from the
chain's."""


class RowOrder:
    """Which views and times are possible at each row, by the rows and the anchors before it.

    A row that is written after an anchor was read cannot rest on a view from before it, nor be
    much earlier than rows before it: else a use after a withdrawal could name an older view. Its
    view ends before the first anchor that covers it, and its time is not after that anchor's block:
    else it could name a later consent or time.
    """

    def __init__(
        self,
        anchors: Sequence[Anchor],
        finality: str,
        block_times: Callable[[Sequence[int]], Sequence[int | None]],
    ) -> None:
        """Take the journal's anchors; `block_times` returns when blocks were made, or None."""
        positions: dict[int, int] = {}
        for anchor in anchors:  # processes that anchor the same rows at once are one look at them
            positions.setdefault(anchor.count, anchor.position)
        self._coming = sorted(positions.items(), reverse=True)
        self._first_of = [*accumulate((at for _, at in self._coming), min)]
        self._blocks = {anchor.position: anchor.block_number for anchor in anchors}
        blocks = list(dict.fromkeys(self._blocks.values()))
        self._block_times = dict(zip(blocks, block_times(blocks), strict=True))
        self._depth = ANCHORS_BEFORE[finality]
        self._newest: list[int] = []
        self._latest_s = 0

    def find_fault(self, seq: int, use: Mapping[str, Any]) -> Finding | None:
        """Return what contradicts the view or time of a permitted row; call it row by row."""
        while self._coming and self._coming[-1][0] < seq:
            self._newest.append(self._coming.pop()[1])
            self._newest = sorted(self._newest)[-self._depth :]
        first = self._newest[0] if len(self._newest) == self._depth else 0
        is_early = use["at_s"] < self._latest_s - MAX_CLOCK_STEP_S
        self._latest_s = max(self._latest_s, use["at_s"])
        covering = self._first_of[len(self._coming) - 1] if self._coming else None
        if use["count"] < first:
            return _finding(StoreFinding.VIEW_OUTDATED, seq, view=use["count"], anchored=first)
        if covering is not None and use["count"] >= covering:
            return _finding(StoreFinding.VIEW_LATER, seq, view=use["count"], anchored=covering)
        if is_early:
            return _finding(StoreFinding.TIME_OUTDATED, seq)
        if covering is not None:
            return self._find_later(seq, use["at_s"], covering)
        return None

    def _find_later(self, seq: int, at_s: int, covering: int) -> Finding | None:
        block = self._blocks[covering]
        mined_at_s = self._block_times.get(block)
        if mined_at_s is None or at_s <= mined_at_s + MAX_CLOCK_STEP_S:
            return None
        return _finding(StoreFinding.TIME_LATER, seq, seconds=at_s - mined_at_s, block=block)


def _finding(code: StoreFinding, seq: int, **facts: int) -> Finding:
    return Finding(part="journal", code=code, where=f"row {seq}", facts=facts)
