"""Read a FHIR R4 Bundle as rows: a person, a day, a category, and coded values."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from consent import is_known
from records.cells import MAX_ID_CHARACTERS
from records.errors import FhirInvalid
from records.faults import CellFault, CellFaultCode, CellInvalid
from records.json_strict import loads
from records.table import MAX_FAULTS, ParsedRow
from records.values import is_code

MAX_ENTRIES: Final = 100_000
MAX_TEXT_CHARACTERS: Final = 1_024
GENDER: Final = "http://hl7.org/fhir|Patient.gender"
_GENDERS: Final = ("male", "female", "other", "unknown")
_NOT_IN_FORCE: Final = ("entered-in-error", "cancelled")
_REFUTED: Final = ("refuted", "entered-in-error")

Value = float | int | str | bool
Coded = tuple[str, Value, str]
"""Code, value, unit."""
Key = tuple[str, str, str]
"""Person, category, day."""


@dataclass(slots=True)
class Bundle:
    """What a bundle holds: a row for each person, category and day, and the faulty entries."""

    entries: int = 0
    rows: list[ParsedRow] = field(default_factory=list)
    wrong: int = 0
    faults: list[CellFault] = field(default_factory=list)


def read_bundle(body: bytes) -> Bundle:
    """Return what a bundle holds; an entry that cannot be stored completely is faulty.

    Supported are Patient (identifier, gender), Observation (value[x] as Quantity, string,
    CodeableConcept, boolean or integer), and Condition and MedicationStatement with their codes.

    Raises:
        JsonInvalid: the body is not JSON, or nested too deep.
        FhirInvalid: it is not a Bundle, or has more than MAX_ENTRIES entries.
    """
    bundle = loads(body)
    if not isinstance(bundle, dict) or bundle.get("resourceType") != "Bundle":
        raise FhirInvalid("the file is JSON, but not a FHIR Bundle")
    entries = bundle.get("entry", [])
    if not isinstance(entries, list) or len(entries) > MAX_ENTRIES:
        raise FhirInvalid(f"Bundle.entry must be a list of at most {MAX_ENTRIES} entries")
    return _BundleReader(entries).read()


class _BundleReader:
    """Reads a bundle's entries once."""

    def __init__(self, entries: list[Any]) -> None:
        self._entries = entries
        self._people: dict[str, str] = {}
        self._observations: dict[Key, dict[str, tuple[Value, str]]] = {}
        self._numbers: dict[Key, int] = {}
        self._bundle = Bundle(entries=len(entries))

    def read(self) -> Bundle:
        """Return what the entries hold; people first, since others refer to them."""
        self._each(self._patient, patients=True)
        self._each(self._resource, patients=False)
        for (person, category, day), observations in self._observations.items():
            number = self._numbers[person, category, day]
            documents = ((category, observations),)
            self._bundle.rows.append(ParsedRow(number, person, day, "", documents))
        return self._bundle

    def _each(self, read: Callable[[dict[str, Any], int, Any], None], *, patients: bool) -> None:
        for number, entry in enumerate(self._entries, 1):
            resource = entry.get("resource") if isinstance(entry, dict) else None
            kind = resource.get("resourceType") if isinstance(resource, dict) else None
            if (kind == "Patient") != patients:
                continue
            try:
                if not isinstance(resource, dict):
                    raise CellInvalid(CellFaultCode.RESOURCE_MISSING, "resource")
                read(resource, number, entry.get("fullUrl"))
            except CellInvalid as exc:
                self._bundle.wrong += 1
                if len(self._bundle.faults) < MAX_FAULTS:
                    self._bundle.faults.append(exc.at(number))

    def _patient(self, resource: dict[str, Any], number: int, url: Any) -> None:
        identifiers = [
            identifier["value"]
            for identifier in _list(resource, "identifier")
            if isinstance(identifier, dict) and isinstance(identifier.get("value"), str)
        ]
        valid = [value for value in identifiers if _is_text(value, MAX_ID_CHARACTERS)]
        if len(identifiers) != 1 or len(valid) != 1:
            raise CellInvalid(
                CellFaultCode.IDENTIFIER_COUNT,
                "Patient.identifier",
                found=len(valid),
                maximum=MAX_ID_CHARACTERS,
            )
        person = valid[0]
        for name in (url, f"Patient/{resource.get('id')}"):
            if isinstance(name, str):
                self._people[name] = person
        gender = resource.get("gender")
        if gender is None:
            return
        if gender not in _GENDERS:
            raise CellInvalid(CellFaultCode.WRONG_TYPE, "Patient.gender")
        meta = resource.get("meta", {})
        updated = meta.get("lastUpdated") if isinstance(meta, dict) else None
        day = _day(updated, "Patient.meta")
        self._add(number, (person, "demographics", day), [(GENDER, gender, "")])

    def _resource(self, resource: dict[str, Any], number: int, _: Any) -> None:
        kind = resource.get("resourceType")
        reader = _READERS.get(kind) if isinstance(kind, str) else None
        if reader is None:
            raise CellInvalid(CellFaultCode.UNSUPPORTED_RESOURCE, "resourceType")
        category, day, observations = reader(resource)
        subject = resource.get("subject")
        reference = subject.get("reference") if isinstance(subject, dict) else None
        person = self._people.get(reference) if isinstance(reference, str) else None
        if person is None:
            raise CellInvalid(CellFaultCode.UNKNOWN_SUBJECT, f"{kind}.subject")
        self._add(number, (person, category, day), observations)

    def _add(self, number: int, key: Key, observations: list[Coded]) -> None:
        known = self._observations.get(key, {})
        if any(code in known for code, _, _ in observations):
            raise CellInvalid(CellFaultCode.DUPLICATE_CODE, "code")
        self._observations[key] = known | {c: (value, unit) for c, value, unit in observations}
        self._numbers.setdefault(key, number)


def _observation(resource: dict[str, Any]) -> tuple[str, str, list[Coded]]:
    if resource.get("status") in _NOT_IN_FORCE:
        raise CellInvalid(CellFaultCode.NOT_IN_FORCE, "Observation.status")
    concepts = _list(resource, "category")
    codes = [code.partition("|")[2] for concept in concepts for code in _codes(concept)]
    category = next((code for code in codes if is_known("category", code)), None)
    if category is None:
        raise CellInvalid(CellFaultCode.NO_CATEGORY, "Observation.category")
    day = _day(resource.get("effectiveDateTime"), "Observation.effectiveDateTime")
    observations = [*_value(resource, "Observation")]
    for part in _list(resource, "component"):
        observations += _value(part if isinstance(part, dict) else {}, "Observation.component")
    if not observations:
        raise CellInvalid(CellFaultCode.NO_VALUE, "Observation.value")
    return category, day, observations


def _value(resource: dict[str, Any], name: str) -> Iterator[Coded]:
    keys = [key for key in resource if key.startswith("value")]
    if not keys:
        return
    reader = _VALUES.get(keys[0]) if len(keys) == 1 else None
    if reader is None:
        raise CellInvalid(CellFaultCode.UNSUPPORTED_VALUE, f"{name}.value")
    yield _code(resource.get("code"), f"{name}.code"), *reader(resource[keys[0]], name)


def _quantity(value: Any, name: str) -> tuple[Value, str]:
    quantity: dict[str, Any] = value if isinstance(value, dict) else {}
    if "comparator" in quantity:  # a bound, such as "< 5", not a value
        raise CellInvalid(CellFaultCode.UNSUPPORTED_VALUE, f"{name}.valueQuantity.comparator")
    number, unit = quantity.get("value"), quantity.get("code", quantity.get("unit", ""))
    is_number = isinstance(number, int | float) and not isinstance(number, bool)
    if number is None or not is_number or not (unit == "" or _is_text(unit, 128)):
        raise CellInvalid(CellFaultCode.WRONG_TYPE, f"{name}.valueQuantity")
    return number, str(unit)


def _of_type(kind: type[Any], key: str) -> Callable[[Any, str], tuple[Value, str]]:
    def read(value: Any, name: str) -> tuple[Value, str]:
        is_valid = kind is not str or _is_text(value, MAX_TEXT_CHARACTERS)
        if type(value) is not kind or not is_valid:
            raise CellInvalid(CellFaultCode.WRONG_TYPE, f"{name}.{key}")
        return value, ""

    return read


def _concept(value: Any, name: str) -> tuple[Value, str]:
    return _code(value, f"{name}.valueCodeableConcept"), ""


def _condition(resource: dict[str, Any]) -> tuple[str, str, list[Coded]]:
    statuses = _codes(resource.get("verificationStatus"))
    if any(status.endswith(f"|{refuted}") for status in statuses for refuted in _REFUTED):
        raise CellInvalid(CellFaultCode.NOT_IN_FORCE, "Condition.verificationStatus")
    date = resource.get("recordedDate", resource.get("onsetDateTime"))
    clinical = next(iter(_codes(resource.get("clinicalStatus"))), "")
    value = clinical.partition("|")[2] or "active"
    code = _code(resource.get("code"), "Condition.code")
    return "condition", _day(date, "Condition.recordedDate"), [(code, value, "")]


def _medication(resource: dict[str, Any]) -> tuple[str, str, list[Coded]]:
    status = resource.get("status")
    if not isinstance(status, str) or status in _NOT_IN_FORCE or not _is_text(status, 64):
        raise CellInvalid(CellFaultCode.NOT_IN_FORCE, "MedicationStatement.status")
    name = "MedicationStatement.medicationCodeableConcept"
    code = _code(resource.get("medicationCodeableConcept"), name)
    date = resource.get("effectiveDateTime", resource.get("dateAsserted"))
    return "medication", _day(date, "MedicationStatement.effectiveDateTime"), [(code, status, "")]


_READERS: Final[dict[str, Callable[[dict[str, Any]], tuple[str, str, list[Coded]]]]] = {
    "Observation": _observation,
    "Condition": _condition,
    "MedicationStatement": _medication,
}
_VALUES: Final[dict[str, Callable[[Any, str], tuple[Value, str]]]] = {
    "valueQuantity": _quantity,
    "valueString": _of_type(str, "valueString"),
    "valueBoolean": _of_type(bool, "valueBoolean"),
    "valueInteger": _of_type(int, "valueInteger"),
    "valueCodeableConcept": _concept,
}


def _list(resource: dict[str, Any], name: str) -> list[Any]:
    values = resource.get(name, [])
    if not isinstance(values, list):
        raise CellInvalid(CellFaultCode.WRONG_TYPE, name)
    return values


def _codes(concept: Any) -> list[str]:
    codings = concept.get("coding", []) if isinstance(concept, dict) else []
    return [
        f"{coding.get('system')}|{coding.get('code')}"
        for coding in (codings if isinstance(codings, list) else [])
        if isinstance(coding, dict)
    ]


def _code(concept: Any, name: str) -> str:
    for code in _codes(concept):
        if not code.startswith("None|") and is_code(code):
            return code
    raise CellInvalid(CellFaultCode.NO_CODE, name)


def _day(date: Any, name: str) -> str:
    try:
        return datetime.date.fromisoformat(str(date)[:10]).isoformat()
    except ValueError as exc:
        raise CellInvalid(CellFaultCode.NOT_A_DATE, name) from exc


def _is_text(value: Any, max_characters: int) -> bool:
    return isinstance(value, str) and 0 < len(value) <= max_characters and value.isprintable()
