from __future__ import annotations

import pytest
import sqlalchemy as sa

from models.errors import ModelsInvalid, ModelsNotFound, ModelsRefused
from models.studies import DONE, RUNNING, Studies, Study

STUDY = Study("study:s", "S", "https://example.org", 100)
RUN = {
    "study": "study:s",
    "question": "q",
    "question_text": "text",
    "predecessor": None,
    "started_at_s": 5,
}


def test_a_study_is_open_until_its_end(engine: sa.Engine) -> None:
    studies = Studies(engine)
    studies.add(STUDY)
    studies.add(STUDY)
    assert studies.all() == [STUDY]
    assert studies.require_open("study:s", 99.9) == STUDY
    with pytest.raises(ModelsRefused, match="is over"):
        studies.require_open("study:s", 100)
    with pytest.raises(ModelsNotFound):
        studies.require_open("study:t", 1)


@pytest.mark.parametrize("name", ["s", "study:", "organisation:s"])
def test_a_study_is_named_as_a_study(engine: sa.Engine, name: str) -> None:
    with pytest.raises(ModelsInvalid, match="study:NAME"):
        Studies(engine).add(Study(name, "S", "P", 100))


def test_a_study_cannot_be_made_into_another(engine: sa.Engine) -> None:
    studies = Studies(engine)
    studies.add(STUDY)
    with pytest.raises(ModelsInvalid, match="another study already"):
        studies.add(Study("study:s", "T", "https://example.org", 100))


def test_runs_are_numbered_and_say_what_became_of_them(engine: sa.Engine) -> None:
    studies = Studies(engine)
    studies.add(STUDY)
    first, second = studies.begin(RUN), studies.begin(RUN)
    assert (first.state, first.step, second.model_id) == (RUNNING, "begun", f"q-{second.id}")
    studies.note(first.id, state=DONE, ended_at_s=9)
    assert [(run.id, run.state) for run in studies.runs()] == [
        (first.id, DONE),
        (second.id, RUNNING),
    ]
    assert studies.run(first.id).ended_at_s == 9
    with pytest.raises(ModelsNotFound):
        studies.run(99)
