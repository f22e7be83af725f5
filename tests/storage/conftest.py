"""Real nodes for the storage tests, one Kubo and one chain for all, and an install on them."""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from storage_install import Install
from township import Clock

from consent import LedgerSettings
from deploy.nodes import GethNode, KuboEndpoint, KuboNode, find_or_build
from storage import Kubo

RELAYER = "0x19E7E376E7C213B7E7e7e46cc70A5dD086DAff2A"  # of the key 0x1111…11
RELAYER_KEY = bytes.fromhex("11" * 32)
CHAIN_ID = 8686


@pytest.fixture(scope="session")
def cache() -> Path:
    return Path(os.environ.get("VOUCHSAFE_CACHE") or "~/.cache/vouchsafe").expanduser()


@pytest.fixture(scope="session")
def ipfs_binary(cache: Path) -> Path:
    return find_or_build("ipfs", cache, os.environ)


@pytest.fixture(scope="session")
def kubo_node(ipfs_binary: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[KuboNode]:
    node = KuboNode(ipfs_binary, tmp_path_factory.mktemp("kubo"))
    node.start()
    yield node
    node.stop()


@pytest.fixture(scope="session")
def chain_url(cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    binary = find_or_build("geth", cache, os.environ)
    node = GethNode(binary, tmp_path_factory.mktemp("chain"), RELAYER, CHAIN_ID)
    yield node.start().url
    node.stop()


def port_to(endpoint: KuboEndpoint) -> Kubo:
    return Kubo(lambda: (endpoint.multiaddr, endpoint.authorization))


@pytest.fixture
def kubo(kubo_node: KuboNode) -> Kubo:
    return port_to(kubo_node.endpoint())


@pytest.fixture
def make_install(
    kubo: Kubo, chain_url: str, tmp_path: Path, fast_root_key: None
) -> Callable[[sa.Engine], Install]:
    def make(engine: sa.Engine) -> Install:
        clock = Clock(time.time())
        record = tmp_path / f"ledger-{secrets.token_hex(4)}.json"
        ledger_settings = LedgerSettings(chain_url, "single", record, RELAYER_KEY)
        return Install(engine, kubo, tmp_path / "home", clock, ledger_settings)

    return make


@pytest.fixture
def install(sqlite_engine: sa.Engine, make_install: Callable[[sa.Engine], Install]) -> Install:
    return make_install(sqlite_engine)


@pytest.fixture
def each_install(engine: sa.Engine, make_install: Callable[[sa.Engine], Install]) -> Install:
    """The same, once on SQLite and once on PostgreSQL."""
    return make_install(engine)
