from __future__ import annotations

import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from services.errors import TooManyRequests
from services.jobs.queue import (
    ACTIVE,
    CANCELLED,
    DONE,
    FAILED,
    HOUR_S,
    MAX_AN_HOUR,
    MAX_ATTEMPTS,
    QUEUED,
    RUNNING,
    STALE_S,
    JobCancelled,
    JobLost,
    JobQueue,
)

ROOT = Path(__file__).resolve().parents[3]
TRAINING = {"study": "study:s", "question": "q"}
ENQUEUE = """
import sys, time
from deploy.database import make_engine
from services.jobs.queue import JobQueue

jobs = JobQueue(make_engine(sys.argv[1]), time.time)
for n in range(50):
    print(jobs.enqueue("train", {"study": f"study:{n}", "question": "q"}, "a").id)
"""


@pytest.fixture
def now() -> list[float]:
    return [1_000.0]


@pytest.fixture
def jobs(engine, now) -> JobQueue:
    return JobQueue(engine, lambda: now[0])


def test_a_job_is_stored_as_requested(jobs) -> None:
    job = jobs.enqueue("verify", {"a": [1]}, "organisation:a")
    assert jobs.get(job.id) == job
    assert (job.state, job.arguments, job.requested_at_s) == (QUEUED, {"a": [1]}, 1_000)
    assert jobs.find("none") is None
    with pytest.raises(KeyError):
        jobs.get("none")


def test_only_one_worker_claims_a_job(jobs) -> None:
    job = jobs.enqueue("verify", {}, "a")
    taken = []
    threads = [threading.Thread(target=lambda: taken.append(jobs.claim(job.id))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [claimed.id for claimed in taken if claimed is not None] == [job.id]
    assert len(taken) == 8


def test_a_job_is_claimable_again_when_its_heartbeat_stops(jobs, now) -> None:
    job = jobs.enqueue("verify", {}, "a")
    taken = jobs.claim(job.id)
    now[0] += STALE_S
    jobs.beat(taken)
    now[0] += STALE_S
    assert jobs.claimable() == []
    now[0] += 1
    assert jobs.claimable() == [job.id]
    assert jobs.claim(job.id).attempts == 2


def test_a_job_that_kills_its_worker_each_time_fails(jobs, now) -> None:
    job = jobs.enqueue("verify", {}, "a")
    for _ in range(MAX_ATTEMPTS):
        assert jobs.claim(job.id) is not None
        now[0] += STALE_S + 1
    assert jobs.claim(job.id) is None
    assert jobs.get(job.id).state == FAILED


def test_a_queued_job_is_cancelled_at_once_and_a_running_one_at_its_next_progress(jobs) -> None:
    waiting, running = jobs.enqueue("verify", {}, "a"), jobs.enqueue("evidence", {}, "a")
    taken = jobs.claim(running.id)
    for job in (waiting, running):
        jobs.cancel(job.id)
    assert jobs.get(waiting.id).state == CANCELLED
    assert jobs.get(running.id).state == RUNNING
    with pytest.raises(JobCancelled):
        jobs.progress(taken, "step", 1, 2)
    assert jobs.get(running.id).done == 1


def test_a_cancelled_job_whose_worker_died_is_not_started_again(jobs, now) -> None:
    job = jobs.enqueue("verify", {}, "a")
    jobs.claim(job.id)
    jobs.cancel(job.id)
    now[0] += STALE_S + 1
    assert jobs.claim(job.id) is None
    assert jobs.get(job.id).state == CANCELLED


def test_a_job_that_has_ended_does_not_change(jobs) -> None:
    job = jobs.enqueue("verify", {}, "a")
    jobs.end(jobs.claim(job.id), DONE, {"agrees": True})
    jobs.cancel(job.id)
    assert jobs.claim(job.id) is None
    over = jobs.get(job.id)
    assert (over.state, over.result, over.is_cancelling) == (DONE, {"agrees": True}, False)


def test_the_newest_jobs_come_first(jobs, now) -> None:
    first = jobs.enqueue("rekey", {"subjects": [str(now[0])]}, "a")
    now[0] += 1
    second = jobs.enqueue("rekey", {"subjects": [str(now[0])]}, "a")
    assert [job.id for job in jobs.newest(limit=9)] == [second.id, first.id]
    assert len(jobs.newest(limit=1)) == 1


def test_jobs_are_selected_by_kind_requester_and_state(jobs) -> None:
    training = jobs.enqueue("train", TRAINING, "study:s")
    ended = jobs.enqueue("rekey", {"subjects": []}, "patients")
    jobs.end(jobs.claim(ended.id), DONE, {})
    assert [job.id for job in jobs.newest(kind="train", limit=9)] == [training.id]
    assert [job.id for job in jobs.newest(requested_by="patients", limit=9)] == [ended.id]
    assert [job.id for job in jobs.newest(states=ACTIVE, limit=9)] == [training.id]
    assert jobs.counts() == {("train", QUEUED): 1}


def test_late_reports_of_a_worker_that_lost_its_job_change_nothing(jobs, now) -> None:
    job = jobs.enqueue("train", TRAINING, "a")
    first = jobs.claim(job.id)
    now[0] += STALE_S + 1
    second = jobs.claim(job.id)
    for late in (
        lambda: jobs.beat(first),
        lambda: jobs.progress(first, "fit", 1, 2),
        lambda: jobs.postpone(first, "unavailable", 1),
        lambda: jobs.end(first, FAILED, error="late"),
    ):
        with pytest.raises(JobLost):
            late()
    assert jobs.get(job.id) == second
    jobs.end(second, DONE, {"ok": True})
    with pytest.raises(JobLost):
        jobs.end(second, FAILED)
    assert jobs.get(job.id).state == DONE


def test_a_training_that_is_active_is_not_queued_again(jobs) -> None:
    first, second = jobs.enqueue("train", TRAINING, "a"), jobs.enqueue("train", TRAINING, "b")
    other = jobs.enqueue("train", TRAINING | {"study": "t"}, "a")
    assert second == first
    assert other.id != first.id
    jobs.end(jobs.claim(first.id), DONE, {})
    assert jobs.enqueue("train", TRAINING, "a").id != first.id


def test_a_hundred_rekeyings_do_not_hide_a_running_training(jobs, now) -> None:
    training = jobs.enqueue("train", TRAINING, "study:s")
    jobs.claim(training.id)
    for n in range(101):
        now[0] += 0.001
        jobs.enqueue("rekey", {"subjects": [str(n)]}, "patients")
    assert [job.id for job in jobs.newest(kind="train", limit=9)] == [training.id]
    assert jobs.enqueue("train", TRAINING, "study:s").id == training.id
    assert len(jobs.newest(kind="rekey", limit=1_000)) == 101


def test_one_rekeying_of_a_subject_waits_at_most_also_while_another_runs(jobs) -> None:
    rekeying = {"subjects": ["ab"], "why": "withdrawal"}
    first = jobs.enqueue("rekey", rekeying, "patients")
    assert jobs.enqueue("rekey", rekeying, "patients").id == first.id
    jobs.claim(first.id)
    second = jobs.enqueue("rekey", rekeying, "patients")
    assert second.id != first.id
    assert jobs.enqueue("rekey", rekeying, "patients").id == second.id
    assert jobs.enqueue("rekey", {"subjects": ["cd"], "why": "stop"}, "patients").id != second.id


def test_a_requester_may_verify_twelve_times_an_hour_and_others_are_not_held_up(jobs, now) -> None:
    for _ in range(MAX_AN_HOUR["verify"]):
        jobs.end(jobs.claim(jobs.enqueue("verify", {}, "a").id), DONE, {})
    with pytest.raises(TooManyRequests) as refusal:
        jobs.enqueue("verify", {}, "a")
    assert refusal.value.wait_s == HOUR_S
    other = jobs.enqueue("verify", {}, "b")
    assert jobs.enqueue("verify", {}, "a").id == other.id
    jobs.end(jobs.claim(other.id), DONE, {})
    now[0] += HOUR_S
    assert jobs.enqueue("verify", {}, "a").is_active


def test_parties_that_are_limited_together_share_an_hour_and_keep_their_own_jobs(jobs) -> None:
    for number in range(MAX_AN_HOUR["count-people"]):
        party, other = ("a", "b") if number % 2 else ("b", "a")
        job = jobs.enqueue("count-people", {"draft": str(number)}, party, [other])
        assert job.requested_by == party
    for party, others in (("a", ["b"]), ("c", ["a", "b", "c"])):
        with pytest.raises(TooManyRequests):
            jobs.enqueue("count-people", {"draft": "one more"}, party, others)
    assert jobs.enqueue("count-people", {"draft": "one more"}, "d").is_active


def test_jobs_are_claimable_by_kind(jobs) -> None:
    rekeying = jobs.enqueue("rekey", {"subjects": ["ab"]}, "patients").id
    verification = jobs.enqueue("verify", {}, "a").id
    assert jobs.claimable(kinds=("rekey",)) == [rekeying]
    assert jobs.claimable(excluded=("rekey",)) == [verification]


def test_threads_that_queue_the_same_training_get_one_job(jobs) -> None:
    queued = []
    threads = [
        threading.Thread(target=lambda: queued.append(jobs.enqueue("train", TRAINING, "a").id))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(queued), len(set(queued))) == (8, 1)


def test_processes_that_queue_the_same_training_get_one_job(engine) -> None:
    url = engine.url.render_as_string(hide_password=False)
    processes = [
        subprocess.Popen([sys.executable, "-c", ENQUEUE, url], cwd=ROOT, stdout=subprocess.PIPE)
        for _ in range(2)
    ]
    queued = [process.communicate(timeout=60)[0] for process in processes]
    assert [process.returncode for process in processes] == [0, 0]
    assert len(JobQueue(engine, time.time).newest(kind="train", limit=999)) == 50
    assert queued[0] == queued[1] != b""


def test_a_training_whose_worker_died_is_the_one_that_is_continued(jobs, now) -> None:
    training = jobs.enqueue("train", TRAINING, "a")
    jobs.claim(training.id)
    now[0] += STALE_S + 1
    assert jobs.enqueue("train", TRAINING, "a").id == training.id
    assert jobs.claim(training.id).attempts == 2


def test_a_postponed_job_waits_and_its_attempt_does_not_count(jobs, now) -> None:
    job = jobs.enqueue("rekey", {"subjects": [str(now[0])]}, "a")
    for _ in range(MAX_ATTEMPTS + 2):
        jobs.postpone(jobs.claim(job.id), "the store is unavailable", 10)
        assert jobs.claimable() == []
        assert jobs.claim(job.id) is None
        now[0] += 10
        assert jobs.claimable() == [job.id]
    assert (jobs.get(job.id).state, jobs.get(job.id).error) == (QUEUED, "the store is unavailable")


def test_an_unknown_job_is_not_claimed(jobs) -> None:
    assert jobs.claim("none") is None
