"""Divides the patients of a matrix into the question's subgroups."""

from __future__ import annotations

import math

import numpy as np

from models.calibration import Labels
from models.features import Matrix
from models.question import Feature, Question, Subgroup
from models.question_parts import spell_value
from records.values import CATEGORY, NUMBER


def divide_into_subgroups(question: Question, matrix: Matrix) -> dict[str, dict[str, Labels]]:
    """Return the members of each part of each subgroup; without a value: `not recorded`."""
    columns = question.columns()
    subgroups: dict[str, dict[str, Labels]] = {}
    for subgroup in question.subgroups:
        column = columns[subgroup.code]
        values = matrix.values[:, column]
        parts = {
            words: (values >= low) & (values < high)
            for words, low, high in _parts(question.features[column], subgroup)
        }
        is_missing = np.isnan(values)
        if is_missing.any():
            parts["not recorded"] = is_missing
        subgroups[subgroup.words] = parts
    return subgroups


def _parts(feature: Feature, subgroup: Subgroup) -> list[tuple[str, float, float]]:
    if feature.kind == CATEGORY:
        return [
            (spell_value(value), index, index + 1) for index, value in enumerate(feature.values)
        ]
    if feature.kind == NUMBER:
        edges = [-math.inf, *subgroup.edges, math.inf]
        pairs = zip(edges, edges[1:], strict=False)
        return [(_describe(low, high), low, high) for low, high in pairs]
    return [("no", 0, 1), ("yes", 1, 2)]


def _describe(low: float, high: float) -> str:
    if low == -math.inf:
        return f"below {high:g}"
    return f"{low:g} and more" if high == math.inf else f"{low:g} to below {high:g}"
