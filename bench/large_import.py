"""Measures an import of many FHIR resources: peak memory and resources a second of processor."""

from __future__ import annotations

import argparse
import json
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any, BinaryIO, Final

import orjson

from bench.fhir import SHARED_KINDS, copies, intake
from services.custodian.fhir_files import FhirFile

GOAL_PEAK_MB: Final = 1_024
_STEP: Final = 4
"""Progress is printed after so many parts of 5,000 entries."""
_URN: Final = re.compile(rb"urn:uuid:([0-9a-f-]{36})")


def write_export(folder: Path, resources: int) -> int:
    """Write one NDJSON file of each kind, as Bulk Data names them; return the number of lines.

    The people are those of `bench.fhir`. Neither they nor the files are ever in memory as a whole.
    """
    written, shared = 0, set[str]()
    with ExitStack() as stack:
        files: dict[str, BinaryIO] = {}
        for bundle in copies(resources):
            entries = [entry["resource"] for entry in orjson.loads(bundle)["entry"]]
            kinds = {entry["id"].encode(): entry["resourceType"].encode() for entry in entries}
            for entry in entries:
                kind = entry["resourceType"]
                if kind in SHARED_KINDS and entry["id"] in shared:
                    continue
                shared |= {entry["id"]} if kind in SHARED_KINDS else set()
                if kind not in files:
                    path = folder / f"{kind}.ndjson"
                    files[kind] = stack.enter_context(path.open("wb"))
                files[kind].write(_as_exported(orjson.dumps(entry), kinds) + b"\n")
                written += 1
            if written >= resources:
                break
    return written


def _as_exported(line: bytes, kinds: dict[bytes, bytes]) -> bytes:
    """Return a line whose references name type and id, as those of an export do."""

    def named(match: re.Match[bytes]) -> bytes:
        kind = kinds.get(match[1])
        return match[0] if kind is None else kind + b"/" + match[1]

    return _URN.sub(named, line)


def store(folder: Path) -> dict[str, Any]:
    """Store the files of a folder in a new installation on real nodes; return the figures."""
    paths = sorted(folder.glob("*.ndjson"))
    files = [FhirFile(path.name, partial(path.open, "rb")) for path in paths]
    with intake() as (home, fhir):
        before_mb = _peak_mb()
        started, cpu = time.perf_counter(), time.process_time()
        report = fhir.store(files, "", _printer(started))
        took_s, cpu_s = time.perf_counter() - started, time.process_time() - cpu
        sealed = sum(car.stat().st_size for car in (home / "sealed").glob("*.car"))
    counts = {name: number for name, number in report.counts().items() if number}
    stored = sum(counts.values())
    return {
        "resources": stored,
        "counts": counts,
        "source_mb": sum(path.stat().st_size for path in paths) // 2**20,
        "sealed_mb": sealed // 2**20,
        "took_s": round(took_s),
        "cpu_s": round(cpu_s),
        "resources_a_second_of_cpu": round(stored / cpu_s),
        "peak_before_mb": before_mb,
        "peak_mb": _peak_mb(),
        "goal_peak_mb": GOAL_PEAK_MB,
    }


def _printer(started: float) -> Callable[[str, int, int], None]:
    """Return what prints time and peak memory, once for every _STEP parts of the files."""
    parts = count(1)

    def show(_: str, file: int, files: int) -> None:
        part = next(parts)
        if part % _STEP == 0:
            spent_s = round(time.perf_counter() - started)
            facts = {"part": part, "file": file, "of": files, "s": spent_s, "peak_mb": _peak_mb()}
            print(json.dumps(facts), file=sys.stderr, flush=True)

    return show


def _peak_mb() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def measure(resources: int) -> Iterator[str]:
    """Yield the figures as JSON: of writing the files, then of storing them in a new process."""
    with tempfile.TemporaryDirectory(prefix="vouchsafe-export-") as folder:
        started = time.process_time()
        written = write_export(Path(folder), resources)
        yield json.dumps({"written": written, "cpu_s": round(time.process_time() - started)})
        command = [sys.executable, "-m", "bench.large_import", "--folder", folder]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)  # noqa: S603
        yield done.stdout.strip().splitlines()[-1]


def main() -> None:
    """Write and store so many resources, or with --folder store the files that are there."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--resources", type=int, default=1_000_000)
    parser.add_argument("--folder", type=Path, help="store the NDJSON files of this folder")
    given = parser.parse_args()
    if given.folder:
        print(json.dumps(store(given.folder)))
        return
    for line in measure(given.resources):
        print(line, flush=True)


if __name__ == "__main__":
    main()
