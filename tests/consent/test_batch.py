from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from decisions import decision_at
from world import (
    ALICE,
    BOB,
    CAROL,
    DELEGATE,
    KEY,
    NOW_S,
    OTHER_RECORD,
    RECORD,
    REQUEST,
    World,
    alices_world,
    as_batch,
)

from consent.batch import decide_many
from consent.decision import REASONS
from consent.errors import ConsentInvalid, LedgerUnavailable
from consent.state import Grants, LedgerLog, columns
from consent.tables import METADATA
from consent.terms import ANY, Decision
from consent.typed_data import terms_hash
from consent.vocabulary import CATEGORY_CODES


@pytest.fixture
def world() -> World:
    return alices_world()


@pytest.mark.parametrize(
    "change",
    [
        {"party": ANY},
        {"party": ""},
        {"purpose": ANY},
        {"records": np.array([b"*"], "S32")},
        {"records": np.array([RECORD.upper().encode()], "S32")},
        {"categories": np.array([-1], np.int16)},
        {"categories": np.array([len(CATEGORY_CODES)], np.int16)},
    ],
)
def test_nor_is_one_in_a_batch(world: World, change: dict[str, Any]) -> None:
    world.grant(categories=(ANY,))
    batch = replace(as_batch([REQUEST]), **change)
    given = decide_many(batch, world.register.at(world.state()), world.view(), NOW_S)
    assert decision_at(given, 0) == Decision(False, "unknown-word", (), (), world.view())


@pytest.mark.parametrize(
    "change",
    [
        {"subjects": np.zeros((1, 31), np.uint8)},
        {"subjects": np.zeros((2, 32), np.uint8)},
        {"records": np.array(["x"])},
        {"categories": np.zeros(1, np.int64)},
        {"recorded_on": np.zeros((1, 1), np.int32)},
    ],
)
def test_columns_of_different_shapes_are_invalid(change: dict[str, Any]) -> None:
    with pytest.raises(ConsentInvalid):
        replace(as_batch([REQUEST]), **change)


def test_a_batch_keeps_its_order_and_counts_its_reasons(world: World) -> None:
    world.enrol(BOB)
    world.grant(subject=BOB)
    query = [replace(REQUEST, subject=s) for s in (CAROL, BOB, ALICE, BOB, CAROL)]
    given = world.decide_many(query)
    assert [decision_at(given, n).reason for n in range(5)] == [
        world.decide(r).reason for r in query
    ]
    assert given.permitted().tolist() == [False, True, False, True, False]
    assert given.counts() == {"permitted": 2, "not-enrolled": 2, "no-consent": 1}
    assert REASONS[given.reasons[2]] == "no-consent"


def test_an_empty_batch_and_an_empty_ledger_decide_nothing() -> None:
    world = World()
    assert world.decide(REQUEST).reason == "not-enrolled"
    assert decision_at(world.decide_many([REQUEST]), 0).reason == "not-enrolled"
    empty = replace(
        as_batch([REQUEST]),
        subjects=np.zeros((0, 32), np.uint8),
        records=np.zeros(0, "S32"),
        categories=np.zeros(0, np.int16),
        recorded_on=np.zeros(0, np.int32),
    )
    given = decide_many(empty, world.register.at(world.state()), world.view(), NOW_S)
    assert given.counts() == {}


def test_unreadable_terms_raise_an_error_and_are_never_guessed(world: World) -> None:
    world.grant()
    METADATA.drop_all(world.engine)
    with pytest.raises(LedgerUnavailable):
        world.decide(REQUEST)
    with pytest.raises(LedgerUnavailable):
        world.decide_many([REQUEST])


def test_an_older_state_is_decided_as_it_was_and_another_ledger_from_the_start(
    world: World,
) -> None:
    made = world.grant()
    before = world.state()
    world.withdraw(made)
    world.enrol(BOB)
    world.grant(subject=BOB)
    assert world.reason() == "withdrawn"
    old = world.register.at(before)
    batch = as_batch([REQUEST, replace(REQUEST, subject=BOB)])
    given = decide_many(batch, old, world.view(), NOW_S)
    assert [decision_at(given, 0).reason, decision_at(given, 1).reason] == [
        "permitted",
        "not-enrolled",
    ]
    assert world.reason(subject=BOB) == "permitted"
    rebuilt = World()
    rebuilt.consent_terms, rebuilt.register = world.consent_terms, world.register
    for subject in (BOB, ALICE):
        rebuilt.enrol(subject)
    rebuilt.history.given = [g for g in world.history.given if g.subject == BOB] * 2
    for given_then in rebuilt.history.given:
        row = (BOB, terms_hash(given_then.terms), KEY, 100, 10_000)
        rebuilt.add(columns(Grants, [row]))
    assert rebuilt.reason() == "no-consent"
    assert rebuilt.reason(subject=BOB) == "permitted"
    other = LedgerLog().state(0, bytes(27))
    given = decide_many(batch, world.register.at(other), world.view(), NOW_S)
    assert given.counts() == {"not-enrolled": 2}
    assert world.reason(subject=BOB) == "permitted"


def test_a_hundred_thousand_records_get_the_answers_that_their_subjects_got(world: World) -> None:
    world.enrol(BOB)
    world.grant(subject=BOB, records=(RECORD,))
    world.grant(records=(OTHER_RECORD,))
    query = [
        replace(REQUEST, subject=s, record_id=r) for s in (ALICE, BOB) for r in (RECORD, "ff" * 16)
    ]
    few = as_batch(query)
    places = np.random.default_rng(5).integers(0, len(query), 100_000)
    many = replace(
        few,
        subjects=few.subjects[places],
        records=few.records[places],
        categories=few.categories[places],
        recorded_on=few.recorded_on[places],
    )
    consents = world.register.at(world.state())
    one_by_one = [world.decide(request) for request in query]
    given = decide_many(many, consents, world.view(), NOW_S)
    assert [REASONS[r] for r in given.reasons] == [one_by_one[p].reason for p in places]
    assert {d.reason for d in one_by_one} == {"permitted", "other-record"}
    assert given.permitted().sum() == (places == 2).sum()


def test_a_subject_may_have_thousands_of_consents(world: World) -> None:
    rows = [(ALICE, n.to_bytes(32, "big"), KEY, 100, 200) for n in range(5_000)]  # expired
    world.add(columns(Grants, rows))
    world.grant(signed_s=101)
    batch = as_batch([REQUEST] * 500)
    given = decide_many(batch, world.register.at(world.state()), world.view(), NOW_S)
    assert given.counts() == {"permitted": 500}


def test_a_key_that_was_added_after_its_grant_was_seen_makes_it_good(world: World) -> None:
    world.grant(key=DELEGATE)
    assert world.reason() == "bad-key"
    world.key(ALICE, DELEGATE, role=1)
    assert world.reason() == "permitted"
