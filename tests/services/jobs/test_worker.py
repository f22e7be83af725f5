from __future__ import annotations

import logging
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
import sqlalchemy as sa

import services.jobs.heartbeats
import services.jobs.worker
from consent import LedgerUnavailable
from models import RunCancelled
from services.jobs.heartbeats import Workers
from services.jobs.kinds import RUNNERS
from services.jobs.queue import CANCELLED, DONE, FAILED, QUEUED, RUNNING, STALE_S
from services.jobs.queue import JobQueue as JobRows
from storage import StoreUnavailable

ROOT = Path(__file__).resolve().parents[2]
ENDLESS = """
import sys, time
from pathlib import Path
from types import SimpleNamespace
import services.jobs.worker
from deploy.database import make_engine
from services.jobs.queue import JobQueue

def endless(platform, job, progress):
    progress("begun", 0, 1)
    time.sleep(600)

services.jobs.worker.RUNNERS = {"try": endless}
jobs = JobQueue(make_engine(sys.argv[1]), time.time)
platform = SimpleNamespace(jobs=jobs, home=Path(sys.argv[2]), engine=None, clock=time.time)
services.jobs.worker.Worker(platform).run(sys.argv[3])
"""


@pytest.fixture
def jobs(sqlite_engine) -> JobRows:
    return JobRows(sqlite_engine, time.time)


@pytest.fixture
def runners(monkeypatch) -> dict:
    """What the worker can do in these tests."""
    made: dict = {}
    monkeypatch.setattr(services.jobs.worker, "RUNNERS", made)
    return made


def worker(jobs, tmp_path, **parts):
    held = {"jobs": jobs, "home": tmp_path, "engine": None, "clock": time.time}
    return services.jobs.worker.Worker(SimpleNamespace(**held | parts))


def raiser(error):
    def act(*_):
        raise error

    return act


def test_what_a_job_returns_is_its_result(jobs, runners, tmp_path) -> None:
    runners["try"] = lambda platform, job, progress: {"twice": job.arguments["n"] * 2}
    job = jobs.add("try", {"n": 2}, "a")
    worker(jobs, tmp_path).run(job.id)
    worker(jobs, tmp_path).run(job.id)
    assert (jobs.require(job.id).result, jobs.require(job.id).attempts) == ({"twice": 4}, 1)


def test_a_refusal_is_told_and_a_surprise_is_not(jobs, runners, tmp_path) -> None:
    runners["refused"] = raiser(LedgerUnavailable("the ledger is away"))
    runners["surprise"] = raiser(RuntimeError("a secret"))
    told = {}
    for kind in runners:
        job = jobs.add(kind, {}, "a")
        worker(jobs, tmp_path).run(job.id)
        told[kind] = jobs.require(job.id)
    assert {job.state for job in told.values()} == {FAILED}
    assert told["refused"].error == "the ledger is away"
    assert "secret" not in told["surprise"].error


def test_a_job_ends_when_it_is_cancelled(jobs, runners, tmp_path) -> None:
    def run(platform, _, progress):
        jobs.cancel(job.id)
        progress("next", 1, 2)
        raise AssertionError("it went on")

    runners["try"] = run
    job = jobs.add("try", {}, "a")
    worker(jobs, tmp_path).run(job.id)
    assert jobs.require(job.id).state == CANCELLED


def test_a_job_whose_worker_is_killed_is_taken_up_by_another(
    jobs, runners, sqlite_engine, tmp_path
) -> None:
    job = jobs.add("try", {}, "a")
    url = str(sqlite_engine.url)
    child = subprocess.Popen([sys.executable, "-c", ENDLESS, url, str(tmp_path), job.id], cwd=ROOT)
    try:
        until_s = time.monotonic() + 30
        while jobs.require(job.id).step != "begun":
            assert time.monotonic() < until_s
            time.sleep(0.05)
    finally:
        child.kill()
        child.wait()
    assert jobs.require(job.id).state == RUNNING
    assert jobs.waiting() == []
    later = JobRows(sqlite_engine, lambda: time.time() + STALE_S + 5)
    assert later.waiting() == [job.id]
    runners["try"] = lambda *_: {}
    worker(later, tmp_path).run(job.id)
    assert (jobs.require(job.id).state, jobs.require(job.id).attempts) == (DONE, 2)


def test_what_a_patient_is_owed_waits_for_a_part_that_is_away(
    jobs, runners, tmp_path, monkeypatch
) -> None:
    monkeypatch.setattr(services.jobs.worker, "TRY_AGAIN_S", 0)
    job = jobs.add("rekey", {"subjects": []}, "patients")
    for error in (StoreUnavailable("the store is away"), sa.exc.OperationalError("x", {}, None)):
        runners["rekey"] = raiser(error)
        worker(jobs, tmp_path).run(job.id)
        assert jobs.require(job.id).state == QUEUED
    runners["rekey"] = lambda *_: {"receipt": ""}
    worker(jobs, tmp_path).run(job.id)
    assert (jobs.require(job.id).state, jobs.require(job.id).attempts) == (DONE, 1)


def test_a_worker_that_lost_its_job_leaves_it_alone(jobs, runners, sqlite_engine, tmp_path) -> None:
    job = jobs.add("try", {}, "a")
    later = JobRows(sqlite_engine, lambda: time.time() + STALE_S + 5)

    def slow(platform, _, progress):
        later.end(later.claim(job.id), DONE, {"by": "another"})
        return {"by": "me"}

    runners["try"] = slow
    worker(jobs, tmp_path).run(job.id)
    assert jobs.require(job.id).result == {"by": "another"}


def test_progress_is_written_down_a_few_times_a_second_and_at_each_step(jobs) -> None:
    told = []
    rows = SimpleNamespace(progress=lambda job, *how: told.append(how))
    reports = services.jobs.worker.Reports(rows, jobs.add("try", {}, "a"))
    for step in ("fit", "evaluate"):
        for done in range(1_001):
            reports(step, done, 1_000)
    assert ("fit", 0, 1_000) in told
    assert ("fit", 1_000, 1_000) in told
    assert ("evaluate", 1_000, 1_000) in told
    assert len(told) < 50


def test_a_loop_outlives_whatever_goes_wrong_in_it(jobs, tmp_path, caplog) -> None:
    made, turns = worker(jobs, tmp_path), []
    secret = "ab" * 8

    def act() -> None:
        turns.append(1)
        if len(turns) == 4:
            made._stopping.set()
        if len(turns) % 2:
            raise RuntimeError(secret)
        raise sa.exc.OperationalError(secret, {}, None)

    with caplog.at_level(logging.WARNING, "vouchsafe"):
        made._again(0.001, act)
    assert len(turns) == 4
    assert secret not in caplog.text
    assert "test_worker.py" in caplog.text


def test_a_job_that_waits_long_is_told_of_once_at_a_time(jobs, tmp_path) -> None:
    made = worker(jobs, tmp_path)
    for n in range(10):
        jobs.add("try", {"n": n}, "a")
    for _ in range(20):
        made._tell()
    assert made._queue._huey.pending_count() == 10


def test_a_beat_goes_on_when_the_database_is_back_and_ends_when_the_job_is_lost(
    jobs, monkeypatch
) -> None:
    monkeypatch.setattr(services.jobs.worker, "HEARTBEAT_S", 0.001)
    beats = []

    def beat(job) -> None:
        beats.append(job)
        raise (sa.exc.OperationalError("x", {}, None), services.jobs.worker.JobLost())[
            len(beats) > 2
        ]

    job = jobs.add("try", {}, "a")
    services.jobs.worker._beat(SimpleNamespace(beat=beat), job, threading.Event())
    assert len(beats) == 3


def test_a_worker_is_heard_of_until_it_leaves_or_dies(engine) -> None:
    now = [1_000.0]
    workers = Workers(engine, lambda: now[0])
    assert not workers.is_any_alive()
    workers.beat("one")
    workers.beat("one")
    workers.beat("two")
    workers.leave("one")
    assert workers.is_any_alive()
    now[0] += services.jobs.heartbeats.STALE_S + 1
    assert not workers.is_any_alive()
    now[0] += services.jobs.heartbeats.FORGOTTEN_S
    workers.beat("three")
    assert workers.is_any_alive()


def run_of(**how):
    held = {
        "id": 7,
        "study": "study:s",
        "question": "q",
        "predecessor": None,
        "state": "done",
        "started_at_s": 2**40,
        "model_id": "q-7",
    }
    return SimpleNamespace(**held | how)


class Diagnostics:
    """What was asked of the diagnostics, and the runs that it knows."""

    def __init__(self, *runs) -> None:
        self._runs, self.asked = list(runs), []

    def runs(self):
        return self._runs

    def _model(self, name: str):
        self.asked.append(name)
        empty = dict.fromkeys(("study", "question", "sha256", "manifest_root", "state"), "")
        return SimpleNamespace(id=name, successor=None, **empty)

    def model(self, name: str):
        return self._model(name)

    def resume(self, run_id: int, progress):
        progress("fit", 1, 5)
        return self._model(f"resumed {run_id}")

    def train(self, study: str, question: str, progress):
        progress("gather", 0, 5)
        return self._model("trained")

    def retrain(self, model: str, progress):
        progress("gather", 0, 5)
        return self._model("retrained")


ASKED = {"study": "study:s", "question": "q", "model": "q-1"}


@pytest.mark.parametrize(
    ("case", "result"),
    [
        (("train", (), 1), "trained"),
        (("train", (run_of(state="running"),), 1), "resumed 7"),
        (("train", (run_of(state="running", predecessor="q-1"),), 1), "trained"),
        (("train", (run_of(study="study:t"),), 2), "trained"),
        (("train", (run_of(),), 1), "trained"),
        (("train", (run_of(),), 2), "q-7"),
        (("train", (run_of(started_at_s=0),), 2), "trained"),
        (("retrain", (), 1), "retrained"),
        (("retrain", (run_of(state="running", predecessor="q-1"),), 1), "resumed 7"),
        (("retrain", (run_of(state="running"),), 1), "retrained"),
    ],
)
def test_a_job_goes_on_where_its_worker_died_and_makes_one_model(
    jobs, sqlite_engine, tmp_path, case, result
) -> None:
    kind, runs, tries = case
    job = jobs.add(kind, ASKED, "a")
    if tries == 2:
        jobs.claim(job.id)
        jobs = JobRows(sqlite_engine, lambda: time.time() + STALE_S + 5)
    worker(jobs, tmp_path, diagnostics=Diagnostics(*runs)).run(job.id)
    assert jobs.require(job.id).result["model"] == result


def test_a_model_that_has_a_successor_is_not_replaced_again(jobs, tmp_path) -> None:
    diagnostics = Diagnostics()
    replaced = SimpleNamespace(successor="q-9")
    diagnostics.model = lambda name: replaced if name == "q-1" else diagnostics._model(name)
    job = jobs.add("retrain", ASKED, "a")
    worker(jobs, tmp_path, diagnostics=diagnostics).run(job.id)
    assert jobs.require(job.id).result["model"] == "q-9"


def test_a_training_that_is_cancelled_ends_its_run_too(jobs, tmp_path) -> None:
    seen = []
    job = jobs.add("train", ASKED, "a")

    def train(study, question, progress):
        jobs.cancel(job.id)
        try:
            progress("fit", 1, 5)
        except RunCancelled as exc:
            seen.append(exc)
            raise

    diagnostics = Diagnostics()
    diagnostics.train = train
    worker(jobs, tmp_path, diagnostics=diagnostics).run(job.id)
    assert len(seen) == 1
    assert jobs.require(job.id).state == CANCELLED


def test_every_kind_of_job_that_is_asked_for_can_be_done() -> None:
    of_uploads = {"check-upload", "store-upload"}
    assert set(RUNNERS) == {"train", "retrain", "verify", "rekey", "evidence"} | of_uploads
    assert set(services.jobs.worker.PATIENT) <= set(RUNNERS)
