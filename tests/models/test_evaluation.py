from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from models.calibration import measure_calibration
from models.evaluation import (
    auroc,
    evaluate,
    interval,
    make_bins,
    wilson,
)
from models.suppression import MIN_COUNT


def draw(n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return labels that are true exactly as often as predicted."""
    random = np.random.default_rng(seed)
    predicted = random.beta(1, 4, n)
    return random.random(n) < predicted, predicted


@given(
    st.lists(st.tuples(st.booleans(), st.integers(0, 5)), min_size=4).filter(
        lambda pairs: len({label for label, _ in pairs}) == 2
    )
)
def test_the_area_equals_that_of_scikit_learn(pairs) -> None:
    labels = np.array([label for label, _ in pairs])
    scores = np.array([score for _, score in pairs], float)
    assert auroc(labels, scores).value == pytest.approx(roc_auc_score(labels, scores))


def test_delongs_interval_equals_the_bootstrap_interval() -> None:
    labels, predicted = draw(800)
    random = np.random.default_rng(1)
    result = []
    for _ in range(400):
        rows = random.integers(0, len(labels), len(labels))
        result.append(roc_auc_score(labels[rows], predicted[rows]))
    low, high = np.quantile(result, [0.025, 0.975])
    area = auroc(labels, predicted)
    assert area.low == pytest.approx(low, abs=0.01)
    assert area.high == pytest.approx(high, abs=0.01)


def test_one_patient_with_an_outcome_gives_the_widest_interval() -> None:
    area = auroc(np.array([True, False, False]), np.array([0.9, 0.1, 0.2]))
    assert (area.value, area.low, area.high) == (1.0, 0.0, 1.0)


def test_correct_probabilities_have_slope_one_and_intercept_zero() -> None:
    labels, predicted = draw(40_000)
    intercept, slope = measure_calibration(labels, predicted)
    assert intercept == pytest.approx(0, abs=0.04)
    assert slope == pytest.approx(1, abs=0.04)


def test_the_slope_equals_that_of_scikit_learn() -> None:
    labels, predicted = draw(2_000)
    logits = np.log(predicted / (1 - predicted))[:, None]
    fitted = LogisticRegression(C=1e12, tol=1e-10).fit(logits, labels)
    assert measure_calibration(labels, predicted)[1] == pytest.approx(
        float(fitted.coef_[0, 0]), abs=1e-4
    )


def test_too_extreme_probabilities_have_a_slope_below_one() -> None:
    labels, predicted = draw(5_000)
    logits = 2 * np.log(predicted / (1 - predicted))
    assert measure_calibration(labels, 1 / (1 + np.exp(-logits)))[1] == pytest.approx(0.5, abs=0.05)


def test_perfect_predictions_have_a_finite_slope() -> None:
    labels = np.array([False] * 20 + [True] * 20)
    assert measure_calibration(labels, np.where(labels, 0.9, 0.1))[1] > 1


@given(st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilsons_interval_includes_the_share_and_is_within_0_and_1(counts) -> None:
    events, n = counts
    result = wilson(events, n)
    assert 0 <= result.low <= result.value <= result.high <= 1


def test_wilsons_interval_is_the_published_one() -> None:
    # Newcombe 1998, table I: 81 of 263, method 3.
    result = wilson(81, 263)
    assert (round(result.low, 4), round(result.high, 4)) == (0.2553, 0.3662)


@given(st.integers(2, 400), st.integers(0, 9))
def test_no_bin_is_small_unless_it_is_the_only_one(n: int, seed: int) -> None:
    labels, predicted = draw(n, seed)
    result = make_bins(labels, np.round(predicted, 2))
    assert sum(bin_.n for bin_ in result) == n
    assert result[-1].until == 1.0
    assert [bin_.until for bin_ in result] == sorted(bin_.until for bin_ in result)
    if len(result) > 1:
        for bin_ in result:
            events = bin_.observed.value * bin_.n
            assert MIN_COUNT <= round(events) <= bin_.n - MIN_COUNT


def test_an_interval_includes_the_prediction_and_the_observed_share() -> None:
    labels, predicted = draw(3_000)
    sample_bins = make_bins(labels, predicted)
    low, high = interval(sample_bins, 0.3)
    assert low <= 0.3 <= high
    assert high - low < 0.2
    assert interval(sample_bins, 0.99)[1] >= 0.99
    assert interval(sample_bins, 0.0)[0] == 0.0


def test_at_least_nine_of_ten_intervals_include_the_true_probability() -> None:
    # The interval is about the mean of a bin; within a bin the true probability still varies.
    labels, predicted = draw(3_000, seed=5)
    sample_bins = make_bins(labels, predicted)
    _, others = draw(1_000, seed=6)
    intervals = [interval(sample_bins, probability) for probability in others]
    pairs = zip(others, intervals, strict=True)
    covered = [low <= probability <= high for probability, (low, high) in pairs]
    assert np.mean(covered) > 0.9


def evaluate_all(labels, predicted, **groups):
    return evaluate(labels, predicted, groups, (0.05, 0.5))


@pytest.mark.parametrize("name", ["brier", "auprc"])
def test_intervals_of_scores_contain_the_score_of_many_more_patients(name: str) -> None:
    truth = getattr(evaluate(*draw(200_000), {}, (0.05, 0.5)), name).value
    intervals = [
        getattr(evaluate(*draw(300, seed), {}, (0.05, 0.5)), name) for seed in range(1, 201)
    ]
    assert 0.9 <= np.mean([row.low <= truth <= row.high for row in intervals]) <= 0.99
    assert all(0 <= row.low < row.value < row.high <= 1 for row in intervals)


def test_the_figures_of_an_evaluation_follow_their_definitions() -> None:
    labels, predicted = draw(2_000)
    result = evaluate_all(labels, predicted)
    prevalence = labels.mean()
    assert result.brier.value == pytest.approx(np.mean((predicted - labels) ** 2))
    assert result.scaled_brier == pytest.approx(
        1 - result.brier.value / (prevalence * (1 - prevalence))
    )
    assert result.observed_to_expected.value == pytest.approx(prevalence / predicted.mean())
    threshold, model, treat_all = result.net_benefit[0]
    treated = predicted >= threshold
    odds = threshold / (1 - threshold)
    hits, false_alarms = (treated & labels).sum(), (treated & ~labels).sum()
    assert model == pytest.approx((hits - false_alarms * odds) / 2000)
    assert treat_all == pytest.approx(prevalence - (1 - prevalence) * odds)
    assert (result.net_benefit[0][0], result.net_benefit[-1][0]) == (0.05, 0.5)


def test_small_counts_of_the_distribution_are_not_shown() -> None:
    labels, predicted = draw(400)
    for outcome, shares in zip((False, True), evaluate_all(labels, predicted).spread, strict=True):
        n = (labels == outcome).sum()
        assert all(share == 0 or round(share * n) >= MIN_COUNT for share in shares)


def test_a_small_subgroup_and_the_next_smallest_are_both_hidden() -> None:
    labels, predicted = draw(2_000)
    first, second = np.arange(2_000) < 30, (np.arange(2_000) >= 30) & (np.arange(2_000) < 700)
    third = np.arange(2_000) >= 700
    groups = {"a": first, "b": second, "c": third}
    result = {part.words: part for part in evaluate_all(labels, predicted, g=groups).groups}
    assert (result["g: a"].n, result["g: a"].auroc) == (None, None)
    assert (result["g: b"].n, result["g: b"].events) == (None, None)
    assert (result["g: c"].n, result["g: c"].auroc is None) == (1_300, False)


def test_two_small_subgroups_hide_no_third() -> None:
    labels, predicted = draw(2_000)
    parts = {"a": np.arange(2_000) < 20, "b": np.arange(2_000) >= 1_980}
    parts["c"] = ~(parts["a"] | parts["b"])
    assert [part.n for part in evaluate_all(labels, predicted, g=parts).groups] == [
        None,
        None,
        1_960,
    ]
