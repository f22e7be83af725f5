"""Finds features that reveal the label, or may do so and are not reviewed (data leakage)."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from models.calibration import Floats, Labels
from models.crossvalidation import Rows
from models.evaluation import auroc
from models.features import Matrix, Values
from models.folds import draw_folds
from models.gate import GateCode, GateFailure
from models.logistic import fit_logistic
from models.question import DEFAULT_GATE, Feature, Question
from models.subgroups import divide_into_subgroups
from models.suppression import MIN_COUNT
from models.telling import find_telling_columns
from records.values import CATEGORY

REVIEWED_LIMIT: Final = 0.99
"""No review explains a feature that separates the outcomes of a part as well as this."""
_EXPLAIN: Final = 0.85
_NOTABLE: Final = 0.75
"""Below this a feature alone predicts too little to be the label in disguise."""
_LEAD: Final = 0.05
_SHARE: Final = 0.5
_FOLDS: Final = 5
_RIDGE: Final = 10.0
_ERRORS: Final = 4
"""More standard errors than this are not chance, even in the strongest of many parts."""
_MAX_PART: Final = 20_000
"""In a larger part, at least this many patients, evenly spaced, are used for the measurement."""


def find_leaking_features(matrix: Matrix, question: Question) -> list[GateFailure]:
    """Return the predicting features that alone predict the label too well for the gate.

    A feature is tested by its value, each category by its share of positive labels, and by whether
    it is missing: a test that only the ill are sent to reveals the label without its result. A
    review does not help a feature in this tier.
    """
    limit = question.gate.max_feature_auroc
    return [
        _failure(GateCode.LEAKING_FEATURE, strength, feature, maximum=limit)
        for feature, strength in measure_features(matrix, question)
        if strength >= limit
    ]


def hide_figures(
    failures: Sequence[GateFailure], question: Question, telling: Sequence[bool]
) -> list[GateFailure]:
    """Return the failures, without the figures of features whose own would tell of few patients.

    Args:
        failures: of features.
        question: with these features.
        telling: of each predictor, see `models.telling.find_telling_columns`.
    """
    names = tuple(
        _name(question.features[column])
        for column, is_telling in zip(question.predictors(), telling, strict=True)
        if is_telling
    )
    return [
        replace(failure, is_hidden=failure.is_hidden or failure.feature.startswith(names))
        for failure in failures
    ]


def _limit_in_part(question: Question, feature: Feature) -> float:
    """Return the AUROC from which on a feature leaks in a part; a question's own limit stays."""
    limit = question.gate.max_feature_auroc
    is_raised = bool(feature.reviewed) and limit == DEFAULT_GATE.max_feature_auroc
    return REVIEWED_LIMIT if is_raised else limit


def find_leaks_in_parts(
    matrix: Matrix, question: Question, parts: Sequence[str] = ()
) -> list[GateFailure]:
    """Return the features that predict the label too well among some of the patients.

    A value that is written after the outcome on one ward, or at one site, leaks there alone.
    Parts are the subgroups, each value of a category or boolean, and the sites or periods. In few
    patients an honest feature can be as strong by chance. So a feature is returned only if it is
    stronger in a part than among all patients, by more than chance explains.

    Args:
        matrix: one row a patient.
        question: which features predict, their reviews, and the subgroups.
        parts: the site or period of each row, empty if the question names no split.
    """
    failures: dict[str, GateFailure] = {}
    everywhere = measure_features(matrix, question)
    for words, members in _divide(matrix, question, parts):
        rows = np.flatnonzero(members)
        rows = rows[:: max(1, len(rows) // _MAX_PART)]
        events = int(matrix.labels[rows].sum())
        if min(events, len(rows) - events) < MIN_COUNT:
            continue
        part = Matrix(matrix.values[rows], matrix.labels[rows])
        chance = [_chance_error(strength, events, len(rows) - events) for _, strength in everywhere]
        for (feature, area), (_, usual), error in zip(
            measure_features(part, question), everywhere, chance, strict=True
        ):
            limit = _limit_in_part(question, feature)
            is_odd = area >= limit and area > usual + _ERRORS * error
            if feature.code not in failures and usual < limit and is_odd:
                # A part may have another feature that tells 1 to 10 of its patients apart.
                failures[feature.code] = GateFailure(
                    code=GateCode.LEAK_IN_PART,
                    measured=area,
                    feature=f"{_name(feature)} alone among patients with {words}",
                    maximum=limit,
                    is_hidden=True,
                )
    return list(failures.values())


def _chance_error(area: float, events: int, others: int) -> float:
    """Return the standard error of an AUROC for so many patients (Hanley and McNeil 1982)."""
    positive = area / (2 - area) - area**2
    negative = 2 * area**2 / (1 + area) - area**2
    spread = area * (1 - area) + (events - 1) * positive + (others - 1) * negative
    return math.sqrt(spread / (events * others))


def _divide(
    matrix: Matrix, question: Question, parts: Sequence[str]
) -> Iterator[tuple[str, Labels]]:
    """Yield the words and the members of each part of the patients."""
    for words, groups in divide_into_subgroups(question, matrix).items():
        yield from ((f"{words}: {part}", members) for part, members in groups.items())
    for column, feature in enumerate(question.features):
        for code in range(feature.code_count):
            members = matrix.values[:, column] == code
            yield f"{feature.words}: {feature.format(code)}", members
    for part in sorted(set(parts)):
        yield f"{question.plan.split_by}: {part}", np.array([each == part for each in parts])


def find_unreviewed_features(
    question: Question,
    strengths: list[tuple[Feature, float]],
    importance: list[float],
    whole: float,
    telling: Sequence[bool] = (),
) -> list[GateFailure]:
    """Return the features that may reveal the label, and that the question does not explain.

    Where the whole model predicts as well as a leaking feature would, the label may be spread over
    several columns: then those that together contribute more than half must be explained.

    Args:
        question: with the reviews.
        strengths: of each predictor alone, see `measure_features`.
        importance: mean absolute log-odds of each predictor.
        whole: the model's AUROC.
        telling: of each predictor, whether its figures would tell of few patients; the share of
            another feature does not count it, or it could be computed from that share.
    """
    limit, is_telling = question.gate.max_feature_auroc, list(telling) or [False] * len(importance)
    total = sum(weight for weight, few in zip(importance, is_telling, strict=True) if not few)
    failures = []
    for (feature, strength), weight, few in zip(strengths, importance, is_telling, strict=True):
        if feature.reviewed or strength >= limit:
            continue
        share, lead = weight / (total + few * weight or 1.0), whole - strength
        if strength >= _EXPLAIN:
            code = GateCode.UNREVIEWED_FEATURE
            failures.append(_failure(code, strength, feature, maximum=_EXPLAIN))
        elif strength >= _NOTABLE and len(strengths) > 1 and share > _SHARE:
            failures.append(_failure(GateCode.UNREVIEWED_SHARE, share, feature, maximum=_SHARE))
        elif strength >= _NOTABLE and len(strengths) > 1 and lead < _LEAD:
            failures.append(_failure(GateCode.UNREVIEWED_LEAD, lead, feature, minimum=_LEAD))
    if failures or whole < limit:
        return failures
    return [
        _failure(GateCode.UNREVIEWED_MODEL, whole, feature, maximum=limit)
        for feature in _find_main(strengths, importance)
        if not feature.reviewed
    ]


def _find_main(strengths: list[tuple[Feature, float]], importance: list[float]) -> list[Feature]:
    """Return the fewest features that contribute more than half of all mean log-odds."""
    order = sorted(range(len(importance)), key=lambda place: -importance[place])
    before = np.cumsum([0.0, *(importance[place] for place in order)])[:-1]
    return [
        strengths[place][0]
        for place, sum_before in zip(order, before.tolist(), strict=True)
        if sum_before <= _SHARE * sum(importance)
    ]


def find_telling_absence(rows: Rows, question: Question, whole: float) -> list[GateFailure]:
    """Return the feature whose absence tells most, if absence alone predicts too well.

    Args:
        rows: the predictors.
        question: with the reviews.
        whole: the model's AUROC.
    """
    absence = measure_absence(rows)
    if absence < _NOTABLE or (absence < _EXPLAIN and absence < whole - _LEAD):
        return []
    features = [question.features[column] for column in question.predictors()]
    missing = np.isnan(rows.values).astype(np.float64).T
    alone = [_strength(rows.labels, column) for column in missing]
    feature = features[int(np.argmax(alone))]
    if feature.reviewed:
        return []
    failure = _failure(GateCode.MISSINGNESS, absence, feature, maximum=_NOTABLE)
    return [replace(failure, is_hidden=any(_find_telling_absences(rows)))]


def _find_telling_absences(rows: Rows) -> list[bool]:
    return find_telling_columns(np.isnan(rows.values).astype(np.float32))


def measure_shown_absence(rows: Rows) -> float:
    """Return `measure_absence` of the predictors whose missing values tell of no few patients."""
    is_shown = ~np.array(_find_telling_absences(rows), np.bool_)
    return measure_absence(Rows(rows.values[:, is_shown], rows.labels, rows.persons))


def measure_absence(rows: Rows) -> float:
    """Return the out-of-fold AUROC of a regression on which values are missing."""
    missing = np.isnan(rows.values)
    varying = missing.any(axis=0) & ~missing.all(axis=0)
    if not varying.any():
        return 0.5
    columns = missing[:, varying].astype(np.float32)
    folds = draw_folds(rows.labels, rows.persons, folds=_FOLDS, draw=("absence",))
    scores = np.zeros(len(rows.labels))
    for fold in range(_FOLDS):
        test = folds == fold
        kinds = [False] * columns.shape[1]
        model = fit_logistic(columns[~test], rows.labels[~test], kinds, _RIDGE)
        scores[test] = model.log_odds(columns[test])
    return auroc(rows.labels, scores).value


def measure_features(matrix: Matrix, question: Question) -> list[tuple[Feature, float]]:
    """Return each predictor with the AUROC that it has alone, from 0.5 to 1."""
    return [
        (question.features[column], _alone(question.features[column], matrix, column))
        for column in question.predictors()
    ]


def _alone(feature: Feature, matrix: Matrix, column: int) -> float:
    values: Values = matrix.values[:, column]
    is_missing = np.isnan(values)
    cells = values.astype(np.float64)
    scores = _positive_shares(cells, matrix.labels) if feature.kind == CATEGORY else cells
    missing_first = np.where(is_missing, -np.inf, scores)
    missing_last = np.where(is_missing, np.inf, scores)
    candidates = (missing_first, missing_last, is_missing.astype(float))
    return max(_strength(matrix.labels, candidate) for candidate in candidates)


def _failure(
    code: GateCode,
    measured: float,
    feature: Feature,
    *,
    minimum: float = -np.inf,
    maximum: float = np.inf,
) -> GateFailure:
    name = _name(feature)
    return GateFailure(code=code, measured=measured, feature=name, minimum=minimum, maximum=maximum)


def _name(feature: Feature) -> str:
    return f"{feature.words} ({feature.code})"


def _strength(labels: Labels, scores: Floats) -> float:
    area = auroc(labels, scores).value
    return max(area, 1 - area)


def _positive_shares(column: Floats, labels: Labels) -> Floats:
    shares = np.full(len(column), np.nan)
    for value in np.unique(column[~np.isnan(column)]):
        members = column == value
        shares[members] = labels[members].mean()
    return shares
