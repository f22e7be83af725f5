"""How long a thread waits for a peer; no nodes."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from deploy.fair_worker import peer_of
from deploy.web_worker import (
    GRACE_S,
    LINGER_S,
    MIN_BYTES_A_SECOND,
    TimedSocket,
)

BODY = b"x" * (1 << 20)


class SlowSender:
    """A socket that gives a few bytes after each wait, on a clock of its own."""

    def __init__(self, wait_s: float, count: int) -> None:
        self.now_s, self.timeout_s = 0.0, None
        self._wait_s, self._count = wait_s, count
        self._waited_s = 0.0

    def clock(self) -> float:
        return self.now_s

    def gettimeout(self) -> float | None:
        return self.timeout_s

    def settimeout(self, timeout_s: Any) -> None:
        self.timeout_s = timeout_s

    def recv(self, size: int) -> bytes:
        left_s = self._wait_s - self._waited_s
        if self.timeout_s is not None and self.timeout_s < left_s:
            self.now_s += self.timeout_s
            self._waited_s += self.timeout_s
            raise TimeoutError
        self.now_s += left_s
        self._waited_s = 0.0
        return b"x" * min(size, self._count)


def test_a_sender_that_trickles_is_cut_off_after_the_grace_period() -> None:
    sender = SlowSender(wait_s=1.0, count=1)
    timed = TimedSocket(sender, sender.clock)
    with pytest.raises(ConnectionResetError):
        for _ in range(1_000):
            timed.recv(8_192)
    assert sender.now_s < GRACE_S + 1.0
    assert sender.timeout_s is None
    timed.begin_request()
    assert timed.recv(8_192) == b"x"


def test_a_slow_but_steady_upload_is_received_whole() -> None:
    sender = SlowSender(wait_s=1.0, count=MIN_BYTES_A_SECOND)
    timed = TimedSocket(sender, sender.clock)
    for _ in range(4_096):  # 64 MB
        assert len(timed.recv(1 << 20)) == MIN_BYTES_A_SECOND


def test_work_between_two_reads_does_not_count_against_the_sender() -> None:
    sender = SlowSender(wait_s=0.1, count=10)
    timed = TimedSocket(sender, sender.clock)
    timed.recv(10)
    sender.now_s += 10 * GRACE_S
    assert len(timed.recv(10)) == 10


class SlowReader(SlowSender):
    """A socket that takes a few bytes after each wait, on a clock of its own."""

    def send(self, body: memoryview) -> int:
        return len(self.recv(len(body)))


def test_a_reader_that_takes_nothing_is_cut_off_after_the_grace_period() -> None:
    reader = SlowReader(wait_s=1.0, count=1)
    with pytest.raises(ConnectionResetError):
        TimedSocket(reader, reader.clock).sendall(BODY)
    assert reader.now_s < GRACE_S + 1.0


def test_a_slow_but_steady_reader_gets_the_whole_answer() -> None:
    reader = SlowReader(wait_s=1.0, count=MIN_BYTES_A_SECOND)
    TimedSocket(reader, reader.clock).sendall(BODY)
    assert reader.now_s == len(BODY) / MIN_BYTES_A_SECOND


@pytest.mark.parametrize(
    ("address", "peer"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8::1", "2001:db8::/64"),
        ("2001:db8::ffff:1%eth0", "2001:db8::/64"),
    ],
)
def test_the_addresses_of_one_ipv6_network_are_one_peer(address: str, peer: str) -> None:
    assert peer_of(SimpleNamespace(client=(address, 1, 0, 0))) == peer


class OpenEnd(SlowSender):
    """A socket that goes on sending after the last answer."""

    def shutdown(self, _: int) -> None:
        pass


@pytest.mark.parametrize("count", [1, 10_000])
def test_a_peer_that_does_not_close_is_waited_for_once_and_not_long(count: int) -> None:
    peer = OpenEnd(wait_s=0.1, count=count)
    timed = TimedSocket(peer, peer.clock)
    timed.end()
    ended_s = peer.now_s
    assert ended_s <= LINGER_S + 0.1
    assert timed.recv(100) == b""
    assert peer.now_s == ended_s


def test_a_shorter_limit_of_the_caller_stays() -> None:
    sender = SlowSender(wait_s=1.0, count=1)
    sender.timeout_s = 0.5
    with pytest.raises(ConnectionResetError):
        TimedSocket(sender, sender.clock).recv(1)
    assert sender.timeout_s == 0.5
