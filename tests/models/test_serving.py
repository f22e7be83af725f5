from __future__ import annotations

import pytest

from consent import DAY_S
from models.errors import ModelRetired, ModelsError
from models.model_files import MANIFEST, MODEL
from models.prediction import PredictionRequest
from models.registry import ACTIVE, AFFECTED, RETIRED

STUDY = "study:diabetes-risk"
CLINIC = "organisation:riverside"


@pytest.fixture
def world(build, heart_people):
    world = build(heart_people, grace_s=30 * DAY_S)
    world.diagnostics.train(STUDY, "uci-heart")
    return world


def ask(world, index: int = 0):
    subject = world.people[index][0].subject
    return world.diagnostics.predict(PredictionRequest(CLINIC, subject, "uci-heart-1", "visit"))


def test_a_model_that_lost_consent_is_affected_at_once_and_serves_until_its_grace_ends(
    world,
) -> None:
    assert world.diagnostics.apply_withdrawals() == []
    world.ledger.withdraw(world.people[0][0].subject)
    world.ledger.withdraw(world.people[1][0].subject)
    (affected,) = world.diagnostics.apply_withdrawals()
    assert (affected.model.state, affected.patients) == (AFFECTED, 2)
    assert affected.stops_at_s == world.now[0] + 30 * DAY_S
    assert ask(world).is_affected


@pytest.mark.parametrize("refusals", ["opted_out", "refused"])
def test_a_refusal_signed_while_a_model_serves_reaches_it_as_a_withdrawal_does(
    world, refusals: str
) -> None:
    assert world.diagnostics.apply_withdrawals() == []
    getattr(world.ledger, refusals).add(world.people[0][0].subject)
    (affected,) = world.diagnostics.apply_withdrawals()
    assert (affected.model.state, affected.patients) == (AFFECTED, 1)
    assert world.diagnostics.lost_patients("uci-heart-1") == 1
    world.now[0] += 30 * DAY_S
    assert world.diagnostics.apply_withdrawals() == []
    assert world.diagnostics.model("uci-heart-1").state == RETIRED


def test_the_model_of_an_erased_patient_is_affected(world) -> None:
    world.people.pop(0)
    (affected,) = world.diagnostics.apply_withdrawals()
    assert affected.patients == 1


def test_a_model_whose_manifest_cannot_be_read_counts_for_nobody(world) -> None:
    world.files.write("uci-heart-1", MANIFEST, b"{}")
    (affected,) = world.diagnostics.apply_withdrawals()
    assert affected.model.state == AFFECTED


def test_after_its_grace_a_model_is_retired_and_its_file_destroyed(world) -> None:
    world.ledger.withdraw(world.people[0][0].subject)
    world.diagnostics.apply_withdrawals()
    world.now[0] += 30 * DAY_S
    assert world.diagnostics.apply_withdrawals() == []
    assert world.diagnostics.model("uci-heart-1").state == RETIRED
    assert not (world.diagnostics.home / "uci-heart-1" / MODEL).exists()
    with pytest.raises(ModelRetired, match="is retired"):
        ask(world)
    assert world.diagnostics.check() == []


def test_the_grace_period_ends_without_a_check_by_the_worker(world) -> None:
    world.ledger.withdraw(world.people[0][0].subject)
    world.diagnostics.apply_withdrawals()
    world.now[0] += 30 * DAY_S
    with pytest.raises(ModelRetired):
        ask(world)
    assert world.diagnostics.model("uci-heart-1").state == RETIRED


def test_the_next_prediction_after_a_withdrawal_marks_the_model(world) -> None:
    assert not ask(world).is_affected
    world.ledger.withdraw(world.people[1][0].subject)
    assert ask(world).is_affected
    assert world.diagnostics.model("uci-heart-1").state == AFFECTED


def test_without_a_grace_period_a_withdrawal_stops_the_model_at_the_next_prediction(
    build, heart_people
) -> None:
    world = build(heart_people, grace_s=0)
    world.diagnostics.train(STUDY, "uci-heart")
    world.ledger.withdraw(world.people[1][0].subject)
    with pytest.raises(ModelRetired):
        ask(world)


def test_consents_that_expire_are_noticed_within_a_minute(world) -> None:
    ask(world)
    queries = world.ledger.queries
    ask(world)
    assert world.ledger.queries == queries
    world.now[0] += 61
    ask(world)
    assert world.ledger.queries == queries + 1


def test_an_anchor_of_the_journal_makes_no_answer_compare_the_model_again(world) -> None:
    ask(world)
    queries = world.ledger.queries
    world.ledger.anchor("journal", bytes(32), 1)
    ask(world)
    assert world.ledger.queries == queries
    world.ledger.refused.add(world.people[1][0].subject)
    assert ask(world).is_affected


def test_the_check_of_every_minute_is_made_beside_the_answers(world) -> None:
    ask(world)
    serving, queries = world.diagnostics._serving, world.ledger.queries
    world.now[0] += 31
    ask(world)
    serving.refreshing.join()
    assert world.ledger.queries == queries + 1
    world.now[0] += 31  # more than a minute since an answer waited for it
    ask(world)
    serving.refreshing.join()
    assert world.ledger.queries == queries + 2


def test_an_answer_checks_itself_when_the_check_beside_the_answers_failed(
    world, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(world)
    serving = world.diagnostics._serving

    def fail() -> None:
        raise ModelsError("the ledger is unavailable")

    monkeypatch.setattr(serving, "apply_withdrawals", fail)
    world.now[0] += 31
    ask(world)
    serving.refreshing.join()
    world.now[0] += 31
    with pytest.raises(ModelsError, match="unavailable"):
        ask(world)


def test_a_model_is_found_by_the_consents_that_it_was_trained_under(world) -> None:
    consent = world.ledger.consent(world.people[0][0].subject, "MLTRAINING")
    assert [model.id for model in world.diagnostics.models_trained_under([consent])] == [
        "uci-heart-1"
    ]
    assert world.diagnostics.models_trained_under([b"\0" * 32]) == []


def test_a_successor_replaces_the_affected_model(world) -> None:
    world.ledger.withdraw(world.people[0][0].subject)
    world.diagnostics.apply_withdrawals()
    successor = world.diagnostics.retrain("uci-heart-1")
    assert world.diagnostics.apply_withdrawals() == []
    assert world.diagnostics.serving_model("uci-heart").id == successor.id
    assert successor.state == ACTIVE
    with pytest.raises(ModelRetired, match="is replaced"):
        ask(world)
