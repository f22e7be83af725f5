from __future__ import annotations

from pathlib import Path

import pytest

import models
from models.errors import ModelsNotFound
from records import DeclarationInvalid

STUDY = "study:diabetes-risk"


def test_questions_come_from_all_folders_and_the_last_one_wins(build, tmp_path: Path) -> None:
    folder = tmp_path / "own"
    folder.mkdir()
    own = build([], question_folders=(models.diagnostics.QUESTIONS, folder)).diagnostics
    assert [item.id for item in own.questions()] == ["nhanes-diabetes", "uci-heart"]
    text = (models.diagnostics.QUESTIONS / "uci-heart.toml").read_text()
    (folder / "h.toml").write_text(text.replace('title = "Narrowed', 'title = "Our', 1))
    assert own.question("uci-heart").title.startswith("Our")
    (folder / "h.toml").write_text("id = 1")
    with pytest.raises(DeclarationInvalid, match=r"h\.toml"):
        own.questions()


def test_a_cohort_can_be_gathered_before_training(build, heart_people) -> None:
    world = build(heart_people)
    cohort = world.diagnostics.gather(STUDY, "uci-heart")
    assert len(cohort.consents()) == len(heart_people)


def test_plots_cards_and_manifests_are_found_by_model(build, heart_people) -> None:
    diagnostics = build(heart_people).diagnostics
    model = diagnostics.train(STUDY, "uci-heart")
    assert diagnostics.picture(model.id, "calibration.svg").startswith(b"<?xml")
    assert diagnostics.manifest(model.id).root.hex() == model.manifest_root
    assert [item.id for item in diagnostics.models()] == [model.id]
    assert [item.id for item in diagnostics.studies()] == [STUDY]
    for name in ("model.ubj", "../x.svg", "other.svg"):
        with pytest.raises(ModelsNotFound):
            diagnostics.picture(model.id, name)
    with pytest.raises(ModelsNotFound):
        diagnostics.card("none-1")


def test_the_scorer_process_can_be_started_before_it_is_needed(build) -> None:
    diagnostics = build([]).diagnostics
    diagnostics.scorer.start()
    assert diagnostics.scorer._process is not None
    diagnostics.close()
    assert diagnostics.scorer._process is None


def test_the_front_door_has_every_name_that_it_lists_and_no_other() -> None:
    for name in models.__all__:
        value = getattr(models, name)
        assert isinstance(value, str | int) or value.__name__ == name
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = models.nothing
