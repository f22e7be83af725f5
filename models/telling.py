"""Finds columns, groups and cuts whose figures would tell of one to ten patients."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import accumulate
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from models.calibration import Floats, Labels
from models.features import Values
from models.suppression import MIN_COUNT, is_small

Mask = npt.NDArray[np.bool_]
_MAX_CELLS: Final = 12
"""Of a column with more different values no patient's cell is shown alone."""


def find_telling_columns(values: Values) -> list[bool]:
    """Return which columns are not to be measured beside those before them.

    A column of which all but 1 to 10 patients have the same value shows the outcome of these few.
    So does one that differs from an earlier column in 1 to 10 patients, or in who has one value, by
    the difference of the figures.

    Args:
        values: shape (n, columns); NaN is missing, and a value like any other.
    """
    earlier: list[npt.NDArray[np.int64]] = []
    cells: list[Mask] = []
    telling = []
    for column in values.T:
        places = _number(column)
        rare = len(places) - int(np.bincount(places).max(initial=0))
        apart = [int((places != each).sum()) for each in earlier]
        own = _list_cells(column)
        is_close = bool(cells and own) and _are_close(np.array(own), np.array(cells))
        telling.append(bool(is_close or any(map(_is_few, [rare, *apart]))))
        if not telling[-1]:
            earlier.append(places)
            cells += own
    return telling


def _list_cells(column: Values) -> list[Mask]:
    """Return who has each value, of a column of few different values."""
    known = np.unique(column[~np.isnan(column)])
    return [column == value for value in known] if len(known) <= _MAX_CELLS else []


def _number(column: Values) -> npt.NDArray[np.int64]:
    """Return the values of a column such that equal ones are equal, missing ones too."""
    return np.unique(column, return_inverse=True, equal_nan=True)[1].astype(np.int64)


def _is_few(count: Any) -> Any:
    return (count > 0) & (count < MIN_COUNT)


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


def _are_close(some: Mask, others: Mask) -> bool:
    first, second = some.astype(np.float32), others.astype(np.float32)
    common = first @ second.T
    apart = first.sum(axis=1)[:, None] + second.sum(axis=1)[None, :] - 2 * common
    return bool((_is_few(apart) | _is_few(some.shape[1] - apart)).any())
