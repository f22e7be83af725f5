from __future__ import annotations

import datetime
from typing import Any

import pytest

from records.event_rules import Fact, NoEvent, NoEventError, facts_of
from records.placement import day_of

LOINC = "http://loinc.org"
SNOMED = "http://snomed.info/sct"


def second(text: str) -> int:
    return int(datetime.datetime.fromisoformat(text).replace(tzinfo=datetime.UTC).timestamp())


def concept(*codes: str) -> dict[str, Any]:
    pairs = [code.split("|") for code in codes]
    return {"coding": [{"system": system, "code": code} for system, code in pairs]}


def observation(**changes: Any) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": concept(f"{LOINC}|2345-7"),
        "subject": {"reference": "Patient/a"},
        "effectiveDateTime": "2024-03-05",
        "valueQuantity": {"value": 5.1, "unit": "mmol/L"},
        **changes,
    }


def condition(**changes: Any) -> dict[str, Any]:
    return {
        "resourceType": "Condition",
        "code": concept(f"{SNOMED}|44054006"),
        "onsetDateTime": "2019-02-03",
        **changes,
    }


def only(resource: dict[str, Any]) -> Fact:
    (fact,) = facts_of(resource, {})
    return fact


def reason(resource: dict[str, Any]) -> NoEvent:
    with pytest.raises(NoEventError) as caught:
        facts_of(resource, {})
    return caught.value.reason


def test_every_coding_of_an_observation_is_a_code_of_its_event() -> None:
    fact = only(observation(code=concept("urn:oid:1.2.3|GLU", f"{LOINC}|2345-7")))
    assert fact.codes == ["urn:oid:1.2.3|GLU", f"{LOINC}|2345-7"]


def test_a_concept_without_a_coding_is_its_text() -> None:
    assert only(observation(code={"text": "Serum glucose"})).codes == ["text|Serum glucose"]


def test_a_comparator_is_kept_beside_the_number() -> None:
    (value,) = only(observation(valueQuantity={"value": 0.5, "comparator": "<"})).values
    assert (value.number, value.bound) == (0.5, 1)


def test_a_component_code_that_repeats_is_two_events() -> None:
    pressure = [
        {"code": concept(f"{LOINC}|8480-6"), "valueQuantity": {"value": number}}
        for number in (120, 150)
    ]
    panel = observation(component=pressure)
    del panel["valueQuantity"]
    facts = facts_of(panel, {})
    assert [fact.values[0].number for fact in facts[1:]] == [120, 150]


def test_issued_says_when_a_value_was_known_and_dates_it_where_nothing_else_does() -> None:
    later = only(observation(issued="2024-03-09T08:00:00Z"))
    assert (later.start.first, later.known) == (second("2024-03-05"), second("2024-03-09T08:00"))
    alone = observation(issued="2024-03-09T08:00:00Z")
    del alone["effectiveDateTime"]
    assert only(alone).start.first == second("2024-03-09T08:00")


def test_a_period_begins_at_its_start_and_its_value_is_known_at_its_end() -> None:
    urine = observation(effectivePeriod={"start": "2024-03-05", "end": "2024-03-06"})
    del urine["effectiveDateTime"]
    fact = only(urine)
    assert (fact.start.first, fact.known) == (second("2024-03-05"), second("2024-03-06"))


def test_a_condition_of_a_year_is_known_when_the_year_is_over_or_it_was_recorded() -> None:
    assert only(condition(onsetDateTime="2019")).known == second("2019-12-31T23:59:59")
    recorded = only(condition(recordedDate="2024-01-01"))
    assert (recorded.start.first, recorded.known) == (second("2019-02-03"), second("2024-01-01"))


@pytest.mark.parametrize("status", ["provisional", "differential", "unconfirmed", "refuted"])
def test_a_condition_that_is_not_confirmed_keeps_its_status(status: str) -> None:
    assert only(condition(verificationStatus=concept(f"x|{status}"))).status == status


def test_an_observation_that_is_not_final_keeps_its_status() -> None:
    assert only(observation(status="preliminary")).status == "preliminary"
    assert only(observation(status=None)).status == "unknown"


@pytest.mark.parametrize(
    ("resource", "expected"),
    [
        (observation(status="entered-in-error"), NoEvent.ENTERED_IN_ERROR),
        (observation(status="cancelled"), NoEvent.NOT_DONE),
        (observation(modifierExtension=[{"url": "x"}]), NoEvent.MODIFIER),
        (observation(code={}), NoEvent.NO_CODE),
        (observation(effectiveDateTime="9999"), NoEvent.NO_DATE),
        (observation(valueQuantity={"unit": "mg"}), NoEvent.NO_VALUE),
        (
            observation(valueQuantity={}, dataAbsentReason=concept("x|unknown")),
            NoEvent.VALUE_ABSENT,
        ),
        (condition(onsetDateTime=None), NoEvent.NO_DATE),
        (condition(verificationStatus=concept("x|entered-in-error")), NoEvent.ENTERED_IN_ERROR),
        ({"resourceType": "FamilyMemberHistory"}, NoEvent.OTHER_PERSON),
        ({"resourceType": "CarePlan"}, NoEvent.KIND),
        ({"resourceType": "Patient"}, NoEvent.NO_VALUE),
    ],
)
def test_what_states_nothing_is_no_event_for_a_reason(
    resource: dict[str, Any], expected: NoEvent
) -> None:
    if resource.get("effectiveDateTime") == "9999":
        resource = {**resource, "effectiveDateTime": "1066-10-14"}
    assert reason(resource) == expected


def test_a_patient_states_birth_sex_and_death() -> None:
    patient = {
        "resourceType": "Patient",
        "birthDate": "1961-04-02",
        "gender": "female",
        "deceasedDateTime": "2024-01-01",
    }
    facts = facts_of(patient, {})
    assert [fact.codes for fact in facts] == [["BIRTH"], ["SEX"], ["DEATH"]]
    assert facts[1].values[0].text == "female"


def test_a_medicine_is_found_by_reference_inside_and_beside_its_resource() -> None:
    medicine = {"resourceType": "Medication", "id": "m", "code": concept("atc|A10BA02")}
    taken = {
        "resourceType": "MedicationStatement",
        "status": "active",
        "medicationReference": {"reference": "#m"},
        "effectiveDateTime": "2024-01-01",
    }
    assert only({**taken, "contained": [medicine]}).codes == ["atc|A10BA02"]
    beside = {**taken, "medicationReference": {"reference": "https://a.example/fhir/Medication/m"}}
    (fact,) = facts_of(beside, {"Medication/m": medicine})
    assert fact.codes == ["atc|A10BA02"]


def test_a_medicine_of_release_5_is_a_concept_or_a_reference() -> None:
    taken = {"resourceType": "MedicationStatement", "status": "recorded"}
    taken["effectiveDateTime"] = "2024-01-01"
    own = {**taken, "medication": {"concept": concept("atc|A10BA02")}}
    assert only(own).codes == ["atc|A10BA02"]
    apart = {**taken, "medication": {"reference": {"reference": "Medication/m"}}}
    (fact,) = facts_of(apart, {"Medication/m": {"code": concept("atc|C07AB02")}})
    assert (fact.codes, fact.status) == (["atc|C07AB02"], "confirmed")


@pytest.mark.parametrize(
    "resource",
    [
        {
            "resourceType": "Encounter",
            "status": "completed",
            "class": [concept("act|AMB")],
            "actualPeriod": {"start": "2024-01-02", "end": "2024-01-03"},
        },
        {
            "resourceType": "Procedure",
            "status": "completed",
            "code": concept("x|y"),
            "occurrencePeriod": {"start": "2024-01-02"},
        },
        {
            "resourceType": "Immunization",
            "status": "completed",
            "vaccineCode": concept("cvx|140"),
            "date": "2024-01-02",
        },
        {
            "resourceType": "MedicationAdministration",
            "status": "completed",
            "medication": {"concept": concept("atc|A10BA02")},
            "occurencePeriod": {"start": "2024-01-02"},
            "recorded": "2024-01-05",
        },
        {
            "resourceType": "MedicationAdministration",
            "status": "completed",
            "medication": {"concept": concept("atc|A10BA02")},
            "occurenceDateTime": "2024-01-02",
        },
    ],
    ids=["R5 Encounter", "R5 Procedure", "STU3 Immunization", "R5 doses", "R5 dose"],
)
def test_dates_of_other_releases_are_read(resource: dict[str, Any]) -> None:
    fact = only(resource)
    assert (fact.start.first, fact.status) == (second("2024-01-02"), "confirmed")
    assert day_of(resource) == "2024-01-02"


@pytest.mark.parametrize(
    "timing",
    [
        {"event": ["2024-03-05", "2024-03-07"]},
        {"repeat": {"boundsPeriod": {"start": "2024-03-05", "end": "2024-03-07"}}},
    ],
    ids=["moments", "bounds"],
)
def test_a_timing_is_known_when_it_has_ended(timing: dict[str, Any]) -> None:
    resource = observation(effectiveTiming=timing)
    del resource["effectiveDateTime"]
    fact = only(resource)
    times = (fact.start.first, fact.end, fact.known)
    assert times == (second("2024-03-05"), second("2024-03-07"), second("2024-03-07"))
    assert day_of(resource) == "2024-03-05"


def test_an_amount_to_be_reached_is_no_value() -> None:
    quantity = {"value": 5, "comparator": "ad", "unit": "mL"}
    assert reason(observation(valueQuantity=quantity)) is NoEvent.NO_VALUE


def test_a_death_without_a_date_is_a_fact_of_its_own() -> None:
    dead = {"resourceType": "Patient", "deceasedBoolean": True}
    assert [fact.codes for fact in facts_of(dead, {})] == [["DEATH-UNDATED"]]
    assert reason({**dead, "deceasedBoolean": False}) is NoEvent.NO_VALUE


def test_active_ingredients_name_a_medicine_whose_code_has_no_coding() -> None:
    """One event of one order, so that a count of orders counts it once."""
    metformin, insulin, lactose = (concept(f"atc|{code}") for code in ("A10BA02", "A10AB01", "X"))
    medicine: dict[str, Any] = {
        "resourceType": "Medication",
        "id": "m",
        "code": {"text": "Mix"},
        "contained": [{"resourceType": "Substance", "id": "i", "code": insulin}],
        "ingredient": [
            {"itemCodeableConcept": metformin},
            {"itemReference": {"reference": "#i"}, "isActive": True},
            {"itemCodeableConcept": lactose, "isActive": False},
        ],
    }
    order = {
        "resourceType": "MedicationRequest",
        "status": "active",
        "authoredOn": "2024-03-05",
        "medicationReference": {"reference": "Medication/m"},
    }
    (fact,) = facts_of(order, {"Medication/m": medicine})
    assert fact.codes == ["text|Mix", "atc|A10BA02", "atc|A10AB01"]
    coded = medicine | {"code": concept("atc|A10BD")}
    (fact,) = facts_of(order, {"Medication/m": coded})
    assert fact.codes == ["atc|A10BD"]
    wrong = coded | {"status": "entered-in-error"}
    with pytest.raises(NoEventError) as caught:
        facts_of(order, {"Medication/m": wrong})
    assert caught.value.reason is NoEvent.NO_CODE


@pytest.mark.parametrize("name", ["recordedDate", "assertedDate", "dateRecorded"])
def test_the_day_of_recording_is_read_in_each_version_of_fhir(name: str) -> None:
    sent = condition(onsetDateTime=None, **{name: "2016-05-01"})
    assert only(sent).start.first == second("2016-05-01")
    assert day_of(sent) == "2016-05-01"
