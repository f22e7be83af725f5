"""Each process of the platform can be run by a service manager, without our supervisor."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from deploy.nodes import find_running
from deploy.nodes.process import is_running
from deploy.settings import read_settings
from deploy.wiring import node_settings

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def environment(tmp_path: Path, cache: Path) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "VOUCHSAFE_HOME": str(tmp_path / "home"),
        "VOUCHSAFE_CACHE": str(cache),
        "VOUCHSAFE_START_NODES": "0",
    }


@pytest.fixture
def start(environment, tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """Start a command in the background; all are ended afterwards, the last one first."""
    started: list[subprocess.Popen[bytes]] = []

    def begin(*arguments: str) -> subprocess.Popen[bytes]:
        with (tmp_path / f"{arguments[-1]}.log").open("wb") as log:
            command = [sys.executable, str(ROOT / "app.py"), *arguments]
            started.append(
                subprocess.Popen(command, env=environment, cwd=tmp_path, stdout=log, stderr=log)
            )
        return started[-1]

    yield begin
    for process in reversed(started):
        process.terminate()
        process.wait(20)


def _finish(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(ROOT / "app.py"), *arguments],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.node
@pytest.mark.slow
@pytest.mark.usefixtures("ipfs_binary", "geth_binary")
def test_every_process_runs_by_itself(environment, start, eventually):
    settings = node_settings(read_settings(environment))
    first_files = {"kubo": "kubo/repo/config", "geth": "chain/data"}
    nodes = {}
    for name, path in first_files.items():
        nodes[name] = start("node", "run", name)
        eventually((settings.home / path).exists)
        done = _finish(environment, "node", "ready", name, "--pid", str(nodes[name].pid))
        assert done.returncode == 0, done.stderr
    assert find_running(settings) is not None
    assert _finish(environment, "setup").returncode == 0
    environment["VOUCHSAFE_PORT"] = "0"
    worker = start("worker")
    eventually(lambda: worker.poll() is None and is_running(worker.pid))
    report = _finish(environment, "doctor")
    assert report.returncode == 0, report.stdout
    # The nodes belong to the service manager: a command leaves them running.
    assert all(process.poll() is None for process in nodes.values())


@pytest.mark.node
def test_without_its_nodes_a_process_ends_with_the_reason(environment):
    done = _finish(environment, "worker")
    assert done.returncode == 1
    assert "the nodes do not answer at the moment" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_unknown_node_is_refused(environment):
    done = _finish(environment, "node", "run", "other")
    assert done.returncode == 2
    assert "'kubo', 'geth'" in done.stderr


def _imported_by(*words: str) -> set[str]:
    """Return the modules and packages that a process has when it ends this command."""
    script = (
        "import atexit, sys; sys.argv[0] = 'vouchsafe'; import app;"
        "atexit.register(lambda: print(*sys.modules, sep='\\n', file=sys.stderr)); app.main()"
    )
    command = [sys.executable, "-c", script, *words]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return {name.partition(".")[0] for name in done.stderr.split()}


def test_the_list_of_commands_needs_no_library_that_few_of_them_use():
    few = {"flask", "pyarrow", "webauthn", "OpenSSL", "rich", "alembic", "fluent", "werkzeug"}
    few |= {"marshmallow"}  # of the services as a whole, which only open installations have
    imported = _imported_by("--help")
    assert "cli" in imported
    assert imported & few == set()


@pytest.mark.parametrize("words", [("--version",), ("web", "--help"), ("node", "run", "--help")])
def test_a_command_without_the_installation_imports_no_part_of_it(words):
    parts = {"consent", "storage", "records", "models", "web", "sqlalchemy", "numpy"}
    imported = _imported_by(*words)
    assert "cli" in imported
    assert imported & parts == set()


def test_a_start_of_the_services_imports_nothing_that_few_of_them_use():
    few = {"flask", "pyarrow", "webauthn", "OpenSSL", "rich", "alembic", "fluent", "werkzeug"}
    script = f"import sys, deploy.joining; print({few} & {{*sys.modules}})"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("set()\n", "")


def test_commands_start_without_looking_for_garbage_in_what_they_import():
    # The first modules of the standard library may be looked at once; all of it never is.
    script = (
        "import gc; gc.collect(); before = gc.get_stats()[2]['collections']; import app, click;"
        "group = app.commands(); context = click.Context(group);"
        "[group.get_command(context, name) for name in group.list_commands(context)];"
        "assert gc.get_stats()[2]['collections'] == before;"
        "assert gc.isenabled() and gc.get_freeze_count() > 100_000"
    )
    assert subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=False).returncode == 0
