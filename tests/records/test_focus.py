"""Observation.focus: a value about somebody else never counts as the patient's own."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from records.documents import is_in_force, why_no_value
from records.event_rules import NoEvent, NoEventError, facts_of
from records.outcomes import EntryCode

OBSERVATION: dict[str, Any] = {
    "resourceType": "Observation",
    "status": "final",
    "subject": {"reference": "Patient/a"},
    "code": {"coding": [{"system": "http://loinc.org", "code": "8867-4"}]},
    "effectiveDateTime": "2024-03-05",
    "valueQuantity": {"value": 140, "code": "/min"},
}
URN = "urn:uuid:22222222-2222-4222-8222-222222222222"
FETUS = {"contained": [{"resourceType": "Patient", "id": "fetus"}]}
TUMOUR = {"contained": [{"resourceType": "Condition", "id": "tumour"}]}


@pytest.mark.parametrize(
    "changes",
    [
        {"focus": [{"reference": "Patient/baby"}]},
        {"focus": [{"reference": "https://a.example/fhir/RelatedPerson/b/_history/2"}]},
        {"focus": [{"reference": "Practitioner/trained"}]},
        {"focus": [{"type": "RelatedPerson", "display": "donor"}]},
        {"focus": [{"reference": URN, "type": "Patient"}]},
        {"focus": [{"reference": "#fetus"}], **FETUS},
        {"focus": [{"reference": "Condition/tumour"}, {"reference": "Patient/baby"}]},
        # Nothing says of what kind these are.
        {"focus": [{"reference": URN}]},
        {"focus": [{"display": "Fetus A"}]},
        {"focus": [{"identifier": {"value": "7"}}]},
        {"focus": [{"reference": "#absent"}]},
        {"focus": ["Patient/baby"]},
        {"focus": {"reference": "Patient/baby"}},
        {
            "extension": [
                {
                    "url": "http://hl7.org/fhir/StructureDefinition/observation-focusCode",
                    "valueCodeableConcept": {"text": "fetus"},
                }
            ]
        },
    ],
)
def test_a_value_that_may_be_about_another_person_is_no_value_of_the_patient(
    changes: dict[str, Any],
) -> None:
    resource = OBSERVATION | changes
    with pytest.raises(NoEventError) as error:
        facts_of(resource, {})
    assert error.value.reason is NoEvent.OTHER_PERSON
    assert not is_in_force(resource)
    assert why_no_value(orjson.dumps(resource)) is EntryCode.FOCUS


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"focus": []},
        {"focus": [{"reference": "Condition/tumour"}]},
        {"focus": [{"reference": URN, "type": "Condition"}]},
        {"focus": [{"reference": "#tumour"}], **TUMOUR},
        {"focus": [{"reference": "Device/pump"}]},
        {"focus": [{"reference": "Patient/a"}]},
        {"focus": [{"reference": URN}], "subject": {"reference": URN}},
    ],
)
def test_a_focus_on_a_tumour_a_device_or_the_patient_is_the_patients_own_value(
    changes: dict[str, Any],
) -> None:
    resource = OBSERVATION | changes
    assert len(facts_of(resource, {})) == 1
    assert is_in_force(resource)
    assert why_no_value(orjson.dumps(resource)) is EntryCode.NOTHING


def test_the_focus_of_another_kind_of_resource_says_nothing_about_whose_it_is() -> None:
    task = {"resourceType": "Task", "focus": {"reference": "Patient/baby"}}
    assert is_in_force(task)
