"""An id is read as the cell of a workbook shows it, with its zeros and letters."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
from workbooks import changed, ods, row, workbook

from records import check_table
from records.mapping import FileFormat, Mapping
from records.shown_numbers import find_display, shown_id
from records.table_file import read_cells
from records.xls_errors import errors_of_xls

PERCENTS = Path(__file__).parent / "tables" / "percents.xls"


def show(code: str, value: str) -> str:
    display = find_display(code)
    return "" if display is None else display(value)


@pytest.mark.parametrize(
    ("code", "value", "text"),
    [
        ("000000", "1", "000001"),
        ("000000", "1234567", "1234567"),
        ("000000", "1.0", "000001"),
        ("[$-407]00000", "7", "00007"),
        ("000000_);[Red]-000000", "1", "000001"),
        ("000\\-00\\-0000", "12345678", "012-34-5678"),
        ("000-00-0000", "12123456789", "12123-45-6789"),
        ('"P-"0000', "42", "P-0042"),
        ('"P;"0000', "42", "P;0042"),
        ('"P-"0', "42", "P-42"),
        ('"P-"###', "42", "P-42"),
        ('"P-"General', "42", "P-42"),
        ("00\\.00\\.0000", "5032024", "05.03.2024"),
    ],
)
def test_a_format_of_ids_shows_zeros_and_letters(code: str, value: str, text: str) -> None:
    assert show(code, value) == text


@pytest.mark.parametrize("value", ["-1", "1.5", "1e300", "nan", "n.a.", ""])
def test_what_is_no_whole_number_is_as_it_is(value: str) -> None:
    assert show("000000", value) == ""


@pytest.mark.parametrize(
    "code",
    ["General", "0", "0.00", "#,##0", "0.00E+00", "yyyy-mm-dd", "hh:mm", "", "@", "##0"]
    + ['0" mg"', '00" mg"', "[$€-407] 0", "[h]:mm", "# ?/?", "###-####", "+0", "_(* 0_)", ";;;"],
)
def test_other_formats_leave_numbers_as_they_are(code: str) -> None:
    assert find_display(code) is None


def test_ids_of_an_xlsx_are_what_its_cells_show(tmp_path: Path) -> None:
    path = changed(
        workbook(tmp_path / "t.xlsx", [["pid", "crp"], [1, 5], [20, 7]]),
        sheet1=("<c><v>1<", '<c s="1"><v>1<'),
    )
    path = changed(path, sheet1=("<c><v>20<", '<c s="1"><v>20<'))
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    styles = (
        f'<styleSheet xmlns="{main}"><numFmts>'
        '<numFmt numFmtId="164" formatCode="000000"/></numFmts>'
        '<cellXfs><xf numFmtId="0"/><xf numFmtId="164"/></cellXfs></styleSheet>'
    )
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("xl/styles.xml", styles)
    lines = [line for _, line in read_cells(path, FileFormat())]
    assert lines == [["pid", "crp"], ["000001", "5"], ["000020", "7"]]


def test_ids_of_an_ods_are_what_its_cells_show(tmp_path: Path) -> None:
    def cell(value: str, text: str) -> str:
        head = f'<table:table-cell office:value-type="float" office:value="{value}">'
        return f"{head}<text:p>{text}</text:p></table:table-cell>"

    row_cells = [
        cell("1", "000001"),
        cell("2", "P-0002"),
        cell("0.5", "0,5"),
        cell("1000", "1.000"),
    ]
    path = ods(tmp_path / "t.ods", Labs=row(*row_cells))
    (line,) = [line for _, line in read_cells(path, FileFormat())]
    assert line == ["000001", "P-0002", "0.5", "1000"]


def test_ids_of_an_xls_are_what_its_cells_show() -> None:
    body = PERCENTS.read_bytes()
    # The format `0.0" %"` becomes `0000" "0` of the same length.
    old, new = b'0.0" %"', b'"P-"000'
    assert body.count(old) == 1
    displays = errors_of_xls(body.replace(old, new), "")
    assert {line: cells.get(4) for line, cells in displays.items()}[2] == "P-005"


@pytest.mark.parametrize(
    ("value", "text", "display"),
    [
        ("1", "000001", "000001"),
        ("12345678", "012-34-5678", "012-34-5678"),
        ("123456789", "123-45-6789", "123-45-6789"),
        ("42", "P-42", "P-42"),
        ("42", "42", ""),
        ("1000", "1 000", ""),
        ("0.05", "05", ""),
        ("5", "5 mg", ""),
        ("5", "5.0", ""),
        ("100000", "1E+05", ""),
        ("nan", "007", ""),
    ],
)
def test_the_text_of_a_cell_is_an_id_if_its_digits_are_the_number(
    value: str, text: str, display: str
) -> None:
    assert shown_id(value, text) == display


def test_an_id_whose_last_digits_a_spreadsheet_lost_is_a_fault(tmp_path: Path) -> None:
    numbers = [1234567890123450, 123456789012345, 1234567890123456, 12345678901234500000]
    path = workbook(tmp_path / "t.xlsx", [["pid", "crp"], *([number, 5] for number in numbers)])
    text = (
        '[table]\nid = "pid"\ndate = "2024-01-31"\n[[documents]]\nname = "l"\n'
        'category = "laboratory"\n[[documents.columns]]\ncolumn = "crp"\ncode = "l|crp"\n'
        'kind = "number"\nunit = "mg/L"\n'
    )
    faults = check_table(path, Mapping.parse(text, "m.toml")).faults
    assert [(fault.row, fault.code.value) for fault in faults] == [
        (1, "rounded-id"),
        (4, "rounded-id"),
    ]
