"""No cell of the database ends a check, whatever somebody wrote into it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from storage_install import Install, record_of

from consent.tables import METADATA as CONSENT_TABLES
from storage.tables import METADATA as STORAGE_TABLES

UNSEEN = {
    # Nothing that is promised depends on these.
    "consent_outbox_writer.fee_most",
    "consent_outbox_writer.fee_tip",
    "storage_batches.at_s",
    "storage_batches.name",
}


def columns_with_rows(engine: sa.Engine) -> Iterator[sa.Column[object]]:
    for table in (*CONSENT_TABLES.sorted_tables, *STORAGE_TABLES.sorted_tables):
        with engine.connect() as connection:
            if connection.execute(sa.select(table).limit(1)).first() is not None:
                yield from table.columns


def set_cell(engine: sa.Engine, column: sa.Column[object], value: str) -> str:
    """Write into the last row what no writer of ours could; return what was there, as SQL."""
    name, table = f'"{column.name}"', column.table.name
    last = f"FROM {table} ORDER BY rowid DESC LIMIT 1"
    with engine.begin() as connection:
        before = connection.exec_driver_sql(f"SELECT quote({name}) {last}").scalar_one()
        connection.exec_driver_sql(
            f"UPDATE OR IGNORE {table} SET {name} = {value} WHERE rowid = (SELECT rowid {last})"
        )
    return str(before)


@pytest.mark.parametrize(
    "value", ["'abc'", "x'00ff'", "9223372036854775807", "CAST(x'ff' AS TEXT)"]
)
def test_no_cell_of_another_type_ends_a_check_with_an_error(install: Install, value: str) -> None:
    patient = install.patient()
    granted = install.grant(patient)
    install.store.deposits.deposit([record_of(patient.subject), record_of(patient.subject, 1)])
    install.gathered()
    install.store.journal.anchor()
    install.withdraw(patient, granted)
    install.gathered()
    assert install.ledger.check() + install.store.check() == []
    silent = []
    for column in columns_with_rows(install.engine):
        before = set_cell(install.engine, column, value)
        findings = install.ledger.check() + install.store.check()
        set_cell(install.engine, column, before)
        if not findings:
            silent.append(f"{column.table.name}.{column.name}")
    print(value, silent)
    assert install.ledger.check() + install.store.check() == []
