"""Measures what share of the mutants of the code that must be right its unit tests find.

`python -m bench.mutants` (all areas), `python -m bench.mutants seal envelope`, `--sample 50`.
A mutant is one change of one place. Each is tried in a forked process, from memory: no file
changes, and what the tests import is imported once for all mutants where that is possible.
It is found when a test fails, when a module no longer loads, or when the tests take far too long.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import pytest
from scipy.stats import beta

from bench.mutations import Mutant, mutants_of
from bench.trial import (
    ROOT,
    load_mutant,
    open_folder,
    run_unchanged,
    swap_function,
    with_tests_imported,
)

AREAS = {
    "decision": ("consent/decision.py", ["consent/test_decision.py"]),
    "grant_status": (
        "consent/grant_status.py",
        ["consent/test_grant_status.py", "consent/test_refusals.py"],
    ),
    "freshness": ("consent/freshness.py", ["consent/test_freshness.py"]),
    "seal": (
        "storage/seal.py",
        ["storage/test_seal.py", "storage/test_envelope.py", "storage/test_keys.py"],
    ),
    "envelope": ("storage/envelope.py", ["storage/test_envelope.py", "storage/test_seal.py"]),
    "outbox": ("consent/outbox.py", ["consent/test_outbox.py", "consent/test_relayer.py"]),
    "outbox_rows": ("consent/outbox_rows.py", ["consent/test_outbox.py"]),
    "outbox_restore": ("consent/outbox_restore.py", ["consent/test_outbox_restore.py"]),
    "sessions": (
        "services/accounts/sessions.py",
        ["services/accounts/test_sessions.py"],
    ),
}
"""Each area's file, and the unit tests that must find its mutants."""
SEED = 20261130
SLOWER = 4
"""A mutant whose tests take so many times as long, and PATIENCE_S more, is found: it hangs."""
PATIENCE_S = 20.0
PAUSE_S = 0.02
CONFIDENCE = 0.95
BROKEN = 70
"""How a trial ends that this program could not make: it says nothing about the tests."""


@dataclass(frozen=True)
class Trial:
    """A mutant that is being tried in a process of its own."""

    mutant: Mutant
    ends_at_s: float
    folder: Path


def survivors(path: Path, tests: list[str], chosen: list[Mutant], jobs: int) -> list[Mutant]:
    """Try mutants of a file, `jobs` at a time, and return those that the tests do not find.

    A mutant outside functions is there before its module is loaded; for each other one the tests
    are imported already.
    """
    baseline = run_unchanged(tests)
    limit_s = SLOWER * baseline.took_s + PATIENCE_S
    outside = [mutant for mutant in chosen if not mutant.function]
    within = [mutant for mutant in chosen if mutant.function]
    survived = list[Mutant]()

    def load(mutant: Mutant, folder: Path) -> int:
        return load_mutant(path, mutant, baseline, folder)

    def swap_each(session: pytest.Session) -> None:
        def swap(mutant: Mutant, folder: Path) -> int:
            return swap_function(path, mutant, session, folder)

        survived.extend(try_each(within, swap, jobs, limit_s))

    survived += try_each(outside, load, jobs, limit_s)
    with_tests_imported(baseline, swap_each)
    return survived


def try_each(
    mutants: list[Mutant], run: Callable[[Mutant, Path], int], jobs: int, limit_s: float
) -> list[Mutant]:
    """Run each mutant in a process of its own and return those whose run returned 0."""
    waiting, running, survived = list(reversed(mutants)), dict[int, Trial](), list[Mutant]()
    while waiting or running:
        while waiting and len(running) < jobs:
            mutant = waiting.pop()
            folder = open_folder(Path(tempfile.mkdtemp(prefix="mutant-")))
            pid = start(run, mutant, folder)
            running[pid] = Trial(mutant, time.monotonic() + limit_s, folder)
        for pid, trial in list(running.items()):
            code = ended(pid, trial)
            if code is not None:
                del running[pid]
            if code == BROKEN:
                raise SystemExit(f"a mutant could not be tried: {trial.mutant}")
            if code == 0:
                survived.append(trial.mutant)
        time.sleep(PAUSE_S)
    return survived


def start(run: Callable[[Mutant, Path], int], mutant: Mutant, folder: Path) -> int:
    """Run a mutant in a process of its own and return the process's id."""
    sys.stdout.flush()
    pid = os.fork()
    if pid == 0:
        code = BROKEN
        try:
            os.setpgid(0, 0)
            code = run(mutant, folder)
        finally:
            os._exit(code)
    return pid


def ended(pid: int, trial: Trial) -> int | None:
    """Return the exit code of a trial that is over, or None; what it started is ended too."""
    done, status = os.waitpid(pid, os.WNOHANG)
    if not done and time.monotonic() < trial.ends_at_s:
        return None
    with contextlib.suppress(ProcessLookupError):  # it left nothing behind
        os.killpg(pid, signal.SIGKILL)
    if not done:
        status = os.waitpid(pid, 0)[1]
    shutil.rmtree(trial.folder, ignore_errors=True)
    return os.waitstatus_to_exitcode(status)


def interval(hits: int, of: int) -> tuple[float, float]:
    """Return the exact (Clopper-Pearson) 95 % interval of a share."""
    tail = (1 - CONFIDENCE) / 2
    low = float(beta.ppf(tail, hits, of - hits + 1)) if hits else 0.0
    high = float(beta.isf(tail, hits + 1, of - hits)) if hits < of else 1.0
    return low, high


def measure(area: str, sample: int, jobs: int) -> tuple[int, int]:
    """Print what the tests of an area find and what survives; return both numbers of the share."""
    path, tests = AREAS[area]
    chosen = mutants_of((ROOT / path).read_text(encoding="utf-8"))
    everything = len(chosen)
    if 0 < sample < everything:
        chosen = random.Random(SEED).sample(chosen, sample)  # noqa: S311 - which to try, no secret
    left = survivors(ROOT / path, [f"tests/{name}" for name in tests], chosen, jobs)
    hits = len(chosen) - len(left)
    line = f"{path}: {hits} of {len(chosen)} mutants found ({hits / len(chosen):.1%})"
    if len(chosen) < everything:
        low, high = interval(hits, len(chosen))
        line += f", drawn from {everything}; 95 % interval {low:.1%} to {high:.1%}"
    print(line, flush=True)
    for mutant in sorted(left, key=lambda each: each.line):
        print(f"  {path}:{mutant.line}: {mutant.text}", flush=True)
    return hits, len(chosen)


def main() -> None:
    """Measure the areas that are named, or all."""
    parser = argparse.ArgumentParser(description="Measure which mutants the unit tests find.")
    parser.add_argument("areas", nargs="*", metavar="AREA", help=", ".join(AREAS))
    parser.add_argument("--sample", type=int, default=0, help="try so many of each file; 0: all")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    if unknown := set(options.areas) - set(AREAS):
        parser.error(f"unknown area: {', '.join(sorted(unknown))}")
    areas = options.areas or list(AREAS)
    # Each area in a new process: the tests of the last one imported the unchanged modules.
    with ProcessPoolExecutor(1, get_context("spawn"), max_tasks_per_child=1) as pool:
        rest = [options.sample] * len(areas), [options.jobs] * len(areas)
        measured = list(pool.map(measure, areas, *rest))
    hits, tried = (sum(column) for column in zip(*measured, strict=True))
    print(f"all: {hits} of {tried} mutants found ({hits / tried:.1%})")


if __name__ == "__main__":
    main()
