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

MAIN, OTHER = "urn:hospital", "urn:insurer"


@pytest.fixture
def custodian(tmp_path: Path) -> Custodian:
    return Custodian(tmp_path, (MAIN, OTHER))


def number(system: str, value: str) -> dict[str, Any]:
    return {"system": system, "value": value}


def patient(name: str, *identifiers: dict[str, Any]) -> dict[str, Any]:
    return PATIENT | {"id": name, "identifier": list(identifiers)}


def about(**subject: Any) -> dict[str, Any]:
    return OBSERVATION | {"subject": subject}


ANNA = patient("anna", number(MAIN, "V-1"), number(OTHER, "K-1"))
BERT = patient("bert", number(MAIN, "V-2"))


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
