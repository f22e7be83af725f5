"""No cell of the database ends a check, whatever somebody wrote into it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

import sqlalchemy as sa
from storage_install import Install, record_of

from consent import LedgerUnavailable
from consent.tables import METADATA as CONSENT_TABLES
from storage.findings import StoreFinding
from storage.tables import METADATA as STORAGE_TABLES

HUGE = str(2**63 - 1)
SIZED = ("count", "recorded_on", "size", "version")


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
        return [HUGE if column.type.python_type is int and column.name in SIZED else "'abc'"]
    return ["'abc'"] if isinstance(column.type, sa.LargeBinary) else ["CAST(x'ff' AS TEXT)"]


def last_row(column: sa.Column[object]) -> str:
    return f"FROM {column.table.name} ORDER BY rowid DESC LIMIT 1"


def read_cell(engine: sa.Engine, column: sa.Column[object]) -> str:
    """Return what the last row has, as SQL."""
    with engine.connect() as connection:
        query = f'SELECT quote("{column.name}") {last_row(column)}'
        return str(connection.exec_driver_sql(query).scalar_one())


def write_cell(engine: sa.Engine, column: sa.Column[object], value: str) -> None:
    with engine.begin() as connection:
        connection.exec_driver_sql(
            f'UPDATE OR IGNORE {column.table.name} SET "{column.name}" = {value} '
            f"WHERE rowid = (SELECT rowid {last_row(column)})"
        )


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
            before = read_cell(install.engine, column)
            write_cell(install.engine, column, value)
            findings = list(install.ledger.check())
            with suppress(LedgerUnavailable):  # a state behind its mark: the ledger's check says so
                findings += install.store.check()
            write_cell(install.engine, column, before)
            if not findings:
                silent.add(f"{column.table.name}.{column.name}")
    assert install.ledger.check() + install.store.check() == []
    # Some numbers of the chain and of fees decide nothing; each cell of the journal is checked.
    assert [name for name in silent if name.startswith("storage_journal")] == []


def test_a_batch_that_states_another_number_of_records_is_found(install: Install) -> None:
    install.store.deposits.deposit([record_of(install.patient().subject)])
    assert install.store.check() == []
    with install.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE storage_batches SET count = count + 1")
    assert [finding.code for finding in install.store.check()] == [StoreFinding.ENTRIES_DIFFER]
