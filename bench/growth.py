"""Measures how the costs of a record grow from 5,014 people to ten times as many."""

from __future__ import annotations

import argparse
import dataclasses
import json
import random
import resource
import secrets
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.deposit import Bench, documents, install
from bench.permissions import permit
from bench.processor_time import measure_unit_s, read_processor_s
from consent import MLTRAINING, YEAR_S
from models import Budget, Diagnostics, ModelsError, Study
from storage import AccessRequest, Record

GOAL_GROWTH = 1.2
GOAL_DISK = 2.5
STUDY = "study:bench"
QUESTION = "nhanes-diabetes"
# Numbers are lowered by up to this share: the gate refuses a cohort of copies, also of near ones.
NOISE = 0.2
# The same work for each person at both sizes: one cross-validation, no larger one for fewer rows.
BUDGET = Budget(repeats=1, folds=3, inner_folds=2, shadows=8)


def people(factor: int, seed: int = 2018) -> tuple[list[bytes], list[Record]]:
    """Return the subjects and records of `factor` times as many people as the example has.

    Each person has an id of its own; numbers of added people differ a little from the original.
    """
    drawn = random.Random(seed)  # noqa: S311 - noise for a benchmark
    subjects, records = documents()
    all_subjects, all_records = list(subjects), list(records)
    for _ in range(factor - 1):
        renamed = {subject: secrets.token_bytes(32) for subject in subjects}
        all_subjects += renamed.values()
        all_records += [
            dataclasses.replace(
                record,
                subject=renamed[record.subject],
                observations={
                    code: (_vary(value, drawn), unit)
                    for code, (value, unit) in record.observations.items()
                },
            )
            for record in records
        ]
    return all_subjects, all_records


def _vary(value: Any, drawn: random.Random) -> Any:
    return round(value * (1 - NOISE * drawn.random()), 2) if isinstance(value, float) else value


def measure_size(factor: int) -> dict[str, Any]:
    """Return seconds of each step and sizes for this many times the example's people."""
    subjects, records = people(factor)
    before_mb = _peak_mb()
    seconds, units, peaks = dict[str, float](), dict[str, float](), dict[str, float]()

    def timed(step: str, work: Callable[[], Any]) -> Any:
        started, cpu_s, unit_s = time.perf_counter(), time.process_time(), measure_unit_s()
        result = work()
        seconds[step] = time.perf_counter() - started
        cpu_s = time.process_time() - cpu_s - unit_s
        units[step] = cpu_s * 2 / (unit_s + measure_unit_s())
        peaks[step] = _peak_mb()
        sys.stderr.write(f"growth: {len(subjects):,} people: {step} {seconds[step]:.1f} s\n")
        return result

    with install() as bench:
        empty = _disk(bench.home)
        meter = DepositMeter(bench.home)
        timed("deposit", lambda: bench.store.deposits.deposit(records, progress=meter.note))
        disk = _disk(bench.home) - empty
        timed("enrol_and_grant", lambda: permit(bench, subjects, ((STUDY, MLTRAINING),)))
        count = len(records)
        request = AccessRequest(STUDY, MLTRAINING, None, None, None, "a benchmark")
        gathered = timed("gather", lambda: len(bench.store.vault.gather(request).records))
        if gathered != count:
            raise SystemExit(f"gathered {gathered} records instead of {count}")
        published = _train_and_verify(bench, timed)
        sealed = sum(path.stat().st_size for path in (bench.home / "sealed").glob("*.car"))
    return {
        "people": len(subjects),
        "records": count,
        "seconds": seconds,
        "units": units,
        "peaks_mb": peaks,
        "deposit_quarters": meter.quarters(),
        "disk_bytes": disk,
        "sealed_bytes": sealed,
        "published": published,
        "peak_mb": _peak_mb(),
        "peak_before_mb": before_mb,
    }


class DepositMeter:
    """Notes the processor time of each batch of a deposit, in units of `measure_unit_s`."""

    def __init__(self, home: Path) -> None:
        """Note nothing yet."""
        self._home = home
        self._last = read_processor_s(home)
        self._batches: list[tuple[int, dict[str, float]]] = []
        self._done = 0

    def note(self, _step: str, done: int, _total: int) -> None:
        """Note what the batch before this call cost."""
        now = read_processor_s(self._home)
        if done > self._done:
            unit_s = measure_unit_s()
            cost = {name: (now[name] - self._last[name]) / unit_s for name in now}
            self._batches.append((done - self._done, cost))
        self._last, self._done = read_processor_s(self._home), done

    def quarters(self) -> dict[str, list[float]]:
        """Return the units for 1,000 records in the first and in the last quarter, by process."""
        size = max(1, len(self._batches) // 4)
        return {
            name: [
                round(1000 * sum(cost[name] for _, cost in part) / sum(n for n, _ in part), 2)
                for part in (self._batches[:size], self._batches[-size:])
            ]
            for name in self._last
        }


def _train_and_verify(bench: Bench, timed: Callable[[str, Callable[[], Any]], Any]) -> bool:
    diagnostics = Diagnostics(
        bench.engine, bench.ledger, bench.store, bench.home / "models", time.time, budget=BUDGET
    )
    diagnostics.add_study(Study(STUDY, "A benchmark", "", int(time.time()) + YEAR_S))

    def train() -> bool:
        try:
            diagnostics.train(STUDY, QUESTION)
        except ModelsError as exc:  # a gate that refuses has done the work that is measured
            sys.stderr.write(f"growth: not published: {exc}\n")
            return False
        return True

    def verify() -> list[Any]:
        return [*bench.ledger.check(), *bench.store.check(), *diagnostics.check()]

    try:
        published = bool(timed("train", train))
        findings = timed("verify", verify)
    finally:
        diagnostics.close()
    if findings:
        raise SystemExit(f"verification found {findings[:3]}")
    return published


def _disk(folder: Path) -> int:
    """Return the bytes that the files of a folder occupy on disk."""
    return sum(path.stat().st_blocks * 512 for path in folder.rglob("*") if path.is_file())


def _peak_mb() -> float:
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1)


def measure_in_process(factor: int) -> dict[str, Any]:
    """Measure in a process of its own, so that its peak of memory is that of this size."""
    command = [sys.executable, "-m", "bench.growth", "--only", str(factor)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)  # noqa: S603
    figures: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return figures


def measure(factor: int) -> dict[str, Any]:
    """Return the costs of a record at `factor` times the people, against those at 5,014."""
    small, large = measure_in_process(1), measure_in_process(factor)
    times = large["records"] / small["records"]
    figures: dict[str, Any] = {"people": [small["people"], large["people"]]}
    for step, small_s in small["seconds"].items():
        large_s = large["seconds"][step]
        figures[f"{step}_s"] = [round(small_s, 1), round(large_s, 1)]
        figures[f"{step}_growth"] = round(large_s / small_s / times, 2)
        units = large["units"][step] / small["units"][step]
        figures[f"{step}_growth_of_our_processor_time"] = round(units / times, 2)
    for name, (first, last) in large["deposit_quarters"].items():
        figures[f"deposit_{name}_units_for_1000_records"] = [first, last]
    for name, size in (("small", small), ("large", large)):
        figures[f"{name}_peak_mb"] = size["peak_mb"]
        figures[f"{name}_peak_of_the_records_mb"] = size["peak_before_mb"]
        figures[f"{name}_peak_mb_after_each_step"] = size["peaks_mb"]
        figures[f"{name}_disk_bytes_a_record"] = round(size["disk_bytes"] / size["records"])
        figures[f"{name}_disk_per_sealed"] = round(size["disk_bytes"] / size["sealed_bytes"], 2)
    return figures | {"goal_growth": GOAL_GROWTH, "goal_disk_per_sealed": GOAL_DISK}


def main() -> None:
    """Measure both sizes, or with --only one of them, and print the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=10, help="times 5,014 people")
    parser.add_argument("--only", type=int, help="measure this size alone")
    given = parser.parse_args()
    print(json.dumps(measure_size(given.only) if given.only else measure(given.times)))


if __name__ == "__main__":
    main()
