"""Runs the worker process: polls the job rows, runs jobs, repeats the maintenance tasks."""

from __future__ import annotations

import logging
import secrets
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final

from attrs import define, field

import models
import storage
from consent import LedgerUnavailable
from services import database
from services.chunks import chunks
from services.jobs.heartbeats import BEAT_S, Workers
from services.jobs.kinds import ERASE, PROMPT, REKEY, Runner
from services.jobs.progress import WHOLE, percent_of
from services.jobs.queue import (
    CANCELLED,
    DONE,
    FAILED,
    HEARTBEAT_S,
    Job,
    JobCancelled,
    JobLost,
    JobQueue,
)
from services.logs import PROJECT_ERRORS, trace_of

LOG: Final = logging.getLogger("vouchsafe.worker")
UNAVAILABLE: Final = (
    LedgerUnavailable,
    storage.StorageUnavailable,
    models.ModelsUnavailable,
    *database.UNAVAILABLE_ERRORS,
)
DAMAGED: Final = (storage.StorageBroken, storage.StorageNotFound)
"""What an erasure waits for: a person repairs it. A re-encryption would start again at each try."""
POLL_S: Final = 0.5
PROGRESS_EVERY_S: Final = 0.25
RETRY_S: Final = 10
MAX_TOGETHER: Final = 500
"""Re-keyings that are carried out as one: one batch, one pin, one collection of garbage."""


@dataclass(frozen=True, slots=True)
class PeriodicTask:
    """Actions that the worker repeats in this order, on a thread of their own."""

    every_s: float
    actions: Sequence[Callable[[], object]]


@define(eq=False, repr=False, kw_only=True)
class Worker:
    """Claims jobs, sends heartbeats while they run, and records their results.

    Two lanes: one job at a time of those that carry out a patient's decision, and one of all
    others, so that a re-keying never waits for a training.
    """

    _jobs: JobQueue
    _workers: Workers
    _runners: Mapping[str, Runner]
    _tasks: Sequence[PeriodicTask] = ()
    _poll_s: float = POLL_S
    _name: str = field(init=False, factory=lambda: secrets.token_hex(16))
    _stopping: threading.Event = field(init=False, factory=threading.Event)

    def work(self) -> None:
        """Work until `stop` is called; a job that runs then is left to the next worker."""
        # Before any job is claimed, so that a job never runs while no worker is known.
        log_errors(self._report_alive)
        beats = self._start(PeriodicTask(BEAT_S, [self._report_alive]))
        # Separate threads, so that a slow store does not delay jobs or heartbeats.
        prompt = PeriodicTask(self._poll_s, [self.run_prompt])
        others = PeriodicTask(self._poll_s, [self.run_claimable])
        for task in (prompt, others, *self._tasks):
            self._start(task)
        self._stopping.wait()
        # A heartbeat under way would store the row again after `leave` removed it.
        beats.join(BEAT_S)
        log_errors(lambda: self._workers.leave(self._name))

    def stop(self) -> None:
        """Make `work` return."""
        self._stopping.set()

    def run_claimable(self) -> None:
        """Run the jobs that wait, oldest first, but none that carries out a patient's decision."""
        self._run_each(self._jobs.claimable(excluded=PROMPT))

    def run_prompt(self) -> None:
        """Run the jobs that carry out patients' decisions, re-keyings together."""
        rekeyings = self._jobs.claimable(kinds=(REKEY,))
        for part in chunks(rekeyings, MAX_TOGETHER):
            self.run_together(part)
        self._run_each(self._jobs.claimable(kinds=PROMPT - {REKEY}))

    def _run_each(self, job_ids: Sequence[str]) -> None:
        for job_id in job_ids:
            if self._stopping.is_set():
                return
            self.run(job_id)

    def run(self, job_id: str) -> None:
        """Run one job, unless it has ended, is running or must wait."""
        job = self._jobs.claim(job_id)
        if job is not None:
            self._run_claimed(job, [job])

    def run_together(self, job_ids: Sequence[str]) -> None:
        """Run these re-keyings as one for each reason, but none that must wait or has ended."""
        by_reason: dict[str, list[Job]] = {}
        for job_id in job_ids:
            job = self._jobs.claim(job_id)
            if job is not None:
                by_reason.setdefault(job.arguments["why"], []).append(job)
        for why, jobs in by_reason.items():
            subjects = sorted({s for job in jobs for s in job.arguments["subjects"]})
            self._run_claimed(replace(jobs[0], arguments={"subjects": subjects, "why": why}), jobs)

    def _run_claimed(self, job: Job, claimed: Sequence[Job]) -> None:
        """Run a job that stands for all of these; each gets its result."""
        ended = threading.Event()
        threading.Thread(target=_beat, args=(self._jobs, claimed, ended), daemon=True).start()
        try:
            end = self._end_of(job)
        finally:
            ended.set()
        for each in claimed:
            try:
                end(each)
            except JobLost:
                LOG.warning("job %s belongs to another worker now", each.id)

    def _end_of(self, job: Job) -> Callable[[Job], None]:
        """Run a job; return what records its end."""
        try:
            result = self._runners[job.kind](job, ProgressWriter(self._jobs, job))
        except JobLost:
            return _leave
        except JobCancelled:
            return lambda each: self._jobs.end(each, CANCELLED)
        except Exception as exc:  # noqa: BLE001 - it must end the job, not the worker
            return partial(self._record_failure, exc)
        return lambda each: self._jobs.end(each, DONE, result)

    def _record_failure(self, error: Exception, job: Job) -> None:
        reason = describe_error(error)
        is_unavailable = isinstance(error, UNAVAILABLE) and job.kind in PROMPT
        if is_unavailable or (isinstance(error, DAMAGED) and job.kind == ERASE):
            self._jobs.postpone(job, reason, RETRY_S)
        else:
            self._jobs.end(job, FAILED, _failure(error), reason)

    def _start(self, task: PeriodicTask) -> threading.Thread:
        thread = threading.Thread(target=self._repeat, args=(task,), daemon=True)
        thread.start()
        return thread

    def _report_alive(self) -> None:
        self._workers.beat(self._name)

    def _repeat(self, task: PeriodicTask) -> None:
        while True:
            for action in task.actions:
                log_errors(action)
            if self._stopping.wait(task.every_s):
                return


class ProgressWriter:
    """Stores a job's progress in percent: each new step, and otherwise a few times a second.

    What is stored only rises, also when a step or an attempt starts again from its beginning.
    """

    def __init__(self, jobs: JobQueue, job: Job) -> None:
        self._jobs = jobs
        self._job = job
        self._percent = job.done if job.of == WHOLE else 0
        self._step = ""
        self._written_s = 0.0

    def __call__(self, step: str, done: int, of: int) -> None:
        """Report a step; raises what `JobQueue.progress` raises."""
        now_s = time.monotonic()
        is_due = now_s - self._written_s >= PROGRESS_EVERY_S
        if step != self._step or done == of or is_due:
            self._step, self._written_s = step, now_s
            if of <= 0:  # a count without an end, such as lines written
                self._jobs.progress(self._job, step, done, 0)
                return
            self._percent = max(self._percent, percent_of(self._job.kind, step, done, of))
            self._jobs.progress(self._job, step, self._percent, WHOLE)


def describe_error(error: Exception) -> str:
    """Return an error's message for the requester; an unexpected error is only logged."""
    if isinstance(error, PROJECT_ERRORS):
        return str(error)
    if isinstance(error, database.UNAVAILABLE_ERRORS):
        return database.UNAVAILABLE_MESSAGE
    LOG.error("%s", trace_of(error))
    return "unexpected error; see the worker's log"


def _failure(error: Exception) -> dict[str, Any]:
    """Return what failed as a code, with the thresholds that a model missed."""
    is_ours = isinstance(error, PROJECT_ERRORS)
    result: dict[str, Any] = {"code": type(error).__name__ if is_ours else "Unexpected"}
    if isinstance(error, models.GateClosed):
        result["gate"] = [
            {
                "code": failure.code.value,
                "feature": failure.feature,
                "measured": failure.measured_text,
                "required": failure.required_text,
                "message": failure.message,
                "remedy": failure.remedy,
            }
            for failure in error.failures
        ]
    return result


def log_errors(action: Callable[[], object]) -> None:
    """Run an action; an error is logged, and the caller goes on."""
    try:
        action()
    except Exception as exc:  # noqa: BLE001 - the loop around it must go on
        LOG.warning("%s: %s", type(exc).__name__, describe_error(exc))


def _leave(job: Job) -> None:
    raise JobLost(job.id)


def _beat(jobs: JobQueue, claimed: Sequence[Job], ended: threading.Event) -> None:
    ours = list(claimed)
    while ours and not ended.wait(HEARTBEAT_S):
        for job in list(ours):
            try:
                jobs.beat(job)
            except JobLost:
                ours.remove(job)
            except database.UNAVAILABLE_ERRORS:
                LOG.warning("job %s: %s", job.id, database.UNAVAILABLE_MESSAGE)
