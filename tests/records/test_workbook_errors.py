"""Errors and percentages are read as the cells show them, in any form of workbook."""

from __future__ import annotations

import re
import struct
import zipfile
from pathlib import Path
from xml.sax.saxutils import quoteattr

import pytest
from workbooks import changed, ods, row, workbook

from records import TableInvalid
from records.mapping import FileFormat
from records.ods_errors import MAX_COLUMNS, MAX_ROWS
from records.shown_numbers import show_percent
from records.table_file import read_cells
from records.workbook import survey_sheets
from records.workbook_errors import find_errors
from records.xls_errors import errors_of_xls

XLS = Path(__file__).parent / "tables" / "errors.xls"
"""Written by xlwt 1.3: sheet 1 with three errors, sheet 2 with one."""
NAMED = (
    '<table:table-cell office:value-type="string" office:string-value=""'
    ' calcext:value-type="error">'
)


def cell(text: str, head: str = '<table:table-cell office:value-type="string">') -> str:
    return f"{head}<text:p>{text}</text:p></table:table-cell>"


def number(value: int, text: str) -> str:
    return cell(text, f'<table:table-cell office:value-type="float" office:value="{value}">')


def cells(path: Path, sheet: str = "") -> list[list[str]]:
    return [line for _, line in read_cells(path, FileFormat(sheet=sheet))]


def test_errors_of_an_xls_are_cells_of_their_own() -> None:
    assert cells(XLS)[1:4] == [["1", "#DIV/0!", "3"], ["2", "4", "#REF!"], ["#N/A", "5", "6"]]
    assert find_errors(XLS, "Zweites Blatt – ä") == {1: {2: "#NAME?"}}


def test_a_formula_of_an_xls_with_an_error_is_found() -> None:
    body = bytearray(XLS.read_bytes())
    # The one formula, 1+1: its result becomes the error #NUM!.
    match = re.search(rb"\x06\x00.\x00\x04\x00\x01\x00", body)
    assert match is not None
    place = match.start() + 10
    body[place : place + 8] = b"\x02\0\x24\0\0\0\xff\xff"
    assert errors_of_xls(bytes(body), "")[4] == {1: "#NUM!"}


PERCENTS = Path(__file__).parent / "tables" / "percents.xls"
"""Written by xlwt 1.3: columns with the formats 0%, 0.00%, 0.0 %, 0.0" %", General, -0.0%."""


def test_percentages_of_an_xls_are_what_its_cells_show() -> None:
    assert cells(PERCENTS)[1:3] == [
        ["1", "97%", "5.25%", "33.3333333333%", "5.1", "0.97", "-5%"],
        ["2", "100%", "0%", "200%", "5", "1", "100%"],
    ]
    assert cells(PERCENTS)[3][2:4] == ["n.a.", "true"]  # the format of a number alone


def test_percentages_of_an_xlsx_are_what_its_cells_show(tmp_path: Path) -> None:
    path = workbook(tmp_path / "t.xlsx", [["a"], [0.97], [0.07], [1], ["n.a."]])
    for code, display in {
        "0%": ["97%", "7%", "100%", "n.a."],
        "0.0\\ %": ["97%", "7%", "100%", "n.a."],
        "[Red]-0.0%;0.0%": ["97%", "7%", "100%", "n.a."],
        '0.0" %"': ["0.97", "0.07", "1", "n.a."],
        "0.0\\%": ["0.97", "0.07", "1", "n.a."],
        "General": ["0.97", "0.07", "1", "n.a."],
    }.items():
        styled = tmp_path / "styled.xlsx"
        styled.write_bytes(path.read_bytes())
        restyle(styled, code)
        assert [line[0] for line in cells(styled)[1:]] == display, code


def restyle(path: Path, code: str) -> None:
    """Give each cell of a workbook the format of this code."""
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    changed(path, sheet1=("<c>", '<c s="1">'))
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(
            "xl/styles.xml",
            f'<styleSheet xmlns="{main}"><numFmts>'
            f'<numFmt numFmtId="164" formatCode={quoteattr(code)}/>'
            '</numFmts><cellXfs><xf numFmtId="0"/><xf numFmtId="164"/></cellXfs></styleSheet>',
        )


def test_percentages_of_an_ods_are_what_its_cells_show(tmp_path: Path) -> None:
    head = '<table:table-cell office:value-type="percentage" office:value="0.97">'
    rows = f"<table:table-row>{cell('97 %', head)}{number(5, '5')}</table:table-row>"
    assert cells(ods(tmp_path / "t.ods", Labs=rows)) == [["97%", "5"]]


# Spreadsheets write 17 digits of a number, of which the last are noise.
@pytest.mark.parametrize(
    ("value", "display"),
    [("0.29", "29%"), ("0.96999999999999997", "97%"), ("1e-3", "0.1%"), ("nan", ""), ("x", "")],
)
def test_a_percentage_has_every_digit_of_its_number(value: str, display: str) -> None:
    assert show_percent(value) == display


@pytest.mark.parametrize("size", [8, 500, 600, 3_000, 4_000])
def test_a_damaged_xls_is_refused(tmp_path: Path, size: int) -> None:
    path = tmp_path / "t.xls"
    path.write_bytes(XLS.read_bytes()[:size])
    with pytest.raises(TableInvalid, match="save the table as CSV"):
        find_errors(path, "")


def test_a_chain_of_sectors_without_an_end_is_refused(tmp_path: Path) -> None:
    body = bytearray(XLS.read_bytes())
    table = struct.unpack_from("<I", body, 76)[0]
    size = 1 << struct.unpack_from("<H", body, 30)[0]
    first = struct.unpack_from("<I", body, 48)[0]
    struct.pack_into("<I", body, (table + 1) * size + 4 * first, first)
    path = tmp_path / "t.xls"
    path.write_bytes(body)
    with pytest.raises(TableInvalid, match="save the table as CSV"):
        find_errors(path, "")


def test_errors_of_an_ods_are_cells_of_their_own_also_where_the_file_says_0(tmp_path: Path) -> None:
    rows = row(cell("who"), cell("a"), cell("b"))
    rows += row(number(1, "1"), cell("#DIV/0!", NAMED), number(3, "3"))
    rows += row('<table:table-cell table:number-columns-repeated="3"/>', repeated=2)
    rows += row(number(2, "2"), number(0, "#N/A"), cell("Err:502", NAMED))
    path = ods(tmp_path / "t.ods", Labs=rows, Other=row(cell("#REF!")))
    read = [line for line in cells(path) if any(line)]
    assert read[1:] == [["1", "#DIV/0!", "3"], ["2", "#N/A", "#ERROR!"]]
    assert find_errors(path, "Other") == {0: {0: "#REF!"}}


def test_cells_of_an_ods_that_are_repeated_all_have_their_error(tmp_path: Path) -> None:
    wide = '<table:table-cell table:number-columns-repeated="2" calcext:value-type="error"/>'
    path = ods(tmp_path / "t.ods", Labs=row(number(1, "1"), wide, repeated=2))
    error = {1: "#ERROR!", 2: "#ERROR!"}
    assert find_errors(path, "") == {0: error, 1: error}


def test_an_ods_may_have_more_than_a_million_percentages(tmp_path: Path) -> None:
    head = '<table:table-cell office:value-type="percentage" office:value="0.97"'
    rows = row(f'{head} table:number-columns-repeated="4"/>', repeated=300_000)
    errors = find_errors(ods(tmp_path / "t.ods", Labs=rows), "")
    assert len(errors) == 300_000
    assert errors[299_999] == dict.fromkeys(range(4), "97%")


@pytest.mark.parametrize(
    "rows",
    [
        row('<table:table-cell calcext:value-type="error"/>', repeated=MAX_ROWS + 1),
        row(
            f'<table:table-cell table:number-columns-repeated="{MAX_COLUMNS + 1}"'
            ' calcext:value-type="error"/>'
        ),
        row('<table:table-cell table:number-columns-repeated="many"/>'),
        "<broken",
    ],
)
def test_an_ods_that_cannot_be_searched_is_refused(tmp_path: Path, rows: str) -> None:
    with pytest.raises(TableInvalid, match="save the table as CSV"):
        find_errors(ods(tmp_path / "t.ods", Labs=rows), "")


def test_a_workbook_of_another_kind_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "t.xlsb"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("xl/workbook.bin", b"")
    with pytest.raises(TableInvalid, match="save the table as CSV"):
        find_errors(path, "")


def test_a_formula_of_an_xlsx_that_was_never_calculated_is_an_error(tmp_path: Path) -> None:
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006/relationships"
    body = (
        '<row r="1"><c r="A1"><f>1+1</f><v></v></c><c r="B1" t="str"><f>""</f><v></v></c>'
        '<c r="C1"><f>1+1</f><v>2</v></c></row>'
    )
    path = tmp_path / "t.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(
            "xl/workbook.xml",
            f'<workbook xmlns="{main}" xmlns:r="{office}"><sheets><sheet name="S" sheetId="1" '
            'r:id="rId1"/></sheets></workbook>',
        )
        archive.writestr(
            "xl/_rels/workbook.xml.rels",
            f'<Relationships xmlns="{package}"><Relationship Id="rId1" '
            'Target="worksheets/s.xml"/></Relationships>',
        )
        archive.writestr(
            "xl/worksheets/s.xml",
            f'<worksheet xmlns="{main}"><sheetData>{body}</sheetData></worksheet>',
        )
    assert find_errors(path, "") == {0: {0: "#CALC!"}}


def test_a_workbook_with_a_password_is_named_as_such(tmp_path: Path) -> None:
    body = bytearray(XLS.read_bytes())
    place = body.index("Workbook".encode("utf-16-le"))
    name = "EncryptedPackage".encode("utf-16-le")
    body[place : place + len(name)] = name
    struct.pack_into("<H", body, place + 64, len(name) + 2)
    path = tmp_path / "t.xlsx"
    path.write_bytes(body)
    with pytest.raises(TableInvalid, match="protected by a password"):
        cells(path)


def test_a_workbook_at_which_its_reader_panics_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "t.xls"
    path.write_bytes(XLS.read_bytes()[:-77])  # cut in a sector
    with pytest.raises(TableInvalid, match="damaged workbook"):
        cells(path)
    with pytest.raises(TableInvalid, match="damaged workbook"):
        survey_sheets(path, FileFormat())
