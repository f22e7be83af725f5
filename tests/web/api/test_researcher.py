"""A researcher's API: all that the pages do, for whose study it is; no small number."""

from __future__ import annotations

import io
import json
import re
import secrets
import zipfile

import pyarrow.parquet as pq
import pytest
from research import permit, routes_of
from visitors import HOSPITAL, signed_in

import app as application
from cli.trial_wallet import TrialWallet
from models.count_noise import DEVIATION
from services.requests import ACCEPTED, WAITING, ConsentRequests
from services.tokens import CUSTODIAN, RESEARCHER, ROLES
from storage import Record

pytestmark = pytest.mark.node
ELSEWHERE = "organisation:elsewhere"
DAY_S = 86_400


@pytest.fixture(scope="module")
def researcher(hospital):
    return signed_in(hospital, RESEARCHER)


def proposal(**changed):
    body = {
        "title": f"Study {secrets.token_hex(4)}",
        "question": "small",
        "condition": "it",
        "protocol": "We look.\nThen we stop.",
        "board": "Board, 12/34",
        "contact": "Dr R",
        "days": 365,
        "ends_on": "2090-03-01",
    }
    return body | changed


def proposed(researcher, **changed) -> str:
    """Register a study and return its path."""
    done = researcher.api("POST", "/researcher/studies", proposal(**changed))
    assert done.status_code == 201, done.data
    return "/researcher/studies/" + done.get_json()["id"].removeprefix("study:")


def approved(hospital, researcher, **changed) -> tuple[str, str]:
    """Register a study, have the custodian approve it, return its path and id."""
    path = proposed(researcher, **changed)
    study = "study:" + path.rsplit("/", 1)[1]
    hospital.platform.requests.proposals.approve(study, "c")
    return path, study


@pytest.fixture(scope="module")
def leavers(hospital) -> list[bytes]:
    """Thirteen people of these tests alone, with records, who stop everything in them."""
    labels = [secrets.token_hex(8) for _ in range(13)]
    assert TrialWallet(hospital.wallet, hospital.platform.ledger).enrol(labels).done == 13
    people = [hospital.wallet.get_subject(label) for label in labels]
    documents = (("vital-signs", "x|number", (40.0, "kg")), ("condition", "x|label", ("no", "")))
    hospital.platform.store.deposits.deposit(
        [
            Record(person, kind, HOSPITAL, "2024-01-02", {code: value})
            for person in people
            for kind, code, value in documents
        ]
    )
    return people


@pytest.fixture(scope="module")
def trained(hospital, researcher, leavers) -> tuple[str, str, str]:
    """The path and id of a study, and its model, trained by way of the API and the worker."""
    path, study = approved(hospital, researcher, question="small")
    permit(hospital, study, ("MLTRAINING",), [*hospital.subjects[40:], leavers[12]])
    job = researcher.api("POST", f"{path}/training", {}).get_json()["id"]
    application.make_worker(hospital.platform).run(job)
    done = researcher.api("GET", f"{path}/training/{job}").get_json()
    assert done["state"] == "done", done["error"]
    return path, study, done["result"]["model"]


@pytest.fixture
def counting(hospital):
    hospital.platform.custodian.counting.allow("c")
    yield
    hospital.platform.custodian.counting.forbid("c")


def test_a_question_has_no_number_unless_the_custodian_allows_counting(researcher) -> None:
    question = researcher.api("GET", "/researcher/questions/small").get_json()
    assert question["features"][0]["words"] == "number"
    assert (question["is_counted"], question["people"]) == (False, "not counted")
    assert question["counted_on"] is None


def test_a_question_shows_each_organisation_one_number_of_eligible_people(
    hospital, researcher, counting
) -> None:
    question = researcher.api("GET", "/researcher/questions/small").get_json()
    assert question["features"][0]["words"] == "number"
    assert question["people"] >= 600
    colleague = signed_in(hospital, RESEARCHER)
    assert colleague.api("GET", "/researcher/questions/small").get_json() == question
    other = signed_in(hospital, RESEARCHER, ELSEWHERE)
    number = other.api("GET", "/researcher/questions/small").get_json()["people"]
    assert abs(number - question["people"]) < 10 * DEVIATION
    assert researcher.api("GET", "/researcher/questions/none").status_code == 404
    listed = researcher.api("GET", "/researcher/questions").get_json()["questions"]
    assert "small" in [question["id"] for question in listed]


def test_dummy_data_of_a_question_can_be_downloaded_by_page_and_api(researcher) -> None:
    answers = [
        researcher.api("GET", "/researcher/questions/small/dummy"),
        researcher.get("/researcher/questions/small/dummy"),
    ]
    for answer in answers:
        with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
            assert json.loads(archive.read("manifest.json"))["level"] == "dummy"
    assert answers[0].data == answers[1].data
    assert researcher.api("GET", "/researcher/questions/none/dummy").status_code == 404


def test_a_question_is_compared_with_what_a_study_may_use(hospital, trained) -> None:
    _, study, _ = trained
    questions = hospital.services.researcher.questions
    file = hospital.platform.installation.home / "questions" / "small.toml"
    parts = {part.name: part for part in questions.check(file, study).parts}
    assert parts["label"].people >= 600
    assert [use.unit for use in parts["x|number"].units] == ["kg"]


def test_a_study_waits_for_the_custodian_and_then_asks_everyone_who_is_eligible(
    hospital, researcher
) -> None:
    path = proposed(researcher)
    study = researcher.api("GET", path).get_json()
    assert (study["state"], study["asked"]) == ("proposed", 0)
    for what in ("request", "training"):
        assert researcher.api("POST", f"{path}/{what}", {}).status_code == 404
    hospital.platform.requests.proposals.approve(study["id"], "c")
    preview = researcher.api("GET", f"{path}/request").get_json()
    assert "is asking to learn from your records" in preview["says"][0]["text"]
    people = researcher.api("POST", f"{path}/request", {}).get_json()["asked"]
    assert people == preview["people"] >= len(hospital.subjects)
    assert researcher.api("POST", f"{path}/request", {}).get_json()["asked"] == people
    listed = researcher.api("GET", "/researcher/studies").get_json()["studies"]
    states = {item["id"]: item["state"] for item in listed}
    assert states[study["id"]] == "approved"


def test_the_same_proposal_again_changes_nothing_and_another_of_its_name_is_refused(
    researcher,
) -> None:
    body = proposal()
    first, again = (researcher.api("POST", "/researcher/studies", body) for _ in range(2))
    assert (first.status_code, first.get_json()["id"]) == (201, again.get_json()["id"])
    other = researcher.api("POST", "/researcher/studies", body | {"board": "Another"})
    assert other.status_code == 422
    assert set(other.get_json()["errors"]) == {"title"}


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"title": "a\nb"}, "title"),
        ({"protocol": " "}, "protocol"),
        ({"board": ""}, "board"),
        ({"question": "none"}, "question"),
        ({"days": 7}, "days"),
        ({"ends_on": "2020-01-01"}, "ends_on"),
        ({"ends_on": "tomorrow"}, "ends_on"),
        ({"wants_copy": "yes"}, "wants_copy"),
        ({"more": 1}, "more"),
    ],
)
def test_what_is_wrong_with_a_study_is_named(researcher, changed, field) -> None:
    done = researcher.api("POST", "/researcher/studies", proposal(**changed))
    assert done.status_code == 422
    assert set(done.get_json()["errors"]) == {field}


def test_a_title_in_any_letters_names_a_study_of_its_own(researcher) -> None:
    mark = secrets.token_hex(4)
    paths = [proposed(researcher, title=title) for title in (f"Für Ärzte {mark}", "心臓", "糖尿")]
    assert paths[0].endswith(f"/fur-arzte-{mark}")
    assert len(set(paths)) == 3
    assert all(researcher.get(path).status_code == 200 for path in paths)


def test_a_study_may_end_on_the_last_day_of_the_calendar(hospital, researcher) -> None:
    path, study = approved(hospital, researcher, ends_on="9999-12-31", wants_copy=True)
    permit(hospital, study, ("MLTRAINING", "HRESCH"), hospital.subjects[200:260])
    for page in (path, f"{path}/cohort", path.replace("studies", "sets"), "/researcher"):
        assert researcher.get(page).status_code == 200, page
    assert researcher.api("POST", f"{path}/request", {}).status_code == 200
    assert researcher.api("GET", f"{path}/set").get_json()["people"] == 60


def test_the_token_of_a_study_sees_that_study_and_proposes_no_other(hospital, researcher) -> None:
    path, study = approved(hospital, researcher)
    token = hospital.client(RESEARCHER, study)
    studies = token.get("/researcher/studies").get_json()["studies"]
    assert [item["id"] for item in studies] == [study]
    assert token.get(f"{path}/cohort").get_json()["asked"] == "0 to 10"
    assert token.post("/researcher/studies", proposal()).status_code == 403
    other = hospital.client(RESEARCHER, "study:other")
    assert other.get(path).status_code == 404
    assert other.get("/researcher/studies").get_json() == {"studies": []}


def test_a_cohort_grows_in_steps_and_no_small_number_is_shown(hospital, researcher) -> None:
    path, study = approved(hospital, researcher)
    seen = []
    researcher.api("POST", f"{path}/request", {})
    for first, last in ((0, 0), (0, 5), (5, 10), (10, 80)):
        permit(hospital, study, ("MLTRAINING",), hospital.subjects[first:last])
        seen.append(researcher.api("GET", f"{path}/cohort").get_json())
    assert [cohort["permitted_in_all"] for cohort in seen] == ["0 to 10"] * 3 + [80]
    assert [cohort["is_enough"] for cohort in seen] == [False, False, False, True]
    counts = [n for cohort in seen for n in (cohort["asked"], *cohort["not_included"].values())]
    assert all(n == "0 to 10" or n >= 11 for n in counts)


def test_no_count_says_nobody_while_up_to_ten_people_are_there(hospital, researcher) -> None:
    path, study = approved(hospital, researcher, wants_copy=True)
    researcher.api("GET", path)
    researcher.api("GET", f"{path}/set")
    permit(hospital, study, ("MLTRAINING", "HRESCH"), hospital.subjects[:5])
    cohort = researcher.api("GET", f"{path}/cohort").get_json()
    counts = {name: cohort[name] for name in ("asked", "permitted", "permitted_in_all")}
    counts["agreed"] = researcher.api("GET", path).get_json()["agreed"]
    counts["people"] = researcher.api("GET", f"{path}/set").get_json()["people"]
    assert set(counts.values()) == {"0 to 10"}
    page = researcher.get(path.replace("studies", "sets")).text
    assert "People who permit a copy: hidden." in page
    assert "“Hidden” is a number of 10 or fewer" in page


def test_no_number_shows_how_few_of_those_who_were_asked_do_not_permit_it(
    hospital, researcher, monkeypatch
) -> None:
    """The page of the cohort hides them; another number of it, or of the list, may not tell."""
    path, study = approved(hospital, researcher)
    permit(hospital, study, ("MLTRAINING",), hospital.subjects[500:556])
    counts = {WAITING: 1, ACCEPTED: 56}
    states = dict.fromkeys(hospital.subjects[500:556], ACCEPTED) | {bytes(32): WAITING}
    monkeypatch.setattr(ConsentRequests, "count_by_state", lambda *_: counts)
    monkeypatch.setattr(ConsentRequests, "list_states", lambda *_: states)
    cohort = researcher.api("GET", f"{path}/cohort").get_json()
    assert (cohort["asked"], cohort["permitted"], cohort["is_at_least"]) == (57, 47, True)
    assert cohort["permitted_in_all"] == "at least 47"
    (listed,) = [
        each
        for each in researcher.api("GET", "/researcher/studies").get_json()["studies"]
        if each["id"] == study
    ]
    assert (listed["asked"], listed["agreed"]) == (57, "at least 47")
    name = path.rpartition("/")[2]
    for page in (f"/researcher/studies/{name}/cohort", "/researcher"):
        text = researcher.get(page).text
        assert "at least 47" in text and ">56<" not in text and " 56." not in text


def test_one_person_who_joins_or_leaves_moves_no_count(hospital, researcher) -> None:
    path, study = approved(hospital, researcher)
    permit(hospital, study, ("MLTRAINING",), hospital.subjects[500:560])
    before = researcher.api("GET", f"{path}/cohort").get_json()
    person = hospital.new_patient()
    permit(hospital, study, ("MLTRAINING",), [person])
    joined = researcher.api("GET", f"{path}/cohort").get_json()
    TrialWallet(hospital.wallet, hospital.platform.ledger).stop([person])
    left = researcher.api("GET", f"{path}/cohort").get_json()
    for name in ("permitted", "permitted_in_all"):
        assert before[name] == joined[name] == left[name]


def test_a_study_that_no_custodian_approved_trains_nothing(hospital) -> None:
    unknown = hospital.client(RESEARCHER, "study:unknown")
    path = "/researcher/studies/unknown"
    assert unknown.post(f"{path}/training", {}).status_code == 404
    assert unknown.get(f"{path}/cohort").status_code == 404


def test_a_job_is_visible_to_its_study_and_to_auditors(hospital, researcher, auditor) -> None:
    path, study = approved(hospital, researcher)
    job = researcher.api("POST", f"{path}/training", {}).get_json()["id"]
    other, token = hospital.client(RESEARCHER, "study:other"), hospital.client(RESEARCHER, study)
    assert other.get(f"/jobs/{job}").data == other.get("/jobs/none").data
    assert auditor.get(f"/jobs/{job}").get_json()["state"] == "queued"
    assert auditor.ask("DELETE", f"/jobs/{job}").status_code == 404
    assert token.ask("DELETE", f"/jobs/{job}").get_json()["state"] == "cancelled"


def test_a_model_is_returned_with_its_card_and_its_plots(researcher, trained) -> None:
    path, study, model = trained
    listed = researcher.api("GET", "/researcher/models").get_json()["models"]
    assert [item["study"] for item in listed if item["model"] == model] == [study]
    assert researcher.api("GET", path).get_json()["models"] == [model]
    card = researcher.api("GET", f"/researcher/models/{model}/card").get_json()
    assert 0.5 < card["evaluation"]["auroc"]["value"] <= 1
    (run,) = researcher.api("GET", f"{path}/runs").get_json()["runs"]
    assert (run["state"], run["has_report"]) == ("done", False)
    report = researcher.api("GET", f"{path}/runs/{run['run']}").get_json()
    assert (report["failures"], report["card"]) == ([], {})
    picture = researcher.api("GET", f"/researcher/models/{model}/pictures/calibration")
    assert picture.content_type == "image/svg+xml"
    for odd in ("none", "..", "x" * 3000):
        plot = researcher.api("GET", f"/researcher/models/{model}/pictures/{odd}")
        assert plot.status_code in (404, 308), odd


def test_a_withdrawal_affects_a_model_at_once_and_a_successor_replaces_it(
    hospital, researcher, leavers, trained
) -> None:
    path, _, model = trained
    before = researcher.api("GET", f"/researcher/models/{model}").get_json()
    assert (before["is_touched"], before["withdrew"], before["successor"]) == (False, 0, None)
    TrialWallet(hospital.wallet, hospital.platform.ledger).stop(leavers[12:])
    after = researcher.api("GET", f"/researcher/models/{model}").get_json()
    assert (after["is_touched"], after["withdrew"]) == (True, "1 to 10")
    job = researcher.api("POST", f"/researcher/models/{model}/retraining", {}).get_json()["id"]
    again = researcher.api("POST", f"/researcher/models/{model}/retraining", {}).get_json()["id"]
    assert again == job
    application.make_worker(hospital.platform).run(job)
    done = researcher.api("GET", f"{path}/training/{job}").get_json()
    replaced = researcher.api("GET", f"/researcher/models/{model}").get_json()
    assert replaced["successor"] == (done["result"] or {}).get("model"), done["error"]


def test_a_training_in_progress_is_returned_again_and_can_be_cancelled(
    hospital, researcher
) -> None:
    path, _ = approved(hospital, researcher)
    first = researcher.api("POST", f"{path}/training", {})
    again = researcher.api("POST", f"{path}/training", {})
    assert (first.status_code, first.get_json()) == (202, again.get_json())
    job = first.get_json()["id"]
    stopped = researcher.api("DELETE", f"{path}/training/{job}").get_json()
    assert stopped["state"] == "cancelled"
    assert researcher.api("POST", f"{path}/training", {}).get_json()["id"] != job
    other, _ = approved(hospital, researcher)
    assert researcher.api("GET", f"{other}/training/{job}").status_code == 404


def test_an_idempotency_key_gets_the_first_response_again(hospital, researcher) -> None:
    path, _ = approved(hospital, researcher)
    key = {"Idempotency-Key": secrets.token_hex(8)}
    first = researcher.api("POST", f"{path}/training", {}, **key)
    researcher.api("DELETE", f"{path}/training/{first.get_json()['id']}")
    again = researcher.api("POST", f"{path}/training", {}, **key)
    assert (again.status_code, again.data) == (202, first.data)


def assert_custodian_sees_the_copy(hospital, study: str) -> None:
    """Require an anonymised copy of 80 people on the custodian's page of a study and in the API."""
    keeper = signed_in(hospital, CUSTODIAN)
    where = study.removeprefix("study:")
    (copy,) = keeper.api("GET", f"/custodian/studies/{where}").get_json()["copies"]
    assert (copy["rows"], copy["is_pseudonymised"], copy["deleted_at_s"]) == (80, False, None)
    page = keeper.get(f"/custodian/studies/{where}").text
    listed = page.split("Anonymised copies</h2>")[1].split("</ul>")[0]
    assert "80 people, to be deleted by" in listed.replace("\u2068", "").replace("\u2069", "")
    assert "Pseudonymised copies</h2>" not in page


def test_a_set_leaves_only_with_the_agreement_and_its_deletion_is_confirmed(
    hospital, researcher, leavers
) -> None:
    path, study = approved(hospital, researcher, wants_copy=True)
    people = [*leavers[:12], *hospital.subjects[300:368]]
    permit(hospital, study, ("MLTRAINING", "HRESCH"), people)
    offer = researcher.api("GET", f"{path}/set").get_json()
    assert (offer["people"], offer["taken"]) == (80, [])
    for answer in ({}, {"agree": False}, {"agree": "true"}):
        assert researcher.api("POST", f"{path}/set", answer).status_code == 422
    done = researcher.api("POST", f"{path}/set", {"agree": True})
    assert done.content_type == "application/zip"
    with zipfile.ZipFile(io.BytesIO(done.data)) as archive:
        table = pq.read_table(io.BytesIO(archive.read("data.parquet")))
        manifest = json.loads(archive.read("manifest.json"))
        dictionary = json.loads(archive.read("dictionary.json"))
    assert table.num_rows == manifest["rows"] == 80
    assert table.column_names == [item["column"] for item in dictionary]
    assert_custodian_sees_the_copy(hospital, study)
    TrialWallet(hospital.wallet, hospital.platform.ledger).stop(people[:12])
    copies = researcher.api("GET", "/researcher/notices").get_json()["copies"]
    notice = next(copy for copy in copies if copy["study"] == study)
    assert (notice["left"], notice["is_due"], notice["deleted_at_s"]) == (12, True, None)
    where = f"/researcher/notices/{notice['set']}/deletion"
    assert signed_in(hospital, RESEARCHER, ELSEWHERE).api("POST", where, {}).status_code == 404
    left = researcher.api("POST", where, {}).get_json()["copies"]
    notice = next(copy for copy in left if copy["set"] == notice["set"])
    assert (notice["is_due"], notice["deleted_at_s"] is None) == (False, False)
    assert researcher.api("POST", where, {}).status_code == 404


def test_the_first_copy_fixes_the_columns_of_the_later_ones(hospital, researcher) -> None:
    path, study = approved(hospital, researcher, wants_copy=True)
    permit(hospital, study, ("MLTRAINING", "HRESCH"), hospital.subjects[300:380])
    offer = researcher.api("GET", f"{path}/set").get_json()
    codes = [column["code"] for column in offer["columns"]]
    assert codes and not offer["is_fixed"]
    unknown = {"agree": True, "columns": ["http://example.org|none"]}
    assert researcher.api("POST", f"{path}/set", unknown).status_code == 422
    chosen = {"agree": True, "columns": codes[:1]}
    assert researcher.api("POST", f"{path}/set", chosen).status_code == 200
    later = researcher.api("GET", f"{path}/set").get_json()
    assert later["is_fixed"] and [column["code"] for column in later["columns"]] == codes[:1]
    assert researcher.api("POST", f"{path}/set", unknown).status_code == 200  # not asked any more


def test_too_few_people_make_no_set(hospital, researcher) -> None:
    path, study = approved(hospital, researcher, wants_copy=True)
    permit(hospital, study, ("MLTRAINING",), hospital.subjects[400:480])
    done = researcher.api("POST", f"{path}/set", {"agree": True})
    assert done.status_code == 422
    assert "fewer than 50" in done.get_json()["detail"]


def test_a_study_that_asks_for_no_copy_has_none(hospital, researcher) -> None:
    path, _ = approved(hospital, researcher)
    assert researcher.api("GET", f"{path}/set").status_code == 404
    assert researcher.api("POST", f"{path}/set", {"agree": True}).status_code == 404


def test_another_organisations_studies_and_models_are_not_found(
    hospital, researcher, trained
) -> None:
    path, study, model = trained
    other = signed_in(hospital, RESEARCHER, ELSEWHERE)
    missing = other.api("GET", "/researcher/studies/none").data
    for method, rule in routes_of(hospital.app, "/researcher"):
        if "{study}" in rule or "{model}" in rule:
            named = rule.replace("/researcher/studies/{study}", path)
            named = re.sub(r"{\w+}", "calibration", named.replace("{model}", model))
            bodies = {
                "set": {"agree": True},
                "pseudonymised": {"agree": True},
                "deletions": {"names": ["1"]},
                "evaluations": {"study": study},
            }
            body = bodies.get(named.rpartition("/")[2], {})
            answer = other.api(method, named, body if method == "POST" else None)
            assert (answer.status_code, answer.data) == (404, missing), named
    for what in ("studies", "models"):
        assert other.api("GET", f"/researcher/{what}").get_json() == {what: []}


@pytest.mark.parametrize("role", [role for role in ROLES if role != RESEARCHER])
def test_no_other_role_is_admitted_by_session_or_token(hospital, role) -> None:
    staff, token = signed_in(hospital, role), hospital.client(role)
    for method, rule in routes_of(hospital.app, "/researcher"):
        path, body = re.sub(r"{\w+}", "x", rule), {} if method == "POST" else None
        assert staff.api(method, path, body).status_code == 403, path
        assert token.ask(method, path, body).status_code == 403, path
