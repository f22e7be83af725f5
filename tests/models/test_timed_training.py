"""A timed question from the vault to a prediction, and the same bytes each time."""

from __future__ import annotations

import datetime
import math
import random
from dataclasses import replace
from pathlib import Path

import pytest
from timed import FEATURES, HEAD, LABEL, UNITS, born, diagnosed, measured, person, visit

from models.booster import fit
from models.budget import Budget
from models.cohort import build_matrix, gather_cohort
from models.errors import ModelsInvalid, PatientIneligible
from models.manifest import TRAINING_PART
from models.prediction import PredictionRequest
from models.question import UNKNOWN_FOLLOW_UP, Question
from models.training import recompute
from storage import Record

SMALL_BUDGET = Budget(repeats=1, folds=3, inner_folds=2, shadows=8)
STUDY = "study:diabetes-risk"
GLUCOSE = "http://loinc.org|2345-7"
DIABETES = "http://hl7.org/fhir/sid/icd-10-cm|E11.9"
REVIEWED = 'unit = "mg/dL"\nreviewed = "It is measured before the index."\n'
TEXT = HEAD + LABEL + FEATURES.replace('unit = "mg/dL"\n', REVIEWED) + UNITS
NOW_S = 1_770_000_000


def make_people(count: int, tests: int = 1) -> list[list[Record]]:
    """Return people whose glucose says how likely diabetes within five years is."""
    draw = random.Random(7)
    people = []
    for number in range(count):
        glucose = draw.gauss(95, 15)
        is_ill = draw.random() < 1 / (1 + math.exp(-(glucose - 105) / 8))
        ill_on = (datetime.date(2018, 1, 2) + datetime.timedelta(draw.randint(1, 1000))).isoformat()
        pressure = [diagnosed("http://hl7.org/fhir/sid/icd-10-cm|I10", "2017-01-01")]
        diabetes = [diagnosed(DIABETES, ill_on)]
        conditions = pressure[: number % 2] + diabetes[: int(is_ill)]
        records = person(
            number,
            procedure=[visit("2018-01-01"), visit("2024-01-01")],
            demographics=[born(f"{draw.randint(1940, 1990)}-05-01")],
            laboratory=[
                measured(GLUCOSE, f"2017-12-0{test + 1}", round(glucose, 1), "mg/dL")
                for test in range(1 + number % tests)
            ],
        )
        people.append(records + (person(number, condition=conditions) if conditions else []))
    return people


@pytest.fixture(scope="module")
def people() -> list[list[Record]]:
    return make_people(900)


@pytest.fixture
def world(build, people, tmp_path: Path):
    folder = tmp_path / "questions"
    folder.mkdir()
    (folder / "timed.toml").write_text(TEXT)
    world = build(people, question_folders=(folder,))
    view = replace(world.ledger.view(), seen_at_s=NOW_S, block_time_s=NOW_S)
    world.ledger.view = lambda: view
    return world


def test_a_cohort_opens_the_categories_of_features_label_and_index(world) -> None:
    cohort = world.diagnostics.gather(STUDY, "timed")
    (request,) = world.store.vault.journal
    assert set(request.categories) == {"laboratory", "demographics", "condition", "procedure"}
    assert len(cohort.manifest.patients(TRAINING_PART)) > 600
    assert cohort.excluded == {}


def test_the_same_records_in_another_order_give_the_same_bytes(
    calculates_again, world, people
) -> None:
    timed = Question.parse(TEXT, "timed.toml")
    cohort = gather_cohort(world.store, timed, STUDY)
    world.store.vault.people = [records[::-1] for records in people[::-1]]
    again = gather_cohort(world.store, timed, STUDY)
    assert cohort.manifest.root == again.manifest.root
    models = [
        fit(build_matrix(timed, part.manifest, part.records, TRAINING_PART), timed, 1)
        for part in (cohort, again)
    ]
    assert models[0] == models[1]
    assert recompute(cohort.manifest, cohort.records, timed, STUDY, SMALL_BUDGET) == recompute(
        again.manifest, again.records, timed, STUDY, SMALL_BUDGET
    )


def test_a_timed_question_is_trained_and_predicts_about_one_patient(world) -> None:
    model = world.diagnostics.train(STUDY, "timed")
    card = world.diagnostics.card(model.id).content
    assert card["evaluation"]["auroc"]["value"] > 0.65
    assert card["limits"][-1] == UNKNOWN_FOLLOW_UP
    world.people.extend(
        [
            person(
                5000 + place,
                demographics=[born("1960-01-01")],
                laboratory=[measured(GLUCOSE, "2025-12-01", number, "mmol/L")],
                condition=conditions,
            )
            for place, (number, conditions) in enumerate(
                [(4.0, []), (7.0, []), (7.0, [diagnosed(DIABETES, "2020-01-01")])]
            )
        ]
    )
    low, high, ill = (records[0].subject for records in world.people[-3:])
    ask = [
        PredictionRequest("organisation:riverside", subject, model.id, "why")
        for subject in (low, high, ill)
    ]
    answers = [world.diagnostics.predict(request) for request in ask[:2]]
    assert answers[0].probability < answers[1].probability
    assert world.store.vault.journal[-1].categories == ("laboratory", "demographics", "condition")
    with pytest.raises(PatientIneligible):
        world.diagnostics.predict(ask[2])


def test_several_rows_of_a_patient_are_refused_for_a_model(build, people, tmp_path: Path) -> None:
    each = HEAD.replace('category = "procedure"', 'category = "procedure"\ntake = "each"')
    (tmp_path / "timed.toml").write_text(each + LABEL + FEATURES + UNITS)
    world = build(people, question_folders=(tmp_path,))
    with pytest.raises(ModelsInvalid, match="one row a patient"):
        world.diagnostics.train(STUDY, "timed")


def test_the_card_names_inputs_that_count_tests_and_the_figure_without_them(
    build, tmp_path: Path
) -> None:
    counted = """
[[features]]
name = "tests"
words = "glucose tests"
codes = ["loinc|2345-7"]
category = "laboratory"
take = "count"
"""
    (tmp_path / "timed.toml").write_text(TEXT.replace(UNITS, counted + UNITS))
    world = build(make_people(900, tests=3), question_folders=(tmp_path,))
    card = world.diagnostics.card(world.diagnostics.train(STUDY, "timed").id)
    frequency = card.content["frequency"]
    assert frequency["features"] == ["glucose tests"]
    counts = [row["words"] == "glucose tests" for row in card.content["predictors"]]
    assert [each is None for each in frequency["importance"]] == counts
    assert any("without how often tested" in line for line in card.to_lines())
    assert frequency["having"]["value"] == pytest.approx(frequency["without"]["value"], abs=0.05)
    assert "  how often tested: glucose tests" in card.to_lines()
