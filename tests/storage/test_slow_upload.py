"""An upload to a busy IPFS node may take longer than the node may take to answer; no node."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

import storage.ipfs
from storage.car import root_cid
from storage.ipfs import Kubo, text_cid

ROOT = root_cid(b"")
MEGABYTES = 16
"""More than the buffers between two programs hold, so that the sender waits for the reader."""


class BusyNode(BaseHTTPRequestHandler):
    """Answers as Kubo does, but reads what is sent only after a while."""

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        if "dag/import" in self.path:
            time.sleep(0.3)
        self.rfile.read(length)
        pinned = {"Root": {"Cid": {"/": text_cid(ROOT)}, "PinErrorMsg": ""}}
        answers = {
            "version": {"Version": "0.43.0"},
            "dag/import": pinned,
            "pin/ls": {"Keys": {text_cid(ROOT): {"Type": "recursive"}}},
        }
        answer = next(body for path, body in answers.items() if path in self.path)
        body = json.dumps(answer, separators=(",", ":")).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def address() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), BusyNode)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"/ip4/127.0.0.1/tcp/{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_node_that_reads_slowly_gets_the_whole_batch(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage.ipfs, "SMALL_TIMEOUT_S", (0.1, 20.0))
    car = tmp_path / "batch.car"
    car.write_bytes(bytes(MEGABYTES * 2**20))
    Kubo(lambda: (address, "")).import_car(car, ROOT)
