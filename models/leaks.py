"""Finds features that give the label away."""

from __future__ import annotations

import numpy as np

from models.evaluation import Floats, Truths, auroc
from models.features import Matrix
from models.question import Question
from records.values import CATEGORY


def suspects(matrix: Matrix, question: Question) -> tuple[str, ...]:
    """Return the predicting features that alone tell the label as well as the gate forbids.

    A feature is tried by its value, each category by its share of positives, and by whether it is
    missing: a test that only the ill are sent to gives the label away without its result.
    """
    found = []
    for place in question.predictors():
        feature = question.features[place]
        column = matrix.values[:, place].astype(np.float64)
        absent = np.isnan(column)
        tried = _shares(column, matrix.labels) if feature.kind == CATEGORY else column
        low, high = np.where(absent, -np.inf, tried), np.where(absent, np.inf, tried)
        told = max(_strength(matrix.labels, one) for one in (low, high, absent.astype(float)))
        if told >= question.gate.max_feature_auroc:
            found.append(
                f"{feature.words} ({feature.code}) alone tells the label: AUROC {told:.3f}"
            )
    return tuple(found)


def _strength(labels: Truths, scores: Floats) -> float:
    area = auroc(labels, scores).value
    return max(area, 1 - area)


def _shares(column: Floats, labels: Truths) -> Floats:
    shares = np.full(len(column), np.nan)
    for value in np.unique(column[~np.isnan(column)]):
        who = column == value
        shares[who] = labels[who].mean()
    return shares
