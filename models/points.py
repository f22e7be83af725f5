"""Divides an estimate into whole points of 100: where it starts, and what each input adds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

_LEAST = 1e-9


@dataclass(frozen=True, slots=True)
class Points:
    """An estimate of `start` + sum(`added`) of 100; `added` has the order of the inputs."""

    start: int
    added: tuple[int, ...]


def to_points(estimate: float, start: float, effects: Sequence[float]) -> Points:
    """Return an estimate as whole points of 100.

    The way from the start to the estimate is divided in proportion to the effects (log-odds), as
    integrated gradients along the straight line between the two are. Whole points, whose sum is
    that of the rounded estimate, tell nothing that the rounding hides.

    Args:
        estimate: a probability from 0 to 1.
        start: the probability before any input counts.
        effects: log-odds that each input adds; inputs that are not shown alone are one effect.
    """
    first, last = round(100 * start), round(100 * estimate)
    total = math.fsum(effects)
    # Rounding or recalibration can make the way shorter than nothing: then the slope alone counts.
    factor = (last - first) / total if abs(total) > _LEAST else 0.0
    if factor <= 0:
        factor = 100 * estimate * (1 - estimate)
    return Points(first, _whole([effect * factor for effect in effects], last - first))


def _whole(shares: Sequence[float], total: int) -> tuple[int, ...]:
    """Return whole numbers near the shares with this sum; the largest remainders are rounded up."""
    if not shares:
        return ()
    low = [math.floor(share) for share in shares]
    left = total - sum(low)
    order = sorted(range(len(shares)), key=lambda index: (low[index] - shares[index], index))
    each, extra = divmod(left, len(shares))
    for place, index in enumerate(order):
        low[index] += each + (place < extra)
    return tuple(low)
