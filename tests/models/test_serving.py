from __future__ import annotations

import pytest

from consent import DAY_S
from models.errors import ModelRetired
from models.model_files import MODEL
from models.prediction import PredictionRequest
from models.registry import ACTIVE, AFFECTED, RETIRED

STUDY = "study:diabetes-risk"
CLINIC = "organisation:riverside"


@pytest.fixture
def served(build, heart_people):
    world = build(heart_people, grace_s=30 * DAY_S)
    world.diagnostics.train(STUDY, "uci-heart")
    return world


def ask(world, place: int = 0):
    subject = world.people[place][0].subject
    return world.diagnostics.predict(PredictionRequest(CLINIC, subject, "uci-heart-1", "visit"))


def test_a_model_that_lost_consent_is_listed_at_once_and_goes_on_for_its_grace(served) -> None:
    assert served.diagnostics.apply_withdrawals() == []
    served.ledger.withdraw(served.people[0][0].subject)
    served.ledger.withdraw(served.people[1][0].subject)
    (found,) = served.diagnostics.apply_withdrawals()
    assert (found.model.state, found.ended_consents) == (AFFECTED, 2)
    assert found.stops_at_s == served.now[0] + 30 * DAY_S
    assert ask(served).is_affected


def test_after_its_grace_it_is_retired_and_its_file_destroyed(served) -> None:
    served.ledger.withdraw(served.people[0][0].subject)
    served.diagnostics.apply_withdrawals()
    served.now[0] += 30 * DAY_S
    assert served.diagnostics.apply_withdrawals() == []
    assert served.diagnostics.model("uci-heart-1").state == RETIRED
    assert not (served.diagnostics.home / "uci-heart-1" / MODEL).exists()
    with pytest.raises(ModelRetired, match="is retired"):
        ask(served)
    assert served.diagnostics.check() == []


def test_nobody_has_to_look_for_the_grace_period_to_end(served) -> None:
    served.ledger.withdraw(served.people[0][0].subject)
    served.diagnostics.apply_withdrawals()
    served.now[0] += 30 * DAY_S
    with pytest.raises(ModelRetired):
        ask(served)
    assert served.diagnostics.model("uci-heart-1").state == RETIRED


def test_the_next_diagnosis_after_a_withdrawal_lists_the_model(served) -> None:
    assert not ask(served).is_affected
    served.ledger.withdraw(served.people[1][0].subject)
    assert ask(served).is_affected
    assert served.diagnostics.model("uci-heart-1").state == AFFECTED


def test_without_a_grace_period_a_withdrawal_stops_the_model_at_the_next_question(
    build, heart_people
) -> None:
    world = build(heart_people, grace_s=0)
    world.diagnostics.train(STUDY, "uci-heart")
    world.ledger.withdraw(world.people[1][0].subject)
    with pytest.raises(ModelRetired):
        ask(world)


def test_consents_that_end_by_time_alone_are_seen_within_a_minute(served) -> None:
    ask(served)
    asked = served.ledger.asked
    ask(served)
    assert served.ledger.asked == asked
    served.now[0] += 61
    ask(served)
    assert served.ledger.asked == asked + 1


def test_a_model_is_found_by_the_consents_that_it_rests_on(served) -> None:
    consent = served.ledger.consent(served.people[0][0].subject, "MLTRAINING")
    assert [model.id for model in served.diagnostics.models_trained_under([consent])] == [
        "uci-heart-1"
    ]
    assert served.diagnostics.models_trained_under([b"\0" * 32]) == []


def test_a_successor_answers_in_the_place_of_the_affected_model(served) -> None:
    served.ledger.withdraw(served.people[0][0].subject)
    served.diagnostics.apply_withdrawals()
    made = served.diagnostics.retrain("uci-heart-1")
    assert served.diagnostics.apply_withdrawals() == []
    assert served.diagnostics.serving_model("uci-heart").id == made.id
    assert made.state == ACTIVE
    with pytest.raises(ModelRetired, match="is replaced"):
        ask(served)
