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
from deploy.nodes import NodeMissing, Nodes, Wanted
from deploy.nodes.process import find_birth

ROOT = Path(deploy.nodes.__file__).parents[2]
PLATFORM = """
import json, os, sys, time
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from deploy.nodes import Nodes, Wanted
nodes = Nodes(Wanted(Path(sys.argv[2]), Path(sys.argv[3]), dict(os.environ), sys.argv[4]))
nodes.start()
print(json.dumps([state.pid for state in nodes.states()]), flush=True)
time.sleep(600)
"""


@pytest.fixture
def wanted(tmp_path: Path, cache: Path, relayer: tuple[str, str]) -> Wanted:
    return Wanted(tmp_path / "home", cache, dict(os.environ), relayer[0])


@pytest.fixture
def platform(wanted: Wanted, ipfs_binary, geth_binary):
    started = subprocess.Popen(
        [sys.executable, "-c", PLATFORM, str(ROOT)]
        + [str(wanted.home), str(wanted.cache), wanted.relayer_address],
        stdout=subprocess.PIPE,
        text=True,
    )
    yield started
    started.kill()
    started.wait()


def _alive(nodes: Nodes) -> bool:
    states = nodes.states()
    return len(states) == 2 and all(state.state == "ready" for state in states)


@pytest.mark.node
def test_both_answer_at_once_and_nobody_is_left_after_the_stop(wanted, ipfs_binary, geth_binary):
    assert Nodes.running(wanted.home) is None
    nodes = Nodes(wanted)
    with nodes as endpoints:
        assert _alive(nodes) and nodes.is_owner
        assert Nodes.running(wanted.home) == endpoints
        pids = [state.pid for state in nodes.states()]
    assert [find_birth(pid) for pid in pids] == [None, None]
    assert Nodes.running(wanted.home) is None
    assert wanted.home.stat().st_mode & 0o077 == 0


@pytest.mark.node
def test_a_command_uses_the_nodes_of_the_running_platform_and_leaves_them(wanted, platform):
    pids = json.loads(platform.stdout.readline())
    with Nodes(wanted) as endpoints:
        assert endpoints == Nodes.running(wanted.home)
        assert endpoints.kubo.find_version() and endpoints.chain.is_alive()
    assert all(find_birth(pid) for pid in pids)
    assert Nodes.running(wanted.home) == endpoints


@pytest.mark.node
def test_killed_the_platform_takes_its_nodes_with_it_and_starts_again(
    wanted, platform, eventually: Callable[..., object]
):
    pids = json.loads(platform.stdout.readline())
    before = Nodes.running(wanted.home)
    platform.send_signal(signal.SIGKILL)
    platform.wait()
    eventually(lambda: not any(find_birth(pid) for pid in pids), 5)
    assert Nodes.running(wanted.home) is None
    with Nodes(wanted) as after:
        assert after == before
        assert after.kubo.find_version() and after.chain.is_alive()


@pytest.mark.node
def test_a_restart_right_after_the_kill_finds_and_stops_what_is_left(wanted, platform):
    platform.stdout.readline()
    platform.send_signal(signal.SIGKILL)
    platform.wait()
    nodes = Nodes(wanted)
    with nodes:
        assert _alive(nodes)


@pytest.mark.node
def test_a_command_that_outlives_the_platform_takes_the_nodes_over(
    wanted, platform, eventually: Callable[..., object]
):
    platform.stdout.readline()
    nodes = Nodes(wanted)
    with nodes as endpoints:
        assert not nodes.is_owner and nodes.states() == ()
        platform.send_signal(signal.SIGKILL)
        platform.wait()
        eventually(lambda: nodes.is_owner and _alive(nodes))
        assert nodes.endpoints() == endpoints
    assert Nodes.running(wanted.home) is None


def test_nodes_of_others_are_used_and_none_is_started(tmp_path):
    named = Wanted(
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
        assert endpoints.chain.url == "http://10.0.0.2:8545" and not endpoints.chain.is_ipc
        assert nodes.states() == ()
    assert not (tmp_path / "home").exists()


@pytest.mark.node
def test_with_a_chain_of_others_only_kubo_is_started(wanted, ipfs_binary):
    nodes = Nodes(
        Wanted(wanted.home, wanted.cache, wanted.environment, ledger_rpc_url="http://10.0.0.2:1")
    )
    with nodes as endpoints:
        assert [state.name for state in nodes.states()] == ["kubo"]
        assert endpoints.chain.url == "http://10.0.0.2:1"
        assert endpoints.kubo.find_version()


def test_a_start_that_fails_frees_the_home(tmp_path):
    nodes = Nodes(Wanted(tmp_path / "home", tmp_path, {"PATH": str(tmp_path)}, "0x" + "11" * 20))
    for _ in range(2):
        with pytest.raises(NodeMissing):
            nodes.start()
        assert not nodes.is_owner
