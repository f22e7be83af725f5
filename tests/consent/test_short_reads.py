from __future__ import annotations

import pytest
import sqlalchemy as sa

from consent.short_reads import read_rows

_TABLE = sa.Table(
    "short_reads_of_a_test",
    sa.MetaData(),
    sa.Column("name", sa.String(8), primary_key=True),
    sa.Column("body", sa.LargeBinary),
    sa.Column("count", sa.Integer),
    sa.Column("is_open", sa.Boolean),
)
_OF_NAMES = (
    sa.select(_TABLE)
    .where(_TABLE.c.name.in_([sa.bindparam("first"), sa.bindparam("second")]))
    .where(_TABLE.c.count != sa.literal(9))
    .order_by(_TABLE.c.name)
)
_COUNT = sa.select(sa.func.count()).select_from(_TABLE)


@pytest.fixture
def rows(engine: sa.Engine):
    """Three rows, on SQLite and on PostgreSQL."""
    _TABLE.metadata.create_all(engine)
    values = [
        {"name": "a", "body": b"\0\1", "count": 1, "is_open": True},
        {"name": "b", "body": None, "count": 2, "is_open": False},
        {"name": "c", "body": b"", "count": 9, "is_open": None},
    ]
    with engine.begin() as connection:
        connection.execute(sa.insert(_TABLE), values)
    yield engine
    _TABLE.metadata.drop_all(engine)


def test_rows_are_those_that_a_connection_returns(rows: sa.Engine) -> None:
    values = {"first": "b", "second": "a"}
    with rows.connect() as connection:
        expected = [tuple(row) for row in connection.execute(_OF_NAMES, values)]
    read = read_rows(rows, _OF_NAMES, values)
    assert [tuple(row) for row in read] == expected
    assert [(type(row.body), type(row.is_open)) for row in read] == [
        (bytes, bool),
        (type(None), bool),
    ]
    assert read_rows(rows, _OF_NAMES, {"first": "c", "second": None}) == []


def test_each_read_sees_what_was_committed_before(rows: sa.Engine) -> None:
    ((before,),) = read_rows(rows, _COUNT)
    with rows.begin() as connection:
        connection.execute(sa.delete(_TABLE).where(_TABLE.c.name == "a"))
        assert read_rows(rows, _COUNT) == [(before,)]
    assert read_rows(rows, _COUNT) == [(before - 1,)]


def test_an_error_is_sqlalchemys_and_names_no_value(rows: sa.Engine) -> None:
    missing = sa.table("no_such_table", sa.column("name"))
    query = sa.select(missing.c.name).where(missing.c.name == sa.bindparam("wanted"))
    with pytest.raises(sa.exc.DBAPIError) as failure:
        read_rows(rows, query, {"wanted": "Anna Example"})
    assert "Anna" not in str(failure.value)
    assert len(read_rows(rows, _COUNT)) == 1  # the next one has a connection that works


def test_a_parameter_that_is_missing_is_refused(rows: sa.Engine) -> None:
    with pytest.raises(sa.exc.InvalidRequestError):
        read_rows(rows, _OF_NAMES, {"first": "a"})
