from __future__ import annotations

import hashlib

import pytest

from consent import LedgerUnavailable
from models.errors import ConsentsChanged, ModelsRefused, RunCancelled
from models.model_files import MODEL
from models.registry import ACTIVE, AFFECTED, REPLACED
from models.training import STEPS
from models.training_runs import RUNNING, STOPPED

STUDY = "study:diabetes-risk"
QUESTION = "uci-heart"


REFUSALS = {
    "withdrawal": lambda ledger, subject: ledger.withdraw(subject),
    "opt-out": lambda ledger, subject: ledger.opted_out.add(subject),
    "refusal": lambda ledger, subject: ledger.refused.add(subject),
}


def files(world, model_id: str) -> set[str]:
    folder = world.diagnostics.home / model_id
    return {path.name for path in folder.glob("*")}


@pytest.mark.parametrize("how", REFUSALS)
@pytest.mark.parametrize("moment", range(1, 4))
def test_who_says_no_at_any_moment_of_a_run_is_not_in_the_model(
    build, heart_people, moment: int, how: str
) -> None:
    world = build(heart_people)
    leaving_patient = heart_people[5][0].subject

    def refuse() -> None:
        if world.ledger.queries == moment:
            REFUSALS[how](world.ledger, leaving_patient)

    world.ledger.before_each = refuse
    model = world.diagnostics.train(STUDY, QUESTION)
    consents = world.registry.consents(model.id)
    assert world.ledger.consent(leaving_patient, "MLTRAINING") not in consents
    assert len(consents) == len(heart_people) - 1
    assert world.diagnostics.check() == []


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("is_trained_on", [True, False])
def test_a_model_with_a_value_that_was_corrected_during_its_run_is_replaced(
    build, heart_people, step: str, is_trained_on: bool
) -> None:
    world = build(heart_people)
    corrected = heart_people[5][0].record_id if is_trained_on else "0" * 32

    def correct(reached: str, done: int, of: int) -> None:
        if reached == step:
            world.diagnostics.apply_corrections([corrected])

    model = world.diagnostics.train(STUDY, QUESTION, correct)
    assert model.state == (AFFECTED if is_trained_on else ACTIVE)
    if is_trained_on:  # its grace period began, and the worker retrains it
        (affected,) = world.diagnostics.apply_withdrawals()
        assert (affected.model.id, affected.patients) == (model.id, 0)
        assert world.diagnostics.retrain(model.id).state == ACTIVE


def test_a_run_that_loses_consents_at_every_attempt_leaves_nothing(build, heart_people) -> None:
    world = build(heart_people)
    leaving = iter(heart_people)
    world.ledger.before_each = lambda: world.ledger.withdraw(next(leaving)[0].subject)
    with pytest.raises(ConsentsChanged):
        world.diagnostics.train(STUDY, QUESTION)
    assert world.diagnostics.models() == []
    assert files(world, "uci-heart-1") == set()


def test_a_run_can_be_cancelled_and_leaves_nothing(build, heart_people) -> None:
    world = build(heart_people)

    def cancel(step: str, done: int, of: int) -> None:
        if step == "publish":
            raise RunCancelled("stopped")

    with pytest.raises(RunCancelled):
        world.diagnostics.train(STUDY, QUESTION, cancel)
    assert world.diagnostics.training_runs()[0].state == STOPPED
    assert (world.diagnostics.models(), files(world, "uci-heart-1")) == ([], set())
    with pytest.raises(ModelsRefused, match="is stopped"):
        world.diagnostics.resume(1)


@pytest.mark.parametrize("query", range(1, 4))
def test_a_run_that_the_ledger_interrupts_can_be_resumed(build, heart_people, query: int) -> None:
    world = build(heart_people)

    def fail() -> None:
        if world.ledger.queries == query:
            raise LedgerUnavailable("node down")

    world.ledger.before_each = fail
    try:
        world.diagnostics.train(STUDY, QUESTION)
    except LedgerUnavailable:
        assert world.diagnostics.training_runs()[0].state == RUNNING
        world.diagnostics.resume(1)
    (model,) = world.diagnostics.models()
    assert model.state == ACTIVE
    raw = world.files.read(model.id, MODEL)
    assert hashlib.sha256(raw).hexdigest() == model.sha256
    assert world.diagnostics.check() == []


@pytest.mark.parametrize("moment", ["trained", "published"])
def test_nothing_is_left_of_a_half_made_model_after_a_patient_of_it_opts_out(
    build, heart_people, moment: str
) -> None:
    world = build(heart_people)
    trained_queries = {"trained": 2, "published": 3}[moment]

    def fail() -> None:
        if world.ledger.queries == trained_queries:
            raise LedgerUnavailable("node down")

    world.ledger.before_each = fail
    with pytest.raises(LedgerUnavailable):
        world.diagnostics.train(STUDY, QUESTION)
    (model,) = world.diagnostics.models()
    assert (model.state, MODEL in files(world, model.id)) == (moment, True)
    world.ledger.before_each = lambda: None
    world.ledger.opted_out.add(heart_people[5][0].subject)
    assert world.diagnostics.apply_withdrawals() == []
    assert (world.diagnostics.models(), files(world, model.id)) == ([], set())
    assert world.diagnostics.resume(1).state == ACTIVE
    assert len(world.registry.consents(model.id)) == len(heart_people) - 1


@pytest.mark.parametrize("moment", ["published", "active"])
def test_a_run_that_was_killed_late_continues_from_there(build, heart_people, moment: str) -> None:
    world = build(heart_people)
    first = world.diagnostics.train(STUDY, QUESTION)
    registry = world.diagnostics._registry
    change_state = registry.change_state

    def fail_after(model_id: str, state: str, *rest: object) -> None:
        change_state(model_id, state, *rest)
        if state == moment:
            raise LedgerUnavailable("killed here")

    registry.change_state = fail_after
    with pytest.raises(LedgerUnavailable):
        world.diagnostics.retrain(first.id)
    registry.change_state = change_state
    journal_rows = len(world.store.vault.journal)
    second = world.diagnostics.resume(2)
    assert len(world.store.vault.journal) == journal_rows
    assert (second.state, world.diagnostics.model(first.id).state) == (ACTIVE, REPLACED)
    assert world.diagnostics.check() == []
