"""A researcher builds a question on a page, counts its people, and proposes it."""

from __future__ import annotations

import io
import random
import secrets
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest
from hospital import records_of
from visitors import signed_in

from models import Question
from models.count_noise import DEVIATION, LIST_DEVIATION

pytestmark = pytest.mark.node
CHOICES = {
    "title": "It within a year",
    "intended_use": "Helps to decide.",
    "limits": "Adults",
    "index_take": "date",
    "index_date": "2024-06-01",
    "outcome_words": "it",
    "outcome_definition": "as the label says",
    "outcome_codes": "x|label",
    "outcome_category": "condition",
    "outcome_since": "-1y",
    "outcome_until": "0d",
    "outcome_positive": "yes",
    "name-0": "number",
    "codes-0": "x|number",
    "category-0": "vital-signs",
    "take-0": "last",
    "unit-0": "kg",
}


@pytest.fixture
def counting(hospital: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Counting is on; the records are those of the hospital, without a row in its journal."""
    drawn = random.Random(7)
    people = {subject: records_of(subject, drawn) for subject in hospital.subjects}
    vault = hospital.platform.store.vault
    monkeypatch.setattr(vault, "open_for_counts", lambda *_: people)
    hospital.platform.custodian.counting.allow("c")
    yield
    hospital.platform.custodian.counting.forbid("c")


def records_of_label(hospital: Any) -> list[bool]:
    drawn = random.Random(7)
    drawn_records = [records_of(subject, drawn)[1] for subject in hospital.subjects]
    return [record.observations["x|label"][0] == "yes" for record in drawn_records]


def begun(researcher: Any) -> str:
    """Begin a question and return its path."""
    path: str = researcher.post("/researcher/drafts").location
    return path


def filled() -> dict[str, str]:
    return {**CHOICES, "id": f"built-{secrets.token_hex(4)}"}


def test_a_question_is_built_counted_and_proposed(hospital: Any, counting: None) -> None:
    researcher = signed_in(hospital, "researcher")
    path, form = begun(researcher), filled()
    assert researcher.post(path, **form, wish="save").status_code == 303
    assert researcher.post(f"{path}/count", **form).status_code == 303
    assert "being counted" in researcher.get(path).text
    hospital.work("count-people")
    draft = researcher.api("GET", path).get_json()
    most = 6 * DEVIATION
    assert abs(draft["people"] - len(hospital.subjects)) < most
    assert abs(draft["events"] - sum(records_of_label(hospital))) < most
    left = draft["counts_left"]
    assert f"{left} of 100 counts left" in researcher.get(path).text
    researcher.post(f"{path}/count", **form)
    assert researcher.api("GET", path).get_json()["counts_left"] == left
    assert draft["needed"] > 0
    assert f"{draft['people']:,}" in researcher.get(path).text
    installed = researcher.post(f"{path}/question").location
    assert installed == f"/researcher/studies/new?question={form['id']}"
    assert form["id"] in {each.id for each in hospital.platform.diagnostics.questions()}
    hospital.platform.custodian.counting.forbid("c")
    draft = researcher.api("GET", path).get_json()
    assert (draft.get("people"), draft.get("events"), draft.get("needed")) == (None, None, None)
    assert set(draft["job"]["result"]) == {"question"}


def test_no_field_that_a_count_needs_is_called_optional(hospital: Any) -> None:
    researcher = signed_in(hospital, "researcher")
    page = researcher.get(begun(researcher)).text
    for name in ("title", "id", "intended_use", "index_codes", "index_category", "index_date"):
        label = page[page.index(f'<label for="{name}">') :]
        assert "optional" not in label[: label.index("</label>")], name


def test_the_page_writes_the_text_that_a_file_has(hospital: Any) -> None:
    researcher = signed_in(hospital, "researcher")
    path, form = begun(researcher), filled()
    researcher.post(path, **form, wish="save")
    text = researcher.get(f"{path}/question.toml").text
    question = Question.parse(text, "a file")
    assert (question.id, question.title) == (form["id"], form["title"])
    archive = zipfile.ZipFile(io.BytesIO(researcher.get(f"{path}/dummy").data))
    assert "data.parquet" in archive.namelist()


def test_codes_are_chosen_from_what_is_stored(hospital: Any, counting: None) -> None:
    researcher = signed_in(hospital, "researcher")
    path = begun(researcher)
    assert "Still empty: title; id; intended use" in researcher.get(path).text
    for refused in (f"{path}/count", f"{path}/question"):
        answer = researcher.post(refused)
        assert answer.status_code == 422
        assert "expected a" not in answer.text
        assert answer.text.count("Still empty: title; id; intended use") > 1
    researcher.post(f"{path}/count", title="Not lost", wish="census")
    assert researcher.api("GET", path).get_json()["choices"]["title"] == "Not lost"
    hospital.work("take-census")
    assert "x|number" in researcher.get(f"{path}?search=number").text
    assert "x|label" not in researcher.get(f"{path}?search=number").text
    researcher.post(path, title="T", wish="input:x|number")
    (feature,) = researcher.api("GET", path).get_json()["choices"]["features"]
    assert (feature["codes"], feature["unit"]) == (["x|number"], "kg")
    assert feature["category"] == "vital-signs"
    codes = researcher.api("GET", "/researcher/codes?search=number").get_json()["codes"]
    assert [(code["code"], code["kind"]) for code in codes] == [("x|number", "number")]
    assert abs(codes[0]["people"] - len(hospital.subjects)) < 6 * LIST_DEVIATION


def test_nobody_is_counted_while_the_custodian_has_not_allowed_it(hospital: Any) -> None:
    researcher, custodian = signed_in(hospital, "researcher"), signed_in(hospital, "custodian")
    assert "nobody is counted" in custodian.get("/custodian/counting").text
    path = begun(researcher)
    researcher.post(path, **filled(), wish="save")
    page = researcher.get(path).text
    assert "turned off here" in page
    assert "Save and count" not in page
    wrong = researcher.post(path, **filled(), wish="add", new_code="2823-3")
    assert "Enter the code as system|code" in wrong.text
    added = {"new_code": "x|weight", "new_category": "vital-signs"}
    researcher.post(path, **filled(), wish="add", **added)
    features = researcher.api("GET", path).get_json()["choices"]["features"]
    assert [(each["codes"], each["category"]) for each in features] == [
        (["x|number"], "vital-signs"),
        (["x|weight"], "vital-signs"),
    ]
    researcher.post(path, **filled(), wish="save")
    assert researcher.api("POST", f"{path}/count", {}).status_code == 409
    assert researcher.api("GET", "/researcher/codes").get_json()["codes"] == []
    custodian.api("POST", "/custodian/counting", {"is_allowed": True})
    assert custodian.api("GET", "/custodian/counting").get_json()["is_allowed"]
    custodian.post("/custodian/counting", wish="forbid")
    assert not custodian.api("GET", "/custodian/counting").get_json()["is_allowed"]


def test_what_is_wrong_is_named_and_nothing_is_lost(hospital: Any) -> None:
    researcher = signed_in(hospital, "researcher")
    path = begun(researcher)
    page = researcher.post(path, **{**filled(), "minimum-0": "many"}, wish="save")
    assert page.status_code == 422
    assert "Enter a number" in page.text
    assert "It within a year" in page.text
    page = researcher.post(f"{path}/count", **{**filled(), "minimum-0": "many"})
    assert (page.status_code, "It within a year" in page.text) == (422, True)
    researcher.post(path, **{**filled(), "until-0": "1d"}, wish="save")
    assert "must end at or before the index" in researcher.get(path).text


def test_a_question_of_another_organisation_is_not_found(hospital: Any) -> None:
    path = begun(signed_in(hospital, "researcher"))
    other = signed_in(hospital, "researcher", "organisation:elsewhere")
    assert other.get(path).status_code == 404
    assert other.api("GET", path).status_code == 404


def test_a_built_question_replaces_no_installed_one(hospital: Any) -> None:
    researcher = signed_in(hospital, "researcher")
    path = begun(researcher)
    researcher.post(path, **{**filled(), "id": "small"}, wish="save")
    page = researcher.post(f"{path}/question")
    assert page.status_code == 422
    assert "the id of another question" in page.text
