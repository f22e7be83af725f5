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
from models import GateClosed, RunCancelled
from models.gate import GateCode, GateFailure
from services.jobs.heartbeats import Workers
from services.jobs.kinds import PROMPT, make_runners
from services.jobs.queue import (
    CANCELLED,
    DONE,
    FAILED,
    QUEUED,
    RUNNING,
    STALE_S,
    UNIQUE_ARGUMENTS,
    JobQueue,
)
from services.jobs.worker import JobLost, PeriodicTask, ProgressWriter, Worker
from services.researcher.counting import CENSUS, COUNT
from storage import StorageNotFound, StoreUnavailable
from storage.errors import NameMismatch, RecordLost, SealBroken

ROOT = Path(__file__).resolve().parents[3]
ENDLESS = """
import sys, time
from deploy.database import make_engine
from services.jobs.queue import JobQueue
from services.jobs.worker import Worker

def endless(job, progress):
    progress("begun", 0, 1)
    time.sleep(600)

jobs = JobQueue(make_engine(sys.argv[1]), time.time)
Worker(jobs=jobs, workers=None, runners={"try": endless}).run(sys.argv[2])
"""


@pytest.fixture
def jobs(sqlite_engine) -> JobQueue:
    return JobQueue(sqlite_engine, time.time)


@pytest.fixture
def runners() -> dict:
    """What the worker can run in these tests."""
    return {}


def worker(jobs, runners=None, **options) -> Worker:
    return Worker(jobs=jobs, workers=None, runners=runners or {}, **options)


def training_worker(jobs, diagnostics) -> Worker:
    return worker(
        jobs,
        make_runners(
            diagnostics=diagnostics,
            store=None,
            auditor=None,
            by_id={},
            erase_answers=None,
            export=None,
        ),
    )


def raiser(error):
    def act(*_):
        raise error

    return act


def test_the_value_that_a_runner_returns_is_the_result_of_the_job(jobs, runners) -> None:
    runners["try"] = lambda job, progress: {"twice": job.arguments["n"] * 2}
    job = jobs.enqueue("try", {"n": 2}, "a")
    worker(jobs, runners).run(job.id)
    worker(jobs, runners).run(job.id)
    assert (jobs.get(job.id).result, jobs.get(job.id).attempts) == ({"twice": 4}, 1)


def test_the_message_of_a_refusal_is_shown_and_of_an_unexpected_error_is_not(jobs, runners) -> None:
    runners["refused"] = raiser(LedgerUnavailable("the ledger is unavailable"))
    runners["surprise"] = raiser(RuntimeError("a secret"))
    ended = {}
    for kind in runners:
        job = jobs.enqueue(kind, {}, "a")
        worker(jobs, runners).run(job.id)
        ended[kind] = jobs.get(job.id)
    assert {job.state for job in ended.values()} == {FAILED}
    assert ended["refused"].error == "the ledger is unavailable"
    assert "secret" not in ended["surprise"].error
    assert ended["refused"].result == {"code": "LedgerUnavailable"}
    assert ended["surprise"].result == {"code": "Unexpected"}


def test_a_missed_threshold_is_a_code_with_what_was_measured_and_required(jobs, runners) -> None:
    failure = GateFailure(code=GateCode.MEMBERSHIP_AUROC, measured=0.61, maximum=0.55)
    runners["train"] = raiser(GateClosed([failure]))
    job = jobs.enqueue("train", {"study": "study:a", "question": "q"}, "a")
    worker(jobs, runners).run(job.id)
    result = jobs.get(job.id).result
    assert result is not None
    assert result["code"] == "GateClosed"
    (missed,) = result["gate"]
    assert missed["code"] == "membership-auroc"
    assert (missed["measured"], missed["required"]) == ("0.610", "at most 0.55")


def test_a_cancelled_job_ends_at_its_next_progress(jobs, runners) -> None:
    def run(_, progress):
        jobs.cancel(job.id)
        progress("next", 1, 2)
        raise AssertionError("the job continued")

    runners["try"] = run
    job = jobs.enqueue("try", {}, "a")
    worker(jobs, runners).run(job.id)
    assert jobs.get(job.id).state == CANCELLED


def test_a_job_whose_worker_is_killed_is_claimed_by_another(jobs, runners, sqlite_engine) -> None:
    job = jobs.enqueue("try", {}, "a")
    url = str(sqlite_engine.url)
    child = subprocess.Popen([sys.executable, "-c", ENDLESS, url, job.id], cwd=ROOT)
    try:
        until_s = time.monotonic() + 30
        while jobs.get(job.id).step != "begun":
            assert time.monotonic() < until_s
            time.sleep(0.05)
    finally:
        child.kill()
        child.wait()
    assert jobs.get(job.id).state == RUNNING
    assert jobs.claimable() == []
    later = JobQueue(sqlite_engine, lambda: time.time() + STALE_S + 5)
    assert later.claimable() == [job.id]
    runners["try"] = lambda *_: {}
    worker(later, runners).run(job.id)
    assert (jobs.get(job.id).state, jobs.get(job.id).attempts) == (DONE, 2)


def test_a_rekeying_waits_while_a_part_is_unavailable(jobs, runners, monkeypatch) -> None:
    monkeypatch.setattr(services.jobs.worker, "RETRY_S", 0)
    job = jobs.enqueue("rekey", {"subjects": [], "why": "stop"}, "patients")
    for error in (
        StoreUnavailable("the store is unavailable"),
        sa.exc.OperationalError("x", {}, None),
    ):
        runners["rekey"] = raiser(error)
        worker(jobs, runners).run(job.id)
        assert jobs.get(job.id).state == QUEUED
    runners["rekey"] = lambda *_: {"receipt": ""}
    worker(jobs, runners).run(job.id)
    assert (jobs.get(job.id).state, jobs.get(job.id).attempts) == (DONE, 1)


@pytest.mark.parametrize("error", [NameMismatch, RecordLost, SealBroken, StorageNotFound])
def test_an_erasure_waits_until_what_is_damaged_is_repaired(
    jobs, runners, monkeypatch, error
) -> None:
    monkeypatch.setattr(services.jobs.worker, "RETRY_S", 0)
    job = jobs.enqueue("erase", {"erasure": "e"}, "c")
    runners["erase"] = raiser(error("a list of pinned blocks is damaged"))
    for _ in range(5):
        worker(jobs, runners).run(job.id)
        assert jobs.get(job.id).state == QUEUED
        assert jobs.get(job.id).error == "a list of pinned blocks is damaged"
    runners["erase"] = lambda *_: {"body": ""}
    worker(jobs, runners).run(job.id)
    assert (jobs.get(job.id).state, jobs.get(job.id).attempts) == (DONE, 1)


def test_a_worker_that_lost_its_job_leaves_it_alone(jobs, runners, sqlite_engine) -> None:
    job = jobs.enqueue("try", {}, "a")
    later = JobQueue(sqlite_engine, lambda: time.time() + STALE_S + 5)

    def slow(_, progress):
        later.end(later.claim(job.id), DONE, {"by": "another"})
        return {"by": "me"}

    runners["try"] = slow
    worker(jobs, runners).run(job.id)
    assert jobs.get(job.id).result == {"by": "another"}


def test_progress_is_stored_a_few_times_a_second_and_at_each_step(jobs) -> None:
    reported = []
    rows = SimpleNamespace(progress=lambda job, *how: reported.append(how))
    reports = ProgressWriter(rows, jobs.enqueue("try", {}, "a"))
    for step in ("fit", "evaluate"):
        for done in range(1_001):
            reports(step, done, 1_000)
    assert ("fit", 0, 100) in reported
    assert ("fit", 99, 100) in reported  # what is done is at 100 when the job has ended
    assert reported[-1] == ("evaluate", 99, 100)
    assert len(reported) < 50


def test_a_periodic_task_continues_after_an_error(jobs, caplog) -> None:
    made, turns = worker(jobs, runners), []
    secret = "ab" * 8

    def act() -> None:
        turns.append(1)
        if len(turns) == 4:
            made._stopping.set()
        if len(turns) % 2:
            raise RuntimeError(secret)
        raise sa.exc.OperationalError(secret, {}, None)

    with caplog.at_level(logging.WARNING, "vouchsafe"):
        made._repeat(PeriodicTask(0.001, [act]))
    assert len(turns) == 4
    assert secret not in caplog.text
    assert "test_worker.py" in caplog.text


def test_a_worker_polls_the_rows_and_stops_when_told_to(jobs, runners, sqlite_engine) -> None:
    seen = threading.Event()
    runners["try"] = lambda job, _: seen.set() or {}
    workers = Workers(sqlite_engine, time.time)
    made = Worker(jobs=jobs, workers=workers, runners=runners, poll_s=0.01)
    working = threading.Thread(target=made.work, daemon=True)
    working.start()
    job = jobs.enqueue("try", {}, "a")
    assert seen.wait(10)
    assert workers.is_any_alive()
    made.stop()
    working.join(10)
    assert not working.is_alive()
    assert not workers.is_any_alive()
    assert jobs.get(job.id).state in (RUNNING, DONE)


def test_a_heartbeat_under_way_does_not_outlive_its_worker(jobs, runners, sqlite_engine) -> None:
    begun, released, ended = threading.Event(), threading.Event(), threading.Event()
    workers = Workers(sqlite_engine, time.time)
    beat, beats = workers.beat, []

    def slow(identity: str) -> None:
        beats.append(identity)
        if len(beats) == 2:
            begun.set()
            assert released.wait(10)
        beat(identity)
        if len(beats) == 2:
            ended.set()

    workers.beat = slow
    made = Worker(jobs=jobs, workers=workers, runners=runners, poll_s=0.01)
    working = threading.Thread(target=made.work, daemon=True)
    working.start()
    assert begun.wait(10)
    made.stop()
    working.join(0.2)
    released.set()
    working.join(10)
    assert not working.is_alive()
    assert ended.wait(10)
    assert not workers.is_any_alive()


def test_the_jobs_that_wait_are_run_oldest_first(jobs, runners) -> None:
    seen = []
    runners["try"] = lambda job, _: seen.append(job.arguments["n"]) or {}
    now = [1_000.0]
    jobs = JobQueue(jobs._engine, lambda: now[0])
    for n in range(3):
        jobs.enqueue("try", {"n": n}, "a")
        now[0] += 1
    worker(jobs, runners).run_claimable()
    assert seen == [0, 1, 2]


def test_heartbeats_continue_when_the_database_is_back_and_end_when_the_job_is_lost(
    jobs, monkeypatch
) -> None:
    monkeypatch.setattr(services.jobs.worker, "HEARTBEAT_S", 0.001)
    beats = []

    def beat(job) -> None:
        beats.append(job)
        raise (sa.exc.OperationalError("x", {}, None), JobLost())[len(beats) > 2]

    job = jobs.enqueue("try", {}, "a")
    services.jobs.worker._beat(SimpleNamespace(beat=beat), [job], threading.Event())
    assert len(beats) == 3


def test_a_worker_is_alive_until_it_leaves_or_its_heartbeat_stops(engine) -> None:
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
    facts = {
        "id": 7,
        "study": "study:s",
        "question": "q",
        "predecessor": None,
        "state": "done",
        "started_at_s": 2**40,
        "model_id": "q-7",
    }
    return SimpleNamespace(**facts | how)


class Diagnostics:
    """Diagnostics with these training runs; `asked` lists the models it returned."""

    def __init__(self, *runs) -> None:
        self._runs, self.asked = list(runs), []

    def training_runs(self):
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


ARGUMENTS = {"study": "study:s", "question": "q", "model": "q-1"}


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
def test_a_training_continues_where_its_worker_died_and_makes_one_model(
    jobs, sqlite_engine, case, result
) -> None:
    kind, runs, tries = case
    job = jobs.enqueue(kind, ARGUMENTS, "a")
    if tries == 2:
        jobs.claim(job.id)
        jobs = JobQueue(sqlite_engine, lambda: time.time() + STALE_S + 5)
    training_worker(jobs, Diagnostics(*runs)).run(job.id)
    assert jobs.get(job.id).result["model"] == result


def test_a_model_that_has_a_successor_is_not_replaced_again(jobs) -> None:
    diagnostics = Diagnostics()
    replaced = SimpleNamespace(successor="q-9")
    diagnostics.model = lambda name: replaced if name == "q-1" else diagnostics._model(name)
    job = jobs.enqueue("retrain", ARGUMENTS, "a")
    training_worker(jobs, diagnostics).run(job.id)
    assert jobs.get(job.id).result["model"] == "q-9"


def test_cancelling_a_training_also_ends_its_run(jobs) -> None:
    seen = []
    job = jobs.enqueue("train", ARGUMENTS, "a")

    def train(study, question, progress):
        jobs.cancel(job.id)
        try:
            progress("fit", 1, 5)
        except RunCancelled as exc:
            seen.append(exc)
            raise

    diagnostics = Diagnostics()
    diagnostics.train = train
    training_worker(jobs, diagnostics).run(job.id)
    assert len(seen) == 1
    assert jobs.get(job.id).state == CANCELLED


def test_every_kind_of_job_has_a_runner() -> None:
    by_id = dict.fromkeys(("check-upload", "store-upload", "erase", COUNT, CENSUS))
    runners = make_runners(
        diagnostics=None, store=None, auditor=None, by_id=by_id, erase_answers=None, export=None
    )
    assert set(runners) == set(UNIQUE_ARGUMENTS)
    assert set(runners) >= PROMPT


def test_rekeyings_do_not_wait_for_a_long_job_and_are_carried_out_together(jobs, runners) -> None:
    batches = []
    runners["rekey"] = lambda job, _: batches.append(job.arguments) or {"receipt": ""}
    runners["verify"] = raiser(AssertionError("another lane"))
    jobs.enqueue("verify", {}, "a")
    queued = [
        jobs.enqueue("rekey", {"subjects": [subject], "why": why}, "patients").id
        for subject, why in (("ab", "stop"), ("cd", "withdrawal"), ("ef", "stop"))
    ]
    worker(jobs, runners).run_prompt()
    assert batches == [
        {"subjects": ["ab", "ef"], "why": "stop"},
        {"subjects": ["cd"], "why": "withdrawal"},
    ]
    assert {jobs.get(job).state for job in queued} == {DONE}
    assert jobs.counts() == {("verify", "queued"): 1}


def test_the_other_lane_leaves_patients_decisions_to_theirs(jobs, runners) -> None:
    runners["rekey"] = runners["erase"] = raiser(AssertionError("another lane"))
    runners["verify"] = lambda *_: {}
    for kind, arguments in (("rekey", {"subjects": []}), ("erase", {"erasure": "e"})):
        jobs.enqueue(kind, arguments, "patients")
    verification = jobs.enqueue("verify", {}, "a")
    worker(jobs, runners).run_claimable()
    assert jobs.get(verification.id).state == DONE
    assert len(jobs.claimable()) == 2


def test_rekeyings_that_cannot_be_done_now_are_all_tried_again(jobs, runners) -> None:
    runners["rekey"] = raiser(LedgerUnavailable("the ledger is unavailable"))
    queued = [
        jobs.enqueue("rekey", {"subjects": [name], "why": "stop"}, "patients").id
        for name in ("ab", "cd")
    ]
    worker(jobs, runners).run_prompt()
    assert {jobs.get(job).state for job in queued} == {"queued"}
    assert {jobs.get(job).attempts for job in queued} == {0}
