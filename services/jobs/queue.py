"""Stores jobs as rows: arguments, state, progress, result, and whether to cancel."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

import orjson
import sqlalchemy as sa

from services.errors import TooManyRequests
from services.jobs.progress import WHOLE
from services.tables import METADATA

QUEUED: Final = "queued"
RUNNING: Final = "running"
DONE: Final = "done"
FAILED: Final = "failed"
CANCELLED: Final = "cancelled"
ACTIVE: Final = (QUEUED, RUNNING)

HEARTBEAT_S: Final = 2
STALE_S: Final = 15
MAX_ATTEMPTS: Final = 5
"""A job whose worker died is claimed again; one that kills its worker each time fails."""

UNIQUE_ARGUMENTS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "train": ("study", "question"),
        "retrain": ("model",),
        "evaluate": ("model", "study"),
        "check-upload": ("upload",),
        "store-upload": ("upload",),
        "erase": ("erasure",),
        "rekey": ("subjects",),
        "verify": (),
        "evidence": (),
        "export": ("subject",),
        "count-people": ("draft",),
        "take-census": ("of",),
    }
)
"""Kinds of which one job may be active for the same values of these arguments."""
QUEUED_ONCE: Final = frozenset({"rekey"})
"""Kinds of which one may wait while another runs: it may have passed what the next one concerns."""
MAX_AN_HOUR: Final[Mapping[str, int]] = MappingProxyType(
    {
        "verify": 12,
        "evidence": 12,
        "evaluate": 4,
        "export": 4,
        "take-census": 4,
        "count-people": 60,
    }
)
"""Kinds that read everything: how many of them may be queued for a party within an hour."""
HOUR_S: Final = 3_600

_JOBS = sa.Table(
    "web_jobs",
    METADATA,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("kind", sa.String(32), nullable=False),
    sa.Column("key", sa.String(256), nullable=True),
    sa.Column("arguments", sa.LargeBinary, nullable=False),
    sa.Column("asked_by", sa.String(128), nullable=False, key="requested_by"),
    sa.Column("state", sa.String(10), nullable=False, index=True),
    sa.Column("step", sa.String(128), nullable=False),
    sa.Column("done", sa.Integer, nullable=False),
    sa.Column("of", sa.Integer, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("is_cancelling", sa.Boolean, nullable=False),
    sa.Column("asked_at_s", sa.BigInteger, nullable=False, key="requested_at_s"),
    sa.Column("beat_at_s", sa.BigInteger, nullable=False),
    sa.Column("result", sa.LargeBinary, nullable=True),
    sa.Column("error", sa.Text, nullable=False),
)
_IS_ACTIVE = _JOBS.c.state.in_(ACTIVE)
_WHERE_ACTIVE = sa.text("state IN ('queued', 'running')")
sa.Index(
    "web_jobs_active",
    _JOBS.c.kind,
    _JOBS.c.key,
    unique=True,
    sqlite_where=_WHERE_ACTIVE,
    postgresql_where=_WHERE_ACTIVE,
)
sa.Index("web_jobs_newest", _JOBS.c.kind, _JOBS.c.requested_at_s)


class JobCancelled(Exception):
    """The job was cancelled; its runner stops here."""


class JobLost(Exception):
    """The job belongs to another worker now, or has ended; this worker must leave it alone."""


@dataclass(frozen=True, slots=True)
class Job:
    """One piece of long work and its progress; times are UTC seconds."""

    id: str
    kind: str
    arguments: dict[str, Any]
    requested_by: str
    state: str
    step: str
    done: int
    of: int
    attempts: int
    is_cancelling: bool
    requested_at_s: int
    result: dict[str, Any] | None
    error: str

    @property
    def is_active(self) -> bool:
        """True while the job is queued or running."""
        return self.state in ACTIVE


class JobQueue:
    """The rows of all jobs. Workers poll them; there is no other queue that could be lost.

    JobLost is raised to a worker whose job another one has, or that has ended.
    """

    def __init__(self, engine: sa.Engine, clock: Callable[[], float]) -> None:
        self._engine = engine
        self._clock = clock

    def enqueue(
        self,
        kind: str,
        arguments: dict[str, Any],
        requested_by: str,
        limited_with: Collection[str] = (),
    ) -> Job:
        """Store a job for a worker; it is durable on return.

        If the kind is in `UNIQUE_ARGUMENTS` and such a job is active, that job is returned.

        Args:
            kind: of the job.
            arguments: for its runner.
            requested_by: the party that may read and cancel it.
            limited_with: other parties whose jobs of this kind count towards the same limit.

        Raises:
            TooManyRequests: these parties together have queued `MAX_AN_HOUR` of this kind.
        """
        key = _key_of(kind, arguments)
        while True:
            active = self._find_active(kind, key)
            if active is not None:
                return active
            self._require_rate(kind, {requested_by, *limited_with})
            try:
                return self.get(self._insert(kind, key, arguments, requested_by))
            except sa.exc.IntegrityError:
                # Another process was faster; its job is returned, unless it has ended already.
                if key is None:
                    raise

    def _require_rate(self, kind: str, parties: Collection[str]) -> None:
        if (most := MAX_AN_HOUR.get(kind)) is None:
            return
        is_theirs = (_JOBS.c.kind == kind) & _JOBS.c.requested_by.in_(sorted(parties))
        newest = sa.select(_JOBS.c.requested_at_s).where(is_theirs)
        newest = newest.order_by(_JOBS.c.requested_at_s.desc()).limit(most)
        with self._engine.connect() as connection:
            times = connection.scalars(newest).all()
        ends_at_s = times[-1] + HOUR_S if len(times) == most else 0
        if ends_at_s > self._now_s():
            raise TooManyRequests(ends_at_s - self._now_s())

    def _insert(
        self, kind: str, key: str | None, arguments: dict[str, Any], requested_by: str
    ) -> str:
        identity, now_s = secrets.token_hex(16), self._now_s()
        row = {
            "id": identity,
            "kind": kind,
            "key": key,
            "arguments": orjson.dumps(arguments),
            "requested_by": requested_by,
            "state": QUEUED,
            "step": "waiting",
            "done": 0,
            "of": 0,
            "attempts": 0,
            "is_cancelling": False,
            "requested_at_s": now_s,
            "beat_at_s": now_s,
            "error": "",
        }
        with self._engine.begin() as connection:
            connection.execute(sa.insert(_JOBS).values(row))
        return identity

    def find(self, identity: str) -> Job | None:
        """Return a job, or None."""
        jobs = self._select(sa.select(_JOBS).where(_JOBS.c.id == identity))
        return jobs[0] if jobs else None

    def get(self, identity: str) -> Job:
        """Return a job.

        Raises:
            KeyError: there is no job of this id.
        """
        job = self.find(identity)
        if job is None:
            raise KeyError(identity)
        return job

    def _find_active(self, kind: str, key: str | None) -> Job | None:
        is_same = (_JOBS.c.kind == kind) & (_JOBS.c.key == key)
        jobs = self._select(sa.select(_JOBS).where(is_same, _IS_ACTIVE))
        return jobs[0] if jobs and key is not None else None

    def newest(
        self,
        *,
        kind: str | None = None,
        requested_by: str | None = None,
        states: Collection[str] = (),
        limit: int,
    ) -> list[Job]:
        """Return the newest jobs that match every condition given, newest first."""
        query = sa.select(_JOBS).order_by(_JOBS.c.requested_at_s.desc(), _JOBS.c.id).limit(limit)
        if kind is not None:
            query = query.where(_JOBS.c.kind == kind)
        if requested_by is not None:
            query = query.where(_JOBS.c.requested_by == requested_by)
        if states:
            query = query.where(_JOBS.c.state.in_(states))
        return self._select(query)

    def find_newest(
        self,
        *,
        kind: str | None = None,
        requested_by: str | None = None,
        states: Collection[str] = (),
    ) -> Job | None:
        """Return the newest job that matches every condition given, or None."""
        jobs = self.newest(kind=kind, requested_by=requested_by, states=states, limit=1)
        return jobs[0] if jobs else None

    def counts(self) -> dict[tuple[str, str], int]:
        """Return the number of active jobs by kind and state."""
        query = sa.select(_JOBS.c.kind, _JOBS.c.state, sa.func.count()).where(_IS_ACTIVE)
        with self._engine.connect() as connection:
            rows = connection.execute(query.group_by(_JOBS.c.kind, _JOBS.c.state))
            return {(kind, state): count for kind, state, count in rows}

    def claimable(
        self, *, kinds: Collection[str] = (), excluded: Collection[str] = ()
    ) -> list[str]:
        """Return the ids of the jobs that a worker should claim, oldest first.

        Only these `kinds`, if any are given, and none of the `excluded`.
        """
        query = sa.select(_JOBS.c.id).where(
            self._is_claimable(), _JOBS.c.kind.not_in(list(excluded))
        )
        if kinds:
            query = query.where(_JOBS.c.kind.in_(list(kinds)))
        with self._engine.connect() as connection:
            return list(connection.scalars(query.order_by(_JOBS.c.requested_at_s)))

    def claim(self, identity: str) -> Job | None:
        """Start a job and return it; None if it has ended, is running or must wait.

        A job that was started too often fails instead.
        """
        mine = (_JOBS.c.id == identity) & self._is_claimable()
        key = sa.case((_JOBS.c.kind.in_(QUEUED_ONCE), sa.null()), else_=_JOBS.c.key)
        values = {"state": RUNNING, "attempts": _JOBS.c.attempts + 1, "beat_at_s": self._now_s()}
        with self._engine.begin() as connection:
            claim = sa.update(_JOBS).where(mine).values(values | {"key": key})
            if connection.execute(claim).rowcount != 1:
                return None
        job = self.get(identity)
        if job.is_cancelling:
            self.end(job, CANCELLED)
            return None
        if job.attempts > MAX_ATTEMPTS:
            error = f"the worker died {MAX_ATTEMPTS} times during this job; see the worker's log"
            self.end(job, FAILED, error=error)
            return None
        return job

    def _is_claimable(self) -> sa.ColumnElement[bool]:
        now_s = self._now_s()
        is_stale = (_JOBS.c.state == RUNNING) & (_JOBS.c.beat_at_s < now_s - STALE_S)
        # A postponed job has its next heartbeat in the future: the time to try again.
        return ((_JOBS.c.state == QUEUED) & (_JOBS.c.beat_at_s <= now_s)) | is_stale

    def beat(self, job: Job) -> None:
        """Record that the job's worker is alive."""
        self._update(job, beat_at_s=self._now_s())

    def progress(self, job: Job, step: str, done: int, of: int) -> None:
        """Record how far a job is.

        Raises:
            JobCancelled: the job was cancelled.
        """
        if self._update(job, step=step, done=done, of=of, beat_at_s=self._now_s()):
            raise JobCancelled(job.id)

    def cancel(self, identity: str) -> None:
        """Cancel a job: at once if queued, at its next progress if running, never if ended."""
        with self._engine.begin() as connection:
            mine = _JOBS.c.id == identity
            connection.execute(sa.update(_JOBS).where(mine & _IS_ACTIVE).values(is_cancelling=True))
            queued = mine & (_JOBS.c.state == QUEUED)
            connection.execute(sa.update(_JOBS).where(queued).values(state=CANCELLED))

    def postpone(self, job: Job, reason: str, wait_s: int) -> None:
        """Queue a job again for later; this attempt does not count."""
        self._update(
            job,
            state=QUEUED,
            step="waiting",
            error=reason,
            attempts=job.attempts - 1,
            beat_at_s=self._now_s() + wait_s,
        )

    def end(
        self, job: Job, state: str, result: dict[str, Any] | None = None, error: str = ""
    ) -> None:
        """Record a job's final state and result."""
        body = orjson.dumps(result) if result is not None else None
        whole = {"done": WHOLE, "of": WHOLE} if state == DONE else {}
        self._update(job, state=state, result=body, error=error, **whole)

    def _update(self, job: Job, **values: Any) -> bool:
        """Change the row of a job that this worker holds; return whether it was cancelled."""
        # The attempt number identifies the claim: late reports of an earlier claim do not count.
        mine = (_JOBS.c.id == job.id) & (_JOBS.c.attempts == job.attempts)
        is_held = mine & (_JOBS.c.state == RUNNING)
        query = sa.select(_JOBS.c.is_cancelling).where(_JOBS.c.id == job.id)
        with self._engine.begin() as connection:
            is_cancelling = bool(connection.scalar(query))
            if connection.execute(sa.update(_JOBS).where(is_held).values(**values)).rowcount != 1:
                raise JobLost(job.id)
        return is_cancelling

    def _select(self, query: sa.Select[Any]) -> list[Job]:
        with self._engine.connect() as connection:
            return [_job(row._mapping) for row in connection.execute(query)]

    def _now_s(self) -> int:
        return int(self._clock())


def _key_of(kind: str, arguments: dict[str, Any]) -> str | None:
    names = UNIQUE_ARGUMENTS.get(kind)
    return None if names is None else "/".join(str(arguments[name]) for name in names)


def _job(row: Mapping[Any, Any]) -> Job:
    values = {name: row[name] for name in Job.__slots__}
    result = values["result"]
    return Job(
        **values
        | {
            "arguments": orjson.loads(values["arguments"]),
            "result": None if result is None else orjson.loads(result),
        }
    )
