from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import Any

import pytest
from decisions import decision_at
from policy import Given
from world import ALICE, NOW_S, OPT_OUT, REQUEST, STUDY, World, alices_world, as_batch

from consent.batch import decide_many
from consent.decision import decide
from consent.grant_status import Clocks
from consent.pending_refusals import deny_pending, list_pending
from consent.state import LedgerState, PendingRefusal
from consent.terms import ANY
from consent.typed_data import terms_hash

HOSPITAL = "organisation:hospital"
OTHER_STUDY = "study:other"
PARTIES = (STUDY, OTHER_STUDY, HOSPITAL)
PURPOSES = ("MLTRAINING", "HRESCH", "PSEUDRESCH", "RECRESCH", "TREATDS", "TREAT")
RESEARCH = ("MLTRAINING", "HRESCH", "PSEUDRESCH", "RECRESCH")
DENY_STUDY: dict[str, Any] = {"decision": "deny", "purposes": ("MLTRAINING", "HRESCH", "TREAT")}


@pytest.fixture
def world() -> World:
    """Alice permits every party every purpose of the table."""
    world = alices_world()
    permit_all(world, 100)
    return world


def permit_all(world: World, signed_s: int) -> None:
    for party in PARTIES:
        world.grant(recipient=party, purposes=PURPOSES, categories=(ANY,), signed_s=signed_s)


def opt_out(world: World) -> None:
    world.grant(**OPT_OUT, signed_s=200)


def refuse_the_study(world: World) -> None:
    world.grant(**DENY_STUDY, signed_s=200)


def stop(world: World) -> None:
    world.stop(ALICE, 300)


def permit_again(world: World) -> None:
    permit_all(world, 400)


def lift_the_refusals(world: World) -> None:
    for given in world.history.given:
        if given.terms.decision == "deny":
            world.withdraw(given)


def seen_lift(world: World) -> None:
    for given in world.history.given:
        if given.terms.decision == "deny":
            world.withdraw(given, seen=True)


STATES = {
    "permitted": (),
    "opted out": (opt_out,),
    "opted out, then stopped": (opt_out, stop),
    "opted out, stopped, permitted again": (opt_out, stop, permit_again),
    "opted out, then lifted": (opt_out, lift_the_refusals),
    "opted out, lifting seen but not final": (opt_out, seen_lift),
    "study refused": (refuse_the_study,),
    "study refused, stopped, permitted again": (refuse_the_study, stop, permit_again),
    "study refused, stopped, permitted again, lifted": (
        refuse_the_study,
        stop,
        permit_again,
        lift_the_refusals,
    ),
}


def expected(state: str, party: str, purpose: str) -> str:
    """The truth table: who, for which purpose, in which state."""
    is_lifted = state.endswith("lifted")
    if state.startswith("opted out") and not is_lifted and purpose in RESEARCH:
        return "opted-out"
    is_refused = party == STUDY and purpose in DENY_STUDY["purposes"]
    if state.startswith("study refused") and not is_lifted and is_refused:
        return "denied"
    has_ended = "stopped" in state and "permitted again" not in state
    return "stopped" if has_ended else "permitted"


@pytest.mark.parametrize("state", STATES)
def test_a_refusal_counts_for_whom_and_what_it_names_until_its_own_withdrawal(
    world: World, state: str
) -> None:
    for step in STATES[state]:
        step(world)
    for party, purpose in product(PARTIES, PURPOSES):
        assert world.reason(party=party, purpose=purpose) == expected(state, party, purpose)


@pytest.mark.parametrize("refuse", [opt_out, refuse_the_study])
def test_a_refusal_after_a_view_counts_for_a_decision_on_it_and_a_permit_does_not(refuse) -> None:
    world = alices_world()
    before = world.state()
    world.grant(signed_s=150)
    with_permit = before.with_refusals_since(world.state())
    assert decide(REQUEST, with_permit, world.consent_terms, world.view(), 1_000).reason == (
        "not-yet"
    )
    permitted = world.state()
    refuse(world)
    with_refusal = permitted.with_refusals_since(world.state())
    for state, reason in ((permitted, "permitted"), (with_refusal, world.reason())):
        decision = decide(REQUEST, state, world.consent_terms, world.view(), 1_000)
        consents = world.register.at(state)
        many = decide_many(as_batch([REQUEST]), consents, world.view(), 1_000)
        assert decision.reason == reason
        assert many.counts() == {reason: 1}
    assert (with_refusal.count, with_refusal.head) == (permitted.count, permitted.head)


def test_withdrawals_and_stops_after_a_view_count_for_a_decision_on_it() -> None:
    world = alices_world()
    given = world.grant()
    before = world.state()
    world.withdraw(given)
    state = before.with_refusals_since(world.state())
    assert decide(REQUEST, state, world.consent_terms, world.view(), 1_000).reason == "withdrawn"
    world.stop(ALICE, 100)
    state = before.with_refusals_since(world.state())
    assert decide(REQUEST, state, world.consent_terms, world.view(), 1_000).reason == "stopped"


def pending(world: World, given: Given) -> LedgerState:
    refusal = PendingRefusal(given.subject, terms_hash(given.terms), given.signed_s, given.ends_s)
    return replace(world.state(), pending_refusals=(refusal,))


@pytest.mark.parametrize("change", [OPT_OUT, DENY_STUDY])
def test_a_refusal_that_is_acknowledged_counts_before_the_ledger_has_it(
    world: World, change: dict[str, Any]
) -> None:
    other, mirrored = alices_world(), world.state()
    state = pending(world, other.grant(**change, signed_s=200))
    for given in other.history.given:
        world.put(ALICE, given.terms)
    requests = [replace(REQUEST, party=party, purpose=p) for party, p in product(PARTIES, PURPOSES)]
    world.grant(**change, signed_s=200)  # the same words, so that all three agree on the truth
    for request in requests:
        expected_reason = decide(
            request, world.state(), world.consent_terms, world.view(), NOW_S
        ).reason
        decision = decide(request, state, world.consent_terms, world.view(), NOW_S)
        batch, consents = as_batch([request]), world.register.at(mirrored)
        many = decide_many(batch, consents, world.view(), NOW_S)
        clocks = Clocks.of(world.view(), NOW_S)
        deny_pending(many, batch, state, world.consent_terms, clocks)
        assert decision.reason == expected_reason
        assert many.counts() == {decision.reason: 1}
        assert decision_at(many, 0).consent_ids == decision.consent_ids[:1]


def test_a_pending_refusal_ends_with_its_own_withdrawal_on_the_ledger(world: World) -> None:
    given = alices_world().grant(**OPT_OUT, signed_s=200)
    world.put(ALICE, given.terms)
    listed = list_pending(
        pending(world, given), world.consent_terms, ALICE, Clocks.of(world.view(), NOW_S)
    )
    assert [(consent.state, consent.terms) for consent in listed] == [("active", given.terms)]
    world.withdraw(given)
    state = pending(world, given)
    assert decide(REQUEST, state, world.consent_terms, world.view(), NOW_S).permitted
    assert not list_pending(state, world.consent_terms, ALICE, Clocks.of(world.view(), NOW_S))


def test_terms_that_cannot_be_read_may_be_a_refusal_and_outlive_a_stop(world: World) -> None:
    world.grant(opening=False, signed_s=200)
    stop(world)
    permit_again(world)
    assert world.reason() == "opening-missing"
