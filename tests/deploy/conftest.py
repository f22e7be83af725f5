"""Real binaries for the tests of the nodes, and waiting with a deadline."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from deploy.nodes import GethNode, KuboNode, find_or_build

RELAYER = "0x19E7E376E7C213B7E7e7e46cc70A5dD086DAff2A"  # of the key 0x1111…11
RELAYER_KEY = "0x" + "11" * 32
CHAIN_ID = 8686


@pytest.fixture(scope="session")
def cache() -> Path:
    return Path(os.environ.get("VOUCHSAFE_CACHE") or "~/.cache/vouchsafe").expanduser()


@pytest.fixture(scope="session")
def ipfs_binary(cache: Path) -> Path:
    return find_or_build("ipfs", cache, os.environ)


@pytest.fixture(scope="session")
def geth_binary(cache: Path) -> Path:
    return find_or_build("geth", cache, os.environ)


@pytest.fixture
def kubo(ipfs_binary: Path, tmp_path: Path) -> Iterator[KuboNode]:
    node = KuboNode(ipfs_binary, tmp_path / "kubo")
    yield node
    node.stop()


@pytest.fixture
def geth(geth_binary: Path, tmp_path: Path) -> Iterator[GethNode]:
    node = GethNode(geth_binary, tmp_path / "chain", RELAYER, CHAIN_ID)
    yield node
    node.stop()


@pytest.fixture(scope="session")
def relayer() -> tuple[str, str]:
    return RELAYER, RELAYER_KEY


@pytest.fixture(scope="session")
def eventually() -> Callable[[Callable[[], object]], object]:
    def wait(happened: Callable[[], object], within_s: float = 120.0) -> object:
        until_s = time.monotonic() + within_s
        while not (result := happened()):
            assert time.monotonic() < until_s, "it did not happen in time"
            time.sleep(0.05)
        return result

    return wait
