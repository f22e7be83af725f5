from __future__ import annotations

import datetime
from pathlib import Path

import pytest

from records import Mapping, check_table, read_table
from records.description import describe_table
from records.faults import CellFaultCode
from records.units import ucum_unit

TODAY = datetime.date(2024, 6, 1)
HEAD = "pid,day,sex,age,crp,weight"
ROWS = "V1,2024-05-01,f,63,5.1,80\nV2,2024-05-02,m,44,7,70.5\n"
MAPPING = """
[table]
id = "pid"
date_column = "day"
[[documents]]
name = "demographics"
category = "demographics"
  [[documents.columns]]
  column = "sex"
  code = "local|sex"
  kind = "category"
  values = { f = "female", m = "male" }
  [[documents.columns]]
  column = "age"
  code = "local|age"
  kind = "number"
  unit = "a"
[[documents]]
name = "laboratory"
category = "laboratory"
  [[documents.columns]]
  column = "crp"
  code = "local|crp"
  kind = "number"
  unit = "1"
  [[documents.columns]]
  column = "weight"
  code = "local|weight"
  kind = "number"
  unit = "kg"
"""


def table(folder: Path, *lines: str) -> Path:
    path = folder / "t.csv"
    path.write_text("\n".join([HEAD, *lines, ROWS]), encoding="utf-8")
    return path


def mapping() -> Mapping:
    return Mapping.parse(MAPPING, "m.toml")


@pytest.mark.parametrize(
    "line",
    [
        ",,,years,mg/L,kg",
        "unit,YYYY-MM-DD,,Jahre,mg/L,[kg]",
        ",,-,a,mg/L,",
        "\n,,,years,mg/L,kg",
    ],
)
def test_units_below_the_header_count_where_the_mapping_says_none(
    tmp_path: Path, line: str
) -> None:
    path = table(tmp_path, line)
    report = check_table(path, mapping(), today=TODAY, has_summary=True)
    assert (report.rows, report.good, report.wrong) == (2, 2, 0)
    (note,) = report.notes
    assert note.code is CellFaultCode.UNIT_ROW
    assert "crp: mg/L" in note.message
    assert note.line == 2 + line.count("\n")
    assert {each.column: each.unit for each in report.columns}["crp"] == "mg/L"
    first = next(read_table(path, mapping()))
    values = {
        code: pair for _, observations in first.documents for code, pair in observations.items()
    }
    assert values["local|crp"] == (5.1, "mg/L")
    assert values["local|weight"] == (80, "kg")


def test_a_unit_that_the_mapping_contradicts_stores_nothing_and_names_both(tmp_path: Path) -> None:
    report = check_table(table(tmp_path, ",,,years,mg/L,lbs"), mapping(), today=TODAY)
    (fault,) = report.faults
    assert (fault.code, fault.column) == (CellFaultCode.UNIT_CONFLICT, "weight")
    assert "[lb_av], the mapping kg" in fault.message
    assert report.good == 0


@pytest.mark.parametrize(
    "line",
    [
        "kg,,,years,mg/L,kg",  # somebody may have that number
        ",,m,years,mg/L,kg",  # a sex
        ",,,63,mg/L,kg",  # an age
        ",2024-05-01,,years,mg/L,kg",  # a day
        ",,,years,5 mg/L,kg",  # a value with its unit
        ",,,low,high,kg",  # mostly words
        ",,,,,",
    ],
)
def test_what_can_be_data_is_no_row_of_units(tmp_path: Path, line: str) -> None:
    report = check_table(table(tmp_path, line), mapping(), today=TODAY)
    assert CellFaultCode.UNIT_ROW not in {note.code for note in report.notes}
    assert report.wrong == (line != ",,,,,")


def test_only_the_first_row_can_be_units(tmp_path: Path) -> None:
    report = check_table(table(tmp_path, "V0,2024-05-01,f,50,1,60", ",,,years,mg/L,kg"), mapping())
    assert (report.good, report.wrong) == (3, 1)


def test_describe_drafts_the_units_and_says_where_they_come_from(tmp_path: Path) -> None:
    described = describe_table(table(tmp_path, ",,,years,mg/L,kg"), "t.csv", TODAY)
    assert (described.rows, described.has_units) == (2, True)
    assert "The row below the header was read as units" in described.mapping
    units = {each.draft.name: each.draft.unit for each in described.columns}
    assert (units["age"], units["crp"], units["weight"]) == ("a", "mg/L", "kg")
    draft = Mapping.parse(described.mapping, "draft")
    assert check_table(table(tmp_path, ",,,years,mg/L,kg"), draft, today=TODAY).good == 2


def test_describe_takes_no_row_of_words_for_units(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("group,grade\nA,m\nB,g\nA,s\n", encoding="utf-8")
    assert not describe_table(path, "t.csv", TODAY).has_units


def test_units_are_understood_as_people_write_them() -> None:
    written = [
        "[mg/dl]",
        "(µg/L)",
        "10^9/L",
        "x10^3/µl",
        "Jahre",
        "Years",
        "%",
        "°C",
        "mmHg",
        "1/min",
    ]
    units = ["mg/dl", "ug/L", "10*9/L", "10*3/ul", "a", "a", "%", "Cel", "mm[Hg]", "1/min"]
    assert [ucum_unit(text) for text in written] == units
    assert [ucum_unit(text) for text in ("", "1", "63", "low", "5 mg/L", "-")] == [""] * 6


def test_remarks_below_the_rows_are_named_and_no_people(tmp_path: Path) -> None:
    path = table(tmp_path)
    with path.open("a", encoding="utf-8") as file:
        file.write("* measured at site 2,,,,,\nSource: LIS,,,,,\nValues below are blank,,,,,\n")
    report = check_table(path, mapping(), today=TODAY)
    assert (report.rows, report.good, report.people) == (2, 2, 2)
    assert [(note.code, note.line) for note in report.notes] == [
        (CellFaultCode.NOTE_ROW, line) for line in (4, 5, 6)
    ]
    with path.open("a", encoding="utf-8") as file:
        file.write("V 3,,,,,\n")  # an id, of somebody without a value
    assert check_table(path, mapping(), today=TODAY).rows == 3


def test_columns_of_another_visit_are_not_filed_under_the_first_ones_day(tmp_path: Path) -> None:
    path = tmp_path / "wide.csv"
    rows = [f"P{n},2024-03-01,{n % 7}.5,2024-04-0{n % 9 + 1},{n % 5}.5" for n in range(30)]
    path.write_text("\n".join(["pid,date_v1,crp_v1,date_v2,crp_v2", *rows]), encoding="utf-8")
    roles = {each.draft.name: each.draft.role for each in describe_table(path, "w", TODAY).columns}
    days = {name for name, role in roles.items() if role == "date"}
    values = {name for name, role in roles.items() if role == "value"}
    assert len(days) == len(values) == 1
    assert days.pop()[-3:] == values.pop()[-3:]
