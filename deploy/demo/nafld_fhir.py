"""Write the Olmsted County NAFLD study as FHIR resources: people, visits, values, conditions.

    python -m deploy.demo.nafld_fhir TABLES FOLDER

TABLES holds nafld_raw_patients, _measurements and _conditions.csv.gz (R package survival: nafld1,
nafld2, nafld3), which count days from each person's index visit. The converter chooses the dates,
the codes, and two visits a person: the index, and the end of the follow-up.
"""

from __future__ import annotations

import csv
import datetime
import gzip
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

import orjson

_FIRST_DAY: Final = datetime.date(2001, 1, 1)
_SPREAD_DAYS: Final = 1826
_STEP: Final = 911  # no divisor of the spread: neighbours get days far from each other
_LOINC: Final = "http://loinc.org"
_ICD: Final = "http://hl7.org/fhir/sid/icd-10-cm"
_SNOMED: Final = "http://snomed.info/sct"
_UCUM: Final = "http://unitsofmeasure.org"
_CLASS: Final = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
_KIND: Final = "http://terminology.hl7.org/CodeSystem/observation-category"
_VERIFIED: Final = "http://terminology.hl7.org/CodeSystem/condition-ver-status"
PERSON_SYSTEM: Final = "https://nafld.example/person"

_QUANTITIES: Final = {
    "weight": ("29463-7", "kg", "vital-signs"),
    "height": ("8302-2", "cm", "vital-signs"),
    "bmi": ("39156-5", "kg/m2", "vital-signs"),
    "sbp": ("8480-6", "mm[Hg]", "vital-signs"),
    "dbp": ("8462-4", "mm[Hg]", "vital-signs"),
    "hdl": ("2085-9", "mg/dL", "laboratory"),
    "chol": ("2093-3", "mg/dL", "laboratory"),
    "fib4": ("98487-4", "{score}", "laboratory"),
}
_SMOKING: Final = {"1": "77176002", "0": "8392000"}
_CONDITIONS: Final = {
    "diabetes": "E11.9",
    "htn": "I10",
    "dyslipidemia": "E78.5",
    "MI": "I21.9",
    "afib": "I48.91",
    "ang/isc": "I20.9",
    "cardiac arrest": "I46.9",
    "heart failure": "I50.9",
    "stroke": "I63.9",
    "nafld": "K76.0",
}


class CodedResource(NamedTuple):
    """One resource, with its person, and the category that it belongs to by its kind and code."""

    person: int
    category: str
    content: dict[str, Any]


def nafld_resources(tables: Path, count: int | None = None) -> Iterator[CodedResource]:
    """Yield every resource of the first `count` people, or of all; the people come first."""
    people = _rows(tables / "nafld_raw_patients.csv.gz")[:count]
    known = {row["id"] for row in people}
    for row in people:
        yield _patient(row)
    for row in people:
        yield from _visits(row)
        yield from _sizes(row)
    for number, row in enumerate(_rows(tables / "nafld_raw_measurements.csv.gz")):
        if row["id"] in known:
            yield _measurement(number, row)
    for number, row in enumerate(_rows(tables / "nafld_raw_conditions.csv.gz")):
        if row["id"] in known:
            yield _condition(number, row)


def _rows(path: Path) -> list[dict[str, str]]:
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _date(person: int, days: float) -> str:
    index = _FIRST_DAY + datetime.timedelta(days=person * _STEP % _SPREAD_DAYS)
    return (index + datetime.timedelta(days=int(days))).isoformat()


def _patient(row: dict[str, str]) -> CodedResource:
    person = int(row["id"])
    year = int(_date(person, 0)[:4]) - int(row["age"])
    content: dict[str, Any] = {
        "resourceType": "Patient",
        "id": f"p{person}",
        "identifier": [{"system": PERSON_SYSTEM, "value": person_number(person)}],
        "gender": "male" if row["male"] == "1" else "female",
        "birthDate": f"{year}-01-01",
    }
    if row["status"] == "1":
        content["deceasedDateTime"] = _date(person, float(row["futime"]))
    return CodedResource(person, "demographics", content)


def _visits(row: dict[str, str]) -> Iterator[CodedResource]:
    person = int(row["id"])
    for name, days in (("index", 0.0), ("end", float(row["futime"]))):
        day = _date(person, days)
        content = {
            "resourceType": "Encounter",
            "id": f"v{person}-{name}",
            "status": "finished",
            "class": {"system": _CLASS, "code": "AMB"},
            "subject": {"reference": f"Patient/p{person}"},
            "period": {"start": day, "end": day},
        }
        yield CodedResource(person, "encounter", content)


def _sizes(row: dict[str, str]) -> Iterator[CodedResource]:
    person = int(row["id"])
    for name in ("weight", "height", "bmi"):
        if row[name] not in ("", "NA"):
            yield _observation(person, f"{name[0]}{person}", name, row[name], 0.0)


def _measurement(number: int, row: dict[str, str]) -> CodedResource:
    return _observation(int(row["id"]), f"m{number}", row["test"], row["value"], float(row["days"]))


def _observation(person: int, name: str, test: str, value: str, days: float) -> CodedResource:
    content: dict[str, Any] = {
        "resourceType": "Observation",
        "id": name,
        "status": "final",
        "subject": {"reference": f"Patient/p{person}"},
        "effectiveDateTime": _date(person, days),
    }
    if test == "smoke":
        code = _SMOKING[str(int(float(value)))]
        content["category"] = [_concept(_KIND, "social-history")]
        content["code"] = _concept(_LOINC, "72166-2")
        content["valueCodeableConcept"] = _concept(_SNOMED, code)
        return CodedResource(person, "social-history", content)
    loinc, unit, category = _QUANTITIES[test]
    # Without it a code that our rules do not list, such as FIB-4, would be filed as an examination.
    content["category"] = [_concept(_KIND, category)]
    content["code"] = _concept(_LOINC, loinc)
    quantity = {"value": float(value), "unit": unit, "system": _UCUM, "code": unit}
    content["valueQuantity"] = quantity
    return CodedResource(person, category, content)


def _condition(number: int, row: dict[str, str]) -> CodedResource:
    person = int(row["id"])
    day = _date(person, float(row["days"]))
    content = {
        "resourceType": "Condition",
        "id": f"c{number}",
        "verificationStatus": _concept(_VERIFIED, "confirmed"),
        "code": _concept(_ICD, _CONDITIONS[row["event"]]),
        "subject": {"reference": f"Patient/p{person}"},
        "onsetDateTime": day,
        "recordedDate": day,
    }
    return CodedResource(person, "condition", content)


def _concept(system: str, code: str) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code}]}


def person_number(person: int) -> str:
    """Return the hospital number of a person of the study."""
    return f"N-{person}"


def write_ndjson(tables: Path, folder: Path, count: int | None = None) -> dict[str, int]:
    """Write one gzip of NDJSON a kind of resource; return how many lines each has."""
    folder.mkdir(parents=True, exist_ok=True)
    counts: dict[str, int] = {}
    files: dict[str, Any] = {}
    try:
        for resource in nafld_resources(tables, count):
            kind = resource.content["resourceType"]
            if kind not in files:
                files[kind] = gzip.GzipFile(folder / f"{kind}.ndjson.gz", "wb", 1)
            files[kind].write(orjson.dumps(resource.content, option=orjson.OPT_SORT_KEYS) + b"\n")
            counts[kind] = counts.get(kind, 0) + 1
    finally:
        for file in files.values():
            file.close()
    return counts


if __name__ == "__main__":
    lines = write_ndjson(Path(sys.argv[1]), Path(sys.argv[2]))
    sys.stdout.write("".join(f"{kind}: {count}\n" for kind, count in sorted(lines.items())))
