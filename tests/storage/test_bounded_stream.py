from __future__ import annotations

import io
import time

import pytest

from storage.bounded_stream import BoundedStream


class Body(io.BytesIO):
    """What urllib3 hands out: at most `at_once` bytes at a time, `pause_s` apart."""

    at_once, pause_s = 7, 0.0

    def read1(self, size: int, decode_content: bool = True) -> bytes:  # type: ignore[override]
        time.sleep(self.pause_s)
        return self.read(min(size, self.at_once))


def test_it_reads_all_there_is_up_to_its_bound() -> None:
    assert BoundedStream(Body(b"x" * 50), 100, 1).read(60) == b"x" * 50
    stream = BoundedStream(Body(b"x" * 50), 30, 1)
    assert (stream.read(20), stream.read(20), stream.read(20)) == (b"x" * 20, b"x" * 10, b"")
    assert BoundedStream(Body(b""), 30, 1).read(20) == b""


def test_a_trickle_ends_in_an_error() -> None:
    body = Body(b"x" * 500)
    body.pause_s = 0.02
    with pytest.raises(TimeoutError):
        BoundedStream(body, 500, 0.1).read(500)
