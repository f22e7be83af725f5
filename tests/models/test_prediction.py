from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from models.booster import Booster
from models.errors import (
    InputMissing,
    InputOutOfRange,
    ModelsBroken,
    ModelsNotFound,
    PatientIneligible,
    UnitMismatch,
)
from models.features import latest_observations, to_row
from models.model_files import CARD, MODEL
from models.prediction import PredictionRequest
from models.question import Question
from storage.errors import StorageNotFound as RecordNotFound
from storage.record import Record

STUDY = "study:diabetes-risk"
CLINIC = "organisation:riverside"
AGE = "http://loinc.org|30525-0"


@pytest.fixture
def world(build, heart_people):
    found = build([list(records) for records in heart_people])
    found.diagnostics.train(STUDY, "uci-heart")
    return found


def ask(world, subject: bytes, model: str = "uci-heart-1"):
    asked = PredictionRequest(CLINIC, subject, model, "chest pain", "clinician:a")
    return world.diagnostics.predict(asked)


def change(world, place: int, category: str, **observations: object) -> bytes:
    """Change one person's observations of a category; None takes the code away."""
    records = world.people[place]
    for at, record in enumerate(records):
        if record.category == category:
            held = {**record.observations, **observations}
            kept = {code: value for code, value in held.items() if value is not None}
            records[at] = dataclasses.replace(record, observations=kept)
    return records[0].subject


def test_an_answer_holds_probability_interval_reasons_and_what_it_rests_on(
    world, heart: Question
) -> None:
    records = world.people[3]
    told = ask(world, records[0].subject)
    model = world.diagnostics.model("uci-heart-1")
    row = to_row(heart, latest_observations(one for one in records if one.category != "condition"))
    booster = Booster.load(world.diagnostics.home / model.id / MODEL, model.sha256)
    expected = float(booster.predict(row[None, heart.predictors()])[0])
    assert told.probability == round(expected, 2)
    assert 0 <= told.low <= told.probability <= told.high <= 1
    assert (told.model_sha256, told.question) == (model.sha256, "uci-heart")
    assert len(told.contributions) == len(heart.predictors())
    assert len(told.top) == 3
    sizes = [abs(one.log_odds) for one in told.contributions]
    assert sizes == sorted(sizes, reverse=True)
    assert told.top[0].words in {feature.words for feature in heart.features}
    assert len(told.input_commitment) == 32
    assert not told.is_affected


def test_the_journal_has_the_organisation_the_clinician_the_purpose_and_the_model(world) -> None:
    told = ask(world, world.people[3][0].subject)
    asked, answered = world.store.vault.journal[-2:]
    for wanted in (asked, answered):
        assert (wanted.party, wanted.actor, wanted.purpose) == (CLINIC, "clinician:a", "TREATDS")
        assert wanted.detail["model"] == world.diagnostics.model("uci-heart-1").sha256
        assert wanted.why == "chest pain"
    assert answered.detail["input"] == told.input_commitment.hex()


def test_a_diagnosis_never_opens_the_answer(world) -> None:
    told = ask(world, world.people[3][0].subject)
    assert "condition" not in world.store.vault.journal[-1].categories
    answer = [one.record_id for one in world.people[3] if one.category == "condition"]
    assert not set(answer) & set(told.records)


def test_a_refused_patient_and_one_who_is_not_there_get_the_same_answer(world) -> None:
    subject = world.people[3][0].subject
    world.ledger.withdraw(subject, "TREATDS")
    says = []
    for one in (subject, b"\7" * 32):
        with pytest.raises(RecordNotFound) as caught:
            ask(world, one)
        says.append(str(caught.value))
    assert says[0] == says[1]


def test_a_consent_to_training_does_not_permit_a_diagnosis_nor_the_other_way(world) -> None:
    world.ledger.withdraw(world.people[3][0].subject, "MLTRAINING")
    assert ask(world, world.people[3][0].subject).probability >= 0


@pytest.mark.parametrize(
    ("value", "unit", "error", "says"),
    [
        (150.0, "a", InputOutOfRange, "age is outside the accepted values: 18 to 110 years"),
        (600.0, "mo", UnitMismatch, "in 'mo'"),
        (None, "", PatientIneligible, "age must be 18 or more"),
    ],
)
def test_an_input_that_the_model_was_not_made_for_is_refused_by_name(
    world, value, unit, error, says
) -> None:
    subject = change(world, 3, "demographics", **{AGE: None if value is None else (value, unit)})
    with pytest.raises(error, match=says):
        ask(world, subject)


def test_a_missing_category_that_is_needed_is_named(world) -> None:
    world.people[3][:] = [one for one in world.people[3] if one.category != "survey"]
    with pytest.raises(InputMissing, match="survey"):
        ask(world, world.people[3][0].subject)


def test_an_optional_category_may_be_missing(world) -> None:
    world.people[3][:] = [one for one in world.people[3] if one.category != "laboratory"]
    told = ask(world, world.people[3][0].subject)
    values = {one.words: one.value for one in told.contributions}
    assert values["total cholesterol"] == "not recorded"


def test_a_model_that_does_not_exist_is_not_found(world) -> None:
    with pytest.raises(ModelsNotFound):
        ask(world, world.people[3][0].subject, "none-1")


@pytest.mark.parametrize("name", [MODEL, CARD])
def test_a_changed_file_answers_nobody(world, name: str) -> None:
    path = world.diagnostics.home / "uci-heart-1" / name
    path.write_bytes(path.read_bytes().replace(b"e", b"f", 1))
    world.diagnostics.close()
    with pytest.raises(ModelsBroken):
        ask(world, world.people[3][0].subject)


def test_the_commitment_follows_the_input(world) -> None:
    before = ask(world, world.people[3][0].subject).input_commitment
    assert ask(world, world.people[3][0].subject).input_commitment == before
    subject = change(world, 3, "laboratory", **{"uci|fbs": (True, ""), "extra|x": (1, "1")})
    held = {one.words: one.value for one in ask(world, subject).contributions}
    assert held["fasting blood sugar above 120 mg/dL"] == "yes"
    assert ask(world, subject).input_commitment != before


def test_probabilities_are_told_as_often_as_they_come_true(world, heart: Question) -> None:
    told, came = [], []
    for records in world.people[:200]:
        told.append(ask(world, records[0].subject).probability)
        (label,) = [one for one in records if one.category == "condition"]
        came.append(label.observations[heart.label.code][0])
    assert np.mean(told) == pytest.approx(np.mean(came), abs=0.1)


def test_of_two_records_the_newer_counts(world) -> None:
    records = world.people[3]
    old = next(one for one in records if one.category == "laboratory")
    fresh = Record(
        old.subject,
        old.category,
        old.custodian,
        "1999-01-01",
        {"http://loinc.org|2093-3": (333.0, "mg/dL")},
        "f" * 32,
    )
    records.append(fresh)
    values = {one.words: one.value for one in ask(world, old.subject).contributions}
    assert values["total cholesterol"] == "333 mg/dL"
