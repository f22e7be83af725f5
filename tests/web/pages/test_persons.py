"""The custodian's pages about patients under two numbers, with the patients' history."""

from __future__ import annotations

import secrets

import pytest
from visitors import signed_in

from services.accounts import PATIENT
from services.tokens import CUSTODIAN

pytestmark = pytest.mark.node


@pytest.fixture
def numbers(hospital) -> list[str]:
    """The hospital numbers of two patients."""
    made = [(f"nr-{secrets.token_hex(4)}", hospital.new_patient()) for _ in range(2)]
    hospital.platform.requests.directory.add(made)
    return [number for number, _ in made]


def subject_of(hospital, number: str) -> bytes:
    subject = hospital.platform.requests.directory.find_subject(number)
    assert subject is not None
    return subject


def test_a_link_is_proposed_confirmed_and_undone_and_both_patients_see_it(
    hospital, numbers
) -> None:
    custodian = signed_in(hospital, CUSTODIAN)
    assert "/custodian/links" in custodian.get("/custodian/people").text
    assert custodian.post("/custodian/links", number=numbers[0], other="nobody").status_code == 422
    sent = custodian.post("/custodian/links", number=numbers[0], other=numbers[1])
    path = sent.headers["Location"]
    assert all(number in custodian.get("/custodian/links").text for number in numbers)
    assert "Link as one person" in custodian.get(path).text
    done = custodian.post(path, wish="confirm").headers["Location"]
    assert "No model in use was trained" in custodian.get(done).text
    first, second = (subject_of(hospital, number) for number in numbers)
    assert hospital.platform.store.linked_subjects(first) == tuple(sorted((first, second)))
    listed = custodian.api("GET", "/custodian/links").get_json()["links"]
    pair = next(item for item in listed if set(item["hospital_numbers"]) == set(numbers))
    assert (pair["state"], pair["is_linked"]) == ("linked", True)
    for subject in (first, second):
        patient = signed_in(hospital, PATIENT, "", subject)
        assert "two hospital numbers are both yours" in patient.get("/patient/journal").text
    decision = f"/custodian/links/{pair['id']}/decision"
    assert custodian.api("POST", decision, {"decision": "undo"}).get_json()["state"] == "undone"
    assert custodian.api("POST", decision, {"decision": "maybe"}).status_code == 422
    assert hospital.platform.store.linked_subjects(first) == (first,)
