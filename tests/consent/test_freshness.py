from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent.chain import FINALITIES, Finality, Tip
from consent.errors import ViewRefused
from consent.freshness import MAX_AGE_S, MAX_AHEAD_S, MAX_SKEW_S, FreshnessRules, require_fresh
from consent.terms import View

NOW_S = 1_800_000_000
HEAD = b"\1" * 27
TEN_YEARS = (-315_576_000, 315_576_000)


def seen(block_time_s: int = NOW_S, seen_at_s: int = NOW_S, count: int = 5) -> View:
    contract = "0x" + "11" * 20
    return View(1, contract, bytes(32), 9, bytes(32), block_time_s, count, HEAD, seen_at_s)


def is_fresh(view: View, finality: Finality = "single", mark: Tip = Tip(HEAD, 5)) -> bool:  # noqa: B008 - frozen
    try:
        require_fresh(view, mark, NOW_S, FreshnessRules.of(finality))
    except ViewRefused:
        return False
    return True


@pytest.mark.parametrize("finality", FINALITIES)
def test_a_view_of_this_moment_at_the_mark_is_fresh(finality: Finality) -> None:
    assert is_fresh(seen(), finality)
    assert is_fresh(seen(count=6), finality)


def test_the_bounds_are_those_of_the_documents() -> None:
    assert FreshnessRules.of("single") == FreshnessRules("single", 60, 3600)
    for finality in ("bft", "pos"):
        assert FreshnessRules.of(finality) == FreshnessRules(finality, 60, 120)
    assert MAX_SKEW_S == 120


@pytest.mark.parametrize(("finality", "ahead_s"), [("single", 3600), ("bft", 120), ("pos", 120)])
def test_clocks_may_differ_by_exactly_the_bound(finality: Finality, ahead_s: int) -> None:
    assert is_fresh(seen(block_time_s=NOW_S + ahead_s), finality)
    assert not is_fresh(seen(block_time_s=NOW_S + ahead_s + 1), finality)
    assert is_fresh(seen(seen_at_s=NOW_S + 120), finality)
    assert not is_fresh(seen(seen_at_s=NOW_S + 121), finality)


@pytest.mark.parametrize("finality", FINALITIES)
def test_a_view_behind_the_mark_or_of_another_history_is_refused(finality: Finality) -> None:
    assert not is_fresh(seen(), finality, Tip(HEAD, 6))
    assert not is_fresh(seen(), finality, Tip(b"\2" * 27, 5))


def test_an_idle_single_chain_is_as_fresh_as_its_answer_and_no_fresher() -> None:
    year_s = 31_536_000
    assert is_fresh(seen(block_time_s=NOW_S - year_s))
    assert is_fresh(seen(seen_at_s=NOW_S - MAX_AGE_S))
    assert not is_fresh(seen(seen_at_s=NOW_S - MAX_AGE_S - 1))


@pytest.mark.parametrize("finality", ["bft", "pos"])
def test_where_blocks_come_by_themselves_the_newest_must_be_young(finality: Finality) -> None:
    assert is_fresh(seen(block_time_s=NOW_S - MAX_AGE_S), finality)
    assert not is_fresh(seen(block_time_s=NOW_S - MAX_AGE_S - 1), finality)


@given(st.sampled_from(FINALITIES), st.integers(-200_000, 200_000) | st.sampled_from(TEN_YEARS))
def test_a_view_from_the_future_is_refused_beyond_the_bound(finality: Finality, by_s: int) -> None:
    bound_s = MAX_AHEAD_S if finality == "single" else MAX_SKEW_S
    ahead = seen(block_time_s=NOW_S + abs(by_s))
    assert is_fresh(ahead, finality) == (abs(by_s) <= bound_s)
    assert is_fresh(seen(seen_at_s=NOW_S + abs(by_s)), finality) == (abs(by_s) <= MAX_SKEW_S)
