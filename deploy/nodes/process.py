"""A node's process: started in its own session, known by its birth, stopped cleanly."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from deploy.nodes.private_file import find_json, write_private_json

LAUNCHER = Path(__file__).with_name("launcher.py")
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
MAX_LOG_BYTES = 8 * 2**20
KEPT_LOG_BYTES = 2**20
ORPHAN_PATIENCE_S = 3.0
STOP_PATIENCE_S = 15.0
KILL_PATIENCE_S = 5.0
POLL_S = 0.02


@dataclass(frozen=True, slots=True)
class Launch:
    """All that is needed to start a node once; it gets no other environment than this."""

    argv: tuple[str, ...]
    environment: Mapping[str, str]
    folder: Path

    @property
    def log(self) -> Path:
        """Where the node writes what it says."""
        return self.folder / "log"

    @property
    def pid_file(self) -> Path:
        """Where the process is written down, to be found again after a crash of ours."""
        return self.folder / "pid.json"


def find_birth(pid: int) -> str | None:
    """Return what tells this process from a later one of the same number, or None if it is gone."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        boot = BOOT_ID.read_text(encoding="utf-8").strip()
    except (FileNotFoundError, ProcessLookupError):
        return None if sys.platform == "linux" else _find_birth_by_ps(pid)
    fields = stat.rpartition(")")[2].split()  # the name before it may hold spaces
    return None if fields[0] in "ZX" else f"{boot}/{fields[19]}"


def _find_birth_by_ps(pid: int) -> str | None:
    done = subprocess.run(  # noqa: S603 - our own number
        ["/bin/ps", "-o", "lstart=", "-p", str(pid)],
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip() or None


def stop_orphan(pid_file: Path) -> bool:
    """Stop the process that `pid_file` names if it still lives; True if there was one.

    The kernel told it to stop when its supervisor died, so it is given time to finish before it is
    told again: Kubo takes a second signal as "at once".
    """
    known = find_json(pid_file) or {}
    pid, birth = known.get("pid"), known.get("birth")
    if not isinstance(pid, int) or pid <= 1 or find_birth(pid) != birth:
        pid_file.unlink(missing_ok=True)
        return False
    for number, patience_s in (
        (0, ORPHAN_PATIENCE_S),
        (signal.SIGTERM, STOP_PATIENCE_S),
        (signal.SIGKILL, KILL_PATIENCE_S),
    ):
        _signal_group(pid, number)
        if _wait_gone(pid, str(birth), patience_s):
            break
    pid_file.unlink(missing_ok=True)
    return True


def _wait_gone(pid: int, birth: str, patience_s: float) -> bool:
    until_s = time.monotonic() + patience_s
    while time.monotonic() < until_s:
        if find_birth(pid) != birth:
            return True
        time.sleep(POLL_S)
    return False


def _signal_group(pid: int, number: int) -> None:
    try:
        os.killpg(pid, number)
    except (ProcessLookupError, PermissionError):
        return


class Process:
    """One running node. Make it in a thread that lives as long as the node should.

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
        write_private_json(launch.pid_file, {"pid": self.pid, "birth": find_birth(self.pid)})

    def is_alive(self) -> bool:
        """True while it runs."""
        return self._popen.poll() is None

    @property
    def exit_code(self) -> int | None:
        """What it ended with; None while it runs."""
        return self._popen.poll()

    def stop(self, patience_s: float = STOP_PATIENCE_S) -> None:
        """Ask it to stop, wait, then kill it and whatever it started."""
        if self.is_alive():
            _signal_group(self.pid, signal.SIGTERM)
            try:
                self._popen.wait(patience_s)
            except subprocess.TimeoutExpired:
                _signal_group(self.pid, signal.SIGKILL)
        self._popen.wait()
        self._launch.pid_file.unlink(missing_ok=True)

    def lines(self, count: int = 12) -> tuple[str, ...]:
        """Return the last lines of what it has said since it was started."""
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
    """Keep the end of a log that has grown too long in `log.1`, and empty it; True if done.

    The node holds the file open for appending, so it is emptied and not moved away.
    """
    try:
        if log.stat().st_size <= MAX_LOG_BYTES:
            return False
        with log.open("rb+") as file:
            file.seek(-KEPT_LOG_BYTES, os.SEEK_END)
            kept = file.read()
            descriptor = os.open(
                log.with_name("log.1"), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600
            )
            with os.fdopen(descriptor, "wb") as older:
                older.write(kept)
            file.truncate(0)
    except OSError:  # a log that cannot be kept short is no reason to stop the node
        return False
    return True
