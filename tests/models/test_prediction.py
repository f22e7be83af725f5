from __future__ import annotations

import dataclasses

import numpy as np
import pytest

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
from models.served_model import load_model
from storage.errors import StorageNotFound as RecordNotFound
from storage.record import Record

STUDY = "study:diabetes-risk"
CLINIC = "organisation:riverside"
AGE = "http://loinc.org|30525-0"


@pytest.fixture
def world(build, heart_people):
    world = build([list(records) for records in heart_people])
    world.diagnostics.train(STUDY, "uci-heart")
    return world


def ask(world, subject: bytes, model: str = "uci-heart-1"):
    request = PredictionRequest(CLINIC, subject, model, "chest pain", "clinician:a")
    return world.diagnostics.predict(request)


def change(world, index: int, category: str, **observations: object) -> bytes:
    """Change one person's observations of a category; None removes the code."""
    records = world.people[index]
    for position, record in enumerate(records):
        if record.category == category:
            observed = {**record.observations, **observations}
            present = {code: value for code, value in observed.items() if value is not None}
            records[position] = dataclasses.replace(record, observations=present)
    return records[0].subject


def test_a_prediction_has_probability_interval_contributions_and_evidence(
    world, heart: Question
) -> None:
    records = world.people[3]
    prediction = ask(world, records[0].subject)
    model = world.diagnostics.model("uci-heart-1")
    row = to_row(
        heart, latest_observations(record for record in records if record.category != "condition")
    )
    served = load_model(world.diagnostics.home / model.id / MODEL, model.sha256)
    name = world.store.pseudonyms("manifest patient")(records[0].subject).hex()
    expected = float(served.about([name]).predict(row[None, heart.predictors()])[0])
    assert prediction.probability == round(expected, 2)
    assert 0 <= prediction.low <= prediction.probability <= prediction.high <= 1
    assert (prediction.model_sha256, prediction.question) == (model.sha256, "uci-heart")
    assert len(prediction.contributions) == len(heart.predictors())
    assert len(prediction.top) == 3
    sizes = [abs(part.log_odds) for part in prediction.contributions]
    assert sizes == sorted(sizes, reverse=True)
    assert prediction.top[0].words in {feature.words for feature in heart.features}
    assert len(prediction.input_commitment) == 32
    assert not prediction.is_affected


def test_the_journal_has_organisation_clinician_purpose_and_model(world) -> None:
    prediction = ask(world, world.people[3][0].subject)
    opened, answered = world.store.vault.journal[-2:]
    for request in (opened, answered):
        assert (request.party, request.actor, request.purpose) == (CLINIC, "clinician:a", "TREATDS")
        assert request.detail["model"] == world.diagnostics.model("uci-heart-1").sha256
        assert request.why == "chest pain"
    assert answered.detail["input"] == prediction.input_commitment.hex()


def test_a_prediction_never_opens_the_label(world) -> None:
    prediction = ask(world, world.people[3][0].subject)
    assert "condition" not in world.store.vault.journal[-1].categories
    answer = [record.record_id for record in world.people[3] if record.category == "condition"]
    assert not set(answer) & set(prediction.records)


def test_a_refused_patient_and_an_unknown_patient_give_the_same_error(world) -> None:
    subject = world.people[3][0].subject
    world.ledger.withdraw(subject, "TREATDS")
    messages = []
    for patient in (subject, b"\7" * 32):
        with pytest.raises(RecordNotFound) as caught:
            ask(world, patient)
        messages.append(str(caught.value))
    assert messages[0] == messages[1]


def test_a_prediction_does_not_need_consent_to_training(world) -> None:
    world.ledger.withdraw(world.people[3][0].subject, "MLTRAINING")
    assert ask(world, world.people[3][0].subject).probability >= 0


@pytest.mark.parametrize(
    ("value", "unit", "error", "message"),
    [
        (150.0, "a", InputOutOfRange, "age is outside the accepted values: 18 to 110 years"),
        (600.0, "kg", UnitMismatch, "in 'kg'"),
        (None, "", PatientIneligible, "age must be 18 or more"),
    ],
)
def test_an_input_that_the_model_does_not_accept_is_refused_by_name(
    world, value, unit, error, message
) -> None:
    subject = change(world, 3, "demographics", **{AGE: None if value is None else (value, unit)})
    with pytest.raises(error, match=message):
        ask(world, subject)


def test_a_missing_required_category_is_named(world) -> None:
    world.people[3][:] = [record for record in world.people[3] if record.category != "survey"]
    with pytest.raises(InputMissing, match="survey") as caught:
        ask(world, world.people[3][0].subject)
    assert (caught.value.code, caught.value.category) == ("missing", "survey")


def test_an_optional_category_may_be_missing(world) -> None:
    world.people[3][:] = [record for record in world.people[3] if record.category != "laboratory"]
    prediction = ask(world, world.people[3][0].subject)
    values = {part.words: part.value for part in prediction.contributions}
    assert values["total cholesterol"] == "not recorded"


def test_a_model_that_does_not_exist_is_not_found(world) -> None:
    with pytest.raises(ModelsNotFound):
        ask(world, world.people[3][0].subject, "none-1")


@pytest.mark.parametrize("name", [MODEL, CARD])
def test_a_model_with_a_changed_file_makes_no_prediction(world, name: str) -> None:
    path = world.diagnostics.home / "uci-heart-1" / name
    path.write_bytes(path.read_bytes().replace(b"e", b"f", 1))
    world.diagnostics.close()
    with pytest.raises(ModelsBroken):
        ask(world, world.people[3][0].subject)


def test_the_commitment_depends_on_the_input(world) -> None:
    before = ask(world, world.people[3][0].subject).input_commitment
    assert ask(world, world.people[3][0].subject).input_commitment == before
    subject = change(world, 3, "laboratory", **{"uci|fbs": (True, ""), "extra|x": (1, "1")})
    observed = {part.words: part.value for part in ask(world, subject).contributions}
    assert observed["fasting blood sugar above 120 mg/dL"] == "yes"
    assert ask(world, subject).input_commitment != before


def test_the_mean_prediction_equals_the_observed_share(world, heart: Question) -> None:
    predictions, outcomes = [], []
    for records in world.people[:200]:
        predictions.append(ask(world, records[0].subject).probability)
        (label,) = [record for record in records if record.category == "condition"]
        outcomes.append(label.observations[heart.label.code][0])
    assert np.mean(predictions) == pytest.approx(np.mean(outcomes), abs=0.1)


def test_the_newer_of_two_records_counts(world) -> None:
    records = world.people[3]
    old = next(record for record in records if record.category == "laboratory")
    fresh = Record(
        old.subject,
        old.category,
        old.custodian,
        "1999-01-01",
        {"http://loinc.org|2093-3": (333.0, "mg/dL")},
        "f" * 32,
    )
    records.append(fresh)
    values = {part.words: part.value for part in ask(world, old.subject).contributions}
    assert values["total cholesterol"] == "333 mg/dL"
