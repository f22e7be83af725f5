"""Read an HTTP answer up to a size limit, and give up when it arrives too slowly."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Final

# The rate of the slowest disk that is worth running on; anything slower counts as no answer.
MIN_BYTES_PER_S: Final = 250_000
_CHUNK_BYTES: Final = 2**20


class BoundedStream:
    """A stream over the body of an HTTP answer (urllib3).

    Args:
        body: the answer's body.
        max_bytes: the stream ends after this many bytes.
        grace_s: time allowed in addition to that of a transfer at MIN_BYTES_PER_S.
        clock: seconds that only rise.
    """

    def __init__(
        self,
        body: Any,
        max_bytes: int,
        grace_s: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._body = body
        self._left = max_bytes
        self._clock = clock
        self._deadline_s = clock() + grace_s

    def read(self, size: int, /) -> bytes:
        """Return up to `size` bytes; fewer only at the end, or at the limit.

        Raises:
            TimeoutError: the answer arrives too slowly.
        """
        chunks: list[bytes] = []
        while size > 0 and self._left > 0:
            # read() would wait for all of it, and so never give up on a slow answer.
            chunk = self._body.read1(min(size, self._left, _CHUNK_BYTES), decode_content=True)
            if not chunk:
                break
            chunks.append(chunk)
            size -= len(chunk)
            self._left -= len(chunk)
            self._deadline_s += len(chunk) / MIN_BYTES_PER_S
            if self._clock() > self._deadline_s:
                raise TimeoutError(f"the answer arrives at less than {MIN_BYTES_PER_S} bytes/s")
        return b"".join(chunks)
