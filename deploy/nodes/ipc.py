"""Calls one JSON-RPC method of a chain node over its Unix socket."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Sequence
from pathlib import Path

from deploy.nodes.errors import NodesError

MAX_ANSWER_BYTES = 2**20


class NoAnswer(NodesError):
    """The chain node did not answer, or answered with an error."""


def call(path: Path, method: str, params: Sequence[object] = (), within_s: float = 3.0) -> object:
    """Return the result of `method`.

    Raises:
        NoAnswer: there is no answer within the time, or it is an error.
    """
    request = {"jsonrpc": "2.0", "id": 1, "method": method, "params": list(params)}
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as link:
            link.settimeout(within_s)
            link.connect(str(path))
            link.sendall(json.dumps(request).encode() + b"\n")
            answer = json.loads(_read_line(link, time.monotonic() + within_s))
    except (OSError, ValueError) as exc:
        raise NoAnswer(f"no answer to {method} from {path}: {exc}") from exc
    if not isinstance(answer, dict) or "result" not in answer:
        raise NoAnswer(f"{method} failed at {path}: {str(answer)[:200]}")
    return answer["result"]


def _read_line(link: socket.socket, until_s: float) -> bytes:
    received = b""
    while not received.endswith(b"\n"):
        link.settimeout(max(until_s - time.monotonic(), 0.001))
        piece = link.recv(65_536)
        if not piece or len(received) > MAX_ANSWER_BYTES:
            raise OSError(f"the answer was cut short or exceeds {MAX_ANSWER_BYTES} bytes")
        received += piece
    return received
