from __future__ import annotations

from typing import Any

import orjson
import pytest

from records.documents import observations, why_no_value
from storage import Arrival, Record

LOINC = "http://loinc.org"


def document(*resources: dict[str, Any]) -> Record:
    lines = tuple(orjson.dumps(r, option=orjson.OPT_SORT_KEYS) for r in resources)
    arrivals = tuple(Arrival(f"r{index}", 1, 0) for index in range(len(lines)))
    fields = (b"s" * 32, "laboratory", "custodian:a", "2024-03-05", {})
    return Record(*fields, resources=lines, arrivals=arrivals)


def observed(value: Any = 101, **changes: Any) -> dict[str, Any]:
    quantity = {"value": value, "unit": "mg/dL", "code": "mg/dL"}
    code = {"coding": [{"system": LOINC, "code": "2345-7"}]}
    base = {"resourceType": "Observation", "status": "final", "code": code}
    return {**base, "valueQuantity": quantity, **changes}


def test_a_record_of_schema_1_gives_its_stored_observations() -> None:
    stored = {"loinc|718-7": (13.5, "g/dL")}
    record = Record(b"s" * 32, "laboratory", "custodian:a", "2024-03-05", stored)
    assert observations(record) is stored


def test_every_coding_of_a_value_gives_it() -> None:
    codings = [{"system": "urn:oid:1.2.3", "code": "GLU"}, {"system": LOINC, "code": "2345-7"}]
    read = observations(document(observed(code={"coding": codings})))
    assert read == {
        "urn:oid:1.2.3|GLU": (101, "mg/dL"),
        f"{LOINC}|2345-7": (101, "mg/dL"),
    }


def test_the_latest_measurement_of_the_day_counts() -> None:
    evening = observed(260, effectiveDateTime="2024-03-05T18:00:00Z")
    morning = observed(101, effectiveDateTime="2024-03-05T08:00:00Z")
    assert observations(document(evening, morning))[f"{LOINC}|2345-7"] == (260, "mg/dL")


def test_components_give_their_own_codes() -> None:
    part = {"code": {"coding": [{"system": LOINC, "code": "8480-6"}]}}
    pressure = observed(component=[part | {"valueQuantity": {"value": 120, "code": "mm[Hg]"}}])
    del pressure["valueQuantity"]
    assert observations(document(pressure)) == {f"{LOINC}|8480-6": (120, "mm[Hg]")}


def test_a_bound_is_a_text_with_its_comparator() -> None:
    bound = observed(valueQuantity={"value": 0.5, "comparator": "<", "code": "mg/L"})
    assert observations(document(bound)) == {f"{LOINC}|2345-7": ("<0.5", "mg/L")}


@pytest.mark.parametrize(
    "changes",
    [
        {"status": "entered-in-error"},
        {"status": "preliminary"},
        {"modifierExtension": [{"url": "urn:not"}]},
        {"focus": [{"reference": "Patient/baby"}]},
        {"code": {"text": "glucose"}},
        {"valueQuantity": "101"},
        {"valueQuantity": {"value": "101"}},
    ],
)
def test_what_says_nothing_about_the_patient_gives_no_value(changes: dict[str, Any]) -> None:
    assert observations(document(observed(**changes))) == {}


def test_a_focus_on_a_tumour_is_the_patients_own_value() -> None:
    assert observations(document(observed(focus=[{"reference": "Condition/tumour"}])))


def test_a_condition_gives_its_clinical_status_and_a_suspected_one_gives_nothing() -> None:
    code = {"coding": [{"system": "http://snomed.info/sct", "code": "44054006"}]}
    condition: dict[str, Any] = {"resourceType": "Condition", "code": code}
    suspected = condition | {"verificationStatus": {"coding": [{"system": "v", "code": "refuted"}]}}
    assert observations(document(condition)) == {"http://snomed.info/sct|44054006": ("active", "")}
    assert observations(document(suspected)) == {}


def test_other_kinds_give_their_status() -> None:
    medicine = {"coding": [{"system": "urn:atc", "code": "A10BA02"}]}
    request = {"resourceType": "MedicationRequest", "status": "active"}
    record = document(request | {"medicationCodeableConcept": medicine})
    assert observations(record) == {"urn:atc|A10BA02": ("active", "")}


@pytest.mark.parametrize("wrong", [None, 7, [], {}, ["x"], {"coding": "x"}, {"coding": [None, 7]}])
@pytest.mark.parametrize(
    "element", ["status", "code", "component", "focus", "verificationStatus", "effectivePeriod"]
)
def test_an_element_of_a_wrong_type_costs_no_error(element: str, wrong: Any) -> None:
    resource = observed(**{element: wrong})
    observations(document(resource))
    why_no_value(orjson.dumps(resource))
