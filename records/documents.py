"""Read a record of either schema as coded values: the view of questions and pages."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from itertools import chain
from typing import Any, Final

import orjson

from records.certainty import (
    NOT_IN_FORCE,
    UNCONFIRMED,
    UNKNOWN,
    certainty,
    is_german_past,
    is_modified,
    is_negated,
    unsure_intent,
)
from records.contained import contained_results
from records.elements import list_of
from records.event_rules import (
    RELATIVES,
    find_start,
    gives_events,
    has_only_age,
    has_only_text,
    has_rule,
    is_sure,
    requires_status,
)
from records.event_times import AGE, TIMELESS_S, read_moment
from records.event_values import (
    BOUNDS,
    has_other_value,
    has_several_values,
    has_value,
    is_value_absent,
    unit_of,
)
from records.focus import is_about_another
from records.medicines import BESIDE, medicines_of, reference_of, with_medicine
from records.outcomes import EntryCode
from records.systems import usual_code
from records.values import is_code
from storage import Record, Value

Coded = tuple[str, Value, str]
"""`system|code`, value, unit."""

UNDATED: Final = "0001-01-01"
"""The day of a resource without a date: it counts as older than every date of a consent."""
GENDER: Final = "http://hl7.org/fhir|Patient.gender"
BIRTH_DATE: Final = "http://hl7.org/fhir|Patient.birthDate"
MAX_TEXT_CHARACTERS: Final = 1_024
_UNCONFIRMED: Final = frozenset({*UNCONFIRMED, UNKNOWN})
_OLD_KINDS: Final = frozenset(
    {"DiagnosticOrder", "MedicationOrder", "ProcedureRequest", "ReferralRequest"}
)
"""Kinds of FHIR DSTU2 and STU3 that FHIR R4 renamed."""
_CODED_KINDS: Final = frozenset(
    {
        "AllergyIntolerance",
        "Condition",
        "DiagnosticReport",
        "Immunization",
        "MedicationAdministration",
        "MedicationDispense",
        "MedicationRequest",
        "MedicationStatement",
        "Observation",
        "Patient",
        "Procedure",
    }
)
_NUMBER_AS_TEXT: Final = re.compile(
    r"\s*+(?:[<>≤≥]=?)?\s*+[+-]?[0-9]++(?:[.,][0-9]++)?(?:\s++[A-Za-z%µ]\S{0,19}+)?\s*+\Z"
)
"""`98`, `5,1` or `> 200 mg/dL`; not `2a`, which may be a stage."""
_TIMES: Final = ("effectiveDateTime", "effectiveInstant", "issued", "recordedDate", "authoredOn")


def observations(record: Record) -> Mapping[str, tuple[Value, str]]:
    """Return `system|code` → (value, unit) of a record.

    Of a record of schema 1 these are the stored observations. Of a document they are read from its
    resources: one for each coding of a value, and the latest of the day where a code repeats. A
    value that was measured comes before the status of a report or an order with the same code.

    Raises:
        ValueError: the record was released as events, so its observations are not there.
    """
    if record.extract:
        raise ValueError(f"record {record.record_id} was released as events; read those")
    if not record.resources:
        return record.observations
    parsed = [orjson.loads(resource) for resource in record.resources]
    names = [arrival.identity for arrival in record.arrivals] or [""] * len(parsed)
    medicines = medicines_of(parsed, names)
    resources = [
        with_medicine(resource, medicines)
        for resource, name in zip(parsed, names, strict=True)
        if not name.startswith(BESIDE)
    ]
    resources += [result for each in resources for result in contained_results(each)]
    latest: dict[str, tuple[Value, str]] = {}
    for resource in sorted(resources, key=_time):  # stable: those without a time in their order
        latest.update((code, (value, unit)) for code, value, unit in _coded(resource))
    return latest


def _time(resource: dict[str, Any]) -> tuple[bool, int, str]:
    """Return what a resource is sorted by: first what only states its status, then by time."""
    period = resource.get("effectivePeriod")
    start = period.get("start") if isinstance(period, dict) else None
    times = [start, *(resource.get(name) for name in _TIMES)]
    text = next((time for time in times if isinstance(time, str)), "")
    moment = read_moment(text)  # not the text: senders write times in zones of their own
    first = TIMELESS_S if moment is None else moment.first
    return resource.get("resourceType") == "Observation", first, text


def why_no_value(resource: bytes | Mapping[str, Any], now_s: float = math.inf) -> EntryCode:
    """Return why a resource gives no value, or EntryCode.NOTHING if it does.

    Args:
        resource: JSON as it is stored, or parsed with each number as an int or a float.
        now_s: seconds UTC; what starts later gives no value.
    """
    read = orjson.loads(resource) if isinstance(resource, bytes) else resource
    parsed = with_medicine(read, {})
    if not is_in_force(parsed):
        return _why_not_in_force(parsed)
    kind = str(parsed.get("resourceType"))
    why = EntryCode.OLD_KIND if kind in _OLD_KINDS else _why_unreadable(parsed)
    if why:
        return why
    inside = (coded for each in contained_results(parsed) for coded in _coded(each))
    is_coded = next(chain(_coded_in_force(parsed), inside), None) is not None
    # An event without a value says something for every kind but an Observation.
    if not is_coded and (kind == "Observation" or not gives_events(parsed)):
        return _why_no_event(parsed, kind, now_s)
    if kind == "Patient":
        return EntryCode.NOTHING
    if not has_rule(kind):
        return EntryCode.KIND
    return _why_no_date(parsed, now_s) if is_sure(parsed) else EntryCode.STATUS


def _why_no_event(resource: dict[str, Any], kind: str, now_s: float) -> EntryCode:
    if kind not in _CODED_KINDS:
        why = _why_no_date(resource, now_s) if requires_status(kind) else EntryCode.KIND
        return why or EntryCode.NO_CODE
    if reference_of(resource):
        return EntryCode.MEDICATION
    if kind == "Patient":
        return EntryCode.NO_DETAILS
    return EntryCode.NO_VALUE if _has_code(resource) else EntryCode.NO_CODE


def _why_unreadable(resource: dict[str, Any]) -> EntryCode:
    """Return why a value of an observation, or of a component, cannot be read by questions."""
    if resource.get("resourceType") in RELATIVES:
        return EntryCode.FOCUS
    if "component" in resource and any(map(_is_modified, list_of(resource["component"]))):
        return EntryCode.MODIFIER
    if resource.get("resourceType") != "Observation" or not _has_code(resource):
        return EntryCode.NOTHING
    parts = list(_parts(resource))
    if any(map(has_several_values, parts)):
        return EntryCode.SEVERAL_VALUES
    if any(has_other_value(part) for part in parts):
        return EntryCode.VALUE_TYPE
    if any(_is_number_as_text(part.get("valueString")) for part in parts):
        return EntryCode.NUMBER_AS_TEXT
    if any(has_value(part) and not _codes(part.get("code")) for part in parts):
        return EntryCode.NO_CODE
    return EntryCode.VALUE_ABSENT if is_value_absent(resource) else EntryCode.NOTHING


def _is_number_as_text(text: Any) -> bool:
    return isinstance(text, str) and _NUMBER_AS_TEXT.match(text) is not None


def _has_code(resource: dict[str, Any]) -> bool:
    names = ("code", "medicationCodeableConcept", "vaccineCode")
    return any(_codes(resource[name]) for name in names if name in resource)


def _parts(observation: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield an observation and its components."""
    parts = (observation, *list_of(observation.get("component")))
    return (part for part in parts if isinstance(part, dict))


def _why_no_date(resource: dict[str, Any], now_s: float) -> EntryCode:
    start = find_start(resource)
    if start is None:
        return EntryCode.TEXT_ONLY if has_only_text(resource) else EntryCode.NO_DATE
    if start.precision == AGE:
        return EntryCode.AGE_ONLY if has_only_age(resource) else EntryCode.NOTHING
    return EntryCode.FUTURE_DATE if start.first > now_s else EntryCode.NOTHING


def _why_not_in_force(resource: dict[str, Any]) -> EntryCode:
    if _status(resource) in NOT_IN_FORCE:
        return EntryCode.STATUS
    if is_negated(resource):
        return EntryCode.NEGATED
    if is_modified(resource):
        return EntryCode.MODIFIER
    return EntryCode.FOCUS if is_about_another(resource) else EntryCode.UNCONFIRMED


def is_in_force(resource: Mapping[str, Any]) -> bool:
    """Return whether a resource states something about its own patient.

    It does not if its status takes it back or is missing where FHIR requires one, if an element or
    a modifier extension turns its meaning, or if it is or may be about another person.
    """
    if _status(resource) in NOT_IN_FORCE or is_modified(resource):
        return False
    if is_negated(resource) or certainty(resource) in _UNCONFIRMED:
        return False
    return not is_about_another(resource)


def _status(resource: Mapping[str, Any]) -> str:
    status = resource.get("status")
    is_missing = status is None and requires_status(str(resource.get("resourceType")))
    return UNKNOWN if is_missing else str(status)


def _is_modified(part: Any) -> bool:
    return isinstance(part, dict) and "modifierExtension" in part


def _coded(resource: dict[str, Any]) -> Iterator[Coded]:
    return _coded_in_force(resource) if is_in_force(resource) else iter(())


def _coded_in_force(resource: dict[str, Any]) -> Iterator[Coded]:
    reader = _READERS.get(str(resource.get("resourceType")), _stated)
    for code, value, unit in reader(resource):
        if is_code(code):
            yield code, value, unit


def _patient(resource: dict[str, Any]) -> Iterator[Coded]:
    for code, name in ((GENDER, "gender"), (BIRTH_DATE, "birthDate")):
        if _is_text(resource.get(name)):
            yield code, resource[name], ""


def _observation(resource: dict[str, Any]) -> Iterator[Coded]:
    for part in _parts(resource):
        if not _is_modified(part):
            yield from _measured(part)


def _measured(part: dict[str, Any]) -> Iterator[Coded]:
    if has_several_values(part):
        return
    for key, read in _VALUES.items():
        pair = read(part[key]) if key in part else None
        if pair is not None:
            yield from ((code, *pair) for code in _codes(part.get("code")))


def _condition(resource: dict[str, Any]) -> Iterator[Coded]:
    usual = "inactive" if is_german_past(resource.get("code")) else "active"
    status = _word(resource.get("clinicalStatus")) or usual
    yield from ((code, status, "") for code in _codes(resource.get("code")))


def _stated(resource: dict[str, Any]) -> Iterator[Coded]:
    """Yield the codes of any other kind, with its status as their value."""
    status = unsure_intent(resource) or resource.get("status", resource.get("intent", "active"))
    if not _is_text(status):
        return
    for name in ("code", "medicationCodeableConcept", "vaccineCode"):
        if name in resource:
            yield from ((code, status, "") for code in _codes(resource[name]))


_READERS: Final[Mapping[str, Callable[[dict[str, Any]], Iterator[Coded]]]] = {
    "Patient": _patient,
    "Observation": _observation,
    "Condition": _condition,
    "AllergyIntolerance": _condition,
}


def _quantity(value: Any) -> tuple[Value, str] | None:
    quantity = value if isinstance(value, dict) else {}
    number: Any = quantity.get("value")
    unit = unit_of(quantity)
    if not _is_number(number) or not (unit == "" or _is_text(unit)):
        return None
    if quantity.get("comparator", "<") not in BOUNDS:
        return None
    if "comparator" in quantity:  # a bound, such as "<0.5", is not a number
        return f"{quantity['comparator']}{number}", str(unit)
    return number, str(unit)


def _concept(value: Any) -> tuple[Value, str] | None:
    codes = _codes(value)
    text = value.get("text") if isinstance(value, dict) else None
    chosen: Any = codes[0] if codes else text
    return (chosen, "") if _is_text(chosen) else None


def _text(value: Any) -> tuple[Value, str] | None:
    return (value, "") if _is_text(value) else None


def _plain(value: Any) -> tuple[Value, str] | None:
    return (value, "") if isinstance(value, bool) or _is_number(value) else None


_VALUES: Final[Mapping[str, Callable[[Any], tuple[Value, str] | None]]] = {
    "valueQuantity": _quantity,
    "valueCodeableConcept": _concept,
    "valueString": _text,
    "valueBoolean": _plain,
    "valueInteger": _plain,
    "valueDateTime": _text,
    "valueTime": _text,
}


def _word(concept: Any) -> str:
    """Return the code of a status, which FHIR STU3 writes as a text; "" if there is none."""
    codings = list_of(concept.get("coding")) if isinstance(concept, dict) else []
    words: list[Any] = [coding.get("code") for coding in codings if isinstance(coding, dict)]
    words += [concept, concept.get("text") if isinstance(concept, dict) else None]
    return next((str(word) for word in words if _is_text(word)), "")


def _codes(concept: Any) -> list[str]:
    """Return every coding of a concept as `system|code`; see `meant_codes_of`."""
    codings = list_of(concept.get("coding")) if isinstance(concept, dict) else []
    codes = [
        f"{coding['system']}|{str(coding['code']).strip()}"
        for coding in codings
        if isinstance(coding, dict) and _is_text(coding.get("system")) and coding.get("code")
    ]
    return list(dict.fromkeys([*codes, *map(usual_code, codes)]))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= MAX_TEXT_CHARACTERS and value.isprintable()
