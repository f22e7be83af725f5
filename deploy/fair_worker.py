"""Serves peers without a proxy: no peers, slow or many, take all threads or connections."""

from __future__ import annotations

import ipaddress
import selectors
import socket
import time
from collections import Counter, deque
from collections.abc import Callable, Collection
from typing import Any, Final

from deploy.arrivals import Arrival
from deploy.web_worker import GRACE_S, LINGER_S, MIN_BYTES_A_SECOND, TimedWorker, timed

MAX_CONNECTIONS: Final = 256
"""Open connections of one peer to one process; further ones are closed."""
MAX_UNSENT_BYTES_OF_ALL: Final = 32 << 20
"""Of the answers that peers do not take; of more, connections of the peer with the most go."""
_CHECK_S: Final = 0.5
_PART_BYTES: Final = 1 << 16


class FairWorker(TimedWorker):
    """Reads requests in the loop until they are whole, so that no thread waits for a slow peer.

    Of the threads, requests that are too large for that have half together, peer by peer, and one
    peer (an address) has three quarters. When hardly any connections are left, those of
    the peer with the most that wait are closed.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Start without a connection."""
        super().__init__(*args, **kwargs)
        self._threads_of = Counter[str]()
        self._waiting: dict[str, deque[Arrival]] = {}
        self._large: set[Any] = set()
        self._large_waiting: dict[str, deque[Arrival]] = {}
        self._arrivals: dict[Any, Arrival] = {}
        self._sending: dict[Any, tuple[float, Any]] = {}
        self._ending: dict[Any, float] = {}
        self._next_check_s = 0.0

    @property
    def max_threads_a_peer(self) -> int:
        """How many threads the requests of one peer may have at once."""
        threads: int = self.cfg.threads
        return max(1, threads - max(1, threads // 4))

    @property
    def max_large(self) -> int:
        """How many threads the large requests of all peers may have at once."""
        threads: int = self.cfg.threads
        return max(1, threads // 2)

    def end(self, conn: Any) -> None:
        """Leave it to the loop to wait for the end of a connection."""

    # All other methods run in the main loop alone, so that no lock is needed.

    def enqueue_req(self, conn: Any) -> None:
        """Receive a request, of which a part may have been read with the one before."""
        peer = peer_of(conn)
        if not conn.initialized and self._count(peer) >= MAX_CONNECTIONS:
            self._close(conn)
            return
        if self.nr_conns >= self.worker_connections - self.cfg.threads:
            self._drop_oldest([*self._ending, *self._arrivals, *self.keepalived_conns])
        unread = conn.parser.unreader.take_buffered() if conn.parser else b""
        arrival = Arrival(conn, peer, time.monotonic() + GRACE_S)
        timed(conn).setblocking(False)
        if unread and arrival.add(unread):
            self._dispatch(arrival)
            return
        self._arrivals[conn] = arrival
        self._register(conn, lambda: self._go_on(arrival))
        self._go_on(arrival)

    def on_client_socket_readable(self, conn: Any, client: Any) -> None:
        """Receive the next request of a connection, unless an event before closed it."""
        if conn in self.keepalived_conns:
            super().on_client_socket_readable(conn, client)

    def finish_request(self, conn: Any, fs: Any) -> None:
        """Give the thread to the next request, and see to the end of the connection."""
        peer = peer_of(conn)
        self._threads_of[peer] -= 1
        self._threads_of += Counter()  # without peers that have none
        self._large.discard(conn)
        self._send_rest(conn, fs)
        self._give_waiting(peer)

    def _send_rest(self, conn: Any, fs: Any) -> None:
        """Send what the peer did not take of the answer, and see to what follows."""
        try:
            is_sent = fs.cancelled() or bool(fs.exception()) or timed(conn).send_now()
        except OSError:
            is_sent, conn.sock.unsent = True, bytearray()
        if is_sent:
            self._sending.pop(conn, None)
            self._follow(conn, fs)
        elif conn not in self._sending:
            allowed_s = GRACE_S + len(conn.sock.unsent) / MIN_BYTES_A_SECOND
            self._sending[conn] = time.monotonic() + allowed_s, fs
            self.poller.register(conn.sock, selectors.EVENT_WRITE, lambda _: self._send_on(conn))
            while sum(len(each.sock.unsent) for each in self._sending) > MAX_UNSENT_BYTES_OF_ALL:
                self._drop_oldest(self._sending)

    def _send_on(self, conn: Any) -> None:
        if conn in self._sending:
            self._unregister(conn)
            _, fs = self._sending.pop(conn)
            self._send_rest(conn, fs)

    def _follow(self, conn: Any, fs: Any) -> None:
        if fs.cancelled() or fs.exception() or fs.result():
            if conn.parser and (rest := conn.sock.take_rest()):  # of requests that came together
                conn.parser.unreader.unread(conn.parser.unreader.take_buffered() + rest)
            super().finish_request(conn, fs)
        else:
            self._end(conn)

    def murder_pending(self) -> None:
        """Close the connections of those who are too slow."""
        super().murder_pending()
        now_s = time.monotonic()
        if now_s < self._next_check_s:
            return
        self._next_check_s = now_s + _CHECK_S
        slow = [
            conn
            for conn, arrival in self._arrivals.items()
            if arrival.ends_s < now_s or not (self.alive or arrival.beginning)
        ]
        slow += [conn for conn, (ends_s, _) in self._sending.items() if ends_s < now_s]
        slow += [conn for conn, ends_s in self._ending.items() if ends_s < now_s]
        for conn in slow:
            self._drop(conn)

    def _go_on(self, arrival: Arrival) -> None:
        """Read what is there, and give the request to a thread once it is ready."""
        if arrival.conn not in self._arrivals:
            return  # closed by an event before this one
        try:
            is_ready = arrival.read()
        except OSError:
            self._drop(arrival.conn)
            return
        if is_ready and not arrival.beginning:
            self._drop(arrival.conn)  # closed by the peer
        elif is_ready:
            self._unregister(arrival.conn)
            del self._arrivals[arrival.conn]
            self._dispatch(arrival)

    def _dispatch(self, arrival: Arrival) -> None:
        """Give the request a thread, or let it wait for one that its peer may have."""
        conn = arrival.conn
        if not arrival.is_whole and len(self._large) >= self.max_large:
            self._large_waiting.setdefault(arrival.peer, deque()).append(arrival)
        elif self._threads_of[arrival.peer] >= self.max_threads_a_peer:
            self._waiting.setdefault(arrival.peer, deque()).append(arrival)
        else:
            self._threads_of[arrival.peer] += 1
            if not arrival.is_whole:
                self._large.add(conn)
            conn.sock.give(bytes(arrival.beginning), is_whole=arrival.is_whole)
            conn.sock.may_defer = True
            conn.data_ready = True
            super().enqueue_req(conn)

    def _give_waiting(self, peer: str) -> None:
        """Let what waits for a thread have one: of this peer, and large requests of all by turns.

        A request that may still not have one waits on, in the other queue.
        """
        arrivals = self._waiting.get(peer, deque())
        while arrivals and self._threads_of[peer] < self.max_threads_a_peer:
            self._dispatch(arrivals.popleft())
        if not arrivals:
            self._waiting.pop(peer, None)
        while self._large_waiting and len(self._large) < self.max_large:
            first = next(iter(self._large_waiting))
            large = self._large_waiting.pop(first)
            arrival = large.popleft()
            if large:
                self._large_waiting[first] = large
            self._dispatch(arrival)

    def _end(self, conn: Any) -> None:
        """Wait in the loop for the peer to close too (RFC 9112, 9.6); see `TimedSocket.end`."""
        try:
            conn.sock.shutdown(socket.SHUT_WR)
            conn.sock.setblocking(False)
            self._register(conn, lambda: self._read_end(conn))
        except (OSError, ValueError):
            self._close(conn)
        else:
            self._ending[conn] = time.monotonic() + LINGER_S

    def _read_end(self, conn: Any) -> None:
        if conn not in self._ending:
            return
        try:
            is_open = 0 < len(conn.sock.recv_now(_PART_BYTES)) < _PART_BYTES
        except OSError:
            is_open = False
        if not is_open:
            self._drop(conn)

    def _drop_oldest(self, conns: Collection[Any]) -> None:
        """Close the oldest of these connections of the peer with the most of them."""
        if conns:
            peers = Counter(map(peer_of, conns))
            most = max(peers, key=peers.__getitem__)
            self._drop(next(conn for conn in conns if peer_of(conn) == most))

    def _drop(self, conn: Any) -> None:
        self._unregister(conn)
        if conn in self.keepalived_conns:
            self.keepalived_conns.remove(conn)
        self._arrivals.pop(conn, None)
        self._sending.pop(conn, None)
        self._ending.pop(conn, None)
        self._close(conn)

    def _register(self, conn: Any, then: Callable[[], None]) -> None:
        self.poller.register(conn.sock, selectors.EVENT_READ, lambda _: then())

    def _unregister(self, conn: Any) -> None:
        self.poller.unregister(conn.sock)

    def _close(self, conn: Any) -> None:
        self.nr_conns -= 1
        conn.close()

    def _count(self, peer: str) -> int:
        """Return how many connections of a peer are open."""
        idle = (*self.keepalived_conns, *self._arrivals, *self._sending, *self._ending)
        queues = (self._waiting.get(peer, ()), self._large_waiting.get(peer, ()))
        waiting = sum(map(len, queues))
        return sum(peer_of(conn) == peer for conn in idle) + self._threads_of[peer] + waiting


def peer_of(conn: Any) -> str:
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
