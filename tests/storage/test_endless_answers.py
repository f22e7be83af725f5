"""An IPFS node that goes on sending blocks which nobody requested is not read without end."""

from __future__ import annotations

import contextlib
import io
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace
from typing import Any

import pytest

import storage.ipfs
from storage.car import CID_BYTES, links_block, raw_cid, root_cid, write_car
from storage.car_folder import HEADER_BYTES
from storage.errors import NameMismatch, StoreUnavailable
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


MAX_SENT = 2**27
VERSION = b'{"Version":"0.43.0"}'
ANSWERS: dict[str, tuple[bytes, bytes]] = {
    "text": (b'{"Keys":{"', b"a" * 2**16),
    "names": (b'{"Keys":{', b'"a":{},' * 2**13),
    "nothing": (b"", b" " * 2**16),
    "lists": (b"", b"[" * 2**16),
}
CALLS: dict[str, Callable[[Kubo], object]] = {
    "version": Kubo.version,
    "pin/ls": Kubo.list_pins,
    "block/put": lambda kubo: kubo.pin([raw_cid(OTHER)]),
    "pin/add": lambda kubo: kubo.pin([raw_cid(OTHER)]),
    "pin/rm": lambda kubo: kubo.unpin([root_cid(OTHER)]),
    "block/get": lambda kubo: kubo.get(raw_cid(OTHER), len(OTHER)),
}


class Node(ThreadingHTTPServer):
    """A node that answers one path with one of the above, and all others shortly."""

    path, status, parts, count, pause_s = "", 200, (b"", b""), MAX_SENT, 0.0
    sent = connections = 0

    def handle_error(self, *_: object) -> None:  # the client hangs up in the middle
        pass

    def kubo(self) -> Kubo:
        return Kubo(lambda: (f"/ip4/127.0.0.1/tcp/{self.server_port}", ""))


class Talk(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Node

    def setup(self) -> None:
        super().setup()
        self.server.connections += 1

    def log_message(self, *_: object) -> None:
        pass

    def do_POST(self) -> None:
        node, is_asked = self.server, f"/{self.server.path}?" in f"{self.path}?"
        if "Transfer-Encoding" in self.headers:  # a body in parts, which ends with an empty line
            while self.rfile.readline().strip():
                pass
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.send_response(node.status if is_asked else 200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Location", "/api/v0/version")
        if not is_asked:
            self.send_header("Content-Length", str(len(VERSION)))
            self.end_headers()
            self.wfile.write(VERSION)
            return
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        start, more = node.parts
        with contextlib.suppress(OSError):
            for part in [start or more, *[more] * (node.count // len(more))]:
                self.wfile.write(b"%x\r\n%s\r\n" % (len(part), part))
                node.sent += len(part)
                time.sleep(node.pause_s)
            self.wfile.write(b"0\r\n\r\n")


@pytest.fixture
def node() -> Iterator[Node]:
    with Node(("127.0.0.1", 0), Talk) as made:
        threading.Thread(target=made.serve_forever, daemon=True).start()
        yield made
        made.shutdown()


@pytest.mark.parametrize("answer", ANSWERS)
@pytest.mark.parametrize("path", CALLS)
@pytest.mark.parametrize("status", [200, 500])
def test_no_call_reads_an_answer_without_end(
    node: Node, path: str, answer: str, status: int
) -> None:
    node.path, node.parts, node.status = path, ANSWERS[answer], status
    with pytest.raises((StoreUnavailable, NameMismatch)):
        CALLS[path](node.kubo())
    assert node.sent < MAX_SENT // 2


@pytest.mark.parametrize("path", ["version", "pin/ls", "block/put", "pin/rm"])
def test_an_answer_that_never_ends_slowly_or_is_nested_or_elsewhere_is_refused(
    node: Node, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage.ipfs, "SMALL_TIMEOUT_S", (1.0, 0.5))
    monkeypatch.setattr(storage.ipfs, "BULK_TIMEOUT_S", (1.0, 0.5))
    node.path, node.parts, node.pause_s, node.count = path, (b" ", b" "), 0.1, 600
    with pytest.raises(StoreUnavailable):
        CALLS[path](node.kubo())
    assert node.sent < node.count, "it was read to its end"
    node.parts, node.pause_s, node.count = (b"", b"[" * 2**16), 0.0, 2**20
    with pytest.raises(StoreUnavailable):
        CALLS[path](node.kubo())
    node.parts, node.status, node.count = (b"", VERSION), 302, 0
    with pytest.raises(StoreUnavailable):
        CALLS[path](node.kubo())


def test_one_connection_serves_many_calls(node: Node) -> None:
    kubo = node.kubo()
    for _ in range(5):
        kubo.version()
    assert node.connections == 1
