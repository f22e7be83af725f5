"""Keeps one program running: starts it, waits until it answers, restarts it when it dies."""

from __future__ import annotations

import errno
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from deploy.nodes.errors import DiskFull, NodeFailed, NodesError, PortInUse
from deploy.nodes.process import Launch, Process, last_lines, stop_orphan, trim_log

State = Literal["starting", "ready", "down", "stopped"]

READY_WITHIN_S = 60.0
MAX_FIRST_TRIES = 3
FIRST_BACKOFF_S = 0.25
MAX_BACKOFF_S = 30.0
STEADY_AFTER_S = 60.0
POLL_S = 0.05
TRIM_EVERY_S = 10.0


class Program(Protocol):
    """What a supervisor must know about the program that it keeps running."""

    name: str
    folder: Path

    def prepare(self) -> Launch:
        """Make ready all that the next start needs, and return how to start."""

    def answers(self, pid: int) -> bool:
        """Return whether it is ready for use.

        Raises:
            NodesError: it must not be used at all.
        """


@dataclass(frozen=True, slots=True)
class ProgramStatus:
    """How a program is doing."""

    name: str
    state: State
    restarts: int
    pid: int | None
    problem: str
    last_lines: tuple[str, ...]


class Supervisor:
    """A thread that owns a program's process from its first start to its stop."""

    def __init__(self, program: Program):
        self._program = program
        self._stopping = threading.Event()
        self._settled = threading.Event()
        self._thread: threading.Thread | None = None
        self._state: State = "stopped"
        self._restarts = 0
        self._tries = 0
        self._was_ready = False
        self._process: Process | None = None
        self._failure: NodesError | None = None

    def start(self) -> None:
        """Start the program; it answers when this returns.

        Raises:
            NodesError: it could not be started; nothing is left running.
        """
        self._stopping.clear()
        self._settled.clear()
        self._state, self._failure, self._tries = "starting", None, 0
        self._was_ready = False
        self._thread = threading.Thread(
            target=self._keep_running, name=f"supervise-{self._program.name}", daemon=True
        )
        self._thread.start()
        try:
            self._settled.wait()
        except KeyboardInterrupt:  # nothing half-started is left behind
            self.stop()
            raise
        if not self._was_ready:
            failure = self._failure or NodeFailed(
                f"the supervisor of {self._program.name} ended unexpectedly. Start again"
            )
            self.stop()
            raise failure

    def stop(self) -> None:
        """Stop the program and its supervisor; its process has ended when this returns."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()
        self._thread = None
        self._state = "stopped"

    def status(self) -> ProgramStatus:
        """Return how the program is doing now."""
        process, folder = self._process, self._program.folder
        return ProgramStatus(
            name=self._program.name,
            state=self._state,
            restarts=self._restarts,
            pid=process.pid if process is not None and process.is_alive() else None,
            problem=str(self._failure or ""),
            last_lines=last_lines(folder / "log"),
        )

    def _keep_running(self) -> None:
        try:
            self._run_repeatedly()
        finally:  # start() must not wait for a thread that has ended
            self._settled.set()

    def _run_repeatedly(self) -> None:
        backoff_s = FIRST_BACKOFF_S
        while not self._stopping.is_set():
            started_s = time.monotonic()
            failure = self._run_once()
            if self._stopping.is_set():
                break
            self._failure, self._state = failure, "down"
            self._tries += 1
            is_last_try = self._tries >= MAX_FIRST_TRIES or not _may_pass(failure)
            if not self._was_ready and is_last_try:
                break
            if time.monotonic() - started_s > STEADY_AFTER_S:
                backoff_s = FIRST_BACKOFF_S
            self._stopping.wait(backoff_s)
            backoff_s = min(backoff_s * 2, MAX_BACKOFF_S)
            self._restarts += self._was_ready

    def _run_once(self) -> NodesError:
        """Run the program from start to end; return why it ended."""
        name, self._process = self._program.name, None
        try:
            stop_orphan(self._program.folder / "pid.json")
            launch = self._program.prepare()
            self._process = Process(launch)
            self._wait_until_ready(self._process)
            self._wait_for_end(self._process, launch)
            return _exit_failure(name, self._process)
        except NodesError as exc:
            return exc
        except OSError as exc:
            return _system_failure(name, exc)
        finally:
            if self._process is not None:
                self._process.stop()

    def _wait_until_ready(self, process: Process) -> None:
        until_s = time.monotonic() + READY_WITHIN_S
        while not self._stopping.is_set():
            if not process.is_alive():
                raise _exit_failure(self._program.name, process)
            if self._program.answers(process.pid):
                self._state, self._failure, self._was_ready = "ready", None, True
                self._settled.set()
                return
            if time.monotonic() > until_s:
                raise NodeFailed(
                    f"{self._program.name} is running and did not answer within "
                    f"{READY_WITHIN_S:.0f} s. Check the load of the machine. Its log ends with:",
                    process.lines(),
                )
            self._stopping.wait(POLL_S)

    def _wait_for_end(self, process: Process, launch: Launch) -> None:
        trim_at_s = 0.0
        while process.is_alive() and not self._stopping.wait(POLL_S):
            if time.monotonic() >= trim_at_s:
                if trim_log(launch.log):
                    process.log_start = 0
                trim_at_s = time.monotonic() + TRIM_EVERY_S


def _may_pass(failure: NodesError) -> bool:
    """Return whether trying again may help: the program itself failed, not for lack of space."""
    return type(failure) is NodeFailed or isinstance(failure, PortInUse)


def _exit_failure(name: str, process: Process) -> NodesError:
    lines = process.lines()
    output = " ".join(lines).lower()
    if "no space left on device" in output or "low disk space" in output:
        return DiskFull(f"{name} stopped: the disk is full. Make room and start again", lines)
    if "address already in use" in output:
        return PortInUse(f"{name} stopped: its port was taken by another program. Start again")
    return NodeFailed(f"{name} ended with exit code {process.exit_code}. Its log ends with:", lines)


def _system_failure(name: str, exc: OSError) -> NodesError:
    if exc.errno in (errno.ENOSPC, errno.EDQUOT):
        return DiskFull(f"{name} cannot start: the disk is full. Make room and start again")
    return NodeFailed(f"{name} cannot start: {exc}")
