from __future__ import annotations

import contextlib
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import storage.ipfs
from deploy.nodes import KuboEndpoint, KuboNode
from storage.block_folder import BlockFolder
from storage.car import links_block, raw_cid, root_cid, write_car
from storage.errors import DiskFull, NameMismatch, StorageNotFound, StoreUnavailable
from storage.ipfs import Kubo

pytestmark = pytest.mark.node


def random_blocks(count: int, size: int = 300) -> list[bytes]:
    return [os.urandom(size + number) for number in range(count)]


def put(kubo: Kubo, folder: Path, blocks: list[bytes]) -> bytes:
    cids = list(map(raw_cid, blocks))
    links = links_block(cids)
    path = folder / "batch.car"
    with path.open("wb") as file:
        write_car(
            file, root_cid(links), [*zip(cids, blocks, strict=True), (root_cid(links), links)]
        )
    kubo.import_car(path, root_cid(links))
    return root_cid(links)


def test_imported_blocks_are_pinned_and_readable(kubo: Kubo, tmp_path: Path) -> None:
    blocks = random_blocks(200)
    root = put(kubo, tmp_path, blocks)
    assert root in kubo.list_pins()
    assert kubo.get(raw_cid(blocks[7]), len(blocks[7])) == blocks[7]
    cids = list(map(raw_cid, blocks))
    assert dict(kubo.get_many(cids)) == dict(zip(cids, blocks, strict=True))
    assert list(kubo.get_many([])) == []


def test_an_envelope_above_a_mebibyte_is_stored(kubo: Kubo, tmp_path: Path) -> None:
    blocks = random_blocks(2, 2**20 + 2**17)
    put(kubo, tmp_path, blocks)
    assert kubo.get(raw_cid(blocks[0]), len(blocks[0])) == blocks[0]
    assert len(dict(kubo.get_many(list(map(raw_cid, blocks))))) == 2


def test_garbage_collection_deletes_only_unpinned_blocks(kubo: Kubo, tmp_path: Path) -> None:
    pinned, unpinned = random_blocks(5), random_blocks(5)
    put(kubo, tmp_path, pinned)
    root = put(kubo, tmp_path, unpinned)
    kubo.unpin([root])
    kubo.unpin([root])  # again changes nothing
    kubo.collect_garbage()
    assert len(dict(kubo.get_many(list(map(raw_cid, pinned))))) == 5
    with pytest.raises(StorageNotFound):
        kubo.get(raw_cid(unpinned[0]), len(unpinned[0]))
    with pytest.raises(StorageNotFound):
        dict(kubo.get_many(list(map(raw_cid, unpinned + pinned))))


def test_part_of_a_batch_can_stay_pinned(kubo: Kubo, tmp_path: Path) -> None:
    blocks = random_blocks(6)
    cids = list(map(raw_cid, blocks))
    root = put(kubo, tmp_path, blocks)
    pin = kubo.pin(cids[:3])
    assert pin in kubo.list_pins()
    kubo.unpin([root])
    kubo.collect_garbage()
    assert len(dict(kubo.get_many(cids[:3]))) == 3
    with pytest.raises(StorageNotFound):
        kubo.get(cids[3], len(blocks[3]))
    with pytest.raises(StorageNotFound):
        kubo.pin(cids)


def test_a_block_of_another_length_is_refused(kubo: Kubo, tmp_path: Path) -> None:
    blocks = random_blocks(1)
    put(kubo, tmp_path, blocks)
    for size in (len(blocks[0]) - 1, len(blocks[0]) + 1):
        with pytest.raises(NameMismatch):
            kubo.get(raw_cid(blocks[0]), size)


def test_a_flipped_bit_on_the_disk_of_the_node_is_detected(
    kubo: Kubo, kubo_node: KuboNode, tmp_path: Path
) -> None:
    blocks = random_blocks(40)
    cids = list(map(raw_cid, blocks))
    put(kubo, tmp_path, blocks)
    folder = BlockFolder(kubo_node.folder / "repo" / "blocks")
    path = folder.path(cids[20])
    damaged = bytearray(path.read_bytes())
    damaged[9] ^= 1
    path.chmod(0o600)
    path.write_bytes(damaged)
    with pytest.raises(NameMismatch):
        kubo.get(cids[20], len(blocks[20]))
    read = {}
    with pytest.raises(NameMismatch):
        read |= kubo.get_many(cids)
    with pytest.raises(NameMismatch):
        folder.get(cids[20], len(blocks[20]))


@pytest.mark.parametrize("count", [1, 2, 30])
def test_a_damaged_list_of_pinned_blocks_loses_no_block_and_hides_none(
    count: int, kubo: Kubo, kubo_node: KuboNode, tmp_path: Path
) -> None:
    blocks, waste = random_blocks(count), random_blocks(3)
    cids = list(map(raw_cid, blocks))
    root = put(kubo, tmp_path, blocks)
    kubo.unpin([put(kubo, tmp_path, waste)])
    path = BlockFolder(kubo_node.folder / "repo" / "blocks").path(root)
    whole = path.read_bytes()
    path.chmod(0o600)
    for at in (0, len(whole) // 2, len(whole) - 1):  # its frame, or the name of a block
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        assert kubo.find_damaged(kubo.list_pins()) == {root}
        with pytest.raises(NameMismatch, match="nothing was deleted"):
            kubo.collect_garbage()
        assert dict(kubo.get_many(cids)) == dict(zip(cids, blocks, strict=True))
        assert len(dict(kubo.get_many(list(map(raw_cid, waste))))) == 3
    path.write_bytes(whole)
    assert kubo.find_damaged(kubo.list_pins()) == set()
    kubo.collect_garbage()
    assert len(dict(kubo.get_many(cids))) == count
    with pytest.raises(StorageNotFound):
        kubo.get(raw_cid(waste[0]), len(waste[0]))


class Wire:
    """A TCP proxy that does to Kubo's answers what `fault` says."""

    def __init__(self, endpoint: KuboEndpoint) -> None:
        self.target = int(endpoint.api_url.rsplit(":", 1)[1])
        self.authorization = endpoint.authorization
        self.fault: Callable[[socket.socket, bytes], bool] = passed
        self.wants = b""
        self.requests = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def kubo(self) -> Kubo:
        return Kubo(lambda: (f"/ip4/127.0.0.1/tcp/{self.port}", self.authorization))

    def close(self) -> None:
        self._listener.close()

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._relay, args=(client,), daemon=True).start()

    def _relay(self, client: socket.socket) -> None:
        with client, socket.create_connection(("127.0.0.1", self.target)) as node:
            requests = threading.Event()

            def forward() -> None:
                with contextlib.suppress(OSError):
                    while question := client.recv(1 << 16):
                        if self.wants in question:
                            self.requests += 1
                            requests.set()
                        node.sendall(question)

            threading.Thread(target=forward, daemon=True).start()
            with contextlib.suppress(OSError):
                while answer := node.recv(1 << 16):
                    if not requests.is_set():
                        client.sendall(answer)
                    elif not self.fault(client, answer):
                        break
            with contextlib.suppress(OSError):
                # A close alone would wait for the other thread's recv.
                client.shutdown(socket.SHUT_RDWR)


def passed(client: socket.socket, answer: bytes) -> bool:
    client.sendall(answer)
    return True


def dropped(_client: socket.socket, _answer: bytes) -> bool:
    return False


def halved(client: socket.socket, answer: bytes) -> bool:
    client.sendall(answer[: len(answer) // 2])
    return False


def split(answer: bytes) -> tuple[bytes, bytes]:
    """Return the headers that stand before a body, if any do."""
    if not answer.startswith(b"HTTP/1.1"):
        return b"", answer
    head, gap, body = answer.partition(b"\r\n\r\n")
    return head + gap, body


def garbled(client: socket.socket, answer: bytes) -> bool:
    head, body = split(answer)
    client.sendall(head + bytes(byte ^ 1 for byte in body))
    return True


def trickled(client: socket.socket, answer: bytes) -> bool:
    head, body = split(answer)
    client.sendall(head)
    for byte in body:
        client.sendall(bytes([byte]))
        time.sleep(0.05)
    return True


def failed(message: bytes) -> Callable[[socket.socket, bytes], bool]:
    def fault(client: socket.socket, _answer: bytes) -> bool:
        body = b'{"Message":"%s","Code":0,"Type":"error"}' % message
        kind = b"Content-Type: application/json\r\n"
        head = b"HTTP/1.1 500 E\r\n%sContent-Length: %d\r\n\r\n" % (kind, len(body))
        client.sendall(head + body)
        return False

    return fault


def in_html(client: socket.socket, _answer: bytes) -> bool:
    body = b"<html>404 page not found</html>"
    client.sendall(b"HTTP/1.1 404 E\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
    return False


def with_a_list(client: socket.socket, _answer: bytes) -> bool:
    client.sendall(
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n[]"
    )
    return False


@pytest.fixture
def wire(kubo_node: KuboNode) -> Iterator[Wire]:
    made_one = Wire(kubo_node.endpoint())
    yield made_one
    made_one.close()


@pytest.fixture
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage.ipfs, "BULK_TIMEOUT_S", (1.0, 1.0))
    monkeypatch.setattr(storage.ipfs, "SMALL_TIMEOUT_S", (1.0, 1.0))
    monkeypatch.setattr(storage.ipfs, "MIN_BULK_S", 1.0)


FAULTS = [dropped, halved, garbled, in_html, with_a_list]


@pytest.mark.usefixtures("short_waits")
@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize(
    "path", ["version", "block/get", "dag/export", "dag/import", "pin/ls", "block/put", "pin/rm"]
)
def test_a_damaged_answer_is_never_accepted(
    kubo: Kubo,
    wire: Wire,
    tmp_path: Path,
    fault: Callable[..., bool],
    path: str,
) -> None:
    blocks = random_blocks(50)
    cids = list(map(raw_cid, blocks))
    root = put(kubo, tmp_path, blocks)
    wire.fault, wire.wants = fault, f"/api/v0/{path}".encode()
    damaged = wire.kubo()
    calls: dict[str, Callable[[], object]] = {
        "version": damaged.version,
        "block/get": lambda: damaged.get(cids[0], len(blocks[0])),
        "dag/export": lambda: dict(damaged.get_many(cids)),
        "dag/import": lambda: damaged.import_car(tmp_path / "batch.car", root),
        "pin/ls": damaged.list_pins,
        "block/put": lambda: dict(damaged.get_many(cids)),
        "pin/rm": lambda: damaged.unpin([root]),
    }
    try:
        read = calls[path]()
    except (StoreUnavailable, NameMismatch):
        read = None
    assert wire.requests
    if path == "dag/export" and read is not None:
        assert read == dict(zip(cids, blocks, strict=True))
    if path in ("version", "block/get", "pin/ls", "dag/import"):
        assert read is None


def test_an_answer_of_a_few_bytes_a_second_is_refused(
    kubo: Kubo, wire: Wire, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocks = random_blocks(40)
    put(kubo, tmp_path, blocks)
    wire.fault, wire.wants = trickled, b"/api/v0/block/get"
    began = time.monotonic()
    with pytest.raises(StoreUnavailable):
        wire.kubo().get(raw_cid(blocks[0]), len(blocks[0]))
    assert time.monotonic() - began < 20
    monkeypatch.setattr(storage.ipfs, "BULK_TIMEOUT_S", (1.0, 0.5))
    wire.wants = b"/api/v0/dag/export"
    with pytest.raises(StoreUnavailable):
        dict(wire.kubo().get_many(list(map(raw_cid, blocks))))
    assert wire.requests == 3


def test_a_full_disk_of_the_node_is_reported(kubo: Kubo, wire: Wire, tmp_path: Path) -> None:
    root = put(kubo, tmp_path, random_blocks(3))
    wire.fault = failed(b"write: no space left on device")
    wire.wants = b"/api/v0/dag/import"
    with pytest.raises(DiskFull):
        wire.kubo().import_car(tmp_path / "batch.car", root)


def test_a_confirmed_pin_that_is_not_listed_is_an_error(
    kubo: Kubo, wire: Wire, tmp_path: Path
) -> None:
    blocks = random_blocks(3)
    root = put(kubo, tmp_path, blocks)
    wire.fault, wire.wants = failed(b"path is not pinned"), b"/api/v0/pin/ls"
    with pytest.raises(StoreUnavailable):
        wire.kubo().import_car(tmp_path / "batch.car", root)
    with pytest.raises(StoreUnavailable):
        wire.kubo().pin(list(map(raw_cid, blocks)))


def test_a_block_of_links_collected_too_early_is_stored_again(
    kubo: Kubo, wire: Wire, tmp_path: Path
) -> None:
    blocks = random_blocks(3)
    put(kubo, tmp_path, blocks)
    cids = list(map(raw_cid, blocks))
    missing = failed(b"block was not found locally (offline): ipld: could not find")

    def once(client: socket.socket, answer: bytes) -> bool:
        wire.fault = passed
        return missing(client, answer)

    wire.fault, wire.wants = once, b"/api/v0/dag/export"
    assert len(dict(wire.kubo().get_many(cids))) == 3
    wire.fault = missing
    with pytest.raises(StoreUnavailable):
        dict(wire.kubo().get_many(cids))


def test_a_stopped_node_is_unavailable_at_once() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    stopped = Kubo(lambda: (f"/ip4/127.0.0.1/tcp/{port}", ""))
    for call in (
        stopped.version,
        stopped.list_pins,
        stopped.collect_garbage,
        lambda: stopped.get(raw_cid(b"x"), 1),
    ):
        began = time.monotonic()
        with pytest.raises(StoreUnavailable):
            call()
        assert time.monotonic() - began < 20


def test_a_hanging_node_is_unavailable_and_does_not_hang_its_caller(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as no_progress:
        hung = Kubo(lambda: (f"/ip4/127.0.0.1/tcp/{no_progress.getsockname()[1]}", ""))
        calls: list[Callable[[], object]] = [
            hung.version,
            lambda: hung.get(raw_cid(b"x"), 1),
            lambda: dict(hung.get_many([raw_cid(b"x")] * 40)),
            lambda: hung.import_car(tmp_path / "none.car", raw_cid(b"")),
        ]
        for call in calls:
            began = time.monotonic()
            with pytest.raises(StoreUnavailable):
                call()
            assert time.monotonic() - began < 30


def test_unsupported_addresses_and_versions_are_refused(wire: Wire) -> None:
    with pytest.raises(StoreUnavailable):
        dict(Kubo(lambda: ("nowhere", "")).get_many([raw_cid(b"x")]))
    with pytest.raises(StoreUnavailable):
        Kubo(lambda: ("/unix/nowhere", "")).get(raw_cid(b"x"), 1)

    def old(client: socket.socket, _answer: bytes) -> bool:
        body = b'{"Version":"0.42.0"}'
        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: "
        client.sendall(head + b"%d\r\n\r\n%s" % (len(body), body))
        return False

    wire.fault, wire.wants = old, b"/api/v0/version"
    with pytest.raises(StoreUnavailable, match=r"0\.43"):
        wire.kubo().version()


def test_without_the_secret_every_request_is_refused(kubo_node: KuboNode) -> None:
    address = kubo_node.endpoint().multiaddr
    with pytest.raises(StoreUnavailable):
        Kubo(lambda: (address, "Bearer wrong")).version()


def test_a_node_with_a_new_address_is_found(
    kubo: Kubo, kubo_node: KuboNode, tmp_path: Path
) -> None:
    blocks = random_blocks(3)
    put(kubo, tmp_path, blocks)
    at = kubo_node.endpoint()
    here = Wire(at)
    answers = [
        (f"/ip4/127.0.0.1/tcp/{here.port}", at.authorization),
        (at.multiaddr, at.authorization),
    ]
    moved = Kubo(lambda: answers[0])
    assert moved.version()
    here.fault, here.wants = dropped, b"POST"
    answers.pop(0)
    assert moved.get(raw_cid(blocks[0]), len(blocks[0])) == blocks[0]
    assert dict(moved.get_many([raw_cid(blocks[1])])) == {raw_cid(blocks[1]): blocks[1]}
    here.close()


def test_blocks_survive_a_killed_node(ipfs_binary: Path, tmp_path: Path) -> None:
    node = KuboNode(ipfs_binary, tmp_path / "own")
    try:
        node.start()
        kubo = Kubo(lambda: (node.endpoint().multiaddr, node.endpoint().authorization))
        blocks = random_blocks(100)
        root = put(kubo, tmp_path, blocks)
        pid = node.status().pid
        assert pid
        os.kill(pid, signal.SIGKILL)
        until_s = time.monotonic() + 20
        while True:
            try:
                assert root in kubo.list_pins()
                break
            except StoreUnavailable:
                assert time.monotonic() < until_s
                time.sleep(0.1)
        cids = list(map(raw_cid, blocks))
        assert dict(kubo.get_many(cids)) == dict(zip(cids, blocks, strict=True))
    finally:
        node.stop()
