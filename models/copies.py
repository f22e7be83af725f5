"""Finds patients whose values all equal another patient's, where chance hardly makes it."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
import numpy.typing as npt

from models.calibration import Floats
from models.features import Values

Integers = npt.NDArray[np.int64]

_MIN_DIFFERENT: Final = 0.2
_CHANCE: Final = 50
"""An equal row is a copy if chance would make it in less than one of so many tables."""
_RAREST: Final = 1e-9


def find_copies(values: Values) -> Integers:
    """Return for each row the first row that it is a copy of, or its own number.

    Two rows are equal if they lack the same values and share all others. They are copies if a row
    of these values is rare: by how many people lack the same, and how often each value occurs
    among those who have one, as if columns were independent. Values are counted without repeated
    rows. Where few rows differ, as with a few columns of few values, there are no copies.

    Args:
        values: shape (n, predictors); NaN is missing.
    """
    # Integers that are the same for equal values: NumPy never finds rows with NaN equal.
    cells = np.ascontiguousarray(values, np.float32) + np.float32(0)
    cells[np.isnan(cells)] = np.nan
    different, firsts, places = np.unique(
        cells.view(np.int32), axis=0, return_index=True, return_inverse=True
    )
    numbers, places = np.arange(len(values)), places.ravel()
    if len(different) < _MIN_DIFFERENT * len(values):
        return numbers
    alike = _count_alike(np.isnan(cells))[firsts]
    chance = np.log(alike * _CHANCE) + _measure_chance(different)
    return np.where((chance < 0)[places], firsts[places], numbers).astype(np.int64)


def _measure_chance(different: npt.NDArray[np.int32]) -> Floats:
    """Return the logarithm of the share with these values of those who lack the same ones."""
    logs = np.zeros(len(different))
    for column, cells in zip(different.T, different.view(np.float32).T, strict=True):
        is_present = ~np.isnan(cells)
        logs[is_present] += np.log(_estimate_shares(column[is_present]))
    return logs


def _estimate_shares(cells: npt.NDArray[np.int32]) -> Floats:
    """Return for each cell the estimated share of other people who have its value.

    That is the share seen in the other cells; of values that are there once, it is estimated from
    how many are there twice (Good 1953).
    """
    counts = _count_alike(cells)
    once, twice = (counts == 1).sum(), (counts == 2).sum() / 2
    unseen = min(1.0, 2 * twice / max(1, once))
    return np.maximum(np.where(counts > 1, counts - 1, unseen) / max(1, len(cells)), _RAREST)


def _count_alike(rows: npt.NDArray[np.generic]) -> Floats:
    """Return for each row how many rows are the same, itself included."""
    _, places, counts = np.unique(rows, axis=0, return_inverse=True, return_counts=True)
    return np.asarray(counts[places.ravel()], np.float64)


def find_complete_copies(values: Values) -> Integers:
    """Return `find_copies` as earlier releases did: rows that lack a value were never equal.

    Models that they trained are repeated with it.
    """
    different, firsts, places = np.unique(
        values, axis=0, return_index=True, return_inverse=True, equal_nan=True
    )
    numbers = np.arange(len(values))
    copies = len(values) - len(different)
    rows = firsts[places.ravel()] if _are_odd(different, copies) else numbers
    return np.asarray(rows, np.int64)


def _are_odd(different: Values, copies: int) -> bool:
    """Return whether there are far more equal rows than chance makes of independent columns."""
    n = len(different) + copies
    if len(different) < _MIN_DIFFERENT * n:
        return False
    log_chance = 0.0
    for column in different.T:
        present = column[~np.isnan(column)]
        _, counts = np.unique(present, return_counts=True)
        groups = np.append(counts, len(different) - len(present)).astype(np.float64)
        pairs = float((groups * (groups - 1)).sum()) / max(1, len(different) * (len(different) - 1))
        log_chance += math.log(max(pairs, _RAREST))
    return copies > _CHANCE * n * (n - 1) / 2 * math.exp(log_chance)
