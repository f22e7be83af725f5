"""Web requests while some senders are slow or many; no nodes."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from deploy.processes import ALONE
from deploy.web_worker import GRACE_S, LINGER_S, MIN_BYTES_A_SECOND, SWITCH_S, TimedSocket, _peer

ROOT = Path(__file__).resolve().parent.parent.parent
APP = """
import sys


def app(environ, start_response):
    if environ["PATH_INFO"] == "/turn":
        body = str(sys.getswitchinterval()).encode()
        start_response("200 OK", [("Content-Length", str(len(body)))])
        return [body]
    environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    start_response("200 OK", [("Content-Length", "2")])
    return [b"ok"]
"""
THREADS = 4
BODY = b"x" * (1 << 20)
UNFINISHED = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nbegin"
WHOLE = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"


class SlowSender:
    """A socket that gives a few bytes after each wait, on a clock of its own."""

    def __init__(self, wait_s: float, count: int) -> None:
        self.now_s, self.timeout_s = 0.0, None
        self._wait_s, self._count = wait_s, count

    def clock(self) -> float:
        return self.now_s

    def gettimeout(self) -> float | None:
        return self.timeout_s

    def settimeout(self, timeout_s: Any) -> None:
        self.timeout_s = timeout_s

    def recv(self, size: int) -> bytes:
        if self.timeout_s is not None and self.timeout_s < self._wait_s:
            self.now_s += self.timeout_s
            raise TimeoutError
        self.now_s += self._wait_s
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
    assert _peer(SimpleNamespace(client=(address, 1, 0, 0))) == peer


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


@pytest.fixture
def port(tmp_path: Path) -> Iterator[int]:
    """A web process with a few threads, of the class that installations use."""
    (tmp_path / "slow_app.py").write_text(APP)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        free = int(probe.getsockname()[1])
    command = [sys.executable, "-m", "gunicorn", "--no-control-socket", "--log-level", "error"]
    command += ["--bind", f"127.0.0.1:{free}", "--threads", str(THREADS), "--pythonpath", str(ROOT)]
    command += ["--chdir", str(tmp_path), "--worker-class", ALONE, "slow_app:app"]
    process = subprocess.Popen(command)
    try:
        for _ in range(200):
            with socket.socket() as probe:
                if not probe.connect_ex(("127.0.0.1", free)):
                    break
            time.sleep(0.05)
        yield free
    finally:
        process.kill()
        process.wait()


def connect(port: int, source: str, content: bytes) -> socket.socket:
    """Return a connection from an address of this machine, on which this was sent."""
    made = socket.create_connection(("127.0.0.1", port), 5.0, (source, 0))
    made.sendall(content)
    return made


def test_a_peer_whose_requests_do_not_end_leaves_threads_to_the_others(port: int) -> None:
    slow = [connect(port, "127.0.0.1", UNFINISHED) for _ in range(5 * THREADS)]
    for _ in range(2 * THREADS):
        with connect(port, "127.0.0.2", WHOLE) as other:
            assert other.recv(100).startswith(b"HTTP/1.1 200")
    for each in slow:
        each.sendall(b"." * 95)
    assert all(each.recv(100).startswith(b"HTTP/1.1 200") for each in slow)
    for each in slow:
        each.close()


def test_a_peer_that_closes_none_of_its_connections_delays_nobody(port: int) -> None:
    open_ones = [connect(port, "127.0.0.1", WHOLE) for _ in range(5 * THREADS)]
    for _ in range(2 * THREADS):
        with connect(port, "127.0.0.2", WHOLE) as other:
            assert other.recv(100).startswith(b"HTTP/1.1 200")
    for each in open_ones:
        each.close()


def test_a_thread_that_computes_keeps_the_others_waiting_for_less_than_a_millisecond(
    port: int,
) -> None:
    with connect(port, "127.0.0.1", WHOLE.replace(b"/", b"/turn", 1)) as connection:
        assert float(connection.makefile("rb").read().rpartition(b"\r\n")[2]) == SWITCH_S < 0.001
