"""Turns a record that was filed under the wrong person into one of the right person."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from records.errors import NamesItsPerson
from records.fhir_file import STORED_MAX_DEPTH
from records.json_strict import dumps_exact, loads_exact
from records.references import SUBJECT_ELEMENTS, references_to_patient, short_name
from storage import Record

_PATIENT: Final = "Patient"
_PEOPLE: Final = (_PATIENT, "Person")


def reassign(record: Record, subject: bytes, number: str) -> Record:
    """Return the record as one of another subject; values stay as they are written.

    The elements that name the patient (SUBJECT_ELEMENTS) name the hospital number of the right one
    instead, and so does every other reference to the same patient, such as a performer. Contained
    Patient resources are removed, and what urns of participants are called. References to others
    and free text stay.

    Raises:
        NamesItsPerson: it holds a Patient or Person resource.
    """
    resources = tuple(_reassigned(resource, number) for resource in record.resources)
    return replace(record, subject=subject, resources=resources)


def _reassigned(resource: bytes, number: str) -> bytes:
    content: dict[str, Any] = loads_exact(resource, STORED_MAX_DEPTH)
    if content.get("resourceType") in _PEOPLE:
        raise NamesItsPerson(
            "the record holds a Patient or Person resource, which names its own person. "
            "Correct it in your own system and send it again."
        )
    reference = {"identifier": {"value": number}, "type": _PATIENT}
    theirs, unsure = references_to_patient(content)
    named = [name for each in theirs for name in _names(each)]
    for each in unsure:  # it may be the wrong patient's name
        each.pop("display", None)
    for element in SUBJECT_ELEMENTS:
        if element in content:
            content[element] = [reference] if isinstance(content[element], list) else reference
    _replace_all(content, named, reference)
    contained = content.get("contained")
    if isinstance(contained, list):
        left = [
            each
            for each in contained
            if not (isinstance(each, dict) and each.get("resourceType") == _PATIENT)
        ]
        content["contained"] = left
        if not left:
            del content["contained"]
    return dumps_exact(content)


def _names(reference: dict[str, Any]) -> list[Any]:
    """Return what a reference calls whom it is about; none of it is empty."""
    text, identifier = reference.get("reference"), reference.get("identifier")
    names = [short_name(text) if isinstance(text, str) else text, identifier]
    return [name for name in names if name]


def _replace_all(part: Any, named: list[Any], reference: dict[str, Any]) -> None:
    """Replace, below a part of a resource, each reference to whom these names call."""
    places = part.items() if isinstance(part, dict) else enumerate(part)
    for key, value in list(places):
        if isinstance(value, dict) and any(name in named for name in _names(value)):
            part[key] = reference
        elif isinstance(value, dict | list):
            _replace_all(value, named, reference)
