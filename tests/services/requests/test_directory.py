"""The directory finds patients by hospital number, and its rows reveal no number."""

from __future__ import annotations

import secrets

import pytest
import sqlalchemy as sa

from services.requests import PatientDirectory
from storage.errors import SealBroken

NOW_S = 1_800_000_000.0


@pytest.fixture
def directory(engine, store) -> PatientDirectory:
    return PatientDirectory(engine, store, lambda: NOW_S)


def test_a_hospital_number_finds_its_subject_and_the_rows_reveal_no_number(
    engine, directory
) -> None:
    number, subject = f"MRN-{secrets.token_hex(6)}", secrets.token_bytes(32)
    assert directory.add([(number, subject)]) == 1
    assert directory.add([(number, subject)]) == 0
    assert directory.find_subject(number) == subject
    assert directory.number_of(subject) == number
    assert directory.find_subject(number + "x") is None
    assert directory.count() == 1
    with engine.connect() as connection:
        rows = connection.execute(sa.text("SELECT * FROM web_patients")).all()
    assert not any(number.encode() in bytes(str(row), "utf-8") for row in rows)


def test_a_sealed_number_that_is_moved_to_another_patient_does_not_open(engine, directory) -> None:
    first, second = secrets.token_bytes(32), secrets.token_bytes(32)
    directory.add([(secrets.token_hex(6), first), (secrets.token_hex(6), second)])
    table = sa.table("web_patients", sa.column("subject"), sa.column("number"))
    with engine.begin() as connection:
        sealed = connection.scalar(sa.select(table.c.number).where(table.c.subject == first))
        update = sa.update(table).where(table.c.subject == second).values(number=sealed)
        connection.execute(update)
    with pytest.raises(SealBroken):
        directory.number_of(second)
