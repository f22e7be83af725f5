"""Serves web requests in threads of which no slow peer and no single peer can take all."""

from __future__ import annotations

import errno
import ipaddress
import socket
import sys
import time
from collections import deque
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
SWITCH_S: Final = 0.000_5
"""About how long a busy thread may keep others of its process waiting for the interpreter.

An answer releases the interpreter about sixty times: at each read, write and query. With Python's
5 ms each time, one thread that computes meanwhile would delay it by a third of a second.
"""
MAX_CONNECTIONS: Final = 256
"""Open connections of one peer to one process; further ones are closed."""


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

    def __getattr__(self, name: str) -> Any:
        return getattr(self._socket, name)

    def begin_request(self) -> None:
        """Give the next request a grace period of its own."""
        self._waited_s, self._bytes = 0.0, 0

    def recv(self, size: int) -> bytes:
        """Return the next bytes.

        Raises:
            ConnectionResetError: the peer is too slow.
        """
        if self._is_over:
            return b""
        with self._limited():
            received: bytes = self._socket.recv(size)
        self._bytes += len(received)
        return received

    def sendall(self, body: bytes) -> None:
        """Send all of these bytes.

        Raises:
            ConnectionResetError: the peer takes them too slowly.
        """
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
        if not isinstance(conn.sock, TimedSocket):
            # What waits in a large buffer of the kernel would count as taken by the peer.
            conn.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _PART_BYTES)
            conn.sock = TimedSocket(conn.sock)
        conn.sock.begin_request()
        is_kept = super().handle(conn)
        if not is_kept:
            # Here, in a thread: gunicorn would wait for the peer in the loop that serves everybody.
            conn.sock.end()
        return is_kept


class FairWorker(TimedWorker):
    """Leaves a quarter of the threads to other peers, whatever one peer (an address) sends."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Start without a request."""
        super().__init__(*args, **kwargs)
        self._threads_of: dict[str, int] = {}
        self._waiting: dict[str, deque[Any]] = {}

    @property
    def max_threads_a_peer(self) -> int:
        """How many threads the requests of one peer may have at once."""
        threads: int = self.cfg.threads
        return max(1, threads - max(1, threads // 4))

    # Both methods below run in the main loop alone, so that no lock is needed.

    def enqueue_req(self, conn: Any) -> None:
        """Give the request a thread, or let it wait for one of its peer's."""
        peer = _peer(conn)
        if not conn.initialized and self._count(peer) >= MAX_CONNECTIONS:
            self.nr_conns -= 1
            conn.close()
        elif self._threads_of.get(peer, 0) < self.max_threads_a_peer:
            self._threads_of[peer] = self._threads_of.get(peer, 0) + 1
            super().enqueue_req(conn)
        else:
            self._waiting.setdefault(peer, deque()).append(conn)

    def finish_request(self, conn: Any, fs: Any) -> None:
        """Give the thread to the next request of the same peer."""
        peer = _peer(conn)
        left = self._threads_of.pop(peer, 1) - 1
        if left:
            self._threads_of[peer] = left
        super().finish_request(conn, fs)
        waiting = self._waiting.get(peer)
        if waiting:
            self.enqueue_req(waiting.popleft())
        elif waiting is not None:
            del self._waiting[peer]

    def _count(self, peer: str) -> int:
        """Return how many connections of a peer are open."""
        idle = sum(_peer(conn) == peer for conn in (*self.keepalived_conns, *self.pending_conns))
        return idle + self._threads_of.get(peer, 0) + len(self._waiting.get(peer, ()))


def _peer(conn: Any) -> str:
    """Return the address of a connection without its port; a local socket has none.

    For IPv6 it is the network of 64 bits, all of which one customer has (RFC 6177).
    """
    if not isinstance(conn.client, tuple):
        return ""
    address = str(conn.client[0]).partition("%")[0]
    if ":" not in address:
        return address
    parsed = ipaddress.IPv6Address(address)
    return str(parsed.ipv4_mapped or ipaddress.IPv6Network((parsed.packed, 64), strict=False))
