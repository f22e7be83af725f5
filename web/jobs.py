"""Keeps long work as rows: what was asked, how far it is, what came of it, and whether to stop."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import orjson
import sqlalchemy as sa

from web.tables import METADATA

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


class Jobs:
    """The rows of all jobs. The row is the truth: a queue only carries word that there is one."""

    def __init__(self, engine: sa.Engine, clock: Callable[[], float]) -> None:
        self._engine = engine
        self._clock = clock

    def add(self, kind: str, arguments: dict[str, Any], asked_by: str) -> Job:
        """Write down a job that a worker is to do; it is durable when this returns."""
        identity, now_s = secrets.token_hex(16), int(self._clock())
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
        """Take a job up; None if another worker has it, or it is over.

        One that was tried too often is failed instead.
        """
        mine = (_JOBS.c.id == identity) & self._is_free()
        taken = (
            sa.update(_JOBS)
            .where(mine)
            .values(state=RUNNING, attempts=_JOBS.c.attempts + 1, beat_at_s=int(self._clock()))
        )
        with self._engine.begin() as connection:
            if connection.execute(taken).rowcount != 1:
                return None
        job = self.require(identity)
        if job.is_cancelling:
            self.end(identity, CANCELLED)
            return None
        if job.attempts > MAX_ATTEMPTS:
            self.end(identity, FAILED, error=f"its worker died {MAX_ATTEMPTS} times")
            return None
        return job

    def _is_free(self) -> sa.ColumnElement[bool]:
        stale_s = int(self._clock()) - STALE_S
        died = (_JOBS.c.state == RUNNING) & (_JOBS.c.beat_at_s < stale_s)
        return (_JOBS.c.state == QUEUED) | died

    def beat(self, identity: str) -> None:
        """Say that the job's worker lives."""
        self._set(identity, beat_at_s=int(self._clock()))

    def progress(self, identity: str, step: str, done: int, of: int) -> None:
        """Note how far a job is.

        Raises:
            JobCancelled: it is to end here.
        """
        self._set(identity, step=step, done=done, of=of, beat_at_s=int(self._clock()))
        if self.require(identity).is_cancelling:
            raise JobCancelled(identity)

    def cancel(self, identity: str) -> None:
        """Ask a job to end; one that has not begun ends at once, one that is over stays."""
        with self._engine.begin() as connection:
            mine = _JOBS.c.id == identity
            alive = _JOBS.c.state.not_in(OVER)
            connection.execute(sa.update(_JOBS).where(mine & alive).values(is_cancelling=True))
            waiting = mine & (_JOBS.c.state == QUEUED)
            connection.execute(sa.update(_JOBS).where(waiting).values(state=CANCELLED))

    def end(
        self, identity: str, state: str, result: dict[str, Any] | None = None, error: str = ""
    ) -> None:
        """Note what came of a job."""
        body = orjson.dumps(result) if result is not None else None
        self._set(identity, state=state, result=body, error=error)

    def _set(self, identity: str, **values: Any) -> None:
        with self._engine.begin() as connection:
            connection.execute(sa.update(_JOBS).where(_JOBS.c.id == identity).values(**values))


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
