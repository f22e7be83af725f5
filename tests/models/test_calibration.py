from __future__ import annotations

import numpy as np
import pytest

from models.calibration import calibration_errors, measure_calibration, measure_ratio


def draw(people: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    probabilities = 1 / (1 + np.exp(1.4 - random.normal(size=people)))
    return random.random(people) < probabilities, probabilities


def test_the_standard_errors_equal_the_spread_of_repeated_samples() -> None:
    measured = np.array([measure_calibration(*draw(800, seed)) for seed in range(200)])
    errors = np.array([calibration_errors(*draw(800, seed)) for seed in range(200)])
    assert errors.mean(axis=0) == pytest.approx(measured.std(axis=0), rel=0.2)


def test_four_times_the_people_halve_the_errors() -> None:
    few, many = calibration_errors(*draw(1_000, 1)), calibration_errors(*draw(4_000, 2))
    assert many[0] == pytest.approx(few[0] / 2, rel=0.15)
    assert many[1] == pytest.approx(few[1] / 2, rel=0.15)


def test_perfect_predictions_have_finite_errors() -> None:
    labels = np.array([False, True] * 20)
    assert np.isfinite(calibration_errors(labels, np.where(labels, 0.9, 0.1))).all()


@pytest.mark.parametrize("moved", [-1.0, 0.0, 1.0])
def test_the_interval_of_observed_to_expected_holds_the_true_ratio_also_of_a_wrong_model(
    moved: float,
) -> None:
    inside = 0
    for seed in range(400):
        labels, true = draw(300, seed)
        logits = np.log(true / (1 - true)) + moved
        expected = 1 / (1 + np.exp(-logits))
        ratio, error = measure_ratio(labels, expected)
        inside += abs(ratio - true.sum() / expected.sum()) <= 1.96 * error
    assert 0.925 <= inside / 400 <= 0.975


def test_the_interval_of_observed_to_expected_does_not_tell_the_number_of_events() -> None:
    labels, estimates = draw(500, 3)
    ratio, error = measure_ratio(labels, estimates)
    # The usual error, of counts alone, would give the events: it is not this one.
    share = labels.mean()
    counted = ratio * np.sqrt((1 - share) / labels.sum())
    assert abs(error - counted) > 0.02 * counted
