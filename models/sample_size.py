"""The smallest cohort for a prediction model, by the criteria of Riley et al. (2020)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from models.calibration import Floats, Labels
from models.crossvalidation import log_losses

_SHRINKAGE: Final = 0.9
_MARGIN: Final = 0.05
_Z: Final = 1.96
_EXPECTED_SHARE: Final = 0.15
"""Of the largest possible Cox-Snell R², where no earlier model says more (Riley et al.)."""


@dataclass(frozen=True, slots=True)
class SampleSize:
    """The patients that each criterion asks for; None if the model explains nothing.

    Attributes:
        patients, events: of this cohort.
        parameters: candidate parameters of the regression beside the model.
        for_risk: so that the overall risk is known to ± 0.05, rounded up to tens: exact, it would
            tell the share of events to a single patient. The gate asks for this one.
        for_shrinkage: so that an unpenalised regression would shrink by at most 10 %.
        explained: Cox-Snell R² out of fold, from which `for_shrinkage` follows.
    """

    patients: int
    events: int
    parameters: int
    for_risk: int
    for_shrinkage: int | None
    explained: float


def measure_sample_size(labels: Labels, log_odds: Floats, parameters: int) -> SampleSize:
    """Return what Riley's criteria ask for, given out-of-fold log-odds of shape (n,)."""
    n, events = len(labels), int(labels.sum())
    share = events / n
    null = -(share * math.log(share) + (1 - share) * math.log(1 - share))
    loss = float(log_losses(labels, log_odds).mean())
    explained = 1 - math.exp(min(0.0, 2 * (loss - null)))
    for_risk = 10 * math.ceil((_Z / _MARGIN) ** 2 * share * (1 - share) / 10)
    return SampleSize(
        n, events, parameters, for_risk, _for_shrinkage(parameters, explained), explained
    )


def plan_sample_size(people: int, events: int, parameters: int) -> int | None:
    """Return the patients that a new model needs, before anything is known of its performance.

    The larger of what Riley's criteria ask for: the overall risk to ± 0.05, and shrinkage of at
    most 10 % for a model that explains 15 % of what can be explained. At that share, the criterion
    of optimism in R² always asks for fewer people. None without both outcomes.
    """
    if not 0 < events < people:
        return None
    share = events / people
    largest = 1 - math.exp(2 * (share * math.log(share) + (1 - share) * math.log(1 - share)))
    for_risk = math.ceil((_Z / _MARGIN) ** 2 * share * (1 - share))
    return max(for_risk, _for_shrinkage(parameters, _EXPECTED_SHARE * largest) or 0)


def _for_shrinkage(parameters: int, explained: float) -> int | None:
    if not 0.001 < explained < _SHRINKAGE:
        return None
    shrunk = (_SHRINKAGE - 1) * math.log(1 - explained / _SHRINKAGE)
    return math.ceil(parameters / shrunk)
