"""External validations, also of other questions, and cards are about people who are apart."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from models.diagnostics import QUESTIONS
from models.errors import GateClosed, ModelsRefused
from models.manifest import TRAINING_PART, Manifest
from models.model_files import MANIFEST
from models.registry import PUBLISHED, ModelRegistry
from models.studies import Study
from models.suppression import MIN_COHORT

STUDY = "study:diabetes-risk"
OTHER = "study:elsewhere"
FEATURE = """[[features]]
code = "uci|nobody"
words = "what nobody has"
kind = "category"
category = "survey"
values = ["some", "other"]
may_be_rare = true

"""
"""An input that nobody has: a model with it answers as one without it."""


@pytest.fixture
def world(build, heart_people, tmp_path: Path):
    """Models of two questions that learned from every second person; a study of the others."""
    text = (
        (QUESTIONS / "uci-heart.toml")
        .read_text()
        .replace("[[features]]", FEATURE + "[[features]]", 1)
    )
    (tmp_path / "second.toml").write_text(text.replace('id = "uci-heart"', 'id = "second"'))
    world = build(list(heart_people), question_folders=(QUESTIONS, tmp_path))
    world.subjects = [person[0].subject for person in heart_people[1::2]]
    for subject in world.subjects:
        world.ledger.withdraw(subject)
    world.models = [world.diagnostics.train(STUDY, name).id for name in ("uci-heart", "second")]
    world.ledger.refused |= {person[0].subject for person in heart_people[::2]}
    world.ledger.withdrawn.clear()
    world.diagnostics.add_study(Study(OTHER, "Elsewhere", "A second study.", 2_000_000_000))
    return world


def measured(world, model: str) -> set[str]:
    """Return the people on whom a model was evaluated last, by keyed hash."""
    paths = (world.diagnostics.home / model).glob("measured-*.json")
    newest = max(paths, key=lambda path: path.stat().st_mtime_ns)
    return set(Manifest.from_json(newest.read_bytes()).patients(TRAINING_PART))


@pytest.mark.parametrize("left", [0, 1, 10, 11])
def test_results_of_two_questions_do_not_show_the_outcome_of_who_left(world, left: int) -> None:
    first, second = world.models
    assert world.diagnostics.evaluate(first, OTHER).content["left_out"] == "0 to 10"
    world.ledger.refused |= set(world.subjects[:left])
    result = world.diagnostics.evaluate(second, OTHER)
    apart = measured(world, first) ^ measured(world, second)
    assert len(apart) == (11 if left else 0)
    assert any(line.endswith("tell of a few people: 0 to 10") for line in result.to_lines())
    # While nothing changes, the same people are left out: else the mean of results would tell.
    assert world.diagnostics.evaluate(second, OTHER).content == result.content


@pytest.mark.parametrize("is_first", [True, False])
def test_a_card_and_a_result_do_not_show_the_outcome_of_who_left(world, is_first: bool) -> None:
    """The study trains a model of its own, before or after another model is evaluated on it."""

    def evaluate() -> set[str]:
        world.diagnostics.evaluate(world.models[0], OTHER)
        return measured(world, world.models[0])

    def train() -> set[str]:
        with suppress(GateClosed):  # the report of a refused run has figures too
            world.diagnostics.train(OTHER, "uci-heart")
        run = world.diagnostics.training_runs()[-1]
        text = world.files.read(run.model_id, MANIFEST)
        return set(Manifest.from_json(text).patients(TRAINING_PART))

    steps = [evaluate, train] if is_first else [train, evaluate]
    before = steps[0]()
    world.ledger.refused.add(world.subjects[0])
    after = steps[1]()
    assert len(before ^ after) == 11


def test_where_too_few_others_could_be_left_out_the_evaluation_says_so(world) -> None:
    few = MIN_COHORT + 5
    world.ledger.refused |= set(world.subjects[few:])
    world.diagnostics.evaluate(world.models[0], OTHER)
    world.ledger.refused.add(world.subjects[0])
    with pytest.raises(ModelsRefused, match="nearly the same patients as an earlier training or"):
        world.diagnostics.evaluate(world.models[1], OTHER)
    assert world.diagnostics.external_validations(world.models[1]) == []


def test_an_evaluation_that_was_interrupted_is_made_again(world) -> None:
    """Nobody saw its figures: it is no earlier result of the model."""
    world.diagnostics.evaluate(world.models[0], OTHER)
    (path,) = (world.diagnostics.home / world.models[0]).glob("external-*.json")
    path.unlink()
    world.ledger.refused.add(world.subjects[0])
    world.diagnostics.evaluate(world.models[0], OTHER)
    assert path.exists()


def test_a_model_that_its_run_may_still_delete_is_not_evaluated(world, monkeypatch) -> None:
    """With its files the people would be forgotten on whom it was tested."""
    model = replace(world.diagnostics.model(world.models[0]), state=PUBLISHED)
    monkeypatch.setattr(ModelRegistry, "get", lambda *_: model)
    with pytest.raises(ModelsRefused, match="not in use yet"):
        world.diagnostics.evaluate(model.id, OTHER)


def test_a_damaged_file_of_an_evaluation_stops_no_run(world) -> None:
    world.diagnostics.evaluate(world.models[0], OTHER)
    (path,) = (world.diagnostics.home / world.models[0]).glob("measured-*.json")
    path.write_bytes(b"{")
    assert world.diagnostics.evaluate(world.models[1], OTHER).content["model"] == world.models[1]
