"""Measures a cohort: decided, journalled, read and opened, against reading the plaintext."""

from __future__ import annotations

import argparse
import json
import secrets
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson

from bench.deposit import Bench, documents, install
from consent import Enrolment, Grant, Terms, digest
from consent.signatures import SigningKey
from consent.terms import Message, Signed
from storage import AccessRequest, Record

GOAL = 1.5
STUDY = "study:bench"
WANTED = AccessRequest(STUDY, "MLTRAINING", None, None, None, "a benchmark")


def permit(bench: Bench, subjects: list[bytes]) -> None:
    """Let every subject be enrolled and permit the study."""
    ledger, now_s = bench.ledger, int(time.time())
    keys = [SigningKey(secrets.token_bytes(32)) for _ in subjects]
    pairs = list(zip(subjects, keys, strict=True))

    def signed(messages: list[Message]) -> list[Signed]:
        joined = zip(messages, keys, strict=True)
        return [Signed(m, k.address, k.sign(digest(ledger.domain(), m))) for m, k in joined]

    ledger.enrol(signed([Enrolment(s, ledger.custodian(), k.address) for s, k in pairs]))
    outcomes = ledger.grant(signed([Grant(s, terms(), now_s - 1, now_s + 10**6) for s in subjects]))
    if not all(outcome.ok for outcome in outcomes):
        raise SystemExit("not all were granted")


def terms() -> Terms:
    """Return what each patient signs."""
    return Terms(
        decision="permit",
        recipient=STUDY,
        purposes=("MLTRAINING",),
        categories=("*",),
        records=("*",),
        data_from="",
        data_to="",
        obligations=(),
        statement="I agree.",
        policy_uri="",
        policy_hash=bytes(32),
        salt=secrets.token_bytes(32),
    )


def write_plain(path: Path, records: list[Record]) -> None:
    """Write the records as what they would be without a safe: a line of JSON each."""
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
    """Return the same records from there."""
    found = []
    with path.open("rb") as file:
        for line in file:
            held = orjson.loads(line)
            found.append(
                Record(
                    bytes.fromhex(held["subject"]),
                    held["category"],
                    held["custodian"],
                    held["recorded_on"],
                    {code: (value, unit) for code, (value, unit) in held["observations"].items()},
                    held["record_id"],
                    held["version"],
                )
            )
    return found


def took(work: Callable[[], list[Record]], rounds: int) -> tuple[float, list[Record]]:
    """Return the median of the seconds that `work` takes, and what it gave."""
    found, times = list[Record](), []
    for _ in range(rounds):
        found = []  # let go first: both sides start with the same memory
        started = time.perf_counter()
        found = work()
        times.append(time.perf_counter() - started)
    return statistics.median(times), found


def measure(rounds: int) -> dict[str, Any]:
    """Gather everything from the sealed cache, from Kubo alone, and from plaintext."""
    subjects, records = documents()
    with install() as bench:
        bench.store.deposits.deposit(records)
        permit(bench, subjects)
        cached_s, gathered = took(lambda: bench.store.vault.gather(WANTED).records, rounds)
        plain = bench.home / "plain.ndjson"
        write_plain(plain, gathered)
        plain_s, read = took(lambda: read_plain(plain), rounds)
        if read != gathered or len(read) != len(records):
            raise SystemExit("the two do not give the same records")
        for car in (bench.home / "sealed").glob("*.car"):
            car.unlink()
        kubo_s, _ = took(lambda: bench.store.vault.gather(WANTED).records, rounds)
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


def main() -> None:
    """Print the figures as one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    print(json.dumps(measure(parser.parse_args().rounds)))


if __name__ == "__main__":
    main()
