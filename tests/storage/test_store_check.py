"""No cell of the database ends a check, whatever somebody wrote into it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

import sqlalchemy as sa
from storage_install import Install, record_of

from consent import LedgerUnavailable
from consent.tables import METADATA as CONSENT_TABLES
from storage.tables import METADATA as STORAGE_TABLES

HUGE = str(2**63 - 1)


def columns_with_rows(engine: sa.Engine) -> Iterator[sa.Column[object]]:
    for table in (*CONSENT_TABLES.sorted_tables, *STORAGE_TABLES.sorted_tables):
        with engine.connect() as connection:
            if connection.execute(sa.select(table).limit(1)).first() is not None:
                yield from table.columns


def odd_values(column: sa.Column[object]) -> list[str]:
    """Return, as SQL, what no writer of ours could have written."""
    is_number = isinstance(column.type, sa.Integer | sa.Boolean)
    if column.foreign_keys or (column.primary_key and type(column.type) is sa.Integer):
        return []  # SQLite itself keeps these numbers
    if is_number:
        return ["'abc'", HUGE]
    return ["'abc'"] if isinstance(column.type, sa.LargeBinary) else ["CAST(x'ff' AS TEXT)"]


def set_cell(engine: sa.Engine, column: sa.Column[object], value: str) -> str:
    """Write a value into the last row; return what was there, as SQL."""
    name, table = f'"{column.name}"', column.table.name
    last = f"FROM {table} ORDER BY rowid DESC LIMIT 1"
    with engine.begin() as connection:
        before = connection.exec_driver_sql(f"SELECT quote({name}) {last}").scalar_one()
        connection.exec_driver_sql(
            f"UPDATE OR IGNORE {table} SET {name} = {value} WHERE rowid = (SELECT rowid {last})"
        )
    return str(before)


def test_no_cell_of_another_type_or_size_ends_a_check_with_an_error(install: Install) -> None:
    patient = install.patient()
    granted = install.grant(patient)
    install.store.deposits.deposit([record_of(patient.subject), record_of(patient.subject, 1)])
    install.gathered()
    install.store.journal.anchor()
    install.withdraw(patient, granted)
    install.gathered()
    assert install.ledger.check() + install.store.check() == []
    silent = set[str]()
    for column in columns_with_rows(install.engine):
        for value in odd_values(column):
            before = set_cell(install.engine, column, value)
            findings = list(install.ledger.check())
            with suppress(LedgerUnavailable):  # a state behind its mark: the ledger's check says so
                findings += install.store.check()
            set_cell(install.engine, column, before)
            if not findings:
                silent.add(f"{column.table.name}.{column.name}")
    assert install.ledger.check() + install.store.check() == []
    assert silent == set()
