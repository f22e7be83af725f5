"""A researcher's pages: a question, a study, a cohort, a model, a set; no small number."""

from __future__ import annotations

import hashlib
import io
import json
import random
import re
import secrets
import zipfile

import pyarrow.parquet as pq
import pytest
from browser import person, served
from hospital import records_of
from research import learned_from, permit
from visitors import HOSPITAL, signed_in

import app as application
from cli.trial_wallet import TrialWallet
from models.pseudonymised import DELETION_DAYS
from services.statement import RequestedTerms
from services.words import Words
from web.cookies import cookie_name

pytestmark = pytest.mark.node
DAY_S = 86_400


@pytest.fixture(scope="module")
def researcher(hospital):
    return signed_in(hospital, "researcher")


def form(question: str = "small", **changed):
    title = f"Study {secrets.token_hex(4)}"
    fields = {
        "title": title,
        "question": question,
        "condition": "it",
        "protocol": "We look.\nThen we stop.",
        "board": "Board, 12/34",
        "contact": "Dr R",
        "days": "365",
        "end-day": "1",
        "end-month": "3",
        "end-year": "2090",
        "copy": "no",
    }
    return fields | changed


def approved(hospital, researcher, **changed) -> str:
    """Register a study and have the custodian approve it; return its path."""
    path = researcher.post("/researcher/studies/new", **form(**changed)).location
    hospital.platform.requests.proposals.approve("study:" + path.rsplit("/", 1)[1], "c")
    return path


def someone_with_research_off(hospital) -> bytes:
    """Return a patient with the records of the small question who opted out of research."""
    subject, ledger = hospital.new_patient(), hospital.platform.ledger
    hospital.platform.store.deposits.deposit(records_of(subject, random.Random(1)))
    opt_out, now_s = (
        RequestedTerms("deny", "*", ("HRESCH",)),
        int(hospital.platform.installation.clock()),
    )
    grants = [(subject, opt_out, now_s, now_s + DAY_S)]
    signed = TrialWallet(hospital.wallet, ledger).sign_grants(grants)
    assert all(outcome.ok for outcome in ledger.grant(signed))
    return subject


def test_a_study_waits_for_the_custodian_and_then_asks_everyone_who_is_eligible(
    hospital, researcher
) -> None:
    done = researcher.post("/researcher/studies/new", **form())
    assert done.status_code == 303
    path = done.location
    assert "Waiting for the custodian" in researcher.get(path).text
    assert researcher.post(f"{path}/request").status_code == 404
    study = "study:" + path.rsplit("/", 1)[1]
    hospital.platform.requests.proposals.approve(study, "c")
    page = researcher.get(f"{path}/request").text
    assert "is asking to learn from your records" in page
    assert "Confirm that you have read the text" in researcher.post(f"{path}/request").text
    assert sum(hospital.platform.requests.requests.count_by_state(study).values()) == 0
    off = someone_with_research_off(hospital)
    review = hospital.services.custodian.approvals.review(Words("en"), study)
    assert researcher.post(f"{path}/request", confirm="yes").status_code == 303
    recipients = list(hospital.platform.requests.requests.list_states(study))
    assert len(recipients) == review.reach
    assert off not in recipients
    counts = hospital.platform.requests.requests.count_by_state(study)
    assert counts["waiting"] >= len(hospital.subjects)
    researcher.post(f"{path}/request", confirm="yes")
    assert hospital.platform.requests.requests.count_by_state(study) == counts
    assert "have not answered" in researcher.get(f"{path}/cohort").text


def test_a_missing_field_is_named_and_the_other_fields_stay_filled_in(researcher) -> None:
    page = researcher.post("/researcher/studies/new", **form(board="", days="7"))
    assert page.status_code == 422
    assert "Enter who approved it" in page.text
    assert "We look." in page.text


def test_another_organisations_study_is_not_found(hospital, researcher) -> None:
    path = approved(hospital, researcher)
    other = signed_in(hospital, "researcher", "organisation:elsewhere")
    missing = other.get("/researcher/studies/nothing")
    for refused in (
        other.get(path),
        other.get(f"{path}/cohort"),
        other.post(f"{path}/cohort"),
        other.post(f"{path}/request"),
        other.get(path.replace("studies", "sets")),
    ):
        assert (refused.status_code, refused.data) == (404, missing.data)
    assert "You have no study yet." in other.get("/researcher").text


def test_a_model_is_trained_with_progress_and_its_card_has_every_item(hospital, researcher) -> None:
    path = approved(hospital, researcher)
    study = "study:" + path.rsplit("/", 1)[1]
    permit(hospital, study, ("MLTRAINING",), hospital.subjects[40:])
    job = researcher.post(f"{path}/cohort").location
    assert researcher.post(f"{path}/cohort").location == job
    assert "waiting for a worker" in researcher.get(job).text
    application.make_worker(hospital.platform).run(job.rsplit("/", 1)[1])
    done = researcher.get(job)
    assert done.status_code == 303
    page = researcher.get(done.location).text
    for words in ("AUROC", "Calibration slope", "not known", "none yet", "Membership attack"):
        assert words in page
    picture = researcher.get(f"{done.location}/pictures/calibration.svg")
    assert picture.mimetype == "image/svg+xml"
    assert "who no longer permit it" not in page
    leaving = learned_from(hospital, done.location.rsplit("/", 1)[1])[:11]
    TrialWallet(hospital.wallet, hospital.platform.ledger).stop(leaving[:1], lambda *_: None)
    page = researcher.get(done.location).text
    assert "People it was trained on who no longer permit it: hidden." in page
    TrialWallet(hospital.wallet, hospital.platform.ledger).stop(leaving[1:], lambda *_: None)
    page = researcher.get(done.location).text
    assert "People it was trained on who no longer permit it: 11." in page
    retraining = researcher.post(f"{done.location}/retraining").location
    assert retraining.startswith(f"{path}/jobs/")


def test_versions_are_compared_and_a_model_is_retired_after_asking(hospital, researcher) -> None:
    path = approved(hospital, researcher)
    study = "study:" + path.rsplit("/", 1)[1]
    people, train = hospital.subjects, hospital.platform.diagnostics.train
    permit(hospital, study, ("MLTRAINING",), people[300:-20])
    first = train(study, "small")
    permit(hospital, study, ("MLTRAINING",), people[-20:])  # else it repeats the first's figures
    second = train(study, "small")
    card = researcher.get(f"/researcher/models/{second.id}").text
    assert "Comparison with the model before (24)" in card
    before = hospital.platform.diagnostics.card(first.id).content["evaluation"]["auroc"]
    assert f"{before['value']:.3f} ({before['low']:.3f} to {before['high']:.3f})" in card
    page = researcher.get(f"{path}/models").text
    assert all(words in page for words in (first.id, "in use", "replaced, destroyed"))
    replaced = researcher.get(f"/researcher/models/{first.id}").text
    assert f'It was replaced by: <a href="/researcher/models/{second.id}">' in replaced
    assert "without these people" not in replaced  # nobody withdrew
    card = researcher.get(f"/researcher/models/{second.id}/card.json")
    assert hashlib.sha256(card.data).hexdigest() == second.card_sha256
    retirement = f"/researcher/models/{second.id}/retirement"
    assert "This cannot be undone." in researcher.get(retirement).text
    assert researcher.post(retirement).status_code == 303
    assert "Retired." in researcher.get(f"/researcher/models/{second.id}").text
    assert hospital.platform.diagnostics.model(second.id).state == "retired"


def test_a_custodian_asks_for_changes_and_decides_again(hospital, researcher) -> None:
    path = researcher.post("/researcher/studies/new", **form()).location
    slug, custodian = path.rsplit("/", 1)[1], signed_in(hospital, "custodian")
    page = f"/custodian/studies/{slug}"
    assert "Enter a reason" in custodian.post(page, wish="return", version="1").text
    custodian.post(page, wish="return", why="Say how it ends.", version="1")
    custodian.post(page, wish="approve", version="2")  # it waits for its team, not for a decision
    assert "Say how it ends." in researcher.get(path).text
    filled = researcher.get(f"{path}/change").text
    assert "We look." in filled
    assert 'value="2090"' in filled
    changed = form(protocol="We look, then we publish.")
    assert researcher.post(f"{path}/change", **changed).location == path
    assert researcher.get(f"{path}/change").status_code == 404
    review = custodian.get(page).text
    for words in ("We look, then we publish.", "changes asked for", "Dr R"):
        assert words in review
    for read in ("1", "", "x"):  # of a page that was opened before the change, or of no page
        stale = custodian.post(page, wish="approve", version=read)
        assert stale.status_code == 409
        assert stale.text.count("changed after you opened the page") == 1  # not beside the reason
        assert 'id="study"' in stale.text
    assert "Approved by" not in researcher.get(path).text
    custodian.post(page, wish="approve", version="3")
    assert "Approved by" in researcher.get(path).text
    study = hospital.platform.requests.proposals.get(f"study:{slug}")
    states = [event.state for event in study.history]
    assert states == ["proposed", "returned", "proposed", "approved"]


def test_errors_of_the_proposal_are_listed_in_the_order_of_its_fields(researcher) -> None:
    page = researcher.post("/researcher/studies/new", title="").text
    summary = page[page.index('class="problems"') : page.index("</main>")]
    links = re.findall(r'href="#([a-z]+)"', summary[: summary.index("</ul>")])
    assert links == [
        "title",
        "question",
        "condition",
        "protocol",
        "board",
        "contact",
        "days",
        "end",
        "copy",
    ]


def test_people_with_each_kind_of_records_are_counted_if_the_custodian_allows_it(
    hospital, researcher
) -> None:
    kinds = "those with records of each kind"
    page = researcher.get("/researcher/questions/small").text
    assert kinds not in page
    assert "Counting people before they are asked is turned off here." in page
    hospital.platform.custodian.counting.allow("c")
    try:
        page = researcher.get("/researcher/questions/small").text
    finally:
        hospital.platform.custodian.counting.forbid("c")
    assert kinds in page
    assert "Body measurements" in page or "body measurements" in page
    assert (">hidden<" in page) == ("“Hidden” is a number of 10 or fewer" in page)


def test_the_cohorts_page_polls_every_second_while_a_job_runs(hospital, researcher) -> None:
    path = approved(hospital, researcher)
    assert "hx-get" not in researcher.get(f"{path}/cohort").text
    job = researcher.post(f"{path}/cohort").location
    page = researcher.get(f"{path}/cohort").text
    assert f'hx-get="{job}?said=0" hx-trigger="every 1s"' in page
    researcher.post(job)
    part = researcher.http.get(job, headers={"HX-Request": "true"})
    assert part.headers["HX-Redirect"] == job
    assert "You cancelled this training." in researcher.get(job).text
    assert "hx-get" not in researcher.get(f"{path}/cohort").text


@pytest.mark.slow
def test_in_a_browser_the_cohorts_page_shows_the_result_of_a_job(
    hospital, researcher, browser
) -> None:
    path = approved(hospital, researcher)
    job = researcher.post(f"{path}/cohort").location
    cookie = researcher.http.get_cookie(cookie_name(hospital.platform.installation.site))
    with served(hospital.platform) as origin, person(browser, origin) as somebody:
        somebody.context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": origin}])
        somebody.go(f"{path}/cohort")
        somebody.says("waiting for a worker")
        for _ in range(2):
            with somebody.page.expect_response(lambda answer: job in answer.url):
                pass
        assert somebody.page.locator("#training").count() == 1
        researcher.post(job)
        somebody.says("You cancelled this training. No model was published.")
        assert somebody.page.locator("#training").count() == 0
        assert "You can leave this page" not in somebody.text()


def train_strictly(hospital, researcher) -> tuple[str, str]:
    """Train a model that no gate lets pass; return the paths of its study and of its job."""
    known = hospital.platform.installation.home / "questions"
    text = (known / "small.toml").read_text().replace('id = "small"', 'id = "strict"')
    strict = text.replace("[parameters]", "[gate]\nmax_attack_auroc = 0.01\n\n[parameters]")
    (known / "strict.toml").write_text(strict)
    path = approved(hospital, researcher, question="strict")
    permit(hospital, "study:" + path.rsplit("/", 1)[1], ("MLTRAINING",), hospital.subjects[70:])
    job = researcher.post(f"{path}/cohort").location
    application.make_worker(hospital.platform).run(job.rsplit("/", 1)[1])
    return path, job


def test_a_closed_gate_states_what_was_measured_and_required(hospital, researcher) -> None:
    path, job = train_strictly(hospital, researcher)
    page = researcher.get(job).text
    assert "No model was published. The run missed these thresholds" in page
    assert re.search(
        r"AUROC of the membership attack, upper confidence bound: 0\.\d{3}"
        r" \(required: at most 0\.01\)\.?<",
        page,
    )
    assert "What would help" in page
    assert "Use fewer features" in page
    study = researcher.get(path).text
    run = re.search(rf'href="({path}/runs/\d+)">Training run', study)
    assert run is not None
    report = researcher.get(run[1]).text
    for words in (
        "What would help",
        "Use fewer features",
        "Two kinds of model",
        "Weights of people",
        "PPV",
    ):
        assert words in report
    assert re.search(r"0\.\d{3} \(upper confidence bound 0\.\d{3}\)", report)
    assert "≤" not in report  # a bound that was measured is no limit that was met
    assert "“Hidden” is a figure that could reveal something about 10 people or fewer." in report
    assert "bound for answering here" not in report  # which a refused run may have missed
    other = signed_in(hospital, "researcher", "organisation:elsewhere")
    for form in ("", "/card.json", "/card.pdf", "/pictures/roc.svg"):
        assert other.get(f"{run[1]}{form}").status_code == 404
    assert researcher.get(f"{path}/runs/0").status_code == 404


def test_a_set_leaves_only_with_the_agreement_and_is_k_anonymous(hospital, researcher) -> None:
    path = approved(hospital, researcher, copy="yes")
    study, page = "study:" + path.rsplit("/", 1)[1], path.replace("studies", "sets")
    people = hospital.subjects[100:180]
    permit(hospital, study, ("MLTRAINING", "HRESCH"), people)
    assert researcher.post(f"{page}/copy").location == page
    done = researcher.post(f"{page}/copy", agree="yes")
    assert done.mimetype == "application/zip"
    with zipfile.ZipFile(io.BytesIO(done.data)) as archive:
        table = pq.read_table(io.BytesIO(archive.read("data.parquet")))
        manifest = json.loads(archive.read("manifest.json"))
    assert sorted(archive.namelist()) == sorted(
        (
            "agreement.txt",
            "data.parquet",
            "deleted.json",
            "dictionary.csv",
            "dictionary.json",
            "manifest.json",
        )
    )
    assert table.num_rows == len(people) == manifest["rows"]
    assert not any(subject.hex() in done.data.hex() for subject in people)
    TrialWallet(hospital.wallet, hospital.platform.ledger).stop(people[:12])
    notices = researcher.get("/researcher/notices").text
    assert "People in it who no longer permit a copy: 12, of 80 rows." in notices
    require_one_demand(researcher.get(page).text, notices)
    again = researcher.post(f"{page}/copy", agree="yes")
    with zipfile.ZipFile(io.BytesIO(again.data)) as archive:
        deleted = json.loads(archive.read("deleted.json"))
    assert [len(rows) for rows in deleted.values()] == [12]
    copies = {copy.rows: copy for copy in hospital.platform.requests.copies.list_by_study(study)}
    assert sorted(copies) == [68, 80]
    require_confirmed_deletion(researcher, page, copies[80].id)
    require_history_of_copies(hospital, researcher, page, people[20])


def require_one_demand(page: str, notices: str) -> None:
    """The agreement, the notice and the list of copies ask to delete the whole copy."""
    assert f"When people in it withdraw, delete it within {DELETION_DAYS} days" in page
    assert f"Delete your copy within {DELETION_DAYS} days of the withdrawal" in notices
    assert "now, see Notices" in page


def require_confirmed_deletion(researcher, page: str, copy_id: str) -> None:
    """Confirm that a copy is deleted; the notice names its minute, as two may be of one day."""
    notices = researcher.get("/researcher/notices").text
    assert re.search(r"<h2>Copy of [^<:]*+:\d\d[^<:]*+: Study", notices)
    researcher.post("/researcher/notices", set=copy_id)
    assert "Deleted on" in researcher.get(page).text
    assert "now, see Notices" not in researcher.get(page).text
    assert "You confirmed on" in researcher.get("/researcher/notices").text


def require_history_of_copies(hospital, researcher, page: str, person: bytes) -> None:
    """Download a copy again: who joined alone has no row in it, and reads that nothing left."""
    late, study = hospital.subjects[180], "study:" + page.rsplit("/", 1)[1]
    permit(hospital, study, ("MLTRAINING", "HRESCH"), [late])
    researcher.post(f"{page}/copy", agree="yes")
    for subject, words in ((person, "downloaded a copy"), (late, "None of your values were")):
        history = signed_in(hospital, "patient", "", subject).get("/patient/journal").text
        assert words in history
        assert ("downloaded a copy" in history) == (subject != late)


def test_people_who_permit_training_alone_are_in_no_set(hospital, researcher) -> None:
    path = approved(hospital, researcher, copy="yes")
    study = "study:" + path.rsplit("/", 1)[1]
    permit(hospital, study, ("MLTRAINING",), hospital.subjects[200:280])
    page = researcher.post(path.replace("studies", "sets") + "/copy", agree="yes")
    assert "fewer than 50 people permit a copy" in page.text.lower()


def test_a_patient_reads_that_nothing_left_when_too_few_permit_a_copy(hospital, researcher) -> None:
    path = approved(hospital, researcher, copy="yes")
    people = hospital.subjects[181:193]
    permit(hospital, "study:" + path.rsplit("/", 1)[1], ("MLTRAINING", "HRESCH"), people)
    page = researcher.post(path.replace("studies", "sets") + "/copy", agree="yes")
    assert "fewer than 50 people permit a copy" in page.text.lower()
    history = signed_in(hospital, "patient", "", people[0]).get("/patient/journal").text
    assert "or it could not be made. So far, none of your values were handed out." in history
    assert "downloaded a copy" not in history


@pytest.mark.parametrize("role", ["clinician", "custodian", "auditor"])
def test_other_roles_cannot_open_the_researchers_pages(hospital, role) -> None:
    assert signed_in(hospital, role, HOSPITAL).get("/researcher").status_code == 404


def test_the_report_of_a_refused_run_has_the_forms_of_a_card(hospital, researcher) -> None:
    path, _ = train_strictly(hospital, researcher)
    run = re.findall(rf'href="({path}/runs/\d+)">Training run', researcher.get(path).text)[0]
    report = researcher.get(run).text
    for words in (
        "Performance by group (14, 23a)",
        "Training data (5, 6, 17, 20)",
        "Inputs (9, 11)",
    ):
        assert words in report
    assert "Effect of withdrawals" not in report  # there is no model
    assert "study:" not in report  # the id of a study: people read its title
    content = researcher.get(f"{run}/card.json").get_json()
    assert content["failures"][0]["remedy"]
    area = content["card"]["evaluation"]["auroc"]["value"]
    assert f"{area:.3f}" in report
    pdf = researcher.get(f"{run}/card.pdf").data
    assert pdf.startswith(b"%PDF-")
    assert researcher.api("GET", f"{run}/card.pdf").data == pdf
    assert researcher.get(f"{run}/pictures/roc.svg").data.startswith(b"<?xml")
    assert researcher.get(f"{run}/pictures/no.svg").status_code == 404
    name = f"strict-{run.rsplit('/', 1)[1]}"
    lines = hospital.platform.researcher.runs.report(name).lines
    assert lines[0] == "Missed thresholds: no model was published"
    assert any(f"AUROC (95 % interval, DeLong): {area:.3f}" in line for line in lines)


def test_an_external_validation_has_a_page_a_file_and_a_pdf(hospital, researcher) -> None:
    studies = [approved(hospital, researcher).rsplit("/", 1)[1] for _ in range(2)]
    halves = hospital.subjects[150:], hospital.subjects[:150]
    for study, subjects in zip(studies, halves, strict=True):
        permit(hospital, f"study:{study}", ("MLTRAINING",), subjects)
    model = hospital.platform.diagnostics.train(f"study:{studies[0]}", "small")
    path = f"/researcher/models/{model.id}/evaluations/{studies[1]}"
    assert researcher.get(path).status_code == 404
    result = hospital.platform.diagnostics.evaluate(model.id, f"study:{studies[1]}").content
    of_model, page = (
        researcher.get(f"/researcher/models/{model.id}").text,
        researcher.get(path).text,
    )
    title = hospital.platform.information.party_name(f"study:{studies[1]}")
    assert f'<a href="{path}">{title}</a>' in of_model
    assert title in page
    assert result["left_out"] == "0 to 10"
    assert re.search(r"so that no figures tell of a few people</dt>\s*<dd>0 to 10</dd>", page)
    assert "Download the report (PDF)" in page  # it is no card
    assert "study:" not in of_model + page  # the id of a study: people read its title
    api = researcher.api("GET", f"{path}/card.pdf")
    assert (api.status_code, api.data) == (200, researcher.get(f"{path}/card.pdf").data)
    area = result["evaluation"]["auroc"]["value"]
    for words in ("Acting at a threshold", "Performance by group (14, 23a)", f"{area:.3f} ("):
        assert words in page
    assert researcher.get(f"{path}/card.json").get_json() == result
    assert researcher.get(f"{path}/card.pdf").data.startswith(b"%PDF-")
    assert researcher.get(f"{path}/pictures/decision.svg").data.startswith(b"<?xml")
    other = signed_in(hospital, "researcher", "organisation:elsewhere")
    for form in ("", "/card.json", "/card.pdf", "/pictures/decision.svg"):
        assert other.get(path + form).status_code == 404


def test_the_page_of_a_card_has_the_items_of_the_guideline_and_its_origin(
    hospital, researcher
) -> None:
    study = approved(hospital, researcher).rsplit("/", 1)[1]
    permit(hospital, f"study:{study}", ("MLTRAINING",), hospital.subjects[250:])
    model = hospital.platform.diagnostics.train(f"study:{study}", "small")
    card = researcher.get(f"/researcher/models/{model.id}/card.json").get_json()
    items = card["reporting"]["items"]
    answered = [row for member, row in items.items() if card.get(member.split(".")[0])]
    page = researcher.get(f"/researcher/models/{model.id}").text
    numbers = set(", ".join(re.findall(r"\(([\d, a-g]+)\)", page)).split(", "))
    assert {item for row in answered for item in row.split(", ")} <= numbers
    # A second model of the same people repeats the figures, and names the run that measured them.
    again = hospital.platform.diagnostics.train(f"study:{study}", "small")
    number, page = model.id.rsplit("-", 1)[1], researcher.get(f"/researcher/models/{again.id}").text
    assert f"that training run {number} measured" in page and f"In training run {number}<" in page
    # Another study's model too, whose card does not say which study measured them.
    second = "study:" + approved(hospital, researcher).rsplit("/", 1)[1]
    permit(hospital, second, ("MLTRAINING",), hospital.subjects[251:])
    other = hospital.platform.diagnostics.train(second, "small")
    page = researcher.get(f"/researcher/models/{other.id}").text
    assert "that another study measured with the same question" in page
    assert "In another study<" in page and study not in page
