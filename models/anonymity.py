"""Makes rows k-anonymous: quasi-identifiers grow coarser until each combination is common."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from models.features import Values, spoken
from models.question import Question
from models.question_parts import Feature
from models.suppression import MIN_COUNT
from records.values import NUMBER

HIDDEN: Final = "*"
WIDTHS: Final = (5.0, 10.0, 20.0, 40.0)
MOST_DROPPED: Final = 0.05
"""Rows in rare classes are left out once they are so few; until then a column grows coarser."""


@dataclass(frozen=True, slots=True)
class Anonymous:
    """Rows that may leave: the text of each quasi-identifier, and which rows are kept.

    `columns` has one list a quasi-identifier, as long as there are rows; `kept` says of each row
    whether its class has at least k rows; `level` says how coarse each column became.
    """

    columns: dict[str, list[str]]
    kept: np.ndarray
    level: dict[str, int]


def quasi_identifiers(question: Question) -> tuple[Feature, ...]:
    """Return the features by which a person could be known: facts of the person, and subgroups."""
    told = {group.code for group in question.subgroups}
    return tuple(
        one for one in question.features if one.category == "demographics" or one.code in told
    )


def anonymise(question: Question, values: Values, k: int = MIN_COUNT) -> Anonymous:
    """Return the quasi-identifiers of these rows, so coarse that each kept class has k rows.

    Generalisation comes first, on the column with the most values; what is still rare is left out
    (Sweeney 2002: global recoding, then suppression).
    """
    places = {feature.code: n for n, feature in enumerate(question.features)}
    chosen = quasi_identifiers(question)
    cells = {one.code: [float(cell) for cell in values[:, places[one.code]]] for one in chosen}
    level = {one.code: 0 for one in chosen}
    while True:
        columns = {
            one.code: [_said(one, cell, level[one.code]) for cell in cells[one.code]]
            for one in chosen
        }
        kept = _common(list(columns.values()), len(values), k)
        finest = [one for one in chosen if level[one.code] < _coarsest(one)]
        if not finest or (~kept).sum() <= MOST_DROPPED * len(values):
            return Anonymous(columns, kept, level)
        widest = max(finest, key=lambda one: len(set(columns[one.code])))
        level[widest.code] += 1


def _common(columns: Sequence[Sequence[str]], rows: int, k: int) -> np.ndarray:
    if not columns:
        return np.full(rows, rows >= k)
    classes = list(zip(*columns, strict=True))
    sizes = Counter(classes)
    return np.array([sizes[one] >= k for one in classes], np.bool_)


def _coarsest(feature: Feature) -> int:
    return len(WIDTHS) + 1 if feature.kind == NUMBER else 1


def _said(feature: Feature, cell: float, level: int) -> str:
    """Return a value as coarse as its level: as it is, in a band, or hidden."""
    if level >= _coarsest(feature):
        return HIDDEN
    if level == 0 or np.isnan(cell):
        return spoken(feature, cell)
    low = int(cell // WIDTHS[level - 1] * WIDTHS[level - 1])
    return f"{low} to {low + int(WIDTHS[level - 1]) - 1}"
