"""Compares the values that a model is given with those that it learned from (PSI)."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from models.calibration import Floats
from models.features import Values
from models.suppression import MIN_COUNT, coarsen_missing

ALARM_PSI: Final = 0.25
"""Above this a distribution counts as shifted (Siddiqi 2006); 0.1 to 0.25 is a small shift."""
MIN_ANSWERS: Final = 100
"""With answers about fewer people chance alone moves the index too far."""
_DECILES: Final = np.linspace(0, 1, 11)[1:-1]
_FLOOR: Final = 0.005
_MAX_CODES: Final = 20


def describe_bins(cells: Floats, codes: int = 0) -> dict[str, list[float]]:
    """Return the bins of a distribution and the share in each; the last one is of missing values.

    A bin of 1 to 10 people has the share 0, and no other bin counts them: so it does not tell of
    them. No edge tells of them either: edges of numbers lie between values of at least 11 people
    each, or have at least 11 people on both sides; those of codes are the same whatever the values
    are. The share of missing values is one of all people.

    Args:
        cells: shape (n,); NaN is missing.
        codes: how many values the feature may have, if they are numbered; 0 for a number.
    """
    cuts = np.arange(1, codes) - 0.5 if codes else _cut_numbers(cells[~np.isnan(cells)])
    edges = sorted({float(format(float(cut), ".3g")) for cut in cuts})
    places = np.searchsorted(np.asarray(edges, np.float64), cells, side="right")
    places[np.isnan(cells)] = len(edges) + 1
    counts = np.bincount(places, minlength=len(edges) + 2)
    visible = np.where(counts >= MIN_COUNT, counts, 0)
    missing = coarsen_missing(float(np.isnan(cells).mean()), len(cells)) if len(cells) else 0.0
    shares = (visible[:-1] / max(1, visible[:-1].sum()) * (1 - missing)).round(2)
    return {"edges": edges, "shares": [*shares.tolist(), missing]}


def _cut_numbers(present: Floats) -> Floats:
    values, counts = np.unique(present, return_counts=True)
    if len(values) <= _MAX_CODES:
        common = values[counts >= MIN_COUNT]
        return np.asarray((common[1:] + common[:-1]) / 2, np.float64)
    ends = np.minimum(_DECILES, 1 - _DECILES) * len(present)
    return np.asarray(np.quantile(present, _DECILES[ends >= MIN_COUNT]), np.float64)


def find_place(cell: float, edges: Sequence[float]) -> int:
    """Return the bin of a value; that of a missing one is the last."""
    if math.isnan(cell):
        return len(edges) + 1
    return bisect_right(edges, cell)


def find_places(card: Mapping[str, Any], row: Values, probability: float) -> tuple[int, ...]:
    """Return the bin of each predictor and, last, of the estimate; empty without bins on the card.

    Args:
        card: the content of the model's card.
        row: the predictors, shape (predictors,).
        probability: the estimate.
    """
    bins = list_bins(card)
    if not bins:
        return ()
    cells = [*row.tolist(), probability]
    return tuple(find_place(cell, each["edges"]) for cell, each in zip(cells, bins, strict=True))


def list_bins(card: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the bins of each predictor and, last, of the estimate; cards before have none."""
    if "estimate_bins" not in card:
        return []
    return [*(row["bins"] for row in card["predictors"]), card["estimate_bins"]]


def measure_psi(shares: Sequence[float], places: Sequence[int]) -> float | None:
    """Return the population stability index of some answers.

    None for fewer than 100 answers, or if the card does not state the shares.

    It is the sum over bins of (a - e) * ln(a / e), with the shares a of the answers and e of the
    training patients; a share below 0.005 counts as 0.005.
    """
    if len(places) < MIN_ANSWERS or not shares:
        return None
    counts = np.bincount(places, minlength=len(shares))
    actual = np.maximum(counts / len(places), _FLOOR)
    expected = np.maximum(np.asarray(shares), _FLOOR)
    return round(float(((actual - expected) * np.log(actual / expected)).sum()), 2)
