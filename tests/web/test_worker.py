from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

import web.worker
from consent import LedgerUnavailable
from web.jobs import CANCELLED, DONE, FAILED, RUNNING, STALE_S
from web.jobs import Jobs as JobRows

ROOT = Path(__file__).resolve().parents[2]
ENDLESS = """
import sys, time
from pathlib import Path
from types import SimpleNamespace
import web.worker
from deploy.database import make_engine
from web.jobs import Jobs

def endless(platform, arguments, progress):
    progress("begun", 0, 1)
    time.sleep(600)

web.worker.RUNNERS = {"try": endless}
jobs = Jobs(make_engine(sys.argv[1]), time.time)
web.worker.Worker(SimpleNamespace(jobs=jobs, home=Path(sys.argv[2]))).run(sys.argv[3])
"""


@pytest.fixture
def jobs(sqlite_engine) -> JobRows:
    return JobRows(sqlite_engine, time.time)


@pytest.fixture
def runners(monkeypatch) -> dict:
    """What the worker can do in these tests."""
    made: dict = {}
    monkeypatch.setattr(web.worker, "RUNNERS", made)
    return made


def worker(jobs, tmp_path):
    return web.worker.Worker(SimpleNamespace(jobs=jobs, home=tmp_path))


def test_what_a_job_returns_is_its_result(jobs, runners, tmp_path) -> None:
    runners["try"] = lambda platform, arguments, progress: {"twice": arguments["n"] * 2}
    job = jobs.add("try", {"n": 2}, "a")
    worker(jobs, tmp_path).run(job.id)
    worker(jobs, tmp_path).run(job.id)
    assert (jobs.require(job.id).result, jobs.require(job.id).attempts) == ({"twice": 4}, 1)


def test_a_refusal_is_told_and_a_surprise_is_not(jobs, runners, tmp_path) -> None:
    def refuse(error):
        def run(*_):
            raise error

        return run

    runners["refused"] = refuse(LedgerUnavailable("the ledger is away"))
    runners["surprise"] = refuse(RuntimeError("a secret"))
    told = {}
    for kind in runners:
        job = jobs.add(kind, {}, "a")
        worker(jobs, tmp_path).run(job.id)
        told[kind] = jobs.require(job.id)
    assert {job.state for job in told.values()} == {FAILED}
    assert told["refused"].error == "the ledger is away"
    assert "secret" not in told["surprise"].error


def test_a_job_ends_when_it_is_cancelled(jobs, runners, tmp_path) -> None:
    def run(platform, arguments, progress):
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
