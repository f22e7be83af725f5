"""Read a record as lines for people: each value as it was written, with unit, range and time."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from records.documents import is_in_force
from records.event_rules import is_negated
from records.event_times import TIMELESS_S, read_moment
from records.event_values import codes_of
from records.values import as_written
from storage import Record
from storage.document import Arrival

_NO_ARRIVAL: Final = Arrival("", 0, 0)
_CONCEPTS: Final = (
    *("code", "medicationCodeableConcept", "vaccineCode", "procedureCode", "type", "class"),
    *("serviceType", "relationship"),
)
"""The elements that name what a resource is about, the first that it has."""
_STARTS: Final = (
    *("effectiveDateTime", "effectiveInstant", "onsetDateTime", "performedDateTime"),
    *("occurrenceDateTime", "started", "authoredOn", "whenHandedOver", "date", "created"),
)
_PERIODS: Final = ("effectivePeriod", "onsetPeriod", "performedPeriod", "period", "billablePeriod")
_KNOWN: Final = ("issued", "recordedDate", "recorded", "dateAsserted", "authoredOn")
_SOURCES: Final = ("performer", "recorder", "asserter", "author", "requester", "participant")
_STATEMENTS: Final = ("conclusion", "description", "title")
_PERSON: Final = ("gender", "birthDate", "deceasedDateTime")
_PERSON_SYSTEM: Final = "http://hl7.org/fhir"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordLine:
    """One value or statement of a record, as its sender wrote it; "" where nothing is known.

    Attributes:
        record_id, category, custodian: of the record.
        kind: the FHIR resource type; "" for a record of schema 1.
        codes: every coding as `system|code`.
        name: what it is about, as its sender calls it; else the code.
        value: comparator and digits as written, or the text of a coded value; else the status.
        number: the value as a number; None if it is none, or only a bound.
        unit: as written; `unit_code` is its UCUM code if it has one.
        low, high: the reference range in digits as written; `range` is its text, if there is one.
        flag: how the sender judges the value, such as High.
        at, until: start and end in clinical time, ISO 8601 as written, with the sender's zone.
        known: when it was issued or recorded, as written.
        source: who measured or recorded it.
        status: of the resource.
        version: 1 for the first content of a resource, one more for each correction; 0: not known.
        arrived_at_s: when this version arrived, seconds UTC; 0 if it is not known.
        is_in_force: False for what its sender took back or what is about somebody else.
    """

    record_id: str
    category: str
    custodian: str
    kind: str = ""
    codes: tuple[str, ...] = ()
    name: str = ""
    value: str = ""
    number: float | None = None
    unit: str = ""
    unit_code: str = ""
    low: str = ""
    high: str = ""
    range: str = ""
    flag: str = ""
    at: str = ""
    until: str = ""
    known: str = ""
    source: str = ""
    status: str = ""
    version: int = 0
    arrived_at_s: int = 0
    is_in_force: bool = True


class _Written(NamedTuple):
    """A value in its parts, as `RecordLine` has them."""

    value: str
    number: float | None = None
    unit: str = ""
    unit_code: str = ""


def lines_of(record: Record) -> list[RecordLine]:
    """Return the lines of a record of either schema, in its order; each resource gives some."""
    if not record.resources:
        return [
            _of_observation(record, code, value, unit)
            for code, (value, unit) in as_written(record.observations).items()
        ]
    lines: list[RecordLine] = []
    # Digits stay texts, so that 1.00 is shown as 1.00.
    resources = [json.loads(text, parse_float=str, parse_int=str) for text in record.resources]
    medicines = {
        f"Medication/{resource.get('id')}": _name(resource)
        for resource in resources
        if resource.get("resourceType") == "Medication"
    }
    arrivals = record.arrivals or [_NO_ARRIVAL] * len(resources)
    for resource, arrival in zip(resources, arrivals, strict=True):
        lines.extend(_of_resource(record, resource, arrival, medicines))
    return lines


def in_time_order(lines: Iterable[RecordLine]) -> list[RecordLine]:
    """Return lines in the order of clinical time, the newest first; those without a time last."""

    def start(line: RecordLine) -> tuple[int, str]:
        moment = read_moment(line.at)  # not the text: senders write times in zones of their own
        return TIMELESS_S if moment is None else moment.first, line.at

    return sorted(lines, key=start, reverse=True)


def _of_observation(
    record: Record, code: str, value: float | int | str | bool, unit: str
) -> RecordLine:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return RecordLine(
        record_id=record.record_id,
        category=record.category,
        custodian=record.custodian,
        codes=(code,),
        name=code.rpartition("|")[2],
        value=str(value).lower() if isinstance(value, bool) else str(value),
        number=float(value) if is_number else None,
        unit=unit,
        unit_code=unit,
        at=record.recorded_on,
    )


def _of_resource(
    record: Record, resource: Mapping[str, Any], arrival: Arrival, medicines: Mapping[str, str]
) -> Iterator[RecordLine]:
    kind = _text(resource.get("resourceType"))
    starts, ends = _when(resource)
    facts: dict[str, Any] = {
        "record_id": record.record_id,
        "category": record.category,
        "custodian": record.custodian,
        "kind": kind,
        "at": starts,
        "until": ends,
        "known": _first(resource, _KNOWN),
        "source": _source(resource),
        "status": _status(resource),
        "version": arrival.version,
        "arrived_at_s": arrival.at_s,
        "is_in_force": is_in_force(resource),
    }
    if kind == "Patient":
        yield from _person(resource, facts)
        return
    name = _name(resource) or medicines.get(_medicine(resource), "") or kind
    parts = [part for part in _list(resource.get("component")) if isinstance(part, dict)]
    value = _value(resource)
    if value is not None or not parts:
        stated = value or _Written(_statement(resource) or facts["status"])
        yield _line(resource, name, stated, facts)
    for part in parts:
        inner = _name(part)
        in_force = facts["is_in_force"] and "modifierExtension" not in part
        own = {**facts, "is_in_force": in_force}
        yield _line(part, f"{name}: {inner}" if inner else name, _value(part), own)


def _person(resource: Mapping[str, Any], facts: Mapping[str, Any]) -> Iterator[RecordLine]:
    for element in _PERSON:
        text = _text(resource.get(element))
        if text:
            code = f"{_PERSON_SYSTEM}|Patient.{element}"
            yield RecordLine(**facts, codes=(code,), name=element, value=text)


def _line(
    part: Mapping[str, Any], name: str, value: _Written | None, facts: Mapping[str, Any]
) -> RecordLine:
    low, high, text = _range(part)
    written = value or _Written("")
    codes = next((codes for key in _CONCEPTS if (codes := _codes(part.get(key)))), [])
    flags = [_concept_text(each) for each in _list(part.get("interpretation"))]
    return RecordLine(
        **facts,
        codes=tuple(codes),
        name=name,
        value=written.value,
        number=written.number,
        unit=written.unit,
        unit_code=written.unit_code,
        low=low,
        high=high,
        range=text,
        flag=", ".join(filter(None, flags)),
    )


def _codes(element: Any) -> list[str]:
    concepts = element if isinstance(element, list) else [element]
    return [code for concept in concepts for code in codes_of(concept)]


def _name(part: Mapping[str, Any]) -> str:
    texts = (_concept_text(part.get(key)) for key in _CONCEPTS)
    reference = part.get("medicationReference")
    display = _text(reference.get("display")) if isinstance(reference, dict) else ""
    return display or next(filter(None, texts), "")


def _medicine(resource: Mapping[str, Any]) -> str:
    """Return `Medication/id` of the medicine that a resource refers to; "" if it does not."""
    reference = resource.get("medicationReference")
    text = _text(reference.get("reference")) if isinstance(reference, dict) else ""
    return "/".join(text.split("/")[-2:])


def _concept_text(element: Any) -> str:
    """Return how people call a CodeableConcept or Coding, or the first of several."""
    concept = element[0] if isinstance(element, list) and element else element
    if not isinstance(concept, dict):
        return ""
    codings = [each for each in _list(concept.get("coding")) or [concept] if isinstance(each, dict)]
    displays = [_text(coding.get("display")) for coding in codings]
    codes = [_text(coding.get("code")) for coding in codings]
    return next(filter(None, (_text(concept.get("text")), *displays, *codes)), "")


def _value(part: Mapping[str, Any]) -> _Written | None:
    key = next((key for key in part if key.startswith("value") and not key.startswith("_")), "")
    if not key:
        absent = _concept_text(part.get("dataAbsentReason"))
        return _Written(absent) if absent else None
    return _READERS.get(key, _plain)(part[key])


def _quantity(value: Any) -> _Written:
    if not isinstance(value, dict):
        return _plain(value)
    digits, comparator = _text(value.get("value")), _text(value.get("comparator"))
    number = None if comparator else _number(digits)
    code = _text(value.get("code"))
    unit = _text(value.get("unit")) or code
    return _Written(f"{comparator}{digits}", number, unit, code or unit)


def _ratio(value: Any) -> _Written:
    if not isinstance(value, dict):
        return _plain(value)
    return _Written(" : ".join(_joined(value.get(key)) for key in ("numerator", "denominator")))


def _span(value: Any) -> _Written:
    if not isinstance(value, dict):
        return _plain(value)
    ends = [_joined(value.get(key)) for key in ("low", "high")]
    return _Written(" – ".join(end or "…" for end in ends))


def _period(value: Any) -> _Written:
    if not isinstance(value, dict):
        return _plain(value)
    return _Written(" – ".join(_text(value.get(key)) or "…" for key in ("start", "end")))


def _concept(value: Any) -> _Written:
    return _Written(_concept_text(value))


def _samples(value: Any) -> _Written:
    return _Written(_text(value.get("data")) if isinstance(value, dict) else "")


def _integer(value: Any) -> _Written:
    return _Written(_text(value), _number(_text(value)))


def _plain(value: Any) -> _Written:
    if isinstance(value, bool):
        return _Written(str(value).lower())
    return _Written(_text(value))


_READERS: Final = {
    "valueQuantity": _quantity,
    "valueCodeableConcept": _concept,
    "valueInteger": _integer,
    "valueRange": _span,
    "valueRatio": _ratio,
    "valuePeriod": _period,
    "valueSampledData": _samples,
}


def _joined(quantity: Any) -> str:
    written = _quantity(quantity) if isinstance(quantity, dict) else _Written("")
    return f"{written.value} {written.unit}".strip()


def _range(part: Mapping[str, Any]) -> tuple[str, str, str]:
    """Return low and high in digits, and the text of the first reference range."""
    ranges = [each for each in _list(part.get("referenceRange")) if isinstance(each, dict)]
    if not ranges:
        return "", "", ""
    bounds = [ranges[0].get(key) for key in ("low", "high")]
    low, high = (_text(b.get("value")) if isinstance(b, dict) else "" for b in bounds)
    return low, high, _text(ranges[0].get("text"))


def _statement(resource: Mapping[str, Any]) -> str:
    dosage = next(iter(_list(resource.get("dosageInstruction"))), None)
    text = _text(dosage.get("text")) if isinstance(dosage, dict) else ""
    return _first(resource, _STATEMENTS) or text


def _status(resource: Mapping[str, Any]) -> str:
    if is_negated(resource):
        return "not-done"
    clinical = resource.get("clinicalStatus")
    return _concept_text(clinical) or _text(clinical) or _text(resource.get("status"))


def _when(resource: Mapping[str, Any]) -> tuple[str, str]:
    for key in _PERIODS:
        period = resource.get(key)
        if isinstance(period, dict):
            start, end = _text(period.get("start")), _text(period.get("end"))
            return start or end, end if start else ""
    return _first(resource, _STARTS) or _first(resource, _KNOWN), ""


def _source(resource: Mapping[str, Any]) -> str:
    for key in _SOURCES:
        element = resource.get(key)
        parties = element if isinstance(element, list) else [element]
        names = [_party(each) for each in parties]
        if any(names):
            return ", ".join(dict.fromkeys(filter(None, names)))
    return ""


def _party(element: Any) -> str:
    """Return the name of a Reference, or of the Reference inside a performer or participant."""
    if not isinstance(element, dict):
        return ""
    for reference in (element, element.get("actor"), element.get("individual")):
        if isinstance(reference, dict):
            name = _text(reference.get("display")) or _text(reference.get("reference"))
            if name:
                return name
    return ""


def _first(resource: Mapping[str, Any], names: Iterable[str]) -> str:
    return next((text for name in names if (text := _text(resource.get(name)))), "")


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _number(digits: str) -> float | None:
    try:
        number = float(digits)
    except ValueError:
        return None
    return number if math.isfinite(number) else None
