"""A clinician's API: patients, values, predictions, decisions; a refusal looks like no patient."""

from __future__ import annotations

import secrets

import pytest
from research import HOSPITAL, add_numbers, key_of, trained_model
from visitors import signed_in
from work import count_work

from cli.trial_wallet import TrialWallet
from services.accounts import PATIENT

pytestmark = pytest.mark.node


@pytest.fixture(scope="module")
def model(hospital):
    return trained_model(hospital)


@pytest.fixture(scope="module")
def known(hospital) -> dict[str, bytes]:
    """Three patients who permit a prediction, by hospital number; others than the pages' tests."""
    return add_numbers(hospital, hospital.subjects[24:27])


@pytest.fixture
def doctor(hospital):
    return signed_in(hospital, "clinician")


def test_the_list_has_patients_who_permit_it_and_none_of_another_organisation(
    hospital, known, doctor
) -> None:
    number = next(iter(known))
    answer = doctor.api("GET", f"/clinician/patients?search={number}").get_json()
    assert [patient["hospital_number"] for patient in answer["patients"]] == [number]
    assert answer["total"] == 1
    elsewhere = signed_in(hospital, "clinician", "organisation:elsewhere")
    empty = elsewhere.api("GET", "/clinician/patients").get_json()
    assert empty == {"patients": [], "total": 0, "page": 1, "pages": 1}


def test_a_prediction_has_its_interval_reasons_limits_and_plots(
    hospital, known, model, doctor
) -> None:
    key = key_of(hospital, next(iter(known)))
    fits = doctor.api("GET", f"/clinician/patients/{key}").get_json()["questions"]
    assert model.question in [question["id"] for question in fits]
    path = f"/clinician/patients/{key}/values/{model.question}"
    values = doctor.api("GET", path).get_json()["values"]
    assert [(value["words"], value["problem"]) for value in values] == [("number", "")]
    query = {"patient": key, "question": model.question}
    done = doctor.api("POST", "/clinician/diagnoses", query)
    assert done.status_code == 201
    answer = done.get_json()
    low, high = answer["interval"]
    assert low <= answer["probability"] <= high
    assert answer["not_for"] == ["Not for people."]
    assert answer["contributions"][0]["words"] == "number"
    path = f"/clinician/diagnoses/{answer['id']}"
    assert doctor.api("GET", path).get_json() == answer
    assert doctor.api("GET", f"{path}/contributions").mimetype == "image/svg+xml"
    picture = f"/clinician/models/{model.id}/pictures"
    assert doctor.api("GET", f"{picture}/calibration").mimetype == "image/svg+xml"
    assert doctor.api("GET", f"{picture}/nothing").status_code == 404


def test_a_decision_against_the_model_needs_a_reason_and_is_stored(
    hospital, known, model, doctor
) -> None:
    query = {"patient": key_of(hospital, next(iter(known))), "question": model.question}
    path = f"/clinician/diagnoses/{doctor.api('POST', '/clinician/diagnoses', query).json['id']}"
    bare = doctor.api("POST", f"{path}/decision", {"decision": "disagree"})
    assert (bare.status_code, set(bare.get_json()["errors"])) == (422, {"reason"})
    decision = {"decision": "disagree", "reason": "A newer test is normal."}
    answer = doctor.api("POST", f"{path}/decision", decision).get_json()
    assert (answer["decision"], answer["reason"]) == ("disagree", decision["reason"])


def test_a_patient_who_withdrew_is_not_found(hospital, known, model, doctor) -> None:
    number, subject = list(known.items())[2]
    key = key_of(hospital, number)
    query = {"patient": key, "question": model.question}
    diagnosis = doctor.api("POST", "/clinician/diagnoses", query).get_json()["id"]
    TrialWallet(hospital.wallet, hospital.platform.ledger).stop([subject])
    nobody = secrets.token_hex(16)
    missing = doctor.api("GET", f"/clinician/patients/{nobody}")
    assert missing.status_code == 404
    for refused in (
        doctor.api("GET", f"/clinician/patients/{key}"),
        doctor.api("GET", f"/clinician/patients/{key}/values/{model.question}"),
        doctor.api("POST", "/clinician/diagnoses", query),
        doctor.api("GET", f"/clinician/diagnoses/{diagnosis}"),
        doctor.api("GET", f"/clinician/diagnoses/{diagnosis}/contributions"),
        doctor.api("POST", f"/clinician/diagnoses/{diagnosis}/decision", {"decision": "agree"}),
        doctor.api("GET", f"/clinician/diagnoses/{nobody}"),
    ):
        assert (refused.status_code, refused.data) == (404, missing.data)
        assert dict(refused.headers).keys() == dict(missing.headers).keys()


def test_a_request_has_the_same_response_whether_the_person_exists_or_not(
    hospital, known, doctor
) -> None:
    number = list(known)[1]
    request = {"number": number, "categories": ["vital-signs"], "days": 90}
    there = doctor.api("POST", "/clinician/requests", request)
    nowhere = doctor.api("POST", "/clinician/requests", request | {"number": "nobody"})
    assert (there.status_code, there.data) == (nowhere.status_code, nowhere.data)
    waiting = hospital.platform.requests.requests.list_waiting(known[number])
    assert ("TREATDS",) in [request.details.purposes for request in waiting]
    wrong = doctor.api("POST", "/clinician/requests", {"number": "1", "categories": [], "days": 1})
    assert set(wrong.get_json()["errors"]) == {"categories", "days"}


def test_a_token_acts_for_its_organisation_and_other_roles_are_refused(
    hospital, known, clinician
) -> None:
    number = next(iter(known))
    answer = clinician.get(f"/clinician/patients?search={number}").get_json()
    assert answer["total"] == 1
    for role in ("researcher", "custodian", "auditor"):
        assert hospital.client(role, HOSPITAL).get("/clinician/patients").status_code == 403
    patient = signed_in(hospital, PATIENT, "", hospital.subjects[0])
    assert patient.api("GET", "/clinician/patients").status_code == 403
    assert hospital.client().get("/clinician/patients").status_code == 401


def test_the_work_of_an_answer_does_not_creep_up(hospital, known, model, clinician) -> None:
    query = {"patient": key_of(hospital, next(iter(known))), "question": model.question}
    assert clinician.post("/clinician/diagnoses", query).status_code == 201
    counts = []
    for _ in range(3):
        with count_work(hospital.platform.engine) as done:
            assert clinician.post("/clinician/diagnoses", query).status_code == 201
        counts.append(done)
    # The least: once in a while an answer also compares the models with the ledger.
    least = min(counts, key=lambda each: each["statements"])
    # Four looks at the ledger, of one question each while no block is new: for the list, before and
    # after the records are opened, and before the answer leaves. Three commits: access, use, and
    # the stored prediction.
    assert (least["chain"], least["commits"]) == (4, 3)
    assert least["statements"] <= 45
    assert (least["parses"], least["schemas"]) == (0, 0)


def test_a_token_gets_a_prediction_and_the_journal_has_its_reason(
    hospital, known, model, clinician
) -> None:
    number, subject = next(iter(known.items()))
    query = {"patient": key_of(hospital, number), "question": model.question, "reason": "she asks"}
    answer = clinician.post("/clinician/diagnoses", query)
    assert answer.status_code == 201, answer.data
    journal = hospital.platform.store.journal
    use = journal.use(journal.of_subject(subject, 1)[0].use)
    assert (use["party"], use["why"]) == (HOSPITAL, "she asks")
    assert use["actor"].startswith("clinician:")


def test_a_prediction_for_another_organisation_and_for_nobody_differ_in_no_byte(
    hospital, known, model, clinician
) -> None:
    other = hospital.client("clinician", "organisation:elsewhere")
    query = {"patient": key_of(hospital, next(iter(known))), "question": model.question}
    refused = other.post("/clinician/diagnoses", query)
    missing = clinician.post("/clinician/diagnoses", query | {"patient": "ab" * 16})
    assert (refused.status_code, refused.data) == (404, missing.data)
    changing = ("X-Request-Id", "Date")
    headers = [
        {k: v for k, v in a.headers.items() if k not in changing} for a in (refused, missing)
    ]
    assert headers[0] == headers[1]


def test_the_card_of_a_model_in_service_can_be_read(model, clinician) -> None:
    models = clinician.get("/clinician/models").get_json()["models"]
    assert model.id in [entry["model"] for entry in models]
    card = clinician.get(f"/clinician/models/{model.id}/card").get_json()
    assert 0.5 < card["evaluation"]["auroc"]["value"] <= 1
    assert clinician.get("/clinician/models/none/card").status_code == 404
