from __future__ import annotations

import base64
import contextlib
import http.server
import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from faults import FaultProxy, answered, dropped, garbled, truncated
from geth import Geth

from consent.errors import LedgerUnavailable
from consent.rpc import NodeRefused, Rpc

NETWORK = "1337"  # what geth names a development network, whatever its chain

pytestmark = pytest.mark.node


class Handler(http.server.BaseHTTPRequestHandler):
    """An HTTP door to what a test wants to be answered; `mode` says how."""

    protocol_version = "HTTP/1.1"
    mode = "good"
    seen: list[str | None] = []

    def do_POST(self) -> None:
        length = int(self.headers["Content-Length"])
        question = json.loads(self.rfile.read(length))
        Handler.seen.append(self.headers.get("Authorization"))
        body = json.dumps({"jsonrpc": "2.0", "id": question["id"], "result": "0x7"}).encode()
        if self.mode == "status":
            self.send_response(500)
        elif self.mode == "redirect":
            self.send_response(302)
            self.send_header("Location", "http://127.0.0.1:1/")
        else:
            self.send_response(200)
        short = self.mode == "short"
        self.send_header("Content-Length", str(len(body) + (9 if short else 0)))
        self.end_headers()
        if self.mode == "trickle":  # a good answer for a call that waits for its end
            with contextlib.suppress(OSError):  # the client hangs up in the middle
                for byte in body:
                    self.wfile.write(bytes([byte]))
                    time.sleep(0.1)
        else:
            self.wfile.write(body)
        self.close_connection = short

    def log_message(self, *_: object) -> None:
        return


@pytest.fixture
def door() -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    Handler.mode = "good"
    yield f"127.0.0.1:{server.server_address[1]}"
    server.shutdown()


@pytest.fixture
def proxy(shared_geth: Geth, tmp_path: Path) -> Iterator[FaultProxy]:
    made = FaultProxy(shared_geth.endpoint, tmp_path / "proxy.ipc")
    yield made
    made.close()


def test_a_node_answers_over_a_socket_one_by_one_and_all_at_once(shared_geth: Geth) -> None:
    rpc = Rpc(shared_geth.endpoint)
    assert rpc.call("eth_chainId") == hex(8686)
    assert rpc.batch([("eth_chainId", []), ("net_version", [])]) == [hex(8686), NETWORK]
    rpc.close()


def test_a_nodes_error_for_one_call_leaves_the_other_answers_valid(shared_geth: Geth) -> None:
    answers = Rpc(shared_geth.endpoint).ask([("eth_nonsense", []), ("eth_chainId", [])])
    assert isinstance(answers[0], NodeRefused)
    assert answers[0].code == -32601
    assert answers[1] == hex(8686)
    with pytest.raises(NodeRefused):
        Rpc(shared_geth.endpoint).call("eth_nonsense")


def test_many_calls_are_asked_in_parts_that_a_node_accepts(proxy: FaultProxy) -> None:
    sizes: list[int] = []
    proxy.wants = lambda question: bool(sizes.append(question.count(b'"method"')))  # type: ignore[func-returns-value]
    calls = [("net_version", []), ("eth_chainId", [])] * 105
    assert Rpc(proxy.endpoint).ask(calls) == [NETWORK, "0x21ee"] * 105
    assert sizes == [100, 100, 10]


def test_a_late_answer_never_meets_the_next_question(proxy: FaultProxy) -> None:
    rpc, is_refused, is_sent = Rpc(proxy.endpoint), threading.Event(), threading.Event()

    def wait(answer: bytes) -> bytes:
        is_refused.wait(60)  # a call that waits as long gets the answer, and refuses nothing
        is_sent.set()
        return answer

    proxy.fault = wait
    with pytest.raises(LedgerUnavailable):
        rpc.call("eth_chainId", timeout_s=0.5)
    is_refused.set()
    assert is_sent.wait(60)
    assert rpc.call("net_version", timeout_s=60) == NETWORK


def test_a_call_to_a_restarted_node_is_sent_again_on_a_new_connection(proxy: FaultProxy) -> None:
    rpc = Rpc(proxy.endpoint)
    rpc.call("eth_chainId")
    reply = iter([dropped])
    proxy.fault = lambda answer: next(reply, lambda a: a)(answer)
    assert rpc.call("eth_chainId") == hex(8686)
    proxy.fault = dropped
    with pytest.raises(LedgerUnavailable):
        rpc.call("eth_chainId")


@pytest.mark.parametrize(
    "fault",
    [
        truncated, answered(b""), answered(b"[]"), answered(b"7"), answered(b"[7]"),
        answered(b'{"id":1}'), answered(b'{"jsonrpc":"2.0","id":99,"result":1}'),
        answered(b'{"id":null,"error":{"code":"x","message":1}}'), garbled(0, 0),
        answered(b'{"id":[],"result":1}'), answered(b'{"id":1,"result":1,"error":1}'),
    ],
)  # fmt: skip
def test_anything_but_json_rpc_is_refused(proxy: FaultProxy, fault: object) -> None:
    proxy.fault = fault  # type: ignore[assignment]
    with pytest.raises(LedgerUnavailable):
        Rpc(proxy.endpoint).call("eth_chainId")


def test_an_endless_answer_is_cut_off(proxy: FaultProxy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("consent.rpc.MAX_ANSWER_BYTES", 1_000)
    proxy.fault = lambda answer: b"x" * 2_000
    with pytest.raises(LedgerUnavailable, match="too much"):
        Rpc(proxy.endpoint).call("eth_chainId")


@pytest.mark.parametrize("value", [b"0", b"[]", b"{}"])
def test_an_answer_of_many_small_values_is_refused_before_it_fills_the_memory(
    monkeypatch: pytest.MonkeyPatch, value: bytes
) -> None:
    rpc = Rpc("/nowhere")
    result = b",".join([value] * 1_000)
    answer = b'{"jsonrpc":"2.0","id":1,"result":[' + result + b"]}"
    monkeypatch.setattr(rpc, "_exchange", lambda *_: answer)
    assert len(rpc.call("eth_getLogs")) == 1_000
    monkeypatch.setattr("consent.rpc.MAX_VALUES", 500)
    with pytest.raises(LedgerUnavailable, match="more than 500 values"):
        rpc.call("eth_getLogs")


def test_an_endpoint_without_a_node_is_unavailable(tmp_path: Path) -> None:
    for endpoint in (str(tmp_path / "none"), "http://127.0.0.1:1", "https://127.0.0.1:1"):
        with pytest.raises(LedgerUnavailable):
            Rpc(endpoint, 0.3).call("eth_chainId")


def test_http_serves_too_and_keeps_its_connection(door: str) -> None:
    rpc = Rpc(f"http://user:word@{door}/path?key=1")
    assert [rpc.call("eth_chainId") for _ in range(3)] == ["0x7"] * 3
    assert Handler.seen[-1] == "Basic " + base64.b64encode(b"user:word").decode()


@pytest.mark.parametrize("mode", ["status", "redirect", "short", "trickle"])
def test_http_errors_redirects_cut_or_slow_answers_are_refused(door: str, mode: str) -> None:
    Handler.mode = mode
    with pytest.raises(LedgerUnavailable):
        Rpc(f"http://{door}", 0.5).call("eth_chainId")


def test_http_goes_past_proxies_of_the_environment(
    door: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert Rpc(f"http://{door}").call("eth_chainId") == "0x7"


def test_an_endless_http_answer_is_cut_off(door: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("consent.rpc.MAX_ANSWER_BYTES", 10)
    with pytest.raises(LedgerUnavailable, match="too much"):
        Rpc(f"http://{door}").call("eth_chainId")
