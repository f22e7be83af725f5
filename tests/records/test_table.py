from __future__ import annotations

import datetime
import gzip
import tracemalloc
from pathlib import Path

import pytest

from records import CellFaultCode, TableInvalid, to_records
from records.description import describe_table
from records.faults import CellFault
from records.identifiers import _Numbers
from records.mapping import Mapping
from records.table import MAX_FAULTS, check_table, read_table

MAPPING = """
[table]
id = "who"
date = "2020-01-31"
%s
[[documents]]
name = "person"
category = "demographics"
  [[documents.columns]]
  column = "town"
  code = "x|town"
  kind = "category"
  values = { "Zürich" = "zuerich", "東京" = "tokyo", "a\\nb" = "two-lines" }
[[documents]]
name = "body"
category = "vital-signs"
  [[documents.columns]]
  column = "weight"
  code = "x|weight"
  kind = "number"
  unit = "kg"
  minimum = 2
  maximum = 300
"""


def mapping(more: str = "") -> Mapping:
    return Mapping.parse(MAPPING % more, "m.toml")


def table(folder: Path, text: str | bytes) -> Path:
    path = folder / "t.csv"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def test_a_row_becomes_one_record_for_each_document(tmp_path: Path) -> None:
    (row,) = read_table(table(tmp_path, "who,town,weight\n7,Zürich,70\n"), mapping())
    person, body = row.records(b"s" * 32, "organisation:x")
    assert (person.category, body.category) == ("demographics", "vital-signs")
    assert person.observations == {"x|town": ("zuerich", "")}
    assert body.observations == {"x|weight": (70.0, "kg")}
    assert (body.recorded_on, body.custodian) == ("2020-01-31", "organisation:x")
    assert body.record_id == ""


def test_the_custodian_of_the_mapping_takes_precedence(tmp_path: Path) -> None:
    path = table(tmp_path, "who,town,weight\n7,Zürich,70\n")
    (row,) = read_table(path, mapping('custodian = "organisation:y"'))
    assert row.records(b"s" * 32, "organisation:x")[0].custodian == "organisation:y"


def test_a_document_without_values_is_not_a_record(tmp_path: Path) -> None:
    (row,) = read_table(table(tmp_path, "who,town,weight\n7,,70\n"), mapping())
    assert [record.category for record in row.records(b"s" * 32)] == ["vital-signs"]


@pytest.mark.parametrize(
    ("text", "more"),
    [
        ("\ufeffwho,town,weight\n7,東京,70\n", ""),
        ("who;town;weight\r\n7;東京;70\r\n", 'separator = ";"'),
        ("who;town;weight\n7;東京;70,0\n", 'separator = ";"\ndecimal = ","'),
        ("who\ttown\tweight\n7\t東京\t70\n", 'separator = "\\t"'),
        ("weight,extra, town ,who\n70,x,東京,7\n\n", 'ignore = ["extra"]'),
    ],
)
def test_separator_byte_order_mark_and_column_order_do_not_matter(tmp_path, text, more) -> None:
    (row,) = read_table(table(tmp_path, text), mapping(more))
    assert (row.person, row.documents[0][1]) == ("7", {"x|town": ("tokyo", "")})
    assert row.documents[1][1] == {"x|weight": (70.0, "kg")}


def test_the_mapping_can_name_another_encoding(tmp_path: Path) -> None:
    path = table(tmp_path, "who,town,weight\n7,Zürich,70\n".encode("latin-1"))
    assert next(read_table(path, mapping('encoding = "latin-1"'))).documents[0][1]
    with pytest.raises(TableInvalid, match="line 2 is not UTF-8.*cp1252"):
        check_table(path, mapping())
    with pytest.raises(TableInvalid, match="line 2 is not utf-16"):
        check_table(path, mapping('encoding = "utf-16"'))


def test_a_quoted_cell_may_hold_a_newline(tmp_path: Path) -> None:
    (row,) = read_table(table(tmp_path, 'who,town,weight\n7,"a\nb",70\n'), mapping())
    assert row.documents[0][1] == {"x|town": ("two-lines", "")}


def test_a_person_is_the_same_in_both_unicode_forms(tmp_path: Path) -> None:
    path = table(tmp_path, "who,town,weight\nZoë,,70\nZoe\u0308,,71\n")
    with pytest.raises(TableInvalid) as caught:
        read_table(path, mapping())
    (fault,) = caught.value.faults
    assert (fault.row, fault.column) == (2, "who")
    assert fault.code is CellFaultCode.DUPLICATE_PERSON
    assert fault.problem == "the person of row 1 again"


def test_every_faulty_cell_is_listed_by_row_and_column(tmp_path: Path) -> None:
    path = table(
        tmp_path,
        "who,town,weight\n1,Zürich,70\n2,Atlantis,7000\n,Zürich,70\n4,Zürich\n5,Zürich,heavy\n",
    )
    with pytest.raises(TableInvalid, match="4 of 5 rows") as caught:
        read_table(path, mapping())
    assert [(f.row, f.column, f.code.value) for f in caught.value.faults] == [
        (2, "town", "unknown-value"),
        (2, "weight", "outside"),
        (3, "who", "invalid-id"),
        (4, "", "cell-count"),
        (5, "weight", "not-a-number"),
    ]
    assert caught.value.faults[3].problem == "2 cells, expected 3"
    text = str(caught.value) + str([(f, f.message) for f in caught.value.faults])
    assert "Atlantis" not in text
    assert "heavy" not in text


def test_only_the_good_rows_can_be_read(tmp_path: Path) -> None:
    path = table(tmp_path, "who,town,weight\n1,,70\n2,,1\n3,,71\n3,,72\n")
    rows = list(read_table(path, mapping(), only_good=True))
    assert [(row.number, row.person) for row in rows] == [(1, "1"), (3, "3")]


def test_the_latest_row_of_a_person_can_replace_the_others(tmp_path: Path) -> None:
    text = "who,day,town,weight\n1,2020-03-01,,70\n1,2020-05-01,,71\n1,2020-04-01,,72\n"
    more = 'on_duplicate = "latest"\ndate_column = "day"'
    by_date = Mapping.parse((MAPPING % more).replace('date = "2020-01-31"\n', ""), "m.toml")
    (row,) = read_table(table(tmp_path, text), by_date)
    assert (row.number, row.recorded_on) == (2, "2020-05-01")
    report = check_table(table(tmp_path, text), by_date)
    assert (report.rows, report.good, report.replaced, report.wrong) == (3, 1, 2, 0)


def test_an_invalid_date_is_a_fault(tmp_path: Path) -> None:
    by_date = Mapping.parse(
        (MAPPING % 'date_column = "day"').replace('date = "2020-01-31"\n', ""), "m.toml"
    )
    report = check_table(table(tmp_path, "who,day,town,weight\n1,yesterday,,70\n"), by_date)
    (fault,) = report.faults
    assert (fault.row, fault.column, fault.code) == (1, "day", CellFaultCode.NOT_A_DATE)


@pytest.mark.parametrize("date_format", ["%d.%m.%Y", "excel", "days since 2000-01-01"])
def test_the_fault_of_a_date_names_the_format_of_the_mapping_and_the_place_and_no_value(
    tmp_path: Path, date_format: str
) -> None:
    more = f'date_column = "day"\ndate_format = "{date_format}"'
    by_date = Mapping.parse((MAPPING % more).replace('date = "2020-01-31"\n', ""), "m.toml")
    report = check_table(table(tmp_path, "who,day,town,weight\n1,yesterday,,70\n"), by_date)
    (fault,) = report.faults
    expected = (
        f"neither a date in the mapping's date_format '{date_format}' nor one such as"
        " 2024-05-31 (line 2, row 1, column day)."
        " Correct the date, or date_format in the mapping."
    )
    assert fault.message == expected
    assert CellFault.from_stored(fault.to_stored()).message == expected  # as a page shows it


@pytest.mark.parametrize(
    ("header", "says"),
    [
        ("who,town", "no such column .column weight"),
        ("who,town,weight,iq", "does not name this column .column iq"),
        ("who,town,weight,town", "names this column twice .column town"),
        ("Who,town, Weight", r"it has 'Weight'\) \(column weight"),
        ("who;town;weight", 'set separator = ";"'),
        ("Export of the laboratory", "set skip to their number"),
    ],
)
def test_a_header_that_does_not_fit_the_mapping_is_refused(tmp_path, header, says) -> None:
    with pytest.raises(TableInvalid, match=says):
        check_table(table(tmp_path, header + "\n"), mapping())


@pytest.mark.parametrize("text", ["", "\n", 'who,town,weight\n7,"Zürich,70\n', b"\x00PAR"])
def test_a_damaged_file_is_refused(tmp_path: Path, text: str | bytes) -> None:
    with pytest.raises(TableInvalid):
        check_table(table(tmp_path, text), mapping())


def test_a_missing_table_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TableInvalid, match="cannot be read"):
        check_table(tmp_path / "none.csv", mapping())


def test_fifty_thousand_rows_are_streamed(tmp_path: Path) -> None:
    rows = "".join(f"{n},Zürich,{2 + n % 298}\n" for n in range(50_000))
    path = table(tmp_path, "who,town,weight\n" + rows)
    tracemalloc.start()
    rows_read = read_table(path, mapping())
    allocated = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    # The row number of each person is kept, not the rows.
    assert allocated < 20 * 2**20
    assert sum(1 for _ in rows_read) == 50_000


def test_only_the_first_faults_are_listed(tmp_path: Path) -> None:
    path = table(tmp_path, "who,town,weight\n" + "".join(f"{n},,0\n" for n in range(1500)))
    report = check_table(path, mapping())
    assert (report.wrong, len(report.faults)) == (1500, MAX_FAULTS)


def test_each_record_has_a_source_of_its_own(tmp_path: Path) -> None:
    rows = list(read_table(table(tmp_path, "who,town,weight\n7,Zürich,70\n8,,71\n"), mapping()))
    subjects = {"7": b"a" * 32, "8": b"b" * 32}
    records, sources = to_records(rows, subjects, "organisation:x")
    assert [(record.subject[:1], record.category) for record in records] == [
        (b"a", "demographics"),
        (b"a", "vital-signs"),
        (b"b", "vital-signs"),
    ]
    assert sources[0] == "7\0" + "0\0demographics\0" + "2020-01-31"
    assert len(set(sources)) == 3
    _, others = to_records(rows, subjects, "organisation:x", "fhir\0")
    assert others[0] == "fhir\0" + sources[0]


def test_millions_of_lines_that_are_no_rows_are_not_all_kept(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr("records.rows._MAX_LISTED", 3)
    listed = []
    monkeypatch.setattr(
        "records.rows.RowReader.warnings", lambda self: listed.extend(self.totals) or self.totals
    )
    lines = "Total,,\n" * 50 + "# a remark,,\n" * 50 + "who,town,weight\n" * 50
    check_table(table(tmp_path, "who,town,weight\n7,Tokyo,70\n" + lines), mapping())
    assert len(listed) == 3


@pytest.mark.parametrize("packed", [False, True])
def test_a_table_of_any_kind_has_a_limit_of_rows(tmp_path: Path, monkeypatch, packed) -> None:
    monkeypatch.setattr("records.table_file.MAX_ROWS", 3)
    text = "who,town,weight\n" + "".join(f"{n},Tokyo,70\n" for n in range(4))
    path = table(tmp_path, gzip.compress(text.encode()) if packed else text)
    for read in (check_table, lambda *given: list(read_table(*given))):
        with pytest.raises(TableInvalid, match="more than 3 rows. Split the file."):
            read(path, mapping())
    with pytest.raises(TableInvalid, match="more than 3 rows. Split the file."):
        describe_table(path, "t.csv", datetime.date(2026, 1, 1))
    fewer = text.rpartition("3,")[0]
    assert check_table(table(tmp_path, fewer), mapping()).rows == 3


def test_days_whose_rows_are_far_apart_do_not_fill_the_memory(tmp_path: Path, monkeypatch) -> None:
    text = MAPPING.replace('date = "2020-01-31"', 'date_column = "day"\ntime_column = "at"')
    layout = Mapping.parse(text % "visits = true", "m.toml")
    head = "who,day,at,town,weight\n"
    rows = [f"{n},2020-01-01,{hour}:00,Zürich,70\n" for hour in (10, 11) for n in range(9)]
    apart, together = head + "".join(rows), head + "".join(sorted(rows))
    assert len(list(read_table(table(tmp_path, apart), layout))) == 9
    monkeypatch.setattr("records.table.MAX_WAITING", 6)
    assert len(list(read_table(table(tmp_path, together), layout))) == 9
    with pytest.raises(TableInvalid, match="rows of one day are far apart. Sort it by id and date"):
        list(read_table(table(tmp_path, apart), layout))


def test_the_different_numbers_of_a_large_column_are_counted_in_little_memory(monkeypatch) -> None:
    monkeypatch.setattr("records.identifiers._LEAST", 4)
    column = _Numbers()
    for number in range(1_000):
        column.add(float(number % 300))
        assert len(column._seen) <= 600
    assert len(column) == 300


def test_a_line_of_more_columns_than_a_table_has_ends_the_reading(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("records.table_file.MAX_COLUMNS", 4)
    wide = "7,Zürich,70,,\n"
    for text in ("who,town,weight\n" + wide, "other,town,weight\n1,2,3\n" + wide):
        path = table(tmp_path, text)
        for read in (
            lambda path=path: check_table(path, mapping()),
            lambda path=path: describe_table(path, "t.csv", datetime.date(2026, 1, 1)),
        ):
            with pytest.raises(TableInvalid, match="5 columns; the limit is 4"):
                read()
