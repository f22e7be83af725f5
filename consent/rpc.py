"""JSON-RPC calls to a node over a Unix socket or HTTP, each within its deadline."""

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
MAX_VALUES = 8 * 1024 * 1024
"""Of an answer: as an object of Python a value such as {} takes thirty times its bytes."""
_CHUNK_BYTES = 1 << 18
_MAX_IDLE_LINES = 16
MAX_CALLS_AT_ONCE = 100
"""Of one request: nodes refuse more than about a thousand, and a deadline would pass before."""

Call = tuple[str, list[Any]]


class NodeRefused(LedgerUnavailable):
    """The node answered a call with an error; `code` is JSON-RPC's. The result is unknown."""

    def __init__(self, code: int, message: str, data: object = None) -> None:
        """Keep the node's message, shortened, and the data of a reverted call."""
        super().__init__(f"the chain node answered {code}: {message[:200]}")
        self.code = code
        self.data = data


class _Line(Protocol):
    """One open connection: send a request, receive its answer before the deadline."""

    def exchange(self, request: bytes, deadline_s: float) -> bytes: ...

    def close(self) -> None: ...


def _remaining_s(deadline_s: float) -> float:
    remaining_s = deadline_s - time.monotonic()
    if remaining_s <= 0:
        raise TimeoutError("the chain node did not answer before the deadline")
    return remaining_s


class _SocketLine:
    """A Unix socket, on which answers end with a newline (geth, Besu)."""

    def __init__(self, path: str, deadline_s: float) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self._socket.settimeout(_remaining_s(deadline_s))
            self._socket.connect(path)
        except OSError:
            self._socket.close()
            raise

    def exchange(self, request: bytes, deadline_s: float) -> bytes:
        self._socket.settimeout(_remaining_s(deadline_s))
        self._socket.sendall(request + b"\n")
        chunks: list[bytes] = []
        size = 0
        while not (chunks and chunks[-1].endswith(b"\n")):
            self._socket.settimeout(_remaining_s(deadline_s))
            chunk = self._socket.recv(_CHUNK_BYTES)
            size += len(chunk)
            if not chunk or size > MAX_ANSWER_BYTES:
                raise ConnectionError(
                    f"the chain node ended its answer early or sent too much: {size} bytes"
                )
            chunks.append(chunk)
        return b"".join(chunks)

    def close(self) -> None:
        self._socket.close()


class _HttpLine:
    """Plain http.client: no proxies, no .netrc, no redirects."""

    def __init__(self, url: SplitResult, deadline_s: float) -> None:
        host, remaining_s = url.hostname or "", _remaining_s(deadline_s)
        self._target = (url.path or "/") + (f"?{url.query}" if url.query else "")
        self._headers = {"Content-Type": "application/json"}
        if url.username is not None:
            pair = f"{url.username}:{url.password or ''}".encode()
            self._headers["Authorization"] = f"Basic {base64.b64encode(pair).decode()}"
        if url.scheme == "https":
            context = ssl.create_default_context()
            self._connection: http.client.HTTPConnection = http.client.HTTPSConnection(
                host, url.port, timeout=remaining_s, context=context
            )
        else:
            self._connection = http.client.HTTPConnection(host, url.port, timeout=remaining_s)
        self._connection.connect()

    def exchange(self, request: bytes, deadline_s: float) -> bytes:
        self._limit_wait(deadline_s)
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
                raise ConnectionError(f"the chain node sent too much: {size} bytes")
            self._limit_wait(deadline_s)
        if answer.length:
            raise ConnectionError("the chain node ended its answer early")
        return b"".join(chunks)

    def _limit_wait(self, deadline_s: float) -> None:
        # Where the node closed the socket after its answer there is nothing to wait for.
        if self._connection.sock is not None:
            self._connection.sock.settimeout(_remaining_s(deadline_s))

    def close(self) -> None:
        self._connection.close()


class Rpc:
    """Calls to one node; safe to use from many threads, each call on a connection of its own.

    `endpoint` is the path of an IPC socket or an http(s) URL. A call that meets a connection
    which the node has closed since is sent once more on a new one, so only calls that may arrive
    twice belong here (reads, and raw transactions, which are identified by their hash).
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
        """Return the results of several calls, as `ask` does; the first error is raised."""
        answers = self.ask(calls, timeout_s)
        for answer in answers:
            if isinstance(answer, NodeRefused):
                raise answer
        return answers

    def ask(self, calls: Sequence[Call], timeout_s: float | None = None) -> list[Any]:
        """Return, for each call, its result or the `NodeRefused` that the node answered with.

        Up to `MAX_CALLS_AT_ONCE` calls are one round trip; of more, each part has its own deadline.
        """
        starts = range(0, len(calls), MAX_CALLS_AT_ONCE)
        parts = [self._ask(calls[at : at + MAX_CALLS_AT_ONCE], timeout_s) for at in starts]
        return [answer for part in parts for answer in part]

    def _ask(self, calls: Sequence[Call], timeout_s: float | None) -> list[Any]:
        ids = [next(self._ids) for _ in calls]
        bodies = [
            {"jsonrpc": "2.0", "id": i, "method": method, "params": params}
            for i, (method, params) in zip(ids, calls, strict=True)
        ]
        request = orjson.dumps(bodies if len(bodies) != 1 else bodies[0])
        deadline_s = time.monotonic() + (timeout_s or self.timeout_s)
        try:
            raw = self._exchange(request, deadline_s)
            if sum(map(raw.count, (b",", b"[", b"{"))) > MAX_VALUES:
                raise ValueError(f"its answer has more than {MAX_VALUES} values")
            decoded = orjson.loads(raw)
        except (OSError, ValueError, http.client.HTTPException) as exc:
            raise LedgerUnavailable(f"the chain node is unavailable: {exc}") from exc
        return _answers(decoded if isinstance(decoded, list) else [decoded], ids)

    def close(self) -> None:
        """Close the idle connections."""
        while self._idle:
            self._idle.pop().close()

    def _exchange(self, request: bytes, deadline_s: float) -> bytes:
        while self._idle:
            try:
                return self._use(self._idle.pop(), request, deadline_s)
            except TimeoutError:
                raise
            except (IndexError, OSError, http.client.HTTPException):
                # The node has restarted; the other idle connections are as old. Use a new one.
                self.close()
        return self._use(self._open(deadline_s), request, deadline_s)

    def _open(self, deadline_s: float) -> _Line:
        if self._url is not None:
            return _HttpLine(self._url, deadline_s)
        return _SocketLine(self.endpoint, deadline_s)

    def _use(self, line: _Line, request: bytes, deadline_s: float) -> bytes:
        is_reusable = False
        try:
            answer = line.exchange(request, deadline_s)
            is_reusable = True
            return answer
        finally:
            # A late answer must never meet the next call: a failed connection is closed.
            if is_reusable and len(self._idle) < _MAX_IDLE_LINES:
                self._idle.append(line)
            else:
                line.close()


def _answers(decoded: list[Any], ids: list[int]) -> list[Any]:
    results: dict[int, Any] = {}
    for body in decoded:
        if not isinstance(body, dict):
            raise LedgerUnavailable("the chain node's answer is not JSON-RPC")
        if isinstance(error := body.get("error"), dict):
            code, message = error.get("code"), str(error.get("message"))
            code = code if isinstance(code, int) else 0
            refused = NodeRefused(code, message, error.get("data"))
            if not isinstance(body.get("id"), int):  # the node could not parse the call
                raise refused
            results[body["id"]] = refused
        elif "result" in body and "error" not in body and isinstance(body.get("id"), int):
            results[body["id"]] = body["result"]
    if len(decoded) != len(ids) or set(results) != set(ids):
        raise LedgerUnavailable("the chain node's answers do not match the calls")
    return [results[i] for i in ids]
