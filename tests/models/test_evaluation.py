from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from models.calibration import measure_calibration
from models.evaluation import (
    attack_membership,
    auroc,
    evaluate,
    interval,
    make_bins,
    wilson,
)
from models.suppression import MIN_COUNT


def drawn(n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return labels that come true exactly as often as told."""
    chance = np.random.default_rng(seed)
    told = chance.beta(1, 4, n)
    return chance.random(n) < told, told


@given(
    st.lists(st.tuples(st.booleans(), st.integers(0, 5)), min_size=4).filter(
        lambda pairs: len({label for label, _ in pairs}) == 2
    )
)
def test_the_area_is_the_one_that_scikit_learn_finds(pairs) -> None:
    labels = np.array([label for label, _ in pairs])
    scores = np.array([score for _, score in pairs], float)
    assert auroc(labels, scores).value == pytest.approx(roc_auc_score(labels, scores))


def test_delongs_interval_is_as_wide_as_the_bootstrap_finds() -> None:
    labels, told = drawn(800)
    chance = np.random.default_rng(1)
    found = []
    for _ in range(400):
        rows = chance.integers(0, len(labels), len(labels))
        found.append(roc_auc_score(labels[rows], told[rows]))
    low, high = np.quantile(found, [0.025, 0.975])
    area = auroc(labels, told)
    assert area.low == pytest.approx(low, abs=0.01)
    assert area.high == pytest.approx(high, abs=0.01)


def test_one_patient_of_an_outcome_gives_no_certainty() -> None:
    area = auroc(np.array([True, False, False]), np.array([0.9, 0.1, 0.2]))
    assert (area.value, area.low, area.high) == (1.0, 0.0, 1.0)


def test_what_is_told_right_has_slope_one_and_no_offset() -> None:
    labels, told = drawn(40_000)
    intercept, slope = measure_calibration(labels, told)
    assert intercept == pytest.approx(0, abs=0.04)
    assert slope == pytest.approx(1, abs=0.04)


def test_the_slope_is_the_one_that_scikit_learn_finds() -> None:
    labels, told = drawn(2_000)
    logits = np.log(told / (1 - told))[:, None]
    fitted = LogisticRegression(C=1e12, tol=1e-10).fit(logits, labels)
    assert measure_calibration(labels, told)[1] == pytest.approx(
        float(fitted.coef_[0, 0]), abs=1e-4
    )


def test_what_is_told_too_boldly_has_a_slope_below_one() -> None:
    labels, told = drawn(5_000)
    logits = 2 * np.log(told / (1 - told))
    assert measure_calibration(labels, 1 / (1 + np.exp(-logits)))[1] == pytest.approx(0.5, abs=0.05)


def test_outcomes_that_are_told_perfectly_do_not_break_the_slope() -> None:
    labels = np.array([False] * 20 + [True] * 20)
    assert measure_calibration(labels, np.where(labels, 0.9, 0.1))[1] > 1


@given(st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilsons_interval_holds_the_share_and_stays_within_bounds(counts) -> None:
    events, n = counts
    found = wilson(events, n)
    assert 0 <= found.low <= found.value <= found.high <= 1


def test_wilsons_interval_is_the_published_one() -> None:
    # Newcombe 1998, table I: 81 of 263, method 3.
    found = wilson(81, 263)
    assert (round(found.low, 4), round(found.high, 4)) == (0.2553, 0.3662)


@given(st.integers(2, 400), st.integers(0, 9))
def test_no_bin_is_small_unless_it_is_alone(n: int, seed: int) -> None:
    labels, told = drawn(n, seed)
    found = make_bins(labels, np.round(told, 2))
    assert sum(one.n for one in found) == n
    assert found[-1].until == 1.0
    assert [one.until for one in found] == sorted(one.until for one in found)
    if len(found) > 1:
        for one in found:
            events = one.observed.value * one.n
            assert MIN_COUNT <= round(events) <= one.n - MIN_COUNT


def test_an_interval_holds_the_answer_and_what_came_true_of_the_like() -> None:
    labels, told = drawn(3_000)
    table = make_bins(labels, told)
    low, high = interval(table, 0.3)
    assert low <= 0.3 <= high
    assert high - low < 0.2
    assert interval(table, 0.99)[1] >= 0.99
    assert interval(table, 0.0)[0] == 0.0


def test_nine_of_ten_intervals_hold_the_truth_at_least() -> None:
    # The promise is about the mean of a bin; within one the truth still varies.
    labels, told = drawn(3_000, seed=5)
    table = make_bins(labels, told)
    _, fresh = drawn(1_000, seed=6)
    held = [low <= one <= high for one in fresh for low, high in [interval(table, one)]]
    assert np.mean(held) > 0.9


def whole(labels, told, **groups):
    return evaluate(labels, told, groups, (0.05, 0.5))


def test_an_evaluation_holds_the_figures_of_their_definitions() -> None:
    labels, told = drawn(2_000)
    found = whole(labels, told)
    prevalence = labels.mean()
    assert found.brier == pytest.approx(np.mean((told - labels) ** 2))
    assert found.scaled_brier == pytest.approx(1 - found.brier / (prevalence * (1 - prevalence)))
    assert found.observed_to_expected == pytest.approx(prevalence / told.mean())
    threshold, model, everybody = found.net_benefit[0]
    treated = told >= threshold
    odds = threshold / (1 - threshold)
    hits, misses = (treated & labels).sum(), (treated & ~labels).sum()
    assert model == pytest.approx((hits - misses * odds) / 2000)
    assert everybody == pytest.approx(prevalence - (1 - prevalence) * odds)
    assert (found.net_benefit[0][0], found.net_benefit[-1][0]) == (0.05, 0.5)


def test_small_counts_of_the_distribution_are_not_shown() -> None:
    labels, told = drawn(400)
    for outcome, shares in zip((False, True), whole(labels, told).spread, strict=True):
        n = (labels == outcome).sum()
        assert all(share == 0 or round(share * n) >= MIN_COUNT for share in shares)


def test_a_small_subgroup_and_the_one_that_would_tell_it_are_both_hidden() -> None:
    labels, told = drawn(2_000)
    few, some = np.arange(2_000) < 30, (np.arange(2_000) >= 30) & (np.arange(2_000) < 700)
    many = np.arange(2_000) >= 700
    found = {
        one.words: one for one in whole(labels, told, g={"a": few, "b": some, "c": many}).groups
    }
    assert (found["g: a"].n, found["g: a"].auroc) == (None, None)
    assert (found["g: b"].n, found["g: b"].events) == (None, None)
    assert (found["g: c"].n, found["g: c"].auroc is None) == (1_300, False)


def test_two_small_subgroups_hide_each_other() -> None:
    labels, told = drawn(2_000)
    parts = {"a": np.arange(2_000) < 20, "b": np.arange(2_000) >= 1_980}
    parts["c"] = ~(parts["a"] | parts["b"])
    assert [one.n for one in whole(labels, told, g=parts).groups] == [None, None, 1_960]


def test_a_model_that_knows_its_patients_is_caught() -> None:
    labels, told = drawn(1_000)
    known = np.where(labels, 0.9999, 0.0001)
    attack = attack_membership((labels, known), (labels, told))
    assert attack.auroc > 0.9
    assert attack.tpr_at_1_percent_fpr > 0.3


def test_a_model_that_knows_nobody_leaves_the_attacker_to_chance() -> None:
    attack = attack_membership(drawn(4_000, 1), drawn(2_000, 2))
    assert attack.auroc == pytest.approx(0.5, abs=0.03)
    assert attack.tpr_at_1_percent_fpr < 0.03
    assert math.isclose(attack.members, 4_000)
