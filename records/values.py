"""Define the kinds of values of an observation, the form of its code, and of its unit."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

Value = float | int | str | bool

NUMBER: Final = "number"
BOOLEAN: Final = "boolean"
CATEGORY: Final = "category"
KINDS: Final = (NUMBER, BOOLEAN, CATEGORY)
LOINC: Final = "http://loinc.org"
MAX_UNIT_CHARACTERS: Final = 64
"""UCUM's own examples have 20 at most; the parser takes milliseconds for each."""
BOUND_SUFFIX: Final = ";bound"
"""Ends the code under which a bound such as `<0.5` is kept as it was written."""

ANNOTATION: Final = re.compile(r"\{[^{}]*\}")
"""In a unit; it means nothing."""
_LONG_NUMBER: Final = re.compile(r"[0-9]{5}")
"""In a unit: the library computes `10*999999999` in full, which takes hours."""
_CODE: Final = re.compile(r"[!-{}~]{1,64}\|[!-{}~]{1,128}\Z")
_LOINC: Final = re.compile(r"([0-9]{1,7})-([0-9])\Z", re.ASCII)
_LOINC_PART: Final = re.compile(r"L[APGL][0-9]{1,7}-[0-9]\Z", re.ASCII)
_COMMON_UNITS: Final = frozenset(
    {"1", "%", "{count}", "{score}", "a", "mo", "wk", "d", "h", "min", "s", "/min", "Cel"}
    | {"kg", "g", "mg", "ug", "ng", "pg", "m", "cm", "mm", "kg/m2", "mm[Hg]", "kPa", "kcal"}
    | {"g/dL", "mg/dL", "ug/dL", "g/L", "mg/L", "ug/L", "ng/mL", "pg/mL", "L", "mL", "fL"}
    | {"mmol/L", "umol/L", "nmol/L", "pmol/L", "U/L", "kU/L", "[IU]/L", "m[IU]/L", "u[IU]/mL"}
    | {"10*3/uL", "10*6/uL", "10*9/L", "10*12/L", "mL/min", "mL/min/{1.73_m2}"}
)
"""Units that need no parser, which takes half a second to load."""


def is_code(text: str) -> bool:
    """Return whether a text is `system|code` in printable ASCII, as records require."""
    return _CODE.match(text) is not None


def code_problem(text: str) -> str:
    """Return what is wrong with a code, "" if nothing is; of LOINC codes the check digit too."""
    if not is_code(text):
        return "must be system|code, e.g. http://loinc.org|39156-5"
    system, _, code = text.partition("|")
    if system != LOINC or _LOINC_PART.match(code):
        return ""
    match = _LOINC.match(code)
    if match is None:
        return f"{code} is not a LOINC code such as 39156-5"
    if check_digit(match[1]) != int(match[2]):
        return f"{code} has a wrong check digit, so it is not a LOINC code; look it up again"
    return ""


def check_digit(digits: str) -> int:
    """Return the check digit of a LOINC code's digits (Mod 10, LOINC Users' Guide)."""
    total = 0
    for index, digit in enumerate(reversed(digits)):
        doubled = int(digit) * (2 if index % 2 == 0 else 1)
        total += doubled - 9 if doubled > 9 else doubled
    return -total % 10


def as_written(observations: Mapping[str, tuple[Value, str]]) -> dict[str, tuple[Value, str]]:
    """Return observations for people: a bound such as `<0.5` in place of the number beside it."""
    written: dict[str, tuple[Value, str]] = {}
    for code, (value, unit) in observations.items():
        if code.endswith(BOUND_SUFFIX):
            written[code.removesuffix(BOUND_SUFFIX)] = (value, unit)
        elif code not in written:
            written[code] = (value, unit)
    return written


def is_short_unit(text: str) -> bool:
    """Return whether a unit has at most 64 characters, and no number of more than four digits."""
    return len(text) <= MAX_UNIT_CHARACTERS and not _LONG_NUMBER.search(ANNOTATION.sub("", text))


def is_unit(text: str) -> bool:
    """Return whether a text is a unit of UCUM, such as mg/dL, mm[Hg] or 1.

    One that takes long to read is not: see `is_short_unit`.
    """
    return text in _COMMON_UNITS or (is_short_unit(text) and _can_be_parsed(text))


@lru_cache(maxsize=1024)
def _can_be_parsed(text: str) -> bool:
    from lark.exceptions import LarkError

    try:
        _parser().parse(text)
    except LarkError:
        return False
    return True


@lru_cache(maxsize=1)
def _parser() -> Any:
    from ucumvert import get_ucum_parser

    return get_ucum_parser()
