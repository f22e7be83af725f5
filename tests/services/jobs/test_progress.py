"""How far a job is: one number that only rises."""

from __future__ import annotations

from typing import Any

import pytest

from services.jobs.progress import LAST, percent_of
from services.jobs.queue import DONE, JobQueue
from services.jobs.worker import ProgressWriter


def test_a_verification_rises_through_its_seven_parts() -> None:
    steps = ("ledger", "mirror", "catalogue", "blocks", "journal", "manifests", "cards")
    reports = [percent_of("verify", step, done, 4) for step in steps for done in range(5)]
    assert reports == sorted(reports)
    assert (reports[0], reports[-1]) == (0, LAST)


@pytest.mark.parametrize(("done", "expected"), [(0, 0), (3, 60), (5, LAST), (9, LAST)])
def test_other_jobs_report_how_far_the_whole_is(done: int, expected: int) -> None:
    assert percent_of("train", "fit", done, 5) == expected


def test_what_is_stored_never_falls_and_ends_at_the_whole(sqlite_engine: Any) -> None:
    jobs = JobQueue(sqlite_engine, lambda: 1_000)
    job = jobs.claim(jobs.enqueue("train", {"study": "s", "question": "q"}, "s").id)
    assert job is not None
    write = ProgressWriter(jobs, job)
    percents = []
    for step, done in (("gather", 0), ("fit", 2), ("gather", 0), ("fit", 2), ("publish", 4)):
        write(step, done, 5)
        percents.append(jobs.get(job.id).done)
    assert percents == sorted(percents) == [0, 40, 40, 40, 80]
    jobs.end(job, DONE, {})
    assert (jobs.get(job.id).done, jobs.get(job.id).of) == (100, 100)


def test_a_count_without_an_end_is_stored_as_it_is(sqlite_engine: Any) -> None:
    jobs = JobQueue(sqlite_engine, lambda: 1_000)
    job = jobs.claim(jobs.enqueue("evidence", {}, "s").id)
    assert job is not None
    ProgressWriter(jobs, job)("bundle", 4_000, 0)
    assert (jobs.get(job.id).done, jobs.get(job.id).of) == (4_000, 0)
