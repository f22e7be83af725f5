"""The custodian's pages about duplicates and deaths, with the patients' history."""

from __future__ import annotations

import secrets

import pytest
from visitors import HOSPITAL, signed_in

from services.accounts import PATIENT
from services.tokens import CUSTODIAN
from storage import Record

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
    assert "No further model has to be replaced" in custodian.get(done).text
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


def test_a_death_is_noted_with_the_rule_for_consents_and_undone(hospital, numbers) -> None:
    custodian = signed_in(hospital, CUSTODIAN)
    assert "stay in force" in custodian.get("/custodian/deceased").text
    assert custodian.post("/custodian/deceased", number="nobody").status_code == 422
    custodian.post("/custodian/deceased", number=numbers[0])
    assert numbers[0] in custodian.get("/custodian/deceased").text
    patient = signed_in(hospital, PATIENT, "", subject_of(hospital, numbers[0]))
    assert "noted that you have died" in patient.get("/patient/journal").text
    listed = custodian.api("GET", "/custodian/deceased").get_json()["deceased"]
    assert numbers[0] in [item["hospital_number"] for item in listed]
    custodian.post("/custodian/deceased", number=numbers[0], wish="undo")
    body = {"number": numbers[0], "has_died": False}
    listed = custodian.api("POST", "/custodian/deceased", body).get_json()["deceased"]
    assert numbers[0] not in [item["hospital_number"] for item in listed]


def test_a_record_is_moved_on_the_page_and_by_the_api(hospital, numbers) -> None:
    custodian, store = signed_in(hospital, CUSTODIAN), hospital.platform.store
    first, second = (subject_of(hospital, number) for number in numbers)
    record = Record(first, "laboratory", HOSPITAL, "2024-01-02", {"x|glucose": (5.1, "mmol/L")})
    [record_id] = store.deposits.deposit([record]).record_ids
    assert custodian.post("/custodian/moves", number="nobody").status_code == 422
    page = custodian.post("/custodian/moves", number=numbers[0]).text
    assert record_id in page
    assert "2 January 2024, blood tests" in page
    form = {"number": numbers[0], "wish": "move", "other": numbers[1]}
    assert custodian.post("/custodian/moves", **form).status_code == 422
    done = custodian.post("/custodian/moves", **form, record=record_id).headers["Location"]
    assert "The record was moved." in custodian.get(done).text
    assert (store.records_of(first), len(store.records_of(second))) == ([], 1)
    listed = custodian.api("POST", "/custodian/filed-records", {"number": numbers[1]}).get_json()
    [moved] = listed["records"]
    back = f"/custodian/records/{moved['record_id']}/move"
    assert custodian.api("POST", back, {"number": numbers[0]}).get_json()["affected_models"] == []
    assert (len(store.records_of(first)), store.records_of(second)) == (1, [])
    patient = signed_in(hospital, PATIENT, "", second)
    assert "belongs to another person" in patient.get("/patient/journal").text
