from __future__ import annotations

import bz2
import codecs
import contextlib
import encodings
import pkgutil
import secrets
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from records import CellFaultCode, DeclarationInvalid
from records.cells import normalised
from records.columns import Column
from records.faults import CellInvalid
from records.mapping import Mapping

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


def column(index: int) -> Column:
    return Mapping.parse(GOOD, "m.toml").documents[0].columns[index]


@pytest.mark.parametrize(
    ("index", "cell", "value"),
    [
        (0, " 70.5 ", 70.5),
        (0, "7e1", 70.0),
        (0, "999", None),
        (0, "999.0", None),
        (0, "", None),
        (0, "NA", None),
        (0, "nan", None),
        (1, "True", True),
        (1, "0.0", False),
        (1, "no", False),
        (2, "A", "a"),
        (2, "0.0", "o"),
        (2, "u\u0308", "ue"),
    ],
)
def test_a_cell_becomes_the_value_that_the_mapping_defines(index, cell, value) -> None:
    assert column(index).read(cell) == value


@pytest.mark.parametrize(
    ("index", "cell", "code"),
    [
        (0, "seventy", CellFaultCode.NOT_A_NUMBER),
        (0, "1_000", CellFaultCode.NOT_A_NUMBER),
        (0, "٧٠", CellFaultCode.NOT_A_NUMBER),
        (0, "1e999", CellFaultCode.NOT_A_NUMBER),
        (0, "0x10", CellFaultCode.NOT_A_NUMBER),
        (0, "1.5", CellFaultCode.OUTSIDE),
        (0, "301", CellFaultCode.OUTSIDE),
        (1, "perhaps", CellFaultCode.NOT_A_BOOLEAN),
        (2, "C", CellFaultCode.UNKNOWN_VALUE),
    ],
)
def test_an_invalid_cell_is_refused_with_a_code_and_not_repeated(index, cell, code) -> None:
    with pytest.raises(CellInvalid) as caught:
        column(index).read(cell)
    assert caught.value.code is code
    assert cell not in str(caught.value)
    assert caught.value.value == (cell if code is CellFaultCode.OUTSIDE else "")


def with_comma() -> Column:
    text = GOOD.replace("[table]", '[table]\nseparator = ";"\ndecimal = ","')
    return Mapping.parse(text, "m.toml").documents[0].columns[0]


def test_the_decimal_separator_can_be_a_comma() -> None:
    assert with_comma().read("70,5") == 70.5


@pytest.mark.parametrize("cell", ["1.000", "70.5", "70.0", "1.000,5"])
def test_with_a_decimal_comma_a_point_is_refused(cell: str) -> None:
    with pytest.raises(CellInvalid, match="not-a-number"):
        with_comma().read(cell)


@given(st.integers(-(10**9), 10**9))
def test_a_whole_number_is_normalised_after_a_data_frame(number: int) -> None:
    assert normalised(f"{float(number)}") == str(number)


@given(st.floats(2, 300))
def test_every_number_within_the_range_is_read_exactly(number: float) -> None:
    assert column(0).read(repr(number)) in (number, None)


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    for index in range(3):
        try:
            column(index).read(text)
        except CellInvalid:
            continue


def test_the_bundled_example_mappings_load() -> None:
    for name in ("nhanes", "heart"):
        path = Path(__file__).resolve().parents[2] / "deploy/examples" / name / "mapping.toml"
        assert Mapping.load(path).documents[-1].name == "diagnosis"


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('date = "2020-02-29"', "", "give either date or date_column"),
        ('date = "2020-02-29"', 'date = "2020-02-30"', "not a date"),
        ('date = "2020-02-29"', 'date = "2020-02-29"\ndate_column = "d"', "give either date"),
        ('id = "who"', 'id = "weight"', "mapped twice"),
        ('ignore = ["note"]', 'ignore = ["weight"]', "remove it from ignore"),
        ('ignore = ["note"]', 'on_duplicate = "maybe"', "on_duplicate"),
        ('ignore = ["note"]', 'separator = ";;"', "one character"),
        ('ignore = ["note"]', 'separator = "a"', "one character"),
        ('ignore = ["note"]', 'separator = "."', "must differ from the separator"),
        ('ignore = ["note"]', 'ignored = ["note"]', "unknown key"),
        ('category = "vital-signs"', 'category = "shoes"', "category"),
        ('kind = "number"', 'kind = "float"', "kind"),
        ('code = "x|weight"', 'code = "weight"', "system|code"),
        ('code = "x|weight"', 'code = "x|smokes"', "same code"),
        ('unit = "kg"', "", "unit"),
        ('values = { A = "a", B = "b", "0" = "o", "\u00fc" = "ue" }', "", "at least one value"),
        ('A = "a"', "A = true", "must be mapped to a text"),
        ('kind = "boolean"', 'kind = "boolean"\n  values = { J = "yes" }', "true or false"),
        ("minimum = 2", "minimum = 301", "301 is above the maximum, 300"),
        ('code = "x|weight"', 'code = "http://loinc.org|29463-8"', "wrong check digit"),
        ('code = "x|weight"', 'code = "http://loinc.org|weight"', "not a LOINC code"),
        ('unit = "kg"', 'unit = "kilos"', "not a unit of UCUM"),
        ('unit = "kg"', 'unit = "mmHg"', "mm[Hg]"),
        ('column = "weight"', 'column = "E-Mail"', "identifies people"),
        ('column = "weight"', 'column = "lastName"', "identifies people"),
        ('ignore = ["note"]', "visits = true", "needs date_column"),
        ('ignore = ["note"]', 'time_column = "t"', "needs date_column"),
        ('ignore = ["note"]', 'value_column = "v"', "needs code_column"),
        ('ignore = ["note"]', 'code_column = "c"', "without it every column"),
        ('ignore = ["note"]', 'date_format = "dd.mm.yyyy"', "'%d.%m.%Y'"),
        ('ignore = ["note"]', 'date_format = "%d.%m.%y"', "two_digit_years_from: complete it"),
        ('ignore = ["note"]', "two_digit_years_from = 1930", "is for a date_format with %y"),
        *[
            (
                'ignore = ["note"]',
                f'date_format = "%d.%m.%y"\ntwo_digit_years_from = {year}',
                "1900",
            )
            for year in (0, 30, 1899, 2001)
        ],
        ('ignore = ["note"]', 'date_format = "%y.%d.%m.%Y"', "four digits"),
        ('ignore = ["note"]', 'date_format = "%d%d.%m.%Y"', "four digits"),
        ('ignore = ["note"]', f'date_format = "%d.%m.%Y{"a" * 60}"', "four digits"),
        ('ignore = ["note"]', 'date_format = "days since May"', "days since 2000-01-01"),
        ('ignore = ["note"]', 'thousands = "."', "must differ"),
        ('ignore = ["note"]', "skip = -1", "0 to 1000"),
        ('ignore = ["note"]', 'outside = "clip"', "known: refuse, missing"),
        ('ignore = ["note"]', 'bounds = "zero"', "known: refuse, limit, half, missing"),
        ('ignore = ["note"]', 'bad_cells = "skip"', "known: refuse, missing"),
        ('unit = "kg"', 'unit = "kg"\n  units = { lbs = "pounds" }', "'pounds' is not a unit"),
    ],
)
def test_an_invalid_mapping_is_refused_with_its_key(old, new, says) -> None:
    assert old in GOOD
    with pytest.raises(DeclarationInvalid, match=r"m\.toml") as caught:
        Mapping.parse(GOOD.replace(old, new, 1), "m.toml")
    assert says in str(caught.value)


def test_a_mapping_with_a_byte_order_mark_is_read(tmp_path: Path) -> None:
    path = tmp_path / "m.toml"
    path.write_bytes(b"\xef\xbb\xbf" + GOOD.encode())  # as Notepad and PowerShell write it
    assert Mapping.load(path) == Mapping.parse("\ufeff" + GOOD, "m.toml")


@pytest.mark.parametrize("content", [None, b"\xff\xfe"])
def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "m.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DeclarationInvalid, match=r"m\.toml: cannot be read"):
        Mapping.load(path)


def test_an_encoding_is_one_of_characters_that_cannot_unpack_to_more_than_was_sent() -> None:
    names = [each.name for each in pkgutil.iter_modules(encodings.__path__)]
    hostile = [bz2.compress(bytes(10**7)), zlib.compress(bytes(10**7)), secrets.token_bytes(4096)]
    allowed = []
    for name in [*names, "latin-1", "UTF8", "a\\u0000b", "\u202e", "x" * 10_000, "../utf_8"]:
        text = GOOD.replace("[table]", f'[table]\nencoding = "{name}"')
        try:
            encoding = Mapping.parse(text, "m.toml").file.encoding
        except DeclarationInvalid as exc:
            assert str(exc).startswith("m.toml:table:encoding: unknown encoding")
            continue
        allowed.append(encoding)
        for body in hostile:
            with contextlib.suppress(UnicodeError):
                assert len(codecs.getincrementaldecoder(encoding)().decode(body)) <= len(body)
    known = {
        "ascii",
        "cp1252",
        "cp437",
        "gb18030",
        "latin-1",
        "mac_roman",
        "shift_jis",
        "utf_8_sig",
    }
    assert known | {"iso8859_15", "koi8_r", "utf_16", "utf_32_le", "UTF8"} <= set(allowed)
    assert not {"bz2_codec", "zlib_codec", "punycode", "idna", "undefined"} & set(allowed)
