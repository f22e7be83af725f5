from __future__ import annotations

import threading
from pathlib import Path

import pytest
import sqlalchemy as sa

from deploy.database import make_engine
from storage.database import insert_many, reading, writing
from storage.errors import ConcurrentChange, DatabaseUnavailable, DiskFull, StorageBroken

META = sa.MetaData()
THINGS = sa.Table(
    "things",
    META,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("word", sa.String(9), unique=True),
    sa.Column("bytes", sa.LargeBinary),
)
ROWS = [(b"\0x", 1, "one"), (b"y", 2, "two")]
NAMES = ("bytes", "id", "word")


def put(engine: sa.Engine, rows: list[tuple[object, ...]], names: tuple[str, ...] = NAMES) -> None:
    with writing(engine) as connection:
        insert_many(connection, THINGS, names, rows)


def test_rows_are_written_with_columns_in_any_order(engine: sa.Engine) -> None:
    META.create_all(engine)
    put(engine, list(ROWS))
    put(engine, [(3, "three", None)], ("id", "word", "bytes"))
    put(engine, [])
    with reading(engine) as connection:
        rows = connection.execute(sa.select(THINGS).order_by(THINGS.c.id)).all()
    expected = [(1, "one", b"\0x"), (2, "two", b"y"), (3, "three", None)]
    assert [tuple(row) for row in rows] == expected


def test_an_existing_row_is_a_concurrent_change_and_nothing_is_written(
    engine: sa.Engine,
) -> None:
    META.create_all(engine)
    put(engine, list(ROWS))
    with pytest.raises(ConcurrentChange) as raised:
        put(engine, [(b"secret", 7, "seven"), (b"secret", 8, "one")])
    assert "secret" not in f"{raised.value} {raised.value.__cause__}"
    with reading(engine) as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(THINGS)) == 2


def test_a_locked_database_is_unavailable(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'test.db'}"
    engine, other = make_engine(url), make_engine(url)
    META.create_all(engine)
    with other.connect() as connection:
        connection.exec_driver_sql("PRAGMA busy_timeout = 50")
    with writing(engine), pytest.raises(DatabaseUnavailable):
        put(other, list(ROWS))


def test_a_full_disk_is_reported(sqlite_engine: sa.Engine) -> None:
    META.create_all(sqlite_engine)
    with sqlite_engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count = 1")
    with pytest.raises(DiskFull):
        put(sqlite_engine, [(b"x" * 10_000, number, str(number)) for number in range(100)])


def test_a_damaged_database_file_is_reported(tmp_path: Path) -> None:
    path = tmp_path / "test.db"
    path.write_bytes(b"no database at all " * 100)
    engine = sa.create_engine(f"sqlite:///{path}")
    with pytest.raises(StorageBroken), reading(engine) as connection:
        connection.execute(sa.text("SELECT * FROM things"))


def test_an_unreachable_database_is_unavailable() -> None:
    nowhere = sa.create_engine("postgresql+psycopg://nobody@127.0.0.1:1/none")
    with pytest.raises(DatabaseUnavailable), reading(nowhere):
        pass


def test_an_exhausted_connection_pool_is_unavailable(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'test.db'}"
    engine = sa.create_engine(
        url, pool_size=1, max_overflow=0, pool_timeout=0.05, poolclass=sa.pool.QueuePool
    )
    with reading(engine), pytest.raises(DatabaseUnavailable), reading(engine):
        pass


# SQLite has no connection to cut.
@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
def test_a_closed_connection_is_unavailable(engine: sa.Engine) -> None:
    with pytest.raises(DatabaseUnavailable), reading(engine) as connection:
        own = connection.scalar(sa.text("SELECT pg_backend_pid()"))
        with engine.connect() as other:
            other.execute(sa.text("SELECT pg_terminate_backend(:pid)"), {"pid": own})
        connection.execute(sa.select(1))
    with reading(engine) as connection:
        assert connection.scalar(sa.select(1)) == 1


# SQLite has one writer at a time.
@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
def test_a_deadlock_ends_as_a_concurrent_change(engine: sa.Engine) -> None:
    META.create_all(engine)
    put(engine, list(ROWS))
    met, raised = threading.Barrier(2), list[Exception]()

    def work(first: int, second: int) -> None:
        try:
            with writing(engine) as connection:
                for step, number in enumerate((first, second)):
                    changed = sa.update(THINGS).where(THINGS.c.id == number)
                    connection.execute(changed.values(bytes=b"z"))
                    if not step:
                        met.wait()
        except ConcurrentChange as exc:
            raised.append(exc)

    threads = [threading.Thread(target=work, args=order) for order in ((1, 2), (2, 1))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(raised) == 1
