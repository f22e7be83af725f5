"""Migrations change rows that exist already as they should."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from postgres import new_database

from deploy.database import MIGRATIONS, make_engine, upgrade
from services.jobs.queue import JobQueue

JOBS = sa.table(
    "web_jobs",
    *(
        sa.column(name)
        for name in ("id", "kind", "arguments", "asked_by", "state", "step", "done", "of")
    ),
    *(
        sa.column(name)
        for name in ("attempts", "is_cancelling", "asked_at_s", "beat_at_s", "error")
    ),
)


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[sa.Engine]:
    """A database at migration 0003, before jobs had keys."""
    if request.param == "sqlite":
        made = make_engine(f"sqlite:///{tmp_path / 'old.db'}")
    else:
        made = make_engine(new_database(request.getfixturevalue("postgres_template")))
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with made.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0003")
    yield made
    made.dispose()


def add(engine: sa.Engine, job_id: str, kind: str, state: str, **arguments: str) -> None:
    row = {"id": job_id, "kind": kind, "arguments": json.dumps(arguments).encode()}
    row |= {"asked_by": "a", "state": state, "step": "", "done": 0, "of": 0, "attempts": 0}
    row |= {"is_cancelling": False, "asked_at_s": len(job_id), "beat_at_s": 0, "error": ""}
    with engine.begin() as connection:
        connection.execute(sa.insert(JOBS).values(row))


def test_active_jobs_get_keys_and_of_equal_ones_the_running_one_is_kept(engine) -> None:
    training = {"study": "study:s", "question": "q"}
    add(engine, "q", "train", "queued", **training)
    add(engine, "run", "train", "running", **training)
    add(engine, "done", "train", "done", **training)
    add(engine, "r1", "rekey", "queued", why="withdrawal")
    add(engine, "r2", "rekey", "queued", why="withdrawal")
    upgrade(engine)
    jobs = JobQueue(engine, lambda: 10.0)
    states = {job_id: jobs.get(job_id).state for job_id in ("q", "run", "done", "r1", "r2")}
    assert states == {
        "q": "cancelled",
        "run": "running",
        "done": "done",
        "r1": "queued",
        "r2": "queued",
    }
    assert jobs.enqueue("train", training, "b").id == "run"
