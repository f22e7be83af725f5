"""What each kind of table becomes: visits, one value a row, bounds, bad cells, odd lines."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest

from records import CellFaultCode, TableEmpty, TableInvalid, check_table, read_table
from records.mapping import Mapping
from records.table import ParsedRow, TableReport

TODAY = datetime.date(2024, 6, 1)
LABS = """
[[documents]]
name = "laboratory"
category = "laboratory"
  [[documents.columns]]
  column = "crp"
  code = "http://loinc.org|1988-5"
  kind = "number"
  unit = "mg/L"
  maximum = 500
  %s
[[documents]]
name = "habits"
category = "social-history"
  [[documents.columns]]
  column = "smoker"
  code = "x|smoker"
  kind = "boolean"
"""
WIDE = '[table]\nid = "pid"\n'
VISITS = WIDE + 'date_column = "day"\nvisits = true\n'
LONG = WIDE + 'date_column = "day"\ncode_column = "test"\nvalue_column = "value"\n'


def parse(table: str, column: str = "") -> Mapping:
    return Mapping.parse(table + LABS % column, "m.toml")


def write(folder: Path, text: str) -> Path:
    path = folder / "t.csv"
    path.write_text(text, encoding="utf-8")
    return path


def rows(folder: Path, text: str, mapping: Mapping) -> list[ParsedRow]:
    return list(read_table(write(folder, text), mapping, today=TODAY))


def check(folder: Path, text: str, mapping: Mapping) -> TableReport:
    return check_table(write(folder, text), mapping, today=TODAY)


def codes(report: TableReport) -> list[str]:
    return [fault.code.value for fault in report.faults]


def test_each_visit_is_a_record_of_its_day(tmp_path: Path) -> None:
    text = "pid,day,crp,smoker\n1,2024-01-01,5,yes\n1,2024-02-01,6,yes\n2,2024-01-01,7,no\n"
    visits = rows(tmp_path, text, parse(VISITS))
    assert [(row.person, row.recorded_on) for row in visits] == [
        ("1", "2024-01-01"),
        ("1", "2024-02-01"),
        ("2", "2024-01-01"),
    ]
    report = check(tmp_path, text, parse(VISITS))
    assert (report.rows, report.good, report.people, report.wrong) == (3, 3, 2, 0)


def test_without_visits_a_second_row_of_a_person_says_which_key_allows_it(tmp_path: Path) -> None:
    text = "pid,day,crp,smoker\n1,2024-01-01,5,yes\n1,2024-02-01,6,yes\n"
    (fault,) = check(tmp_path, text, parse(WIDE + 'date_column = "day"\n')).faults
    assert fault.code is CellFaultCode.DUPLICATE_PERSON
    assert "visits = true" in fault.code.remedy


def test_two_visits_of_one_day_need_a_time_or_a_rule(tmp_path: Path) -> None:
    text = "pid,day,crp,smoker\n1,2024-01-01,5,yes\n1,2024-01-01,6,\n"
    assert codes(check(tmp_path, text, parse(VISITS))) == ["duplicate-visit"]
    (row,) = rows(tmp_path, text, parse(VISITS + 'on_duplicate = "latest"\n'))
    assert row.documents == (("laboratory", {"http://loinc.org|1988-5": (6.0, "mg/L")}),)


def test_of_several_times_of_a_day_the_record_has_the_latest_value_of_each_code(
    tmp_path: Path,
) -> None:
    text = "pid,day,at,crp,smoker\n1,2024-01-01,18:00,9,\n1,2024-01-01,8:00,5,yes\n"
    (row,) = rows(tmp_path, text, parse(VISITS + 'time_column = "at"\n'))
    assert dict(row.documents) == {
        "laboratory": {"http://loinc.org|1988-5": (9.0, "mg/L")},
        "social-history": {"x|smoker": (True, "")},
    }
    in_cells = text.replace("2024-01-01,18:00", "2024-01-01 18:00").replace(",at,", ",")
    in_cells = in_cells.replace("2024-01-01,8:00", "2024-01-01T08:00Z")
    (same,) = rows(tmp_path, in_cells, parse(VISITS))
    assert same.documents == row.documents


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        ("09:00:00+05:00", "08:00:00Z"),
        ("01:00:00+14:00", "00:00:00-12:00"),
        ("02:30:00+02:00", "02:30:00+01:00"),  # the hour that clocks have twice in autumn
    ],
)
@pytest.mark.parametrize("is_turned", [False, True])
def test_of_times_of_several_zones_the_record_has_the_value_of_the_latest_moment(
    tmp_path: Path, earlier: str, later: str, is_turned: bool
) -> None:
    lines = [f"1,2023-10-29T{earlier},5,\n", f"1,2023-10-29T{later},6,\n"]
    text = "pid,day,crp,smoker\n" + "".join(reversed(lines) if is_turned else lines)
    (row,) = rows(tmp_path, text, parse(VISITS))
    assert row.documents == (("laboratory", {"http://loinc.org|1988-5": (6.0, "mg/L")}),)
    apart = text.replace("2023-10-29T", "2023-10-29,").replace("day,", "day,at,")
    (same,) = rows(tmp_path, apart, parse(VISITS + 'time_column = "at"\n'))
    assert same.documents == row.documents


@pytest.mark.parametrize(
    ("person", "twin"),
    [
        ("7", "007"),
        ("A-1", "a-1"),
        ("A-1", "A\u20111"),
        ("A-1", "A\u20131"),
        ("12", "\uff11\uff12"),
        ("A 1", "A  1"),
    ],
)
def test_ids_that_look_alike_are_two_people_with_a_warning(
    tmp_path: Path, person: str, twin: str
) -> None:
    text = f"pid,day,crp,smoker\n{person},2024-01-01,5,\n{twin},2024-01-01,6,\nB-2,2024-01-01,7,\n"
    report = check(tmp_path, text, parse(VISITS))
    assert (report.people, [note.code.value for note in report.notes]) == (3, ["id-spellings"])


def test_ids_that_differ_in_where_a_dash_stands_are_no_spellings(tmp_path: Path) -> None:
    text = "pid,day,crp,smoker\n1-23,2024-01-01,5,\n12-3,2024-01-01,6,\n10,2024-01-01,7,\n"
    assert check(tmp_path, text, parse(VISITS)).notes == []


def test_the_same_moment_on_two_clocks_is_the_same_visit(tmp_path: Path) -> None:
    text = "pid,day,crp,smoker\n1,2024-01-01T09:00+02:00,5,\n1,2024-01-01T07:00Z,6,\n"
    assert codes(check(tmp_path, text, parse(VISITS))) == ["duplicate-visit"]


def test_a_table_of_one_value_a_row_becomes_a_record_a_person_and_day(tmp_path: Path) -> None:
    text = (
        "pid,day,test,value\n1,2024-01-01,crp,5\n2,2024-01-01,crp,7\n"
        "1,2024-01-01,smoker,no\n1,2024-02-01,crp,6\n1,2024-02-01,crp,6\n"
    )
    found_rows = rows(tmp_path, text, parse(LONG))
    assert [(row.person, row.recorded_on, len(row.documents)) for row in found_rows] == [
        ("2", "2024-01-01", 1),
        ("1", "2024-01-01", 2),
        ("1", "2024-02-01", 1),
    ]
    report = check(tmp_path, text, parse(LONG))
    assert (report.rows, report.good, report.replaced, report.people) == (5, 4, 1, 2)


def test_another_value_of_the_same_code_and_time_is_a_fault(tmp_path: Path) -> None:
    text = "pid,day,test,value\n1,2024-01-01,crp,5\n1,2024-01-01,crp,6\n"
    assert codes(check(tmp_path, text, parse(LONG))) == ["duplicate-value"]


@pytest.mark.parametrize("empty", ["", "NA"])
def test_a_row_without_a_value_replaces_none(tmp_path: Path, empty: str) -> None:
    text = (
        f"pid,day,test,value\n1,2024-01-01,crp,51\n1,2024-01-01,crp,5.1\n1,2024-01-01,crp,{empty}\n"
    )
    newest = parse(LONG + 'on_duplicate = "latest"\n')
    (row,) = rows(tmp_path, text, newest)
    assert row.documents == (("laboratory", {"http://loinc.org|1988-5": (5.1, "mg/L")}),)
    report = check(tmp_path, text, newest)
    assert (report.good, report.replaced) == (1, 2)


def test_codes_that_the_mapping_does_not_name_are_faults_unless_ignored(tmp_path: Path) -> None:
    text = "pid,day,test,value\n1,2024-01-01,crp,5\n1,2024-01-01,hb,14\n1,2024-01-01,na,140\n"
    assert codes(check(tmp_path, text, parse(LONG))) == ["unknown-code", "unknown-code"]
    assert codes(check(tmp_path, text, parse(LONG + 'ignore_codes = ["hb"]\n'))) == ["unknown-code"]
    report = check(tmp_path, text, parse(LONG + 'ignore_codes = ["*"]\n'))
    assert (report.rows, report.good, report.ignored, report.wrong) == (3, 1, 2, 0)


def test_the_unit_of_each_row_is_checked_and_its_spellings_are_mapped(tmp_path: Path) -> None:
    mapping = parse(LONG + 'unit_column = "u"\n', 'units = { "mg/l" = "mg/L", "g/l" = "g/L" }')
    text = (
        "pid,day,test,value,u\n1,2024-01-01,crp,5,mg/L\n2,2024-01-01,crp,6,mg/l\n"
        "3,2024-01-01,crp,0.7,g/l\n4,2024-01-01,crp,8,\n5,2024-01-01,crp,9,nmol/L\n"
    )
    report = check(tmp_path, text, mapping)
    assert [(fault.row, fault.column, fault.problem) for fault in report.faults] == [
        (5, "value", "the unit is not mg/L")
    ]
    good = list(read_table(write(tmp_path, text), mapping, only_good=True))
    assert [row.documents[0][1]["http://loinc.org|1988-5"] for row in good] == [
        (5.0, "mg/L"),
        (6.0, "mg/L"),
        (0.7, "g/L"),
        (8.0, "mg/L"),
    ]


def test_a_table_of_events_without_values_states_them(tmp_path: Path) -> None:
    text = LABS % ""
    mapping = Mapping.parse(
        WIDE
        + 'date_column = "day"\ncode_column = "test"\n'
        + text[text.index('[[documents]]\nname = "habits"') :],
        "m.toml",
    )
    (row,) = rows(tmp_path, "pid,day,test\n1,2024-01-01,smoker\n", mapping)
    assert row.documents == (("social-history", {"x|smoker": (True, "")}),)


def test_a_bound_is_kept_beside_the_number_that_the_rule_gives(tmp_path: Path) -> None:
    table = WIDE + 'date = "2024-01-31"\nbounds = "half"\n'
    (row,) = rows(tmp_path, "pid,crp,smoker\n1,<0.5,\n", parse(table))
    assert row.documents[0][1] == {
        "http://loinc.org|1988-5": (0.25, "mg/L"),
        "http://loinc.org|1988-5;bound": ("<0.5", "mg/L"),
    }
    (row,) = rows(tmp_path, "pid,crp,smoker\n1,>200,\n", parse(table, 'bounds = "missing"'))
    assert row.documents[0][1] == {"http://loinc.org|1988-5;bound": (">200", "mg/L")}


DATED = WIDE + 'date = "2024-01-31"\n'


@pytest.mark.parametrize(
    ("table", "column", "faults"),
    [
        (DATED, "", ["outside", "not-a-boolean"]),
        (DATED, 'outside = "missing"', ["not-a-boolean"]),
        (DATED + 'outside = "missing"\n', "", ["not-a-boolean"]),
        (DATED + 'bad_cells = "missing"\n', "", []),
    ],
)
def test_a_bad_cell_costs_what_the_mapping_says(tmp_path, table, column, faults) -> None:
    text = "pid,crp,smoker\n1,5,yes\n2,9999,yes\n3,6,perhaps\n"
    report = check(tmp_path, text, parse(table, column))
    assert codes(report) == faults
    assert report.wrong == len(faults)
    assert report.left_out == 2 - len(faults)
    assert len(report.notes) == report.left_out
    assert all(fault.line == fault.row + 1 for fault in (*report.faults, *report.notes))


def test_a_bad_id_or_date_always_costs_the_row(tmp_path: Path) -> None:
    table = WIDE + 'date_column = "day"\nbad_cells = "missing"\n'
    text = "pid,day,crp,smoker\n,2024-01-01,5,\n2,soon,5,\n3,2024-01-01,5,\n"
    assert codes(check(tmp_path, text, parse(table))) == ["invalid-id", "not-a-date"]


def test_days_in_the_future_and_before_1900_are_bad_cells(tmp_path: Path) -> None:
    text = (
        "pid,day,crp,smoker\n1,2204-05-31,5,\n2,0001-01-01,5,\n3,9999-12-31,5,\n"
        "4,2024-06-03,5,\n5,2024-06-02,5,\n6,2024-05-31garbage,5,\n"
    )
    report = check(tmp_path, text, parse(WIDE + 'date_column = "day"\n'))
    assert codes(report) == ["date-outside"] * 4 + ["not-a-date"]
    with pytest.raises(TableInvalid, match="date is in the future"):
        check(tmp_path, "pid,crp,smoker\n1,5,\n", parse(WIDE + 'date = "2199-01-01"\n'))


def test_names_that_nobody_reads_may_repeat(tmp_path: Path) -> None:
    table = parse(DATED + 'ignore = ["note"]\n')
    report = check(tmp_path, "pid,crp,smoker,note,note,,\n1,5,yes,a,b,,\n2,6,no,,,x,\n", table)
    assert (report.good, report.wrong) == (2, 0)
    (note,) = report.notes
    assert note.message.startswith("1 cells below a header without a name were left out.")


def test_empty_lines_trailing_commas_and_totals_are_not_rows(tmp_path: Path) -> None:
    text = "pid,crp,smoker\n1,5,yes,\n,,\n2,6,no,,\n , ,\n\nTotal (n=2),11,\nSumme: 2,11,\n"
    text += "Mean ± SD,5,\n,,\n"
    report = check(tmp_path, text, parse(DATED))
    assert (report.rows, report.good, report.wrong) == (2, 2, 0)
    assert [(note.code.value, note.line) for note in report.notes] == [
        ("total-row", 7),
        ("total-row", 8),
        ("total-row", 9),
    ]
    report = check(tmp_path, "pid,crp,smoker,\n1,5,yes\n", parse(DATED))
    assert report.good == 1


def test_one_number_in_several_spellings_is_one_person_or_a_warning(tmp_path: Path) -> None:
    text = "pid,crp,smoker\n7,5,\n7.0,6,\n"
    assert codes(check(tmp_path, text, parse(DATED))) == ["duplicate-person"]
    report = check(tmp_path, "pid,crp,smoker\n7,5,\n007,6,\n", parse(DATED))
    assert [note.code.value for note in report.notes] == ["id-spellings"]
    report = check(tmp_path, "pid,crp,smoker\n1.23457E+11,5,\n", parse(DATED))
    assert codes(report) == ["rounded-id"]


def test_a_column_that_repeats_often_is_noticed_as_an_id(tmp_path: Path) -> None:
    lines = "".join(f"{40 + n % 10},{n},\n" for n in range(40))
    report = check(tmp_path, "pid,crp,smoker\n" + lines, parse(DATED))
    assert report.notes[0].message == (
        "10 people in 40 rows (column pid). "
        "Check that it is the hospital number; for several rows a person set visits = true."
    )


def test_a_table_without_rows_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, "pid,crp,smoker\n")
    for only_good in (False, True):
        with pytest.raises(TableEmpty, match="no row below it"):
            read_table(path, parse(DATED), only_good)


IDENTIFYING = """
[[documents]]
name = "d"
category = "demographics"
  [[documents.columns]]
  column = "where"
  code = "x|where"
  kind = "category"
  values = { %s }
  %s
  [[documents.columns]]
  column = "nr"
  code = "x|nr"
  kind = "number"
  unit = "1"
  %s
"""


def test_columns_that_identify_people_are_refused_unless_reviewed(tmp_path: Path) -> None:
    villages = ", ".join(f'"v{n}" = "v{n}"' for n in range(40))
    text = "pid,where,nr\n" + "".join(f"p{n},v{n},{n + 100}\n" for n in range(40))
    report = check(tmp_path, text, Mapping.parse(DATED + IDENTIFYING % (villages, "", ""), "m"))
    assert [fault.message.partition(".")[0] for fault in report.faults] == [
        "40 different values in 40 rows, so they identify people (column where)",
        "the values count the rows, so they say nothing about people (column nr)",
    ]
    assert (report.good, report.wrong) == (0, 40)
    with pytest.raises(TableInvalid, match="identify people"):
        mapping = Mapping.parse(DATED + IDENTIFYING % (villages, "", ""), "m")
        read_table(write(tmp_path, text), mapping, only_good=True)
    why = 'reviewed = "the ethics board agreed"'
    reviewed = Mapping.parse(DATED + IDENTIFYING % (villages, why, why), "m")
    assert check(tmp_path, text, reviewed).good == 40


def test_the_summary_of_a_check_has_each_column(tmp_path: Path) -> None:
    text = "pid,crp,smoker\n1,5,yes\n2,9999,no\n3,<0.5,yes\n4,,perhaps\n5,7,\n"
    mapping = parse(DATED + 'bad_cells = "missing"\nbounds = "limit"\n')
    report = check_table(write(tmp_path, text), mapping, has_summary=True)
    crp, smoker = report.columns
    assert (crp.count, crp.missing, crp.left_out, crp.bounds, crp.unit) == (3, 1, 1, 1, "mg/L")
    assert (crp.minimum, crp.median, crp.maximum) == (0.5, 5.0, 7.0)
    assert [(level.value, level.count) for level in smoker.levels] == [("true", 2), ("false", 1)]
    assert (smoker.count, smoker.missing, smoker.left_out, smoker.minimum) == (3, 1, 1, None)


def test_the_summary_of_a_table_of_one_value_a_row_counts_the_rows_of_each_code(
    tmp_path: Path,
) -> None:
    text = "pid,day,test,value\n1,2024-01-01,crp,\n2,2024-01-01,crp,6\n1,2024-01-01,smoker,x\n"
    report = check_table(write(tmp_path, text), parse(LONG), has_summary=True)
    assert [(each.count, each.missing, each.bad) for each in report.columns] == [
        (1, 1, 0),
        (0, 0, 1),
    ]
