"""People with FHIR resources, and a timed question about them, for tests."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import orjson

from models.question import Question
from storage import Arrival, Record

ARRIVED_S = 1_780_000_000
HEAD = """
format = 2
id = "timed"
title = "T"
intended_use = "U"
limits = ["L"]

[parameters]
rounds = 20

[index]
codes = ["visit|AMB"]
category = "procedure"
"""
LABEL = """
[label]
codes = ["icd10cm|E11*"]
category = "condition"
within = ["1d", "5y"]
never_before = true
absent = "negative"
words = "diabetes"
definition = "D"
"""
FEATURES = """
[[features]]
name = "age"
category = "demographics"
take = "age"

[[features]]
name = "glucose"
codes = ["loinc|2345-7", "local|GLU"]
category = "laboratory"
unit = "mg/dL"
within = ["-2y", "0d"]

[[features]]
name = "hypertension"
codes = ["icd10cm|I10*"]
category = "condition"
take = "exists"
"""
UNITS = """
[[molar]]
code = "loinc|2345-7"
grams = 180.156
"""


def question(
    label: str = LABEL, features: str = FEATURES, head: str = HEAD, units: str = UNITS
) -> Question:
    return Question.parse(head + label + features + units, "timed.toml")


def record(person: int, category: str, resources: Sequence[dict[str, Any]]) -> Record:
    name = hashlib.sha256(f"{person} {category}".encode()).hexdigest()[:32]
    contents = tuple(orjson.dumps(resource, option=orjson.OPT_SORT_KEYS) for resource in resources)
    arrivals = tuple(Arrival(f"{name}-{n}", 1, ARRIVED_S) for n in range(len(contents)))
    subject = hashlib.sha256(str(person).encode()).digest()
    custodian = "organisation:riverside"
    return Record(subject, category, custodian, "2020-01-01", {}, name, 1, contents, arrivals)


def concept(*codes: str) -> dict[str, Any]:
    pairs = [code.split("|") for code in codes]
    return {"coding": [{"system": system, "code": code} for system, code in pairs]}


def visit(day: str) -> dict[str, Any]:
    return {
        "resourceType": "Encounter",
        "status": "finished",
        "class": {"system": "visit", "code": "AMB"},
        "period": {"start": day},
    }


def measured(code: str, day: str, number: float, unit: str, **changes: Any) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": concept(code),
        "effectiveDateTime": day,
        "valueQuantity": {"value": number, "code": unit},
        **changes,
    }


def diagnosed(code: str, day: str, **changes: Any) -> dict[str, Any]:
    return {
        "resourceType": "Condition",
        "code": concept(code),
        "onsetDateTime": day,
        **changes,
    }


def born(day: str, **changes: Any) -> dict[str, Any]:
    return {"resourceType": "Patient", "birthDate": day, "gender": "female", **changes}


def person(number: int, **by_category: Sequence[dict[str, Any]]) -> list[Record]:
    """Return the records of a person; `_` in the name of a category is a hyphen."""
    return [
        record(number, category.replace("_", "-"), resources)
        for category, resources in by_category.items()
    ]
