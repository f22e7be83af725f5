"""Suspends a process for as long as a test needs it to answer nothing."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def suspended(pid: int) -> Iterator[None]:
    """Stop every thread of a process, and continue it at the end.

    The signal is delivered later than `kill` returns. A thread that still runs could answer one
    more request, so this waits until each has stopped.
    """
    os.kill(pid, signal.SIGSTOP)
    try:
        while not _has_stopped(pid):
            time.sleep(0.001)
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def _has_stopped(pid: int) -> bool:
    stats = [path.read_text() for path in Path(f"/proc/{pid}/task").glob("*/stat")]
    # The state follows the program's name, which may itself contain brackets.
    return all(stat.rpartition(")")[2].split()[0] == "T" for stat in stats)
