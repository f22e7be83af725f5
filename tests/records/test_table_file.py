from __future__ import annotations

import datetime
import decimal
import gzip
import tracemalloc
import zipfile
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet
from workbooks import changed, workbook

from records import TableInvalid, table_file
from records.mapping import FileFormat
from records.profile import probe_format
from records.table_file import read_cells
from records.workbook import survey_sheets
from records.workbook_errors import find_errors

PLAIN = FileFormat()


def cells(path: Path, file: FileFormat = PLAIN, *columns: str) -> list[list[str]]:
    return [line for _, line in read_cells(path, file, columns or None)]


def written(folder: Path, **columns: pa.Array) -> Path:
    path = folder / "table.parquet"
    parquet.write_table(pa.table(columns), path)
    return path


def test_parquet_cells_of_every_plain_type_become_text(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        i=pa.array([7, None]),
        f=pa.array([1.5, float("nan")]),
        b=pa.array([True, False]),
        s=pa.array(["Zürich", ""]),
        d=pa.array([datetime.date(2020, 1, 31), None]),
        c=pa.array(["x", "y"]).dictionary_encode(),
        r=pa.array([b"raw", None]),
        n=pa.array([None, None]),
    )
    header, *rows = cells(path)
    assert header == ["i", "f", "b", "s", "d", "c", "r", "n"]
    assert rows == [
        ["7", "1.5", "true", "Zürich", "2020-01-31", "x", "raw", ""],
        ["", "", "false", "", "", "y", "", ""],
    ]


def test_parquet_numbers_are_read_with_any_decimal_separator(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        f=pa.array([1.5, 2.0]),
        d=pa.array([decimal.Decimal("70.50"), decimal.Decimal("1")]),
    )
    comma = FileFormat(separator=";", decimal=",")
    assert cells(path, comma)[1:] == [["1,5", "70,50"], ["2", "1"]]


def test_a_time_in_nanoseconds_is_read(tmp_path: Path) -> None:
    path = written(tmp_path, t=pa.array([1_577_836_800_000_000_001], pa.timestamp("ns", "UTC")))
    assert [row[0][:10] for row in cells(path)[1:] if row] == ["2020-01-01"]


def test_a_nested_column_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, deep=pa.array([[1], [2]]))
    with pytest.raises(TableInvalid, match="'deep' is nested"):
        cells(path)


def test_a_truncated_parquet_file_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, who=pa.array([1]))
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(TableInvalid, match="damaged Parquet"):
        cells(path)


def test_a_row_of_another_length_is_yielded_unchanged(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("who,v\n1,2\n3\n")
    assert cells(path) == [["who", "v"], ["1", "2"], ["3"]]


def test_a_parquet_file_with_too_many_rows_is_refused_before_reading_any(
    tmp_path: Path,
) -> None:
    rows = pa.nulls(5_000_001, pa.int8())
    path = written(tmp_path, who=rows)
    assert path.stat().st_size < 10_000
    with pytest.raises(TableInvalid, match="the maximum is 5000000"):
        cells(path)


def test_a_small_parquet_file_of_billions_of_cells_is_refused_before_reading_any(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path, **{f"c{number}": pa.nulls(100, pa.int8()) for number in range(9)})
    assert len(cells(path)) == 101
    monkeypatch.setattr(table_file, "_MAX_CELLS", 500)
    with pytest.raises(TableInvalid, match="100 rows of 9 columns; the maximum is 500 cells"):
        cells(path)
    assert len(cells(path, PLAIN, "c1", "c2")) == 101


def test_of_a_wide_parquet_file_few_rows_are_in_memory_at_once(tmp_path: Path) -> None:
    path = written(tmp_path, **{f"c{n}": pa.array([1.5] * 4096) for n in range(500)})
    rows = read_cells(path, PLAIN)
    next(rows)
    tracemalloc.start()
    try:
        assert sum(len(row) for _, row in rows) == 500 * 4096
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 150 * 2**20, "all rows together take more than 200 MiB"


@pytest.mark.parametrize("kind", [pa.string(), pa.binary(), pa.large_string()])
def test_a_small_parquet_file_with_one_huge_cell_in_many_rows_does_not_fill_the_memory(
    tmp_path: Path, kind: pa.DataType
) -> None:
    path = written(tmp_path, who=pa.array(["x" * 1_000_000] * 300, pa.string()).cast(kind))
    assert path.stat().st_size < 100_000
    pa.default_memory_pool().release_unused()
    before = pa.total_allocated_bytes()
    with pytest.raises(TableInvalid, match=r"'who' has a cell of 1000000 bytes; the maximum"):
        cells(path)
    assert pa.total_allocated_bytes() - before < 64 * 2**20


def test_a_parquet_column_that_unpacks_to_too_much_is_refused_before_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path, who=pa.array(range(100_000)), other=pa.array(["x"] * 100_000))
    monkeypatch.setattr(table_file, "_MAX_CHUNK_BYTES", 100_000)
    with pytest.raises(TableInvalid, match="'who' has 0 MiB in one row group"):
        cells(path)
    assert len(cells(path, PLAIN, "other")) == 100_001


def test_the_columns_of_a_parquet_file_have_a_limit_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path, **{f"c{number}": pa.array(range(20_000)) for number in range(10)})
    monkeypatch.setattr(table_file, "_MAX_GROUP_BYTES", 1_000_000)
    with pytest.raises(TableInvalid, match="a row group has 1 MiB; the maximum is 0 MiB"):
        cells(path)
    assert len(cells(path, PLAIN, "c1", "c2")) == 20_001


def test_a_workbook_is_read_like_a_csv_file(tmp_path: Path) -> None:
    path = workbook(tmp_path / "t.xlsx", [["who", "v"], [7, 1.5], ["008", "<0.5"]])
    assert list(read_cells(path, FileFormat())) == [
        (1, ["who", "v"]),
        (2, ["7", "1.5"]),
        (3, ["008", "<0.5"]),
    ]
    assert cells(path, FileFormat(skip=1, decimal=",")) == [["7", "1,5"], ["008", "<0.5"]]


def test_a_sheet_that_a_workbook_does_not_have_is_refused_with_those_that_it_has(
    tmp_path: Path,
) -> None:
    path = workbook(tmp_path / "t.xlsx", [["who"]])
    assert cells(path, FileFormat(sheet="Labs")) == [["who"]]
    with pytest.raises(TableInvalid, match="no sheet 'Old'; it has 'Labs'"):
        cells(path, FileFormat(sheet="Old"))


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"PK\x03\x04zip", "damaged workbook"),
        (b"\xd0\xcf\x11\xe0doc", "damaged workbook"),
        (b"\x1f\x8b\x08cut", "damaged gzip"),
        (b'<?xml version="1.0"?><Bundle xmlns="http://hl7.org/fhir"/>', "XML.*FHIR as JSON"),
    ],
)
def test_a_file_of_another_kind_is_refused_by_its_name(tmp_path, body, says) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(body)
    with pytest.raises(TableInvalid, match=says):
        cells(path)


def test_a_zip_archive_without_a_sheet_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "t.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.txt", "x")
    with pytest.raises(TableInvalid, match="zip archive"):
        cells(path)


@pytest.mark.parametrize(
    ("body", "file"),
    [
        ("who,v\n7,ü\n".encode("utf-8-sig"), FileFormat()),
        ("who,v\n7,ü\n".encode("utf-16"), FileFormat()),
        ("who,v\n7,ü\n".encode("cp1252"), FileFormat(encoding="cp1252")),
        (gzip.compress("who,v\n7,ü\n".encode()), FileFormat()),
        (gzip.compress("sep=;\nwho;v\n7;ü\n".encode()), FileFormat()),
        (b"sep=;\r\nwho;v\r\n7;\xc3\xbc\r\n", FileFormat()),
        ("Report\n\n# of May\nwho,v\n7,ü\n".encode(), FileFormat(skip=3)),
    ],
)
def test_marks_compression_and_lines_above_the_header_are_read(tmp_path, body, file) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(body)
    assert cells(path, file) == [["who", "v"], ["7", "ü"]]


def test_the_encoding_that_was_tried_is_named_with_the_line(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(b"who,v\n1,a\n2,\x81\n")
    with pytest.raises(TableInvalid, match="line 3 is not cp1252, the encoding that was tried"):
        cells(path, FileFormat(encoding="cp1252"))


def test_the_number_of_a_line_counts_newlines_in_cells(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text('who,v\n1,"a\nb"\n\n2,c\n')
    assert [line for line, _ in read_cells(path, FileFormat())] == [1, 2, 4, 5]


def test_a_gzip_file_that_unpacks_to_too_much_is_refused(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr("records.table_file._MAX_UNPACKED_BYTES", 1000)
    path = tmp_path / "t.csv.gz"
    path.write_bytes(gzip.compress(b"who,v\n" + b"1,2\n" * 1000))
    with pytest.raises(TableInvalid, match="split it"):
        cells(path)


def test_ignored_columns_of_a_parquet_file_may_hold_anything(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        who=pa.array([1.0, 1e16]),
        deep=pa.array([[1], [2]]),
        odd=pa.array([10**12, 1], pa.timestamp("s")),
        long=pa.array([1, 2], pa.duration("ns")),
    )
    assert cells(path, FileFormat(), "who")[1:] == [["1", "", "", ""], ["1e+16", "", "", ""]]
    with pytest.raises(TableInvalid, match="'odd' has values that cannot be read"):
        cells(path, FileFormat(), "who", "odd")


def test_sheets_that_are_not_read_are_named(tmp_path: Path) -> None:
    path = workbook(tmp_path / "t.xlsx", [["who"], [1]], "Labs", "2025")
    assert survey_sheets(path, FileFormat()).others == ["2025"]
    assert survey_sheets(path, FileFormat(sheet="Labs")).others == []


def test_the_lines_above_a_header_of_a_workbook_are_skipped(tmp_path: Path) -> None:
    rows: list[list[object]] = [
        ["Export 2024", "", ""],
        ["who", "crp", "hb"],
        [1, 5, 13],
        [2, 6, 1],
    ]
    assert probe_format(workbook(tmp_path / "t.xlsx", rows)).skip == 1


def test_an_error_of_a_spreadsheet_is_never_an_empty_cell(tmp_path: Path) -> None:
    rows = [["who", "a", "b"], ["1", "#DIV/0!", 3], ["2", 4, "#REF!"], ["#N/A", 5, 6]]
    path = workbook(tmp_path / "t.xlsx", rows)
    assert cells(path)[1:] == [["1", "#DIV/0!", "3"], ["2", "4", "#REF!"], ["#N/A", "5", "6"]]


def test_errors_are_found_in_a_workbook_with_the_strict_namespaces(tmp_path: Path) -> None:
    path = workbook(tmp_path / "t.xlsx", [["who", "a"], ["1", "#DIV/0!"]])
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    strict = "http://purl.oclc.org/ooxml"
    changed(path, book=(office, f"{strict}/officeDocument/relationships"))
    changed(path, sheet=(main, f"{strict}/spreadsheetml/main"))
    changed(path, book=(main, f"{strict}/spreadsheetml/main"))
    assert find_errors(path, "") == {1: {1: "#DIV/0!"}}


def test_a_sheet_that_cannot_be_searched_for_errors_is_refused(tmp_path: Path) -> None:
    rows: list[list[object]] = [["who", "a"], ["1", "#DIV/0!"]]
    for word, old in (("rels", "sheet"), ("xl/worksheets", "<row>"), ("book.xml", "r:id")):
        path = changed(workbook(tmp_path / "t.xlsx", rows), **{word: (old, "<")})
        with pytest.raises(TableInvalid):
            find_errors(path, "Labs")


def test_two_cells_that_are_far_apart_end_the_reader_and_not_the_worker(tmp_path: Path) -> None:
    path = workbook(tmp_path / "t.xlsx", [["who"], [1]])
    far = ("</sheetData>", '<row r="1048576"><c r="XFD1048576"><v>2</v></c></row></sheetData>')
    changed(path, worksheets=far)
    with pytest.raises(TableInvalid, match="takes more memory .* save the table as CSV"):
        cells(path)
    second = workbook(tmp_path / "u.xlsx", [["who"], [1]], "Labs", "2025")
    with pytest.raises(TableInvalid, match="takes more memory"):
        survey_sheets(changed(second, worksheets=far), FileFormat())


def test_a_row_of_a_workbook_that_is_too_long_is_refused(tmp_path: Path) -> None:
    path = workbook(tmp_path / "t.xlsx", [["x" * 10**6] * 17])
    with pytest.raises(TableInvalid, match="row 1 is too long; the maximum is 16777216 bytes"):
        cells(path)


def test_the_reader_of_a_workbook_ends_with_the_last_row_that_is_wanted(tmp_path: Path) -> None:
    path = workbook(tmp_path / "t.xlsx", [["who"]] * 100_000)
    rows = read_cells(path, PLAIN)
    assert next(rows) == (1, ["who"])
    rows.close()


def test_a_sheet_of_charts_hides_no_other_sheet_with_cells(tmp_path: Path) -> None:
    path = workbook(tmp_path / "t.xlsx", [["who"]], "Labs", "Chart", "2025")
    changed(path, book=('sheetId="2" r:id="rId1"', 'sheetId="2" r:id="rId2"'))
    link = '<Relationship Id="rId2" Type="chartsheet" Target="chartsheets/sheet1.xml"/>'
    changed(path, rels=("</Relationships>", f"{link}</Relationships>"))
    assert survey_sheets(path, FileFormat()).others == ["2025"]


def test_infinity_in_a_workbook_is_no_missing_value(tmp_path: Path) -> None:
    path = changed(workbook(tmp_path / "t.xlsx", [[7]]), worksheets=(">7<", ">1e999<"))
    assert cells(path) == [["inf"]]


@pytest.mark.parametrize("piece", [b"a", b'"\n",'])
def test_a_row_that_never_ends_is_refused_before_it_fills_the_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, piece: bytes
) -> None:
    monkeypatch.setattr(table_file, "_MAX_ROW_CHARACTERS", 10_000)
    path = tmp_path / "t.csv.gz"
    path.write_bytes(gzip.compress(b"who,v\n" + b"1,2\n" * 10_000 + piece * 100_000))
    rows = read_cells(path, PLAIN)
    with pytest.raises(TableInvalid, match="a row has more than 10000 characters"):
        for number, _ in rows:
            assert number < 20_000
