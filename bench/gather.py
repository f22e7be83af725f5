"""Measures gathering a cohort from the vault against reading the same records as plaintext."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson

from bench.command import print_figures
from bench.deposit import documents, install
from bench.permissions import permit
from consent import MLTRAINING
from storage import AccessRequest, Record

GOAL = 1.5
STUDY = "study:bench"
REQUEST = AccessRequest(STUDY, MLTRAINING, None, None, None, "a benchmark")


def write_plain(path: Path, records: list[Record]) -> None:
    """Write the records as plaintext, one line of JSON each."""
    with path.open("wb") as file:
        for record in records:
            line = {
                "subject": record.subject.hex(),
                "category": record.category,
                "custodian": record.custodian,
                "recorded_on": record.recorded_on,
                "observations": dict(record.observations),
                "record_id": record.record_id,
                "version": record.version,
            }
            file.write(orjson.dumps(line) + b"\n")


def read_plain(path: Path) -> list[Record]:
    """Return the records of a plaintext file."""
    records = []
    with path.open("rb") as file:
        for line in file:
            row = orjson.loads(line)
            records.append(
                Record(
                    bytes.fromhex(row["subject"]),
                    row["category"],
                    row["custodian"],
                    row["recorded_on"],
                    {code: (value, unit) for code, (value, unit) in row["observations"].items()},
                    row["record_id"],
                    row["version"],
                )
            )
    return records


def measure_s(work: Callable[[], list[Record]], rounds: int) -> tuple[float, list[Record]]:
    """Return the median duration of `work` in seconds, and its result."""
    records, times = list[Record](), []
    for _ in range(rounds):
        records = []  # free the last result, so that every round starts with the same memory
        started = time.perf_counter()
        records = work()
        times.append(time.perf_counter() - started)
    return statistics.median(times), records


def measure(rounds: int) -> dict[str, Any]:
    """Gather everything from the sealed cache, from Kubo alone, and from plaintext."""
    subjects, records = documents()
    with install() as bench:
        bench.store.deposits.deposit(records)
        permit(bench, subjects, ((STUDY, MLTRAINING),))
        cached_s, gathered = measure_s(lambda: bench.store.vault.gather(REQUEST).records, rounds)
        plain = bench.home / "plain.ndjson"
        write_plain(plain, gathered)
        plain_s, read = measure_s(lambda: read_plain(plain), rounds)
        if read != gathered or len(read) != len(records):
            raise SystemExit("the vault and the plaintext file return different records")
        for car in (bench.home / "sealed").glob("*.car"):
            car.unlink()
        kubo_s, _ = measure_s(lambda: bench.store.vault.gather(REQUEST).records, rounds)
    return {
        "records": len(records),
        "gather_s": round(cached_s, 3),
        "gather_from_kubo_s": round(kubo_s, 3),
        "plain_s": round(plain_s, 3),
        "times_plain": round(cached_s / plain_s, 2),
        "times_plain_from_kubo": round(kubo_s / plain_s, 2),
        "gathered_records_a_second": round(len(records) / cached_s, 1),
        "goal_times_plain": GOAL,
    }


if __name__ == "__main__":
    print_figures(measure, __doc__, "rounds", 3)
