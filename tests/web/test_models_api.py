from __future__ import annotations

import pytest

import app as application
from services.statement import RequestedTerms
from services.tokens import CLINICIAN, RESEARCHER
from services.trial import sign_grants, stop_all
from storage import Record

pytestmark = pytest.mark.node
HOSPITAL = "organisation:this-hospital"
STUDY = "study:small"


@pytest.fixture(scope="module")
def model(hospital) -> str:
    """The id of a model, trained by way of the API and the worker."""
    researcher = hospital.client(RESEARCHER, STUDY)
    known = [one["id"] for one in researcher.get("/questions").get_json()["questions"]]
    for question in (name for name in known if name.startswith("small")):
        accepted = researcher.post("/models", {"question": question})
        assert accepted.status_code == 202
        job = accepted.get_json()["id"]
        application.make_worker(hospital.platform).run(job)
        done = researcher.get(f"/jobs/{job}").get_json()
        if done["state"] == "done":
            return done["result"]["model"]
        assert "not published" in done["error"]
    raise AssertionError(done["error"])


def question_of(model: str) -> str:
    return model.rsplit("-", 1)[0]


def test_a_model_is_listed_with_its_card(model, researcher, auditor) -> None:
    assert model in [one["model"] for one in researcher.get("/models").get_json()["models"]]
    assert auditor.get(f"/models/{model}").get_json()["state"] == "active"
    card = researcher.get(f"/models/{model}/card").get_json()
    assert 0.5 < card["evaluation"]["auroc"]["value"] <= 1


def test_another_study_does_not_learn_that_there_is_a_model(hospital, model) -> None:
    other = hospital.client(RESEARCHER, "study:other")
    refused = other.get(f"/models/{model}/card")
    missing = other.get("/models/small-9999/card")
    assert (refused.status_code, refused.data) == (404, missing.data)
    assert other.get("/models").get_json() == {"models": []}
    assert other.post(f"/models/{model}/retraining", {}).data == missing.data


def test_a_clinician_is_answered_about_a_patient_who_permits_it(hospital, model, clinician) -> None:
    subject = hospital.subjects[90]
    asked = {"subject": subject.hex(), "question": question_of(model), "why": "she asks"}
    answer = clinician.post("/diagnoses", asked)
    told = answer.get_json()
    assert answer.status_code == 200, told
    assert question_of(told["model"]) == question_of(model)
    assert 0 <= told["probability"] <= 1
    row = hospital.platform.store.journal.of_subject(subject, 1)[0]
    assert hospital.platform.store.journal.use(row.use)["party"] == HOSPITAL


def test_refused_and_missing_are_the_same_byte_for_byte(hospital, model, clinician) -> None:
    other = hospital.client(CLINICIAN, "organisation:elsewhere")
    person, question = hospital.subjects[90].hex(), question_of(model)
    asked = {"subject": person, "question": question, "why": "curious"}
    refused = other.post("/diagnoses", asked)
    missing = clinician.post("/diagnoses", asked | {"subject": "ab" * 32})
    assert refused.status_code == missing.status_code == 404
    assert refused.data == missing.data
    quiet = ("X-Request-Id", "Date")
    heads = [{k: v for k, v in a.headers.items() if k not in quiet} for a in (refused, missing)]
    assert heads[0] == heads[1]


def test_no_small_count_is_told(hospital, researcher) -> None:
    told = researcher.post("/cohorts", {"question": "small"}).get_json()
    assert told["patients"] >= 100
    counts = [told["records"], *told["refused_records"].values()]
    assert all(count == "1 to 10" or count == 0 or count >= 11 for count in counts)


def test_one_person_who_joins_or_leaves_moves_no_count(hospital, researcher) -> None:
    platform, asked = hospital.platform, {"question": "small"}
    before = researcher.post("/cohorts", asked).get_json()
    one = hospital.new_patient()
    held = (("vital-signs", "x|number", (40.0, "kg")), ("condition", "x|label", ("no", "")))
    platform.store.deposits.deposit(
        [Record(one, kind, HOSPITAL, "2024-01-02", {code: value}) for kind, code, value in held]
    )
    permit, now_s = RequestedTerms("permit", STUDY, ("MLTRAINING",)), int(platform.clock())
    grants = sign_grants(platform, hospital.wallet, [(one, permit, now_s, now_s + 1000)])
    assert platform.ledger.grant(grants)[0].ok
    joined = researcher.post("/cohorts", asked).get_json()
    stop_all(platform, hospital.wallet, [one], lambda *_: None)
    left = researcher.post("/cohorts", asked).get_json()
    for name in ("patients", "records"):
        assert before[name] == joined[name] == left[name]


def test_a_model_is_trained_anew(hospital, model, researcher) -> None:
    job = researcher.post(f"/models/{model}/retraining", {}).get_json()["id"]
    application.make_worker(hospital.platform).run(job)
    done = researcher.get(f"/jobs/{job}").get_json()
    assert done["state"] == "done", done["error"]
    assert researcher.get(f"/models/{model}").get_json()["successor"] == done["result"]["model"]


def test_a_study_registers_itself_and_no_other(hospital) -> None:
    new = hospital.client(RESEARCHER, "study:new")
    body = {"title": "New", "until_s": int(hospital.platform.clock()) + 1000}
    assert new.post("/studies", body).status_code == 201
    assert new.post("/studies", body | {"id": STUDY}).status_code == 422
    assert "study:new" in [one["id"] for one in new.get("/studies").get_json()["studies"]]


def test_a_study_that_is_not_registered_trains_nothing(hospital) -> None:
    unknown = hospital.client(RESEARCHER, "study:unknown")
    assert unknown.post("/models", {"question": "small"}).status_code == 404
    assert unknown.post("/cohorts", {"question": "small"}).status_code == 404


def test_a_question_that_is_not_there_is_not_found(researcher) -> None:
    assert researcher.post("/models", {"question": "none"}).status_code == 404
    assert "small" in [q["id"] for q in researcher.get("/questions").get_json()["questions"]]


def test_jobs_are_their_askers_and_the_auditors(hospital, researcher, auditor) -> None:
    job = researcher.post("/models", {"question": "small"}).get_json()["id"]
    other = hospital.client(RESEARCHER, "study:other")
    assert other.get(f"/jobs/{job}").data == other.get("/jobs/none").data
    assert auditor.get(f"/jobs/{job}").get_json()["state"] == "queued"
    assert auditor.ask("DELETE", f"/jobs/{job}").status_code == 404
    assert researcher.ask("DELETE", f"/jobs/{job}").get_json()["state"] == "cancelled"


def test_everything_is_checked_and_the_evidence_is_handed_out(hospital, model, auditor) -> None:
    hospital.platform.store.journal.anchor()
    job = auditor.post("/verifications", {}).get_json()["id"]
    application.make_worker(hospital.platform).run(job)
    done = auditor.get(f"/jobs/{job}").get_json()
    assert (done["state"], done["result"]["findings"]) == ("done", [])
    evidence = auditor.get("/evidence")
    assert evidence.content_type == "application/x-ndjson"
    assert len(evidence.data.splitlines()) > 100
