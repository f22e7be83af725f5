from __future__ import annotations

import dataclasses
import datetime
import decimal
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from records import TableInvalid
from records.mapping import Mapping
from records.table_file import read_cells

MAPPING = Mapping.parse(
    '[table]\nid = "who"\ndate = "2020-01-31"\n[[documents]]\nname = "d"\ncategory = "laboratory"\n'
    '[[documents.columns]]\ncolumn = "v"\ncode = "x|v"\nkind = "number"\nunit = "1"\n',
    "m.toml",
)


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
    header, *rows = read_cells(path, MAPPING.file)
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
    comma = dataclasses.replace(MAPPING, separator=";", decimal=",")
    assert list(read_cells(path, comma))[1:] == [["1,5", "70,50"], ["2", "1,00"]]


def test_a_time_in_nanoseconds_is_read(tmp_path: Path) -> None:
    path = written(tmp_path, t=pa.array([1_577_836_800_000_000_001], pa.timestamp("ns", "UTC")))
    assert [row[0][:10] for row in list(read_cells(path, MAPPING.file))[1:] if row] == [
        "2020-01-01"
    ]


def test_a_nested_column_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, deep=pa.array([[1], [2]]))
    with pytest.raises(TableInvalid, match="'deep' is nested"):
        list(read_cells(path, MAPPING.file))


def test_a_truncated_parquet_file_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, who=pa.array([1]))
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(TableInvalid, match="damaged Parquet"):
        list(read_cells(path, MAPPING.file))


def test_a_row_of_another_length_is_yielded_unchanged(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("who,v\n1,2\n3\n")
    assert list(read_cells(path, MAPPING.file)) == [["who", "v"], ["1", "2"], ["3"]]


def test_a_parquet_file_with_too_many_rows_is_refused_before_reading_any(
    tmp_path: Path,
) -> None:
    rows = pa.nulls(5_000_001, pa.int8())
    path = written(tmp_path, who=rows)
    assert path.stat().st_size < 10_000
    with pytest.raises(TableInvalid, match="the maximum is 5000000"):
        next(read_cells(path, MAPPING.file))
