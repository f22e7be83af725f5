"""Keeps long work as rows: what was asked, how far it is, what came of it, and whether to stop."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import orjson
import sqlalchemy as sa

from services.tables import METADATA

QUEUED: Final = "queued"
RUNNING: Final = "running"
DONE: Final = "done"
FAILED: Final = "failed"
CANCELLED: Final = "cancelled"
OVER: Final = frozenset({DONE, FAILED, CANCELLED})

HEARTBEAT_S: Final = 2
STALE_S: Final = 15
MAX_ATTEMPTS: Final = 5
"""A job whose worker died is taken up again; one that kills its worker each time is given up."""

_JOBS = sa.Table(
    "web_jobs",
    METADATA,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("kind", sa.String(32), nullable=False),
    sa.Column("arguments", sa.LargeBinary, nullable=False),
    sa.Column("asked_by", sa.String(128), nullable=False),
    sa.Column("state", sa.String(10), nullable=False, index=True),
    sa.Column("step", sa.String(128), nullable=False),
    sa.Column("done", sa.Integer, nullable=False),
    sa.Column("of", sa.Integer, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("is_cancelling", sa.Boolean, nullable=False),
    sa.Column("asked_at_s", sa.BigInteger, nullable=False),
    sa.Column("beat_at_s", sa.BigInteger, nullable=False),
    sa.Column("result", sa.LargeBinary, nullable=True),
    sa.Column("error", sa.Text, nullable=False),
)


class JobCancelled(Exception):
    """Whoever asked for the job does not want it any more."""


class JobLost(Exception):
    """This worker was thought dead, so the job is another's now, or over; leave it alone."""


@dataclass(frozen=True, slots=True)
class Job:
    """One piece of long work and what is known of it; times are seconds UTC."""

    id: str
    kind: str
    arguments: dict[str, Any]
    asked_by: str
    state: str
    step: str
    done: int
    of: int
    attempts: int
    is_cancelling: bool
    asked_at_s: int
    result: dict[str, Any] | None
    error: str


class JobQueue:
    """The rows of all jobs. The row is the truth: a queue only carries word that there is one."""

    def __init__(self, engine: sa.Engine, clock: Callable[[], float]) -> None:
        self._engine = engine
        self._clock = clock

    def add(self, kind: str, arguments: dict[str, Any], asked_by: str) -> Job:
        """Write down a job that a worker is to do; it is durable when this returns."""
        identity, now_s = secrets.token_hex(16), self._now_s()
        with self._engine.begin() as connection:
            connection.execute(
                sa.insert(_JOBS).values(
                    id=identity,
                    kind=kind,
                    arguments=orjson.dumps(arguments),
                    asked_by=asked_by,
                    state=QUEUED,
                    step="waiting",
                    done=0,
                    of=0,
                    attempts=0,
                    is_cancelling=False,
                    asked_at_s=now_s,
                    beat_at_s=now_s,
                    error="",
                )
            )
        return self.require(identity)

    def find(self, identity: str) -> Job | None:
        """Return a job, or None."""
        with self._engine.connect() as connection:
            row = connection.execute(sa.select(_JOBS).where(_JOBS.c.id == identity)).first()
        return _job(row) if row is not None else None

    def require(self, identity: str) -> Job:
        """Return a job that must be there.

        Raises:
            KeyError: it is not.
        """
        found = self.find(identity)
        if found is None:
            raise KeyError(identity)
        return found

    def all(self, limit: int = 100) -> list[Job]:
        """Return the newest jobs, newest first."""
        asked = sa.select(_JOBS).order_by(_JOBS.c.asked_at_s.desc(), _JOBS.c.id).limit(limit)
        with self._engine.connect() as connection:
            return [_job(row) for row in connection.execute(asked)]

    def waiting(self) -> list[str]:
        """Return the jobs that a worker should take up: queued, or left by one that died."""
        asked = sa.select(_JOBS.c.id).where(self._is_free()).order_by(_JOBS.c.asked_at_s)
        with self._engine.connect() as connection:
            return list(connection.scalars(asked))

    def claim(self, identity: str) -> Job | None:
        """Take a job up; None if it is over, waits, or it or one just like it is being done.

        One that was tried too often is failed instead.
        """
        with self._engine.begin() as connection:
            row = connection.execute(sa.select(_JOBS).where(_JOBS.c.id == identity)).first()
            if row is None or not self._may_begin(connection, _job(row)):
                return None
            taken = sa.update(_JOBS).where(_JOBS.c.id == identity, self._is_free())
            values = {"state": RUNNING, "attempts": row.attempts + 1}
            if connection.execute(taken.values(**values, beat_at_s=self._now_s())).rowcount != 1:
                return None
        job = self.require(identity)
        if job.is_cancelling:
            self.end(job, CANCELLED)
            return None
        if job.attempts > MAX_ATTEMPTS:
            self.end(job, FAILED, error=f"its worker died {MAX_ATTEMPTS} times")
            return None
        return job

    def _may_begin(self, connection: sa.Connection, job: Job) -> bool:
        # The rows are locked, so of two workers with two jobs alike one sees what the other does.
        alike = (_JOBS.c.kind == job.kind) & (_JOBS.c.arguments == orjson.dumps(job.arguments))
        alive = sa.select(_JOBS.c.id, _JOBS.c.state, _JOBS.c.beat_at_s).where(
            alike, _JOBS.c.state.in_((QUEUED, RUNNING))
        )
        stale_s = self._now_s() - STALE_S
        return not any(
            row.id != job.id and row.state == RUNNING and row.beat_at_s >= stale_s
            for row in connection.execute(alive.order_by(_JOBS.c.id).with_for_update())
        )

    def _is_free(self) -> sa.ColumnElement[bool]:
        now_s = self._now_s()
        died = (_JOBS.c.state == RUNNING) & (_JOBS.c.beat_at_s < now_s - STALE_S)
        # A job that was put back beats in the future, when it is to be tried again.
        return ((_JOBS.c.state == QUEUED) & (_JOBS.c.beat_at_s <= now_s)) | died

    def beat(self, job: Job) -> None:
        """Say that the job's worker lives.

        Raises:
            JobLost: another worker has it, or it is over.
        """
        self._note(job, beat_at_s=self._now_s())

    def progress(self, job: Job, step: str, done: int, of: int) -> None:
        """Note how far a job is.

        Raises:
            JobCancelled: it is to end here.
            JobLost: another worker has it, or it is over.
        """
        if self._note(job, step=step, done=done, of=of, beat_at_s=self._now_s()):
            raise JobCancelled(job.id)

    def cancel(self, identity: str) -> None:
        """Ask a job to end; one that has not begun ends at once, one that is over stays."""
        with self._engine.begin() as connection:
            mine = _JOBS.c.id == identity
            alive = _JOBS.c.state.not_in(OVER)
            connection.execute(sa.update(_JOBS).where(mine & alive).values(is_cancelling=True))
            waiting = mine & (_JOBS.c.state == QUEUED)
            connection.execute(sa.update(_JOBS).where(waiting).values(state=CANCELLED))

    def put_back(self, job: Job, why: str, wait_s: int) -> None:
        """Let a job that cannot be done now be tried again later; this does not count as a try.

        Raises:
            JobLost: another worker has it, or it is over.
        """
        later_s, tries = self._now_s() + wait_s, job.attempts - 1
        self._note(job, state=QUEUED, step="waiting", error=why, attempts=tries, beat_at_s=later_s)

    def end(
        self, job: Job, state: str, result: dict[str, Any] | None = None, error: str = ""
    ) -> None:
        """Note what came of a job.

        Raises:
            JobLost: another worker has it, or it is over.
        """
        body = orjson.dumps(result) if result is not None else None
        self._note(job, state=state, result=body, error=error)

    def _note(self, job: Job, **values: Any) -> bool:
        """Change the row of a job that this worker has; return whether it is to end."""
        # Each claim has a number of its own: late news of an earlier one does not count.
        mine = (_JOBS.c.id == job.id) & (_JOBS.c.attempts == job.attempts)
        still = mine & (_JOBS.c.state == RUNNING)
        asked = sa.select(_JOBS.c.is_cancelling).where(_JOBS.c.id == job.id)
        with self._engine.begin() as connection:
            is_cancelling = bool(connection.scalar(asked))
            if connection.execute(sa.update(_JOBS).where(still).values(**values)).rowcount != 1:
                raise JobLost(job.id)
        return is_cancelling

    def _now_s(self) -> int:
        return int(self._clock())


def _job(row: Any) -> Job:
    return Job(
        row.id,
        row.kind,
        orjson.loads(row.arguments),
        row.asked_by,
        row.state,
        row.step,
        row.done,
        row.of,
        row.attempts,
        row.is_cancelling,
        row.asked_at_s,
        orjson.loads(row.result) if row.result is not None else None,
        row.error,
    )
