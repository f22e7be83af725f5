"""A record is shown as it was written: every digit, unit, range, time, source and version."""

from __future__ import annotations

import json
from typing import Any

import pytest

from records.lines import RecordLine, in_time_order, lines_of
from storage import Arrival, Record

SUBJECT, RECORD_ID = b"\1" * 32, "ab" * 16
LOINC = "http://loinc.org"


def document(*resources: dict[str, Any], version: int = 1) -> Record:
    texts = tuple(json.dumps(resource).encode() for resource in resources)
    arrivals = tuple(Arrival(f"r{place}", version, 86_400) for place in range(len(texts)))
    return Record(
        SUBJECT, "laboratory", "organisation:x", "2024-02-15", {}, RECORD_ID, 1, texts, arrivals
    )


def observation(**changed: Any) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": {
            "coding": [
                {"system": "local", "code": "K"},
                {"system": LOINC, "code": "2823-3", "display": "Potassium"},
            ]
        },
        "effectiveDateTime": "2024-02-15T12:00:00+01:00",
    } | changed


def only_line(resource: dict[str, Any]) -> RecordLine:
    (line,) = lines_of(document(resource))
    return line


def raw(text: str) -> RecordLine:
    """Return the line of a resource whose number is written in these digits."""
    resource = json.dumps(observation(valueQuantity={"value": 0, "unit": "mmol/L"}))
    body = resource.replace('"value": 0', f'"value": {text}').encode()
    arrival = (Arrival("r", 1, 1),)
    (line,) = lines_of(
        Record(SUBJECT, "laboratory", "o", "2024-02-15", {}, RECORD_ID, 1, (body,), arrival)
    )
    return line


@pytest.mark.parametrize("digits", ["5.10", "1.00", "1E-22", "-0", "1000000000000000000"])
def test_the_digits_of_a_number_stay_as_they_were_written(digits) -> None:
    line = raw(digits)
    assert (line.value, line.number, line.unit) == (digits, float(digits), "mmol/L")


def test_a_bound_is_shown_with_its_comparator_and_not_as_a_number() -> None:
    line = only_line(observation(valueQuantity={"value": 0.5, "comparator": "<", "unit": "mg/L"}))
    assert (line.value, line.number) == ("<0.5", None)


def test_a_line_has_range_flag_source_times_and_every_coding() -> None:
    line = only_line(
        observation(
            valueQuantity={"value": 6.1, "unit": "mmol per litre", "code": "mmol/L"},
            referenceRange=[{"low": {"value": 3.5}, "high": {"value": 5.1}}],
            interpretation=[{"coding": [{"code": "H", "display": "High"}]}],
            performer=[{"display": "Central laboratory"}],
            issued="2024-02-15T14:00:00+01:00",
        )
    )
    assert (line.low, line.high, line.flag) == ("3.5", "5.1", "High")
    assert (line.unit, line.unit_code) == ("mmol per litre", "mmol/L")
    assert (line.source, line.name) == ("Central laboratory", "Potassium")
    assert line.at == "2024-02-15T12:00:00+01:00"
    assert line.known == "2024-02-15T14:00:00+01:00"
    assert line.codes == ("local|K", f"{LOINC}|2823-3")


def test_each_component_is_a_line_of_its_own() -> None:
    parts = [
        {"code": {"text": name}, "valueQuantity": {"value": value, "unit": "mmHg"}}
        for name, value in (("Systolic", 120), ("Diastolic", 80))
    ]
    lines = lines_of(document(observation(code={"text": "Blood pressure"}, component=parts)))
    assert [(line.name, line.value) for line in lines] == [
        ("Blood pressure: Systolic", "120"),
        ("Blood pressure: Diastolic", "80"),
    ]


def test_a_corrected_resource_names_its_version_and_arrival() -> None:
    (line,) = lines_of(document(observation(valueInteger=3), version=2))
    assert (line.version, line.arrived_at_s) == (2, 86_400)


def test_what_its_sender_took_back_is_not_in_force() -> None:
    line = only_line(observation(status="entered-in-error", valueInteger=3))
    assert (line.is_in_force, line.status) == (False, "entered-in-error")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"valueCodeableConcept": {"text": "Former smoker"}}, "Former smoker"),
        ({"valueBoolean": True}, "true"),
        ({"valueRatio": {"numerator": {"value": 1}, "denominator": {"value": 8}}}, "1 : 8"),
        ({"valueRange": {"low": {"value": 2, "unit": "h"}}}, "2 h – …"),
        ({"valuePeriod": {"start": "2024", "end": "2025"}}, "2024 – 2025"),
        ({"dataAbsentReason": {"coding": [{"code": "not-performed"}]}}, "not-performed"),
    ],
)
def test_values_of_every_type_are_texts(value, text) -> None:
    assert only_line(observation(**value)).value == text


@pytest.mark.parametrize(
    ("resource", "name", "value"),
    [
        (
            {
                "resourceType": "Condition",
                "code": {"text": "Asthma"},
                "clinicalStatus": {"coding": [{"code": "active"}]},
            },
            "Asthma",
            "active",
        ),
        (
            {
                "resourceType": "DiagnosticReport",
                "code": {"text": "X-ray"},
                "conclusion": "Normal.",
                "status": "final",
            },
            "X-ray",
            "Normal.",
        ),
        ({"resourceType": "Device", "status": "active"}, "Device", "active"),
        ({"resourceType": "Basic", "code": [1, {"text": 3}], "status": 5}, "Basic", "5"),
    ],
)
def test_every_kind_of_resource_gives_a_line(resource, name, value) -> None:
    line = only_line(resource)
    assert (line.name, line.value) == (name, value)


def test_a_medicine_is_named_by_the_resource_that_travels_with_it() -> None:
    medicine = {"resourceType": "Medication", "id": "m", "code": {"text": "Aspirin"}}
    order = {
        "resourceType": "MedicationRequest",
        "status": "active",
        "medicationReference": {"reference": "Medication/m"},
    }
    assert lines_of(document(medicine, order))[1].name == "Aspirin"


def test_a_record_of_the_first_schema_gives_its_observations() -> None:
    record = Record(SUBJECT, "laboratory", "o", "2020-01-02", {"x|hb": (13.5, "g/dL")}, RECORD_ID)
    (line,) = lines_of(record)
    assert (line.name, line.value, line.unit, line.at) == ("hb", "13.5", "g/dL", "2020-01-02")


def test_lines_are_in_the_order_of_clinical_time_without_a_time_last() -> None:
    newest, earlier = "2021-01-01T10:30:00Z", "2021-01-01T11:00:00+01:00"
    lines = [
        RecordLine(record_id="", category="", custodian="", at=day)
        for day in ("2020-05-01", "", earlier, newest)
    ]
    assert [line.at for line in in_time_order(lines)] == [newest, earlier, "2020-05-01", ""]


@pytest.mark.parametrize("wrong", [1, True, "x", [None], {"coding": 1}, {"coding": [1]}, {}])
@pytest.mark.parametrize("element", ["code", "value", "component", "contained", "item"])
def test_an_element_of_a_wrong_type_does_not_hide_the_other_records(
    element: str, wrong: Any
) -> None:
    for kind in ("Observation", "DiagnosticReport", "QuestionnaireResponse", "Condition"):
        broken = observation(resourceType=kind) | {element: wrong, "valueCodeableConcept": wrong}
        good = observation(valueInteger=7)
        assert "7" in [line.value for line in lines_of(document(broken, good))]


def test_an_age_or_a_text_in_place_of_a_date_is_shown_as_written() -> None:
    condition = {"resourceType": "Condition", "clinicalStatus": {"text": "active"}}
    aged = only_line(condition | {"onsetAge": {"value": 34, "unit": "years", "code": "a"}})
    assert aged.value == "active; onsetAge: 34 years"
    assert only_line(condition | {"onsetString": "as a child"}).value.endswith("as a child")
