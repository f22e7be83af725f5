"""Describes which values the training patients had, and finds a patient who is unlike them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from models.calibration import Floats
from models.features import Matrix, Values
from models.question import Feature, Question
from models.suppression import MIN_COUNT
from records.values import NUMBER

_TAIL: Final = 0.005
"""The share of training patients at or beyond each end of a range; at least 11 people."""
_FAR: Final = 0.01
_MIN_NUMBERS: Final = 3
_NORMAL_IQR: Final = 1.349
_DIGITS: Final = ".3g"


@dataclass(frozen=True, slots=True)
class UnusualValue:
    """A value that few training patients had; `low` to `high` is where almost all lay.

    The bounds are texts with their unit, and empty for a category that was rare.
    """

    words: str
    value: str
    low: str
    high: str


@dataclass(frozen=True, slots=True)
class Unusual:
    """What sets a patient apart from those whom the model learned from.

    Attributes:
        values: outside the training range, in the question's order.
        is_unlike: whether all numbers together are further from the middle than those of almost
            all training patients.
    """

    values: tuple[UnusualValue, ...] = ()
    is_unlike: bool = False


def describe_ranges(matrix: Matrix, question: Question) -> list[dict[str, Any] | None]:
    """Return for each predictor which values the training patients had; None if too few.

    At least 11 patients lie at or beyond each end of a range, and a category counts as rare when
    fewer than 11 had it, so that no bound tells of one person.
    """
    return [
        _describe(question.features[column], matrix.values[:, column].astype(np.float64))
        for column in question.predictors()
    ]


def _describe(feature: Feature, cells: Floats) -> dict[str, Any] | None:
    present = np.sort(cells[~np.isnan(cells)])
    if len(present) < 2 * MIN_COUNT:
        return None
    if feature.kind != NUMBER:
        codes = range(len(feature.values) or 2)
        return {"rare": [code for code in codes if (present == code).sum() < MIN_COUNT]}
    beyond = max(MIN_COUNT, math.ceil(_TAIL * len(present)))
    first, middle, third = np.quantile(present, [0.25, 0.5, 0.75])
    figures = (present[beyond - 1], present[-beyond], middle, (third - first) / _NORMAL_IQR)
    names = ("low", "high", "middle", "spread")
    return {name: _rounded(figure) for name, figure in zip(names, figures, strict=True)}


def _rounded(figure: float) -> float:
    return float(format(float(figure), _DIGITS))


def describe_bounds(bounds: Mapping[str, Any] | None) -> str:
    """Return the range of a number as a part of a sentence; empty without one."""
    if bounds is None or "low" not in bounds:
        return ""
    return f"; almost all patients had {bounds['low']:g} to {bounds['high']:g}"


def measure_far(rows: Values, ranges: Sequence[Mapping[str, Any] | None]) -> float | None:
    """Return the distance that 1 % of the training patients, and at least 11, exceed.

    None if there are fewer than three numbers, or too few patients.

    Args:
        rows: the predictors, shape (n, predictors).
        ranges: of `describe_ranges`.
    """
    distances = np.sort(_distances(rows, ranges))
    if sum(map(_is_scaled, ranges)) < _MIN_NUMBERS or len(distances) < 2 * MIN_COUNT:
        return None
    return _rounded(distances[-max(MIN_COUNT, math.ceil(_FAR * len(distances)))])


def _is_scaled(bounds: Mapping[str, Any] | None) -> bool:
    return bounds is not None and bounds.get("spread", 0) > 0


def _distances(rows: Values, ranges: Sequence[Mapping[str, Any] | None]) -> Floats:
    """Return each row's mean squared distance from the middle, in spreads; shape (n,)."""
    total, present = np.zeros(len(rows)), np.zeros(len(rows))
    for column, bounds in enumerate(ranges):
        if bounds is not None and _is_scaled(bounds):
            cells = rows[:, column].astype(np.float64)
            squares = ((cells - bounds["middle"]) / bounds["spread"]) ** 2
            present += ~np.isnan(squares)
            total += np.nan_to_num(squares)
    return np.asarray(total / np.maximum(present, 1), np.float64)


def _distance(cells: Sequence[float], ranges: Sequence[Mapping[str, Any] | None]) -> float:
    """Return what `_distances` gives for one row, to the last digit, without its arrays."""
    total, present = 0.0, 0
    for cell, bounds in zip(cells, ranges, strict=True):
        if bounds is not None and _is_scaled(bounds) and not math.isnan(cell):
            spreads = (cell - bounds["middle"]) / bounds["spread"]
            total += spreads * spreads
            present += 1
    return total / max(present, 1)


def find_unusual(card: Mapping[str, Any], question: Question, row: Values) -> Unusual:
    """Return what sets a patient apart; cards of earlier releases have no ranges.

    Args:
        card: the content of the model's card.
        question: of the model.
        row: the features of the patient, shape (features,).
    """
    ranges = [predictor.get("range") for predictor in card["predictors"]]
    cells = row[question.predictors()]
    features = [question.features[column] for column in question.predictors()]
    values = (
        _find_unusual_value(feature, cell, bounds)
        for feature, cell, bounds in zip(features, cells.tolist(), ranges, strict=True)
    )
    far = card.get("far")
    return Unusual(
        tuple(value for value in values if value is not None),
        far is not None and _distance(cells.tolist(), ranges) > far,
    )


def _find_unusual_value(
    feature: Feature, cell: float, bounds: Mapping[str, Any] | None
) -> UnusualValue | None:
    if bounds is None or math.isnan(cell):
        return None
    if feature.kind != NUMBER:
        is_rare = cell in bounds["rare"]
        return UnusualValue(feature.words, feature.format(cell), "", "") if is_rare else None
    low, high = bounds["low"], bounds["high"]
    if low <= cell <= high:
        return None
    value, *limits = (feature.format(figure) for figure in (cell, low, high))
    # Rounded for readers, it may be the limit itself: then there is nothing to see.
    return None if value in limits else UnusualValue(feature.words, value, *limits)
