"""Measures decisions: a million consents compiled, then a million records decided in one pass."""

from __future__ import annotations

import argparse
import json
import secrets
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from bench.terms import RESEARCH_TERMS
from consent.batch import DecisionRequestBatch, decide_many
from consent.consent_terms import ConsentTermsStore
from consent.decision import decide
from consent.register import Consents, Register
from consent.state import Enrolments, Grants, Keys, LedgerLog, LedgerState, Stops, Withdrawals
from consent.tables import METADATA
from consent.terms import DecisionRequest, Stop, View, Withdrawal
from consent.typed_data import terms_hash
from consent.vocabulary import CATEGORY_CODES, MLTRAINING
from deploy.database import make_engine

NOW_S = 1_800_000_000


def random_ids(count: int) -> np.ndarray:
    return np.frombuffer(secrets.token_bytes(32 * count), np.uint8).reshape(-1, 32)


def timed(figures: dict[str, Any], name: str, work: Any) -> Any:
    start = time.perf_counter()
    result = work()
    figures[name] = round(time.perf_counter() - start, 4)
    return result


def put_terms(consent_terms: ConsentTermsStore, subjects: np.ndarray) -> np.ndarray:
    """Keep one opening for each subject, and return its commitment."""
    hashes = []
    for at in range(0, len(subjects), 50_000):
        part = [
            (subject.tobytes(), replace(RESEARCH_TERMS, salt=secrets.token_bytes(32)))
            for subject in subjects[at : at + 50_000]
        ]
        consent_terms.put_many(part)
        hashes += [terms_hash(terms) for _, terms in part]
    return np.frombuffer(b"".join(hashes), np.uint8).reshape(-1, 32)


def fill(log: LedgerLog, subjects: np.ndarray, hashes: np.ndarray, keys: np.ndarray) -> None:
    count = len(subjects)
    zeros = np.zeros(count, np.int64)
    log.extend(Enrolments(subjects))
    log.extend(Keys(subjects, keys, zeros, zeros))
    log.extend(Grants(subjects, hashes, keys, zeros + NOW_S - 10, zeros + NOW_S + 10**6))


def as_batch(subjects: np.ndarray) -> DecisionRequestBatch:
    count = len(subjects)
    records = np.frombuffer(secrets.token_hex(16 * count).encode(), "S32")
    categories = np.full(count, CATEGORY_CODES.index("laboratory"), np.int16)
    days = np.full(count, 18_000, np.int32)
    return DecisionRequestBatch(
        "study:diabetes-risk", MLTRAINING, subjects, records, categories, days
    )


def view(count: int) -> View:
    return View(1, "0x", b"", 1, b"", NOW_S, count, bytes(27), NOW_S)


def measure(count: int, folder: Path) -> dict[str, Any]:
    figures: dict[str, Any] = {"consents": count, "records": count}
    engine = make_engine(f"sqlite:///{folder / 'bench.db'}")
    METADATA.create_all(engine)
    consent_terms, log = ConsentTermsStore(engine), LedgerLog()
    subjects, keys = random_ids(count), random_ids(count)
    hashes = timed(figures, "put_terms_s", lambda: put_terms(consent_terms, subjects))
    timed(figures, "load_state_s", lambda: fill(log, subjects, hashes, keys))
    log.extend(Withdrawals(subjects[: count // 100], hashes[: count // 100]))
    log.extend(Stops(subjects[-count // 100 :], np.full(count // 100, NOW_S, np.int64)))
    state, consents = compile_all(figures, consent_terms, log)
    batch = as_batch(subjects[np.random.default_rng(7).permutation(count)])
    figures["decide_many_s"] = []
    for _ in range(5):
        start = time.perf_counter()
        decisions = decide_many(batch, consents, view(state.count), NOW_S)
        figures["decide_many_s"].append(round(time.perf_counter() - start, 4))
    figures["counts"] = decisions.counts()
    figures["decide_one_ms"] = one_by_one(state, consent_terms, subjects)
    engine.dispose()
    return figures


def compile_all(
    figures: dict[str, Any], consent_terms: ConsentTermsStore, log: LedgerLog
) -> tuple[LedgerState, Consents]:
    """Compile everything, then 100 consents more, then nothing more, then what is pending."""
    register, state = Register(consent_terms), log.state(1, bytes(27))
    timed(figures, "compile_first_s", lambda: register.at(state))
    more = random_ids(100)
    fill(log, more, put_terms(consent_terms, more), random_ids(100))
    state = log.state(2, bytes(27))
    consents = timed(figures, "compile_after_100_more_s", lambda: register.at(state))
    timed(figures, "compile_unchanged_s", lambda: register.at(state))
    withdrawals = [Withdrawal(subject.tobytes(), bytes(32)) for subject in more]
    pending = state.with_pending(withdrawals, [Stop(subject.tobytes(), NOW_S) for subject in more])
    timed(figures, "compile_200_pending_s", lambda: register.at(pending))
    return state, consents


def one_by_one(state: LedgerState, consent_terms: ConsentTermsStore, subjects: np.ndarray) -> float:
    start = time.perf_counter()
    for subject in subjects[:200]:
        request = DecisionRequest(
            "study:diabetes-risk",
            MLTRAINING,
            subject.tobytes(),
            "0a" * 16,
            "laboratory",
            "2020-06-01",
        )
        decide(request, state, consent_terms, view(state.count), NOW_S)
    return round((time.perf_counter() - start) / 200 * 1_000, 3)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=1_000_000)
    count = parser.parse_args().count
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps(measure(count, Path(folder))))


if __name__ == "__main__":
    main()
