from __future__ import annotations

from typing import Any

import orjson
import pytest

from records import CellFaultCode, FhirInvalid, JsonInvalid
from records.fhir import GENDER, read_bundle

PATIENT: dict[str, Any] = {
    "resourceType": "Patient",
    "id": "p",
    "identifier": [{"value": "7"}],
    "gender": "female",
    "meta": {"lastUpdated": "2024-05-01T10:00:00Z"},
}
OBSERVATION: dict[str, Any] = {
    "resourceType": "Observation",
    "status": "final",
    "category": [{"coding": [{"system": "x", "code": "laboratory"}]}],
    "code": {"coding": [{"system": "http://loinc.org", "code": "2345-7"}]},
    "subject": {"reference": "Patient/p"},
    "effectiveDateTime": "2024-05-31T08:00:00Z",
    "valueQuantity": {"value": 90.5, "code": "mg/dL"},
}
CONDITION: dict[str, Any] = {
    "resourceType": "Condition",
    "code": {"coding": [{"system": "http://snomed.info/sct", "code": "44054006"}]},
    "subject": {"reference": "Patient/p"},
    "recordedDate": "2024-05-30",
}
MEDICATION: dict[str, Any] = {
    "resourceType": "MedicationStatement",
    "status": "active",
    "medicationCodeableConcept": {"coding": [{"system": "atc", "code": "A10BA02"}]},
    "subject": {"reference": "Patient/p"},
    "effectiveDateTime": "2024-05-29",
}


def bundle(*resources: Any) -> bytes:
    entries = [{"resource": resource} for resource in resources]
    return orjson.dumps({"resourceType": "Bundle", "entry": entries})


def test_supported_resources_become_rows_by_person_category_and_day() -> None:
    diabetes = "http://snomed.info/sct|44054006"
    result = read_bundle(bundle(OBSERVATION, PATIENT, CONDITION, MEDICATION))
    assert (result.entries, result.wrong, result.faults) == (4, 0, [])
    assert {(row.person, row.recorded_on, row.documents) for row in map(hashable, result.rows)} == {
        ("7", "2024-05-01", (("demographics", ((GENDER, ("female", "")),)),)),
        ("7", "2024-05-31", (("laboratory", (("http://loinc.org|2345-7", (90.5, "mg/dL")),)),)),
        (
            "7",
            "2024-05-30",
            (("condition", ((diabetes, ("active", "")),)),),
        ),
        ("7", "2024-05-29", (("medication", (("atc|A10BA02", ("active", "")),)),)),
    }


def hashable(row: Any) -> Any:
    documents = tuple((category, tuple(values.items())) for category, values in row.documents)
    return type(row)(row.number, row.person, row.recorded_on, row.custodian, documents)


@pytest.mark.parametrize(
    ("resource", "column", "code"),
    [
        (None, "resource", CellFaultCode.RESOURCE_MISSING),
        ({"resourceType": "Claim"}, "resourceType", CellFaultCode.UNSUPPORTED_RESOURCE),
        (
            {**OBSERVATION, "status": "entered-in-error"},
            "Observation.status",
            CellFaultCode.NOT_IN_FORCE,
        ),
        ({**OBSERVATION, "category": []}, "Observation.category", CellFaultCode.NO_CATEGORY),
        ({**OBSERVATION, "category": "x"}, "category", CellFaultCode.WRONG_TYPE),
        ({**OBSERVATION, "code": {}}, "Observation.code", CellFaultCode.NO_CODE),
        (
            {**OBSERVATION, "effectiveDateTime": "2024-05"},
            "Observation.effectiveDateTime",
            CellFaultCode.NOT_A_DATE,
        ),
        (
            {**OBSERVATION, "valueString": "two values"},
            "Observation.value",
            CellFaultCode.UNSUPPORTED_VALUE,
        ),
        (
            {**OBSERVATION, "valueQuantity": {"value": 5, "comparator": "<"}},
            "Observation.valueQuantity.comparator",
            CellFaultCode.UNSUPPORTED_VALUE,
        ),
        (
            {**OBSERVATION, "valueQuantity": {"value": "5"}},
            "Observation.valueQuantity",
            CellFaultCode.WRONG_TYPE,
        ),
        (
            {key: value for key, value in OBSERVATION.items() if key != "valueQuantity"},
            "Observation.value",
            CellFaultCode.NO_VALUE,
        ),
        (
            {**OBSERVATION, "subject": {"reference": "Patient/q"}},
            "Observation.subject",
            CellFaultCode.UNKNOWN_SUBJECT,
        ),
        (
            {**CONDITION, "verificationStatus": {"coding": [{"system": "v", "code": "refuted"}]}},
            "Condition.verificationStatus",
            CellFaultCode.NOT_IN_FORCE,
        ),
        (
            {**MEDICATION, "status": None},
            "MedicationStatement.status",
            CellFaultCode.NOT_IN_FORCE,
        ),
        (
            {**PATIENT, "id": "q", "identifier": []},
            "Patient.identifier",
            CellFaultCode.IDENTIFIER_COUNT,
        ),
        ({**PATIENT, "id": "q", "gender": "f"}, "Patient.gender", CellFaultCode.WRONG_TYPE),
    ],
    ids=str,
)
def test_an_entry_that_cannot_be_stored_is_faulty(
    resource: Any, column: str, code: CellFaultCode
) -> None:
    result = read_bundle(bundle(PATIENT, resource))
    (fault,) = result.faults
    assert (result.wrong, fault.row, fault.column, fault.code) == (1, 2, column, code)


def test_a_code_twice_for_a_person_and_day_is_a_fault() -> None:
    result = read_bundle(bundle(PATIENT, OBSERVATION, OBSERVATION))
    assert [(f.row, f.code) for f in result.faults] == [(3, CellFaultCode.DUPLICATE_CODE)]


@pytest.mark.parametrize("body", [b"[]", b'{"resourceType": "Patient"}'])
def test_json_that_is_no_bundle_is_refused(body: bytes) -> None:
    with pytest.raises(FhirInvalid, match="not a FHIR Bundle"):
        read_bundle(body)


def test_a_bundle_is_strict_json() -> None:
    with pytest.raises(JsonInvalid):
        read_bundle(b'{"resourceType": "Bundle", "resourceType": "Bundle"}')
