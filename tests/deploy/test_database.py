from __future__ import annotations

import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.util import CommandError
from postgres import new_database

from deploy.database import make_engine, metadatas, upgrade

ROOT = Path(__file__).parents[2]


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> sa.Engine:
    if request.param == "sqlite":
        return make_engine(f"sqlite:///{tmp_path / 'deep' / 'empty.db'}")
    return make_engine(new_database(request.getfixturevalue("postgres_template")))


def test_the_migrations_make_exactly_the_tables_that_the_packages_declare(empty: sa.Engine) -> None:
    upgrade(empty)
    with empty.connect() as connection:
        context = MigrationContext.configure(connection)
        assert compare_metadata(context, list(metadatas())) == []  # type: ignore[arg-type]


def test_migrating_twice_changes_nothing(empty: sa.Engine) -> None:
    upgrade(empty)
    before = set(sa.inspect(empty).get_table_names())
    upgrade(empty)
    assert set(sa.inspect(empty).get_table_names()) == before


def test_a_process_with_nothing_to_migrate_reads_no_migration(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'a.db'}"
    script = (
        "import sys; from deploy.database import make_engine, upgrade;"
        f"upgrade(make_engine({url!r})); print('alembic' in sys.modules)"
    )
    command = [sys.executable, "-c", script]
    first, second = (
        subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
        for _ in range(2)
    )
    assert (first, second) == ("True\n", "False\n")


def test_a_database_of_a_newer_program_is_refused(empty: sa.Engine) -> None:
    upgrade(empty)
    with empty.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(CommandError, match="9999"):
        upgrade(empty)


def test_processes_that_migrate_at_the_same_moment_wait_for_each_other(empty: sa.Engine) -> None:
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda _: upgrade(empty), range(4)))
    with empty.connect() as connection:
        context = MigrationContext.configure(connection)
        assert compare_metadata(context, list(metadatas())) == []  # type: ignore[arg-type]


def test_every_table_is_named_after_its_package() -> None:
    # The tables of services/ were in web/ once; tables are not renamed.
    prefixes = (("consent_",), ("storage_",), ("models_",), ("web_", "custodian_"))
    for known, metadata in zip(prefixes, metadatas(), strict=True):
        assert [name for name in metadata.tables if not name.startswith(known)] == []


def test_no_other_user_reads_the_database_or_its_log(tmp_path: Path) -> None:
    path = tmp_path / "app.db"
    path.touch(mode=0o644)
    engine = make_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE t (n INTEGER)"))
        modes = {file.name: file.stat().st_mode & 0o777 for file in tmp_path.iterdir()}
    assert set(modes) >= {"app.db", "app.db-wal"}
    assert set(modes.values()) == {0o600}


def test_two_writers_that_read_first_wait_for_each_other(tmp_path: Path) -> None:
    engine = make_engine(f"sqlite:///{tmp_path / 'w.db'}")
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE t (n INTEGER)"))

    def append() -> None:
        with engine.begin() as connection:
            n = connection.execute(sa.text("SELECT count(*) FROM t")).scalar_one()
            connection.execute(sa.text("INSERT INTO t VALUES (:n)"), {"n": n})

    threads = [threading.Thread(target=append) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with engine.connect() as connection:
        numbers = connection.execute(sa.text("SELECT n FROM t ORDER BY n")).scalars().all()
    assert list(numbers) == list(range(8))


def test_sqlite_commits_reach_the_disk_before_they_return(tmp_path: Path) -> None:
    engine = make_engine(f"sqlite:///{tmp_path / 'd.db'}")
    with engine.connect() as connection:
        assert connection.execute(sa.text("PRAGMA journal_mode")).scalar_one() == "wal"
        assert connection.execute(sa.text("PRAGMA synchronous")).scalar_one() == 2
        assert connection.execute(sa.text("PRAGMA secure_delete")).scalar_one() == 1


def test_a_reader_does_not_wait_for_a_writer(tmp_path: Path) -> None:
    engine = make_engine(f"sqlite:///{tmp_path / 'r.db'}")
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE t (n INTEGER)"))
    with engine.begin() as writer:
        writer.execute(sa.text("INSERT INTO t VALUES (1)"))
        with engine.connect() as reader:
            assert reader.execute(sa.text("SELECT count(*) FROM t")).scalar_one() == 0


@pytest.mark.parametrize("url", ["sqlite://", "postgresql+psycopg://nobody@127.0.0.1:1/none"])
def test_no_error_of_the_database_repeats_what_was_written(url: str) -> None:
    engine = make_engine(url)
    assert engine.hide_parameters
    with pytest.raises(sa.exc.DBAPIError) as raised, engine.begin() as connection:
        connection.execute(sa.text("INSERT INTO none VALUES (:key)"), {"key": "a wrapped key"})
    assert "a wrapped key" not in str(raised.value)
