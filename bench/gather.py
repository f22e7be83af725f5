"""Measures a cohort gathered and made a matrix, against the same from plaintext NDJSON."""

from __future__ import annotations

import secrets
import statistics
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from bench.command import print_figures
from bench.deposit import Bench, documents, install
from bench.permissions import permit
from consent import MLTRAINING
from deploy.demo.nafld_fhir import nafld_resources
from models.cohort import build_matrix, exclusion_reasons, gather_cohort, to_matrix
from models.diagnostics import QUESTIONS
from models.features import Matrix
from models.manifest import TRAINING_PART
from models.question import Question
from records.extraction import EVENTS
from records.placement import day_of
from storage import AccessRequest, Arrival, Record
from storage.collector import collector_paused

GOAL = 1.5
STUDY = "study:bench"
CUSTODIAN = "organisation:bench"
NAFLD = Path(__file__).resolve().parent.parent / "deploy" / "examples" / "nafld"
NAFLD_PEOPLE = 2_000
ARRIVED_S = 1_780_000_000

Times = list[tuple[float, float]]
"""Seconds on the clock, and of this process's processor time."""


def fhir_documents(people: int) -> tuple[list[bytes], list[Record]]:
    """Return subjects and records of the NAFLD study: one a person, category and day."""
    filed: dict[tuple[int, str, str], list[bytes]] = {}
    for person, category, content in nafld_resources(NAFLD, people):
        resource = orjson.dumps(content, option=orjson.OPT_SORT_KEYS)
        filed.setdefault((person, category, day_of(content)), []).append(resource)
    subjects: dict[int, bytes] = {}
    records = []
    for (person, category, day), resources in filed.items():
        subject = subjects.setdefault(person, secrets.token_bytes(32))
        names = (f"bench|{orjson.loads(resource)['id']}" for resource in resources)
        arrivals = tuple(Arrival(name, 1, ARRIVED_S) for name in names)
        records.append(
            Record(subject, category, CUSTODIAN, day, {}, "", 1, tuple(resources), arrivals)
        )
    return list(subjects.values()), records


def write_plain(path: Path, records: list[Record]) -> None:
    """Write NDJSON: a line for each record, then one for each of its resources, as they are."""
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
                "arrivals": [list(arrival) for arrival in record.arrivals],
            }
            file.write(b"\n".join((orjson.dumps(line), *record.resources)) + b"\n")


def read_plain(path: Path) -> Iterator[Record]:
    """Yield the records of a plaintext file."""
    with path.open("rb") as file:
        for line in file:
            row = orjson.loads(line)
            arrivals = tuple(Arrival(*arrival) for arrival in row["arrivals"])
            yield Record(
                bytes.fromhex(row["subject"]),
                row["category"],
                row["custodian"],
                row["recorded_on"],
                {code: (value, unit) for code, (value, unit) in row["observations"].items()},
                row["record_id"],
                row["version"],
                tuple(next(file)[:-1] for _ in arrivals),
                arrivals,
            )


@collector_paused()
def plain_matrix(question: Question, path: Path) -> Matrix:
    """Return the matrix of a plaintext file, by the code that makes that of a cohort."""
    people: dict[bytes, list[Record]] = {}
    for record in read_plain(path):
        people.setdefault(record.subject, []).append(
            record if question.timeline is None else extracted(record)
        )
    patients = list(people.values())
    reasons = exclusion_reasons(question, patients, Counter())
    included = [records for records, reason in zip(patients, reasons, strict=True) if not reason]
    return to_matrix(question, included)


def extracted(record: Record) -> Record:
    """Return a record with its events in place of its content."""
    return Record(
        record.subject,
        record.category,
        record.custodian,
        record.recorded_on,
        {},
        record.record_id,
        record.version,
        extract=EVENTS.extract(record),
    )


def cohort_matrix(bench: Bench, question: Question) -> Matrix:
    """Return the matrix of what the study may train on now."""
    cohort = gather_cohort(bench.store, question, STUDY)
    return build_matrix(question, cohort.manifest, cohort.records, TRAINING_PART)


def write_cohort(bench: Bench, question: Question, path: Path) -> int:
    """Write the records of the cohort as plaintext, in the order of the matrix."""
    cohort = gather_cohort(bench.store, question, STUDY)
    access = AccessRequest(STUDY, MLTRAINING, None, None, None, "a benchmark")
    whole = {record.record_id: record for record in bench.store.vault.gather(access).records}
    names = [cohort.records[line.record].record_id for line in cohort.manifest.lines]
    write_plain(path, [whole[name] for name in names])
    return len(names)


def timed(work: Callable[[], Matrix], times: Times) -> Matrix:
    started, cpu = time.perf_counter(), time.process_time()
    matrix = work()
    times.append((time.perf_counter() - started, time.process_time() - cpu))
    return matrix


def medians(times: Times) -> tuple[float, float]:
    return statistics.median(t[0] for t in times), statistics.median(t[1] for t in times)


def compare(
    name: str, question: Question, data: tuple[list[bytes], list[Record]], rounds: int
) -> dict[str, Any]:
    """Gather, and read plaintext, alternately: both run under the same conditions."""
    subjects, records = data
    kinds: dict[str, Times] = {"plain": [], "first": [], "again": [], "from kubo": []}
    with install() as bench:
        bench.store.deposits.deposit(records)
        permit(bench, subjects, ((STUDY, MLTRAINING),))
        plain, sealed = bench.home / "plain.ndjson", bench.home / "sealed"
        count = write_cohort(bench, question, plain)

        def forget_extracts() -> None:
            for path in (bench.home / "extracts").glob("*/*"):
                path.unlink()

        def run(kind: str) -> Matrix:
            return timed(lambda: cohort_matrix(bench, question), kinds[kind])

        for _ in range(rounds):
            read = timed(lambda: plain_matrix(question, plain), kinds["plain"])
            forget_extracts()
            for matrix in (run("first"), run("again")):
                require_same(matrix, read)
        for car in sealed.glob("*.car"):
            car.unlink()
        for _ in range(rounds):
            forget_extracts()
            require_same(run("from kubo"), read)
    return describe(name, count, kinds)


def require_same(matrix: Matrix, read: Matrix) -> None:
    same = np.array_equal(matrix.values.view(np.uint32), read.values.view(np.uint32))
    if not same or not np.array_equal(matrix.labels, read.labels) or not len(read.labels):
        raise SystemExit("the vault and the plaintext file give different matrices")


def describe(name: str, count: int, kinds: dict[str, Times]) -> dict[str, Any]:
    plain_s, plain_cpu_s = medians(kinds["plain"])
    figures: dict[str, Any] = {f"{name} records": count, f"{name} plain s": round(plain_s, 3)}
    for kind in ("first", "again", "from kubo"):
        wall_s, cpu_s = medians(kinds[kind])
        figures |= {
            f"{name} {kind} s": round(wall_s, 3),
            f"{name} {kind} times plain": round(wall_s / plain_s, 2),
            f"{name} {kind} times plain, processor time": round(cpu_s / plain_cpu_s, 2),
        }
    return figures


def measure(rounds: int) -> dict[str, Any]:
    """Compare records of a wide table, and FHIR documents."""
    nhanes = Question.load(QUESTIONS / "nhanes-diabetes.toml")
    nafld = Question.load(NAFLD / "diabetes-now.toml")
    figures = compare("table", nhanes, documents(), rounds)
    figures |= compare("fhir", nafld, fhir_documents(NAFLD_PEOPLE), rounds)
    return figures | {"goal_times_plain": GOAL}


if __name__ == "__main__":
    print_figures(measure, __doc__, "rounds", 3)
