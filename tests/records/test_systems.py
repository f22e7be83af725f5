"""Test that a code is found in each spelling of its system, and kept as it was sent."""

from __future__ import annotations

from typing import Any

import pytest

from records.event_rules import facts_of
from records.event_values import unit_of
from records.systems import usual_code, usual_system

LOINC, UCUM = "http://loinc.org", "http://unitsofmeasure.org"


@pytest.mark.parametrize(
    ("sent", "usual"),
    [
        (f"{LOINC}|2345-7", f"{LOINC}|2345-7"),
        ("HTTP://LOINC.ORG|2345-7", f"{LOINC}|2345-7"),
        ("https://loinc.org/|la6751-7", f"{LOINC}|LA6751-7"),
        ("http://loinc.org|2.76|2345-7", f"{LOINC}|2345-7"),
        ("http://snomed.info/sct/|73211009", "http://snomed.info/sct|73211009"),
        (
            "http://fhir.de/codesystem/bfarm/icd-10-gm|e11.9",
            "http://fhir.de/CodeSystem/bfarm/icd-10-gm|E11.9",
        ),
        # Other systems and what only resembles one are nobody's business but the sender's.
        ("urn:lab/|glu", "urn:lab/|glu"),
        ("http://loinc.org.example|2345-7", "http://loinc.org.example|2345-7"),
        (f"{UCUM}|mg", f"{UCUM}|mg"),
        ("x" * 300 + "|a", "x" * 300 + "|a"),
        ("text|Glucose", "text|Glucose"),
    ],
)
def test_a_code_has_one_usual_spelling(sent: str, usual: str) -> None:
    assert usual_code(sent) == usual


@pytest.mark.parametrize("system", [UCUM, f"{UCUM}/", "https://unitsofmeasure.org", UCUM.upper()])
def test_the_unit_is_read_in_each_spelling_of_its_system(system: str) -> None:
    assert usual_system(system) == UCUM
    assert unit_of({"unit": "milligram", "system": system, "code": "mg/dL"}) == "mg/dL"


@pytest.mark.parametrize("system", ["urn:local", None, 5])
def test_the_text_is_the_unit_where_the_code_is_of_another_system(system: Any) -> None:
    assert unit_of({"unit": "milligram", "system": system, "code": "mg/dL"}) == "milligram"


def test_an_event_has_the_code_as_sent_and_as_usual() -> None:
    sent = {"system": "HTTPS://LOINC.org/", "code": "2345-7"}
    answer = {"system": "http://loinc.org/", "code": "la6576-8"}
    facts = facts_of(
        {
            "resourceType": "Observation",
            "status": "final",
            "code": {"coding": [sent]},
            "effectiveDateTime": "2024-03-05",
            "valueCodeableConcept": {"coding": [answer]},
        },
        {},
    )
    assert facts[0].codes == ["HTTPS://LOINC.org/|2345-7", f"{LOINC}|2345-7"]
    assert [value.text for value in facts[0].values] == [
        "http://loinc.org/|la6576-8",
        f"{LOINC}|LA6576-8",
    ]
