"""Measures predictions: consent checked, records opened, predicted, journalled, answered."""

from __future__ import annotations

import json
import os
import secrets
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import app
from bench.clients import Load, send_from_own_process
from bench.command import print_figures
from bench.pages import ORGANISATION, STUDY, environment_of, new_settings, settle
from bench.processor_time import measure_unit_s, read_processor_s, read_tree_s
from deploy.nodes.supervisor import Supervisor
from deploy.processes import WebProgram, WorkerProgram
from deploy.settings import Settings
from models import Diagnostics, PredictionRequest
from services.requests.patients_in_care import KEY_LENGTH, LABEL
from services.tokens import CLINICIAN
from services.wiring import Services
from storage import StorageNotFound

GOAL_P50_MS = 20
GOAL_P99_MS = 100
GOAL_PROCESSOR_MS = 10
LOAD_PER_S = 50
LOAD_S = 20
THREADS = 8
CLINICIANS = 10
QUESTION = "nhanes-diabetes"
PATH = "/api/v1/clinician/diagnoses"


def measure_alone(
    diagnostics: Diagnostics, home: Path, requests: Sequence[PredictionRequest]
) -> dict[str, float]:
    """Return the figures of one prediction after another, in this process.

    Processor time is that of this process and its scorer, and apart from it that of the chain node.
    """
    durations, before = [], _read_own_s(home)
    for request in requests:
        started = time.perf_counter()
        diagnostics.predict(request)
        durations.append((time.perf_counter() - started) * 1000)
    used = [
        (now - then) / len(requests) * 1000
        for now, then in zip(_read_own_s(home), before, strict=True)
    ]
    return _percentiles("", sorted(durations)) | {
        "our_processor_ms": round(used[0], 2),
        "scorer_processor_ms": round(used[1], 2),
        "chain_processor_ms": round(used[2], 2),
    }


def _read_own_s(home: Path) -> tuple[float, float, float]:
    nodes = read_processor_s(home)
    return nodes["ours"], read_tree_s(os.getpid(), "models.scorer"), nodes["chain"]


def measure_one_process(
    diagnostics: Diagnostics, requests: Sequence[PredictionRequest]
) -> dict[str, float]:
    """Return the figures of 50 requests a second in this process alone.

    Each counts from when it was due, so that a request that waits for another one is slow too.
    """
    first = time.perf_counter() + 0.1

    def answer(number: int) -> float:
        due = first + number / LOAD_PER_S
        time.sleep(max(0.0, due - time.perf_counter()))
        diagnostics.predict(requests[number % len(requests)])
        return (time.perf_counter() - due) * 1000

    with ThreadPoolExecutor(THREADS) as pool:
        return _percentiles("one_process_", sorted(pool.map(answer, range(LOAD_PER_S * LOAD_S))))


@contextmanager
def deployed(settings: Settings) -> Iterator[None]:
    """Run the worker and the web processes that the units run, as many as the settings say."""
    environment = {**os.environ, **environment_of(settings)}
    with ExitStack() as running:
        for program in (WorkerProgram(settings, environment), WebProgram(settings, environment)):
            supervisor = Supervisor(program)
            supervisor.start()
            running.callback(supervisor.stop)
        yield


def measure_deployed(
    services: Services, settings: Settings, subjects: Sequence[bytes]
) -> dict[str, float]:
    """Return the figures of 50 requests a second to the API of an installation as it is deployed.

    The clients are a process of their own on the same machine. Processor time is that of all web
    processes with their scorers, and apart from it that of the chain node.
    """
    name_of = services.store.pseudonyms(LABEL)
    tokens = [services.tokens.create(CLINICIAN, ORGANISATION, 1)[1] for _ in range(CLINICIANS)]
    bodies = [
        {"patient": name_of(subject).hex()[:KEY_LENGTH], "question": QUESTION, "reason": "bench"}
        for subject in subjects
    ]
    origin, count = services.installation.site.origin, LOAD_PER_S * LOAD_S
    with deployed(settings):
        send_from_own_process(Load(origin, PATH, tokens, bodies, LOAD_PER_S, 4 * LOAD_PER_S))
        before = _read_web_s(settings.home)
        load = Load(origin, PATH, tokens, bodies, LOAD_PER_S, count)
        durations = send_from_own_process(load)
        now = _read_web_s(settings.home)
    return (
        {"web_processes": settings.web_processes}
        | _percentiles("deployed_", durations)
        | {
            "deployed_web_processor_ms": round((now[0] - before[0]) / count * 1000, 2),
            "deployed_chain_processor_ms": round((now[1] - before[1]) / count * 1000, 2),
        }
    )


def _read_web_s(home: Path) -> tuple[float, float]:
    pid = json.loads((home / "web" / "pid.json").read_bytes())["pid"]
    return read_tree_s(pid), read_processor_s(home)["chain"]


def _percentiles(prefix: str, durations: Sequence[float]) -> dict[str, float]:
    return {
        f"{prefix}p50_ms": round(statistics.median(durations), 2),
        f"{prefix}p99_ms": round(durations[int(len(durations) * 0.99)], 2),
    }


def measure_refusal_ms(diagnostics: Diagnostics, model_id: str, count: int) -> float:
    """Return the median duration of a refusal about an unknown patient, in milliseconds."""
    durations = []
    for _ in range(count):
        started = time.perf_counter()
        try:
            diagnostics.predict(
                PredictionRequest(ORGANISATION, secrets.token_bytes(32), model_id, "a benchmark")
            )
        except StorageNotFound:
            durations.append((time.perf_counter() - started) * 1000)
    return statistics.median(durations)


def measure(count: int) -> dict[str, Any]:
    """Train on all patients, then predict for one patient after another, and for many at once."""
    with tempfile.TemporaryDirectory(prefix="vouchsafe-bench-") as folder:
        settings = new_settings(Path(folder))
        with app.open_services(settings) as services:
            known = settle(services, Path(folder), None).subjects().values()
            started, diagnostics = time.perf_counter(), services.diagnostics
            model = diagnostics.train(STUDY, QUESTION)
            train_s = time.perf_counter() - started
            diagnostics.scorer.start()
            pseudonym = services.store.pseudonyms("manifest patient")
            cohort = {line.patient for line in diagnostics.manifest(model.id).lines}
            subjects = [each for each in known if pseudonym(each).hex() in cohort][:count]
            requests = [
                PredictionRequest(ORGANISATION, subject, model.id, "a benchmark")
                for subject in subjects
            ]
            measure_alone(diagnostics, settings.home, requests[:5])
            figures = measure_alone(diagnostics, settings.home, requests)
            figures |= measure_one_process(diagnostics, requests)
            figures |= measure_deployed(services, settings, subjects)
            refusal_ms = measure_refusal_ms(diagnostics, model.id, count // 4)
    return {
        "predictions": len(requests),
        **figures,
        "load_per_s": LOAD_PER_S,
        "refusal_p50_ms": round(refusal_ms, 2),
        "ms_of_a_million_additions": round(measure_unit_s() * 1000, 2),
        "train_s": round(train_s, 2),
        "goal_p50_ms": GOAL_P50_MS,
        "goal_p99_ms": GOAL_P99_MS,
        "goal_processor_ms": GOAL_PROCESSOR_MS,
    }


if __name__ == "__main__":
    print_figures(measure, __doc__, "predictions", 400)
