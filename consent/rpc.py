"""Carries JSON-RPC calls to a node over a Unix socket or HTTP, each within its deadline."""

from __future__ import annotations

import base64
import http.client
import itertools
import socket
import ssl
import time
from collections import deque
from collections.abc import Sequence
from typing import Any, Protocol
from urllib.parse import SplitResult, urlsplit

import orjson

from consent.errors import LedgerUnavailable

MAX_ANSWER_BYTES = 256 * 1024 * 1024
_CHUNK_BYTES = 1 << 18
_MAX_IDLE_LINES = 16

Call = tuple[str, list[Any]]


class NodeRefused(LedgerUnavailable):
    """The node answered a call with an error; `code` is JSON-RPC's. It means unknown, not no."""

    def __init__(self, code: int, message: str, data: object = None) -> None:
        """Keep the node's own words, cut short, and what a reverted call returned."""
        super().__init__(f"the chain node answered {code}: {message[:200]}")
        self.code = code
        self.data = data


class _Line(Protocol):
    """One open connection: a request out, its answer in, before the deadline or OSError."""

    def exchange(self, request: bytes, deadline_s: float) -> bytes: ...

    def close(self) -> None: ...


def _left(deadline_s: float) -> float:
    left = deadline_s - time.monotonic()
    if left <= 0:
        raise TimeoutError("the chain node did not answer in time")
    return left


class _SocketLine:
    """Answers over a Unix socket end with a newline (geth, Besu)."""

    def __init__(self, path: str, deadline_s: float) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self._socket.settimeout(_left(deadline_s))
            self._socket.connect(path)
        except OSError:
            self._socket.close()
            raise

    def exchange(self, request: bytes, deadline_s: float) -> bytes:
        self._socket.settimeout(_left(deadline_s))
        self._socket.sendall(request + b"\n")
        chunks: list[bytes] = []
        size = 0
        while not (chunks and chunks[-1].endswith(b"\n")):
            self._socket.settimeout(_left(deadline_s))
            chunk = self._socket.recv(_CHUNK_BYTES)
            size += len(chunk)
            if not chunk or size > MAX_ANSWER_BYTES:
                raise ConnectionError("the chain node cut its answer short or sent too much")
            chunks.append(chunk)
        return b"".join(chunks)

    def close(self) -> None:
        self._socket.close()


class _HttpLine:
    """Plain http.client: it knows no proxies, no .netrc and follows no redirects."""

    def __init__(self, url: SplitResult, deadline_s: float) -> None:
        host, left = url.hostname or "", _left(deadline_s)
        self._target = (url.path or "/") + (f"?{url.query}" if url.query else "")
        self._headers = {"Content-Type": "application/json"}
        if url.username is not None:
            pair = f"{url.username}:{url.password or ''}".encode()
            self._headers["Authorization"] = f"Basic {base64.b64encode(pair).decode()}"
        if url.scheme == "https":
            context = ssl.create_default_context()
            self._connection: http.client.HTTPConnection = http.client.HTTPSConnection(
                host, url.port, timeout=left, context=context
            )
        else:
            self._connection = http.client.HTTPConnection(host, url.port, timeout=left)
        self._connection.connect()

    def exchange(self, request: bytes, deadline_s: float) -> bytes:
        self._wait_at_most(deadline_s)
        self._connection.request("POST", self._target, request, self._headers)
        answer = self._connection.getresponse()
        if answer.status != http.client.OK:
            raise ConnectionError(f"the chain node answered with HTTP status {answer.status}")
        chunks: list[bytes] = []
        size = 0
        while chunk := answer.read1(_CHUNK_BYTES):
            chunks.append(chunk)
            size += len(chunk)
            if size > MAX_ANSWER_BYTES:
                raise ConnectionError("the chain node sent too much")
            self._wait_at_most(deadline_s)
        if answer.length:
            raise ConnectionError("the chain node cut its answer short")
        return b"".join(chunks)

    def _wait_at_most(self, deadline_s: float) -> None:
        # A socket that the node closed after its answer has nothing left to wait for.
        if self._connection.sock is not None:
            self._connection.sock.settimeout(_left(deadline_s))

    def close(self) -> None:
        self._connection.close()


class Rpc:
    """Calls to one node; safe to use from many threads, each call on a connection of its own.

    `endpoint` is the path of an IPC socket or an http(s) URL. A call that meets a connection
    which the node has closed since is sent once more on a new one, so only calls that may arrive
    twice belong here (reads, and raw transactions, which are known by their hash).
    """

    def __init__(self, endpoint: str, timeout_s: float = 2.0) -> None:
        self.endpoint = endpoint
        self.timeout_s = timeout_s
        url = urlsplit(endpoint)
        self._url = url if url.scheme in ("http", "https") else None
        self._ids = itertools.count(1)
        self._idle: deque[_Line] = deque(maxlen=_MAX_IDLE_LINES)

    def call(self, method: str, *params: object, timeout_s: float | None = None) -> Any:
        """Return the result of one call.

        Raises:
            NodeRefused: the node answered with an error.
            LedgerUnavailable: no answer in time, or one that is not JSON-RPC.
        """
        return self.batch([(method, list(params))], timeout_s)[0]

    def batch(self, calls: Sequence[Call], timeout_s: float | None = None) -> list[Any]:
        """Return the results of several calls, asked at once; the first error is raised."""
        answers = self.ask(calls, timeout_s)
        for answer in answers:
            if isinstance(answer, NodeRefused):
                raise answer
        return answers

    def ask(self, calls: Sequence[Call], timeout_s: float | None = None) -> list[Any]:
        """Return, for each call, its result or the `NodeRefused` that the node answered with."""
        ids = [next(self._ids) for _ in calls]
        bodies = [
            {"jsonrpc": "2.0", "id": i, "method": method, "params": params}
            for i, (method, params) in zip(ids, calls, strict=True)
        ]
        request = orjson.dumps(bodies if len(bodies) != 1 else bodies[0])
        deadline_s = time.monotonic() + (timeout_s or self.timeout_s)
        try:
            raw = self._exchange(request, deadline_s)
            decoded = orjson.loads(raw)
        except (OSError, ValueError, http.client.HTTPException) as exc:
            raise LedgerUnavailable(f"the chain node cannot be asked: {exc}") from exc
        return _answers(decoded if isinstance(decoded, list) else [decoded], ids)

    def close(self) -> None:
        """Close the connections that wait for a next call."""
        while self._idle:
            self._idle.pop().close()

    def _exchange(self, request: bytes, deadline_s: float) -> bytes:
        while self._idle:
            try:
                return self._use(self._idle.pop(), request, deadline_s)
            except TimeoutError:
                raise
            except (IndexError, OSError, http.client.HTTPException):
                # The node restarted since; what else waits here is as old. Ask on a new one.
                self.close()
        return self._use(self._open(deadline_s), request, deadline_s)

    def _open(self, deadline_s: float) -> _Line:
        if self._url is not None:
            return _HttpLine(self._url, deadline_s)
        return _SocketLine(self.endpoint, deadline_s)

    def _use(self, line: _Line, request: bytes, deadline_s: float) -> bytes:
        kept = False
        try:
            answer = line.exchange(request, deadline_s)
            kept = True
            return answer
        finally:
            # A late answer must never meet the next question: what failed is closed.
            if kept and len(self._idle) < _MAX_IDLE_LINES:
                self._idle.append(line)
            else:
                line.close()


def _answers(decoded: list[Any], ids: list[int]) -> list[Any]:
    found: dict[int, Any] = {}
    for body in decoded:
        if not isinstance(body, dict):
            raise LedgerUnavailable("the chain node's answer is not JSON-RPC")
        if isinstance(error := body.get("error"), dict):
            code, message = error.get("code"), str(error.get("message"))
            code = code if isinstance(code, int) else 0
            refused = NodeRefused(code, message, error.get("data"))
            if not isinstance(body.get("id"), int):  # the node could not read the question
                raise refused
            found[body["id"]] = refused
        elif "result" in body and "error" not in body and isinstance(body.get("id"), int):
            found[body["id"]] = body["result"]
    if len(decoded) != len(ids) or set(found) != set(ids):
        raise LedgerUnavailable("the chain node did not answer what it was asked")
    return [found[i] for i in ids]
