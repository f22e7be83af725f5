from __future__ import annotations

import threading

import pytest

from services.jobs.queue import (
    CANCELLED,
    DONE,
    FAILED,
    MAX_ATTEMPTS,
    QUEUED,
    RUNNING,
    STALE_S,
    JobCancelled,
    JobLost,
)
from services.jobs.queue import JobQueue as JobRows


@pytest.fixture
def now() -> list[float]:
    return [1_000.0]


@pytest.fixture
def jobs(engine, now) -> JobRows:
    return JobRows(engine, lambda: now[0])


def test_a_job_is_kept_as_it_was_asked(jobs) -> None:
    job = jobs.add("verify", {"a": [1]}, "organisation:a")
    assert jobs.require(job.id) == job
    assert (job.state, job.arguments, job.asked_at_s) == (QUEUED, {"a": [1]}, 1_000)
    assert jobs.find("none") is None
    with pytest.raises(KeyError):
        jobs.require("none")


def test_one_worker_only_takes_a_job_up(jobs) -> None:
    job = jobs.add("verify", {}, "a")
    taken = []
    threads = [threading.Thread(target=lambda: taken.append(jobs.claim(job.id))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [one.id for one in taken if one is not None] == [job.id]
    assert len(taken) == 8


def test_a_job_whose_worker_died_is_free_again_and_one_that_beats_is_not(jobs, now) -> None:
    job = jobs.add("verify", {}, "a")
    taken = jobs.claim(job.id)
    now[0] += STALE_S
    jobs.beat(taken)
    now[0] += STALE_S
    assert jobs.waiting() == []
    now[0] += 1
    assert jobs.waiting() == [job.id]
    assert jobs.claim(job.id).attempts == 2


def test_a_job_that_kills_its_worker_each_time_is_given_up(jobs, now) -> None:
    job = jobs.add("verify", {}, "a")
    for _ in range(MAX_ATTEMPTS):
        assert jobs.claim(job.id) is not None
        now[0] += STALE_S + 1
    assert jobs.claim(job.id) is None
    assert jobs.require(job.id).state == FAILED


def test_a_job_that_waits_is_cancelled_at_once_and_one_that_runs_when_it_next_tells(jobs) -> None:
    waiting, running = jobs.add("verify", {"n": 1}, "a"), jobs.add("verify", {"n": 2}, "a")
    taken = jobs.claim(running.id)
    for job in (waiting, running):
        jobs.cancel(job.id)
    assert jobs.require(waiting.id).state == CANCELLED
    assert jobs.require(running.id).state == RUNNING
    with pytest.raises(JobCancelled):
        jobs.progress(taken, "step", 1, 2)
    assert jobs.require(running.id).done == 1


def test_a_job_that_was_to_end_when_its_worker_died_is_not_begun_again(jobs, now) -> None:
    job = jobs.add("verify", {}, "a")
    jobs.claim(job.id)
    jobs.cancel(job.id)
    now[0] += STALE_S + 1
    assert jobs.claim(job.id) is None
    assert jobs.require(job.id).state == CANCELLED


def test_a_job_that_is_over_stays_as_it_is(jobs) -> None:
    job = jobs.add("verify", {}, "a")
    jobs.end(jobs.claim(job.id), DONE, {"agrees": True})
    jobs.cancel(job.id)
    assert jobs.claim(job.id) is None
    over = jobs.require(job.id)
    assert (over.state, over.result, over.is_cancelling) == (DONE, {"agrees": True}, False)


def test_the_newest_jobs_come_first(jobs, now) -> None:
    first = jobs.add("verify", {}, "a")
    now[0] += 1
    second = jobs.add("verify", {}, "a")
    assert [job.id for job in jobs.all()] == [second.id, first.id]
    assert len(jobs.all(1)) == 1


def test_late_news_of_a_worker_that_was_thought_dead_changes_nothing(jobs, now) -> None:
    job = jobs.add("train", {}, "a")
    first = jobs.claim(job.id)
    now[0] += STALE_S + 1
    second = jobs.claim(job.id)
    for late in (
        lambda: jobs.beat(first),
        lambda: jobs.progress(first, "fit", 1, 2),
        lambda: jobs.put_back(first, "away", 1),
        lambda: jobs.end(first, FAILED, error="late"),
    ):
        with pytest.raises(JobLost):
            late()
    assert jobs.require(job.id) == second
    jobs.end(second, DONE, {"ok": True})
    with pytest.raises(JobLost):
        jobs.end(second, FAILED)
    assert jobs.require(job.id).state == DONE


def test_jobs_alike_are_done_one_after_another(jobs, now) -> None:
    one, other = jobs.add("train", {"study": "s"}, "a"), jobs.add("train", {"study": "s"}, "b")
    different = jobs.add("train", {"study": "t"}, "a")
    taken = jobs.claim(one.id)
    assert jobs.claim(other.id) is None
    assert jobs.claim(different.id) is not None
    jobs.end(taken, DONE, {})
    assert jobs.claim(other.id) is not None


def test_of_two_workers_with_jobs_alike_one_begins(jobs) -> None:
    made = [jobs.add("train", {}, "a") for _ in range(8)]
    taken = []
    threads = [
        threading.Thread(target=lambda i=job.id: taken.append(jobs.claim(i))) for job in made
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(taken), len([one for one in taken if one is not None])) == (8, 1)


def test_a_job_alike_whose_worker_died_holds_up_no_other(jobs, now) -> None:
    one, other = jobs.add("train", {}, "a"), jobs.add("train", {}, "a")
    jobs.claim(one.id)
    now[0] += STALE_S + 1
    assert jobs.claim(other.id) is not None


def test_a_job_that_is_put_back_waits_and_does_not_count_as_tried(jobs, now) -> None:
    job = jobs.add("rekey", {}, "a")
    for _ in range(MAX_ATTEMPTS + 2):
        jobs.put_back(jobs.claim(job.id), "the store is away", 10)
        assert jobs.waiting() == []
        assert jobs.claim(job.id) is None
        now[0] += 10
        assert jobs.waiting() == [job.id]
    assert (jobs.require(job.id).state, jobs.require(job.id).error) == (QUEUED, "the store is away")


def test_a_job_that_is_not_there_is_not_taken_up(jobs) -> None:
    assert jobs.claim("none") is None
