from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from records import DeclarationInvalid
from records.mapping import CellWrong, Column, Mapping, plain, read_date

GOOD = """
[table]
id = "who"
date = "2020-02-29"
ignore = ["note"]

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
  missing = ["999"]
  [[documents.columns]]
  column = "smokes"
  code = "x|smokes"
  kind = "boolean"
  [[documents.columns]]
  column = "blood"
  code = "x|blood"
  kind = "category"
  values = { A = "a", B = "b", "0" = "o", "\u00fc" = "ue" }
"""


def column(place: int) -> Column:
    return Mapping.parse(GOOD, "m.toml").documents[0].columns[place]


@pytest.mark.parametrize(
    ("place", "cell", "value"),
    [
        (0, " 70.5 ", 70.5),
        (0, "7e1", 70.0),
        (0, "999", None),
        (0, "999.0", None),
        (0, "", None),
        (0, "NA", None),
        (1, "True", True),
        (1, "0.0", False),
        (1, "no", False),
        (2, "A", "a"),
        (2, "0.0", "o"),
        (2, "u\u0308", "ue"),
    ],
)
def test_a_cell_becomes_the_value_that_the_mapping_says(place, cell, value) -> None:
    assert column(place).read(cell, ".") == value


@pytest.mark.parametrize(
    ("place", "cell", "says"),
    [
        (0, "seventy", "not a number"),
        (0, "1_000", "not a number"),
        (0, "٧٠", "not a number"),
        (0, "nan", "not a number"),
        (0, "1e999", "not a number"),
        (0, "0x10", "not a number"),
        (0, "1.5", "out of range 2 to 300 kg"),
        (0, "301", "out of range"),
        (1, "perhaps", "neither true nor false"),
        (2, "C", "none of the values"),
    ],
)
def test_a_cell_that_means_nothing_is_refused_without_being_told(place, cell, says) -> None:
    with pytest.raises(CellWrong, match=says) as caught:
        column(place).read(cell, ".")
    assert cell not in str(caught.value)


def test_a_comma_can_be_the_decimal_sign() -> None:
    assert column(0).read("70,5", ",") == 70.5


@pytest.mark.parametrize("cell", ["1.000", "70.5", "70.0", "1.000,5"])
def test_where_the_comma_is_the_decimal_sign_a_point_is_not_guessed_at(cell: str) -> None:
    with pytest.raises(CellWrong, match="not a number"):
        column(0).read(cell, ",")


@given(st.integers(-(10**9), 10**9))
def test_a_whole_number_is_the_same_cell_after_a_data_frame(number: int) -> None:
    assert plain(f"{float(number)}") == str(number)


@given(st.floats(2, 300))
def test_every_number_within_range_comes_back_as_it_was_written(number: float) -> None:
    assert column(0).read(repr(number), ".") in (number, None)


@given(st.text())
def test_any_text_is_a_value_or_a_refusal(text: str) -> None:
    for place in range(3):
        try:
            column(place).read(text, ".")
        except CellWrong:
            continue


def test_dates_are_iso() -> None:
    assert read_date("2020-02-29 00:00:00") == "2020-02-29"
    with pytest.raises(CellWrong):
        read_date("29.02.2020")


def test_the_examples_that_we_ship_load() -> None:
    for name in ("nhanes", "heart"):
        path = Path(__file__).resolve().parents[2] / "deploy/examples" / name / "mapping.toml"
        assert Mapping.load(path).documents[-1].name == "diagnosis"


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('date = "2020-02-29"', "", "either date or date_column"),
        ('date = "2020-02-29"', 'date = "2020-02-30"', "not a date"),
        ('date = "2020-02-29"', 'date = "2020-02-29"\ndate_column = "d"', "either date"),
        ('id = "who"', 'id = "weight"', "read twice"),
        ('ignore = ["note"]', 'ignore = ["weight"]', "cannot be ignored"),
        ('ignore = ["note"]', 'on_duplicate = "maybe"', "on_duplicate"),
        ('ignore = ["note"]', 'separator = ";;"', "one sign"),
        ('ignore = ["note"]', 'separator = "a"', "one sign"),
        ('ignore = ["note"]', 'decimal = ","', "cannot be the separator"),
        ('ignore = ["note"]', 'ignored = ["note"]', "is not known"),
        ('category = "vital-signs"', 'category = "shoes"', "category"),
        ('kind = "number"', 'kind = "float"', "kind"),
        ('code = "x|weight"', 'code = "weight"', "system|code"),
        ('code = "x|weight"', 'code = "x|smokes"', "one code"),
        ('unit = "kg"', "", "unit"),
        ('values = { A = "a", B = "b", "0" = "o", "\u00fc" = "ue" }', "", "needs its values"),
        ('A = "a"', "A = true", "must become a text"),
        ('kind = "boolean"', 'kind = "boolean"\n  values = { J = "yes" }', "true or false"),
    ],
)
def test_a_mapping_that_makes_no_sense_is_refused_with_its_key(old, new, says) -> None:
    assert old in GOOD
    with pytest.raises(DeclarationInvalid, match=r"m\.toml") as caught:
        Mapping.parse(GOOD.replace(old, new, 1), "m.toml")
    assert says in str(caught.value)


@pytest.mark.parametrize("content", [None, b"\xff\xfe"])
def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "m.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DeclarationInvalid, match=r"m\.toml: cannot be read"):
        Mapping.load(path)
