"""A node that packs blocks into few files: what is pinned stays, what is deleted is not found."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from deploy.nodes import KuboNode
from storage import Kubo, StorageNotFound, StoreUnavailable
from storage.car import raw_cid
from storage.car_folder import CarFolder

pytestmark = pytest.mark.node

BATCHES = 3
BATCH_BLOCKS = 150


@pytest.fixture
def node(ipfs_binary: Path, tmp_path: Path) -> Iterator[KuboNode]:
    node = KuboNode(ipfs_binary, tmp_path / "kubo", packed=True)
    node.start()
    yield node
    node.stop()


def port_to(node: KuboNode) -> Kubo:
    return Kubo(lambda: (node.endpoint().multiaddr, node.endpoint().authorization))


def put(kubo: Kubo, folder: CarFolder, blocks: list[bytes]) -> bytes:
    with folder.write("batch", list(map(raw_cid, blocks)), blocks) as root:
        kubo.import_car(folder.path("batch"), root)
    return root


def until(happened: Callable[[], bool]) -> None:
    until_s = time.monotonic() + 60
    while not happened():
        assert time.monotonic() < until_s
        time.sleep(0.1)


def test_what_is_pinned_survives_kills_and_what_is_deleted_is_not_found(
    node: KuboNode, tmp_path: Path
) -> None:
    kubo = port_to(node)
    batches = [[os.urandom(300) for _ in range(BATCH_BLOCKS)] for _ in range(BATCHES)]
    roots = [put(kubo, CarFolder(tmp_path), blocks) for blocks in batches]
    kubo.unpin([roots.pop(1)])
    kubo.collect_garbage()
    newest = [os.urandom(300) for _ in range(BATCH_BLOCKS)]
    roots.append(put(kubo, CarFolder(tmp_path), newest))
    pid = node.status().pid
    assert pid
    os.kill(pid, signal.SIGKILL)
    until(lambda: pins_of(kubo) >= set(roots))
    pinned = batches[0] + batches[2] + newest
    assert dict(kubo.get_many(list(map(raw_cid, pinned)))) == {
        raw_cid(block): block for block in pinned
    }
    for block in batches[1][:3]:
        with pytest.raises(StorageNotFound):
            kubo.get(raw_cid(block), len(block))
    assert not (node.folder / "repo" / "blocks").exists()


def pins_of(kubo: Kubo) -> set[bytes]:
    try:
        return kubo.list_pins()
    except StoreUnavailable:
        return set()
