"""A node's process is found again, stopped cleanly, and never outlives its supervisor."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from deploy.nodes import process as process_module
from deploy.nodes.errors import DiskFull, NodeFailed, PortInUse
from deploy.nodes.process import Launch, Process, is_running, last_lines, stop_orphan, trim_log
from deploy.nodes.supervisor import Supervisor

SLEEPER = ("/bin/sh", "-c", "echo up; exec sleep 600")
STUBBORN = ("/bin/sh", "-c", "trap '' TERM; echo up; while :; do sleep 0.1; done")


class Scripted:
    """A program of the supervisor that is a shell script, fit for use as soon as it says up."""

    name = "scripted"

    def __init__(self, folder: Path, script: str):
        self.folder = folder
        self._script = script

    def prepare(self) -> Launch:
        return Launch(("/bin/sh", "-c", self._script), {}, self.folder)

    def answers(self, pid: int) -> bool:
        return "up" in last_lines(self.folder / "log")


def _failure(folder: Path, script: str) -> Exception:
    supervisor = Supervisor(Scripted(folder, script))
    try:
        supervisor.start()
    except (NodeFailed, PortInUse) as exc:
        return exc
    supervisor.stop()
    raise AssertionError("it started")


def test_it_gets_only_the_environment_that_it_is_given(tmp_path, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    running = Process(Launch(("/usr/bin/env",), {"GIVEN": "1"}, tmp_path))
    running._popen.wait(10)
    lines = set(running.lines(50))
    assert "GIVEN=1" in lines
    assert not [line for line in lines if "PROXY" in line or line.startswith("PATH=")]


def test_it_dies_with_the_process_that_wants_it(tmp_path, eventually):
    program = (
        "import sys, time; sys.path.insert(0, sys.argv[2])\n"
        "from pathlib import Path; from deploy.nodes.process import Launch, Process\n"
        f"Process(Launch({SLEEPER!r}, {{}}, Path(sys.argv[1]))); time.sleep(600)\n"
    )
    root = Path(process_module.__file__).parents[2]
    before_s = time.time()
    parent = subprocess.Popen([sys.executable, "-c", program, str(tmp_path), str(root)])
    known = eventually(lambda: (tmp_path / "pid.json").exists() and _known(tmp_path))
    eventually(lambda: "up" in last_lines(tmp_path / "log"))
    assert before_s - 1 <= known["started_s"] <= time.time() + 1  # a second: how ticks are rounded
    parent.kill()
    parent.wait()
    eventually(lambda: not is_running(known["pid"]), 5)


def _known(folder: Path) -> dict[str, object]:
    return json.loads((folder / "pid.json").read_text())


def test_a_stop_that_is_not_heard_becomes_a_kill(tmp_path, eventually):
    running = Process(Launch(STUBBORN, {}, tmp_path))
    eventually(lambda: "up" in running.lines())
    running.stop(grace_s=0.3)
    assert running.exit_code == -signal.SIGKILL
    assert not (tmp_path / "pid.json").exists()


def test_an_orphan_is_found_and_stopped(tmp_path, eventually, monkeypatch):
    monkeypatch.setattr(process_module, "ORPHAN_GRACE_S", 0.2)
    running = Process(Launch(SLEEPER, {}, tmp_path))
    eventually(lambda: "up" in running.lines())
    assert stop_orphan(tmp_path / "pid.json")
    assert not running.is_alive()
    assert not stop_orphan(tmp_path / "pid.json")


def test_another_process_of_the_same_number_is_left_alone(tmp_path):
    stranger = subprocess.Popen(["/bin/sleep", "600"], start_new_session=True)
    try:
        record = {"pid": stranger.pid, "started_s": time.time() - 3600}
        (tmp_path / "pid.json").write_text(json.dumps(record))
        assert not stop_orphan(tmp_path / "pid.json")
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_a_node_that_keeps_dying_fails_with_what_it_said(tmp_path):
    failure = _failure(tmp_path, "echo no such moon; exit 3")
    assert "exit code 3" in str(failure) and "no such moon" in str(failure)


def test_a_watch_that_breaks_is_an_error_and_no_endless_wait(tmp_path, monkeypatch):
    program = Scripted(tmp_path, "echo up; exec sleep 600")
    monkeypatch.setattr(program, "answers", lambda pid: 1 / 0)
    monkeypatch.setattr("threading.excepthook", lambda arguments: None)
    supervisor = Supervisor(program)
    with pytest.raises(NodeFailed, match="ended"):
        supervisor.start()
    assert supervisor.status().pid is None


def test_a_full_disk_and_a_taken_port_are_told_apart(tmp_path):
    full = _failure(tmp_path, "echo write x: no space left on device; exit 1")
    assert isinstance(full, DiskFull)
    taken = _failure(tmp_path, "echo listen: bind: address already in use; exit 1")
    assert isinstance(taken, PortInUse)


def test_a_node_that_dies_is_started_again_and_says_so(tmp_path, eventually):
    supervisor = Supervisor(Scripted(tmp_path, "echo up; exec sleep 600"))
    supervisor.start()
    try:
        for times in (1, 2):
            before = supervisor.status().pid
            os.kill(before, signal.SIGKILL)
            eventually(lambda t=times: supervisor.status().restarts == t)
            eventually(lambda: supervisor.status().pid and supervisor.status().state == "ready")
            assert supervisor.status().pid != before
    finally:
        began_s = time.monotonic()
        supervisor.stop()
    assert time.monotonic() - began_s < 60  # it would sleep 600 s
    assert (supervisor.status().state, supervisor.status().pid) == ("stopped", None)


def test_a_log_that_grows_is_cut_and_its_end_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(process_module, "MAX_LOG_BYTES", 100)
    monkeypatch.setattr(process_module, "KEPT_LOG_BYTES", 10)
    (tmp_path / "log").write_text("x" * 200 + "the end\n")
    assert trim_log(tmp_path / "log")
    assert (tmp_path / "log").read_text() == ""
    assert (tmp_path / "log.1").read_text() == "xxthe end\n"
    assert not trim_log(tmp_path / "log")
