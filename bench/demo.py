"""Times each step of the demo, with the processor seconds of each process; at most 180 s."""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Final

import psutil

from bench.processor_time import measure_unit_s

ROOT: Final = Path(__file__).resolve().parent.parent
GOAL_S: Final = 180
_SAMPLE_S: Final = 0.25
_STEP: Final = re.compile(r"(\d)\. ")
_PROGRAMS: Final = ("worker", "stranger", "scorer", "ipfs", "geth")
"""What tells a process by its command line; any other is the demo itself."""


@dataclass(slots=True)
class Meter:
    """Processor seconds of a process and of all that it started, as far as it was seen."""

    root: psutil.Process
    _names: dict[int, str] = field(default_factory=dict)
    _seconds: dict[int, float] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def read(self) -> dict[str, float]:
        """Return the seconds so far, by program; those of a process that ended are kept."""
        with self._lock:
            return self._read()

    def _read(self) -> dict[str, float]:
        try:
            processes = [self.root, *self.root.children(recursive=True)]
        except psutil.NoSuchProcess:
            processes = []
        for process in processes:
            try:
                spent = process.cpu_times()
                self._names.setdefault(process.pid, _name(process))
                self._seconds[process.pid] = spent.user + spent.system
            except (psutil.NoSuchProcess, psutil.AccessDenied):
                continue
        total = defaultdict[str, float](float)
        for pid, seconds in self._seconds.items():
            total[self._names[pid]] += seconds
        return dict(total)


def _name(process: psutil.Process) -> str:
    command = " ".join(process.cmdline())
    return next((name for name in _PROGRAMS if name in command), "demo")


def measure(people: int | None) -> dict[str, Any]:
    """Run the demo in a new folder, and return seconds and processor seconds of each step."""
    with tempfile.TemporaryDirectory(prefix="vouchsafe-bench-") as folder:
        home, report = Path(folder) / "home", Path(folder) / "report.json"
        command = [sys.executable, str(ROOT / "app.py"), "demo", "--no-serve", "--json"]
        command += [] if people is None else ["--people", str(people)]
        started_s, unit_s = time.monotonic(), measure_unit_s()
        environment = {**os.environ, "VOUCHSAFE_HOME": str(home)}
        with report.open("wb") as output:
            demo = subprocess.Popen(  # noqa: S603 - our own program
                command, cwd=ROOT, env=environment, stdout=output, stderr=subprocess.PIPE
            )
            steps = _watch(demo, Meter(psutil.Process(demo.pid)), started_s)
        took_s = time.monotonic() - started_s
        if demo.returncode:
            raise SystemExit("bench: the demo failed")
        facts = json.loads(report.read_bytes())
    return {
        "people": facts["deposit"]["people"],
        "seconds": round(took_s, 1),
        "goal_seconds": GOAL_S,
        "as_promised": took_s <= GOAL_S,
        "steps": steps,
        "million_additions_ms": round(500 * (unit_s + measure_unit_s())),
    }


def _watch(demo: subprocess.Popen[bytes], meter: Meter, started_s: float) -> list[dict[str, Any]]:
    """Return what each step took; step 0 is the start of the nodes."""
    marks = [(0, started_s, meter.read())]
    ended = threading.Event()
    reader = threading.Thread(target=_note_steps, args=(demo.stderr, meter, marks, ended))
    reader.start()
    while not ended.wait(_SAMPLE_S):
        meter.read()  # so that a process that ends between two steps is counted
    reader.join()
    demo.wait()
    marks.append((-1, time.monotonic(), meter.read()))
    return [
        {
            "step": number,
            "seconds": round(end_s - start_s, 1),
            "processor_s": {name: round(s - before.get(name, 0), 1) for name, s in after.items()},
        }
        for (number, start_s, before), (_, end_s, after) in zip(marks, marks[1:], strict=False)
    ]


def _note_steps(
    lines: IO[bytes] | None,
    meter: Meter,
    marks: list[tuple[int, float, dict[str, float]]],
    ended: threading.Event,
) -> None:
    for line in lines or ():
        text = line.decode("utf-8", "replace")
        sys.stderr.write(text)
        if match := _STEP.match(text):
            marks.append((int(match[1]), time.monotonic(), meter.read()))
    ended.set()


def main() -> None:
    """Measure the demo with all people, or as many as --people, and print the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, help="so many of the 5,014 people")
    print(json.dumps(measure(parser.parse_args().people)))


if __name__ == "__main__":
    main()
