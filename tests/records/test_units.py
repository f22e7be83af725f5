from __future__ import annotations

import math
from typing import Any

import pytest

from records import units, values
from records.units import UnitRules, find_conversion
from records.values import is_unit


@pytest.mark.parametrize(
    ("unit", "target", "value", "converted"),
    [
        ("mg/dl", "mg/dL", 101, 101),
        ("mg/dL", "g/L", 101, 1.01),
        ("mm[Hg]", "kPa", 120, 15.9986864898),
        ("mmHg", "mm[Hg]", 120, 120),
        ("/nL", "10*9/L", 7, 7),
        ("[degF]", "Cel", 98.6, 37),
        ("K", "Cel", 310.15, 37),
        ("{score}", "1", 12, 12),
        ("", "1", 12, 12),
        ("/100{WBC}", "1", 3, 0.03),
        ("%", "1", 45, 0.45),
        ("mo", "a", 600, 50),
        ("U/L", "ukat/L", 60, 1),
    ],
)
def test_a_value_is_converted_between_ucum_units(
    unit: str, target: str, value: float, converted: float
) -> None:
    conversion = find_conversion(unit, target)
    assert conversion is not None
    assert math.isclose(value * conversion.scale + conversion.offset, converted, rel_tol=1e-9)


@pytest.mark.parametrize(
    ("unit", "target"),
    [
        ("C", "Cel"),  # coulomb
        ("/m", "/min"),  # per metre
        ("mmol/L", "mg/dL"),  # needs the molar mass
        ("meq/L", "mmol/L"),  # differs by the charge
        ("%", "mmol/mol"),  # HbA1c: another formula
        ("mL/min/{1.73_m2}", "mL/min"),
        ("", "mg/dL"),
        ("#", "1"),
        ("nonsense", "kg"),
        ("10*-999.mg", "mg"),  # every value would be 0
        ("10*999.mg", "mg"),
    ],
)
def test_a_unit_that_cannot_be_converted_safely_is_not(unit: str, target: str) -> None:
    assert find_conversion(unit, target) is None


@pytest.mark.parametrize(
    "unit",
    [
        *("(" * 800 + "mg" + ")" * 800, "mg" + "/g" * 800, "1" * 65),
        *("10*99999.mg/dL", "10*-999999999.mg", "m999999999", "mg/99999m"),
    ],
)
def test_a_very_long_unit_or_number_in_one_is_not_parsed(unit: str, monkeypatch: Any) -> None:
    monkeypatch.setattr(units, "_registry", lambda: pytest.fail("parsed"))
    monkeypatch.setattr(values, "_parser", lambda: pytest.fail("parsed"))
    assert find_conversion(unit, "g/L") is None
    assert not is_unit(unit)


def test_an_annotation_may_have_a_long_number() -> None:
    assert is_unit("{method_12345}") and find_conversion("mg{99999}", "g") is not None


def test_a_senders_habit_is_read_as_the_question_says() -> None:
    rules = UnitRules(habits={("loinc|8310-5", "C"): "Cel"})
    conversion = rules.find_conversion("loinc|8310-5", "C", "[degF]")
    assert conversion is not None
    assert 37 * conversion.scale + conversion.offset == pytest.approx(98.6)
    assert rules.find_conversion("loinc|other", "C", "[degF]") is None


def test_moles_are_grams_by_the_molar_mass_of_the_code_alone() -> None:
    rules = UnitRules(molar={"loinc|2345-7": 180.156})
    up = rules.find_conversion("loinc|2345-7", "mmol/L", "mg/dL")
    down = rules.find_conversion("loinc|2345-7", "mg/dL", "mmol/L")
    assert up is not None
    assert down is not None
    assert (up.rule, 5.1 * up.scale) == ("molar", pytest.approx(91.87956))
    assert 91.87956 * down.scale == pytest.approx(5.1)
    assert rules.find_conversion("loinc|other", "mmol/L", "mg/dL") is None
