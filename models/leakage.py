"""Finds features that reveal the label (data leakage)."""

from __future__ import annotations

import numpy as np

from models.calibration import Floats, Labels
from models.evaluation import auroc
from models.features import Matrix
from models.gate import GateCode, GateFailure
from models.question import Question
from records.values import CATEGORY


def find_leaking_features(matrix: Matrix, question: Question) -> list[GateFailure]:
    """Return the predicting features that alone predict the label too well for the gate.

    A feature is tested by its value, each category by its share of positive labels, and by whether
    it is missing: a test that only the ill are sent to reveals the label without its result.
    """
    limit = question.gate.max_feature_auroc
    failures = []
    for column in question.predictors():
        feature = question.features[column]
        values = matrix.values[:, column].astype(np.float64)
        is_missing = np.isnan(values)
        scores = _positive_shares(values, matrix.labels) if feature.kind == CATEGORY else values
        missing_first = np.where(is_missing, -np.inf, scores)
        missing_last = np.where(is_missing, np.inf, scores)
        candidates = (missing_first, missing_last, is_missing.astype(float))
        strength = max(_strength(matrix.labels, candidate) for candidate in candidates)
        if strength >= limit:
            failures.append(
                GateFailure(
                    code=GateCode.LEAKING_FEATURE,
                    measured=strength,
                    maximum=limit,
                    feature=f"{feature.words} ({feature.code})",
                )
            )
    return failures


def _strength(labels: Labels, scores: Floats) -> float:
    area = auroc(labels, scores).value
    return max(area, 1 - area)


def _positive_shares(column: Floats, labels: Labels) -> Floats:
    shares = np.full(len(column), np.nan)
    for value in np.unique(column[~np.isnan(column)]):
        members = column == value
        shares[members] = labels[members].mean()
    return shares
