from __future__ import annotations

import io
import json
import zipfile

import pyarrow.parquet as pq
import pytest
from timed import question

from models.dummy import create_dummy
from models.errors import ModelsInvalid

FILES = {
    "agreement.txt",
    "data.parquet",
    "deleted.json",
    "dictionary.csv",
    "dictionary.json",
    "manifest.json",
}


def test_dummy_data_have_the_files_and_columns_of_a_copy_and_say_what_they_are() -> None:
    with zipfile.ZipFile(io.BytesIO(create_dummy(question()))) as archive:
        assert set(archive.namelist()) == FILES
        manifest = json.loads(archive.read("manifest.json"))
        table = pq.read_table(io.BytesIO(archive.read("data.parquet")))
    assert manifest["level"] == "dummy"
    assert "without any record" in manifest["note"]
    assert {"name", "age", "glucose", "hypertension", "label"} <= set(table.column_names)
    assert table.num_rows == manifest["rows"] > 1000
    assert 0.1 < sum(table["label"].to_pylist()) / table.num_rows < 0.4


def test_dummy_data_are_the_same_each_time() -> None:
    assert create_dummy(question()) == create_dummy(question())


def test_dummy_data_of_a_table_question_lie_within_its_ranges(nhanes) -> None:
    with zipfile.ZipFile(io.BytesIO(create_dummy(nhanes))) as archive:
        table = pq.read_table(io.BytesIO(archive.read("data.parquet")))
    ages = [age for age in table["age"].to_pylist() if age is not None]
    assert 0 <= min(ages) <= max(ages) <= 120


def test_a_column_that_the_question_does_not_have_is_an_error() -> None:
    with pytest.raises(ModelsInvalid, match="not a feature"):
        create_dummy(question(), ["nothing"])
