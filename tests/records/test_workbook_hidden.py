"""What a spreadsheet program does not show is read all the same, and named."""

from __future__ import annotations

import datetime
import struct
from pathlib import Path

import pytest
from workbooks import changed, ods, row, workbook

from records import Mapping, TableInvalid, check_table
from records.description import describe_table
from records.faults import CellFault
from records.mapping import FileFormat
from records.workbook import survey_sheets
from records.workbook_hidden import find_hidden, letters_of
from records.xls_errors import records_of_sheet

TODAY = datetime.date(2024, 6, 1)
XLS = Path(__file__).parent / "tables" / "errors.xls"
ROWS: list[list[object]] = [["pid", "crp", "hb"], *[[f"P{n}", n, 10 + n] for n in range(1, 9)]]
MAPPING = """
[table]
id = "pid"
date = "2024-05-01"
{more}
[[documents]]
name = "laboratory"
category = "laboratory"
  [[documents.columns]]
  column = "crp"
  code = "local|crp"
  kind = "number"
  unit = "mg/L"
  [[documents.columns]]
  column = "hb"
  code = "local|hb"
  kind = "number"
  unit = "g/dL"
"""


def notes(path: Path, more: str = "") -> dict[str, str]:
    """Return the problems that the check of a table notes, and require that every row is read."""
    report = check_table(path, Mapping.parse(MAPPING.format(more=more), "m"), today=TODAY)
    assert (report.rows, report.good) == (8, 8)
    return problems(report.notes)


def problems(faults: object) -> dict[str, str]:
    assert isinstance(faults, list | tuple)
    assert all(isinstance(fault, CellFault) for fault in faults)
    return {fault.code.value: fault.problem for fault in faults}


def hide_rows(path: Path, *lines: int, how: str = 'hidden="1"') -> Path:
    """Hide lines of a workbook, of which the first is 1."""
    for line in lines:
        person = f'<row><c t="inlineStr"><is><t>P{line - 1}<'
        changed(path, worksheets=(person, person.replace("<row>", f"<row {how}>")))
    return path


HIDDEN_ROWS = (
    "rows that are hidden or filtered out in the workbook were read like the others: {} (lines: {})"
)


def test_the_hidden_rows_of_an_xlsx_are_read_counted_and_their_lines_named(tmp_path: Path) -> None:
    path = hide_rows(workbook(tmp_path / "t.xlsx", ROWS), 3, 4, 5, 8)
    assert notes(path) == {"hidden-rows": HIDDEN_ROWS.format(4, "3–5, 8")}


@pytest.mark.parametrize("how", ['hidden="true"', 'ht="0" customHeight="1"', 'hidden="1" r="3"'])
def test_every_way_to_hide_a_row_of_an_xlsx_is_found(tmp_path: Path, how: str) -> None:
    path = hide_rows(workbook(tmp_path / "t.xlsx", ROWS), 3, how=how)
    assert notes(path) == {"hidden-rows": HIDDEN_ROWS.format(1, "3")}


def test_rows_that_a_filter_hides_are_named_too(tmp_path: Path) -> None:
    path = hide_rows(workbook(tmp_path / "t.xlsx", ROWS), 2, 9)
    wish = '<autoFilter ref="A1:C9"><filterColumn colId="0"/></autoFilter>'
    changed(path, worksheets=("</sheetData>", f"</sheetData>{wish}"))
    assert notes(path) == {"hidden-rows": HIDDEN_ROWS.format(2, "2, 9")}


def test_what_is_shown_in_full_has_no_note(tmp_path: Path) -> None:
    visible = 'hidden="0"'
    path = hide_rows(workbook(tmp_path / "t.xlsx", ROWS), 3, how=visible)
    columns = f'<cols><col min="1" max="3" width="9" {visible}/></cols><sheetData>'
    changed(path, worksheets=("<sheetData>", columns))
    assert notes(path) == {}


def test_a_hidden_row_without_a_cell_is_not_counted(tmp_path: Path) -> None:
    path = workbook(tmp_path / "t.xlsx", ROWS)
    empty = '<row r="12" hidden="1"><c t="inlineStr"><is><t> </t></is></c></row></sheetData>'
    assert notes(changed(path, worksheets=("</sheetData>", empty))) == {}


@pytest.mark.parametrize("how", ['hidden="1"', 'hidden="true"', 'width="0" customWidth="1"'])
def test_the_hidden_columns_of_an_xlsx_are_named(tmp_path: Path, how: str) -> None:
    path = workbook(tmp_path / "t.xlsx", ROWS)
    columns = f'<cols><col min="2" max="2" {how}/><col min="4" max="16384" {how}/></cols>'
    changed(path, worksheets=("<sheetData>", f"{columns}<sheetData>"))
    named = "columns that are hidden in the workbook were read like the others: crp"
    assert notes(path) == {"hidden-columns": named}


def test_a_hidden_column_without_a_name_is_named_by_its_letter(tmp_path: Path) -> None:
    rows: list[list[object]] = [[*line, "" if n == 0 else "x"] for n, line in enumerate(ROWS)]
    path = workbook(tmp_path / "t.xlsx", rows)
    changed(
        path,
        worksheets=("<sheetData>", '<cols><col min="4" max="4" hidden="1"/></cols><sheetData>'),
    )
    assert notes(path)["hidden-columns"].endswith(": D (without a name)")
    assert [letters_of(number) for number in (0, 25, 26, 701, 702)] == ["A", "Z", "AA", "ZZ", "AAA"]


@pytest.mark.parametrize("state", ["hidden", "veryHidden"])
def test_hidden_sheets_are_named_and_said_to_be_read_or_not(tmp_path: Path, state: str) -> None:
    path = workbook(tmp_path / "t.xlsx", ROWS, "Labs", "2025")
    changed(path, book=('name="2025"', f'name="2025" state="{state}"'))
    unread = "the workbook has hidden sheets that were not read: 2025"
    assert notes(path)["hidden-sheets"] == unread
    assert notes(path, 'sheet = "Labs"') == {"hidden-sheets": unread}
    read = "the sheet that was read, 2025, is hidden in the workbook"
    assert notes(path, 'sheet = "2025"') == {"hidden-sheet": read}


def test_a_hidden_first_sheet_is_read_and_said_to_be_hidden(tmp_path: Path) -> None:
    path = workbook(tmp_path / "t.xlsx", ROWS, "Old", "Labs")
    changed(path, book=('name="Old"', 'name="Old" state="hidden"'))
    noted = notes(path)
    assert noted["hidden-sheet"] == "the sheet that was read, Old, is hidden in the workbook"
    assert "Labs" in noted["other-sheets"]


def ods_rows(attributes: str = "", *, of: int = 3) -> str:
    """Return the rows as elements, one of them with these attributes."""

    def cell(value: object) -> str:
        head = '<table:table-cell office:value-type="string">'
        return f"{head}<text:p>{value}</text:p></table:table-cell>"

    lines = [row(*map(cell, line)) for line in ROWS]
    lines[of - 1] = lines[of - 1].replace("<table:table-row ", f"<table:table-row {attributes} ")
    return "".join(lines)


@pytest.mark.parametrize("visibility", ["collapse", "filter"])
def test_hidden_and_filtered_rows_of_an_ods_are_read_and_named(
    tmp_path: Path, visibility: str
) -> None:
    path = ods(tmp_path / "t.ods", Labs=ods_rows(f'table:visibility="{visibility}"'))
    assert notes(path) == {"hidden-rows": HIDDEN_ROWS.format(1, "3")}
    assert notes(ods(path, Labs=ods_rows('table:visibility="visible"'))) == {}


def test_rows_and_columns_of_folded_groups_of_an_ods_are_hidden(tmp_path: Path) -> None:
    columns = (
        '<table:table-column/><table:table-column-group table:display="false">'
        '<table:table-column table:number-columns-repeated="2"/></table:table-column-group>'
    )
    parts = ods_rows().split("</table:table-row>")
    folded = '<table:table-row-group table:display="false">'
    parts[2] = folded + parts[2]
    parts[4] = "</table:table-row-group>" + parts[4]
    path = ods(tmp_path / "t.ods", Labs=columns + "</table:table-row>".join(parts))
    named = "columns that are hidden in the workbook were read like the others: crp, hb"
    assert notes(path) == {
        "hidden-rows": HIDDEN_ROWS.format(2, "3–4"),
        "hidden-columns": named,
    }


def test_of_several_sheets_of_an_ods_only_the_one_that_is_read_counts(tmp_path: Path) -> None:
    hidden = ods_rows('table:visibility="collapse"')
    column = '<table:table-column table:visibility="collapse"/>'
    path = ods(tmp_path / "t.ods", A=ods_rows(), B=column + hidden)
    assert set(notes(path)) == {"other-sheets"}
    noted = notes(path, 'sheet = "B"')
    assert noted["hidden-rows"] == HIDDEN_ROWS.format(1, "3")
    assert noted["hidden-columns"].endswith(": pid")


def test_a_hidden_sheet_of_an_ods_is_named(tmp_path: Path) -> None:
    path = ods(tmp_path / "t.ods", A=ods_rows(), B=ods_rows())
    style = (
        '<office:automatic-styles><style:style style:name="ta2" style:family="table">'
        '<style:table-properties table:display="false"/></style:style></office:automatic-styles>'
    )
    space = 'xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0"'
    changed(path, content=("<office:body>", f"{style}<office:body>"))
    changed(path, content=("<office:document-content ", f"<office:document-content {space} "))
    changed(path, content=('table:name="B"', 'table:name="B" table:style-name="ta2"'))
    assert notes(path)["hidden-sheets"] == ("the workbook has hidden sheets that were not read: B")


def test_hidden_rows_columns_and_sheets_of_an_xls_are_found(tmp_path: Path) -> None:
    body = bytearray(XLS.read_bytes())
    for line in (1, 3):
        place = body.index(struct.pack("<HHHHHH", 0x0208, 16, line, 0, 3, 255))
        body[place + 4 + 12] |= 0x20
    place = body.index(struct.pack("<HH", 0x00A1, 34))  # how it is printed: now, hidden columns
    body[place : place + 14] = struct.pack("<HHHHHHH", 0x007D, 34, 1, 2, 2962, 15, 1)
    place = body.index("Zweites".encode("utf-16-le"))
    body[place - 4] = 1  # behind it are the kind, and the length of the name
    path = tmp_path / "t.xls"
    path.write_bytes(body)
    survey = survey_sheets(path, FileFormat())
    assert (survey.rows, survey.lines) == (2, [[2, 2], [4, 4]])
    assert survey.columns == [[1, "B"], [2, "C"]]
    assert list(survey.sheets) == ["Zweites Blatt – ä"]
    assert 0x007D in {kind for kind, _ in records_of_sheet(bytes(body), "")}


def test_a_table_that_begins_further_in_a_sheet_has_the_right_lines_and_columns(
    tmp_path: Path,
) -> None:
    path = workbook(tmp_path / "t.xlsx", ROWS)
    for line in range(9, 0, -1):
        who = "pid" if line == 1 else f"P{line - 1}"
        first = f'<row><c t="inlineStr"><is><t>{who}<'
        there = f'<row r="{line + 2}"><c r="C{line + 2}" t="inlineStr"><is><t>{who}<'
        changed(
            path,
            worksheets=(
                first,
                there.replace("<row", "<row hidden='1'" * (line == 4), 1) if line == 4 else there,
            ),
        )
    changed(
        path,
        worksheets=("<sheetData>", '<cols><col min="4" max="4" hidden="1"/></cols><sheetData>'),
    )
    noted = notes(path)
    assert noted["hidden-rows"] == HIDDEN_ROWS.format(1, "6")
    assert noted["hidden-columns"].endswith(": crp")


def test_describe_says_what_is_hidden(tmp_path: Path) -> None:
    path = hide_rows(workbook(tmp_path / "t.xlsx", ROWS, "Labs", "2025"), 3)
    changed(path, book=('name="2025"', 'name="2025" state="hidden"'))
    changed(
        path,
        worksheets=("<sheetData>", '<cols><col min="2" max="2" hidden="1"/></cols><sheetData>'),
    )
    description = describe_table(path, "t.xlsx", TODAY)
    assert description.rows == 8
    assert set(problems(description.notes)) == {
        *("other-sheets", "hidden-sheets", "hidden-rows", "hidden-columns")
    }


@pytest.mark.parametrize("what", ['<row r="-">', "<row", '<col min="x" max="2" hidden="1"/>'])
def test_a_sheet_that_cannot_be_searched_is_refused_and_never_called_shown(
    tmp_path: Path, what: str
) -> None:
    path = workbook(tmp_path / "t.xlsx", ROWS)
    changed(path, worksheets=("<sheetData>", f"<sheetData>{what}"))
    with pytest.raises(TableInvalid, match="searched for hidden rows; save the table as CSV"):
        find_hidden(path, "")
