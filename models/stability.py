"""Measures how far the estimate about one patient depends on who else was learned from."""

from __future__ import annotations

import math

import numpy as np

from models.calibration import Floats


def measure_stability(probabilities: Floats) -> float | None:
    """Return the standard deviation of one patient's estimate, the mean over the patients.

    It is corrected for the small number of draws: the expected deviation of two values is only
    four fifths of the true one.

    Args:
        probabilities: by draw of the cross-validation, shape (draws, n). None with a single draw.
    """
    draws = len(probabilities)
    if draws < 2:
        return None
    # c4 of quality control: the expected sample deviation of normal values over the true one.
    shrunk = math.sqrt(2 / (draws - 1)) * math.gamma(draws / 2) / math.gamma((draws - 1) / 2)
    return float(np.std(probabilities, axis=0, ddof=1).mean()) / shrunk
