"""Files of one delivery: which are taken in together, and that order counts between the others."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import orjson
from memory_store import Custodian

from services.custodian.fhir_files import FhirFile, groups
from services.custodian.intake import IntakeReport


def bundle(person: int, **patient: Any) -> bytes:
    resources = [
        {
            "resourceType": "Patient",
            "id": f"p{person}",
            "identifier": [{"value": f"V-{person}"}],
            **patient,
        },
        {
            "resourceType": "Observation",
            "id": f"o{person}",
            "status": "final",
            "code": {"coding": [{"system": "http://loinc.org", "code": "2345-7"}]},
            "subject": {"reference": f"Patient/p{person}"},
            "effectiveDateTime": "2024-03-05",
            "valueQuantity": {"value": 101, "code": "mg/dL"},
        },
    ]
    entries = [{"resource": resource} for resource in resources]
    return orjson.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries})


def send(custodian: Custodian, *bodies: bytes) -> IntakeReport:
    files = [FhirFile(f"{n}.json", lambda b=b: io.BytesIO(b)) for n, b in enumerate(bodies)]
    return custodian.intake.store(files, "", lambda *_: None)


def outcomes_of(report: IntakeReport) -> list[list[str]]:
    return [[str(outcome.outcome) for outcome in outcomes] for _, outcomes in report.files]


def test_only_files_of_different_people_are_taken_in_together() -> None:
    people = [{"a"}, {"b"}, {"b", "c"}, set(), {"d"}, {"e", "f"}, set(), set()]
    together = list(groups([frozenset(each) for each in people]))
    assert together == [[0, 1], [2], [3], [4, 5], [6], [7]]


def test_a_bundle_for_each_person_shares_one_batch(tmp_path: Path) -> None:
    custodian = Custodian(tmp_path)
    report = send(custodian, *map(bundle, range(3)))
    assert outcomes_of(report) == [["stored", "stored"]] * 3
    assert custodian.store.totals()["batches"] == 1


def test_a_second_file_about_the_same_person_is_a_later_one(tmp_path: Path) -> None:
    report = send(Custodian(tmp_path), bundle(1), bundle(1, gender="female"))
    assert outcomes_of(report) == [["stored", "stored"], ["corrected", "same"]]
