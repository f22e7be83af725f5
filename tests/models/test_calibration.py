from __future__ import annotations

import numpy as np
import pytest

from models.calibration import calibration_errors, measure_calibration


def drawn(people: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    chance = np.random.default_rng(seed)
    told = 1 / (1 + np.exp(1.4 - chance.normal(size=people)))
    return chance.random(people) < told, told


def test_the_errors_are_the_spread_that_repeated_samples_have() -> None:
    found = np.array([measure_calibration(*drawn(800, seed)) for seed in range(200)])
    told = np.array([calibration_errors(*drawn(800, seed)) for seed in range(200)])
    assert told.mean(axis=0) == pytest.approx(found.std(axis=0), rel=0.2)


def test_four_times_the_people_halve_the_errors() -> None:
    few, many = calibration_errors(*drawn(1_000, 1)), calibration_errors(*drawn(4_000, 2))
    assert many[0] == pytest.approx(few[0] / 2, rel=0.15)
    assert many[1] == pytest.approx(few[1] / 2, rel=0.15)


def test_outcomes_that_are_told_perfectly_do_not_break_the_errors() -> None:
    labels = np.array([False, True] * 20)
    assert np.isfinite(calibration_errors(labels, np.where(labels, 0.9, 0.1))).all()
