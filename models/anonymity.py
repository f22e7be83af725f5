"""Groups rows into classes in which nobody stands out, and measures how alike the rows are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from models.suppression import MIN_COUNT

MIN_DIVERSITY: Final = 2
"""Every class has both labels (Machanavajjhala 2007: l-diversity)."""
MAX_DISTANCE: Final = 0.2
"""The label's share in a class differs from that of all rows by at most this (Li 2007)."""
_MAX_CUTS: Final = 6
"""How many cuts next to the median are tried before another column."""

Numbers = npt.NDArray[np.float64]
Labels = npt.NDArray[np.bool_]
Classes = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Split:
    """A node that parts its rows: below `cut` to the node `low`, the others and missing to `high`.

    An infinite cut parts the values that are present from those that are missing.
    """

    column: int
    cut: float
    low: int
    high: int


@dataclass(frozen=True, slots=True)
class Band:
    """The values that a class may have in a column; `may_be_missing`: NaN is among them."""

    low: float
    high: float
    may_be_missing: bool


@dataclass(frozen=True, slots=True)
class Recoding:
    """How rows become classes. It stays the same for all copies of one study.

    Attributes:
        nodes: the first is the root; None is a class.
        centres: by class node, for each column the mean of its rows (index of the category for
            words); NaN where fewer than eleven rows have a value. It is that of the first copy, so
            that the difference of two copies tells nothing.
        columns: the matrix columns that a person could be recognised by.
    """

    columns: tuple[int, ...]
    nodes: tuple[Split | None, ...]
    centres: dict[int, tuple[float, ...]]

    def classes(self, values: Numbers) -> Classes:
        """Return the class node of each row of `values`, shape (rows, features)."""
        nodes_of_rows = np.zeros(len(values), np.intp)
        pending = [(0, np.arange(len(values)))]
        while pending:
            node, rows = pending.pop()
            split = self.nodes[node]
            if split is None:
                nodes_of_rows[rows] = node
                continue
            is_low = values[rows, split.column] < split.cut
            pending += [(split.low, rows[is_low]), (split.high, rows[~is_low])]
        return nodes_of_rows

    def bands(self) -> dict[int, dict[int, Band]]:
        """Return, for each class node, the band of each column; unlimited ends are infinite."""
        everything = {column: Band(-np.inf, np.inf, True) for column in self.columns}
        bands, pending = {}, [(0, everything)]
        while pending:
            node, limits = pending.pop()
            split = self.nodes[node]
            if split is None:
                bands[node] = limits
                continue
            band = limits[split.column]
            low = Band(band.low, min(band.high, split.cut), False)
            high = Band(max(band.low, split.cut), band.high, band.may_be_missing)
            pending.append((split.low, {**limits, split.column: low}))
            pending.append((split.high, {**limits, split.column: high}))
        return bands

    def to_json(self) -> dict[str, Any]:
        """Return the recoding as JSON values; `of_json` reads it."""
        nodes = [
            None if node is None else [node.column, _to_text(node.cut), node.low, node.high]
            for node in self.nodes
        ]
        centres = {
            str(node): [None if np.isnan(value) else value for value in centre]
            for node, centre in self.centres.items()
        }
        return {"columns": list(self.columns), "nodes": nodes, "centres": centres}

    @classmethod
    def of_json(cls, stored: dict[str, Any]) -> Recoding:
        """Return the recoding that `to_json` wrote."""
        return cls(
            columns=tuple(stored["columns"]),
            nodes=tuple(
                None if node is None else Split(node[0], float(node[1]), node[2], node[3])
                for node in stored["nodes"]
            ),
            centres={
                int(node): tuple(np.nan if value is None else value for value in centre)
                for node, centre in stored["centres"].items()
            },
        )


@dataclass(frozen=True, slots=True)
class PrivacyMeasures:
    """What was measured over all columns that a person could be recognised by.

    Attributes:
        k: rows of the smallest class.
        diversity: how many labels every class has at least.
        distance: the largest difference between the label's share in a class and in all rows.
        max_risk, mean_risk: of recognising a row, for who knows that a person is in it (the
            prosecutor) and these columns: 1 by the class's size. Who does not know it (the
            journalist) has at most this risk.
    """

    rows: int
    classes: int
    k: int
    diversity: int
    distance: float
    max_risk: float
    mean_risk: float


def find_recoding(values: Numbers, labels: Labels, columns: Sequence[int]) -> Recoding:
    """Return classes as small as the limits permit (Mondrian, LeFevre 2006).

    Each node is cut near the median of the column that is widest in it, relative to all rows, if
    both parts have eleven rows, both labels and about the share of labels of all rows. The order
    of the rows does not matter.

    Args:
        values: (rows, features); NaN is missing.
        labels: of each row.
        columns: those that a person could be recognised by.
    """
    share = float(labels.mean()) if len(labels) else 0.0
    spread = {column: _spread(values[:, column]) for column in columns}
    nodes: list[Split | None] = [None]
    centres: dict[int, tuple[float, ...]] = {}
    pending = [(0, np.arange(len(values)))]
    while pending:
        node, rows = pending.pop()
        order = sorted(columns, key=lambda c: (-_relative(values[rows, c], spread[c]), c))
        cut = _find_cut(values[rows], labels[rows], order, share)
        if cut is None:
            centres[node] = tuple(_centre(values[rows, column]) for column in columns)
            continue
        column, edge = cut
        is_low = values[rows, column] < edge
        nodes[node] = Split(column, edge, len(nodes), len(nodes) + 1)
        pending += [(len(nodes), rows[is_low]), (len(nodes) + 1, rows[~is_low])]
        nodes += [None, None]
    return Recoding(tuple(columns), tuple(nodes), centres)


def find_releasable(classes: Classes, labels: Labels) -> npt.NDArray[np.bool_]:
    """Return for each row whether its class is within the limits, among the rows that remain."""
    is_kept = np.ones(len(classes), np.bool_)
    while is_kept.any():
        is_good = is_kept.copy()
        is_good[is_kept] = _in_limits(
            classes[is_kept], labels[is_kept], float(labels[is_kept].mean())
        )
        if is_good.sum() == is_kept.sum():
            break
        is_kept = is_good
    return is_kept


def _in_limits(classes: Classes, labels: Labels, share: float) -> Labels:
    """Return for each row whether its class is within the limits; `share` is that of all rows."""
    if not len(classes):
        return np.ones(0, np.bool_)
    size = np.bincount(classes)
    positive = np.bincount(classes[labels], minlength=len(size))
    is_good: Labels = _is_within_limits(size, positive, share)[classes]
    return is_good


def find_releasable_after(
    classes: Classes, labels: Labels, batches: Sequence[Labels]
) -> npt.NDArray[np.bool_]:
    """Return for each row whether its class is within the limits, also in what is new.

    Args:
        classes: of each row.
        labels: of each row.
        batches: those of `find_batches`. The difference of two copies tells their class and label,
            so they must be within the limits by themselves, by the label's share in all rows.
    """
    # By sizes first: the label of a row that must stay out must not decide about other rows.
    is_kept = _in_large_groups(classes, batches)
    is_kept[is_kept] = find_releasable(classes[is_kept], labels[is_kept])
    while is_kept.any():
        is_good, share = is_kept.copy(), float(labels[is_kept].mean())
        for is_new in batches:
            joined = is_good & is_new
            is_good[joined] = _in_limits(classes[joined], labels[joined], share)
        is_good[is_good] = find_releasable(classes[is_good], labels[is_good])
        if is_good.sum() == is_kept.sum():
            break
        is_kept = is_good
    return is_kept


def _in_large_groups(classes: Classes, batches: Sequence[Labels]) -> Labels:
    """Return which rows have ten others of their class in each batch that they belong to."""
    is_kept = np.ones(len(classes), np.bool_)
    before = -1
    while before != (before := int(is_kept.sum())):
        for is_new in batches:
            joined = is_kept & is_new
            is_kept[joined] = (np.bincount(classes[joined]) >= MIN_COUNT)[classes[joined]]
    return is_kept


def measure(classes: Classes, labels: Labels) -> PrivacyMeasures:
    """Return how alike the rows of each class are; there must be at least one row."""
    _, index = np.unique(classes, return_inverse=True)
    size, positive = np.bincount(index), np.bincount(index[labels], minlength=index.max() + 1)
    labels_in_class = (positive > 0).astype(int) + (positive < size)
    return PrivacyMeasures(
        rows=len(classes),
        classes=len(size),
        k=int(size.min()),
        diversity=int(labels_in_class.min()),
        distance=float(np.abs(positive / size - labels.mean()).max()),
        max_risk=float(1 / size.min()),
        mean_risk=len(size) / len(classes),
    )


def _is_within_limits(size: Any, positive: Any, share: float) -> Any:
    is_diverse = (positive > 0) & (positive < size)
    is_close = np.abs(positive / np.maximum(size, 1) - share) <= MAX_DISTANCE
    return (size >= MIN_COUNT) & is_diverse & is_close


def _find_cut(
    values: Numbers, labels: Labels, order: Sequence[int], share: float
) -> tuple[int, float] | None:
    for column in order:
        for edge in _edges(values[:, column]):
            is_low = values[:, column] < edge
            size = np.array([is_low.sum(), len(labels) - is_low.sum()])
            positive = np.array([(labels & is_low).sum(), (labels & ~is_low).sum()])
            if _is_within_limits(size, positive, share).all():
                return column, edge
    return None


def _edges(column: Numbers) -> list[float]:
    """Return the cuts to try: between neighbours near the median, and missing from present."""
    present = column[~np.isnan(column)]
    distinct = np.unique(present)
    near = np.abs(distinct[1:] - np.median(present)) if len(distinct) > 1 else np.array([])
    chosen = np.argsort(near, kind="stable")[:_MAX_CUTS]
    edges = [_round_between(distinct[index], distinct[index + 1]) for index in chosen]
    return edges + ([np.inf] if 0 < len(present) < len(column) else [])


def _round_between(below: float, above: float) -> float:
    """Return a short number that is more than `below` and at most `above`."""
    middle = (below + above) / 2
    for digits in range(1, 8):
        rounded = float(f"{middle:.{digits}g}")
        if below < rounded <= above:
            return rounded
    return float(above)


def _centre(column: Numbers) -> float:
    present = column[~np.isnan(column)]
    return float(f"{present.mean():.3g}") if len(present) >= MIN_COUNT else np.nan


def _spread(column: Numbers) -> float:
    present = column[~np.isnan(column)]
    return float(present.std()) if len(present) else 0.0


def _relative(column: Numbers, spread: float) -> float:
    return _spread(column) / spread if spread else 0.0


def _to_text(cut: float) -> float | str:
    return "inf" if np.isinf(cut) else cut
