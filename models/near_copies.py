"""Finds patients whose values are another patient's with small changes, by their neighbours."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from models.calibration import Floats
from models.features import Values

_NEIGHBOURS: Final = 16
_FIRST_HONEST: Final = 8
"""The distances to neighbours from this one on say how close honest patients are."""
_CANDIDATES: Final = 32
_MIN_FINE: Final = 4
_MAX_TIES: Final = 0.1
"""A column is fine if two patients share a value of it less often than this."""
_MAX_CONSTANT: Final = 0.98
_MAX_COLUMNS: Final = 64
_MAX_LEVELS: Final = 30
_MIN_PRESENT: Final = 0.5
_MISMATCH: Final = 0.3
"""How far apart two categories are, where the lowest and highest number are 1 apart."""
_ALIKE: Final = 0.03
"""Half of the fine values of a near copy are at most this share of all patients away."""
_CHANCE: Final = 0.001
"""How rarely an honest patient may have so near a neighbour by chance."""
_MAX_DISTANCES: Final = 400_000_000
_MIN_COMPARED: Final = 1_000
_BATCH: Final = 500
_TINY: Final = 1e-9

Integers = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class NearCopies:
    """The rows that are too close to another row for chance.

    Attributes:
        share: of the compared rows.
        rows: their numbers, ascending.
        others: the number of the nearest row of each.
    """

    share: float = 0.0
    rows: tuple[int, ...] = ()
    others: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class _Columns:
    """Columns that can be compared, shape (n, columns): ranks from 0 to 1, or categories.

    `ties` is how often two patients share a value of each; `is_fine` where that is rare.
    """

    values: Values
    is_category: Mask
    is_fine: Mask
    ties: Floats


def find_near_copies(values: Values, is_number: Sequence[bool]) -> NearCopies:
    """Return the rows that are nearly another row; the same rows give the same answer.

    Of honest patients the ratio of the distances to the first and the k-th neighbour has a known
    distribution, given how many dimensions the values fill near a patient (Facco and others 2017);
    these are learned from the neighbours beyond the first seven (Levina and Bickel 2004), so that
    up to seven copies of a patient do not hide each other. A row is a near copy if its ratio is
    rarer than chance allows and half of its fine values agree closely. Rounded values are at least
    as far apart as rounding hides.

    Every row is compared with every other one up to 20,000 rows; beyond, fewer rows, evenly
    spaced, with all others, so that the time grows no faster than the number of rows.

    Args:
        values: predictors, shape (n, predictors); NaN is missing.
        is_number: which predictors are numbers.
    """
    columns = _choose_columns(values, is_number)
    if len(values) <= _CANDIDATES or int(columns.is_fine.sum()) < _MIN_FINE:
        return NearCopies()
    parts = list(_compare(columns))
    queries, nearest, distances, is_alike = (
        np.concatenate(part) for part in zip(*parts, strict=True)
    )
    is_copy = is_alike & (_measure_chance(distances) <= _CHANCE)
    rows, others = queries[is_copy], nearest[is_copy]
    return NearCopies(float(is_copy.mean()), tuple(rows.tolist()), tuple(others.tolist()))


def _choose_columns(values: Values, is_number: Sequence[bool]) -> _Columns:
    chosen: list[tuple[bool, float, Values]] = []
    for column, number in zip(values.T, is_number, strict=True):
        is_present = ~np.isnan(column)
        if is_present.mean() >= _MIN_PRESENT:
            cells, ties = _rank(column, is_present)
            if ties <= _MAX_CONSTANT:
                chosen.append((number, ties, cells if number else column))
    chosen = sorted(chosen, key=lambda each: each[1])[:_MAX_COLUMNS]
    numbers = np.array([number for number, _, _ in chosen], np.bool_)
    shared = np.array([ties for _, ties, _ in chosen], np.float64)
    rows = np.array([cells for _, _, cells in chosen], np.float32).reshape(-1, len(values)).T
    return _Columns(rows, ~numbers, numbers & (shared <= _MAX_TIES), shared)


def _rank(column: Values, is_present: Mask) -> tuple[Values, float]:
    """Return the share of patients below each value, and how often two patients share one."""
    _, places, counts = np.unique(column[is_present], return_inverse=True, return_counts=True)
    shares = counts / counts.sum()
    ranks = np.full(len(column), np.nan, np.float32)
    ranks[is_present] = (np.cumsum(shares) - shares / 2)[places]
    return ranks, float((shares**2).sum())


def _compare(columns: _Columns) -> Iterator[tuple[Integers, Integers, Floats, Mask]]:
    """Yield row, nearest row, distances to its neighbours, and whether the nearest is alike."""
    places = _embed(columns)
    squares = (places**2).sum(axis=1)
    count = max(_MIN_COMPARED, _MAX_DISTANCES // len(places))
    queries = np.unique(np.linspace(0, len(places) - 1, min(count, len(places))).astype(np.int64))
    for rows in np.array_split(queries, -(-len(queries) // _BATCH)):
        apart = squares - 2 * places[rows] @ places.T
        apart[np.arange(len(rows)), rows] = np.inf
        near = np.argpartition(apart, _CANDIDATES - 1, axis=1)[:, :_CANDIDATES]
        yield _measure_neighbours(columns, rows, np.sort(near, axis=1))


def _embed(columns: _Columns) -> Values:
    """Return a point for each row by which candidates are found, missing values in the middle."""
    points = []
    for cells, is_category in zip(columns.values.T, columns.is_category, strict=True):
        if not is_category:
            points.append(np.where(np.isnan(cells), 0.5, cells))
            continue
        levels = np.unique(cells[~np.isnan(cells)])[:_MAX_LEVELS]
        points += [(cells == level) * (_MISMATCH / np.sqrt(2)) for level in levels]
    return np.column_stack(points).astype(np.float32)


def _measure_neighbours(
    columns: _Columns, rows: Integers, candidates: Integers
) -> tuple[Integers, Integers, Floats, Mask]:
    apart = np.abs(columns.values[rows][:, None, :] - columns.values[candidates])
    is_shared = ~np.isnan(apart)
    apart = np.where(columns.is_category & is_shared, (apart > 0) * _MISMATCH, apart)
    # The difference of two rounded values has this variance.
    hidden = np.where(columns.is_fine, columns.ties**2 / 6, 0)
    total = np.where(is_shared, apart**2 + hidden, 0).sum(axis=2)
    distances = np.sqrt(total / np.maximum(1, is_shared.sum(axis=2)))
    fine = columns.is_fine
    is_enough = (is_shared & fine).sum(axis=2) >= max(3, fine.sum() / 2)
    distances = np.where(is_enough, distances, np.inf)
    order = np.argsort(distances, axis=1, kind="stable")[:, :_NEIGHBOURS]
    distances = np.take_along_axis(distances, order, 1).astype(np.float64)
    first = apart[np.arange(len(rows)), order[:, 0]][:, fine]
    # A value that one of the two lacks counts as different beyond half of them.
    middle = np.median(np.where(np.isnan(first), 1, first), axis=1)
    nearest = candidates[np.arange(len(rows)), order[:, 0]]
    return rows, nearest, distances, middle <= _ALIKE


def _measure_chance(distances: Floats) -> Floats:
    """Return how probable so near a first neighbour is for an honest row; 1 without neighbours."""
    is_known = np.isfinite(distances).all(axis=1)
    if not is_known.any():
        return np.ones(len(distances))
    known = np.maximum(distances[is_known], _TINY)
    growth = np.log(known[:, -1:] / known[:, _FIRST_HONEST - 1 : -1]).sum(axis=1)
    expected = sum(
        1 / place
        for first in range(_FIRST_HONEST, _NEIGHBOURS)
        for place in range(first, _NEIGHBOURS)
    )
    everywhere = expected * len(growth) / max(_TINY, float(growth.sum()))
    # Few neighbours say little of one patient: the smaller number of dimensions counts.
    dimensions = np.minimum(everywhere, expected / np.maximum(_TINY, growth))
    ratio = known[:, 0] / known[:, -1]
    chance = np.ones(len(distances))
    chance[is_known] = 1 - (1 - ratio**dimensions) ** (_NEIGHBOURS - 1)
    return chance
