from __future__ import annotations

import io

import pytest

from storage.bounded_stream import BoundedStream


class Body(io.BytesIO):
    """A body as urllib3 has it: at most 7 bytes at a time, `pause_s` apart on its own clock."""

    now_s = pause_s = 0.0

    def read1(self, size: int, decode_content: bool = True) -> bytes:  # type: ignore[override]
        self.now_s += self.pause_s
        return self.read(min(size, 7))


def test_a_stream_ends_with_its_body_or_at_its_limit() -> None:
    assert BoundedStream(Body(b"x" * 50), 100, 1).read(60) == b"x" * 50
    stream = BoundedStream(Body(b"x" * 50), 30, 1)
    assert (stream.read(20), stream.read(20), stream.read(20)) == (b"x" * 20, b"x" * 10, b"")
    assert BoundedStream(Body(b""), 30, 1).read(20) == b""


def test_an_answer_that_arrives_too_slowly_is_an_error() -> None:
    body = Body(b"x" * 500)
    body.pause_s = 0.02
    with pytest.raises(TimeoutError, match="250000 bytes/s"):
        BoundedStream(body, 500, 0.1, lambda: body.now_s).read(500)
