"""Test that a resource whose reference and identifier name two patients is filed under neither."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import orjson
import pytest
from memory_store import OBSERVATION, PATIENT, Custodian, bundle, send

from records.outcomes import EntryCode, Outcome
from services.custodian.fhir_files import FhirFile

MAIN, OTHER, THIRD = "urn:hospital", "urn:insurer", "urn:registry"


@pytest.fixture
def custodian(tmp_path: Path) -> Custodian:
    return Custodian(tmp_path, (MAIN, OTHER))


def number(system: str, value: str) -> dict[str, Any]:
    return {"system": system, "value": value}


def patient(name: str, *identifiers: dict[str, Any]) -> dict[str, Any]:
    return PATIENT | {"id": name, "identifier": list(identifiers)}


def about(**subject: Any) -> dict[str, Any]:
    return OBSERVATION | {"subject": subject}


def inside(*identifiers: dict[str, Any], **subject: Any) -> dict[str, Any]:
    contained = patient("p", *identifiers)
    return about(reference="#p", **subject) | {"contained": [contained]}


# Nobody configured THIRD; its identifiers are names of a patient all the same.
ANNA = patient("anna", number(MAIN, "V-1"), number(OTHER, "K-1"), number(THIRD, "S-1"))
BERT = patient("bert", number(MAIN, "V-2"), number(THIRD, "S-2"))
CONTRADICTING = [
    about(reference="Patient/anna", identifier=number(MAIN, "V-2")),
    about(reference="Patient/anna", identifier=number(THIRD, "S-2")),
    inside(number(MAIN, "V-1"), identifier=number(MAIN, "V-2")),
    inside(number(MAIN, "V-1"), identifier=number(THIRD, "S-2")),
]


def test_a_reference_and_an_identifier_of_two_patients_are_filed_under_neither(
    custodian: Custodian,
) -> None:
    wrong = about(reference="Patient/anna", identifier=number(MAIN, "V-2"))
    report = send(custodian, bundle(ANNA, BERT, wrong))
    last = list(report.outcomes)[-1]
    assert (last.outcome, last.code) == (Outcome.PARKED, EntryCode.CONTRADICTING_SUBJECT)
    days = [each.recorded_on for name in ("V-1", "V-2") for each in custodian.stored(name)]
    assert set(days) == {"0001-01-01"}


@pytest.mark.parametrize("identifier", [number(MAIN, "V-2"), number(MAIN, "V-3")])
def test_so_are_those_of_a_patient_of_an_earlier_file(
    custodian: Custodian, identifier: dict[str, Any]
) -> None:
    send(custodian, bundle(ANNA, BERT))
    wrong = about(reference="Patient/anna", identifier=identifier)
    assert [each.code for each in send(custodian, orjson.dumps(wrong)).outcomes] == [
        EntryCode.CONTRADICTING_SUBJECT
    ]
    # Neither another delivery of the Patient nor the doubtful number itself decides.
    assert send(custodian, bundle(ANNA, BERT)).joined == 0
    assert custodian.directory.count() == 2


def test_the_corrected_entry_replaces_what_waited(custodian: Custodian) -> None:
    wrong = about(reference="Patient/anna", identifier=number(MAIN, "V-2"))
    send(custodian, bundle(ANNA, BERT, wrong))
    right = about(reference="Patient/anna", identifier=number(MAIN, "V-1"))
    assert list(send(custodian, bundle(ANNA, BERT, right)).outcomes)[-1].outcome is Outcome.STORED
    assert custodian.intake.parked_count() == 0


@pytest.mark.parametrize("is_earlier", [False, True])
@pytest.mark.parametrize(
    "subject",
    [
        {"reference": "Patient/anna", "identifier": number(MAIN, "V-1")},
        {"reference": "Patient/anna", "identifier": number(OTHER, "K-1")},
        {"identifier": number(OTHER, "K-1")},
        {"reference": "Patient/unknown", "identifier": number(OTHER, "K-1")},
    ],
)
def test_each_number_of_a_patient_names_that_patient(
    custodian: Custodian, subject: dict[str, Any], is_earlier: bool
) -> None:
    if is_earlier:
        send(custodian, bundle(ANNA, BERT))
    resources = [about(**subject)] if is_earlier else [ANNA, BERT, about(**subject)]
    assert list(send(custodian, bundle(*resources)).outcomes)[-1].outcome is Outcome.STORED
    assert {"0001-01-01", "2024-03-05"} == {r.recorded_on for r in custodian.stored("V-1")}


def test_a_number_of_two_patients_names_neither(custodian: Custodian) -> None:
    twin = patient("twin", number(MAIN, "V-9"), number(OTHER, "K-1"))
    shared = about(identifier=number(OTHER, "K-1"))
    report = send(custodian, bundle(ANNA, twin, shared))
    assert [each.code for each in report.outcomes][-1] is EntryCode.AMBIGUOUS_SUBJECT


def test_a_check_says_the_same_and_adds_nobody(custodian: Custodian) -> None:
    wrong = about(reference="Patient/anna", identifier=number(MAIN, "V-2"))
    body = bundle(ANNA, BERT, wrong)
    file = FhirFile("a.json", lambda: io.BytesIO(body))
    checked = custodian.intake.check([file], "", lambda *_: None)
    assert [each.code for each in checked.outcomes][-1] is EntryCode.CONTRADICTING_SUBJECT
    assert custodian.directory.count() == 0


@pytest.mark.parametrize("is_earlier", [False, True])
@pytest.mark.parametrize("wrong", CONTRADICTING)
def test_every_kind_of_identifier_and_reference_is_compared(
    custodian: Custodian, wrong: dict[str, Any], is_earlier: bool
) -> None:
    if is_earlier:
        send(custodian, bundle(ANNA, BERT))
    report = send(custodian, bundle(wrong) if is_earlier else bundle(ANNA, BERT, wrong))
    assert list(report.outcomes)[-1].code is EntryCode.CONTRADICTING_SUBJECT
    assert {each.recorded_on for each in custodian.stored()} == {"0001-01-01"}


@pytest.mark.parametrize("identifier", [number(MAIN, "V-1"), number(THIRD, "S-1")])
def test_a_contained_patient_and_an_identifier_of_the_same_one_are_filed(
    custodian: Custodian, identifier: dict[str, Any]
) -> None:
    right = inside(number(MAIN, "V-1"), identifier=identifier)
    report = send(custodian, bundle(ANNA, BERT, right))
    assert list(report.outcomes)[-1].outcome is Outcome.STORED
    assert {"0001-01-01", "2024-03-05"} == {r.recorded_on for r in custodian.stored("V-1")}


def test_what_waited_is_filed_under_neither_of_two_patients_who_arrive(
    custodian: Custodian,
) -> None:
    wrong = about(reference="Patient/anna", identifier=number(THIRD, "S-2"))
    send(custodian, orjson.dumps(wrong))
    assert send(custodian, bundle(ANNA, BERT)).joined == 0
    assert {each.recorded_on for each in custodian.stored()} == {"0001-01-01"}
    assert custodian.intake.parked_count() == 1


@pytest.mark.parametrize("erased", ["V-1", "V-2"])
@pytest.mark.parametrize("is_of_a_table", [False, True])
@pytest.mark.parametrize("wrong", CONTRADICTING)
def test_an_erasure_of_either_patient_deletes_what_names_both(
    custodian: Custodian, wrong: dict[str, Any], erased: str, is_of_a_table: bool
) -> None:
    if is_of_a_table:  # no file has said what they are called
        custodian.directory.get_or_add(["V-1", "V-2"])
    send(custodian, bundle(ANNA, BERT, wrong))
    assert custodian.intake.parked_count() == 1
    subject = custodian.directory.find_subject(erased)
    assert subject is not None
    custodian.parked.erase_subject(subject)
    assert custodian.parked.count() == 0


def test_it_deletes_what_names_a_patient_of_a_table_beside_another(custodian: Custodian) -> None:
    send(custodian, bundle(ANNA))
    subject = custodian.directory.get_or_add(["V-2"])["V-2"]
    wrong = about(reference="Patient/anna", identifier=number(MAIN, "V-2"))
    send(custodian, orjson.dumps(wrong))
    assert custodian.intake.parked_count() == 1
    custodian.parked.erase_subject(subject)
    assert custodian.parked.count() == 0


@pytest.mark.parametrize(
    "actors",
    [
        [{"reference": "Patient/x"}, {"reference": "Patient/x"}],
        [{"reference": "urn:uuid:AA"}, {"reference": "urn:uuid:aa"}],
        [{"reference": "Patient?identifier=urn:a|1", "identifier": number("urn:a", "1")}],
    ],
)
def test_a_patient_who_is_named_twice_holds_up_no_other_entry(
    custodian: Custodian, actors: list[dict[str, Any]]
) -> None:
    parts = [{"actor": actor} for actor in actors]
    twice = {"resourceType": "Appointment", "id": "a1", "status": "booked", "participant": parts}
    report = send(custodian, bundle(ANNA, twice))
    assert [each.outcome for each in report.outcomes] == [Outcome.STORED, Outcome.PARKED]


def account(*names: str) -> dict[str, Any]:
    theirs = [{"reference": name} for name in names]
    return {"resourceType": "Account", "id": "c1", "status": "active", "subject": theirs}


def appointment(*names: str) -> dict[str, Any]:
    parts = [{"actor": {"reference": name}} for name in names]
    return {"resourceType": "Appointment", "id": "c1", "status": "booked", "participant": parts}


@pytest.mark.parametrize("is_earlier", [False, True])
@pytest.mark.parametrize("kind", [account, appointment])
@pytest.mark.parametrize(
    ("names", "outcome"),
    [
        (["Patient/anna", "Patient/bert"], Outcome.PARKED),
        (["Practitioner/1", "Patient/bert", "Patient/anna"], Outcome.PARKED),
        (["Patient/anna", "Patient?identifier=urn:hospital|V-2"], Outcome.PARKED),
        (["Patient/anna", "Practitioner/1"], Outcome.STORED),
        (["Patient/anna", "Patient?identifier=urn:hospital|V-1"], Outcome.STORED),
        (["urn:uuid:00000000-0000-4000-8000-000000000001", "Patient/bert"], Outcome.STORED),
    ],
)
def test_an_entry_of_several_patients_is_filed_under_none(
    custodian: Custodian, kind: Any, names: list[str], outcome: Outcome, is_earlier: bool
) -> None:
    if is_earlier:
        send(custodian, bundle(ANNA, BERT))
    entry = kind(*names)
    last = list(send(custodian, bundle(*([] if is_earlier else [ANNA, BERT]), entry)).outcomes)[-1]
    code = EntryCode.CONTRADICTING_SUBJECT if outcome is Outcome.PARKED else EntryCode.NOTHING
    assert last.outcome is outcome
    assert (last.code is code) or outcome is Outcome.STORED


def test_patients_are_compared_where_no_system_is_configured(tmp_path: Path) -> None:
    custodian = Custodian(tmp_path)
    anna, bert = patient("anna", number(MAIN, "V-1")), patient("bert", number(MAIN, "V-2"))
    wrong = inside(number(MAIN, "V-1"), identifier=number(MAIN, "V-2"))
    report = send(custodian, bundle(anna, bert, wrong))
    assert list(report.outcomes)[-1].code is EntryCode.CONTRADICTING_SUBJECT
    custodian.parked.erase_subject(custodian.directory.get_or_add([f"{MAIN}|V-1"])[f"{MAIN}|V-1"])
    assert custodian.parked.count() == 0
