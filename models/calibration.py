"""Says how well told probabilities agree with what came true: calibration, with its errors."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Truths = npt.NDArray[np.bool_]


def calibration(labels: Truths, probabilities: Floats) -> tuple[float, float]:
    """Return calibration in the large (0 is right) and the calibration slope (1 is right)."""
    logits = _logit(probabilities)
    ones = np.ones((len(labels), 1))
    intercept = _logistic(ones, labels, logits)[0]
    slope = _logistic(np.column_stack([ones, logits]), labels, np.zeros(len(labels)))[1]
    return float(intercept), float(slope)


def calibration_errors(labels: Truths, probabilities: Floats) -> tuple[float, float]:
    """Return the standard errors of what `calibration` returns, from the Fisher information."""
    logits = _logit(probabilities)
    ones = np.ones((len(labels), 1))
    both = np.column_stack([ones, logits])
    large = _errors(ones, _logistic(ones, labels, logits), logits)
    slope = _errors(both, _logistic(both, labels, np.zeros(len(labels))), np.zeros(len(labels)))
    return float(large[0]), float(slope[1])


def _errors(columns: Floats, found: Floats, offset: Floats) -> Floats:
    told = 1 / (1 + np.exp(-np.clip(columns @ found + offset, -30, 30)))
    curvature = columns.T @ (columns * (told * (1 - told))[:, None])
    inverse = np.linalg.pinv(curvature, hermitian=True)
    return np.asarray(np.sqrt(np.clip(np.diag(inverse), 0, None)), np.float64)


def _logit(probabilities: Floats) -> Floats:
    store = np.clip(probabilities, 1e-6, 1 - 1e-6)
    return np.asarray(np.log(store / (1 - store)), np.float64)


def _logistic(columns: Floats, labels: Truths, offset: Floats) -> Floats:
    """Return the coefficients of a logistic regression, by Newton's method."""
    found = np.zeros(columns.shape[1])
    for _ in range(50):
        told = 1 / (1 + np.exp(-np.clip(columns @ found + offset, -30, 30)))
        weights = told * (1 - told)
        # The small ridge keeps separable outcomes, whose slope is infinite, from dividing by 0.
        curvature = columns.T @ (columns * weights[:, None]) + 1e-9 * np.eye(len(found))
        step = np.clip(np.linalg.solve(curvature, columns.T @ (labels - told)), -5, 5)
        found = found + step
        if float(np.abs(step).max()) < 1e-10:
            break
    return found
