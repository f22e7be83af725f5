from __future__ import annotations

import pytest
import sqlalchemy as sa

from models.errors import ModelsInvalid, ModelsNotFound, ModelsRefused
from models.studies import Study, StudyRegistry

STUDY = Study("study:s", "S", "https://example.org", 100)


def test_a_study_is_open_until_its_end(engine: sa.Engine) -> None:
    studies = StudyRegistry(engine)
    studies.add(STUDY)
    studies.add(STUDY)
    assert studies.all() == [STUDY]
    assert studies.require_open("study:s", 99.9) == STUDY
    with pytest.raises(ModelsRefused, match="has ended"):
        studies.require_open("study:s", 100)
    with pytest.raises(ModelsNotFound):
        studies.require_open("study:t", 1)


@pytest.mark.parametrize("name", ["s", "study:", "organisation:s"])
def test_a_study_id_has_the_prefix_of_a_study(engine: sa.Engine, name: str) -> None:
    with pytest.raises(ModelsInvalid, match="study:NAME"):
        StudyRegistry(engine).add(Study(name, "S", "P", 100))


def test_a_registered_study_cannot_be_changed(engine: sa.Engine) -> None:
    studies = StudyRegistry(engine)
    studies.add(STUDY)
    with pytest.raises(ModelsInvalid, match="already registered"):
        studies.add(Study("study:s", "T", "https://example.org", 100))
