"""What every test may ask for: real databases, real nodes, a real platform."""

from __future__ import annotations

import gc
import io
import json
import logging
import os
import shutil
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import settings
from postgres import new_database, running_postgres

from deploy.database import make_engine, metadatas
from services.logs import log_to_stderr

pytest_plugins = ("hospital",)
ENDED = pytest.StashKey[int]()
GRACE_S = 3
"""How long threads have to end once the last test has ended."""

# For docs/assurance.md: pytest --hypothesis-profile deep
# A busy machine is no fault: no example has a deadline.
settings.register_profile("usual", deadline=None)
settings.register_profile("deep", max_examples=1_000, deadline=None)
settings.load_profile("usual")


def pytest_collection_finish() -> None:
    """Keep the garbage collector from what was imported: it lives until the end."""
    gc.freeze()


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Remember how the tests ended, for `pytest_unconfigure`."""
    session.config.stash[ENDED] = int(exitstatus)


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """End the process with an error when a test left a thread, which would keep it running."""
    mine = threading.current_thread()
    threads = [t for t in threading.enumerate() if t is not mine and not t.daemon]
    for thread in threads:
        thread.join(GRACE_S)
    left = [thread.name for thread in threads if thread.is_alive()]
    if left:
        print("threads that tests left running:", *left, file=sys.stderr, flush=True)  # noqa: T201
        sys.stdout.flush()
        os._exit(config.stash.get(ENDED, 0) or 1)


@pytest.fixture(scope="session")
def postgres_template() -> Iterator[str]:
    with running_postgres() as template:
        yield template


@pytest.fixture(scope="session")
def postgres_tables(postgres_template: str) -> str:
    """The name of a PostgreSQL database with every table, to be copied: that is quicker."""
    url = new_database(postgres_template)
    make_tables(url)
    return str(sa.make_url(url).database)


@pytest.fixture(scope="session")
def sqlite_tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file with every table, to be copied."""
    path = tmp_path_factory.mktemp("tables") / "tables.db"
    make_tables(f"sqlite:///{path}")
    return path


def make_tables(url: str) -> None:
    made = make_engine(url)
    for metadata in metadatas():
        metadata.create_all(made)
    made.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[sa.Engine]:
    """An empty database with every table, once on SQLite and once on PostgreSQL."""
    if request.param == "sqlite":
        yield request.getfixturevalue("sqlite_engine")
        return
    template, tables = map(request.getfixturevalue, ("postgres_template", "postgres_tables"))
    made = make_engine(new_database(template, tables))
    yield made
    made.dispose()


@pytest.fixture
def sqlite_engine(sqlite_tables: Path, tmp_path: Path) -> Iterator[sa.Engine]:
    """An empty SQLite database with every table, where the database is not what is tested."""
    path = tmp_path / "test.db"
    shutil.copyfile(sqlite_tables, path)
    made = make_engine(f"sqlite:///{path}")
    yield made
    made.dispose()


@pytest.fixture
def fast_root_key() -> Iterator[None]:
    """Half a second of scrypt is for installs; the tests of rootkey.py take it as it is."""
    with pytest.MonkeyPatch.context() as costs:  # of its own: a test may undo what it patched
        costs.setattr("storage.rootkey.SCRYPT_N", 2**10)
        yield


@pytest.fixture
def log_lines(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], list[dict[str, Any]]]]:
    """The log lines written to stderr; the loggers are restored afterwards."""
    ours = logging.getLogger("vouchsafe")
    before = (ours.handlers[:], ours.level, ours.propagate)
    ours.handlers[:] = []
    stderr = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stderr)
    log_to_stderr()
    log_to_stderr()
    yield lambda: [json.loads(line) for line in stderr.getvalue().splitlines()]
    ours.handlers[:], ours.level, ours.propagate = before
