"""Turns a record that was filed under the wrong person into one of the right person."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from records.errors import NamesItsPerson
from records.fhir_file import STORED_MAX_DEPTH
from records.json_strict import dumps_exact, loads_exact
from records.references import SUBJECT_ELEMENTS
from storage import Record

_PATIENT: Final = "Patient"


def reassign(record: Record, subject: bytes, number: str) -> Record:
    """Return the record as one of another subject; values stay as they are written.

    The elements that name the patient (SUBJECT_ELEMENTS) name the hospital number of the right one
    instead, and contained Patient resources are removed. Other references and free text stay.

    Raises:
        NamesItsPerson: it holds a Patient resource.
    """
    resources = tuple(_reassigned(resource, number) for resource in record.resources)
    return replace(record, subject=subject, resources=resources)


def _reassigned(resource: bytes, number: str) -> bytes:
    content: dict[str, Any] = loads_exact(resource, STORED_MAX_DEPTH)
    if content.get("resourceType") == _PATIENT:
        raise NamesItsPerson(
            "the record holds a Patient resource, which names its own person. "
            "Correct it in your own system and send it again."
        )
    reference = {"identifier": {"value": number}, "type": _PATIENT}
    for element in SUBJECT_ELEMENTS:
        if element in content:
            content[element] = [reference] if isinstance(content[element], list) else reference
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
