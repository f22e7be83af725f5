"""A proxy in front of a node that drops, delays, doubles, truncates or garbles its answers."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path

Fault = Callable[[bytes], bytes | None]
"""Takes an answer and returns what is passed on; None closes the connection instead."""


def passed(line: bytes) -> bytes:
    return line


def dropped(_answer: bytes) -> None:
    return None


def truncated(answer: bytes) -> bytes:
    return answer[: len(answer) // 2] + b"\n"


def doubled(answer: bytes) -> bytes:
    return answer + answer


def delayed(seconds: float) -> Fault:
    def fault(answer: bytes) -> bytes:
        time.sleep(seconds)
        return answer

    return fault


def answered(text: bytes) -> Fault:
    return lambda _answer: text + b"\n"


def garbled(place: int, value: int) -> Fault:
    """Change one byte, counted from the start and around the end; the final newline stays."""

    def fault(answer: bytes) -> bytes:
        changed = bytearray(answer)
        changed[place % (len(changed) - 1)] = value
        return bytes(changed)

    return fault


class FaultProxy:
    """A Unix socket at `endpoint` that passes on to another, through `fault` when it is set.

    `wants` picks the questions whose answers are harmed, `rewrite` changes questions on their way,
    `asked` counts those that went through.
    """

    def __init__(self, target: str, endpoint: Path) -> None:
        self.target = target
        self.endpoint = str(endpoint)
        self.fault: Fault = passed
        self.wants: Callable[[bytes], bool] = lambda _question: True
        self.rewrite: Callable[[bytes], bytes] = passed
        self.asked = 0
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(self.endpoint)
        self._listener.listen(64)
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        self._listener.close()
        Path(self.endpoint).unlink(missing_ok=True)

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._relay, args=(client,), daemon=True).start()

    def _relay(self, client: socket.socket) -> None:
        with contextlib.suppress(OSError), client, socket.socket(socket.AF_UNIX) as node:
            node.connect(self.target)
            while question := _line(client):
                node.sendall(self.rewrite(question))
                answer = _line(node)
                self.asked += 1
                harmed = self.fault(answer) if self.wants(question) else answer
                if harmed is None:
                    return
                client.sendall(harmed)


def _line(source: socket.socket) -> bytes:
    chunks: list[bytes] = []
    while not (chunks and chunks[-1].endswith(b"\n")):
        chunk = source.recv(1 << 18)
        if not chunk:
            return b""
        chunks.append(chunk)
    return b"".join(chunks)
