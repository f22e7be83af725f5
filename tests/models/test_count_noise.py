"""Noise of counts: what many counts reveal about one person to somebody who knows all others."""

from __future__ import annotations

import hmac
from statistics import NormalDist, fmean, stdev

import pytest

from models.count_noise import DEVIATION, MARGIN, CountNoise

NOISE = CountNoise(lambda name: hmac.digest(b"a key of this test", name, "sha256"))
BUDGET = 100


def test_the_same_name_has_the_same_noise_and_another_name_another() -> None:
    assert NOISE.count(340, "a") == NOISE.count(340, "a")
    assert len({NOISE.count(340, str(number)) for number in range(50)}) > 5


def test_numbers_are_in_tens_around_the_true_one() -> None:
    counts = [NOISE.count(1_000, str(number)) or 0 for number in range(2_000)]
    assert {count % 10 for count in counts} == {0}
    assert abs(fmean(counts) - 1_000) < 3
    assert abs(stdev(counts) - DEVIATION) < 1.5
    assert sum(abs(count - 1_000) <= MARGIN for count in counts) >= 0.95 * len(counts)


@pytest.mark.parametrize("size", [0, 1, 10, 11])
def test_a_small_number_is_hidden_but_in_about_two_of_a_hundred_draws(size: int) -> None:
    counts = [NOISE.count(size, str(number)) for number in range(2_000)]
    assert sum(count is not None for count in counts) <= 0.035 * len(counts)


def test_whether_two_numbers_are_equal_does_not_tell_whether_two_groups_are() -> None:
    def share_of_equals(other: int) -> float:
        pairs = [(NOISE.count(500, f"{n}/a"), NOISE.count(other, f"{n}/b")) for n in range(4_000)]
        return sum(first == second for first, second in pairs) / len(pairs)

    assert abs(share_of_equals(500) - share_of_equals(501)) < 0.03


def test_a_whole_budget_of_counts_spent_on_one_person_is_right_in_at_most_69_of_100() -> None:
    """The best test of a group whose other members are known: is the mean nearer to n + 1?

    The numbers of one question reveal as much as one with half of the deviation, so the whole
    budget is one number with a deviation of one person: NormalDist().cdf(1 / 2) = 0.69.
    """
    half = DEVIATION / 2
    right = 0
    trials = 1_000
    for trial in range(trials):
        is_in = trial % 2
        counts = [
            NOISE.count(500 + is_in, f"{trial}/{number}", deviation=half) or 0
            for number in range(BUDGET)
        ]
        right += (fmean(counts) > 500.5) == bool(is_in)
    assert right / trials < NormalDist().cdf(0.5) + 0.05


def test_a_share_is_hidden_where_its_noise_would_say_nothing() -> None:
    assert NOISE.share(300, "a", of=1_000, deviation=51) is None
    shares = {NOISE.share(300, str(number), of=1_000, deviation=50) for number in range(200)}
    assert 30 in shares
    assert all(share is not None and share % 5 == 0 for share in shares)
    assert {NOISE.share(0, str(n), of=1_000, deviation=50) for n in range(100)} <= {0, 5, 10, 15}
