"""Makes rows k-anonymous: generalises quasi-identifiers until every combination is common."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from models.features import Values
from models.question import Feature, Question
from models.suppression import MIN_COUNT
from records.values import NUMBER

HIDDEN: Final = "*"
WIDTHS: Final = (5.0, 10.0, 20.0, 40.0)
MAX_DROPPED: Final = 0.05
"""Rows in rare classes are dropped once they are this few; until then a column is generalised."""


@dataclass(frozen=True, slots=True)
class AnonymisedRows:
    """Rows that may be released.

    Attributes:
        columns: by quasi-identifier the text of each row.
        is_kept: for each row, whether its class has at least k rows.
        level: by quasi-identifier how far it was generalised, from 0.
    """

    columns: dict[str, list[str]]
    is_kept: np.ndarray
    level: dict[str, int]


def quasi_identifiers(question: Question) -> tuple[Feature, ...]:
    """Return the features that could identify a person: demographics, and those of subgroups."""
    grouping = {subgroup.code for subgroup in question.subgroups}
    return tuple(
        feature
        for feature in question.features
        if feature.category == "demographics" or feature.code in grouping
    )


def anonymise(question: Question, values: Values, k: int = MIN_COUNT) -> AnonymisedRows:
    """Return the quasi-identifiers of these rows, generalised so that each kept class has k rows.

    Generalisation comes first, of the column with the most distinct values; rows that are still
    rare are dropped (Sweeney 2002: global recoding, then suppression).
    """
    column_of = question.columns()
    identifiers = quasi_identifiers(question)
    level = {feature.code: 0 for feature in identifiers}
    while True:
        columns = {
            feature.code: [
                _generalise(feature, float(value), level[feature.code])
                for value in values[:, column_of[feature.code]]
            ]
            for feature in identifiers
        }
        is_kept = _is_common(list(columns.values()), len(values), k)
        can_coarsen = [
            feature for feature in identifiers if level[feature.code] < _max_level(feature)
        ]
        if not can_coarsen or (~is_kept).sum() <= MAX_DROPPED * len(values):
            return AnonymisedRows(columns, is_kept, level)
        widest = max(can_coarsen, key=lambda feature: len(set(columns[feature.code])))
        level[widest.code] += 1


def _is_common(columns: Sequence[Sequence[str]], rows: int, k: int) -> np.ndarray:
    if not columns:
        return np.full(rows, rows >= k)
    classes = list(zip(*columns, strict=True))
    sizes = Counter(classes)
    return np.array([sizes[combination] >= k for combination in classes], np.bool_)


def _max_level(feature: Feature) -> int:
    return len(WIDTHS) + 1 if feature.kind == NUMBER else 1


def _generalise(feature: Feature, value: float, level: int) -> str:
    """Return a value as coarse as its level: exact, as a range, or hidden."""
    if level >= _max_level(feature):
        return HIDDEN
    if level == 0 or np.isnan(value):
        return feature.format(value)
    width = WIDTHS[level - 1]
    low = int(value // width * width)
    return f"{low} to {low + int(width) - 1}"
