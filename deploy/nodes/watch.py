"""Keeps one node running: starts it, waits until it answers, starts it again when it dies."""

from __future__ import annotations

import errno
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from deploy.nodes.errors import DiskFull, NodeFailed, NodesError, PortInUse
from deploy.nodes.process import Launch, Process, last_lines, stop_orphan, trim_log

STARTING, READY, DOWN, STOPPED = "starting", "ready", "down", "stopped"
READY_WITHIN_S = 60.0
FIRST_TRIES = 3
FIRST_BACKOFF_S = 0.25
MAX_BACKOFF_S = 30.0
STEADY_AFTER_S = 60.0
POLL_S = 0.05
TRIM_EVERY_S = 10.0


class Program(Protocol):
    """What a watch must know about the node that it keeps running."""

    name: str
    folder: Path

    def prepare(self) -> Launch:
        """Make ready all that the next start needs, and say how to start."""

    def answers(self, pid: int) -> bool:
        """True when it is fit for use, False when it is not there yet.

        Raises:
            NodesError: it must not be used at all.
        """


@dataclass(frozen=True, slots=True)
class NodeState:
    """How a node is doing; `state` is starting, ready, down or stopped."""

    name: str
    state: str
    restarts: int
    pid: int | None
    problem: str
    last_lines: tuple[str, ...]


class Watch:
    """A thread that owns a node's process from its first start to its stop."""

    def __init__(self, program: Program):
        self._program = program
        self._stopping = threading.Event()
        self._settled = threading.Event()
        self._thread: threading.Thread | None = None
        self._state = STOPPED
        self._restarts = 0
        self._tries = 0
        self._was_ready = False
        self._process: Process | None = None
        self._failure: NodesError | None = None

    def start(self) -> None:
        """Start the node; it answers when this returns.

        Raises:
            NodesError: it could not be started; nothing is left running.
        """
        self._stopping.clear()
        self._settled.clear()
        self._state, self._failure, self._tries = STARTING, None, 0
        self._was_ready = False
        self._thread = threading.Thread(
            target=self._keep_running, name=f"watch-{self._program.name}", daemon=True
        )
        self._thread.start()
        try:
            self._settled.wait()
        except KeyboardInterrupt:  # nothing half-started is left behind
            self.stop()
            raise
        if not self._was_ready:
            failure = self._failure or NodeFailed(f"the watch of {self._program.name} ended")
            self.stop()
            raise failure

    def stop(self) -> None:
        """Stop the node and the watch; what was running is gone when this returns."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()
        self._thread = None
        self._state = STOPPED

    def state(self) -> NodeState:
        """Say how the node is doing now."""
        process, folder = self._process, self._program.folder
        return NodeState(
            name=self._program.name,
            state=self._state,
            restarts=self._restarts,
            pid=process.pid if process is not None and process.is_alive() else None,
            problem=str(self._failure or ""),
            last_lines=last_lines(folder / "log"),
        )

    def _keep_running(self) -> None:
        try:
            self._run_again_and_again()
        finally:  # whatever happens, nobody waits for it in vain
            self._settled.set()

    def _run_again_and_again(self) -> None:
        backoff_s = FIRST_BACKOFF_S
        while not self._stopping.is_set():
            began_s = time.monotonic()
            failure = self._run_once()
            if self._stopping.is_set():
                break
            self._failure, self._state = failure, DOWN
            self._tries += 1
            if not self._was_ready and (self._tries >= FIRST_TRIES or not _may_pass(failure)):
                break
            if time.monotonic() - began_s > STEADY_AFTER_S:
                backoff_s = FIRST_BACKOFF_S
            self._stopping.wait(backoff_s)
            backoff_s = min(backoff_s * 2, MAX_BACKOFF_S)
            self._restarts += self._was_ready

    def _run_once(self) -> NodesError:
        """Run the node from start to end; return why it ended."""
        name, self._process = self._program.name, None
        try:
            stop_orphan(self._program.folder / "pid.json")
            launch = self._program.prepare()
            self._process = Process(launch)
            self._wait_ready(self._process)
            self._tend(self._process, launch)
            return _died(name, self._process)
        except NodesError as exc:
            return exc
        except OSError as exc:
            return _system_failure(name, exc)
        finally:
            if self._process is not None:
                self._process.stop()

    def _wait_ready(self, process: Process) -> None:
        until_s = time.monotonic() + READY_WITHIN_S
        while not self._stopping.is_set():
            if not process.is_alive():
                raise _died(self._program.name, process)
            if self._program.answers(process.pid):
                self._state, self._failure, self._was_ready = READY, None, True
                self._settled.set()
                return
            if time.monotonic() > until_s:
                raise NodeFailed(
                    f"{self._program.name} runs and did not answer within {READY_WITHIN_S:.0f} s; "
                    "is the machine overloaded? Its log ends with:",
                    process.lines(),
                )
            self._stopping.wait(POLL_S)

    def _tend(self, process: Process, launch: Launch) -> None:
        trim_at_s = 0.0
        while process.is_alive() and not self._stopping.wait(POLL_S):
            if time.monotonic() >= trim_at_s:
                if trim_log(launch.log):
                    process.log_start = 0
                trim_at_s = time.monotonic() + TRIM_EVERY_S


def _may_pass(failure: NodesError) -> bool:
    """True when trying again may help: the node itself failed, and not for want of space."""
    return type(failure) is NodeFailed or isinstance(failure, PortInUse)


def _died(name: str, process: Process) -> NodesError:
    lines = process.lines()
    said = " ".join(lines).lower()
    if "no space left on device" in said or "low disk space" in said:
        return DiskFull(f"{name} stopped: the disk is full. Make room, then start again.", lines)
    if "address already in use" in said:
        return PortInUse(f"{name} stopped: its port was taken by another program; start again.")
    return NodeFailed(
        f"{name} ended by itself (exit code {process.exit_code}). Its log ends with:", lines
    )


def _system_failure(name: str, exc: OSError) -> NodesError:
    if exc.errno in (errno.ENOSPC, errno.EDQUOT):
        return DiskFull(f"{name} cannot start: the disk is full. Make room, then start again.")
    return NodeFailed(f"{name} cannot start: {exc}")
