"""Files of one delivery: which are taken in together, and that order counts between the others."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import orjson
import pytest
from memory_store import Custodian

from services.custodian import delivered_people, fhir_files
from services.custodian.fhir_files import FhirFile, parts
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


def lines(kind: str, *ids: str) -> bytes:
    return b"\n".join(orjson.dumps({"resourceType": kind, "id": each}) for each in ids)


def together(bodies: list[bytes], people: list[set[str]]) -> list[list[int]]:
    """Return the files of each part."""
    files = [FhirFile(f"{n}", lambda b=b: io.BytesIO(b)) for n, b in enumerate(bodies)]
    divided = parts(files, [frozenset(each) for each in people], {})
    return [sorted({index for index, _ in part}) for part in divided]


def test_files_of_the_same_kinds_are_taken_in_together_only_if_they_are_about_other_people() -> (
    None
):
    people = [{"a"}, {"b"}, {"b", "c"}, set(), {"d"}, {"e", "f"}, set(), set()]
    bodies = [bundle(number) for number in range(len(people))]
    assert together(bodies, people) == [[0, 1], [2], [3], [4, 5], [6], [7]]


def test_files_of_other_kinds_of_resource_are_taken_in_together() -> None:
    kinds = ["Claim", "Patient", "Condition", "Claim", "Procedure", "Condition"]
    bodies = [lines(kind, "1", "2") for kind in kinds]
    people = [{"a"} if kind == "Patient" else set() for kind in kinds]
    assert together(bodies, people) == [[0, 1, 2], [3, 4, 5]]


@pytest.mark.parametrize(
    "named_otherwise",
    [
        {"fullUrl": "urn:uuid:1", "resource": {"resourceType": "Claim"}},
        {"request": {"method": "DELETE", "url": "Condition/1"}},
    ],
)
@pytest.mark.parametrize("first", [True, False])
def test_a_file_whose_resources_are_named_otherwise_is_taken_in_alone(
    named_otherwise: dict[str, Any], *, first: bool
) -> None:
    entries = {"resourceType": "Bundle", "type": "transaction", "entry": [named_otherwise]}
    bodies = [orjson.dumps(entries), lines("Condition", "1", "2")]
    assert together(bodies if first else bodies[::-1], [set(), set()]) == [[0], [1]]


def test_a_part_ends_in_the_middle_of_a_file_that_is_longer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(fhir_files, "CHUNK_ENTRIES", 3)
    bodies = [lines("Claim", "1", "2"), lines("Condition", "1", "2"), lines("Claim", "1", "2")]
    assert together(bodies, [set()] * 3) == [[0, 1], [1, 2]]


def test_a_document_of_two_kinds_of_resource_is_stored_once(tmp_path: Path) -> None:
    [patient, observation] = [e["resource"] for e in orjson.loads(bundle(1))["entry"]]
    observation["category"] = [{"coding": [{"code": "laboratory"}]}]
    report = observation | {"resourceType": "DiagnosticReport"}
    custodian = Custodian(tmp_path)
    outcomes = send(custodian, *map(orjson.dumps, [report, observation, patient]))
    assert outcomes_of(outcomes) == [["stored"]] * 3
    [document] = [each for each in custodian.stored() if len(each.resources) == 2]
    assert document.version == 1
    assert custodian.store.totals()["batches"] == 1


def test_a_bundle_for_each_person_shares_one_batch(tmp_path: Path) -> None:
    custodian = Custodian(tmp_path)
    report = send(custodian, *map(bundle, range(3)))
    assert outcomes_of(report) == [["stored", "stored"]] * 3
    assert custodian.store.totals()["batches"] == 1


def test_a_second_file_about_the_same_person_is_a_later_one(tmp_path: Path) -> None:
    report = send(Custodian(tmp_path), bundle(1), bundle(1, gender="female"))
    assert outcomes_of(report) == [["stored", "stored"], ["corrected", "same"]]


@pytest.mark.parametrize(("room", "times"), [(5_000, [1, 1]), (3, [1, 2]), (1, [2, 2])])
def test_a_bundle_is_read_once_while_those_before_it_fill_no_part(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, room: int, times: list[int]
) -> None:
    monkeypatch.setattr(delivered_people, "CHUNK_ENTRIES", room)
    opened = [0, 0]

    def opening(number: int) -> io.BytesIO:
        opened[number] += 1
        return io.BytesIO(bundle(number))

    files = [FhirFile(f"{n}.json", lambda n=n: opening(n)) for n in range(2)]
    report = Custodian(tmp_path).intake.store(files, "", lambda *_: None)
    assert outcomes_of(report) == [["stored", "stored"]] * 2
    assert opened == times


def test_few_large_lines_are_not_all_in_memory_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    line = b'{"resourceType":"Basic","id":"a","extension":[' + b"{}," * 300 + b"{}]}\n"
    monkeypatch.setattr(fhir_files, "CHUNK_BYTES", 2 * len(line))
    file = FhirFile("lines", lambda: io.BytesIO(line * 7))
    assert [len(part) for part in parts([file], [frozenset()], {})] == [2, 2, 2, 1]
    small = b'{"resource":{"resourceType":"Basic","id":"a"}}'
    lines = b'{"resourceType":"Bundle","type":"batch","entry":[' + small + b"," + small + b"]}\n"
    monkeypatch.setattr(fhir_files, "CHUNK_BYTES", 2 * len(lines))
    file = FhirFile("bundles", lambda: io.BytesIO(lines * 3))
    assert [len(part) for part in parts([file], [frozenset()], {})] == [3, 3]
