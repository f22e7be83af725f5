"""Reads a patient's name and date of birth from a FHIR Patient resource, as written."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from records.elements import list_of, objects_of
from storage import Record

MAX_NAME: Final = 200
_DATE: Final = re.compile(r"[0-9]{4}(?:-[0-9]{2}){0,2}")
_DAY_CHARACTERS: Final = 10
_USES: Final = ("official", "usual", "")
"""The uses of a name, the best first; others (old, maiden, nickname, anonymous) name nobody."""


@dataclass(frozen=True, slots=True)
class PatientIdentity:
    """Who a patient is; "" where the record has nothing. `birth_date` is YYYY, -MM, -DD."""

    name: str
    birth_date: str


def find_identity(records: Iterable[Record]) -> PatientIdentity | None:
    """Return what the newest Patient resource of one patient's records says; None without one."""
    newest: tuple[int, PatientIdentity] | None = None
    for record in records:
        times = [arrival.at_s for arrival in record.arrivals] or [0] * len(record.resources)
        for at_s, text in zip(times, record.resources, strict=True):
            resource = json.loads(text)
            if resource.get("resourceType") != "Patient" or (newest and newest[0] > at_s):
                continue
            newest = at_s, PatientIdentity(_name(resource), _day(resource.get("birthDate")))
    return newest[1] if newest else None


def _name(resource: Mapping[str, Any]) -> str:
    names = objects_of(resource.get("name"))
    current = [each for each in names if _text(each.get("use")) in _USES and not _has_ended(each)]
    ordered = sorted(current, key=lambda each: _USES.index(_text(each.get("use"))))
    return next((text for text in map(_name_text, ordered) if text), "")


def _name_text(name: Mapping[str, Any]) -> str:
    words = [*map(_text, list_of(name.get("given"))), _text(name.get("family"))]
    joined = " ".join(word for word in words if word)
    return (joined or _text(name.get("text")))[:MAX_NAME]


def _has_ended(name: Mapping[str, Any]) -> bool:
    period = name.get("period")
    return isinstance(period, dict) and "end" in period


def _day(value: object) -> str:
    """Return a FHIR date; "" for what is none."""
    text = _text(value)
    if not _DATE.fullmatch(text):
        return ""
    try:
        date.fromisoformat(f"{text}-01-01"[:_DAY_CHARACTERS])
    except ValueError:
        return ""
    return text


def _text(value: object) -> str:
    return " ".join(value.split()) if isinstance(value, str) else ""
