"""Gives an estimate its conformal 95 % interval, learned from out-of-fold predictions."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from models.calibration import Floats, Labels, fit_smooth_calibration, to_share, to_shares
from models.folds import Folds
from models.site_variation import SiteVariation

LEVEL: Final = 0.95
_NORMAL: Final = 1.96
"""The factor is at least this: a few lucky groups do not make an interval narrower."""
_MIN_GROUPS: Final = 19
"""With fewer groups no quantile of 95 % exists: the largest distance is used."""
_LEAST: Final = 0.5
"""Each side of an estimate is at least this share of the margin wide, wherever the curve lies."""
_POINTS: Final = 25
_GROUP: Final = (20, 100)
_GROUPS: Final = 20
_MIN_SPREAD: Final = 1e-9


@dataclass(frozen=True, slots=True)
class AnswerInterval:
    """Where the share with the outcome lies among patients with the same estimate.

    Attributes:
        level: it is made so that of 100 groups of new patients with similar estimates about
            100 * level have an observed share inside, beyond what chance does to such a group.
        factor: how many standard errors wide each side is: the conformal quantile, at least 1.96.
        groups, group_size: out-of-fold groups that the factor was learned from, and patients each.
        points: log-odds of an estimate; log-odds of the observed share there; its standard error.
    """

    level: float
    factor: float
    groups: int
    group_size: int
    points: tuple[tuple[float, float, float], ...]

    @classmethod
    def of_content(cls, content: Mapping[str, Any]) -> AnswerInterval:
        """Return the interval of a card's content."""
        points = tuple((place, middle, error) for place, middle, error in content["points"])
        return cls(**{**content, "points": points})

    def around(
        self, probability: float, variation: SiteVariation | None = None
    ) -> tuple[float, float]:
        """Return the bounds for an estimate, which lies between them.

        Args:
            probability: the estimate.
            variation: between sites, for a patient of a site that the model did not learn from;
                the interval is then the wider one of both and never narrower at either side.
        """
        bounded = min(max(probability, 1e-6), 1 - 1e-6)
        place = math.log(bounded / (1 - bounded))
        places, middles, errors = np.array(self.points).T
        middle = float(np.interp(place, places, middles))
        margin = self.factor * float(np.interp(place, places, errors))
        low = min(middle - margin, place - _LEAST * margin)
        high = max(middle + margin, place + _LEAST * margin)
        if variation is not None:
            middle, margin = middle + variation.mean, math.hypot(margin, variation.margin)
            low, high = min(low, middle - margin), max(high, middle + margin)
        return min(to_share(low), probability), max(to_share(high), probability)


def fit_interval(labels: Labels, log_odds: Floats, folds: Folds) -> AnswerInterval:
    """Return the interval of a model's estimates; the same input gives the same figures.

    A smooth curve of the outcome over the estimate has a standard error at each estimate. How many
    of them are needed is learned on groups of neighbouring estimates in folds that the curve has
    not seen (split conformal prediction over groups; Lei and others 2018).

    Args:
        labels: shape (n,).
        log_odds: out of fold, with the published recalibration, shape (n,).
        folds: of each patient, shape (n,).
    """
    size = min(max(len(labels) // _GROUPS, _GROUP[0]), _GROUP[1])
    scores: list[float] = []
    for fold in np.unique(folds):
        test = folds == fold
        curve = _fit_curve(labels[~test], log_odds[~test])
        scores += _score_groups(labels[test], log_odds[test], curve, size)
    curve = _fit_curve(labels, log_odds)
    rows = (tuple(round(float(figure), 4) for figure in row) for row in curve)
    return AnswerInterval(
        level=LEVEL,
        factor=round(_choose_factor(scores), 3),
        groups=len(scores),
        group_size=size,
        points=tuple((place, middle, error) for place, middle, error in rows),
    )


def _fit_curve(labels: Labels, log_odds: Floats) -> Floats:
    """Return places on the log-odds scale with the curve and its error, shape (points, 3)."""
    # Outwards to tenths: the ends tell of nobody's estimate.
    ends = np.quantile(log_odds, [0.01, 0.99])
    low, high = math.floor(10 * ends[0]) / 10, math.ceil(10 * ends[1]) / 10
    places = np.linspace(low, high, _POINTS) if high - low > _MIN_SPREAD else np.array([low])
    middles, errors = fit_smooth_calibration(labels, to_shares(log_odds), to_shares(places))
    return np.column_stack([places, middles, errors])


def _score_groups(labels: Labels, log_odds: Floats, curve: Floats, size: int) -> list[float]:
    """Return how far each group's observed share is from the curve, in standard errors."""
    order = np.argsort(log_odds, kind="stable")
    scores = []
    for group in np.array_split(order, max(1, len(order) // size)):
        expected = to_shares(np.interp(log_odds[group], curve[:, 0], curve[:, 1]))
        slope = expected * (1 - expected)
        error = float((np.interp(log_odds[group], curve[:, 0], curve[:, 2]) * slope).mean())
        chance = float(slope.mean()) / len(group)
        distance = abs(float(labels[group].mean()) - float(expected.mean()))
        scores.append(distance / math.sqrt(error**2 + chance))
    return scores


def _choose_factor(scores: list[float]) -> float:
    ordered = sorted(scores)
    place = math.ceil(LEVEL * (len(ordered) + 1))
    is_many = len(ordered) >= _MIN_GROUPS
    return max(_NORMAL, ordered[place - 1] if is_many else ordered[-1])
