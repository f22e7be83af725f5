"""Names of columns in several rows are joined, noticed, and never refused row by row."""

from __future__ import annotations

import datetime
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet
from workbooks import workbook

from records import DeclarationInvalid, Mapping, TableInvalid, check_table, read_table
from records.description import TableDescription, describe_table
from records.faults import CellFault, CellFaultCode
from records.header_rows import (
    MAX_COLUMNS,
    MAX_HEADING_CHARACTERS,
    NamesPlace,
    join_header,
)
from records.header_search import find_names

TODAY = datetime.date(2024, 6, 1)
MERGED = [
    ["pid", "day", "Blood", "", "Urine", ""],
    ["", "", "crp", "hb", "crp", "ph"],
]
"""Names that are merged over both rows, and headings that are merged over two columns."""
GROUPED = [["", "", "Blood", "", "Urine", ""], ["pid", "day", "crp", "hb", "crp", "ph"]]
DATA = [
    [f"P{n}", f"2024-05-{n % 28 + 1:02}", f"{n % 9}.5", 13 + n % 3, n % 4, 6 + n % 2]
    for n in range(1, 31)
]
NAMES = ["pid", "day", "Blood / crp", "Blood / hb", "Urine / crp", "Urine / ph"]
TITLE = ["Laboratory, export of May", "", "", "", "", ""]


def column(name: str, number: int) -> str:
    return f"""
  [[documents.columns]]
  column = "{name}"
  code = "local|c{number}"
  kind = "number"
  unit = "1"
"""


def mapping(*names: str, more: str = "header_rows = 2") -> Mapping:
    """Return a mapping of an id, a day and columns of numbers."""
    person, day, *numbers = names
    columns = "".join(column(name, n) for n, name in enumerate(numbers))
    head = f'[table]\nid = "{person}"\ndate_column = "{day}"\n{more}\n'
    document = '[[documents]]\nname = "laboratory"\ncategory = "laboratory"\n'
    return Mapping.parse(head + document + columns, "m")


def csv(folder: Path, *head: list[str]) -> Path:
    path = folder / "t.csv"
    lines = [",".join(f'"{cell}"' for cell in row) for row in [*head, *DATA]]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def xlsx(folder: Path, *head: list[str]) -> Path:
    return workbook(folder / "t.xlsx", [*map(list, head), *DATA])


def described(path: Path) -> TableDescription:
    return describe_table(path, path.name, TODAY)


def fault_of(path: Path, layout: Mapping) -> CellFault:
    """Return the one fault for which a table is refused as a whole."""
    with pytest.raises(TableInvalid) as caught:
        check_table(path, layout, today=TODAY)
    (fault,) = caught.value.faults
    assert isinstance(fault, CellFault)
    return fault


@pytest.mark.parametrize(
    ("rows", "names"),
    [
        (MERGED, NAMES),
        (GROUPED, NAMES),
        ([["Blood", "", ""], ["crp", "", "hb"]], ["Blood / crp", "", "Blood / hb"]),
        ([["crp", "Blood"], ["crp", "hb"]], ["crp", "Blood / hb"]),
        (
            [["A", "", "", ""], ["B", "", "C", ""], ["1", "2", "3", "4"]],
            ["A / B / 1", "A / B / 2", "A / C / 3", "A / C / 4"],
        ),
        ([["x"], ["", "y"]], ["x", "y"]),
        ([], []),
    ],
)
def test_the_names_of_several_rows_are_joined_from_the_top(rows, names) -> None:
    assert join_header(rows) == names


@pytest.mark.parametrize("write", [csv, xlsx])
@pytest.mark.parametrize("head", [MERGED, GROUPED])
@pytest.mark.parametrize("title", [[], [TITLE]])
def test_a_table_with_two_rows_of_names_is_drafted_checked_and_read(
    tmp_path: Path, write, head, title
) -> None:
    path = write(tmp_path, *title, *head)
    description = described(path)
    assert [each.draft.name for each in description.columns] == NAMES
    assert (description.rows, description.header_rows) == (30, 2)
    assert "header_rows = 2\n" in description.mapping
    draft = Mapping.parse(description.mapping, "draft")
    assert (draft.id_column, draft.date_column) == ("pid", "day")
    codes = {each.name: each.code for each in draft.mapped()}
    assert codes["Blood / hb"] == "http://loinc.org|718-7"
    assert len(set(codes.values())) == 4
    report = check_table(path, draft, today=TODAY)
    assert (report.rows, report.good) == (30, 30)
    first = next(read_table(path, draft, today=TODAY))
    assert (first.person, first.recorded_on) == ("P1", "2024-05-02")


@pytest.mark.parametrize("write", [csv, xlsx])
def test_the_lines_of_faults_count_every_row_of_names(tmp_path: Path, write) -> None:
    layout = mapping("pid", "day", *NAMES[2:5], more='header_rows = 2\nignore = ["Urine / ph"]')
    bad = ["P0", "2024-05-01", "many", "1", "1", "7"]
    report = check_table(write(tmp_path, *MERGED, bad), layout, today=TODAY)
    assert [(fault.row, fault.line) for fault in report.faults] == [(1, 3)]


@pytest.mark.parametrize("write", [csv, xlsx])
@pytest.mark.parametrize("head", [MERGED, GROUPED])
def test_a_mapping_without_header_rows_is_told_so_once_for_the_file(
    tmp_path: Path, write, head
) -> None:
    fault = fault_of(write(tmp_path, *head), mapping(*NAMES, more=""))
    assert fault.code is CellFaultCode.HEADER_ROWS
    assert "are in 2 rows, from line 1 on; joined they are 'pid', 'day', 'Blood / crp'" in (
        fault.message
    )
    assert "Set header_rows" in fault.message


def test_names_of_both_rows_that_are_not_joined_are_told_the_joined_ones(tmp_path: Path) -> None:
    fault = fault_of(csv(tmp_path, *MERGED), mapping("pid", "day", "hb", "ph", more=""))
    assert fault.code is CellFaultCode.HEADER_ROWS
    assert "'Blood / hb'" in fault.message


@pytest.mark.parametrize("write", [csv, xlsx])
@pytest.mark.parametrize("above", [[TITLE], [TITLE, TITLE]])
def test_names_below_a_title_are_found_and_the_error_says_the_line(
    tmp_path: Path, write, above
) -> None:
    names = ["pid", "day", "a", "b", "c", "d"]
    fault = fault_of(write(tmp_path, *above, names), mapping(*names, more=""))
    assert fault.code is CellFaultCode.HEADER_BELOW
    assert f"in line {len(above) + 1}, below {len(above)} other lines" in fault.message
    layout = mapping(*names, more=f"skip = {len(above)}")
    assert check_table(tmp_path / f"t.{write.__name__}", layout, today=TODAY).good == 30


def test_names_that_are_nowhere_are_named_one_by_one_as_before(tmp_path: Path) -> None:
    with pytest.raises(TableInvalid) as caught:
        check_table(csv(tmp_path, *MERGED), mapping("who", "when", "x", more=""))
    codes = {fault.code for fault in caught.value.faults}
    assert CellFaultCode.COLUMN_MISSING in codes


@pytest.mark.parametrize(
    "second", [["", "", "value", "value"], ["Patient", "Datum", "CRP im Blut", "Hb"]]
)
def test_a_second_row_of_names_below_a_fitting_header_is_named_once(
    tmp_path: Path, second: list[str]
) -> None:
    path = tmp_path / "t.csv"
    rows = [["pid", "day", "crp", "hb"], second, ["P1", "2024-05-01", "5", "13"]]
    path.write_text("\n".join(map(",".join, rows)), encoding="utf-8")
    report = check_table(path, mapping("pid", "day", "crp", "hb", more=""), today=TODAY)
    assert [(fault.code, fault.line) for fault in report.faults] == [
        (CellFaultCode.ROW_OF_NAMES, 2)
    ]
    assert (report.good, report.wrong) == (1, 1)


@pytest.mark.parametrize(
    "row", ["P0,31.05.2024,5,13", "P0,2024-05-01,low,high", ",2024-05-01,5,13", "7,today,low,high"]
)
def test_a_bad_row_of_data_keeps_its_own_faults(tmp_path: Path, row: str) -> None:
    path = tmp_path / "t.csv"
    path.write_text(f"pid,day,crp,hb\n{row}\nP1,2024-05-01,5,13\n", encoding="utf-8")
    report = check_table(path, mapping("pid", "day", "crp", "hb", more=""), today=TODAY)
    assert report.faults
    assert CellFaultCode.ROW_OF_NAMES not in {fault.code for fault in report.faults}


@pytest.mark.parametrize(
    "text",
    [
        "pid,day,crp,\nP1,2024-05-01,5,x\nP2,2024-05-02,6,y\n",  # a column without a name
        "pid,sex,town\nP1,m,Ulm\nP2,f,Bern\n",
        "Export,May\npid,day,crp,hb\nP1,2024-05-01,5,13\nP2,2024-05-02,6,14\n",
        "pid,day,crp,\n,,mg/L,g/L\nP1,2024-05-01,5,13\nP2,2024-05-02,6,14\n",  # units
        "pid,day,crp,hb\n,,,\nP1,2024-05-01,5,13\n",
    ],
)
def test_what_is_no_second_row_of_names_is_not_joined(tmp_path: Path, text: str) -> None:
    path = tmp_path / "t.csv"
    path.write_text(text, encoding="utf-8")
    assert described(path).header_rows == 1


NAMED_TWICE = [
    ["pid", "day", "crp", "hb", "urine", "ph"],
    [
        "Patient",
        "Date of visit",
        "C-reactive protein",
        "Haemoglobin",
        "CRP in urine",
        "pH of urine",
    ],
]


@pytest.mark.parametrize("write", [csv, xlsx])
@pytest.mark.parametrize("units", [[], [["", "", "mg/L", "g/dL", "mg/L", ""]]])
def test_a_second_row_that_names_every_column_is_joined_and_read(
    tmp_path: Path, write, units: list[list[str]]
) -> None:
    path = write(tmp_path, *NAMED_TWICE, *units)
    description = described(path)
    assert (description.header_rows, description.has_units) == (2, bool(units))
    layout = Mapping.parse(description.mapping, "draft")
    assert layout.id_column == "pid / Patient"
    assert layout.mapped()[0].unit == "mg/L"
    report = check_table(path, layout, today=TODAY)
    assert (report.good, report.faults) == (30, [])


@pytest.mark.parametrize(
    "row",
    [
        "P0,today,low,high,none,x",  # an id is written as those below it
        "who,today,low,low,none,x",  # a word comes twice
        "who,today,,high,none,x",  # a column of numbers has no name
        "who,YYYY-MM-DD,mg/L,g/dL,mg/dL,1",
    ],
)
def test_a_first_row_of_words_that_may_be_data_is_no_row_of_names(tmp_path: Path, row: str) -> None:
    path = csv(tmp_path, NAMED_TWICE[0], row.split(","))
    assert described(path).header_rows == 1


def test_a_title_with_a_day_in_it_is_no_row_of_names(tmp_path: Path) -> None:
    path = csv(tmp_path, ["Export", "of", "the", "day", "2024-05-01", ""], list("abcdef"))
    description = described(path)
    assert (description.header_rows, description.draft.file.skip) == (1, 1)
    assert [each.draft.name for each in description.columns] == list("abcdef")


def test_a_title_below_the_line_of_the_separator_is_skipped(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    rows = "".join(f"P{n};2024-05-01;{n}\n" for n in range(1, 20))
    path.write_text(f"sep=;\nExport;;\npid;day;crp\n{rows}", encoding="utf-8")
    description = described(path)
    assert [each.draft.name for each in description.columns] == ["pid", "day", "crp"]
    draft = Mapping.parse(description.mapping, "draft")
    assert check_table(path, draft, today=TODAY).good == 19


@pytest.mark.parametrize("count", [0, 6, -1])
def test_the_number_of_rows_of_names_has_a_limit(count: int) -> None:
    with pytest.raises(DeclarationInvalid, match="header_rows: must be 1 to 5 rows"):
        mapping("pid", "day", "crp", more=f"header_rows = {count}")


def test_a_parquet_file_has_one_row_of_names(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    parquet.write_table(pa.table({"pid": ["1"], "day": ["2024-05-01"], "crp": [5]}), path)
    with pytest.raises(TableInvalid, match="take header_rows out of the mapping"):
        check_table(path, mapping("pid", "day", "crp"))


@pytest.mark.parametrize(
    ("heading", "refusal"),
    [
        (["A" * (MAX_HEADING_CHARACTERS + 1), *[""] * 9], "a cell with more than 500 characters"),
        (["Blood", *[""] * MAX_COLUMNS], "5,001 columns; the limit is 5,000"),
    ],
)
def test_a_heading_is_not_repeated_in_more_names_than_a_table_can_have(
    tmp_path: Path, heading: list[str], refusal: str
) -> None:
    names = [f"c{number}" for number in range(len(heading))]
    path = csv(tmp_path, heading, names)
    with pytest.raises(TableInvalid, match=refusal):
        describe_table(path, path.name, TODAY, place=NamesPlace(0, 2))
    with pytest.raises(TableInvalid, match=refusal):
        check_table(path, mapping("c0", "c1", "c2"), today=TODAY)
    single = mapping("pid", "c1", "Blood / c2", more="")
    assert find_names([(1, heading), (2, ["pid", *names[1:]])], single) is None


def test_headings_as_long_as_a_question_are_read(tmp_path: Path) -> None:
    question = "A" * MAX_HEADING_CHARACTERS
    path = csv(tmp_path, ["", "", question, "", "", ""], ["pid", "day", "a", "b", "c", "d"])
    description = describe_table(path, path.name, TODAY, place=NamesPlace(0, 2))
    names = [column.draft.name for column in description.columns]
    assert names == ["pid", "day", *(f"{question} / {name}" for name in "abcd")]
