"""Limits how often each caller may send requests, and how many are under way."""

from __future__ import annotations

import ipaddress
import math
import threading
import weakref
from collections import Counter, OrderedDict
from collections.abc import Callable
from functools import cache
from typing import Final

from attrs import define, field
from flask import Response, after_this_request, request

from services.errors import TooManyRequests
from web.view_options import current_options

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


class Together:
    """Counts the requests of all callers; beyond `most`, nobody has a second one at once.

    So a few callers who send much leave threads to the others.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._counts = Counter[str]()

    def enter(self, caller: str) -> bool:
        """Count a request, unless it is too much."""
        with self._lock:
            if self._counts[caller] and self._counts.total() >= self._most:
                return False
            self._counts[caller] += 1
            return True

    def leave(self, caller: str) -> None:
        """Count a request no longer."""
        with self._lock:
            self._counts[caller] -= 1
            self._counts += Counter()  # callers without any are forgotten


@define(eq=False, repr=False)
class UnderWay:
    """Lets each caller have `most` requests under way at once in this process.

    So many as `most_waiting` more wait for one of them to end: a person who opens several pages at
    once, or a program with several connections, is not refused for that. Those that wait count
    as `together` with the others.
    """

    _most: int
    _wait_s: int
    _together: Together
    _most_waiting: int = field(default=0, kw_only=True)
    _patience_s: float = field(default=0, kw_only=True)
    _changed: threading.Condition = field(init=False, factory=threading.Condition)
    _counts: Counter[str] = field(init=False, factory=Counter)
    _waiting: Counter[str] = field(init=False, factory=Counter)

    def begin(self, caller: str) -> Callable[[], None]:
        """Return a function to call when the request has ended; only its first call counts.

        Raises:
            TooManyRequests: as many of this caller are under way; says when to try again.
        """
        is_counted = self._together.enter(caller)
        with self._changed:
            if is_counted and (self._is_free(caller) or self._wait(caller)):
                self._counts[caller] += 1
                # If an answer fails after it was made, Flask makes another and repeats the hooks.
                return cache(lambda: self._end(caller))
        if is_counted:
            self._together.leave(caller)
        raise TooManyRequests(self._wait_s, "your earlier requests are still being answered")

    def _is_free(self, caller: str) -> bool:
        return self._counts[caller] < self._most

    def _wait(self, caller: str) -> bool:
        """Wait until one of the caller's requests has ended; False if that takes too long."""
        if self._waiting[caller] >= self._most_waiting:
            return False
        self._waiting[caller] += 1
        try:
            return self._changed.wait_for(lambda: self._is_free(caller), self._patience_s)
        finally:
            self._waiting[caller] -= 1
            self._waiting += Counter()

    def _end(self, caller: str) -> None:
        self._together.leave(caller)
        with self._changed:
            self._counts[caller] -= 1
            self._counts += Counter()  # callers without any are forgotten
            self._changed.notify_all()


_TOGETHER: Final = Together(6)
"""Of a process's eight threads by default, two are left to those who have no request under way."""
_ANY: Final = UnderWay(4, wait_s=1, together=_TOGETHER, most_waiting=2, patience_s=2)
_LARGE: Final = UnderWay(1, wait_s=10, together=_TOGETHER)
_LARGE_BODY_BYTES: Final = 2**20
_SENT_AT_ONCE_BYTES: Final = 2**16
"""What the kernel takes for a slow reader, so that no thread waits."""


def begin_request(caller: str) -> None:
    """Count the current request as under way for this caller.

    A large one counts until its answer has been sent: what a view declares (`one_at_a_time`), and
    each body of more than 1 MiB. Several at once take all threads, or gigabytes of memory.

    Raises:
        TooManyRequests: too many of this caller are under way in this process.
    """
    options = current_options()
    has_large_body = (
        "Transfer-Encoding" in request.headers or (request.content_length or 0) > _LARGE_BODY_BYTES
    )
    if options.is_large or has_large_body:
        end = _LARGE.begin(caller)

        @after_this_request
        def hold(response: Response) -> Response:
            if (response.content_length or _LARGE_BODY_BYTES) <= _SENT_AT_ONCE_BYTES:
                end()
                return response
            # Else a server sends the bare file, and the answer would count as sent at once.
            response.direct_passthrough = False
            # Also where something fails between here and the end, so that nobody is locked out.
            response.call_on_close(weakref.finalize(response, end))
            return response

    elif not options.is_picture:
        end = _ANY.begin(caller)

        @after_this_request
        def release(response: Response) -> Response:
            end()
            return response


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
