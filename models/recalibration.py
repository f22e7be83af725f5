"""Maps a model's log-odds to calibrated ones, learned on out-of-fold predictions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from models.calibration import Floats, Labels, fit_coefficients

PLATT: Final = "platt"
BETA: Final = "beta"
_MIN_EVENTS_FOR_BETA: Final = 500
"""Of the rarer outcome; with fewer, a third coefficient fits noise."""
_DECIMALS: Final = 6
_MIN_SPREAD: Final = 1e-9


@dataclass(frozen=True, slots=True)
class Recalibration:
    """A rising map of log-odds z: ``intercept + low * log(p) - high * log(1 - p)``.

    p is the probability of z. With ``low == high`` this is Platt's map, a line in z; otherwise it
    is beta calibration (Kull 2017). No isotonic map: its steps would single out patients.
    """

    method: str = PLATT
    intercept: float = 0.0
    low: float = 1.0
    high: float = 1.0

    def apply(self, log_odds: Floats) -> Floats:
        """Return the calibrated log-odds."""
        if self.low == self.high:
            return np.asarray(self.intercept + self.low * log_odds, np.float64)
        # log(p) = -log(1 + exp(-z)), and log(1 - p) likewise.
        log_p, log_rest = -np.logaddexp(0, -log_odds), -np.logaddexp(0, log_odds)
        return np.asarray(self.intercept + self.low * log_p - self.high * log_rest, np.float64)

    def content(self) -> dict[str, Any]:
        """Return the map as JSON has it."""
        return {name: getattr(self, name) for name in self.__slots__}

    @classmethod
    def of_content(cls, content: Mapping[str, Any]) -> Recalibration:
        """Return the map of a JSON content.

        Raises:
            TypeError: the content is not a map.
        """
        return cls(**content)


def fit_recalibration(labels: Labels, log_odds: Floats) -> Recalibration:
    """Return the map that makes the log-odds agree with the outcomes, by number of events."""
    if float(np.ptp(log_odds)) < _MIN_SPREAD:
        return Recalibration()  # a constant has no slope to correct
    rarer = min(int(labels.sum()), int((~labels).sum()))
    if rarer >= _MIN_EVENTS_FOR_BETA:
        log_p, log_rest = -np.logaddexp(0, -log_odds), -np.logaddexp(0, log_odds)
        columns = np.column_stack([np.ones(len(labels)), log_p, -log_rest])
        intercept, low, high = _rounded(fit_coefficients(columns, labels))
        if low > 0 and high > 0:
            return Recalibration(BETA, intercept, low, high)
    columns = np.column_stack([np.ones(len(labels)), log_odds])
    intercept, slope = _rounded(fit_coefficients(columns, labels))
    if slope <= 0 or not np.isfinite(slope):
        # Predictions that fall as the outcome rises carry nothing: the gate must see them as is.
        return Recalibration()
    return Recalibration(PLATT, intercept, slope, slope)


def _rounded(coefficients: Floats) -> list[float]:
    return [round(float(value), _DECIMALS) for value in coefficients]
