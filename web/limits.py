"""Lets each caller ask so often and no oftener: a bucket of tokens that fills with time."""

from __future__ import annotations

import math
import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from services.errors import TooManyRequests

MAX_CALLERS: Final = 10_000


class Limit:
    """At most `burst` requests at once, and `rate_per_s` in the long run, for each caller.

    It holds for one process; whoever runs several allows as many times as much.
    """

    def __init__(self, rate_per_s: float, burst: int, clock: Callable[[], float]) -> None:
        self._rate_per_s = rate_per_s
        self._burst = burst
        self._clock = clock
        self._lock = threading.Lock()
        self._held: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, caller: str) -> None:
        """Count one request of a caller.

        Raises:
            TooManyRequests: the bucket is empty; says when there is one more.
        """
        now_s = self._clock()
        with self._lock:
            left, at_s = self._held.pop(caller, (float(self._burst), now_s))
            left = min(self._burst, left + max(0.0, now_s - at_s) * self._rate_per_s)
            self._held[caller] = (max(0.0, left - 1) if left >= 1 else left, now_s)
            # Whoever has not asked for longest has a full bucket again, or nearly so.
            while len(self._held) > MAX_CALLERS:
                self._held.popitem(last=False)
        if left < 1:
            raise TooManyRequests(max(1, math.ceil((1 - left) / self._rate_per_s)))
