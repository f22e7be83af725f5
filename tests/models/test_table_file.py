from __future__ import annotations

import datetime
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from models.errors import TableInvalid
from models.mapping import Mapping
from models.table_file import read_cells

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
    header, *rows = read_cells(path, MAPPING)
    assert header == ["i", "f", "b", "s", "d", "c", "r", "n"]
    assert rows == [
        ["7", "1.5", "true", "Zürich", "2020-01-31", "x", "raw", ""],
        ["", "", "false", "", "", "y", "", ""],
    ]


def test_a_nested_column_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, deep=pa.array([[1], [2]]))
    with pytest.raises(TableInvalid, match="'deep' holds tables"):
        list(read_cells(path, MAPPING))


def test_a_truncated_parquet_file_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, who=pa.array([1]))
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(TableInvalid, match="broken Parquet"):
        list(read_cells(path, MAPPING))


def test_a_row_of_a_wrong_length_is_none(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("who,v\n1,2\n3\n")
    assert list(read_cells(path, MAPPING)) == [["who", "v"], ["1", "2"], None]
