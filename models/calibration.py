"""Measures how well predicted probabilities agree with outcomes: calibration and its errors."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.bool_]

_MAX_STEPS = 50


def measure_calibration(labels: Labels, probabilities: Floats) -> tuple[float, float]:
    """Return calibration in the large (ideally 0) and the calibration slope (ideally 1)."""
    logits = _logit(probabilities)
    ones = np.ones((len(labels), 1))
    intercept = _fit_logistic(ones, labels, logits)[0]
    slope = _fit_logistic(np.column_stack([ones, logits]), labels, np.zeros(len(labels)))[1]
    return float(intercept), float(slope)


def calibration_errors(labels: Labels, probabilities: Floats) -> tuple[float, float]:
    """Return the standard errors of both figures, from the Fisher information."""
    logits = _logit(probabilities)
    ones = np.ones((len(labels), 1))
    both = np.column_stack([ones, logits])
    no_offset = np.zeros(len(labels))
    in_the_large = _standard_errors(ones, _fit_logistic(ones, labels, logits), logits)
    slope = _standard_errors(both, _fit_logistic(both, labels, no_offset), no_offset)
    return float(in_the_large[0]), float(slope[1])


def measure_ratio(labels: Labels, probabilities: Floats) -> tuple[float, float]:
    """Return the observed over the expected number of events, and its standard error.

    The error is that of the number of events if each patient's true log-odds are the predicted ones
    moved by calibration in the large: the counts alone would tell both numbers exactly.
    """
    logits, expected = _logit(probabilities), float(probabilities.sum())
    moved = to_shares(logits + measure_calibration(labels, probabilities)[0])
    return float(labels.sum()) / expected, math.sqrt(float((moved * (1 - moved)).sum())) / expected


def _standard_errors(columns: Floats, coefficients: Floats, offset: Floats) -> Floats:
    inverse = _covariance(columns, coefficients, offset)
    return np.asarray(np.sqrt(np.clip(np.diag(inverse), 0, None)), np.float64)


def _covariance(columns: Floats, coefficients: Floats, offset: Floats) -> Floats:
    predicted = _predict(columns, coefficients, offset)
    curvature = columns.T @ (columns * (predicted * (1 - predicted))[:, None])
    return np.asarray(np.linalg.pinv(curvature, hermitian=True), np.float64)


def fit_smooth_calibration(
    labels: Labels, probabilities: Floats, at: Floats
) -> tuple[Floats, Floats]:
    """Return the observed log-odds at some probabilities, and their standard errors.

    The outcome is regressed on the log-odds of the prediction and their square.
    """
    columns, no_offset = _square(_logit(probabilities)), np.zeros(len(labels))
    coefficients = _fit_logistic(columns, labels, no_offset)
    inverse = _covariance(columns, coefficients, no_offset)
    points = _square(_logit(at))
    errors = np.sqrt(np.clip(((points @ inverse) * points).sum(axis=1), 0, None))
    return np.asarray(points @ coefficients, np.float64), np.asarray(errors, np.float64)


def _square(logits: Floats) -> Floats:
    return np.column_stack([np.ones(len(logits)), logits, logits**2])


def fit_coefficients(columns: Floats, labels: Labels) -> Floats:
    """Return the coefficients of a logistic regression on these columns, without an offset."""
    return _fit_logistic(columns, labels, np.zeros(len(labels)))


def _logit(probabilities: Floats) -> Floats:
    clipped = np.clip(probabilities, 1e-6, 1 - 1e-6)
    return np.asarray(np.log(clipped / (1 - clipped)), np.float64)


def to_share(log_odds: float) -> float:
    """Return the probability of these log-odds, which count as between -30 and 30."""
    return 1 / (1 + math.exp(-min(30.0, max(-30.0, float(log_odds)))))


def to_shares(log_odds: Floats) -> Floats:
    """Return the probability of each of these log-odds, as `to_share` does."""
    return np.asarray(1 / (1 + np.exp(-np.clip(log_odds, -30, 30))), np.float64)


def _predict(columns: Floats, coefficients: Floats, offset: Floats) -> Floats:
    return to_shares(columns @ coefficients + offset)


def _fit_logistic(columns: Floats, labels: Labels, offset: Floats) -> Floats:
    """Return the coefficients of a logistic regression, by Newton's method."""
    coefficients = np.zeros(columns.shape[1])
    for _ in range(_MAX_STEPS):
        predicted = _predict(columns, coefficients, offset)
        weights = predicted * (1 - predicted)
        # The small ridge avoids a division by 0 for separable outcomes, whose slope is infinite.
        curvature = columns.T @ (columns * weights[:, None]) + 1e-9 * np.eye(len(coefficients))
        step = np.clip(np.linalg.solve(curvature, columns.T @ (labels - predicted)), -5, 5)
        coefficients = coefficients + step
        if float(np.abs(step).max()) < 1e-10:
            break
    return coefficients
