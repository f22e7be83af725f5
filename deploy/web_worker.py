"""Serves web requests in threads that wait for no peer beyond a limit."""

from __future__ import annotations

import errno
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, Final

from gunicorn.workers.gthread import ThreadWorker

GRACE_S: Final = 10.0
MIN_BYTES_A_SECOND: Final = 16_384
"""What a peer must reach in the long run, either way: 64 MB may take an hour."""
_PART_BYTES: Final = 1 << 16
LINGER_S: Final = 2.0
"""How long a peer may take to close a connection after the last answer."""
MAX_UNSENT_BYTES: Final = 1 << 20
"""Of an answer that a peer does not take, which needs no thread; for more a thread waits."""
SWITCH_S: Final = 0.000_5
"""About how long a busy thread may keep others of its process waiting for the interpreter.

An answer releases the interpreter about sixty times: at each read, write and query. With Python's
5 ms each time, one thread that computes meanwhile would delay it by a third of a second.
"""


class TimedSocket:
    """A socket whose peer is cut off when waiting for it has taken too long, either way.

    Only the time spent in waiting counts, for bytes to arrive or to be taken, against a grace
    period and what was received and sent at the lowest speed that is allowed. Everything else is
    the socket's.
    """

    def __init__(self, wrapped: Any, clock: Callable[[], float] = time.monotonic) -> None:
        """Start with a whole grace period."""
        self._socket = wrapped
        self._clock = clock
        self._waited_s = 0.0
        self._bytes = 0
        self._is_over = False
        self._beginning = b""
        self.may_defer = False
        self.unsent = bytearray()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._socket, name)

    def begin_request(self) -> None:
        """Give the next request a grace period of its own."""
        self._waited_s, self._bytes = 0.0, 0

    def give(self, beginning: bytes, *, is_whole: bool) -> None:
        """Let these bytes be received first, and nothing after them if they are the whole."""
        self._beginning, self._is_over = beginning, is_whole

    def take_rest(self) -> bytes:
        """Return what was given and not received."""
        rest, self._beginning = self._beginning, b""
        return rest

    def recv_now(self, size: int) -> bytes:
        """Return what is there of the socket, without a limit of time.

        Raises:
            BlockingIOError: nothing is.
        """
        received: bytes = self._socket.recv(size)
        return received

    def recv(self, size: int) -> bytes:
        """Return the next bytes.

        Raises:
            ConnectionResetError: the peer is too slow.
        """
        if self._beginning:
            part, self._beginning = self._beginning[:size], self._beginning[size:]
            return part
        if self._is_over:
            return b""
        with self._limited():
            received: bytes = self._socket.recv(size)
        self._bytes += len(received)
        return received

    def send_now(self) -> bool:
        """Send what the peer takes at once of what is unsent; True if that is all.

        Raises:
            OSError: the connection is broken.
        """
        while self.unsent:
            try:
                sent = self._socket.send(self.unsent[:_PART_BYTES], socket.MSG_DONTWAIT)
            except (BlockingIOError, InterruptedError):
                return False
            del self.unsent[:sent]
        return True

    def sendall(self, body: bytes) -> None:
        """Send all of these bytes; or, if `may_defer`, leave what is not taken now in `unsent`.

        Raises:
            ConnectionResetError: the peer takes them too slowly.
        """
        if self.may_defer:
            self.unsent += body
            if self.send_now() or len(self.unsent) <= MAX_UNSENT_BYTES:
                return
            body, self.unsent = bytes(self.unsent), bytearray()
        left = memoryview(body)
        while left:
            with self._limited():
                sent: int = self._socket.send(left[:_PART_BYTES])
            self._bytes += sent
            left = left[sent:]

    def end(self) -> None:
        """Say that no answer follows, and wait a little until the peer has closed too.

        Nothing is received after that. RFC 9112, 9.6: what is unread when a connection is closed
        may cost the peer the end of the last answer.
        """
        ends_s, unread = self._clock() + LINGER_S, _PART_BYTES
        with suppress(OSError):  # also a peer that takes too long
            self._socket.shutdown(socket.SHUT_WR)
            while unread > 0 and (left_s := ends_s - self._clock()) > 0:
                self._socket.settimeout(left_s)
                received = self._socket.recv(unread)
                if not received:
                    break
                unread -= len(received)
        self._is_over = True

    @contextmanager
    def _limited(self) -> Iterator[None]:
        """Let one call of the socket wait for the rest of the peer's time."""
        left_s = max(GRACE_S + self._bytes / MIN_BYTES_A_SECOND - self._waited_s, 0.001)
        began_s, timeout_s = self._clock(), self._socket.gettimeout()
        self._socket.settimeout(left_s if timeout_s is None else min(left_s, timeout_s))
        try:
            yield
        except TimeoutError as exc:
            raise ConnectionResetError(errno.ECONNRESET, "the peer is too slow") from exc
        finally:
            self._socket.settimeout(timeout_s)
            self._waited_s += self._clock() - began_s


class TimedWorker(ThreadWorker):  # type: ignore[misc]  # gunicorn has no types
    """Gives no thread to a peer that trickles or takes nothing, beyond the grace period."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Start without the kernel's own way to send files, which knows no limit of time."""
        super().__init__(*args, **kwargs)
        self.cfg.set("sendfile", False)

    def init_process(self) -> None:
        """Serve until told to stop, with short turns for each thread."""
        sys.setswitchinterval(SWITCH_S)
        super().init_process()

    def handle(self, conn: Any) -> Any:
        """Serve one request of a connection."""
        timed(conn).begin_request()
        is_kept = super().handle(conn)
        if not is_kept:
            self.end(conn)
        return is_kept

    def end(self, conn: Any) -> None:
        """Say that no answer follows."""
        # Here, in a thread: gunicorn would wait for the peer in the loop that serves everybody.
        conn.sock.end()


def timed(conn: Any) -> TimedSocket:
    """Return the socket of a connection, with a limit of time from now on."""
    if not isinstance(conn.sock, TimedSocket):
        # What waits in a large buffer of the kernel would count as taken by the peer.
        conn.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _PART_BYTES)
        conn.sock = TimedSocket(conn.sock)
    wrapped: TimedSocket = conn.sock
    return wrapped
