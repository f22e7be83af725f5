"""The worker's process: does jobs, and every few seconds mends what something killed half-way."""

from __future__ import annotations

import logging
import secrets
import threading
import time
from collections.abc import Callable
from typing import Final

import models
import storage
from consent import ConsentError, LedgerUnavailable
from services import database
from services.custodian.deposits import uploads
from services.jobs.heartbeats import BEAT_S, Workers
from services.jobs.kinds import PATIENT, RUNNERS
from services.jobs.notices import Queue
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
from services.logs import trace_of
from services.platform import Platform

LOG: Final = logging.getLogger("vouchsafe.worker")
OURS: Final = (ConsentError, storage.StorageError, models.ModelsError)
AWAY: Final = (
    LedgerUnavailable,
    storage.StorageUnavailable,
    models.ModelsUnavailable,
    *database.AWAY,
)
POLL_S: Final = 0.5
TELL_EVERY_S: Final = 0.25
TRY_AGAIN_S: Final = 10
MEND_EVERY_S: Final = 15.0
ANCHOR_EVERY_S: Final = 60.0


class Worker:
    """Takes up each job once, beats while it runs, and notes what came of it."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._workers = Workers(platform.engine, platform.clock)
        self._name = secrets.token_hex(16)
        self._queue = Queue(platform.home / "queue.db", self.run)
        self._stopping = threading.Event()

    def work(self) -> None:
        """Work until told to stop."""
        self._queue.clear()
        # Apart, so that a store that is slow to mend does not keep jobs waiting.
        acts = (
            (POLL_S, self._tell),
            (BEAT_S, lambda: self._workers.beat(self._name)),
            (MEND_EVERY_S, self._mend),
            (ANCHOR_EVERY_S, self._platform.store.journal.anchor),
            (ANCHOR_EVERY_S, self._platform.ledger.keys.remove_expired),
        )
        for every_s, act in acts:
            threading.Thread(target=self._again, args=(every_s, act), daemon=True).start()
        try:
            self._queue.work()
        finally:
            self._stopping.set()
            trying(lambda: self._workers.leave(self._name))

    def run(self, job_id: str) -> None:
        """Do one job, unless it is done, or being done."""
        jobs = self._platform.jobs
        job = jobs.claim(job_id)
        if job is None:
            return
        over = threading.Event()
        beating = threading.Thread(target=_beat, args=(jobs, job, over), daemon=True)
        beating.start()
        try:
            self._run(jobs, job)
        except JobLost:
            LOG.warning("job %s is another worker's now", job.id)
        finally:
            over.set()

    def _run(self, jobs: JobQueue, job: Job) -> None:
        try:
            result = RUNNERS[job.kind](self._platform, job, Reports(jobs, job))
        except JobLost:
            raise
        except JobCancelled:
            jobs.end(job, CANCELLED)
        except Exception as exc:  # noqa: BLE001 - it must end the job, not the worker
            self._missed(jobs, job, exc)
        else:
            jobs.end(job, DONE, result)

    def _missed(self, jobs: JobQueue, job: Job, error: Exception) -> None:
        why = said(error)
        if isinstance(error, AWAY) and job.kind in PATIENT:
            jobs.put_back(job, why, TRY_AGAIN_S)
        else:
            failures = error.failures if isinstance(error, models.GateClosed) else ()
            result = {"gate": list(failures)} if failures else None
            jobs.end(job, FAILED, result, why)

    def _tell(self) -> None:
        if self._queue.is_empty():
            for job_id in self._platform.jobs.waiting():
                self._queue.tell(job_id)

    def _mend(self) -> None:
        for act in (self._platform.ledger, self._platform.store):
            trying(act.recover)
        trying(self._platform.diagnostics.apply_withdrawals)
        trying(uploads(self._platform).drop_old)

    def _again(self, every_s: float, act: Callable[[], object]) -> None:
        while True:
            trying(act)
            if self._stopping.wait(every_s):
                return


class Reports:
    """Notes how far a job is: every new step, and then a few times a second at most."""

    def __init__(self, jobs: JobQueue, job: Job) -> None:
        self._jobs = jobs
        self._job = job
        self._step = ""
        self._told_s = 0.0

    def __call__(self, step: str, done: int, of: int) -> None:
        """Hear of a step; raises what `Jobs.progress` raises."""
        now_s = time.monotonic()
        if step != self._step or done == of or now_s - self._told_s >= TELL_EVERY_S:
            self._step, self._told_s = step, now_s
            self._jobs.progress(self._job, step, done, of)


def said(error: Exception) -> str:
    """Return an error in words for whoever asked; what nobody foresaw is in the log alone."""
    if isinstance(error, OURS):
        return str(error)
    if isinstance(error, database.AWAY):
        return database.SENTENCE
    LOG.error("%s", trace_of(error))
    return "an unexpected error; the worker's log has it"


def trying(act: Callable[[], object]) -> None:
    """Do it; what went wrong is logged, and the next time may be better."""
    try:
        act()
    except Exception as exc:  # noqa: BLE001 - the loop that does it must go on
        LOG.warning("%s: %s", type(exc).__name__, said(exc))


def _beat(jobs: JobQueue, job: Job, over: threading.Event) -> None:
    while not over.wait(HEARTBEAT_S):
        try:
            jobs.beat(job)
        except JobLost:
            return
        except database.AWAY:
            LOG.warning("job %s: %s", job.id, database.SENTENCE)
