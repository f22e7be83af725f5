"""What every test may ask for: real databases, real nodes, a real platform."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import settings
from postgres import new_database, running_postgres

from deploy.database import make_engine, metadatas

pytest_plugins = ("hospital",)

# For docs/assurance.md: pytest --hypothesis-profile deep
settings.register_profile("deep", max_examples=1_000, deadline=None)


@pytest.fixture(scope="session")
def postgres_template() -> Iterator[str]:
    with running_postgres() as template:
        yield template


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[sa.Engine]:
    """An empty database with every table, once on SQLite and once on PostgreSQL."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'test.db'}"
    else:
        url = new_database(request.getfixturevalue("postgres_template"))
    made = make_engine(url)
    for metadata in metadatas():
        metadata.create_all(made)
    yield made
    made.dispose()


@pytest.fixture
def sqlite_engine(tmp_path: Path) -> Iterator[sa.Engine]:
    """An empty SQLite database with every table, where the database is not what is tested."""
    made = make_engine(f"sqlite:///{tmp_path / 'test.db'}")
    for metadata in metadatas():
        metadata.create_all(made)
    yield made
    made.dispose()
