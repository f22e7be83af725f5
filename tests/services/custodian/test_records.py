"""Deposits: the same rows give the same people and records, whichever way they come in."""

from __future__ import annotations

import secrets

import pytest

from consent import ConsentRefused
from records import Mapping, read_table, to_records
from storage import Record

pytestmark = pytest.mark.node
MAPPING = """
[table]
id = "id"
date = "2024-01-02"

[[documents]]
name = "vitals"
category = "vital-signs"

[[documents.columns]]
column = "number"
code = "x|number"
kind = "number"
unit = "kg"
minimum = 0
maximum = 100
"""


@pytest.fixture
def records(hospital):
    return hospital.services.custodian.records


def test_the_same_rows_are_the_same_people_and_are_stored_once(hospital, records, tmp_path) -> None:
    person = f"p{secrets.token_hex(4)}"  # digits with an e among them are a rounded number
    table = tmp_path / "table.csv"
    table.write_text(f"id,number\n{person}-a,60\n{person}-b,70\n")
    rows = list(read_table(table, Mapping.parse(MAPPING, "mapping")))
    steps = []
    first = records.deposit_rows(rows, lambda *step: steps.append(step), 2)
    assert (first.records, first.new) == (2, 2)
    assert steps[-1] == ("storing", 2, 2)
    assert records.deposit_rows(rows, lambda *_: None, 2).new == 0
    subject = hospital.platform.requests.directory.find_subject(f"{person}-a")
    assert len(hospital.platform.store.records_of(subject)) == 1


def test_a_large_table_is_read_and_stored_in_parts(
    hospital, records, tmp_path, monkeypatch
) -> None:
    monkeypatch.setattr("services.custodian.records.MAX_VALUES", 4)
    person, table = f"p{secrets.token_hex(4)}", tmp_path / "table.csv"
    table.write_text("id,number\n" + "".join(f"{person}-{n}x,{60 + n}\n" for n in range(7)))
    read, steps, most = [], [], []
    monkeypatch.setattr(
        "services.custodian.records.to_records",
        lambda rows, *more: most.append(len(read)) or to_records(rows, *more),
    )
    rows = read_table(table, Mapping.parse(MAPPING, "mapping"))
    noted = (read.append(row) or row for row in rows)
    summary = records.deposit_rows(noted, lambda *step: steps.append(step), 7)
    assert (summary.records, summary.new, most) == (7, 7, [2, 4, 6, 7])
    assert [done for _, done, _ in steps] == sorted(done for _, done, _ in steps)
    assert steps[-1] == ("storing", 7, 7)


def test_a_deposit_names_no_other_custodian(hospital, records) -> None:
    record = Record(
        hospital.subjects[0], "vital-signs", "organisation:b", "2024-01-02", {"x|n": (1.0, "kg")}
    )
    with pytest.raises(ConsentRefused, match="organisation:b"):
        records.deposit("organisation:a", [record], None)
