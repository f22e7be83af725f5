"""An answer about a person whom the model learned from is by a learner without that person."""

from __future__ import annotations

import hashlib
from dataclasses import asdict

import numpy as np
import pytest

from models.budget import Budget
from models.candidates import Fitter, Setting
from models.cohort import gather_cohort
from models.crossvalidation import Rows
from models.development import FinalFit
from models.features import latest_observations, to_row
from models.manifest import TRAINING_PART
from models.model_files import MODEL
from models.prediction import PredictionRequest
from models.question import Question
from models.recalibration import Recalibration
from models.served_model import LOGISTIC, XGBOOST, load_model, write_model
from models.training import recompute

STUDY, CLINIC = "study:diabetes-risk", "organisation:riverside"


@pytest.fixture
def world(build, heart_people):
    """A model of all but twenty people, who permit estimates alone."""
    world = build([list(records) for records in heart_people])
    for records in world.people[:20]:
        world.ledger.withdraw(records[0].subject, "MLTRAINING")
    world.model = world.diagnostics.train(STUDY, "uci-heart")
    world.served = load_model(world.diagnostics.home / world.model.id / MODEL, world.model.sha256)
    return world


def ask(world, subject: bytes):
    request = PredictionRequest(CLINIC, subject, world.model.id, "chest pain", "clinician:a")
    return world.diagnostics.predict(request)


def row_of(world, question: Question, index: int) -> np.ndarray:
    records = [record for record in world.people[index] if record.category != "condition"]
    return to_row(question, latest_observations(records))[None, question.predictors()]


def name_of(world, index: int) -> str:
    return world.store.pseudonyms("manifest patient")(world.people[index][0].subject).hex()


def test_everybody_whom_a_model_learned_from_is_in_one_fold(world) -> None:
    named = [name for fold in world.served.folds for name in fold.people]
    trained = world.diagnostics.manifest(world.model.id).patients(TRAINING_PART)
    assert sorted(named) == sorted(trained)
    assert len(world.served.folds) == world.diagnostics.budget.folds


def test_answers_about_the_people_of_a_model_are_by_learners_without_them(
    world, heart: Question
) -> None:
    differing = 0
    for index in range(20, 60):
        values = row_of(world, heart, index)
        own = world.served.about([name_of(world, index)])
        assert own is not world.served
        answer = ask(world, world.people[index][0].subject)
        assert answer.probability == round(float(own.predict(values)[0]), 2)
        effects = sum(part.log_odds for part in answer.contributions)
        assert effects == pytest.approx(own.contributions(values)[0, :-1].sum(), abs=0.01)
        differing += round(float(world.served.predict(values)[0]), 2) != answer.probability
    assert differing > 5


def test_answers_about_others_are_by_the_learner_of_everybody(world, heart: Question) -> None:
    for index in range(20):
        expected = float(world.served.predict(row_of(world, heart, index))[0])
        assert ask(world, world.people[index][0].subject).probability == round(expected, 2)


@pytest.mark.parametrize("kind", [LOGISTIC, XGBOOST])
def test_a_learner_that_answers_about_a_person_does_not_depend_on_that_persons_outcome(
    kind: str,
) -> None:
    draw = np.random.default_rng(4)
    values, labels = draw.normal(size=(200, 2)).astype(np.float32), draw.random(200) < 0.5
    other = labels.copy()
    other[7] = not other[7]
    names, folds = tuple(f"{row:064x}" for row in range(200)), np.arange(200) % 5
    parameters = {"ridge": 10.0} if kind == LOGISTIC else {"max_depth": 2, "min_child_weight": 3}
    choice = Setting(kind, parameters, (20,)), 20
    before, after = (
        FinalFit(Fitter(("q", "q"), 0), choice, Rows(values, each, names), None).fit_folds(
            folds, names
        )
        for each in (labels, other)
    )
    assert [fold.people for fold in before] == [fold.people for fold in after]
    assert names[7] in before[2].people
    for number, (former, latter) in enumerate(zip(before, after, strict=True)):
        raws = [write_model(fold.learner, Recalibration()) for fold in (former, latter)]
        assert (raws[0] == raws[1]) == (number == 2)


def test_interval_and_evidence_follow_from_the_rounded_estimate(world) -> None:
    card = world.diagnostics.card(world.model.id)
    for index in range(0, 40, 2):
        answer = ask(world, world.people[index][0].subject)
        bounds = card.interval(answer.probability, answer.site)
        assert (answer.low, answer.high) == tuple(round(bound, 2) for bound in bounds)
        assert answer.similar == card.similar(answer.probability)


def test_a_model_of_an_earlier_release_is_made_again_without_folds(world, heart: Question) -> None:
    budget = asdict(world.diagnostics.budget)
    del budget["answers_out_of_fold"]
    earlier = Budget.of_card(budget | {"learns_rare_values": False, "compares_gaps": True})
    cohort = gather_cohort(world.store, heart, STUDY)
    made = recompute(cohort.manifest, cohort.records, heart, STUDY, earlier)
    plain = write_model(world.served.learner, world.served.recalibration)
    assert made == hashlib.sha256(plain).hexdigest() != world.model.sha256
