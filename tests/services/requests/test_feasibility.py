"""Counts are frozen, and callers at the same moment get the same one."""

from __future__ import annotations

import secrets
from concurrent.futures import ThreadPoolExecutor
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
