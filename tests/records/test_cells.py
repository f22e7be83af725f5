from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from records.cells import USUAL_MISSING, Bounded, NumberFormat, is_total, read_person
from records.columns import Column
from records.dates import read_date
from records.faults import CellFaultCode, CellInvalid
from records.mapping import Mapping
from records.values import check_digit, code_problem, is_unit

MAPPING = """
[table]
id = "who"
date = "2020-02-29"
%s
[[documents]]
name = "d"
category = "laboratory"
  [[documents.columns]]
  column = "crp"
  code = "http://loinc.org|1988-5"
  kind = "number"
  unit = "mg/L"
  %s
"""


def crp(table: str = "", column: str = "") -> Column:
    return Mapping.parse(MAPPING % (table, column), "m.toml").documents[0].columns[0]


@pytest.mark.parametrize("word", sorted(USUAL_MISSING))
def test_the_usual_words_for_a_missing_value_are_always_read(word: str) -> None:
    assert crp('missing = ["-9"]').read(f" {word} ") is None


@pytest.mark.parametrize("cell", ["-999", "-999.00", "-999.000", "-9.99E+02", "\u2212999"])
def test_a_missing_number_is_known_in_every_spelling(cell: str) -> None:
    assert crp('missing = ["-999"]').read(cell) is None


def test_a_missing_number_is_known_with_a_decimal_comma() -> None:
    assert crp('separator = ";"\ndecimal = ","\nmissing = ["-999"]').read("-999,0") is None


@pytest.mark.parametrize(
    ("table", "cell", "value"),
    [
        ('thousands = ","\nseparator = ";"', "1,234.5", 1234.5),
        ('thousands = ","\nseparator = ";"', "1234.5", 1234.5),
        ('thousands = "."\ndecimal = ","\nseparator = ";"', "1.234.567,5", 1234567.5),
        ('thousands = " "', "1 234", 1234.0),
        ('thousands = " "', "1\u00a0234", 1234.0),
        ('thousands = " "', "1\u202f234,", None),
        ('thousands = "\'"', "1'234", 1234.0),
        ("", "\u22121.5", -1.5),
        ("", "\u00a01.5\u00a0", 1.5),
        ("", "5 mg/L", 5.0),
        ("", "5mg/L", 5.0),
        ("", "1,234.5", None),
        ("", "1 234", None),
        ('thousands = "."\ndecimal = ","\nseparator = ";"', "1.5", None),
        ('thousands = ","\nseparator = ";"', "12,34", None),
        ('thousands = ","\nseparator = ";"', "1234,567", None),
    ],
)
def test_a_number_is_read_as_the_mapping_says_or_refused(table, cell, value) -> None:
    if value is None:
        with pytest.raises(CellInvalid, match="not-a-number"):
            crp(table).read(cell)
    else:
        assert crp(table).read(cell) == value


@pytest.mark.parametrize("cell", ["5 g/L", "5%", "<5mg/dl", "5 mmol/L", "5 10^9/L"])
def test_a_number_in_another_unit_than_the_columns_is_refused_with_the_columns_unit(cell) -> None:
    with pytest.raises(CellInvalid, match="cell-unit") as raised:
        crp("").read(cell)
    assert raised.value.facts == {"unit": "mg/L"}


@pytest.mark.parametrize(
    ("rule", "cell", "value"),
    [
        ("limit", "<0.5", Bounded(0.5, "<0.5")),
        ("half", "< 0.50", Bounded(0.25, "<0.5")),
        ("missing", "<0.5", Bounded(None, "<0.5")),
        ("limit", ">200", Bounded(200.0, ">200")),
        ("half", ">200", Bounded(200.0, ">200")),
        ("limit", "\u22640.5", Bounded(0.5, "<=0.5")),
        ("limit", ">= 200 mg/L", Bounded(200.0, ">=200")),
        ("limit", "under 0.5", Bounded(0.5, "<0.5")),
    ],
)
def test_a_bound_becomes_what_the_rule_says_and_is_kept(rule, cell, value) -> None:
    assert crp(f'bounds = "{rule}"\nbelow = "under"').read(cell) == value


def test_a_bound_without_a_rule_is_a_fault_of_its_own() -> None:
    with pytest.raises(CellInvalid) as caught:
        crp().read("<0.5")
    assert 'bounds = "limit"' in caught.value.code.remedy


def test_a_rule_of_a_column_takes_precedence_over_the_tables() -> None:
    assert crp('bounds = "limit"', 'bounds = "half"').read("<1") == Bounded(0.5, "<1")


def test_a_value_that_a_category_maps_is_not_missing() -> None:
    text = (MAPPING % ("", 'values = { None = "never", Some = "some" }')).replace(
        'kind = "number"\n  unit = "mg/L"', 'kind = "category"'
    )
    column = Mapping.parse(text, "m.toml").documents[0].columns[0]
    assert (column.read("None"), column.read("NULL")) == ("never", None)


@pytest.mark.parametrize(
    ("cell", "person"),
    [("7", "7"), ("7.0", "7"), ("7.00", "7"), ("007", "007"), ('="007"', "007"), (" A-7 ", "A-7")]
    + [("'007", "007"), ("'7.0", "7"), ("'A-7'", "A-7"), ("O'Neill-7", "O'Neill-7")],
)
def test_an_id_is_the_same_however_programs_write_it(cell: str, person: str) -> None:
    assert read_person(cell) == person


@pytest.mark.parametrize("cell", ["1.23457E+11", "'1e+16", "", "'", "NaN", "a\nb", "x" * 201])
def test_an_id_that_was_rounded_or_is_missing_is_refused(cell: str) -> None:
    with pytest.raises(CellInvalid):
        read_person(cell)


@given(st.text())
def test_any_text_is_a_number_or_refused(text: str) -> None:
    for numbers in (NumberFormat(), NumberFormat(",", "."), NumberFormat(".", " ")):
        try:
            numbers.read(text, "mg/L")
        except CellInvalid:
            continue


def test_the_check_digit_of_a_loinc_code_is_known() -> None:
    codes = ("718-7", "2345-7", "4548-4", "39156-5", "30525-0", "10839-9")
    assert [f"{code[:-2]}-{check_digit(code[:-2])}" for code in codes] == list(codes)
    assert code_problem("http://loinc.org|2345-8") == (
        "2345-8 has a wrong check digit, so it is not a LOINC code; look it up again"
    )
    assert code_problem("ourlab|2345-8") == code_problem("http://loinc.org|LA6576-8") == ""


@pytest.mark.parametrize(
    ("unit", "is_known"),
    [("mg/dL", True), ("10*9/L", True), ("[degF]", True), ("m[IU]/L", True), ("1", True)]
    + [("mmHg", False), ("furlong", False), ("years", False), ("mg/dl ", False), ("", False)],
)
def test_units_are_those_of_ucum(unit: str, is_known: bool) -> None:
    assert is_unit(unit) is is_known


@pytest.mark.parametrize("cell", ["#DIV/0!", "#N/A", " #REF! "])
def test_an_error_of_a_spreadsheet_is_a_finding_of_id_value_and_date(cell: str) -> None:
    for read in (read_person, crp().read, lambda text: read_date(text.strip())):
        with pytest.raises(CellInvalid) as caught:
            read(cell)
        assert caught.value.code is CellFaultCode.SPREADSHEET_ERROR


@pytest.mark.parametrize(
    "cell",
    ["Subtotal A", "Total Ward B", "Gesamt Station 3", "Zwischensumme", "Sous-total"],
)
def test_a_line_that_sums_up_is_no_person(cell: str) -> None:
    assert is_total(cell)


@pytest.mark.parametrize("cell", ["Totalis", "Sum Wong", "Max", "A-7", "7"])
def test_an_id_that_only_resembles_one_is_a_person(cell: str) -> None:
    assert not is_total(cell)


@pytest.mark.parametrize(
    ("cell", "unit", "number"),
    [
        ("2,1", "1", 2.1),
        ("1", "1", 1.0),
        ("101", "1", 101.0),
        ("1.231", "1", 1231.0),
        ("5,1 mg/L", "mg/L", 5.1),
        ("5,1%", "%", 5.1),
        ("4,1 10*9/L", "10*9/L", 4.1),
        ("71 1/min", "1/min", 71.0),
    ],
)
def test_no_digit_of_a_number_is_taken_for_its_unit(cell: str, unit: str, number: float) -> None:
    assert NumberFormat(decimal=",", thousands=".").read(cell, unit) == (number, "")


@pytest.mark.parametrize(("cell", "unit"), [("71/min", "1/min"), ("4,510*9/L", "10*9/L")])
def test_a_number_that_could_end_in_two_places_is_refused(cell: str, unit: str) -> None:
    with pytest.raises(CellInvalid):
        NumberFormat(decimal=",").read(cell, unit)


@pytest.mark.parametrize("number", [*range(0, 1000, 7), 1, 11, 21, 101, 1001])
def test_a_number_without_a_unit_is_the_same_in_each_format(number: int) -> None:
    texts = {".": f"{number / 10:.1f}", ",": f"{number / 10:.1f}".replace(".", ",")}
    for decimal, text in texts.items():
        assert NumberFormat(decimal=decimal).read(text, "1") == (number / 10, "")
        assert NumberFormat(decimal=decimal).read(f"<{text}", "1") == (number / 10, "<")
