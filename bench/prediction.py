"""Measures one prediction: consent checked, records opened, predicted, journalled."""

from __future__ import annotations

import secrets
import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from bench.command import print_figures
from bench.deposit import documents, install
from bench.permissions import permit
from consent import MLTRAINING, TREATDS, YEAR_S
from deploy.database import make_engine
from models import Diagnostics, PredictionRequest, Study
from storage import StorageNotFound

GOAL_P50_MS = 20
GOAL_P99_MS = 100
LOAD_PER_S = 50
LOAD_S = 10
THREADS = 8
STUDY = "study:bench"
CLINIC = "organisation:bench"


def measure_ms(diagnostics: Diagnostics, requests: list[PredictionRequest]) -> list[float]:
    """Return the duration of each prediction in milliseconds, in ascending order."""
    durations = []
    for request in requests:
        started = time.perf_counter()
        diagnostics.predict(request)
        durations.append((time.perf_counter() - started) * 1000)
    return sorted(durations)


def measure_load_ms(diagnostics: Diagnostics, requests: list[PredictionRequest]) -> list[float]:
    """Return the durations in milliseconds at 50 requests a second, in ascending order.

    Each counts from when it was due, so that a request that waits for another one is slow too.
    """
    first = time.perf_counter() + 0.1

    def answer(number: int) -> float:
        due = first + number / LOAD_PER_S
        time.sleep(max(0.0, due - time.perf_counter()))
        diagnostics.predict(requests[number % len(requests)])
        return (time.perf_counter() - due) * 1000

    with ThreadPoolExecutor(THREADS) as pool:
        return sorted(pool.map(answer, range(LOAD_PER_S * LOAD_S)))


def measure_refusal_ms(diagnostics: Diagnostics, model_id: str, count: int) -> float:
    """Return the median duration of a refusal about an unknown patient, in milliseconds."""
    durations = []
    for _ in range(count):
        started = time.perf_counter()
        try:
            diagnostics.predict(
                PredictionRequest(CLINIC, secrets.token_bytes(32), model_id, "a benchmark")
            )
        except StorageNotFound:
            durations.append((time.perf_counter() - started) * 1000)
    return statistics.median(durations)


def measure(count: int) -> dict[str, Any]:
    """Train on all patients, then predict for one patient after another."""
    subjects, records = documents()
    with install() as bench:
        bench.store.deposits.deposit(records)
        permit(bench, subjects, ((STUDY, MLTRAINING), (CLINIC, TREATDS)))
        home = bench.home / "models"
        engine = make_engine(f"sqlite:///{bench.home / 'bench.db'}")
        diagnostics = Diagnostics(engine, bench.ledger, bench.store, home, time.time)
        diagnostics.add_study(Study(STUDY, "A benchmark", "", int(time.time()) + YEAR_S))
        try:
            started = time.perf_counter()
            model = diagnostics.train(STUDY, "nhanes-diabetes")
            train_s = time.perf_counter() - started
            diagnostics.scorer.start()
            pseudonym = bench.store.pseudonyms("manifest patient")
            cohort = {line.patient for line in diagnostics.manifest(model.id).lines}
            requests = [
                PredictionRequest(CLINIC, subject, model.id, "a benchmark")
                for subject in subjects
                if pseudonym(subject).hex() in cohort
            ][:count]
            measure_ms(diagnostics, requests[:5])
            durations = measure_ms(diagnostics, requests)
            loaded = measure_load_ms(diagnostics, requests)
            refusal = measure_refusal_ms(diagnostics, model.id, count // 4)
        finally:
            diagnostics.close()
            engine.dispose()
    return {
        "predictions": len(durations),
        "p50_ms": round(statistics.median(durations), 2),
        "p99_ms": round(durations[int(len(durations) * 0.99)], 2),
        "load_per_s": LOAD_PER_S,
        "load_p50_ms": round(statistics.median(loaded), 2),
        "load_p99_ms": round(loaded[int(len(loaded) * 0.99)], 2),
        "refusal_p50_ms": round(refusal, 2),
        "train_s": round(train_s, 2),
        "goal_p50_ms": GOAL_P50_MS,
        "goal_p99_ms": GOAL_P99_MS,
    }


if __name__ == "__main__":
    print_figures(measure, __doc__, "predictions", 400)
