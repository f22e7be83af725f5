from __future__ import annotations

import os
from typing import Any

from decisions import decision_at
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from policy import answer
from world import (
    ALICE,
    BOB,
    CAROL,
    DELEGATE,
    KEY,
    OTHER_RECORD,
    RECORD,
    STRANGER,
    STUDY,
    World,
)

from consent.decision import REASONS
from consent.terms import ANY, DecisionRequest
from consent.typed_data import consent_id, terms_hash

subjects = st.sampled_from([ALICE, BOB, CAROL])
keys = st.sampled_from([KEY, KEY, KEY, DELEGATE, STRANGER])
times = st.sampled_from([50, 100, 200, 300, 985, 990, 995, 1_000, 1_005])
ends = st.sampled_from([400, 989, 990, 991, 1_000, 1_001, 10_000])
parties = st.sampled_from([STUDY, "study:other", "organisation:hospital"])
some_purposes = ["MLTRAINING", "HRESCH", "DSRCH", "TREAT", "TREATDS", "BTG", "OLDWORD"]
dates = st.sampled_from(["", "", "2020-01-01", "2020-06-01"])


def some(words: list[str], most: int = 2) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from(words), min_size=1, max_size=most, unique=True).map(tuple)


@st.composite
def grants(draw: st.DrawFn) -> dict[str, Any]:
    decision = draw(st.sampled_from(["permit", "permit", "deny"]))
    wide = decision == "deny" and draw(st.booleans())
    first = draw(dates)
    purposes = draw(st.one_of(some(some_purposes[:-1]), st.just(("MLTRAINING",))))
    return {
        "subject": draw(subjects),
        "key": draw(keys),
        "signed_s": draw(times),
        "ends_s": draw(ends),
        "opening": draw(st.sampled_from([True] * 9 + [False])),
        "decision": decision,
        "recipient": ANY if wide else draw(parties),
        "purposes": draw(st.sampled_from([purposes] * 9 + [("OLDWORD",)])),
        "categories": draw(st.one_of(st.just((ANY,)), some(["laboratory", "imaging"]))),
        "records": draw(st.one_of(st.just((ANY,)), some([RECORD, OTHER_RECORD]))),
        "data_from": first,
        "data_to": draw(st.sampled_from(["", "2020-06-01", "2021-01-01"])),
        "obligations": draw(st.lists(st.sampled_from(["PSEUD", "AUDIT"]), unique=True).map(tuple)),
    }


steps = st.one_of(
    st.tuples(st.just("enrol"), subjects),
    st.tuples(st.just("key"), subjects, keys, st.sampled_from([0, 1, 2]), times | st.just(0)),
    st.tuples(st.just("grant"), grants()),
    st.tuples(st.just("grant"), grants()),
    st.tuples(st.just("withdraw"), st.integers(0, 20), st.booleans()),
    st.tuples(st.just("stop"), subjects, times, st.booleans()),
    st.tuples(st.just("erase"), st.integers(0, 20)),
    st.tuples(st.just("look")),
)


def play(world: World, step: tuple[Any, ...]) -> None:
    kind, *rest = step
    if kind == "grant":
        world.grant(**rest[0])
    elif kind == "withdraw" and world.history.given:
        world.withdraw(world.history.given[rest[0] % len(world.history.given)], rest[1])
    elif kind == "erase" and world.history.given:
        made = world.history.given[rest[0] % len(world.history.given)]
        made.opening = False
        world.consent_terms.erase(consent_id(made.subject, terms_hash(made.terms)))
    elif kind == "look":
        world.register.at(world.state())
    elif kind in ("enrol", "key", "stop"):
        getattr(world, kind)(*rest)


def check_all(world: World) -> None:
    for party in (STUDY, "organisation:hospital"):
        for purpose in ("MLTRAINING", "DSRCH", "TREATDS", "ETREAT"):
            query = [
                DecisionRequest(party, purpose, subject, record, category, day)
                for subject in (ALICE, BOB, CAROL)
                for record in (RECORD, OTHER_RECORD)
                for category, day in (("laboratory", "2020-06-01"), ("imaging", "2020-12-24"))
            ]
            many = world.decide_many(query)
            for place, request in enumerate(query):
                item = world.decide(request)
                reason, owed = answer(world.history, request, world.now_s, world.block_s)
                assert item.reason == REASONS[many.reasons[place]] == reason, request
                assert item.consent_ids[:1] == decision_at(many, place).consent_ids
                assert set(item.obligations) == set(decision_at(many, place).obligations) == owed


first_steps = [("enrol", ALICE), ("enrol", BOB), ("key", ALICE, DELEGATE, 1, 300)]


# 40 in each run, and as many as docs/assurance.md states with HISTORIES=1100.
HISTORIES = int(os.environ.get("HISTORIES", "40"))


@settings(max_examples=HISTORIES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(steps, max_size=25))
def test_one_by_one_in_one_pass_and_by_the_second_opinion_every_answer_is_the_same(
    history: list[tuple[Any, ...]],
) -> None:
    world = World()
    for step in (*first_steps, *history):
        play(world, step)
    check_all(world)
