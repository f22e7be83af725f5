"""Recalibration maps log-odds so that they agree with the outcomes."""

from __future__ import annotations

import numpy as np
import pytest

from models.calibration import measure_calibration
from models.recalibration import BETA, PLATT, Recalibration, fit_recalibration

RANDOM = np.random.default_rng(0)


def draw(n: int) -> tuple[np.ndarray, np.ndarray]:
    """Return outcomes and log-odds that are too extreme by half and shifted."""
    true = RANDOM.normal(-0.5, 1, n)
    return RANDOM.random(n) < 1 / (1 + np.exp(-true)), 2 * true + 0.3


@pytest.mark.parametrize(("n", "method"), [(600, PLATT), (6_000, BETA)])
def test_the_number_of_events_decides_the_map_and_the_slope_is_one(n: int, method: str) -> None:
    labels, log_odds = draw(n)
    mapping = fit_recalibration(labels, log_odds)
    assert mapping.method == method
    probabilities = 1 / (1 + np.exp(-mapping.apply(log_odds)))
    intercept, slope = measure_calibration(labels, probabilities)
    assert slope == pytest.approx(1, abs=0.02)
    assert intercept == pytest.approx(0, abs=0.01)


def test_a_map_rises() -> None:
    labels, log_odds = draw(6_000)
    steps = np.diff(fit_recalibration(labels, log_odds).apply(np.linspace(-8, 8, 100)))
    assert (steps > 0).all()


def test_predictions_that_fall_or_are_constant_are_left_as_they_are() -> None:
    labels, log_odds = draw(600)
    assert fit_recalibration(labels, -log_odds) == Recalibration()
    assert fit_recalibration(labels, np.zeros(600)) == Recalibration()
