"""Reads a FHIR R4 Bundle as rows: a person, a day, a category, and coded values."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from consent import is_known
from records.errors import FhirInvalid
from records.json_strict import loads
from records.table import ParsedRow

MOST_ENTRIES: Final = 100_000
MOST_LISTED: Final = 1_000
MOST_TEXT: Final = 1_024
GENDER: Final = "http://hl7.org/fhir|Patient.gender"
_CODE: Final = re.compile(r"[!-{}~]{1,64}\|[!-{}~]{1,128}\Z")
_OVER: Final = ("entered-in-error", "cancelled")
_WRONG_CONDITIONS: Final = ("refuted", "entered-in-error")

Value = float | int | str | bool
Coded = tuple[str, Value, str]


class EntryWrong(ValueError):
    """An entry that cannot be a record: which element, and why; never what it holds."""

    def __init__(self, column: str, what: str) -> None:
        """Keep which element it is."""
        super().__init__(what)
        self.column = column


@dataclass(slots=True)
class Bundle:
    """What a bundle holds: a row for each person, category and day, and the bad entries."""

    entries: int = 0
    rows: list[ParsedRow] = field(default_factory=list)
    wrong: int = 0
    bad: list[tuple[int, str, str]] = field(default_factory=list)


def read_bundle(body: bytes) -> Bundle:
    """Return what a bundle holds; an entry that we cannot carry whole is bad.

    Carried are: Patient (identifier, gender), Observation (value[x] as Quantity, string,
    CodeableConcept, boolean or integer), Condition and MedicationStatement with their codes.

    Raises:
        FhirInvalid: not JSON, too deep, not a Bundle, or more entries than 100,000.
    """
    bundle = loads(body)
    if not isinstance(bundle, dict) or bundle.get("resourceType") != "Bundle":
        raise FhirInvalid("the file is JSON, but not a FHIR Bundle")
    entries = bundle.get("entry", [])
    if not isinstance(entries, list) or len(entries) > MOST_ENTRIES:
        raise FhirInvalid(f"a bundle has a list of at most {MOST_ENTRIES} entries")
    return _Reading(entries).read()


class _Reading:
    """One pass over a bundle's entries."""

    def __init__(self, entries: list[Any]) -> None:
        self._entries = entries
        self._people: dict[str, str] = {}
        self._found: dict[tuple[str, str, str], dict[str, tuple[Value, str]]] = {}
        self._numbers: dict[tuple[str, str, str], int] = {}
        self._bundle = Bundle(entries=len(entries))

    def read(self) -> Bundle:
        """Return what the entries hold; people first, since others refer to them."""
        self._each(self._person, ("Patient",))
        self._each(self._resource, None)
        for (person, category, day), held in self._found.items():
            number = self._numbers[person, category, day]
            self._bundle.rows.append(ParsedRow(number, person, day, "", ((category, held),)))
        return self._bundle

    def _each(self, act: Callable[[dict[str, Any], Any], None], kinds: Any) -> None:
        for number, entry in enumerate(self._entries, 1):
            resource = entry.get("resource") if isinstance(entry, dict) else None
            kind = resource.get("resourceType") if isinstance(resource, dict) else None
            if (kind in kinds) if kinds else (kind != "Patient"):
                try:
                    if not isinstance(resource, dict):
                        raise EntryWrong("resource", "is missing")
                    act(resource, (number, entry.get("fullUrl")))
                except EntryWrong as exc:
                    self._bundle.wrong += 1
                    if len(self._bundle.bad) < MOST_LISTED:
                        self._bundle.bad.append((number, exc.column, str(exc)))

    def _person(self, resource: dict[str, Any], where: tuple[int, Any]) -> None:
        numbers = [
            one["value"]
            for one in _list(resource, "identifier")
            if isinstance(one, dict) and isinstance(one.get("value"), str)
        ]
        if len(numbers) != 1 or not _is_text(numbers[0], 200):
            raise EntryWrong("Patient.identifier", "needs one hospital number")
        for name in (where[1], f"Patient/{resource.get('id')}"):
            if isinstance(name, str):
                self._people[name] = numbers[0]
        gender = resource.get("gender")
        if gender is None:
            return
        if gender not in ("male", "female", "other", "unknown"):
            raise EntryWrong("Patient.gender", "is none of the four words of FHIR")
        updated = resource.get("meta", {})
        day = _day(
            updated.get("lastUpdated") if isinstance(updated, dict) else None, "Patient.meta"
        )
        self._keep(where[0], (numbers[0], "demographics", day), [(GENDER, gender, "")])

    def _resource(self, resource: dict[str, Any], where: tuple[int, Any]) -> None:
        kind = resource.get("resourceType")
        reader = _READERS.get(kind) if isinstance(kind, str) else None
        if reader is None:
            raise EntryWrong("resourceType", "is a kind that no record can carry")
        category, day, held = reader(resource)
        subject = resource.get("subject")
        reference = subject.get("reference") if isinstance(subject, dict) else None
        person = self._people.get(reference) if isinstance(reference, str) else None
        if person is None:
            raise EntryWrong(f"{kind}.subject", "names no Patient of this bundle")
        self._keep(where[0], (person, category, day), held)

    def _keep(self, number: int, key: tuple[str, str, str], held: list[Coded]) -> None:
        known = self._found.get(key, {})
        if any(code in known for code, _, _ in held):
            raise EntryWrong("code", "stands there twice for this person and day")
        self._found[key] = known | {code: (value, unit) for code, value, unit in held}
        self._numbers.setdefault(key, number)


def _observation(resource: dict[str, Any]) -> tuple[str, str, list[Coded]]:
    if resource.get("status") in _OVER:
        raise EntryWrong("Observation.status", "says that it does not count")
    codes = [code.partition("|")[2] for one in _list(resource, "category") for code in _codes(one)]
    category = next((code for code in codes if is_known("category", code)), None)
    if category is None:
        raise EntryWrong("Observation.category", "is none that a permission can name")
    day = _day(resource.get("effectiveDateTime"), "Observation.effectiveDateTime")
    held = [*_value(resource, "Observation")]
    for part in _list(resource, "component"):
        held += _value(part if isinstance(part, dict) else {}, "Observation.component")
    if not held:
        raise EntryWrong("Observation.value", "is missing, or of a kind that we do not carry")
    return category, day, held


def _value(resource: dict[str, Any], name: str) -> Iterator[Coded]:
    given = [key for key in resource if key.startswith("value")]
    if not given:
        return
    reader = _VALUES.get(given[0]) if len(given) == 1 else None
    if reader is None:
        raise EntryWrong(f"{name}.value", "is of a kind that we do not carry")
    yield _code(resource.get("code"), f"{name}.code"), *reader(resource[given[0]], name)


def _quantity(value: Any, name: str) -> tuple[Value, str]:
    held: dict[str, Any] = value if isinstance(value, dict) else {}
    if "comparator" in held:
        raise EntryWrong(f"{name}.valueQuantity", "is a bound, not a value")
    number, unit = held.get("value"), held.get("code", held.get("unit", ""))
    is_number = isinstance(number, int | float) and not isinstance(number, bool)
    if number is None or not is_number or not (unit == "" or _is_text(unit, 128)):
        raise EntryWrong(f"{name}.valueQuantity", "needs a number, and a unit in text")
    return number, str(unit)


def _plain(kind: type[Any], key: str) -> Callable[[Any, str], tuple[Value, str]]:
    def read(value: Any, name: str) -> tuple[Value, str]:
        if type(value) is not kind or (kind is str and not _is_text(value, MOST_TEXT)):
            raise EntryWrong(f"{name}.{key}", "is not of its own kind")
        return value, ""

    return read


def _concept(value: Any, name: str) -> tuple[Value, str]:
    return _code(value, f"{name}.valueCodeableConcept"), ""


def _condition(resource: dict[str, Any]) -> tuple[str, str, list[Coded]]:
    checked = [c for c in _codes(resource.get("verificationStatus"))]
    if any(code.endswith(f"|{wrong}") for code in checked for wrong in _WRONG_CONDITIONS):
        raise EntryWrong("Condition.verificationStatus", "says that it does not count")
    given = resource.get("recordedDate", resource.get("onsetDateTime"))
    clinical = next(iter(_codes(resource.get("clinicalStatus"))), "")
    value = clinical.partition("|")[2] or "active"
    held: list[Coded] = [(_code(resource.get("code"), "Condition.code"), value, "")]
    return "condition", _day(given, "Condition.recordedDate"), held


def _medication(resource: dict[str, Any]) -> tuple[str, str, list[Coded]]:
    status = resource.get("status")
    if not isinstance(status, str) or status in _OVER or not _is_text(status, 64):
        raise EntryWrong("MedicationStatement.status", "is missing, or says that it does not count")
    name = "MedicationStatement.medicationCodeableConcept"
    code = _code(resource.get("medicationCodeableConcept"), name)
    given = resource.get("effectiveDateTime", resource.get("dateAsserted"))
    return "medication", _day(given, "MedicationStatement.effectiveDateTime"), [(code, status, "")]


_READERS: Final[dict[str, Callable[[dict[str, Any]], tuple[str, str, list[Coded]]]]] = {
    "Observation": _observation,
    "Condition": _condition,
    "MedicationStatement": _medication,
}
_VALUES: Final[dict[str, Callable[[Any, str], tuple[Value, str]]]] = {
    "valueQuantity": _quantity,
    "valueString": _plain(str, "valueString"),
    "valueBoolean": _plain(bool, "valueBoolean"),
    "valueInteger": _plain(int, "valueInteger"),
    "valueCodeableConcept": _concept,
}


def _list(resource: dict[str, Any], name: str) -> list[Any]:
    held = resource.get(name, [])
    if not isinstance(held, list):
        raise EntryWrong(name, "is not a list")
    return held


def _codes(concept: Any) -> list[str]:
    codings = concept.get("coding", []) if isinstance(concept, dict) else []
    return [
        f"{one.get('system')}|{one.get('code')}"
        for one in (codings if isinstance(codings, list) else [])
        if isinstance(one, dict)
    ]


def _code(concept: Any, name: str) -> str:
    for code in _codes(concept):
        if not code.startswith("None|") and _CODE.match(code):
            return code
    raise EntryWrong(name, "has no coding with system and code")


def _day(given: Any, name: str) -> str:
    try:
        return datetime.date.fromisoformat(str(given)[:10]).isoformat()
    except ValueError as exc:
        raise EntryWrong(name, "is not a whole date like 2024-05-31") from exc


def _is_text(value: Any, most: int) -> bool:
    return isinstance(value, str) and 0 < len(value) <= most and value.isprintable()
