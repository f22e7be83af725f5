"""Read a record as lines for people: each value as it was written, with unit, range and time."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from records.certainty import CONFIRMED, certainty, is_negated
from records.contained import contained_results
from records.documents import is_in_force
from records.elements import list_of, objects_of
from records.event_times import TIMELESS_S, read_moment
from records.event_values import codes_of
from records.medicines import BESIDE, medicines_of, with_medicine
from records.values import as_written
from records.written_values import Written, concept_text, value_of
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
    *(
        "occurrenceDateTime",
        "occurenceDateTime",
        "started",
        "authoredOn",
        "authored",
        "whenHandedOver",
    ),
    *("whenPrepared", "dateTime", "date", "dateWritten", "startDate", "start", "sent", "created"),
    *("timingDateTime", "createdDateTime", "identifiedDateTime", "servicedDate", "statusDate"),
)
_PERIODS: Final = (
    *("effectivePeriod", "onsetPeriod", "performedPeriod", "occurrencePeriod", "period"),
    *("actualPeriod", "billablePeriod", "servicedPeriod", "timingPeriod", "createdPeriod"),
    *("identifiedPeriod", "executionPeriod", "occurencePeriod"),
)
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
    arrivals = record.arrivals or [_NO_ARRIVAL] * len(resources)
    medicines = medicines_of(resources, [arrival.identity for arrival in arrivals])
    for resource, arrival in zip(resources, arrivals, strict=True):
        if arrival.identity.startswith(BESIDE):
            continue  # it is the name of the resource that refers to it
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
    record: Record,
    resource: Mapping[str, Any],
    arrival: Arrival,
    medicines: Mapping[str, Mapping[str, Any]],
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
    yield from _of_statement(resource, medicines, facts)
    for item, value in _answers(resource):
        yield _line({}, item, value, facts)
    for result in contained_results(resource):
        yield from _of_resource(record, result, arrival, medicines)


def _of_statement(
    resource: Mapping[str, Any],
    medicines: Mapping[str, Mapping[str, Any]],
    facts: Mapping[str, Any],
) -> Iterator[RecordLine]:
    joined = with_medicine(resource, medicines)
    name = _name(joined) or facts["kind"]
    parts = objects_of(resource.get("component"))
    value = value_of(resource)
    if value is not None or not parts:
        texts = (_statement(resource) or facts["status"], _beginning(resource))
        stated = value or Written("; ".join(filter(None, texts)))
        yield _line(joined, name, stated, facts)
    for part in parts:
        inner = _name(part)
        in_force = facts["is_in_force"] and "modifierExtension" not in part
        own = {**facts, "is_in_force": in_force}
        yield _line(part, f"{name}: {inner}" if inner else name, value_of(part), own)


def _beginning(resource: Mapping[str, Any]) -> str:
    """Return an age or a text that stands for the date of a beginning, with its element."""
    for name in ("onset", "performed", "occurrence"):
        for ending, value in (("Age", "Quantity"), ("Range", "Range"), ("String", "String")):
            written = value_of({f"value{value}": resource.get(f"{name}{ending}")})
            if written is not None and written.value:
                return f"{name}{ending}: {written.value} {written.unit}".strip()
    return ""


def _answers(part: Mapping[str, Any]) -> Iterator[tuple[str, Written]]:
    """Yield question and answer of each item of a questionnaire, also of those inside others."""
    for item in filter(_is_object, list_of(part.get("item"))):
        answers = list(filter(_is_object, list_of(item.get("answer"))))
        values = [value for answer in answers if (value := value_of(answer)) is not None]
        name = _text(item.get("text")) or _text(item.get("linkId"))
        if len(values) == 1:
            yield name, values[0]
        elif values:
            yield name, Written(", ".join(value.value for value in values))
        for inner in (item, *answers):
            yield from _answers(inner)


def _is_object(value: Any) -> bool:
    return isinstance(value, dict)


def _person(resource: Mapping[str, Any], facts: Mapping[str, Any]) -> Iterator[RecordLine]:
    for element in _PERSON:
        text = _text(resource.get(element))
        if text:
            code = f"{_PERSON_SYSTEM}|Patient.{element}"
            yield RecordLine(**facts, codes=(code,), name=element, value=text)


def _line(
    part: Mapping[str, Any], name: str, value: Written | None, facts: Mapping[str, Any]
) -> RecordLine:
    low, high, text = _range(part)
    written = value or Written("")
    codes = next((codes for key in _CONCEPTS if (codes := _codes(part.get(key)))), [])
    flags = [concept_text(each) for each in list_of(part.get("interpretation"))]
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
    texts = (concept_text(part.get(key)) for key in _CONCEPTS)
    reference = part.get("medicationReference")
    display = _text(reference.get("display")) if isinstance(reference, dict) else ""
    return display or next(filter(None, texts), "")


def _range(part: Mapping[str, Any]) -> tuple[str, str, str]:
    """Return low and high in digits, and the text of the first reference range."""
    ranges = objects_of(part.get("referenceRange"))
    if not ranges:
        return "", "", ""
    bounds = [ranges[0].get(key) for key in ("low", "high")]
    low, high = (_text(b.get("value")) if isinstance(b, dict) else "" for b in bounds)
    return low, high, _text(ranges[0].get("text"))


def _statement(resource: Mapping[str, Any]) -> str:
    dosage = next(iter(list_of(resource.get("dosageInstruction"))), None)
    text = _text(dosage.get("text")) if isinstance(dosage, dict) else ""
    return _first(resource, _STATEMENTS) or text


def _status(resource: Mapping[str, Any]) -> str:
    if is_negated(resource):
        return "not-done"
    certain = certainty(resource)
    if certain != CONFIRMED:
        return certain
    clinical = resource.get("clinicalStatus")
    return concept_text(clinical) or _text(clinical) or _text(resource.get("status"))


def _when(resource: Mapping[str, Any]) -> tuple[str, str]:
    for key in _PERIODS:
        period = resource.get(key)
        if isinstance(period, dict):
            start, end = _text(period.get("start")), _text(period.get("end"))
            return start or end, end if start else ""
    collection = resource.get("collection")  # of a Specimen
    collected = collection.get("collectedDateTime") if isinstance(collection, dict) else None
    return _first(resource, _STARTS) or _text(collected) or _first(resource, _KNOWN), ""


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
