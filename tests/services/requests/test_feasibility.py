"""What many ask for first at the same moment: a steady count and a study's name are one's alone."""

from __future__ import annotations

import secrets
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from models import ModelsInvalid
from services.requests.feasibility import FeasibilityCounts
from services.requests.proposals import Proposal, StudyProposals

NOW_S = 1_800_000_000.0
AT_ONCE = 8


@pytest.mark.parametrize("how", ["steady", "weekly"])
def test_many_who_ask_first_at_the_same_moment_are_told_one_number(engine, how) -> None:
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


class NoStudies:
    """Diagnostics without a study."""

    def studies(self) -> list[object]:
        return []


def test_of_many_who_take_a_name_at_the_same_moment_one_has_it(engine) -> None:
    proposals, together = StudyProposals(engine, NoStudies(), lambda: NOW_S), Barrier(AT_ONCE)
    texts = ("T", "B", "P", "C", "small", "MLTRAINING", (), "", "", 365, 2_000_000_000)

    def propose(owner: str) -> str:
        together.wait()
        try:
            return proposals.register(Proposal("study:t", owner, *texts)).owner
        except ModelsInvalid:
            return ""

    with ThreadPoolExecutor(AT_ONCE) as pool:
        reply = list(pool.map(propose, [f"organisation:{n % 2}" for n in range(AT_ONCE)]))
    has_it = proposals.get("study:t").owner
    assert sorted(reply) == [""] * (AT_ONCE // 2) + [has_it] * (AT_ONCE // 2)


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


def test_a_count_that_moves_by_fewer_than_eleven_is_shown_as_it_was(engine) -> None:
    counts, name = FeasibilityCounts(engine, lambda: NOW_S), secrets.token_hex(8)
    assert [counts.stable(name, count) for count in (50, 51, 60, 61, 55, 50)] == [
        50,
        50,
        50,
        61,
        61,
        50,
    ]
