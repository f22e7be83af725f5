"""A clinician's pages: patients who permit it, values first, a prediction with its limits."""

from __future__ import annotations

import json
import re

import pytest
import sqlalchemy as sa
from research import add_numbers, key_of, permit, trained_model
from visitors import HOSPITAL, Visitor, signed_in

from services.clinician.predictions import ClinicianPredictions, PredictionRefused
from services.words import Words
from storage import Arrival, Record

pytestmark = pytest.mark.node


@pytest.fixture(scope="module")
def model(hospital):
    return trained_model(hospital)


@pytest.fixture(scope="module")
def known(hospital) -> dict[str, bytes]:
    """Three patients who permit a prediction, by hospital number."""
    return add_numbers(hospital, hospital.subjects[20:23])


@pytest.fixture
def clinician(hospital) -> Visitor:
    return signed_in(hospital, "clinician")


def test_the_list_shows_patients_who_permit_it_and_can_be_searched(
    hospital, known, clinician
) -> None:
    number = next(iter(known))
    page = clinician.get(f"/clinician?search={number}").text
    assert number in page
    assert next(iter(known.values())).hex() not in page
    assert (
        "No patient in your list has this number"
        in clinician.get("/clinician?search=nobody-at-all").text
    )


def test_another_organisation_has_a_list_of_its_own(hospital, known) -> None:
    stranger = signed_in(hospital, "clinician", "organisation:elsewhere")
    page = stranger.get("/clinician").text
    assert "No patient has given you access yet." in page
    assert not any(number in page for number in known)


def test_a_prediction_is_shown_with_values_limits_reasons_and_card(
    hospital, known, model, clinician
) -> None:
    key = key_of(hospital, next(iter(known)))
    page = clinician.get(f"/clinician/patients/{key}").text
    assert model.question in page
    path = f"/clinician/diagnoses/new?patient={key}&question={model.question}"
    assert "Values for the model" in clinician.get(path).text
    done = clinician.post("/clinician/diagnoses/new", patient=key, question=model.question)
    assert done.status_code == 303
    page = clinician.get(done.location).text
    for words in (
        "Of 100 people with values like these",
        "not a diagnosis",
        "Not for people.",
        "They are not causes",
        "95 % interval",
        "Tested on about",
        "with records of This Hospital.",
    ):
        assert words in page, words
    places = ("Of 100 people", "of 100 people</fig", "more than a year old", "Not for people.")
    places += ("not causes", "Your decision", "The value used")
    assert sorted(places, key=page.index) == list(places)
    picture = clinician.get(f"{done.location}/contributions.svg")
    assert picture.mimetype == "image/svg+xml"
    card = clinician.get(f"/clinician/models/{model.id}").text
    titled = r"<p><strong>\w[^<]*</strong><br>Version: "
    assert re.search(titled, card), "the line begins with the question's title"
    assert "not known" in card
    assert "none yet" in card
    calibration = clinician.get(f"/clinician/models/{model.id}/pictures/calibration.svg")
    assert calibration.mimetype == "image/svg+xml"


def test_a_decision_against_the_model_needs_a_reason_and_is_stored(
    hospital, known, model, clinician
) -> None:
    key = key_of(hospital, next(iter(known)))
    path = clinician.post("/clinician/diagnoses/new", patient=key, question=model.question).location
    assert "Choose your decision" in clinician.post(path).text
    assert "Enter your reason" in clinician.post(path, decision="disagree").text
    done = clinician.post(path, decision="disagree", reason="A newer test is normal.")
    assert done.status_code == 303
    page = clinician.get(path).text
    assert "A newer test is normal." in page
    assert "“I disagree”, on " in page


def test_a_permission_lists_every_use_under_it_however_often_the_patient_looked_since(
    hospital, known, model, clinician, monkeypatch
) -> None:
    number, subject = next(iter(known.items()))
    fields = {"patient": key_of(hospital, number), "question": model.question}
    assert clinician.post("/clinician/diagnoses/new", **fields).status_code == 303
    patient = signed_in(hospital, "patient", "", subject)
    record = hospital.platform.store.records_of(subject)[0].record_id.hex()
    for _ in range(3):
        patient.get(f"/patient/records/{record}")
    monkeypatch.setattr("services.requests.history.PAGE_ROWS", 3)
    pages = {
        consent.terms.recipient: patient.get(f"/patient/consents/{consent.consent_id.hex()}").text
        for consent in hospital.platform.ledger.consents_of(subject)
    }
    assert "asked a model about you" in pages[HOSPITAL]
    assert "looked at your" in pages[HOSPITAL]
    assert "asked a model about you" not in pages["study:small"]


def set_state(hospital, model, state: str, ended_at_s: int | None) -> None:
    values = {"state": state, "ended_at_s": ended_at_s, "id": model.id}
    query = "UPDATE models_models SET state = :state, ended_at_s = :ended_at_s WHERE id = :id"
    with hospital.platform.engine.begin() as connection:
        connection.execute(sa.text(query), values)


@pytest.mark.parametrize(
    "end",
    [
        ("affected", "This model will be replaced or retired"),
        ("replaced", "A newer model replaced this one on 3 March 2027."),
        ("retired", "This model was retired on 3 March 2027."),
    ],
)
def test_an_earlier_estimate_says_what_became_of_its_model_since(
    hospital, known, model, clinician, end
) -> None:
    state, sentence = end
    key = key_of(hospital, next(iter(known)))
    path = clinician.post("/clinician/diagnoses/new", patient=key, question=model.question).location
    before = clinician.get(path).text
    assert "This model" not in before
    assert "newer model" not in before
    set_state(hospital, model, state, None if state == "affected" else 1_804_075_200)
    try:
        assert sentence in clinician.get(path).text
    finally:
        set_state(hospital, model, "active", None)


def test_a_patient_who_withdrew_is_not_found_even_in_an_earlier_prediction(
    hospital, known, model, clinician
) -> None:
    from cli.trial_wallet import TrialWallet

    number, subject = list(known.items())[2]
    key = key_of(hospital, number)
    path = clinician.post("/clinician/diagnoses/new", patient=key, question=model.question).location
    TrialWallet(hospital.wallet, hospital.platform.ledger).stop([subject])
    nobody = "ab" * 16
    missing = clinician.get(f"/clinician/patients/{nobody}")
    for refused in (
        clinician.get(f"/clinician/patients/{key}"),
        clinician.get(path),
        clinician.get(f"{path}/contributions.svg"),
        clinician.get(f"/clinician/diagnoses/new?patient={key}&question={model.question}"),
        clinician.post("/clinician/diagnoses/new", patient=key, question=model.question),
        clinician.get(f"/clinician/diagnoses/{nobody}"),
    ):
        assert (refused.status_code, refused.data) == (404, missing.data)
    assert number not in clinician.get("/clinician").text


def test_a_request_shows_the_same_page_whether_the_person_exists_or_not(
    hospital, known, clinician
) -> None:
    number = list(known)[1]
    fields = {"categories": "vital-signs", "days": "90", "reason": "To plan your next visit."}
    fields["purposes"] = "TREATDS"
    there = clinician.post("/clinician/requests/new", number=number, **fields)
    nowhere = clinician.post("/clinician/requests/new", number="nobody", **fields)
    assert (there.status_code, there.location) == (nowhere.status_code, nowhere.location)
    page = clinician.get(there.location).text
    waiting = "No permission yet; can reply until"
    assert page.count(waiting) == 2
    (request,) = [
        request
        for request in hospital.platform.requests.requests.list_waiting(known[number])
        if request.details.purposes == ("TREATDS",)
    ]
    assert request.details.reason == "To plan your next visit."
    read = hospital.services.custodian.approvals._descriptions.describe(
        Words("en"), request.details
    )
    text = " ".join(section.text for section in read.sections)
    assert "The reason they give: “To plan your next visit.”" in text
    requests = hospital.platform.requests.requests
    requests.record_answer(request, "declined")
    assert clinician.get("/clinician/requests").text.count(waiting) == 2
    requests.send(request.details, [known[number]], clinician.account.id, number)
    assert clinician.get("/clinician/requests").text.count(waiting) == 3


def test_a_reply_shows_only_when_it_is_yes(hospital, known, clinician) -> None:
    number, subject = list(known.items())[0]
    fields = {"number": number, "categories": "vital-signs", "days": "90", "purposes": "TREATDS"}
    clinician.post("/clinician/requests/new", **fields)
    requests = hospital.platform.requests.requests
    request = requests.list_waiting(subject)[0]
    requests.record_answer(request, "accepted", bytes(32))
    assert "Permitted on" in clinician.get("/clinician/requests").text


def test_a_question_ticks_the_kinds_of_records_that_it_uses(clinician, model) -> None:
    page = clinician.get(f"/clinician/requests/new?question={model.question}").text
    ticked = [part for part in page.split("<input") if "checked" in part]
    assert [part.split('value="')[1].split('"')[0] for part in ticked] == [
        "TREATDS",
        "vital-signs",
    ]
    assert "needed for this estimate" in page


def test_estimates_are_listed_for_their_clinician_and_for_the_patient(
    hospital, known, model, clinician
) -> None:
    number = next(iter(known))
    key = key_of(hospital, number)
    path = clinician.post("/clinician/diagnoses/new", patient=key, question=model.question).location
    for page in ("/clinician/diagnoses", f"/clinician/patients/{key}"):
        assert path in clinician.get(page).text, page
    assert path not in signed_in(hospital, "clinician").get("/clinician/diagnoses").text
    assert number in clinician.get("/clinician?today=yes").text
    assert number not in signed_in(hospital, "clinician").get("/clinician?today=yes").text


def test_the_list_has_pages_and_an_order(clinician) -> None:
    first = clinician.get("/clinician").text
    assert "Patients 1 to 50 of" in first
    assert "page=2" in first
    second = clinician.get("/clinician?page=2&order=until").text
    assert "Patients 51 to 100 of" in second
    assert "page=1" in second
    assert "order=until" in second
    assert clinician.get("/clinician?page=99999").status_code == 200


def test_the_list_says_that_its_day_is_the_end_of_the_first_permission(hospital, clinician) -> None:
    subject, ends = hospital.new_patient(), []
    record = Record(subject, "vital-signs", HOSPITAL, "2024-01-02", {"x|number": (61.5, "kg")})
    hospital.platform.store.deposits.deposit([record])
    [number] = add_numbers(hospital, [subject])
    for purpose, days in (("TREATDS", 300), ("TREAT", 30)):
        permit(hospital, HOSPITAL, (purpose,), [subject], days=days)
        now_s = int(hospital.platform.installation.clock())
        ends.append(Words("en").last_day(now_s + days * 86_400))
    page = clinician.get(f"/clinician?search={number}").text
    assert "First permission ends" in page
    assert ">Until<" not in page
    assert [day in page for day in ends] == [False, True]
    details = clinician.get(f"/clinician/patients/{key_of(hospital, number)}").text
    assert all(day in details for day in ends)


def test_an_empty_request_names_what_is_missing(clinician) -> None:
    page = clinician.post("/clinician/requests/new").text
    assert "There is a problem" in page
    assert "Enter the hospital number" in page
    assert "what it is for" in page
    summary = page[page.index('class="problems"') : page.index("<h1")]
    linked = re.findall(r'href="#(\w+)"', summary)
    fields = [page.index(f'id="{name}', page.index("<h1")) for name in linked]
    assert linked
    assert fields == sorted(fields)  # the summary lists the fields in their order


@pytest.mark.parametrize("role", ["researcher", "custodian", "auditor"])
def test_other_roles_cannot_open_the_clinicians_pages(hospital, role) -> None:
    assert signed_in(hospital, role).get("/clinician").status_code == 404


def test_names_are_shown_where_they_may_be_read_and_each_is_journalled(hospital, clinician) -> None:
    readable, other = hospital.new_patient(), hospital.new_patient()
    numbers = add_numbers(hospital, [readable, other])
    store = hospital.platform.store
    store.deposits.deposit([named(readable, "Anna <b>Bee"), named(other, "Hidden Name")])
    permit(hospital, HOSPITAL, ("TREAT",), [readable])
    permit(hospital, HOSPITAL, ("TREATDS",), [other])
    plain = clinician.get("/clinician?search=MRN").text
    assert "Anna" not in plain
    assert store.journal.of_subject(readable) == []
    pages = [clinician.get(f"/clinician?search={number}&names=yes").text for number in numbers]
    assert "<bdi>Anna &lt;b&gt;Bee</bdi>" in pages[0]
    assert "28 February 1970" in pages[0]
    assert not any("Hidden Name" in page for page in pages)
    (row,) = store.journal.of_subject(readable)
    use = store.journal.uses_of([row.use])[row.use]
    assert (row.answer.outcome, use["purpose"]) == ("permitted", "TREAT")
    assert use["actor"] == f"clinician:{clinician.account.id}"
    assert store.journal.of_subject(other) == []
    patient = signed_in(hospital, "patient", "", readable)
    assert "looked at your age, sex and background" in patient.get("/patient/journal").text
    listed = clinician.api("GET", f"/clinician/patients?names=true&search={next(iter(numbers))}")
    (item,) = listed.get_json()["patients"]
    assert (item["name"], item["birth_date"]) == ("Anna <b>Bee", "1970-02-28")
    without = clinician.api("GET", "/clinician/patients").get_json()["patients"]
    assert {(each["name"], each["birth_date"]) for each in without} == {("", "")}


def test_a_link_on_another_site_opens_no_names(clinician) -> None:
    headers = {"Sec-Fetch-Site": "cross-site"}
    assert clinician.http.get("/clinician?names=yes", headers=headers).status_code == 403
    assert clinician.http.get("/clinician", headers=headers).status_code == 200


def named(subject: bytes, name: str) -> Record:
    """Return the demographics record of somebody with this name."""
    resource = {"resourceType": "Patient", "name": [{"text": name}], "birthDate": "1970-02-28"}
    text, arrivals = (json.dumps(resource).encode(),), (Arrival("p", 1, 86_400),)
    return Record(
        *(subject, "demographics", HOSPITAL, "2024-01-02", {}), resources=text, arrivals=arrivals
    )


def test_an_estimate_is_the_main_button_of_a_patient_who_also_permits_reading(
    hospital, model, clinician
) -> None:
    people = add_numbers(hospital, [hospital.subjects[23]])
    permit(hospital, HOSPITAL, ("TREAT", "TREATDS"), list(people.values()))
    key = key_of(hospital, next(iter(people)))
    page = clinician.get(f"/clinician/patients/{key}").text
    assert f'<a class="button second" href="/clinician/patients/{key}/records">' in page
    assert re.findall(r'"button primary" href="([^?"]*)', page) == ["/clinician/diagnoses/new"]


@pytest.mark.parametrize("action", ["inputs", "predict"])
def test_no_estimate_leads_back_to_the_patient(clinician, monkeypatch, action: str) -> None:
    def refuse(*_: object) -> None:
        raise PredictionRefused("no-model", Words("en"))

    monkeypatch.setattr(ClinicianPredictions, action, refuse)
    where = "/clinician/diagnoses/new"
    fields = {"patient": "a/b", "question": "q"}
    if action == "inputs":
        answer = clinician.get(f"{where}?patient=a%2Fb&question=q")
    else:
        answer = clinician.post(where, **fields)
    assert answer.status_code == 422
    assert answer.text.count('href="/clinician/patients/a%2Fb"') == 2  # above, and below the reason
