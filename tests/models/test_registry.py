from __future__ import annotations

import dataclasses

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models.errors import ModelRetired, ModelsNotFound
from models.registry import (
    ACTIVE,
    AFFECTED,
    ENDED,
    PUBLISHED,
    REPLACED,
    RETIRED,
    TRAINED,
    TRANSITIONS,
    Model,
    ModelRegistry,
)

STATES = (TRAINED, PUBLISHED, ACTIVE, AFFECTED, REPLACED, RETIRED)


def make_model(name: str = "q-1", at_s: int = 10) -> Model:
    return Model(name, "study:s", "q", "text", "aa", "bb", "cc", at_s)


def test_a_model_is_read_as_it_was_stored(engine: sa.Engine) -> None:
    registry = ModelRegistry(engine)
    registry.add(make_model(), [b"\2" * 32, b"\1" * 32])
    assert registry.get("q-1") == make_model()
    assert registry.consents("q-1") == [b"\1" * 32, b"\2" * 32]
    assert registry.all(TRAINED) == registry.all() == [make_model()]
    assert registry.all(ACTIVE) == []


def test_an_unknown_model_is_not_found(engine: sa.Engine) -> None:
    registry = ModelRegistry(engine)
    assert registry.find("q-9") is None
    with pytest.raises(ModelsNotFound):
        registry.get("q-9")
    with pytest.raises(ModelsNotFound):
        registry.serving_model("q")
    with pytest.raises(ModelsNotFound):
        registry.change_state("q-9", ACTIVE, 1)


def test_models_are_found_by_any_of_their_consents(engine: sa.Engine) -> None:
    registry = ModelRegistry(engine)
    registry.add(make_model("q-1"), [b"\1" * 32, b"\2" * 32])
    registry.add(make_model("q-2"), [b"\2" * 32])
    registry.add(make_model("q-3"), [])
    assert [model.id for model in registry.models_trained_under([b"\2" * 32])] == ["q-1", "q-2"]
    assert [model.id for model in registry.models_trained_under([b"\1" * 32, b"\3" * 32])] == [
        "q-1"
    ]
    assert registry.models_trained_under([]) == []


def test_thousands_of_consents_are_stored_at_once(engine: sa.Engine) -> None:
    consents = [n.to_bytes(32, "big") for n in range(5_000)]
    ModelRegistry(engine).add(make_model(), consents)
    assert ModelRegistry(engine).consents("q-1") == consents


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(STATES[1:]), max_size=5))
def test_a_model_changes_state_only_as_the_table_permits(
    sqlite_engine: sa.Engine, steps: list[str]
) -> None:
    registry = ModelRegistry(sqlite_engine)
    name = f"q-{len(registry.all())}"
    registry.add(make_model(name), [])
    state = TRAINED
    for step in steps:
        if step in TRANSITIONS[state] or step == state:
            registry.change_state(name, step, 5)
            state = step
        else:
            with pytest.raises(ModelRetired):
                registry.change_state(name, step, 5)
        assert registry.get(name).state == state


def test_every_state_has_its_transitions_and_ended_states_have_none() -> None:
    assert set(TRANSITIONS) == set(STATES)
    assert all(TRANSITIONS[state] == () for state in ENDED)


def test_transitions_store_their_times(engine: sa.Engine) -> None:
    registry = ModelRegistry(engine)
    registry.add(make_model(), [])
    for state, now_s in ((PUBLISHED, 20), (ACTIVE, 21), (AFFECTED, 22), (REPLACED, 23)):
        registry.change_state("q-1", state, now_s, "q-2" if state == REPLACED else None)
    assert registry.get("q-1") == dataclasses.replace(
        make_model(),
        state=REPLACED,
        published_at_s=20,
        affected_at_s=22,
        ended_at_s=23,
        successor="q-2",
    )


def test_the_newest_unaffected_model_serves_the_question(engine: sa.Engine) -> None:
    registry = ModelRegistry(engine)
    for name, at_s in (("q-1", 1), ("q-2", 2), ("q-3", 3)):
        registry.add(make_model(name, at_s), [])
        registry.change_state(name, PUBLISHED, at_s)
        registry.change_state(name, ACTIVE, at_s)
    assert registry.serving_model("q").id == "q-3"
    registry.change_state("q-3", AFFECTED, 9)
    assert registry.serving_model("q").id == "q-2"


def test_no_study_replaces_the_model_of_another(engine: sa.Engine) -> None:
    registry = ModelRegistry(engine)
    first, second, third = "study:a", "study:b", "study:c"
    for name, study, at_s in (("c-1", third, 1), ("b-1", second, 2), ("a-1", first, 3)):
        registry.add(dataclasses.replace(make_model(name, at_s), study=study), [])
        registry.change_state(name, PUBLISHED, at_s)
        registry.change_state(name, ACTIVE, at_s)
    registry.change_state("c-1", RETIRED, 4)
    assert registry.serving_model("q").id == "b-1"
    registry.change_state("b-1", AFFECTED, 5)
    assert registry.serving_model("q").id == "b-1"
    registry.add(dataclasses.replace(make_model("b-2", 6), study=second), [])
    registry.change_state("b-2", PUBLISHED, 6)
    assert registry.serving_model("q").id == "b-1"
    registry.change_state("b-2", ACTIVE, 6)
    registry.change_state("b-1", REPLACED, 6, "b-2")
    assert registry.serving_model("q").id == "b-2"  # also newer than that of study a
    registry.change_state("b-2", RETIRED, 7)
    assert registry.serving_model("q").id == "a-1"


def test_only_a_model_that_was_never_active_can_be_deleted(engine: sa.Engine) -> None:
    registry = ModelRegistry(engine)
    registry.add(make_model(), [b"\1" * 32])
    registry.change_state("q-1", PUBLISHED, 1)
    registry.delete_unserved("q-1")
    assert registry.all() == []
    assert registry.consents("q-1") == []
    registry.add(make_model(), [b"\1" * 32])
    registry.change_state("q-1", PUBLISHED, 1)
    registry.change_state("q-1", ACTIVE, 1)
    registry.delete_unserved("q-1")
    assert registry.consents("q-1") == [b"\1" * 32]
