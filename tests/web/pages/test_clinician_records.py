"""A clinician reads the records of patients who permit it, and the patient sees each reading."""

from __future__ import annotations

import json
import re
from urllib.parse import quote

import pytest
from research import add_numbers, key_of, permit
from visitors import HOSPITAL, Visitor, signed_in

from storage import Arrival, Record

pytestmark = pytest.mark.node
POTASSIUM = "http://loinc.org|2823-3"


def potassium(subject: bytes, day: str, value: float, version: int = 1) -> Record:
    resource = {
        "resourceType": "Observation",
        "status": "final",
        "code": {
            "coding": [{"system": "http://loinc.org", "code": "2823-3"}],
            "text": "Potassium <b>",
        },
        "effectiveDateTime": f"{day}T09:15:00+01:00",
        "valueQuantity": {"value": value, "unit": "mmol/L", "code": "mmol/L"},
        "referenceRange": [{"low": {"value": 3.5}, "high": {"value": 5.1}}],
        "interpretation": [{"text": "High"}],
        "performer": [{"display": "Central laboratory"}],
    }
    text = (json.dumps(resource).encode(),)
    arrivals = (Arrival("p", version, 86_400),)
    return Record(subject, "laboratory", HOSPITAL, day, {}, resources=text, arrivals=arrivals)


@pytest.fixture(scope="module")
def person(hospital) -> tuple[bytes, str]:
    """A patient with two measurements who lets the hospital read them, and the patient's key."""
    subject = hospital.new_patient()
    (number,) = add_numbers(hospital, [subject])
    records = [potassium(subject, "2024-02-15", 5.1), potassium(subject, "2024-03-15", 6.2, 2)]
    hospital.platform.store.deposits.deposit(records)
    permit(hospital, HOSPITAL, ("TREAT",), [subject])
    return subject, key_of(hospital, number)


@pytest.fixture(scope="module")
def patient(hospital, person) -> Visitor:
    return signed_in(hospital, "patient", "", person[0])


@pytest.fixture
def clinician(hospital) -> Visitor:
    return signed_in(hospital, "clinician")


def test_the_timeline_shows_values_as_written_and_the_patient_sees_who_read(
    person, patient, clinician
) -> None:
    _, key = person
    assert "Read the records" in clinician.get(f"/clinician/patients/{key}").text
    page = clinician.get(f"/clinician/patients/{key}/records").text
    for words in (
        "15 March 2024",
        "Potassium &lt;b&gt;",
        "6.2 mmol/L",
        "3.5–5.1",
        "High",
        "09:15 UTC+01:00",
        "Central laboratory",
        "version 2",
    ):
        assert words in page, words
    assert page.index("15 March 2024") < page.index("15 February 2024")
    assert "looked at your blood tests" in patient.get("/patient/journal").text


def test_a_value_is_a_chart_with_a_table_and_no_script(person, clinician) -> None:
    _, key = person
    query = f"kind=laboratory&code={quote(POTASSIUM)}"
    page = clinician.get(f"/clinician/patients/{key}/values?{query}").text
    svg = re.search(r"<svg class=\"chart\".*?</svg>", page, re.DOTALL)
    assert svg is not None
    assert svg[0].count("<circle") == 2
    assert "<title" in svg[0]
    assert "style=" not in svg[0]
    assert "<script" not in svg[0]
    assert "5.1 mmol/L" in page[svg.end() :]
    assert clinician.get(f"/clinician/patients/{key}/values?code=x|none").status_code == 404


def test_a_single_result_offers_no_picture(hospital, clinician) -> None:
    subject = hospital.new_patient()
    (number,) = add_numbers(hospital, [subject])
    hospital.platform.store.deposits.deposit([potassium(subject, "2024-02-15", 5.1)])
    permit(hospital, HOSPITAL, ("TREAT",), [subject])
    key, patient = key_of(hospital, number), signed_in(hospital, "patient", "", subject)
    page = clinician.get(f"/clinician/patients/{key}/records").text
    record = hospital.platform.store.records_of(subject)[0].record_id.hex()
    for text in (page, patient.get(f"/patient/records/{record}").text):
        assert "5.1 mmol/L" in text
        assert "Over time" not in text
    hospital.platform.store.deposits.deposit([potassium(subject, "2024-03-15", 6.2)])
    page = clinician.get(f"/clinician/patients/{key}/records").text
    assert page.count(">Over time<") == 2
    assert "Over time" in patient.get(f"/patient/records/{record}").text


def test_every_reading_is_in_the_journal_before_it_is_shown(hospital, person, clinician) -> None:
    subject, key = person
    journal = hospital.platform.store.journal
    before = len(journal.of_subject(subject, 100))
    clinician.get(f"/clinician/patients/{key}/records?kind=laboratory")
    rows = journal.of_subject(subject, 100)
    assert len(rows) == before + 2
    use = journal.use(rows[0].use)
    assert (use["party"], use["purpose"]) == (HOSPITAL, "TREAT")
    assert use["actor"] == f"clinician:{clinician.account.id}"


def test_an_empty_page_of_a_filtered_history_sends_to_older_lines(
    person, patient, clinician, monkeypatch
) -> None:
    clinician.get(f"/clinician/patients/{person[1]}/records")
    address = "/patient/journal?last=2001-01-01"
    assert "No line fits your filter." in patient.get(address).text
    monkeypatch.setattr("services.requests.history.PAGE_ROWS", 1)
    page = patient.get(address).text
    assert "No line on this page fits your filter." in page
    assert ">Older<" in page and "No line fits" not in page


def test_who_permits_only_estimates_cannot_be_read(hospital, clinician) -> None:
    subject = hospital.subjects[30]
    (number,) = add_numbers(hospital, [subject])
    key = key_of(hospital, number)
    missing = clinician.get(f"/clinician/patients/{'ab' * 16}/records")
    refused = clinician.get(f"/clinician/patients/{key}/records")
    assert (refused.status_code, refused.data) == (404, missing.data)
    assert "Read the records" not in clinician.get(f"/clinician/patients/{key}").text


def test_who_permits_only_reading_gets_no_estimate(hospital, person, clinician) -> None:
    subject, key = person
    before = len(hospital.platform.store.journal.of_subject(subject, 100))
    fields = {"patient": key, "question": "small"}
    assert clinician.post("/clinician/diagnoses/new", **fields).status_code == 404
    assert len(hospital.platform.store.journal.of_subject(subject, 100)) == before


def test_programs_get_the_same_lines(hospital, person) -> None:
    _, key = person
    program = hospital.client("clinician")
    answer = program.get(f"/clinician/patients/{key}/records?kind=laboratory").get_json()
    (line,) = answer["days"][0]["lines"]
    assert (line["written"], line["unit"], line["codes"]) == ("6.2", "mmol/L", [POTASSIUM])
    path = f"/clinician/patients/{key}/values?code={quote(POTASSIUM)}"
    assert len(program.get(path).get_json()["series"]["lines"]) == 2


def test_a_patient_sees_an_own_value_over_time(hospital, person, patient) -> None:
    subject, _ = person
    record = hospital.platform.store.records_of(subject)[0].record_id.hex()
    page = patient.get(f"/patient/records/{record}").text
    assert "5.1 mmol/L" in page
    assert "Usual range: 3.5–5.1" in page
    link = re.search(r'href="(/patient/values[^"]+)"', page)
    assert link is not None
    value = patient.get(link[1].replace("&amp;", "&")).text
    assert "<circle" in value
    assert "The shaded part is the usual range" in value
    assert patient.get("/patient/values?kind=genetics&code=x").status_code == 404


def test_a_patient_takes_the_records_to_another_hospital(person, patient) -> None:
    answer = patient.get("/patient/download/records")
    assert answer.mimetype == "application/fhir+ndjson"
    lines = [json.loads(line) for line in answer.data.splitlines()]
    kinds = [line["resourceType"] for line in lines]
    assert kinds == ["Observation", "Observation", "Provenance", "Provenance"]
    assert "Download my records" in patient.get("/patient/download").text
