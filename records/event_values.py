"""Read the codes and the values of FHIR elements, as the event table has them."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from records.elements import objects_of
from records.systems import UCUM, usual_code, usual_system

NUMBER, BOOLEAN, CODE, TEXT, NOTHING = range(5)
KINDS: Final = ("number", "boolean", "code", "text", "none")
BOUNDS: Final = ("", "<", "<=", ">", ">=")
_BOUND: Final = re.compile(r"(<=|>=|<|>)(-?[0-9.]+(?:e[+-]?[0-9]+)?)")
TEXT_SYSTEM: Final = "text"
"""The system of a concept that has a text and no coding."""
_ABSENT: Final = "/data-absent-reason"
MAX_TEXT_CHARACTERS: Final = 256
"""A longer text, such as a note, is no value that a question could compare."""

Resource = Mapping[str, Any]


class Value(NamedTuple):
    """One value: index of its kind in KINDS, number, unit, index of its bound, text."""

    kind: int
    number: float
    unit: str
    bound: int
    text: str


NO_VALUE: Final = Value(NOTHING, math.nan, "", 0, "")


def codes_of(concept: Any) -> list[str]:
    """Return `system|code` of every coding of a CodeableConcept or Coding; else of its text."""
    if not isinstance(concept, dict):
        return []
    codings = concept.get("coding")
    if codings is None:
        codings = [concept] if "code" in concept else []
    if not isinstance(codings, list):
        return []
    codes = [
        f"{coding.get('system', '')}|{coding['code'].strip()}"
        for coding in codings
        if isinstance(coding, dict) and isinstance(coding.get("code"), str)
    ]
    text = concept.get("text")
    if not codes and isinstance(text, str) and 0 < len(text) <= MAX_TEXT_CHARACTERS:
        return [f"{TEXT_SYSTEM}|{text}"]
    return list(dict.fromkeys(codes)) if len(codes) > 1 else codes


def meant_codes_of(concept: Any) -> list[str]:
    """Return the codes of a concept as they were sent, and as their system's owner writes them."""
    codes = codes_of(concept)
    return list(dict.fromkeys([*codes, *map(usual_code, codes)]))


def values_of(element: Resource) -> list[Value]:
    """Return the value[x] of an Observation or component; several codings are several values.

    A value of a type that no question can read (Range, Ratio, Period, SampledData) is NO_VALUE, and
    so are two values, of which nobody can say which counts. An empty list means that there is none.
    """
    keys = [key for key in element if key.startswith("value")]
    stated = [key for key in keys if element[key] is not None]
    if len(stated) != 1:
        return [NO_VALUE] if keys else []
    read = _READERS.get(stated[0])
    return [NO_VALUE] if read is None else read(element[stated[0]])


def has_several_values(element: Resource) -> bool:
    """Return whether there are more values than the one that FHIR allows."""
    stated = (key for key in element if key.startswith("value") and element[key] is not None)
    return sum(1 for _ in stated) > 1


def has_other_value(element: Resource) -> bool:
    """Return whether the value is there, in a type that no question can read."""
    text = element.get("valueString")
    keys = (key for key in element if key.startswith("value"))
    is_other = any(key not in _READERS for key in keys)
    return is_other or (isinstance(text, str) and text != "" and not _is_short(text))


def is_value_absent(observation: Resource) -> bool:
    """Return whether the sender says that there is no value, by a reason or by an extension."""
    if has_value(observation):
        return False
    is_stated = absent_reason(observation) is not None
    inner = objects_of(observation.get("component"))
    if not inner:
        return is_stated
    return all(map(is_value_absent, inner)) or (is_stated and not any(map(has_value, inner)))


def has_value(element: Resource) -> bool:
    """Return whether an Observation or component has a value of any type."""
    values = (each for key, each in element.items() if key.startswith("value"))
    return any(not _is_empty_quantity(each) for each in values)


def _is_empty_quantity(value: Any) -> bool:
    return isinstance(value, dict) and "_value" in value and "value" not in value


def absent_reason(element: Resource) -> Any:
    """Return why a value is absent: a concept or a code; None if the sender does not say."""
    if "dataAbsentReason" in element:
        return element["dataAbsentReason"]
    quantity = element.get("valueQuantity")
    if isinstance(quantity, dict) and _is_empty_quantity(quantity):
        return absent_reason(quantity)
    for key, primitive in element.items():
        parts = primitive.get("extension") if isinstance(primitive, dict) else None
        if key.startswith("_value") and isinstance(parts, list):
            for part in parts:
                if isinstance(part, dict) and str(part.get("url")).endswith(_ABSENT):
                    return part.get("valueCode")
    return None


def _quantity(quantity: Any) -> list[Value]:
    number = quantity.get("value")
    if type(number) is not float and type(number) is not int:
        return []
    unit = unit_of(quantity)
    comparator = quantity.get("comparator")
    if comparator is not None and comparator not in BOUNDS:
        return []  # such as R5's `ad`, an amount to be reached
    bound = 0 if comparator is None else BOUNDS.index(comparator)
    return [Value(NUMBER, float(number), str(unit), bound, "")]


def unit_of(quantity: Resource) -> Any:
    """Return the unit of a Quantity, "" if it has none."""
    unit = quantity.get("code")
    # A code of another system than UCUM is a local name, which says less than the text.
    system = quantity.get("system", UCUM)
    if unit is None or not isinstance(system, str) or usual_system(system) != UCUM:
        return quantity.get("unit") or unit or ""
    return unit


def _concept(concept: Any) -> list[Value]:
    return [Value(CODE, math.nan, "", 0, code) for code in meant_codes_of(concept)]


def _text(text: Any) -> list[Value]:
    return [Value(TEXT, math.nan, "", 0, text) if _is_short(text) else NO_VALUE]


def _is_short(text: Any) -> bool:
    """Return whether a text could be a word of a question: short, and in one line."""
    return isinstance(text, str) and 0 < len(text) <= MAX_TEXT_CHARACTERS and text.isprintable()


def _boolean(value: Any) -> list[Value]:
    return [Value(BOOLEAN, float(value), "", 0, "")] if isinstance(value, bool) else []


def _number(value: Any) -> list[Value]:
    is_number = type(value) is int or type(value) is float
    return [Value(NUMBER, float(value), "", 0, "")] if is_number else []


_READERS: Final = {
    "valueQuantity": _quantity,
    "valueCodeableConcept": _concept,
    "valueString": _text,
    "valueBoolean": _boolean,
    "valueInteger": _number,
    "valueDateTime": _text,
    "valueTime": _text,
}


def value_of_observation(value: float | int | str | bool, unit: str) -> Value:
    """Return the value of an observation of a record of schema 1."""
    if isinstance(value, bool):
        return Value(BOOLEAN, float(value), "", 0, "")
    if isinstance(value, str):
        return Value(TEXT, math.nan, "", 0, value)
    return Value(NUMBER, float(value), unit, 0, "")


def with_bound(value: Value, bound: str) -> Value:
    """Return the value as the limit that a bound such as `<0.5` states.

    A number that a mapping made of the bound by another rule, such as its half, stays a number.
    """
    match = _BOUND.fullmatch(bound)
    if match is None or value.number != float(match[2]):
        return value
    return value._replace(bound=BOUNDS.index(match[1]))
