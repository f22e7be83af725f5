from __future__ import annotations

from typing import Any

import orjson
import pytest

from records.documents import observations, why_no_value
from records.event_rules import NoEventError, facts_of
from records.outcomes import EntryCode
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


@pytest.mark.parametrize(
    ("written", "unit"),
    [
        ({"unit": "mmol/L", "system": "urn:local", "code": "MMOLL"}, "mmol/L"),
        ({"unit": "mg/dL", "system": "http://snomed.info/sct", "code": "258797006"}, "mg/dL"),
        ({"unit": "mg per dL", "system": "http://unitsofmeasure.org", "code": "mg/dL"}, "mg/dL"),
        ({"system": "urn:local", "code": "MMOLL"}, "MMOLL"),
        ({"unit": "mg/dL"}, "mg/dL"),
        ({}, ""),
    ],
)
def test_a_record_and_its_events_have_the_same_unit(written: dict[str, str], unit: str) -> None:
    resource = observed(valueQuantity={"value": 5, **written}, effectiveDateTime="2024-03-05")
    assert observations(document(resource)) == {f"{LOINC}|2345-7": (5, unit)}
    (fact,) = facts_of(resource, {})
    assert fact.values[0].unit == unit


@pytest.mark.parametrize(
    "resource",
    [
        {"resourceType": "Encounter", "status": "finished", "period": {"start": "2024-01-01"}},
        {
            "resourceType": "Encounter",
            "status": "finished",
            "class": "inpatient",
            "period": {"start": "2024-01-01"},
        },
        {"resourceType": "ImagingStudy", "status": "available", "started": "2024-01-01"},
    ],
)
def test_every_entry_without_a_code_that_questions_read_is_reported(
    resource: dict[str, Any],
) -> None:
    with pytest.raises(NoEventError):
        facts_of(resource, {})
    assert why_no_value(orjson.dumps(resource)) is EntryCode.NO_CODE


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


GLUCOSE = f"{LOINC}|2345-7"
DIABETES = "http://snomed.info/sct|44054006"


def coded(kind: str, **elements: Any) -> dict[str, Any]:
    code = {"coding": [{"system": "http://snomed.info/sct", "code": "44054006"}]}
    return {"resourceType": kind, "code": code, **elements}


def test_the_status_of_a_report_never_replaces_the_value_that_it_reports() -> None:
    code = {"coding": [{"system": LOINC, "code": "2345-7"}]}
    report = {"resourceType": "DiagnosticReport", "status": "final", "code": code}
    report["issued"] = "2024-03-05T12:00:00Z"
    value = observed(101, effectiveDateTime="2024-03-05T08:00:00Z")
    assert observations(document(value, report))[GLUCOSE] == (101, "mg/dL")


def test_the_latest_measurement_is_found_across_time_zones() -> None:
    later = observed(260, effectiveDateTime="2024-03-05T05:00:00Z")
    earlier = observed(101, effectiveDateTime="2024-03-05T08:00:00+10:00")
    assert observations(document(later, earlier))[GLUCOSE] == (260, "mg/dL")


def test_a_component_whose_meaning_an_extension_may_turn_gives_no_value() -> None:
    part = {"code": {"coding": [{"system": LOINC, "code": "8480-6"}]}, "valueInteger": 150}
    turned = observed(component=[part | {"modifierExtension": [{"url": "urn:not"}]}])
    assert observations(document(turned)) == {GLUCOSE: (101, "mg/dL")}
    assert why_no_value(orjson.dumps(turned)) is EntryCode.MODIFIER


@pytest.mark.parametrize(
    "resource",
    [
        coded("Condition", verificationStatus="refuted"),
        coded("Condition", verificationStatus={"coding": [{"code": "refuted"}]}),
        coded("Condition", verificationStatus={"text": "Refuted"}),
        coded("Condition", verificationStatus=7),
        coded("Observation", valueInteger=7),
        coded("Procedure", status="completed", notDone=True),
        coded("MedicationRequest", status="active", doNotPerform=True),
        coded("MedicationStatement", status="active", taken="n"),
    ],
)
def test_what_is_denied_or_has_no_status_gives_no_value(resource: dict[str, Any]) -> None:
    assert observations(document(resource)) == {}
    assert why_no_value(orjson.dumps(resource)) is not EntryCode.NOTHING


@pytest.mark.parametrize(
    ("resource", "value"),
    [
        (
            coded("AllergyIntolerance", clinicalStatus={"coding": [{"code": "resolved"}]}),
            "resolved",
        ),
        (coded("Condition", clinicalStatus="resolved"), "resolved"),
        (coded("MedicationRequest", status="active", intent="proposal"), "proposal"),
    ],
)
def test_a_status_is_read_as_it_is_written(resource: dict[str, Any], value: str) -> None:
    assert observations(document(resource)) == {DIABETES: (value, "")}


@pytest.mark.parametrize(
    ("elements", "code"),
    [
        ({}, EntryCode.NO_DATE),
        ({"effectiveDateTime": "2024-02-30"}, EntryCode.NO_DATE),
        ({"effectiveDateTime": "2204-01-01"}, EntryCode.FUTURE_DATE),
        ({"effectiveDateTime": "2024-02-28T10:00:60Z"}, EntryCode.NOTHING),
    ],
)
def test_a_date_that_gives_no_event_is_reported(elements: dict[str, Any], code: EntryCode) -> None:
    assert why_no_value(orjson.dumps(observed(**elements)), 1_800_000_000) is code


def test_a_kind_without_values_that_gives_an_event_has_nothing_to_report() -> None:
    visit = {"resourceType": "Encounter", "status": "finished", "period": {"start": "2024-01-01"}}
    visit["class"] = {"system": "urn:act", "code": "AMB"}
    assert why_no_value(orjson.dumps(visit)) is EntryCode.NOTHING
    assert why_no_value(orjson.dumps({"resourceType": "Basic"})) is EntryCode.KIND


def test_a_medicine_that_is_kept_apart_is_reported_as_such() -> None:
    request = {"resourceType": "MedicationRequest", "status": "active", "authoredOn": "2024-01-01"}
    apart = request | {"medicationReference": {"reference": "Medication/m"}}
    assert why_no_value(orjson.dumps(apart)) is EntryCode.MEDICATION
    inside = {"resourceType": "Medication", "id": "m", "code": {"coding": [{"code": "A10"}]}}
    contained = request | {"medicationReference": {"reference": "#m"}, "contained": [inside]}
    assert why_no_value(orjson.dumps(contained)) is EntryCode.NOTHING


@pytest.mark.parametrize(
    ("elements", "code"),
    [
        ({"status": "Final"}, EntryCode.STATUS),
        ({"valueQuantity": {"value": 5, "comparator": "ad"}}, EntryCode.NO_VALUE),
        ({"resourceType": "ServiceRequest"}, EntryCode.KIND),
        ({"resourceType": "MedicationOrder"}, EntryCode.OLD_KIND),
        ({"resourceType": "DiagnosticOrder"}, EntryCode.OLD_KIND),
        ({"resourceType": "ProcedureRequest"}, EntryCode.OLD_KIND),
        ({"resourceType": "ReferralRequest"}, EntryCode.OLD_KIND),
    ],
    ids=str,
)
def test_what_gives_no_event_is_reported_with_its_reason(
    elements: dict[str, Any], code: EntryCode
) -> None:
    assert why_no_value(orjson.dumps(observed(**elements)), 1_800_000_000) is code


UNKNOWN = {"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason"}
UNKNOWN |= {"valueCode": "unknown"}
REASON = {"dataAbsentReason": {"coding": [{"system": "x", "code": "not-performed"}]}}
MEASURED = coded("Observation", status="final", effectiveDateTime="2024-03-05")
PART_AS_TEXT = {"code": {"text": "left"}, "valueString": "x"}
PART = {"code": {"coding": [{"system": "http://loinc.org", "code": "8480-6"}]}}


@pytest.mark.parametrize(
    ("resource", "code"),
    [
        (coded("Observation", component=[PART | REASON, PART | REASON]), EntryCode.VALUE_ABSENT),
        (coded("Observation", component=[PART | REASON, PART]), EntryCode.NO_VALUE),
        (coded("Observation", component=["text"]), EntryCode.NO_VALUE),
        ({"resourceType": "Patient", "name": [{"family": "A"}]}, EntryCode.NO_DETAILS),
        ({"resourceType": "Patient", "deceasedBoolean": False}, EntryCode.NO_DETAILS),
        ({"resourceType": "Patient", "gender": "female"}, EntryCode.NOTHING),
        (MEASURED | {"component": [PART_AS_TEXT]}, EntryCode.NO_CODE),
        (
            coded("Observation", valueQuantity={"_value": {"extension": [UNKNOWN]}}),
            EntryCode.VALUE_ABSENT,
        ),
        (coded("Observation", valueQuantity={"value": "5.1", "unit": "mg/dL"}), EntryCode.NO_VALUE),
        (coded("FamilyMemberHistory", condition=[PART]), EntryCode.FOCUS),
        (coded("ServiceRequest", intent="order"), EntryCode.KIND),
    ],
    ids=[
        "all-absent",
        "some-absent",
        "malformed",
        "patient-with-a-name",
        "patient-alive",
        "patient-with-a-gender",
        "component-without-coding",
        "absent-number",
        "text-for-number",
        "relative",
        "order",
    ],
)
def test_the_reason_of_a_missing_value_is_the_senders_own(
    resource: dict[str, Any], code: EntryCode
) -> None:
    stated = {"status": "final", "effectiveDateTime": "2024-01-01"} | resource
    assert why_no_value(orjson.dumps(stated)) is code


@pytest.mark.parametrize("text", ["98", "5,1", "-0.3", "> 200 mg/dL", "<5", "≥ 3 mmol/L", " 7 "])
def test_a_number_that_is_written_as_a_text_is_reported_and_how_to_send_it(text: str) -> None:
    assert why_no_value(orjson.dumps(MEASURED | {"valueString": text})) is EntryCode.NUMBER_AS_TEXT
    inside = {"component": [PART | {"valueString": text}]}
    assert why_no_value(orjson.dumps(MEASURED | inside)) is EntryCode.NUMBER_AS_TEXT


@pytest.mark.parametrize(
    "text", ["negative", "2a", "T2 N0", "2 of 5", "1:40", "120/80", "+", "5-10"]
)
def test_a_text_that_may_be_more_than_a_number_is_a_text(text: str) -> None:
    assert why_no_value(orjson.dumps(MEASURED | {"valueString": text})) is EntryCode.NOTHING
