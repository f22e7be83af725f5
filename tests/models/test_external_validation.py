"""A model is evaluated on patients of another study, without anybody whom it learned from."""

from __future__ import annotations

import json
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from models.cohort import build_matrix, gather_cohort
from models.consent_check import ConsentCheck
from models.errors import (
    CohortTooSmall,
    ConsentsChanged,
    ModelsBroken,
    ModelsNotFound,
    ModelsRefused,
)
from models.external_validation import ExternalValidation, measure_missing
from models.manifest import TRAINING_PART, Manifest
from models.model_files import MODEL
from models.served_model import load_model
from models.shown_groups import name_people
from models.studies import Study
from services.errors import NotFound
from services.researcher.models import StudyModels

STUDY = "study:diabetes-risk"
OTHER = "study:elsewhere"


@pytest.fixture
def world(build, heart_people):
    """A model that learned from every second person, and a second study that all people permit."""
    world = build(list(heart_people))
    for person in heart_people[1::2]:
        world.ledger.withdraw(person[0].subject)
    world.model = world.diagnostics.train(STUDY, "uci-heart")
    world.ledger.withdrawn.clear()
    world.diagnostics.add_study(Study(OTHER, "Elsewhere", "A second study.", 2_000_000_000))
    return world


def test_the_figures_are_those_of_the_patients_who_did_not_train_the_model(world) -> None:
    result = world.diagnostics.evaluate(world.model.id, OTHER).content
    question = world.diagnostics.question("uci-heart")
    cohort = gather_cohort(world.store, question, OTHER)
    trained = {line.patient for line in world.diagnostics.manifest(world.model.id).lines}
    matrix = build_matrix(question, cohort.manifest, cohort.records, TRAINING_PART)
    is_new = np.array([p not in trained for p in cohort.manifest.patients(TRAINING_PART)])
    path = world.diagnostics.home / world.model.id / MODEL
    served = load_model(path, world.model.sha256)
    scores = served.predict(matrix.values[is_new][:, question.predictors()])
    expected = roc_auc_score(matrix.labels[is_new], scores)
    assert result["evaluation"]["auroc"]["value"] == round(expected, 2)
    assert abs(result["patients"] - is_new.sum()) <= 5
    assert abs(result["in_training"] - (~is_new).sum()) <= 5
    request = world.store.vault.journal[-2]
    assert (request.party, request.purpose) == (OTHER, "MLTRAINING")
    validations = world.diagnostics.external_validations(world.model.id)
    assert [item.content for item in validations] == [json.loads(json.dumps(result))]
    assert any("AUROC" in line for line in validations[0].to_lines())


def test_an_external_validation_has_a_card_of_its_own_in_all_forms(world) -> None:
    world.diagnostics.evaluate(world.model.id, OTHER)
    (validation,) = world.diagnostics.external_validations(world.model.id)
    document = validation.document()
    assert document.plots == ("calibration", "decision", "distributions", "groups")
    titles = [line for line in document.lines if not line.startswith(" ")]
    for title in (
        "Performance on other patients (12e, 23a)",
        "Decisions at thresholds (15)",
        "Subgroups (14, 23a)",
    ):
        assert title in titles
    group = next(group for group in validation.content["evaluation"]["groups"] if group["n"])
    assert any(group["words"] in line and "calibration slope" in line for line in document.lines)
    pdf = document.to_pdf()
    assert pdf.count(b"/Subtype /Image") >= 4
    assert document.to_pdf() == pdf


def test_an_external_validation_of_an_earlier_release_is_shown_without_plots(world) -> None:
    content = dict(world.diagnostics.evaluate(world.model.id, OTHER).content)
    del content["outcome"]
    document = ExternalValidation(content).document()
    assert document.plots == ()
    assert document.to_pdf().startswith(b"%PDF-")


def test_the_study_that_trained_a_model_is_no_external_one(world) -> None:
    with pytest.raises(ModelsRefused, match="name another study"):
        world.diagnostics.evaluate(world.model.id, STUDY)
    with pytest.raises(ModelsNotFound):
        world.diagnostics.evaluate(world.model.id, "study:unknown")


def test_only_patients_who_permit_the_other_study_are_asked_about(world, heart_people) -> None:
    for person in heart_people[1::2]:
        world.ledger.refused.add(person[0].subject)
    with pytest.raises(CohortTooSmall, match="who did not train the model"):
        world.diagnostics.evaluate(world.model.id, OTHER)


def test_a_model_whose_file_was_changed_evaluates_nothing(world) -> None:
    path = world.diagnostics.home / world.model.id / MODEL
    path.write_bytes(path.read_bytes() + b" ")
    with pytest.raises(ModelsBroken):
        world.diagnostics.evaluate(world.model.id, OTHER)


def test_a_result_is_returned_again_until_eleven_people_left(world, heart_people) -> None:
    first = world.diagnostics.evaluate(world.model.id, OTHER).content
    others = [person[0].subject for person in heart_people[1::2]]
    world.ledger.refused |= set(others[:10])
    assert world.diagnostics.evaluate(world.model.id, OTHER).content == first
    assert len(world.diagnostics.external_validations(world.model.id)) == 1
    world.ledger.refused |= set(others[:30])
    assert world.diagnostics.evaluate(world.model.id, OTHER).content != first


@pytest.mark.parametrize(("left", "is_new"), [(0, True), (1, False), (10, False), (11, True)])
def test_records_that_were_sent_again_do_not_hide_who_left(
    world, heart_people, left: int, is_new: bool
) -> None:
    """Their values may be the same: the two results would differ by those who left alone."""
    world.diagnostics.evaluate(world.model.id, OTHER)
    world.store.vault.people = list(world.people)  # other tests have the same people
    for index in range(41, 141, 2):
        world.people[index] = [replace(record, version=2) for record in world.people[index]]
    world.ledger.refused |= {person[0].subject for person in heart_people[1 : 2 * left : 2]}
    world.diagnostics.evaluate(world.model.id, OTHER)
    stored = list((world.diagnostics.home / world.model.id).glob("measured-*.json"))
    assert len(stored) == (2 if is_new else 1)


def test_a_result_is_no_closer_to_an_older_one_than_eleven_people(world, heart_people) -> None:
    world.diagnostics.evaluate(world.model.id, OTHER)
    others = [person[0].subject for person in heart_people[1::2]]
    world.ledger.refused |= set(others[:12])
    second = world.diagnostics.evaluate(world.model.id, OTHER).content
    # Eleven of them come back: now only one differs from the first result.
    world.ledger.refused -= set(others[:11])
    assert world.diagnostics.evaluate(world.model.id, OTHER).content == second


def test_two_studies_do_not_show_the_outcome_of_the_one_who_permits_only_one(
    world, heart_people
) -> None:
    world.diagnostics.add_study(Study("study:third", "Third", "A third study.", 2_000_000_000))
    world.diagnostics.evaluate(world.model.id, OTHER)
    others = [person[0].subject for person in heart_people[1::2]]
    for left in (0, 1, 10):
        world.ledger.refused |= set(others[:left])
        with pytest.raises(ModelsRefused, match="same patients as another study"):
            world.diagnostics.evaluate(world.model.id, "study:third")
    world.ledger.refused |= set(others[:11])
    assert world.diagnostics.evaluate(world.model.id, "study:third").content["study"]


@pytest.mark.parametrize(("left", "is_refused"), [(0, False), (1, True), (10, True), (11, False)])
def test_results_of_two_models_do_not_show_the_outcome_of_who_left_one_training(
    world, heart_people, left: int, is_refused: bool
) -> None:
    """Who no longer trains the second model is among those whom it is evaluated on."""
    first = world.diagnostics.evaluate(world.model.id, OTHER).content
    trained = [person[0].subject for person in heart_people[::2]]
    for subject in [*(person[0].subject for person in heart_people[1::2]), *trained[:left]]:
        world.ledger.withdraw(subject)
    second = world.diagnostics.retrain(world.model.id)
    world.ledger.withdrawn.clear()
    if is_refused:
        with pytest.raises(ModelsRefused, match="uci-heart-1 was evaluated on nearly the same"):
            world.diagnostics.evaluate(second.id, OTHER)
        assert world.diagnostics.external_validations(second.id) == []
    else:
        result = world.diagnostics.evaluate(second.id, OTHER).content
        assert (result["model"], first["model"]) == (second.id, world.model.id)
        assert world.diagnostics.evaluate(second.id, OTHER).content == result


@pytest.mark.parametrize(
    ("changed", "is_refused"), [(0, False), (1, True), (10, True), (11, False)]
)
@pytest.mark.parametrize("change", ["left", "corrected"])
def test_results_on_the_same_patients_do_not_show_the_outcome_of_who_left_or_changed(
    world, heart_people, change: str, changed: int, is_refused: bool
) -> None:
    """The patients of the evaluation stay the same; who leaves the training is not among them."""
    trained = [person[0].subject for person in heart_people[::2]]
    others = [person[0].subject for person in heart_people[1::2]]
    world.ledger.refused |= set(trained)
    world.diagnostics.evaluate(world.model.id, OTHER)
    world.ledger.refused = set(others) | set(trained[:changed] if change == "left" else ())
    if change == "corrected":
        world.store.vault.people = list(world.people)  # other tests have the same people
        for index in range(0, 2 * changed, 2):
            world.people[index] = [replace(record, version=2) for record in world.people[index]]
    second = world.diagnostics.retrain(world.model.id)
    world.ledger.refused = set(trained)
    if is_refused:
        with pytest.raises(ModelsRefused, match="fewer than 11 of them, or of those whom the"):
            world.diagnostics.evaluate(second.id, OTHER)
        assert world.diagnostics.external_validations(second.id) == []
    else:
        assert world.diagnostics.evaluate(second.id, OTHER).content["model"] == second.id


@pytest.mark.parametrize(
    ("changed", "is_refused"), [(0, False), (1, True), (10, True), (11, False)]
)
def test_results_of_two_models_do_not_show_whose_records_changed_between_them(
    world, changed: int, is_refused: bool
) -> None:
    world.diagnostics.evaluate(world.model.id, OTHER)
    for person in world.people[1::2]:
        world.ledger.withdraw(person[0].subject)
    second = world.diagnostics.retrain(world.model.id)
    world.ledger.withdrawn.clear()
    world.store.vault.people = list(world.people)  # other tests have the same people
    for index in range(1, 2 * changed, 2):
        world.people[index] = [replace(record, version=2) for record in world.people[index]]
    if is_refused:
        with pytest.raises(ModelsRefused, match="nearly the same patients: fewer than 11"):
            world.diagnostics.evaluate(second.id, OTHER)
    else:
        assert world.diagnostics.evaluate(second.id, OTHER).content["model"] == second.id


def test_a_result_of_an_earlier_release_is_compared_too(world) -> None:
    first = world.diagnostics.evaluate(world.model.id, OTHER).content
    folder = world.diagnostics.home / world.model.id
    (path,) = folder.glob("measured-*.json")
    people = sorted(name_people(Manifest.from_json(path.read_bytes())))
    path.unlink()
    old = folder / f"evaluated-{OTHER.replace(':', '-')}.json"
    for stored in (people, [people], [[name.partition(":")[0] for name in people]]):
        old.write_text(json.dumps(stored))  # the people of one result; without their records
        assert world.diagnostics.evaluate(world.model.id, OTHER).content == first
        assert json.loads(old.read_text()) == stored
    assert list(folder.glob("measured-*.json")) == []


def test_a_consent_that_ends_during_the_evaluation_stops_it(world, monkeypatch) -> None:
    monkeypatch.setattr(ConsentCheck, "find_lost", lambda *_: ["lost"])
    with pytest.raises(ConsentsChanged):
        world.diagnostics.evaluate(world.model.id, OTHER)
    assert world.diagnostics.external_validations(world.model.id) == []


def test_a_model_is_evaluated_on_studies_of_its_own_question_alone() -> None:
    model, study = SimpleNamespace(question="a"), SimpleNamespace(question="b")
    owned = SimpleNamespace(model=lambda *_: model, get_approved=lambda *_: study)
    ports = dict.fromkeys(("jobs", "cards", "withdrawals", "monitoring", "diagnostics"))
    models = StudyModels(owned=owned, **ports)
    for evaluate in (models.evaluate, models.evaluate_now):
        with pytest.raises(NotFound):
            evaluate("party", "model", "study")


@pytest.mark.parametrize("patients", [60, 500, 990])
@pytest.mark.parametrize("few", [1, 10])
def test_the_share_of_missing_values_does_not_tell_whether_anybody_has_one(
    patients: int, few: int
) -> None:
    nobody = np.full((patients, 2), np.nan, np.float32)
    nobody[:, 0] = np.arange(patients)
    somebody = nobody.copy()
    somebody[:few, 1] = 1
    assert measure_missing(somebody, "qq") == measure_missing(nobody, "qq") == 0
    assert measure_missing(nobody[:, 1:], "q") is None
    somebody[: patients // 2, 1] = np.arange(patients // 2) % 7
    assert measure_missing(somebody, "qq") == pytest.approx(0.25, abs=0.03)
