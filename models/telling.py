"""Finds columns, groups and cuts whose figures would tell of one to ten patients."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from models.calibration import Floats, Labels
from models.features import Values
from models.suppression import MIN_COUNT, is_small

Mask = npt.NDArray[np.bool_]
_MAX_CELLS: Final = 12
"""Of a number with more different values no patient's cell is shown alone."""
_ALIKE: Final = 0.99
"""Columns with this rank correlation are one measurement, such as its last and its mean value."""


@dataclass(frozen=True, slots=True)
class Telling:
    """Which columns are not to be measured beside those before them, and why.

    Nobody counts like a few patients here. Else a figure that is hidden, or one that is not, would
    tell whether somebody has a value.

    Attributes:
        rare: all but fewer than 11 patients have the same value.
        close: it differs from an earlier column in fewer than 11 patients, or in who has one value.
        copies: it orders patients nearly as an earlier column does, or exactly so without fewer
            than 11 patients; units do not matter. All copies are close too.
    """

    rare: list[bool]
    close: list[bool]
    copies: list[bool]

    @property
    def columns(self) -> list[bool]:
        """Which columns are not to be measured, for either reason."""
        return [rare or close for rare, close in zip(self.rare, self.close, strict=True)]


def find_telling_columns(values: Values, categories: Sequence[bool] = ()) -> list[bool]:
    """Return `compare_columns` as one flag for each column."""
    return compare_columns(values, categories).columns


def compare_columns(values: Values, categories: Sequence[bool] = ()) -> Telling:
    """Return which columns are not to be measured beside those before them.

    If all but 1 to 10 patients have the same value, a column shows the outcome of these few. If it
    differs from an earlier column in 1 to 10 patients, or in who has one value, the difference of
    the figures shows it.

    Args:
        values: shape (n, columns); NaN is missing, and a value like any other.
        categories: which columns are categories, whose shares are shown for each value; empty if
            none is.
    """
    earlier: list[_Ordered] = []
    cells: list[Mask] = []
    result = Telling([], [], [])
    kinds = list(categories) or [False] * values.shape[1]
    for column, is_category in zip(values.T.astype(np.float64), kinds, strict=True):
        _, sizes = np.unique(column, return_counts=True, equal_nan=True)
        own = _list_cells(column, is_category)
        ordered = _Ordered(column)
        copies = any(each.is_copied_by(ordered) for each in earlier)
        is_close = bool(cells and own) and _are_close(np.array(own), np.array(cells), least=0)
        result.rare.append(len(column) - int(sizes.max(initial=0)) < MIN_COUNT)
        result.close.append(bool(is_close or copies))
        result.copies.append(copies)
        if not result.rare[-1]:
            earlier.append(ordered)
        if not result.columns[-1]:
            cells += own
    return result


def _list_cells(column: Floats, is_category: bool) -> list[Mask]:
    """Return who has each value that many have, of a category or of few different values."""
    known, sizes = np.unique(column[~np.isnan(column)], return_counts=True)
    if len(known) > _MAX_CELLS and not is_category:
        return []
    return [column == value for value in known[sizes >= MIN_COUNT]]


class _Ordered:
    """A column in its order, to find others that have nearly the same."""

    def __init__(self, column: Floats) -> None:
        from scipy.stats import rankdata

        self._is_known = ~np.isnan(column)
        self._order = np.argsort(column, kind="stable")
        self._column = column
        self._ranks = rankdata(column, nan_policy="omit")

    def is_copied_by(self, other: _Ordered) -> bool:
        """Return whether both order all patients alike, or all but fewer than 11 of them."""
        is_both = self._is_known & other._is_known
        alone = int((self._is_known | other._is_known).sum()) - int(is_both.sum())
        if alone < MIN_COUNT and _are_alike(self._ranks[is_both], other._ranks[is_both]):
            return True
        rows = self._order[is_both[self._order]]
        first, second = self._column[rows], other._column[rows]
        falls = int((np.diff(second) < 0).sum())
        parted = int(((np.diff(first) == 0) != (np.diff(second) == 0)).sum())
        # Each patient who is left out mends one fall and two neighbours at most.
        if alone + max(falls, parted / 2) >= MIN_COUNT:
            return False
        return alone + len(rows) - _count_ordered(first, second) < MIN_COUNT


def _are_alike(first: Floats, second: Floats) -> bool:
    left, right = first - first.mean(), second - second.mean()
    product = float(left @ left) * float(right @ right)
    return abs(float(left @ right)) >= _ALIKE * math.sqrt(product) > 0


def _count_ordered(first: Floats, second: Floats) -> int:
    """Return how many patients are in the largest part that both columns order alike.

    Equal values stay equal: it is the heaviest chain of pairs that rise in both columns.
    """
    pairs, counts = np.unique(np.stack([first, second], axis=1), axis=0, return_counts=True)
    starts = np.flatnonzero(np.diff(pairs[:, 0], prepend=-np.inf))
    ends: list[float] = []  # values of the second column, rising, and the best chain up to each
    best: list[int] = []
    for start, stop in pairwise([*starts.tolist(), len(pairs)]):
        chains = []
        for value, count in zip(pairs[start:stop, 1].tolist(), counts[start:stop], strict=True):
            place = bisect_left(ends, value)
            chains.append((value, int(count) + (best[place - 1] if place else 0)))
        for value, size in chains:
            place = bisect_left(ends, value)
            if place and best[place - 1] >= size:
                continue
            while place < len(ends) and best[place] <= size:
                del ends[place], best[place]
            if place < len(ends) and ends[place] == value:
                continue
            ends.insert(place, value)
            best.insert(place, size)
    return best[-1] if best else 0


def _is_few(count: Any, least: int = 1) -> Any:
    return (count >= least) & (count < MIN_COUNT)


class VisibleCuts:
    """Which cuts through the patients, in order of their estimates, may be shown together.

    With 1 to 10 patients between two cuts, or on one side of a cut, the figures would show the
    outcome of these few: who has the highest estimate is often known, such as the oldest.
    """

    def __init__(self, probabilities: Floats) -> None:
        """Begin without a cut; `probabilities` are the estimates, shape (n,)."""
        self._ordered = np.sort(probabilities)
        self._below = {0, len(probabilities)}
        self._thresholds: set[float] = set()

    def admit(self, threshold: float) -> bool:
        """Return whether figures of who has at least this estimate may be shown, as of now."""
        below = int(np.searchsorted(self._ordered, threshold))
        if any(is_small(abs(below - other)) for other in self._below):
            return False
        self._below.add(below)
        self._thresholds.add(threshold)
        return True

    @property
    def thresholds(self) -> list[float]:
        """The admitted thresholds, in ascending order."""
        return sorted(self._thresholds)


def find_telling_groups(groups: Mapping[str, Mapping[str, Labels]]) -> set[str]:
    """Return the subgroups that may not be shown beside those before them.

    Two parts of two subgroups, or runs of parts, that differ in 1 to 10 patients show the outcome
    of these few by the difference of their figures; so do two that leave out 1 to 10 together.

    Args:
        groups: by subgroup, the members of each of its visible parts, in order.
    """
    visible: list[Mask] = []
    telling = set()
    for words, parts in groups.items():
        sets = _list_sets(list(parts.values()))
        if visible and sets and _are_close(np.array(sets), np.array(visible)):
            telling.add(words)
        else:
            visible += sets
    return telling


def _list_sets(parts: list[Mask]) -> list[Mask]:
    """Return each part, and each run of parts from the first or from the last one."""
    runs = [*accumulate(parts, np.logical_or), *accumulate(parts[::-1], np.logical_or)]
    return [*parts, *runs]


def _are_close(some: Mask, others: Mask, least: int = 1) -> bool:
    """Return whether sets, or one and a complement, differ in `least` to 10 patients."""
    first, second = some.astype(np.float32), others.astype(np.float32)
    common = first @ second.T
    apart = first.sum(axis=1)[:, None] + second.sum(axis=1)[None, :] - 2 * common
    return bool((_is_few(apart, least) | _is_few(some.shape[1] - apart, least)).any())
