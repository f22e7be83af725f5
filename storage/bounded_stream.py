"""Reads an answer up to a number of bytes, for as long as it comes fast enough."""

from __future__ import annotations

import time
from typing import Any, Final

# What the slowest disk that is worth running on does; a trickle is no answer.
SLOWEST_BYTES_PER_S: Final = 250_000
_AT_ONCE: Final = 2**20


class BoundedStream:
    """A stream over the body of an HTTP answer (urllib3's).

    `grace_s` is how long it may take beside what the slowest link would need.
    """

    def __init__(self, body: Any, most: int, grace_s: float) -> None:
        self._body = body
        self._left = most
        self._until_s = time.monotonic() + grace_s

    def read(self, size: int, /) -> bytes:
        """Return up to `size` bytes; fewer only at the end, or at `most` in all.

        Raises:
            TimeoutError: it comes too slowly.
        """
        held: list[bytes] = []
        while size > 0 and self._left > 0:
            # read1: read() would wait for all of it, and a trickle has no end.
            part = self._body.read1(min(size, self._left, _AT_ONCE), decode_content=True)
            if not part:
                break
            held.append(part)
            size -= len(part)
            self._left -= len(part)
            self._until_s += len(part) / SLOWEST_BYTES_PER_S
            if time.monotonic() > self._until_s:
                raise TimeoutError("the answer trickles")
        return b"".join(held)
