"""Measures processor time: of this process, of its nodes, and of a fixed piece of work."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Final

import psutil

OURS: Final = "ours"
NODES: Final = ("kubo", "chain")
"""Folders of an installation's home whose pid.json names a node."""
_ADDITIONS: Final = 1_000_000


def read_processor_s(home: Path) -> dict[str, float]:
    """Return the processor seconds so far of this process and of each node of an installation."""
    seconds = {OURS: time.process_time()}
    for name in NODES:
        pid = json.loads((home / name / "pid.json").read_bytes())["pid"]
        times = psutil.Process(pid).cpu_times()
        seconds[name] = times.user + times.system
    return seconds


def read_tree_s(pid: int, part: str = "") -> float:
    """Return the processor seconds so far of a process and of those that it started.

    With `part`, only of those whose command line has it.
    """
    process, seconds = psutil.Process(pid), 0.0
    for each in (process, *process.children(recursive=True)):
        if part in " ".join(each.cmdline()):
            times = each.cpu_times()
            seconds += times.user + times.system
    return seconds


def measure_unit_s() -> float:
    """Return the processor seconds that a million additions take now.

    A machine that is throttled needs more for them: costs are compared in this unit.
    """
    started, total = time.process_time(), 0
    for number in range(_ADDITIONS):
        total += number
    return time.process_time() - started
