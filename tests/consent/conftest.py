"""A real chain for the consent tests: one that all share, and one that a test may ruin."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from geth import Geth, find_geth
from township import RELAYER, Town, make_town

from consent.raw_transactions import RelayerAccount


@pytest.fixture(scope="session")
def shared_geth(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Geth]:
    assert find_geth() is not None, "no geth is built: run make nodes"
    folder = tmp_path_factory.mktemp("geth")
    geth = Geth(folder, RelayerAccount(RELAYER).address).start()
    yield geth
    geth.kill()


@pytest.fixture
def own_geth(tmp_path: Path) -> Iterator[Geth]:
    assert find_geth() is not None, "no geth is built: run make nodes"
    geth = Geth(tmp_path / "geth", RelayerAccount(RELAYER).address).start()
    yield geth
    geth.kill()


@pytest.fixture
def town(shared_geth: Geth, tmp_path: Path) -> Town:
    return make_town(tmp_path / "town", shared_geth.endpoint, time.time())


@pytest.fixture
def own_town(own_geth: Geth, tmp_path: Path) -> Town:
    return make_town(tmp_path / "town", own_geth.endpoint, time.time())
