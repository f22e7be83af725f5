"""Web requests while peers are slow or many, against a process of its own; no nodes."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from deploy.processes import ALONE
from deploy.web_worker import SWITCH_S

ROOT = Path(__file__).resolve().parent.parent.parent
APP = """
import sys


def app(environ, start_response):
    path = environ["PATH_INFO"]
    read = environ["wsgi.input"].read() if path != "/unread" else b""
    bodies = {"/turn": str(sys.getswitchinterval()).encode(), "/large": bytes(900_000)}
    body = bodies.get(path, str(len(read)).encode())
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]
"""
THREADS, CONNECTIONS = 4, 100
UNFINISHED = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nbegin"
WHOLE = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nHost: a\r\n"
ANSWER = b"HTTP/1.1 200"
SOON_S = 2.0
SLOW = {
    "nothing": b"",
    "a part of a head": b"GET / HTTP/1.1\r\nHost:",
    "an empty line": b"\r\n\r\nGET / HTTP/1.1\r\n",
    "a part of a small body": UNFINISHED,
    "a part of a large body": POST + b"Content-Length: 999999\r\n\r\n" + bytes(40_000),
    "a part of a body in chunks": POST + b"Transfer-Encoding: chunked\r\n\r\n5\r\nab",
    "a body that waits for leave": POST + b"Content-Length: 9\r\nExpect: 100-continue\r\n\r\n",
    "all, and does not close": WHOLE,
    "all, and takes no answer": WHOLE.replace(b"/", b"/large", 1),
}


@pytest.fixture
def process(tmp_path: Path) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    """A web process with a few threads, of the class that installations use."""
    (tmp_path / "slow_app.py").write_text(APP)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        free = int(probe.getsockname()[1])
    command = [sys.executable, "-m", "gunicorn", "--no-control-socket", "--log-level", "error"]
    command += ["--bind", f"127.0.0.1:{free}", "--threads", str(THREADS), "--pythonpath", str(ROOT)]
    command += ["--chdir", str(tmp_path), "--worker-class", ALONE, "slow_app:app"]
    command += ["--worker-connections", str(CONNECTIONS)]
    made = subprocess.Popen(command)
    try:
        for _ in range(200):
            with socket.socket() as probe:
                if not probe.connect_ex(("127.0.0.1", free)):
                    break
            time.sleep(0.05)
        yield free, made
    finally:
        made.kill()
        made.wait()


@pytest.fixture
def port(process: tuple[int, subprocess.Popen[bytes]]) -> int:
    return process[0]


def connect(port: int, source: str, content: bytes) -> socket.socket:
    """Return a connection from an address of this machine, on which this was sent."""
    made = socket.socket()
    made.settimeout(5.0)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    made.bind((source, 0))
    made.connect(("127.0.0.1", port))
    made.sendall(content)
    return made


def all_of(connection: socket.socket) -> bytes:
    return connection.makefile("rb").read()


def require_answers(port: int) -> None:
    """Require that somebody else is answered soon, again and again."""
    for _ in range(2 * THREADS):
        began_s = time.monotonic()
        with connect(port, "127.0.0.2", WHOLE) as other:
            assert all_of(other).startswith(ANSWER)
        assert time.monotonic() - began_s < SOON_S


@pytest.mark.parametrize("kind", SLOW)
def test_slow_peers_of_many_addresses_do_not_delay_others(port: int, kind: str) -> None:
    addresses = [f"127.0.1.{number}" for number in range(1, 21)]
    slow = [connect(port, address, SLOW[kind]) for address in addresses for _ in range(2)]
    time.sleep(0.2)
    require_answers(port)
    for each in slow:
        each.close()


def test_peers_that_open_all_connections_do_not_keep_others_out(port: int) -> None:
    slow = []
    for number in range(4 * CONNECTIONS):
        with suppress(OSError):
            slow.append(connect(port, f"127.0.1.{number % 20 + 1}", UNFINISHED))
        if number % CONNECTIONS == CONNECTIONS - 1:
            require_answers(port)
    for each in slow:
        each.close()


def test_large_requests_of_many_peers_come_in_turn(port: int) -> None:
    slow = [connect(port, f"127.0.1.{n}", SLOW["a part of a large body"]) for n in range(1, 4)]
    upload = POST + b"Connection: close\r\nContent-Length: 300000\r\n\r\n" + bytes(300_000)
    for each in slow:
        each.sendall(bytes(999_999 - 40_000))
    with connect(port, "127.0.0.2", upload) as other:
        assert all_of(other).endswith(b"300000")
    for each in slow:
        assert each.recv(100).startswith(ANSWER)
        each.close()


def test_a_peer_whose_requests_do_not_end_gets_its_answers_when_they_do(port: int) -> None:
    slow = [connect(port, "127.0.0.1", UNFINISHED) for _ in range(5 * THREADS)]
    require_answers(port)
    for each in slow:
        each.sendall(b"." * 95)
    assert all(each.recv(100).startswith(ANSWER) for each in slow)
    for each in slow:
        each.close()


def test_requests_that_come_together_or_in_parts_are_all_answered(port: int) -> None:
    small = POST + b"Content-Length: 5\r\n\r\n12345"
    large = POST + b"Content-Length: 60000\r\n\r\n" + bytes(60_000)
    chunks = POST + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
    unread = POST.replace(b"/", b"/unread", 1) + b"Content-Length: 9000\r\n\r\n" + bytes(9_000)
    requests = [small, small, large, chunks, unread, small * 4, chunks, large, small]
    with connect(port, "127.0.0.1", b"") as connection:
        for each in [*requests, b"".join(requests)]:
            for at in range(0, len(each), 7_001):
                connection.sendall(each[at : at + 7_001])
                time.sleep(0.001)
        connection.sendall(WHOLE)
        answers = all_of(connection).split(ANSWER)[1:]
    sizes = [int(answer.rpartition(b"\r\n")[2]) for answer in answers]
    expected = [5, 5, 60_000, 3, 0, 5, 5, 5, 5, 3, 60_000, 5]
    assert sizes == [*expected, *expected, 0]


def test_a_process_that_stops_answers_what_it_has_and_waits_for_no_idle_peer(
    process: tuple[int, subprocess.Popen[bytes]],
) -> None:
    port, program = process
    idle = [connect(port, "127.0.0.1", b"") for _ in range(3)]
    require_answers(port)
    program.send_signal(signal.SIGTERM)
    program.wait(5.0)
    for each in idle:
        each.close()


def test_a_thread_that_computes_keeps_the_others_waiting_for_less_than_a_millisecond(
    port: int,
) -> None:
    with connect(port, "127.0.0.1", WHOLE.replace(b"/", b"/turn", 1)) as connection:
        assert float(all_of(connection).rpartition(b"\r\n")[2]) == SWITCH_S < 0.001


def test_an_answer_that_is_taken_slowly_is_taken_whole_and_the_connection_is_used_again(
    port: int,
) -> None:
    large = WHOLE.replace(b"/", b"/large", 1).replace(b"Connection: close\r\n", b"")
    with connect(port, "127.0.0.1", 2 * large) as connection:
        time.sleep(0.5)
        answers = b""
        while answers.count(b"\0") < 2 * 900_000:
            answers += connection.recv(100_000)
        assert answers.count(ANSWER) == 2
        connection.sendall(large + WHOLE)
        rest = all_of(connection)
    assert (rest.count(b"\0"), rest.count(ANSWER)) == (900_000, 2)
