"""Tables that come again: further values are added, and other values are corrections."""

from __future__ import annotations

from pathlib import Path

import pytest
from memory_store import Custodian

from records import ParsedRow
from services.custodian.records import DepositSummary

CRP, CREATININE = "loinc|crp", "loinc|creatinine"


@pytest.fixture
def custodian(tmp_path: Path) -> Custodian:
    return Custodian(tmp_path)


def deposit(custodian: Custodian, person: str = "1", **values: float) -> DepositSummary:
    cells = {f"loinc|{name}": (value, "mg/L") for name, value in values.items()}
    row = ParsedRow(1, person, "2024-01-31", "", (("laboratory", cells),))
    return custodian.records.deposit_rows([row], lambda *_: None, 1)


def test_a_second_table_of_the_same_day_adds_its_values(custodian: Custodian) -> None:
    deposit(custodian, crp=51)
    summary = deposit(custodian, creatinine=1.1)
    assert (summary.new, summary.corrected) == (0, 1)
    (record,) = custodian.stored("1")
    assert record.observations == {CRP: (51, "mg/L"), CREATININE: (1.1, "mg/L")}
    assert record.version == 2


def test_a_corrected_cell_replaces_the_value_and_names_the_models(custodian: Custodian) -> None:
    deposit(custodian, crp=51)
    assert deposit(custodian, crp=5.1).corrected == 1
    (record,) = custodian.stored("1")
    assert record.observations == {CRP: (5.1, "mg/L")}
    assert custodian.models.records == [record.record_id]


def test_the_same_table_changes_nothing(custodian: Custodian) -> None:
    deposit(custodian, crp=51)
    summary = deposit(custodian, crp=51)
    assert (summary.records, summary.new, summary.corrected) == (1, 0, 0)
    assert custodian.models.records == []
    assert [record.version for record in custodian.stored()] == [1]


def test_an_erased_record_is_not_stored_again(custodian: Custodian) -> None:
    deposit(custodian, crp=51)
    subject = custodian.directory.find_subject("1")
    assert subject is not None
    with custodian.engine.begin() as connection:
        custodian.store._catalogue.delete_keys(subject, connection)
        custodian.store._keys.delete_patient(subject, connection)
    summary = deposit(custodian, crp=51)
    assert (summary.new, summary.erased) == (0, 1)
    assert custodian.stored() == []
