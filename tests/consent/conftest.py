"""A real chain for the consent tests, shared or to be ruined; and the stranger's script to run."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from geth import Geth, find_geth
from liar import NOW_S
from stranger_world import World, load_script
from township import RELAYER, Town, make_town

from consent.chain import Chain
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
    return make_town(tmp_path / "town", shared_geth.endpoint, _clock_s(shared_geth))


def _clock_s(geth: Geth) -> float:
    """Return the host's time, or the chain's if that is later.

    Each block is at least a second after the last, so that many tests on a fast machine drive a
    chain that they share ahead of the host.
    """
    chain = Chain(geth.endpoint)
    newest = chain.rpc.call("eth_getBlockByNumber", "latest", False)
    chain.close()
    return max(time.time(), float(int(newest["timestamp"], 16)))


@pytest.fixture
def own_town(own_geth: Geth, tmp_path: Path) -> Town:
    return make_town(tmp_path / "town", own_geth.endpoint, time.time())


@pytest.fixture
def judge(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., dict[str, Any]]:
    """Run the stranger's script on a world's evidence and return what it says."""
    script = load_script()

    def run(
        world: World,
        lines: list[dict[str, Any]] | None = None,
        requested_at_s: float | None = NOW_S,
    ) -> dict[str, Any]:
        monkeypatch.setattr(script, "ask", world.ask)
        file = tmp_path / "evidence.ndjson"
        made = world.lines() if lines is None else lines
        file.write_text("".join(json.dumps(line) + "\n" for line in made))
        code = script.main(str(file), "node", str(tmp_path), requested_at_s)
        result: dict[str, Any] = json.loads(capsys.readouterr().out)
        assert code == (0 if result["agrees"] else 1)
        return result

    return run
