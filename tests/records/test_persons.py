from __future__ import annotations

from typing import Any

import pytest

from records.outcomes import EntryCode
from records.persons import find_person, patient_state, person_of_identifier

MR = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": "MR"}]}
SS = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": "SS"}]}


def person(*identifiers: Any, systems: tuple[str, ...] = ()) -> tuple[str | None, EntryCode]:
    return find_person({"resourceType": "Patient", "identifier": list(identifiers)}, systems)


def test_the_medical_record_number_is_chosen_among_several() -> None:
    assert person({"type": MR, "value": "V-100"}, {"type": SS, "value": "X9"})[0] == "V-100"


def test_the_only_identifier_is_chosen() -> None:
    assert person({"value": "V-100"})[0] == "V-100"
    assert person({"system": "urn:north", "value": "1001"})[0] == "urn:north|1001"


def test_the_same_number_of_two_hospitals_is_two_people() -> None:
    north, south = ({"system": f"urn:clinic-{name}", "value": "1001"} for name in ("n", "s"))
    assert person(north)[0] != person(south)[0]


def test_a_configured_system_gives_the_hospital_number_itself() -> None:
    systems = ("urn:here", "urn:card")
    card = {"system": "urn:card", "value": "77"}
    assert person(card, {"system": "urn:here", "value": "1001"}, systems=systems)[0] == "1001"
    assert person(card, systems=systems)[0] == "urn:card|77"
    assert person({"value": "1001"}, systems=systems) == (None, EntryCode.NO_IDENTIFIER)
    assert person({"type": MR, "value": "5"}, systems=("type:MR",))[0] == "5"


def test_an_old_number_does_not_count_and_two_numbers_are_ambiguous() -> None:
    old, new = ({"system": "urn:here", "value": value} for value in ("1", "2"))
    assert person(old | {"use": "old"}, new, systems=("urn:here",))[0] == "2"
    assert person(old, new, systems=("urn:here",)) == (None, EntryCode.AMBIGUOUS_IDENTIFIER)


@pytest.mark.parametrize(
    "identifier",
    [None, "x", {}, {"value": 7}, {"value": ""}, {"value": "a\nb"}, {"value": "x" * 201}],
)
def test_what_is_no_identifier_names_nobody(identifier: Any) -> None:
    assert person(identifier) == (None, EntryCode.NO_IDENTIFIER)


def test_a_logical_reference_in_a_configured_system_names_the_person() -> None:
    systems = ("urn:here", "urn:card")
    assert person_of_identifier({"system": "urn:here", "value": "1001"}, systems) == "1001"
    assert person_of_identifier({"system": "urn:card", "value": "7"}, systems) == "urn:card|7"
    assert person_of_identifier({"system": "urn:other", "value": "7"}, systems) is None
    assert person_of_identifier("x", systems) is None


@pytest.mark.parametrize(
    ("elements", "code"),
    [
        ({"link": [{"type": "replaced-by", "other": {}}]}, EntryCode.REPLACED_PATIENT),
        ({"deceasedBoolean": True}, EntryCode.DECEASED),
        ({"deceasedDateTime": "2024-01-01"}, EntryCode.DECEASED),
        ({"deceasedBoolean": False, "link": ["x", {"type": 7}]}, EntryCode.NOTHING),
        ({"link": "x"}, EntryCode.NOTHING),
    ],
)
def test_a_replaced_or_deceased_patient_is_named_in_the_report(
    elements: dict[str, Any], code: EntryCode
) -> None:
    assert patient_state({"resourceType": "Patient"} | elements) is code
    assert patient_state({"resourceType": "Person"} | elements) is EntryCode.NOTHING
