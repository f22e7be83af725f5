from __future__ import annotations

import string

import orjson
import pytest

from records import CellFault, CellFaultCode

FACTS = {
    "lines": "3–5",
    "minimum": "0",
    "maximum": "120",
    "unit": " years",
    "found": 2,
    "expected": 3,
    "first": 1,
}
FACTS |= {"rows": 30, "hint": "", "names": "2025"}


def fault(code: CellFaultCode, value: str = "") -> CellFault:
    fields = {name for _, name, _, _ in string.Formatter().parse(code.problem) if name}
    return CellFault(12, "AGE", code, value, {n: FACTS[n] for n in fields - {"value"}}, 13)


def test_the_message_names_value_limit_place_and_remedy() -> None:
    assert fault(CellFaultCode.OUTSIDE, "455").message == (
        "455 is outside 0–120 years (line 13, row 12, column AGE). "
        'Check the unit, change the range, or set outside = "missing" in the mapping.'
    )


@pytest.mark.parametrize("code", CellFaultCode)
def test_every_code_has_a_problem_and_a_remedy(code: CellFaultCode) -> None:
    message = fault(code).message
    assert "{" not in message
    assert message.endswith(f"(line 13, row 12, column AGE). {code.remedy}.")
    assert code.value == code.value.lower()


@pytest.mark.parametrize("code", CellFaultCode)
def test_a_stored_fault_is_read_back_without_its_value(code: CellFaultCode) -> None:
    stored = orjson.loads(orjson.dumps(fault(code, "455").to_stored()))
    assert "455" not in str(stored)
    assert CellFault.from_stored(stored) == fault(code)


def test_a_fault_of_the_header_names_the_column_alone() -> None:
    message = CellFault(0, "iq", CellFaultCode.COLUMN_UNMAPPED).message
    assert message == (
        "the mapping does not name this column (column iq). Map it, or list it under ignore."
    )


def test_the_repr_of_a_fault_hides_its_value() -> None:
    assert "455" not in repr(fault(CellFaultCode.OUTSIDE, "455"))


def test_a_fault_that_was_stored_without_a_line_is_read() -> None:
    assert CellFault.from_stored([12, "AGE", "not-a-number", {}]) == CellFault(
        12, "AGE", CellFaultCode.NOT_A_NUMBER
    )
