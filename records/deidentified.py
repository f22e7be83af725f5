"""Removes from one FHIR resource what names anybody, and moves its dates; codes and values stay.

An element that FHIR R4 does not have there goes too: a sender's own one can hold any number.
"""

from __future__ import annotations

import datetime
import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

import orjson

from records.elements import list_of, objects_of
from records.event_rules import BIRTH, DEATH, SEX
from records.event_values import meant_codes_of
from records.fhir_elements import ELEMENTS, NESTED, PLAIN
from records.meds import is_of
from records.references import SUBJECT_ELEMENTS, split_relative, split_url
from records.units import ucum_unit


class Removed(StrEnum):
    """What was removed, as the manifest of a copy counts it."""

    FREE_TEXT = "free texts"
    NAME = "names, addresses and contacts"
    IDENTIFIER = "identifiers"
    ATTACHMENT = "attachments and images"
    EXTENSION = "extensions"
    META = "metadata of senders"
    REFERENCE = "references to people, places, and to what is not in the copy"
    RARE_TEXT = "names and versions of codes, and units, that fewer than 11 people share"
    KIND = "resources of other kinds"
    TURNED = "resources whose meaning an extension or another focus turns"
    UNKNOWN = "elements that FHIR R4 does not have there"
    DIRECT = "what the question calls a direct identifier"


KINDS: Final = frozenset(
    {
        *("AllergyIntolerance", "CarePlan", "ClinicalImpression", "Condition", "DetectedIssue"),
        *("DiagnosticReport", "DocumentReference", "Encounter", "EpisodeOfCare"),
        *("FamilyMemberHistory", "Flag", "Goal", "ImagingStudy", "Immunization", "Medication"),
        *("MedicationAdministration", "MedicationDispense", "MedicationRequest"),
        *("MedicationStatement", "NutritionOrder", "Observation", "Patient", "Procedure"),
        *("QuestionnaireResponse", "RiskAssessment", "ServiceRequest", "Specimen"),
    }
)
"""Kinds that may be in a copy: what is known of a patient, and nobody else."""
_PATIENT: Final = frozenset(
    {
        *("resourceType", "id", "gender", "birthDate", "maritalStatus"),
        *("deceasedBoolean", "deceasedDateTime", "multipleBirthBoolean", "multipleBirthInteger"),
    }
)
_PERSON_ELEMENTS: Final = {BIRTH: "birthDate", SEX: "gender", DEATH: "deceasedDateTime"}
_CODE_ELEMENTS: Final = frozenset(
    {
        *("resourceType", "status", "docStatus", "lifecycleStatus", "code", "version", "intent"),
        *("priority", "gender", "criticality", "severity", "type", "category", "mode", "linkId"),
        *("durationUnit", "periodUnit", "when", "dayOfWeek", "valueCode"),
    }
)
"""Elements whose text is a code. Of other texts only dates, systems and units may stay."""
_NAMES: Final = frozenset({"name", "address", "telecom", "contact"})
_ATTACHMENTS: Final = frozenset({"photo", "presentedForm", "content", "attachment", "image"})
_META: Final = frozenset({"meta", "implicitRules", "language", "questionnaire"})
_SHARED: Final = ("unit", "version")
"""Elements whose text a sender can choose freely; a unit of UCUM is no such text."""
_COMPARATORS: Final = frozenset({"<", "<=", ">=", ">"})
_BIRTHS: Final = frozenset({"birthDate", "bornDate"})
_CODE: Final = re.compile(r"[^\s@]{1,64}")
_SYSTEM: Final = re.compile(r"(?:https?://|urn:)[^\s@?#]{1,200}")
_UNIT: Final = re.compile(r"[^\s@]{1,20}")
_TIMED: Final = re.compile(
    r"(?i).*(date|time|issued|instant|start|started|end|sent|received|created|recorded|authored|"
    r"authoredon|asserted|event|occurrence|whenprepared|whenhandedover|timeofday)"
)
_DAY: Final = re.compile(
    r"(\d{4}-\d\d-\d\d)(T\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:\d\d)?)?"
)
_PARTIAL: Final = re.compile(r"(\d{4})(?:-(\d\d))?")
_TIME: Final = re.compile(r"\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?")
_PLAIN: Final = (int, float, orjson.Fragment)


@dataclass(frozen=True, slots=True)
class Person:
    """One person of a copy.

    Attributes:
        name: the pseudonym, which is the id of the person's Patient.
        shift: how far every date of the person moves.
        ids: the new reference of each resource in the copy, by what others call it.
    """

    name: str
    shift: datetime.timedelta
    ids: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Cleaner:
    """Cleans the resources of one copy, and counts what it removed.

    Attributes:
        shared: the names of codes that enough people share; see `code_names`.
        never: the codes of direct identifiers; a prefix of codes ends in `*`. What has one is
            removed with its value.
        removed: how much was removed, of each kind.
    """

    shared: Collection[str]
    never: Collection[str] = ()
    removed: Counter[Removed] = field(default_factory=Counter)

    def clean(self, resource: dict[str, Any], person: Person) -> dict[str, Any] | None:
        """Return a resource without what names anybody; None if it may not be in a copy.

        Its id is what `person.ids` has for it, and its subject is the person.
        """
        kind = resource.get("resourceType")
        if kind not in KINDS:
            self.removed[Removed.KIND] += 1
            return None
        if _is_turned(resource):
            self.removed[Removed.TURNED] += 1
            return None
        if kind == "Patient":
            direct = {_PERSON_ELEMENTS[code] for code in self.never if code in _PERSON_ELEMENTS}
            self.removed[Removed.DIRECT] += len(direct & resource.keys())
            resource = {name: part for name, part in resource.items() if name not in direct}
            others = {name: resource[name] for name in resource if name not in _PATIENT}
            self.removed.update(_reason(*each) or Removed.NAME for each in others.items())
            resource = {name: value for name, value in resource.items() if name in _PATIENT}
        subjects = [name for name in SUBJECT_ELEMENTS if name in resource]
        rest = {name: value for name, value in resource.items() if name not in subjects}
        local = _contained_ids(resource)
        cleaned = self._object(rest, Person(person.name, person.shift, {**person.ids, **local}))
        if cleaned is None:
            return None
        return cleaned | {name: {"reference": f"Patient/{person.name}"} for name in subjects}

    def _object(self, value: Mapping[str, Any], person: Person) -> dict[str, Any] | None:
        if isinstance(value.get("reference"), str):
            return self._reference(value["reference"], person)
        if self.never and self._is_direct(value):
            self.removed[Removed.DIRECT] += 1
            return None
        cleaned = {}
        elements = ELEMENTS.get(str(value.get("resourceType")), NESTED)
        for name, part in value.items():
            if name not in elements and _reason(name, part) is None:
                self.removed[Removed.UNKNOWN] += 1
                continue
            is_display = name == "display" and _is_coding(value)
            clean = self._display(part) if is_display else self._element(name, part, person)
            if clean is not None:
                cleaned[name] = clean
        if _is_hollow(value, cleaned):
            return None
        return cleaned

    def _is_direct(self, value: Mapping[str, Any]) -> bool:
        """Return whether one of an object's concepts has the code of a direct identifier."""
        concepts = [
            part for each in value.values() for part in (each if isinstance(each, list) else [each])
        ]
        codes = [code for concept in concepts for code in meant_codes_of(concept)]
        return any(is_of(code, pattern) for code in codes for pattern in self.never)

    def _element(self, name: str, value: Any, person: Person) -> Any:
        reason = _reason(name, value)
        if reason is not None:
            self.removed[reason] += 1
            return None
        if name == "contained":
            parts = [self._contained(part, person) for part in list_of(value)]
            return [part for part in parts if part is not None] or None
        if isinstance(value, list):
            parts = [self._element(name, part, person) for part in value]
            return [part for part in parts if part is not None] or None
        if isinstance(value, dict):
            return self._object(value, person)
        return (
            self._text(name, value, person) if isinstance(value, str) else self._plain(name, value)
        )

    def _contained(self, value: Any, person: Person) -> dict[str, Any] | None:
        if not isinstance(value, dict) or value.get("resourceType") not in KINDS - {"Patient"}:
            self.removed[Removed.KIND] += 1
            return None
        if _is_turned(value):
            self.removed[Removed.TURNED] += 1
            return None
        cleaned = self._object(value, person)
        identity = person.ids.get(f"#{value.get('id')}", "")
        return None if cleaned is None else cleaned | {"id": identity.removeprefix("#")}

    def _reference(self, text: str, person: Person) -> dict[str, Any] | None:
        reference = next(filter(None, map(person.ids.get, reference_names(text))), "")
        if not reference:
            self.removed[Removed.REFERENCE] += 1
            return None
        return {"reference": reference}

    def _display(self, text: Any) -> str | None:
        if isinstance(text, str) and text in self.shared:
            return text
        self.removed[Removed.RARE_TEXT] += 1
        return None

    def _text(self, name: str, text: str, person: Person) -> str | None:
        clean = _clean_text(name, text, person.shift)
        if clean is not None and name in _SHARED and not self._is_common(name, text):
            self.removed[Removed.RARE_TEXT] += 1
            return None
        if clean is None and name != "id":  # an id is replaced; it is not lost
            self.removed[Removed.FREE_TEXT] += 1
        return clean

    def _is_common(self, name: str, text: str) -> bool:
        """Return whether a text is a unit that everybody knows, or enough people share it."""
        is_known = name == "unit" and "{" not in text and bool(ucum_unit(text))
        return is_known or text in self.shared

    def _plain(self, name: str, value: Any) -> Any:
        """Return a number, true or false; None where FHIR has none, so that it may be anything."""
        if name in PLAIN and isinstance(value, _PLAIN):
            return value
        self.removed[Removed.UNKNOWN] += 1
        return None


def code_names(value: Any) -> Iterator[str]:
    """Yield names and versions of codes, and units; what enough people share may stay."""
    if isinstance(value, list):
        for part in value:
            yield from code_names(part)
    elif isinstance(value, dict):
        if _is_coding(value) and isinstance(value.get("display"), str):
            yield value["display"]
        yield from (value[name] for name in _SHARED if isinstance(value.get(name), str))
        for part in value.values():
            yield from code_names(part)


def _is_coding(value: Mapping[str, Any]) -> bool:
    return isinstance(value.get("code"), str) and isinstance(value.get("system"), str)


def reference_names(text: str) -> list[str]:
    """Return what a resource may be called to which a reference points, the surest first."""
    _, kind, identity = split_url(text)
    if not kind:
        kind, identity = split_relative(text)
    names = [text, f"{kind}/{identity}"] if kind else [text]
    return [*names, text.removeprefix("urn:uuid:")] if text.startswith("urn:uuid:") else names


def _reason(name: str, value: Any) -> Removed | None:
    """Return why an element may not be in a copy whatever it says; None if it may."""
    if name.startswith("_") or name in ("extension", "modifierExtension"):
        return Removed.EXTENSION
    if name in _META:
        return Removed.META
    if name in _NAMES:
        return Removed.NAME
    if name.lower().endswith("identifier") or name in ("requisition", "udiCarrier"):
        return Removed.IDENTIFIER
    if name in _ATTACHMENTS or name.endswith("Attachment"):
        return Removed.ATTACHMENT
    is_narrative = name == "note" or (name == "text" and isinstance(value, dict))
    return Removed.FREE_TEXT if is_narrative else None


def _clean_text(name: str, text: str, shift: datetime.timedelta) -> str | None:
    """Return a code, system, unit or moved date; None for any other text."""
    if name in _CODE_ELEMENTS:
        return text if _CODE.fullmatch(text) else None
    if name == "system":
        return text if _SYSTEM.fullmatch(text) else None
    if name == "unit":
        return text if _UNIT.fullmatch(text) else None
    if name == "comparator":
        return text if text in _COMPARATORS else None
    if name in _BIRTHS:
        moved = _moved(text, shift)
        return None if moved is None else moved[:4]
    return _moved(text, shift) if _TIMED.fullmatch(name) else None


def _moved(text: str, shift: datetime.timedelta) -> str | None:
    """Return a date or time after the shift, as precise as it was; None for any other text.

    A year or month moves from its middle. A time of day without a date stays.
    """
    if _TIME.fullmatch(text):
        return text
    day, partial = _DAY.fullmatch(text), _PARTIAL.fullmatch(text)
    try:
        if day is not None:
            return (datetime.date.fromisoformat(day[1]) + shift).isoformat() + (day[2] or "")
        if partial is not None:
            year, month = int(partial[1]), partial[2]
            middle = datetime.date(year, int(month), 15) if month else datetime.date(year, 7, 1)
            return (middle + shift).isoformat()[: len(text)]
    except (ValueError, OverflowError):
        return None
    return None


def _is_turned(resource: Mapping[str, Any]) -> bool:
    """Return whether a resource says what it does not say without a part that is removed."""
    return _has_modifier(resource) or "implicitRules" in resource or "focus" in resource


def _has_modifier(value: Any) -> bool:
    if isinstance(value, list):
        return any(map(_has_modifier, value))
    if not isinstance(value, dict):
        return False
    return "modifierExtension" in value or any(
        _has_modifier(part) for name, part in value.items() if name != "contained"
    )


def _is_hollow(value: Mapping[str, Any], cleaned: Mapping[str, Any]) -> bool:
    """Return whether what is left of an object says nothing, or less than it said.

    That is a coding without its code, a quantity without its unit or comparator, and what is left
    of a logical reference.
    """
    is_coding = isinstance(value.get("code"), str) and "system" in value
    if is_coding and not {"code", "system"} <= {*cleaned}:
        return True
    has_lost_unit = "unit" in value and "unit" not in cleaned and "code" not in cleaned
    has_lost_bound = isinstance(value.get("comparator"), str) and "comparator" not in cleaned
    if "value" in value and (has_lost_unit or has_lost_bound):
        return True
    is_reference = {*cleaned} == {"type"} and bool({"identifier", "display"} & {*value})
    return not cleaned or is_reference


def _contained_ids(resource: Mapping[str, Any]) -> dict[str, str]:
    parts = objects_of(resource.get("contained"))
    known = KINDS - {"Patient"}
    chosen = [part for part in parts if part.get("resourceType") in known and not _is_turned(part)]
    return {f"#{part.get('id')}": f"#{place}" for place, part in enumerate(chosen, 1)}
