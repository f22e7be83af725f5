"""Tells the patients of a matrix apart into the question's subgroups."""

from __future__ import annotations

import math

import numpy as np

from models.evaluation import Truths
from models.features import Matrix
from models.question import Question
from models.question_parts import Feature, Subgroup
from records.values import CATEGORY, NUMBER


def subgroups(question: Question, matrix: Matrix) -> dict[str, dict[str, Truths]]:
    """Return who is in each part of each subgroup; whoever lacks the value is `not recorded`."""
    places = {feature.code: n for n, feature in enumerate(question.features)}
    found: dict[str, dict[str, Truths]] = {}
    for subgroup in question.subgroups:
        place = places[subgroup.code]
        column = matrix.values[:, place]
        parts = {
            words: (column >= low) & (column < high)
            for words, low, high in _parts(question.features[place], subgroup)
        }
        absent = np.isnan(column)
        found[subgroup.words] = {**parts, **({"not recorded": absent} if absent.any() else {})}
    return found


def _parts(feature: Feature, subgroup: Subgroup) -> list[tuple[str, float, float]]:
    if feature.kind == CATEGORY:
        return [
            (value.replace("-", " "), place, place + 1)
            for place, value in enumerate(feature.values)
        ]
    if feature.kind == NUMBER:
        edges = [-math.inf, *subgroup.edges, math.inf]
        pairs = zip(edges, edges[1:], strict=False)
        return [(_between(low, high), low, high) for low, high in pairs]
    return [("no", 0, 1), ("yes", 1, 2)]


def _between(low: float, high: float) -> str:
    if low == -math.inf:
        return f"below {high:g}"
    return f"{low:g} and more" if high == math.inf else f"{low:g} to below {high:g}"
