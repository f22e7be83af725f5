"""Read a FHIR value as people are shown it: the digits, unit and words as they were written."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

from records.elements import list_of
from records.event_values import absent_reason


class Written(NamedTuple):
    """A value in its parts, as `RecordLine` has them."""

    value: str
    number: float | None = None
    unit: str = ""
    unit_code: str = ""


def value_of(part: Mapping[str, Any]) -> Written | None:
    """Return the value of an Observation, a component or an answer; None if it has none.

    Where its sender says why there is no value, that is what is shown. FHIR allows one value; of
    several, all are shown, and none of them as a number.
    """
    keys = [key for key in part if key.startswith("value")]
    if not keys:
        reason = absent_reason(part)
        absent = concept_text(reason) or _text(reason)
        return Written(absent) if absent else None
    values = [_READERS.get(key, _plain)(part[key]) for key in keys]
    if len(values) == 1:
        return values[0]
    return Written("; ".join(f"{each.value} {each.unit}".strip() for each in values))


def _quantity(value: Any) -> Written:
    if not isinstance(value, dict):
        return _plain(value)
    if "value" not in value:
        return Written(_text(absent_reason(value)))
    digits, comparator = _text(value.get("value")), _text(value.get("comparator"))
    number = None if comparator else _number(digits)
    code = _text(value.get("code"))
    unit = _text(value.get("unit")) or code
    return Written(f"{comparator}{digits}", number, unit, code or unit)


def _ratio(value: Any) -> Written:
    if not isinstance(value, dict):
        return _plain(value)
    return Written(" : ".join(_joined(value.get(key)) for key in ("numerator", "denominator")))


def _span(value: Any) -> Written:
    if not isinstance(value, dict):
        return _plain(value)
    ends = [_joined(value.get(key)) for key in ("low", "high")]
    return Written(" – ".join(end or "…" for end in ends))


def _period(value: Any) -> Written:
    if not isinstance(value, dict):
        return _plain(value)
    return Written(" – ".join(_text(value.get(key)) or "…" for key in ("start", "end")))


def _concept(value: Any) -> Written:
    return Written(concept_text(value))


def _samples(value: Any) -> Written:
    return Written(_text(value.get("data")) if isinstance(value, dict) else "")


def _attachment(value: Any) -> Written:
    """Return what a file is called; its content is not shown."""
    return Written(_first(value, ("title", "url", "contentType")))


def _reference(value: Any) -> Written:
    return Written(_first(value, ("display", "reference")))


def _first(value: Any, names: Iterable[str]) -> str:
    texts = (_text(value.get(name)) for name in names) if isinstance(value, dict) else ()
    return next(filter(None, texts), "")


def _integer(value: Any) -> Written:
    return Written(_text(value), _number(_text(value)))


def _plain(value: Any) -> Written:
    if isinstance(value, bool):
        return Written(str(value).lower())
    return Written(_text(value))


_READERS: Final = {
    "valueQuantity": _quantity,
    "valueCodeableConcept": _concept,
    "valueInteger": _integer,
    "valueRange": _span,
    "valueRatio": _ratio,
    "valuePeriod": _period,
    "valueSampledData": _samples,
    "valueAttachment": _attachment,
    "valueReference": _reference,
    "valueCoding": _concept,
}


def _joined(quantity: Any) -> str:
    written = _quantity(quantity) if isinstance(quantity, dict) else Written("")
    return f"{written.value} {written.unit}".strip()


def concept_text(element: Any) -> str:
    """Return how people call a CodeableConcept or Coding, or the first of several."""
    concept = element[0] if isinstance(element, list) and element else element
    if not isinstance(concept, dict):
        return ""
    codings = [
        each for each in list_of(concept.get("coding")) or [concept] if isinstance(each, dict)
    ]
    displays = [_text(coding.get("display")) for coding in codings]
    codes = [_text(coding.get("code")) for coding in codings]
    return next(filter(None, (_text(concept.get("text")), *displays, *codes)), "")


def _number(digits: str) -> float | None:
    try:
        number = float(digits)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
