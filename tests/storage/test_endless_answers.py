"""An IPFS node that goes on sending blocks which nobody requested is not read without end."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest

import storage.ipfs
from storage.car import CID_BYTES, links_block, raw_cid, root_cid, write_car
from storage.car_folder import HEADER_BYTES
from storage.errors import StoreUnavailable
from storage.ipfs import Kubo

REQUESTED, OTHER = b"wanted" * 100, b"other" * 100
MAX_READS = 200
"""Two attempts, each with one buffer; without an end there would be millions."""


class Answer(contextlib.nullcontext[None]):
    """An HTTP answer with this body."""

    def __init__(self, body: Any) -> None:
        super().__init__()
        self.raw = body


class EndlessNode(Kubo):
    """A node that sends one requested block and then valid others for as long as it is read."""

    def __init__(self) -> None:
        super().__init__(lambda: ("/ip4/127.0.0.1/tcp/1", ""))
        self.reads = 0

    def _put_links(self, cids: Sequence[bytes]) -> bytes:
        return root_cid(links_block(cids))

    def _post(self, path: str, *_: Any, **__: Any) -> Any:
        if path != "dag/export":
            raise storage.ipfs.requests.ConnectionError
        first = io.BytesIO()
        write_car(first, bytes.fromhex("01551220") + bytes(32), [(raw_cid(REQUESTED), REQUESTED)])
        first.seek(0)
        body = SimpleNamespace(read1=lambda size, **_: first.read(size) or self._more())
        return Answer(body)

    def _more(self) -> bytes:
        self.reads += 1
        assert self.reads < MAX_READS, "the answer is read without end"
        block, part = self.reads.to_bytes(8, "big") * 1_000, io.BytesIO()
        write_car(part, bytes(CID_BYTES), [(raw_cid(block), block)])
        return part.getvalue()[HEADER_BYTES:]


def test_an_answer_without_end_is_read_no_further_than_what_was_requested() -> None:
    node = EndlessNode()
    assert dict(node.get_many([raw_cid(REQUESTED)])) == {raw_cid(REQUESTED): REQUESTED}
    read: dict[bytes, bytes] = {}
    with pytest.raises(StoreUnavailable):
        read |= node.get_many([raw_cid(REQUESTED), raw_cid(OTHER)])
    assert node.reads < MAX_READS
