"""Runs prepared queries of a few rows with a quarter of the work of a SQLAlchemy connection."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import sqlalchemy as sa

_MAX_QUERIES: Final = 256
_NOTHING: Final[Mapping[str, Any]] = {}

Query = sa.Select[*tuple[Any, ...]]
Row = Any
"""A named tuple of the query's columns."""


@dataclass(frozen=True, slots=True)
class _Prepared:
    """A query as one database takes it."""

    text: str
    parameters: Callable[[Mapping[str, Any]], Any]
    to_row: Callable[[Sequence[Any]], Row]


def read_rows(engine: sa.Engine, query: Query, values: Mapping[str, Any] = _NOTHING) -> list[Row]:
    """Return the rows of a query that was made once, in a transaction of its own.

    See docs/decisions/0042-short-reads.md for what it leaves out.

    Args:
        engine: the database.
        query: a constant: it is prepared at its first use, and remembered. Lists are not allowed as
            parameters.
        values: bytes, texts and numbers by the names of the query's parameters.

    Raises:
        sqlalchemy.exc.DBAPIError, sqlalchemy.exc.TimeoutError: as a connection of the engine would.
    """
    dialect = engine.dialect
    prepared = _prepare(dialect, query)
    connection = None
    try:
        connection = engine.raw_connection()
        cursor = connection.cursor()
        cursor.execute(prepared.text, prepared.parameters(values))
        rows = cursor.fetchall()
        cursor.close()
    except dialect.loaded_dbapi.Error as exc:
        if connection is not None:
            connection.invalidate(exc)
        # Without the parameters, which may be names or wrapped keys.
        raise sa.exc.DBAPIError.instance(
            prepared.text, None, exc, dialect.loaded_dbapi.Error, hide_parameters=True
        ) from exc
    finally:
        if connection is not None:
            connection.close()
    return list(map(prepared.to_row, rows))


@lru_cache(maxsize=_MAX_QUERIES)
def _prepare(dialect: sa.Dialect, query: Query) -> _Prepared:
    compiled = query.compile(dialect=dialect)
    order = compiled.positiontup if compiled.positional else None

    def parameters(values: Mapping[str, Any]) -> Any:
        by_name = compiled.construct_params(values)
        return by_name if order is None else tuple([by_name[name] for name in order])

    columns = query.selected_columns
    # Its fields are the query's, so no class can be written down; mypy wants a literal here.
    make: Any = namedtuple  # noqa: PYI024
    named: Any = make("Row", [column.key for column in columns], rename=True)
    processors = [
        column.type.dialect_impl(dialect).result_processor(dialect, None) for column in columns
    ]

    def to_row(cells: Sequence[Any]) -> Row:
        return named(
            *[
                cell if process is None else process(cell)
                for cell, process in zip(cells, processors, strict=True)
            ]
        )

    return _Prepared(compiled.string, parameters, to_row)
