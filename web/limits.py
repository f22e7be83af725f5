"""Limits how often each caller may send requests, with a token bucket."""

from __future__ import annotations

import ipaddress
import math
import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from services.errors import TooManyRequests

MAX_CALLERS: Final = 10_000
_HOME_BITS: Final = 64
"""Of an IPv6 address: providers give each customer all addresses that begin alike (RFC 6177)."""


def caller_at(address: str | None) -> str:
    """Return as whom a stranger at an address counts: for IPv6, the network of 64 bits."""
    try:
        parsed = ipaddress.ip_address(address or "")
    except ValueError:
        return str(address)
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    mapped = parsed.ipv4_mapped
    network = ipaddress.ip_network((parsed.packed, _HOME_BITS), strict=False)
    return str(mapped or network)


class OneAtATime:
    """Gives each caller at most one large answer at a time in this process."""

    WAIT_S: Final = 60

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._callers = set[str]()

    def begin(self, caller: str) -> Callable[[], None]:
        """Return the function to call once the answer has been sent or given up.

        Raises:
            TooManyRequests: the caller already has one under way.
        """
        with self._lock:
            if caller in self._callers:
                raise TooManyRequests(self.WAIT_S, "your earlier request is still being answered")
            self._callers.add(caller)
        return lambda: self._callers.discard(caller)


class Limit:
    """At most `burst` requests at once, and `rate_per_s` in the long run, for each caller.

    Each of `processes` has its part of both, since connections are spread over them.
    """

    def __init__(
        self, rate_per_s: float, burst: int, clock: Callable[[], float], processes: int = 1
    ) -> None:
        self._rate_per_s = rate_per_s / processes
        self._burst = max(1, burst // processes)
        self._clock = clock
        self._lock = threading.Lock()
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, caller: str) -> None:
        """Count one request of a caller.

        Raises:
            TooManyRequests: the bucket is empty; says when there is one more.
        """
        now_s = self._clock()
        with self._lock:
            left, at_s = self._buckets.pop(caller, (float(self._burst), now_s))
            left = min(self._burst, left + max(0.0, now_s - at_s) * self._rate_per_s)
            self._buckets[caller] = (max(0.0, left - 1) if left >= 1 else left, now_s)
            # The caller that was idle longest has a full bucket again, or nearly so.
            while len(self._buckets) > MAX_CALLERS:
                self._buckets.popitem(last=False)
        if left < 1:
            raise TooManyRequests(max(1, math.ceil((1 - left) / self._rate_per_s)))
