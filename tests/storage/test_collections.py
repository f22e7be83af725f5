"""Collections, restarts and damaged blocks of a real Kubo; ROUNDS=100 for docs/assurance.md."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from storage_install import Install, record_of

from deploy.nodes import KuboNode
from storage import Kubo, StorageError, StorageNotFound, StoreUnavailable
from storage.block_folder import BlockFolder
from storage.car import links_block, raw_cid

pytestmark = pytest.mark.node

ROUNDS = int(os.environ.get("ROUNDS", "2"))
RECORDS = 1_000 if ROUNDS >= 100 else 24
BATCHES = 20 if ROUNDS >= 100 else 3
PATIENTS = 4
RESTARTS_WITHIN_S = 60


@pytest.fixture(params=[False, True], ids=["a file a block", "packed"])
def node(request: pytest.FixtureRequest, ipfs_binary: Path, tmp_path: Path) -> Iterator[KuboNode]:
    node = KuboNode(ipfs_binary, tmp_path / "kubo", packed=request.param)
    node.start()
    yield node
    node.stop()


@pytest.fixture
def kubo(node: KuboNode) -> Kubo:
    return Kubo(lambda: (node.endpoint().multiaddr, node.endpoint().authorization))


def deposited(install: Install) -> set[float]:
    """Store RECORDS records of permitting patients, and return the values in them."""
    patients = install.patients(PATIENTS)
    install.grants(patients)
    records = [record_of(patients[n % PATIENTS].subject, n) for n in range(RECORDS)]
    for start in range(BATCHES):
        install.store.deposits.deposit(records[start::BATCHES])
    for path in (install.home / "sealed").glob("*.car"):
        path.unlink()  # so that everything is read from the node
    return {value for record in records for value, _unit in record.observations.values()}


def read(install: Install) -> list[float]:
    return [value for record in install.gathered() for value, _ in record.observations.values()]


def restart(node: KuboNode, kubo: Kubo, *, kill: bool) -> None:
    pid = node.status().pid
    assert pid
    if kill:
        os.kill(pid, signal.SIGKILL)
    else:
        node.stop()
        node.start()
    until_s = time.monotonic() + RESTARTS_WITHIN_S
    while node.status().pid in (None, pid) or not answers(kubo):
        assert time.monotonic() < until_s
        time.sleep(0.05)


def answers(kubo: Kubo) -> bool:
    with suppress(StoreUnavailable):
        return bool(kubo.version())
    return False


def test_nothing_is_missing_after_collections_and_restarts(
    install: Install, node: KuboNode, kubo: Kubo
) -> None:
    values = deposited(install)
    for number in range(ROUNDS):
        waste = [raw_cid(b"waste %d" % number)]
        kubo._put_links(waste)  # noqa: SLF001 - a block without a pin
        kubo.collect_garbage()
        assert sorted(read(install)) == sorted(values), number
        restart(node, kubo, kill=bool(number % 2))
        assert install.store.check() == [], number
        with pytest.raises(StorageNotFound):
            kubo._block(raw_cid(links_block(waste)), 1_000)  # noqa: SLF001
    print(f"{ROUNDS} collections and restarts, {RECORDS} records, none missing")  # noqa: T201


@pytest.mark.parametrize("node", [False], indirect=True, ids=["a file a block"])
def test_each_block_that_is_damaged_is_found_and_never_read(
    install: Install, node: KuboNode, kubo: Kubo
) -> None:
    values, chance = deposited(install), random.Random(11)
    folder = BlockFolder(node.folder / "repo" / "blocks")
    records = [entry.cid for entry in install.store.current_entries()]
    stored = [folder.path(cid) for cid in (*records, *kubo.list_pins())]
    assert len(stored) == RECORDS + BATCHES
    unread = 0
    for path in stored:
        content = path.read_bytes()
        damaged = bytearray(content)
        damaged[chance.randrange(len(damaged))] ^= 1 << chance.randrange(8)
        path.chmod(0o600)
        path.write_bytes(damaged)
        assert install.store.check() != [], path.name
        try:
            assert sorted(read(install)) == sorted(values), path.name
        except StorageError:
            unread += 1
        path.write_bytes(content)
    assert unread == RECORDS
    assert install.store.check() == []
    assert sorted(read(install)) == sorted(values)
    print(f"{len(stored)} blocks damaged in turn: each found, no wrong plaintext")  # noqa: T201
