"""Counts are frozen, and callers at the same moment get the same one."""

from __future__ import annotations

import secrets
from concurrent.futures import ThreadPoolExecutor
from random import Random
from threading import Barrier

import pytest

from services.requests.feasibility import FeasibilityCounts

NOW_S = 1_800_000_000.0
AT_ONCE = 8


@pytest.mark.parametrize("how", ["steady", "weekly"])
def test_first_callers_at_the_same_moment_get_one_number(engine, how) -> None:
    feasibility, together = FeasibilityCounts(engine, lambda: NOW_S), Barrier(AT_ONCE)
    for _ in range(10):
        name = secrets.token_hex(8)

        def ask(count: int, name: str = name) -> int:
            together.wait()
            if how == "steady":
                return feasibility.stable(name, count)
            return feasibility.weekly(name, lambda: count).count

        with ThreadPoolExecutor(AT_ONCE) as pool:
            reply = set(pool.map(ask, range(100, 100 + AT_ONCE)))
        assert len(reply) == 1


def test_a_feasible_number_is_frozen_for_a_week_and_small_changes_wait(engine) -> None:
    now = [1_800_000_000.0]
    feasibility = FeasibilityCounts(engine, lambda: now[0])
    name = secrets.token_hex(8)
    assert feasibility.weekly(name, lambda: 100).count == 100
    assert feasibility.weekly(name, lambda: 400).count == 100
    now[0] += 7 * 86_400
    assert feasibility.weekly(name, lambda: 110).count == 100
    now[0] += 7 * 86_400
    assert feasibility.weekly(name, lambda: 111).count == 111


def test_a_count_that_moves_by_fewer_than_eleven_does_not_change(engine) -> None:
    counts, name = FeasibilityCounts(engine, lambda: NOW_S), secrets.token_hex(8)
    assert [counts.stable(name, count) for count in (50, 51, 60, 61, 55, 50)] == [
        50,
        50,
        50,
        61,
        61,
        50,
    ]


@pytest.mark.parametrize("joined", [0, 1, 10, 11])
def test_a_number_of_a_study_that_is_first_shown_later_does_not_tell_who_joined(
    engine, joined: int
) -> None:
    """Each page shows its number when it is first opened: before, or after somebody's answer."""
    counts, study = FeasibilityCounts(engine, lambda: NOW_S), secrets.token_hex(8)
    assert counts.of_study(study, "yes", 57) == 57
    for name in ("everybody", "permitted", "copies", "pseudonymised copies"):
        number = counts.of_study(study, name, 57 + joined)
        assert number == (57 if joined < 11 else 68)
    assert counts.of_study(secrets.token_hex(8), "yes", 58) == 58
    assert counts.of_study(study, "said-no", 58) == 58
    assert counts.leavers(f"{study} asked", 80) == 80
    assert counts.of_study(study, "to ask", 81) == 80


@pytest.mark.parametrize("seed", range(10))
def test_numbers_of_a_study_are_equal_or_differ_in_eleven_whatever_happens(engine, seed) -> None:
    counts, study, chance = FeasibilityCounts(engine, lambda: NOW_S), f"s{seed}", Random(seed)
    names = ("yes", "permitted", "everybody", "copies", "pseudonymised copies")
    numbers, people = dict[str, int](), 40
    for _ in range(300):
        people = max(0, people + chance.randint(-4, 4))
        name = chance.choice(names)
        numbers[name] = counts.of_study(study, name, people)
        assert abs(numbers[name] - people) < 11
        for other in numbers.values():
            assert not 0 < abs(other - numbers[name]) < 11


def test_the_count_of_people_who_left_is_hidden_below_eleven_and_never_untrue(engine) -> None:
    counts, name = FeasibilityCounts(engine, lambda: NOW_S), secrets.token_hex(8)
    assert [counts.leavers(name, count) for count in (0, 1, 3, 10, 11, 12, 20, 22, 5, 0)] == [
        0,
        1,
        3,
        10,
        11,
        11,
        11,
        22,
        5,
        0,
    ]
