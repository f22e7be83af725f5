"""A program's process: started in its own session, found again after a crash, stopped cleanly."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from deploy.nodes.errors import NodeFailed
from deploy.nodes.private_file import find_json, write_private_json

LAUNCHER = Path(__file__).with_name("launcher.py")
INIT_WITHIN_S = 60.0
MAX_LOG_BYTES = 8 * 2**20
KEPT_LOG_BYTES = 2**20
ORPHAN_GRACE_S = 3.0
STOP_GRACE_S = 15.0
KILL_GRACE_S = 5.0
# Start times are counted from the boot by a clock that may be set in between.
CLOCK_STEP_S = 10.0


@dataclass(frozen=True, slots=True)
class Launch:
    """All that is needed to start a program once; `environment` is its whole environment."""

    argv: tuple[str, ...]
    environment: Mapping[str, str]
    folder: Path

    @property
    def log(self) -> Path:
        """The file that receives the program's output."""
        return self.folder / "log"

    @property
    def pid_file(self) -> Path:
        """The file that names the process, so that it is found again after a crash."""
        return self.folder / "pid.json"


def run_once(launch: Launch, failure: str) -> None:
    """Run a program of a node to its end, such as one that makes its folder.

    Raises:
        NodeFailed: it ended with an error; the message is `failure` with the last lines of its own.
    """
    done = subprocess.run(  # noqa: S603 - the program that build.py found
        launch.argv,
        env=launch.environment,
        cwd=launch.folder,
        capture_output=True,
        text=True,
        timeout=INIT_WITHIN_S,
        check=False,
    )
    if done.returncode != 0:
        raise NodeFailed(f"{failure}. Its last lines:", done.stderr.splitlines()[-6:])


def is_running(pid: int) -> bool:
    """Return whether a process of this number exists and has not ended."""
    try:
        return psutil.Process(pid).status() not in (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD)
    except psutil.NoSuchProcess:
        return False


def stop_orphan(pid_file: Path) -> bool:
    """Stop the process that `pid_file` names if it still runs; return whether there was one.

    The kernel told it to stop when its supervisor died, so it is given time to finish before it is
    told again: Kubo takes a second signal as "at once".
    """
    orphan = _find_recorded(pid_file)
    steps = ((0, ORPHAN_GRACE_S), (signal.SIGTERM, STOP_GRACE_S), (signal.SIGKILL, KILL_GRACE_S))
    for number, grace_s in steps:
        if orphan is None or not orphan.is_running():
            break
        _signal_group(orphan.pid, number)
        with suppress(psutil.TimeoutExpired):
            orphan.wait(grace_s)
    pid_file.unlink(missing_ok=True)
    return orphan is not None


def _find_recorded(pid_file: Path) -> psutil.Process | None:
    """Return the recorded process; a later one of the same number started at another time."""
    record = find_json(pid_file) or {}
    pid, started_s = record.get("pid"), record.get("started_s")
    if not isinstance(pid, int) or pid <= 1 or not isinstance(started_s, float):
        return None
    try:
        process = psutil.Process(pid)
        return process if abs(process.create_time() - started_s) < CLOCK_STEP_S else None
    except psutil.Error:
        return None


def _signal_group(pid: int, number: int) -> None:
    try:
        os.killpg(pid, number)
    except (ProcessLookupError, PermissionError):
        return


class Process:
    """One running program. Make it in a thread that lives as long as the program should.

    The kernel sends the death signal when the *thread* that started the child ends.
    """

    def __init__(self, launch: Launch):
        self._launch = launch
        descriptor = os.open(launch.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            self.log_start = os.fstat(descriptor).st_size
            self._popen = subprocess.Popen(  # noqa: S603 - the program that build.py found
                [sys.executable, "-I", "-S", str(LAUNCHER), str(os.getpid()), *launch.argv],
                env=dict(launch.environment),
                cwd=launch.folder,
                stdin=subprocess.DEVNULL,
                stdout=descriptor,
                stderr=descriptor,
                start_new_session=True,
                umask=0o077,
            )
        finally:
            os.close(descriptor)
        self.pid = self._popen.pid
        started_s = psutil.Process(self.pid).create_time()
        write_private_json(launch.pid_file, {"pid": self.pid, "started_s": started_s})

    def is_alive(self) -> bool:
        """Return whether it is still running."""
        return self._popen.poll() is None

    @property
    def exit_code(self) -> int | None:
        """What it ended with; None while it is running."""
        return self._popen.poll()

    def stop(self, grace_s: float = STOP_GRACE_S) -> None:
        """Ask it to stop, wait, then kill it and every process that it started."""
        if self.is_alive():
            _signal_group(self.pid, signal.SIGTERM)
            try:
                self._popen.wait(grace_s)
            except subprocess.TimeoutExpired:
                _signal_group(self.pid, signal.SIGKILL)
        self._popen.wait()
        self._launch.pid_file.unlink(missing_ok=True)

    def lines(self, count: int = 12) -> tuple[str, ...]:
        """Return the last lines that it has written since it was started."""
        return last_lines(self._launch.log, self.log_start, count)


def last_lines(log: Path, start: int = 0, count: int = 12) -> tuple[str, ...]:
    """Return the last `count` lines of `log` after byte `start`, without blank ones."""
    try:
        size = log.stat().st_size
        with log.open("rb") as file:
            file.seek(max(min(start, size), size - 64 * 1024))
            text = file.read().decode("utf-8", "replace")
    except OSError:
        return ()
    return tuple([line for line in text.splitlines() if line.strip()][-count:])


def trim_log(log: Path) -> bool:
    """Move the end of a log that has grown too long to `log.1` and empty it; True if done.

    The program holds the file open for appending, so the file is emptied and not renamed.
    """
    try:
        if log.stat().st_size <= MAX_LOG_BYTES:
            return False
        with log.open("rb+") as file:
            file.seek(-KEPT_LOG_BYTES, os.SEEK_END)
            end = file.read()
            descriptor = os.open(
                log.with_name("log.1"), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600
            )
            with os.fdopen(descriptor, "wb") as older:
                older.write(end)
            file.truncate(0)
    except OSError:  # a log that cannot be trimmed is no reason to stop the program
        return False
    return True
