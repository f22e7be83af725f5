"""One process runs the nodes of an install; the others use them, and one takes them over."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import deploy.nodes
from deploy.environments import InstallFailed
from deploy.nodes import NodeMissing, Nodes, NodeSettings, find_running
from deploy.nodes.process import is_running

ROOT = Path(deploy.nodes.__file__).parents[2]
PLATFORM = """
import json, os, sys, time
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from deploy.nodes import Nodes, NodeSettings
nodes = Nodes(NodeSettings(Path(sys.argv[2]), Path(sys.argv[3]), dict(os.environ), sys.argv[4]))
nodes.start()
print(json.dumps([state.pid for state in nodes.statuses()]), flush=True)
time.sleep(600)
"""


@pytest.fixture
def settings(tmp_path: Path, cache: Path, relayer: tuple[str, str]) -> NodeSettings:
    return NodeSettings(tmp_path / "home", cache, dict(os.environ), relayer[0])


@pytest.fixture
def platform(settings: NodeSettings, ipfs_binary, geth_binary):
    started = subprocess.Popen(
        [sys.executable, "-c", PLATFORM, str(ROOT)]
        + [str(settings.home), str(settings.cache), settings.relayer_address],
        stdout=subprocess.PIPE,
        text=True,
    )
    yield started
    started.kill()
    started.wait()


def _alive(nodes: Nodes) -> bool:
    states = nodes.statuses()
    return len(states) == 2 and all(state.state == "ready" for state in states)


@pytest.mark.node
def test_both_answer_at_once_and_nobody_is_left_after_the_stop(settings, ipfs_binary, geth_binary):
    assert find_running(settings) is None
    nodes = Nodes(settings)
    with nodes as endpoints:
        assert _alive(nodes) and nodes.is_owner
        assert find_running(settings) == endpoints
        pids = [state.pid for state in nodes.statuses()]
    assert not any(map(is_running, pids))
    assert find_running(settings) is None
    assert settings.home.stat().st_mode & 0o077 == 0


@pytest.mark.node
def test_a_command_uses_the_nodes_of_the_running_platform_and_leaves_them(settings, platform):
    pids = json.loads(platform.stdout.readline())
    with Nodes(settings) as endpoints:
        assert endpoints == find_running(settings)
        assert endpoints.kubo.find_version() and endpoints.chain.is_alive()
    assert all(map(is_running, pids))
    assert find_running(settings) == endpoints


@pytest.mark.node
def test_killed_the_platform_takes_its_nodes_with_it_and_starts_again(
    settings, platform, eventually: Callable[..., object]
):
    pids = json.loads(platform.stdout.readline())
    before = find_running(settings)
    platform.send_signal(signal.SIGKILL)
    platform.wait()
    eventually(lambda: not any(map(is_running, pids)), 5)
    assert find_running(settings) is None
    with Nodes(settings) as after:
        assert after == before
        assert after.kubo.find_version() and after.chain.is_alive()


@pytest.mark.node
def test_a_restart_right_after_the_kill_finds_and_stops_what_is_left(settings, platform):
    platform.stdout.readline()
    platform.send_signal(signal.SIGKILL)
    platform.wait()
    nodes = Nodes(settings)
    with nodes:
        assert _alive(nodes)


@pytest.mark.node
def test_a_command_that_outlives_the_platform_takes_the_nodes_over(
    settings, platform, eventually: Callable[..., object]
):
    platform.stdout.readline()
    nodes = Nodes(settings)
    with nodes as endpoints:
        assert not nodes.is_owner and nodes.statuses() == ()
        platform.send_signal(signal.SIGKILL)
        platform.wait()
        eventually(lambda: nodes.is_owner and _alive(nodes))
        assert nodes.endpoints() == endpoints
    assert find_running(settings) is None


def test_nodes_of_others_are_used_and_none_is_started(tmp_path):
    named = NodeSettings(
        tmp_path / "home",
        tmp_path,
        {},
        ipfs_api="/ip4/10.0.0.1/tcp/5001",
        ipfs_authorization="Bearer x",
        ledger_rpc_url="http://10.0.0.2:8545",
    )
    nodes = Nodes(named)
    with nodes as endpoints:
        assert endpoints.kubo.headers() == {"Authorization": "Bearer x"}
        assert endpoints.chain.url == "http://10.0.0.2:8545"
        assert nodes.statuses() == ()
    assert not (tmp_path / "home").exists()


@pytest.mark.node
def test_with_a_chain_of_others_only_kubo_is_started(settings, ipfs_binary):
    nodes = Nodes(
        NodeSettings(
            settings.home, settings.cache, settings.environment, ledger_rpc_url="http://10.0.0.2:1"
        )
    )
    with nodes as endpoints:
        assert [state.name for state in nodes.statuses()] == ["kubo"]
        assert endpoints.chain.url == "http://10.0.0.2:1"
        assert endpoints.kubo.find_version()


def test_a_start_that_fails_frees_the_home(tmp_path, monkeypatch):
    def unreachable(name: str, cache: Path) -> Path:
        raise InstallFailed("could not install go.lock")

    monkeypatch.setattr("deploy.nodes.go.install_tool", unreachable)
    path = {"PATH": str(tmp_path)}
    nodes = Nodes(NodeSettings(tmp_path / "home", tmp_path, path, "0x" + "11" * 20))
    for _ in range(2):
        with pytest.raises(NodeMissing):
            nodes.start()
        assert not nodes.is_owner
