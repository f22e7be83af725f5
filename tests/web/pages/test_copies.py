"""An anonymised copy: what patients read while it is made, and that none leaves after the end."""

from __future__ import annotations

import secrets
from dataclasses import replace

import pytest
from research import permit
from visitors import signed_in

from models import MIN_COHORT
from services.requests import ReleasedCopies
from services.researcher.owned_studies import OwnedStudies

pytestmark = pytest.mark.node
FORM = {
    **{"question": "small", "condition": "it", "protocol": "p", "board": "b", "contact": "c"},
    **{"days": "365", "end-day": "1", "end-month": "3", "end-year": "2090", "copy": "yes"},
}


@pytest.fixture
def researcher(hospital):
    return signed_in(hospital, "researcher")


def approved(hospital, researcher) -> str:
    """Return the name of a study with a copy, which the custodian approved."""
    form = FORM | {"title": f"Copies {secrets.token_hex(4)}"}
    slug = str(researcher.post("/researcher/studies/new", **form).location.rsplit("/", 1)[1])
    hospital.platform.requests.proposals.approve(f"study:{slug}", "c")
    return slug


def offered(hospital, researcher) -> str:
    """Return the path of a training set of which a copy is offered."""
    slug = approved(hospital, researcher)
    permit(hospital, f"study:{slug}", ("MLTRAINING", "HRESCH"), hospital.subjects[:60])
    return f"/researcher/sets/{slug}"


def test_a_patient_reads_that_a_copy_is_being_made_until_it_is_stored(
    hospital, researcher, monkeypatch
) -> None:
    slug = approved(hospital, researcher)
    people = hospital.subjects[280:360]
    patient = signed_in(hospital, "patient", "", people[0])
    permit(hospital, f"study:{slug}", ("MLTRAINING", "HRESCH"), people)
    read, store = [], ReleasedCopies.add

    def read_and_store(*given):
        read.append(patient.get("/patient/journal").text)
        return store(*given)

    monkeypatch.setattr(ReleasedCopies, "add", read_and_store)
    researcher.post(f"/researcher/sets/{slug}/copy", agree="yes")
    assert "The copy is being made" in read[0]
    assert "downloaded a copy" not in read[0]
    assert "The copy is being made" not in patient.get("/patient/journal").text


def test_after_the_end_of_a_study_no_copy_leaves_and_no_training_is_offered(
    hospital, researcher, monkeypatch
) -> None:
    slug = approved(hospital, researcher)
    permit(hospital, f"study:{slug}", ("MLTRAINING", "HRESCH"), hospital.subjects[0:80])
    assert "Train a model" in researcher.get(f"/researcher/studies/{slug}/cohort").text
    get = OwnedStudies.get
    monkeypatch.setattr(OwnedStudies, "get", lambda *given: replace(get(*given), until_s=1))
    page = researcher.get(f"/researcher/sets/{slug}").text
    assert "No new copy can be downloaded." in page and "Accept and continue" not in page
    assert researcher.get(f"/researcher/sets/{slug}/copy").status_code == 303
    assert researcher.post(f"/researcher/sets/{slug}/copy", agree="yes").status_code == 303
    answer = researcher.api("POST", f"/researcher/studies/{slug}/set", {"agree": True})
    assert answer.status_code == 409
    assert "The study ended on" in answer.get_json()["detail"]
    page = researcher.get(f"/researcher/studies/{slug}/cohort").text
    assert "Models can no longer be trained." in page and "Train a model" not in page


@pytest.mark.parametrize("count", [0, 39, 49, 50, 61])
def test_a_copy_is_offered_only_where_enough_people_permit_it(hospital, researcher, count) -> None:
    slug = approved(hospital, researcher)
    permit(hospital, f"study:{slug}", ("MLTRAINING", "HRESCH"), hospital.subjects[:count])
    page = researcher.get(f"/researcher/sets/{slug}").text
    is_offered = "Accept and continue" in page
    assert is_offered == (count >= MIN_COHORT)
    assert ("once 50 people or more permit it" in page) != is_offered
    answer = researcher.post(f"/researcher/sets/{slug}", agree="yes")
    assert (answer.status_code == 303) == is_offered
    download_page = researcher.get(f"/researcher/sets/{slug}/copy")
    assert (download_page.status_code == 200) == is_offered


def test_no_problem_is_shown_beside_a_copy_that_was_downloaded(hospital, researcher) -> None:
    path = offered(hospital, researcher)
    assert "You accepted" not in researcher.get(f"{path}/copy").text  # nobody has, by coming here
    assert "Accept the agreement" in researcher.post(path).text
    accepted = researcher.post(path, agree="yes", columns=["x|number"])
    assert accepted.location == f"{path}/copy?columns=x%7Cnumber"
    page = researcher.get(accepted.location).text  # what stays on the screen beside the file
    assert "There is a problem" not in page
    assert 'name="columns" value="x|number"' in page


def test_the_error_of_a_tick_box_is_shown_in_its_field(hospital, researcher) -> None:
    path = offered(hospital, researcher)
    page = researcher.post(path).text
    field = page[page.index('<div class="field wrong">') :]
    assert field.index('id="agree-error"') < field.index('id="agree"')
    assert 'aria-describedby="agree-error"' in field
