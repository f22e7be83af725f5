from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from world import (
    ALICE,
    BOB,
    DELEGATE,
    KEY,
    STRANGER,
    World,
    alices_world,
)

from consent.grant_status import Clocks, GrantStatus, grant_statuses
from consent.state import Grants, PendingRefusal, Removals, columns
from consent.typed_data import consent_id, terms_hash


@pytest.fixture
def world() -> World:
    return alices_world()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"ends_s": 989}, "expired"),
        ({"ends_s": 995}, "expired"),
        ({"ends_s": 1_000}, "permitted"),
        ({"signed_s": 990}, "permitted"),
        ({"signed_s": 995}, "not-yet"),
        ({"signed_s": 2_000}, "not-yet"),
        ({"key": STRANGER}, "bad-key"),
        ({"key": DELEGATE, "signed_s": 200}, "permitted"),
        ({"key": DELEGATE, "signed_s": 201}, "bad-key"),
    ],
)
def test_a_permit_starts_by_the_earlier_clock_and_ends_by_the_later(
    world: World, change: dict[str, Any], reason: str
) -> None:
    world.key(ALICE, DELEGATE, role=1, until_s=200)
    world.grant(**change)
    assert world.reason() == reason
    world.now_s, world.block_s = world.block_s, world.now_s
    assert world.reason() == reason


def test_a_key_of_an_unknown_role_or_of_another_subject_grants_nothing(world: World) -> None:
    world.key(ALICE, DELEGATE, role=2)
    world.enrol(BOB, key=STRANGER)
    world.grant(key=DELEGATE)
    world.grant(key=STRANGER)
    assert world.reason() == "bad-key"


def test_grants_of_a_key_stay_valid_after_its_removal(world: World) -> None:
    world.grant()
    world.add(columns(Removals, [(ALICE, KEY)]))
    assert world.reason() == "permitted"


def test_a_withdrawal_ends_one_grant_and_a_stop_all(world: World) -> None:
    first, _second = world.grant(), world.grant(signed_s=300)
    world.withdraw(first)
    assert world.reason() == "permitted"
    world.stop(ALICE, 299)
    assert world.reason() == "permitted"
    world.stop(ALICE, 300)
    assert world.reason() == "stopped"
    world.grant(signed_s=301)
    assert world.reason() == "permitted"


def test_a_withdrawal_before_its_grant_is_a_tombstone(world: World) -> None:
    world.withdraw(world.grant())
    early = World()
    early.enrol(ALICE)
    lost = world.history.given[0]
    early.consent_terms.put(ALICE, lost.terms)
    early.withdraw(lost)
    early.register.at(early.state())
    early.history.given.append(lost)
    early.add(columns(Grants, [(ALICE, terms_hash(lost.terms), KEY, 100, 10_000)]))
    assert world.reason() == early.reason() == "withdrawn"


def test_withdrawals_and_stops_end_permits_at_first_sight(world: World) -> None:
    made = world.grant()
    world.withdraw(made, seen=True)
    assert world.reason() == "withdrawn"
    world.history.seen_withdrawn.clear()
    assert world.reason() == "permitted"
    world.stop(ALICE, 100, seen=True)
    world.stop(BOB, 5_000, seen=True)
    assert world.reason() == "stopped"


def test_a_deny_is_lifted_only_by_what_is_final(world: World) -> None:
    world.grant()
    deny = world.grant(decision="deny")
    world.withdraw(deny, seen=True)
    world.stop(ALICE, 99, seen=True)
    assert world.reason() == "denied"
    world.withdraw(deny)
    assert world.reason() == "permitted"


def test_a_deny_bars_before_any_clock_and_by_any_key_and_until_both_clocks_end_it(
    world: World,
) -> None:
    world.grant()
    for change in ({"signed_s": 1_060}, {"key": STRANGER}, {"ends_s": 990}):
        deny = world.grant(decision="deny", **change)
        assert world.reason() == "denied"
        world.withdraw(deny)
    world.grant(decision="deny", ends_s=989)
    assert world.reason() == "permitted"


def pending_status(world: World, refusal: PendingRefusal, now_s: int = 1_000) -> list[GrantStatus]:
    """Return the statuses of the refusal's own consent."""
    state = replace(world.state(), pending_refusals=(refusal,))
    name = consent_id(ALICE, refusal.terms_hash)
    statuses = grant_statuses(state, ALICE, Clocks(now_s, now_s))
    return [status for status in statuses if status.consent_id == name]


def test_a_pending_refusal_denies_until_its_end_and_permits_nothing(world: World) -> None:
    refusal = PendingRefusal(ALICE, b"\7" * 32, 900, 1_500)
    (status,) = pending_status(world, refusal, 1_500)
    assert (status.faults, status.may_deny) == (("not-yet",), True)
    (status,) = pending_status(world, refusal, 1_501)
    assert not status.may_deny


def test_a_pending_refusal_is_lifted_by_a_withdrawal_only_when_that_is_final(world: World) -> None:
    made = alices_world().grant(decision="deny")
    refusal = PendingRefusal(ALICE, terms_hash(made.terms), 100, 10_000)
    world.withdraw(made, seen=True)
    (status,) = pending_status(world, refusal)
    assert status.may_deny
    world.withdraw(made)
    assert pending_status(world, refusal) == []


def test_only_the_subjects_own_grant_takes_the_place_of_a_pending_refusal(world: World) -> None:
    made = alices_world().grant(decision="deny")
    refusal = PendingRefusal(ALICE, terms_hash(made.terms), 100, 10_000)
    row = (BOB, terms_hash(made.terms), KEY, 100, 10_000)
    world.enrol(BOB)
    world.add(columns(Grants, [row]))
    (status,) = pending_status(world, refusal)
    assert status.faults == ("not-yet",)
    world.add(columns(Grants, [(ALICE, *row[1:])]))
    (status,) = pending_status(world, refusal)
    assert status.faults == ()


def test_a_grant_of_the_first_seconds_is_not_stopped_where_nobody_stopped(world: World) -> None:
    world.grant(signed_s=0)
    assert world.reason() == "permitted"
