"""The worker's process: does jobs, and every few seconds mends what something killed half-way."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Final

from consent import ConsentError
from models import ModelsError
from storage import StorageError
from web.jobs import CANCELLED, DONE, FAILED, HEARTBEAT_S, Job, JobCancelled, Jobs
from web.platform import Platform
from web.queue import Queue
from web.work import RUNNERS

LOG: Final = logging.getLogger("vouchsafe.worker")
OURS: Final = (ConsentError, StorageError, ModelsError)
POLL_S: Final = 0.5
MEND_EVERY_S: Final = 15.0
ANCHOR_EVERY_S: Final = 60.0


class Worker:
    """Takes up each job once, beats while it runs, and notes what came of it."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._queue = Queue(platform.home / "queue.db", self.run)
        self._stopping = threading.Event()

    def work(self) -> None:
        """Work until told to stop."""
        self._queue.clear()
        # Apart, so that a store that is slow to mend does not keep jobs waiting.
        for act in (self._tell, self._mend):
            threading.Thread(target=act, name=act.__name__, daemon=True).start()
        try:
            self._queue.work()
        finally:
            self._stopping.set()

    def run(self, job_id: str) -> None:
        """Do one job, unless it is done, or being done."""
        jobs = self._platform.jobs
        job = jobs.claim(job_id)
        if job is None:
            return
        over = threading.Event()
        beating = threading.Thread(target=_beat, args=(jobs, job_id, over), daemon=True)
        beating.start()
        try:
            self._run(jobs, job)
        finally:
            over.set()

    def _run(self, jobs: Jobs, job: Job) -> None:
        def progress(step: str, done: int, of: int) -> None:
            jobs.progress(job.id, step, done, of)

        try:
            result = RUNNERS[job.kind](self._platform, job.arguments, progress)
        except JobCancelled:
            jobs.end(job.id, CANCELLED)
        except OURS as exc:
            jobs.end(job.id, FAILED, error=str(exc))
        except Exception:
            # An error that nobody foresaw must end the job, not the worker.
            LOG.exception("job %s failed", job.id)
            jobs.end(job.id, FAILED, error="an unexpected error; the worker's log has it")
        else:
            jobs.end(job.id, DONE, result)

    def _tell(self) -> None:
        while not self._stopping.wait(POLL_S):
            for job_id in self._platform.jobs.waiting():
                self._queue.tell(job_id)

    def _mend(self) -> None:
        mended_s = anchored_s = 0.0
        while not self._stopping.wait(POLL_S):
            now_s = time.monotonic()
            if now_s - mended_s >= MEND_EVERY_S:
                mended_s = now_s
                _trying(self._platform.law.recover)
                _trying(self._platform.safe.recover)
                _trying(self._platform.diagnostics.affected)
            if now_s - anchored_s >= ANCHOR_EVERY_S:
                anchored_s = now_s
                _trying(self._platform.safe.journal.anchor)


def _trying(act: Callable[[], object]) -> None:
    try:
        act()
    except OURS as exc:
        LOG.warning("%s: %s", type(exc).__name__, exc)


def _beat(jobs: Jobs, job_id: str, over: threading.Event) -> None:
    while not over.wait(HEARTBEAT_S):
        jobs.beat(job_id)
