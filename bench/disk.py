"""Measures bytes and times of records: in a file for each block, packed, and without a cache."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from bench.command import print_figures
from bench.deposit import Bench, documents, install
from storage import Record
from storage.keys import purge_deleted

GOAL = 2.5
DATABASE = "bench.db"


def disk_bytes(path: Path) -> int:
    """Return the bytes that a file, or the files of a folder, occupy on disk."""
    files = [each for each in path.rglob("*") if each.is_file()] if path.is_dir() else [path]
    return sum(file.stat().st_blocks * 512 for file in files if file.exists())


def parts(bench: Bench) -> dict[str, int]:
    """Return what each part of the store occupies; SQLite's log is empty when this returns."""
    purge_deleted(bench.engine)
    database = [bench.home / f"{DATABASE}{suffix}" for suffix in ("", "-wal", "-shm")]
    return {
        "kubo": disk_bytes(bench.home / "kubo" / "repo"),
        "sealed": disk_bytes(bench.home / "sealed"),
        "database": sum(map(disk_bytes, database)),
    }


def measure_kind(
    records: list[Record], name: str, *, packed: bool, sealed: int = 0
) -> tuple[dict[str, Any], int]:
    """Deposit records into a new installation; return its figures and the sealed bytes.

    If `sealed` is given, from another installation, this one keeps no cache.
    """
    with install(packed=packed) as bench:
        if sealed:
            bench.store.car_folder.max_bytes = 0
        empty = parts(bench)
        started_s = time.perf_counter()
        ids = bench.store.deposits.deposit(records).record_ids
        deposited_s = time.perf_counter()
        if len(bench.store.versions.read(ids)) != len(records):
            raise SystemExit("some records could not be read back")
        read_s = time.perf_counter()
        if bench.store.check():
            raise SystemExit("verification has findings")
        verified_s = time.perf_counter()
        full = parts(bench)
        cached = sum(file.stat().st_size for file in (bench.home / "sealed").glob("*.car"))
    if sealed and cached:
        raise SystemExit("the cache has files although its limit is 0")
    sealed = sealed or cached
    taken = {part: full[part] - empty[part] for part in full}
    figures = {f"{name} {part} bytes a record": round(taken[part] / len(records)) for part in taken}
    figures |= {
        f"{name} bytes a record": round(sum(taken.values()) / len(records)),
        f"{name} times the sealed bytes": round(sum(taken.values()) / sealed, 2),
        f"{name} deposit s": round(deposited_s - started_s, 1),
        f"{name} read s": round(read_s - deposited_s, 2),
        f"{name} verify s": round(verified_s - read_s, 1),
    }
    return figures, sealed


def measure(count: int) -> dict[str, Any]:
    """Measure the kinds one after the other, with the first `count` records of the example."""
    records = documents()[1][:count]
    figures = {"records": len(records), "goal times the sealed bytes": GOAL}
    files, _ = measure_kind(records, "files", packed=False)
    packed, sealed = measure_kind(records, "packed", packed=True)
    lean, _ = measure_kind(records, "packed without cache", packed=True, sealed=sealed)
    return figures | files | packed | lean


if __name__ == "__main__":
    print_figures(measure, __doc__, "records", 1_000_000)
