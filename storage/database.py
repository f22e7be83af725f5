"""Run this package's database reads and writes, and translate the database's errors."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from operator import itemgetter
from typing import Any, Final, TypeVar

import sqlalchemy as sa

from consent import read_rows
from storage.errors import (
    ConcurrentChange,
    DatabaseUnavailable,
    DiskFull,
    StorageBroken,
    StorageError,
)

T = TypeVar("T")
# https://www.postgresql.org/docs/current/errcodes-appendix.html; SQLite has only a text.
_DISK_FULL: Final = ("53100", "disk is full", "no space left", "disk quota")
_CONCURRENT: Final = ("23505", "40001", "40p01", "unique constraint failed")
_DAMAGED: Final = ("xx001", "xx002", "malformed", "not a database", "could not decode")
_NO_VALUES: Final[Mapping[str, Any]] = {}
_CHUNK: Final = 500
"""Values in one IN (…); SQLite has a limit of variables in one statement."""


@contextmanager
def reading(engine: sa.Engine) -> Iterator[sa.Connection]:
    """Yield a connection to read from.

    Raises:
        DatabaseUnavailable: it is unreachable, locked for too long, or closed the connection.
        StorageBroken: its file is damaged.
    """
    with _translated_errors(), engine.connect() as connection:
        yield connection


def read_few(
    engine: sa.Engine, query: sa.Select[*tuple[Any, ...]], values: Mapping[str, Any] = _NO_VALUES
) -> list[Any]:
    """Return the rows of a constant query with plain parameters; see `consent.read_rows`.

    Raises:
        DatabaseUnavailable, StorageBroken: as `reading`.
    """
    with _translated_errors():
        return read_rows(engine, query, values)


@contextmanager
def writing(engine: sa.Engine) -> Iterator[sa.Connection]:
    """Yield a connection in a transaction: durable at the end, rolled back on an error.

    Raises:
        ConcurrentChange: another process wrote a row with the same key first.
        DiskFull, DatabaseUnavailable, StorageBroken: nothing was written.
    """
    with _translated_errors(), engine.begin() as connection:
        yield connection


def chunks(values: Iterable[T], size: int = 0) -> Iterator[list[T]]:
    """Yield the distinct values in lists that fit into one IN (…)."""
    distinct = list(dict.fromkeys(values))
    size = size or _CHUNK
    for start in range(0, len(distinct), size):
        yield distinct[start : start + size]


def insert_many(
    connection: sa.Connection, table: sa.Table, names: Sequence[str], rows: Sequence[Any]
) -> None:
    """Insert rows given as tuples in the order of `names`.

    Core's `insert()` with a list of dicts takes more than twice as long (docs/decisions/
    0017-fast-paths-in-storage.md).
    """
    if not rows:
        return
    statement = _compile_insert(connection.dialect, table, tuple(names))
    if not statement.positional:
        rows = [dict(zip(names, row, strict=True)) for row in rows]
    elif statement.positiontup != list(names):
        rows = list(map(itemgetter(*map(names.index, statement.positiontup or ())), rows))
    connection.exec_driver_sql(statement.string, list(rows))


@lru_cache(maxsize=64)
def _compile_insert(dialect: sa.Dialect, table: sa.Table, names: tuple[str, ...]) -> Any:
    return sa.insert(table).compile(dialect=dialect, column_keys=list(names))


@contextmanager
def _translated_errors() -> Iterator[None]:
    try:
        yield
    except sa.exc.DBAPIError as exc:
        # Chained to the driver's error: SQLAlchemy's text repeats parameters, such as wrapped keys.
        raise _translated(exc.orig) from exc.orig
    except sa.exc.TimeoutError as exc:
        raise DatabaseUnavailable(
            "all database connections are in use; try again in a moment"
        ) from exc


def _translated(cause: BaseException | None) -> StorageError:
    text = f"{getattr(cause, 'sqlstate', '') or ''} {cause}".lower()
    if any(pattern in text for pattern in _DISK_FULL):
        return DiskFull("the database's disk is full; free some space, then try again")
    if any(pattern in text for pattern in _CONCURRENT):
        return ConcurrentChange("another process changed the same data first; try again")
    if any(pattern in text for pattern in _DAMAGED):
        return StorageBroken("the database file is damaged; restore it from a backup")
    return DatabaseUnavailable("the database is unavailable; try again in a moment")
