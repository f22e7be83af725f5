"""Measures what a model owes to features that count tests: it without them, on the same folds."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from models.candidates import Fitter
from models.crossvalidation import Fit, Mask, Rows, predict_folds
from models.development import Development
from models.evaluation import Estimate, auroc
from models.question import Question
from models.telling import find_telling_columns
from models.timeline import FREQUENCY_TAKES
from records.values import CATEGORY


@dataclass(frozen=True, slots=True)
class Frequency:
    """A model with and without the features that tell how often one is tested.

    Such features carry what a clinician suspected, so they can fail where habits differ. All
    figures are of the published setting, fitted again.

    Attributes:
        features: their words.
        having, without: AUROC on the folds of the first repeat, with and without them.
        importance: of each predictor in the model without them, the mean absolute log-odds; None
            for the features themselves, and if there are no others.
    """

    features: tuple[str, ...]
    having: Estimate
    without: Estimate | None
    importance: tuple[float | None, ...] | None


def measure_frequency(rows: Rows, question: Question, development: Development) -> Frequency | None:
    """Return both figures; None if the question has no such feature.

    A feature whose figures would tell of 1 to 10 patients is left out, since the difference of
    the two figures would be its own. Without any other feature there is no model to compare with.

    Args:
        rows: predictors, labels and persons.
        question: says how each feature is read from events.
        development: the published setting and its folds.
    """
    features = [question.features[column] for column in question.predictors()]
    is_count = np.array(
        [f.reading is not None and f.reading.take in FREQUENCY_TAKES for f in features], np.bool_
    )
    categories = [feature.kind == CATEGORY for feature in features]
    telling = np.array(find_telling_columns(rows.values, categories), np.bool_)
    is_count &= ~telling
    if not is_count.any():
        return None
    fitter, folds = Fitter.of(question, 0), development.chosen.folds[0]
    with_all = _fit_columns(fitter, development, np.ones(len(features), np.bool_))
    having = predict_folds(with_all, rows.values, rows.labels, folds)
    result = Frequency(
        features=tuple(f.words for f, counts in zip(features, is_count, strict=True) if counts),
        having=auroc(rows.labels, having),
        without=None,
        importance=None,
    )
    if is_count.all():
        return result
    fit, values = _fit_columns(fitter, development, ~is_count), rows.values[:, ~is_count]
    importance: list[float | None] = [None] * len(features)
    moved = np.abs(fit(values, rows.labels).learner.contributions(values)[:, :-1]).mean(axis=0)
    for column, each in zip(np.flatnonzero(~is_count), moved, strict=True):
        importance[column] = None if telling[column] else float(each)
    without = auroc(rows.labels, predict_folds(fit, values, rows.labels, folds))
    return replace(result, without=without, importance=tuple(importance))


def _fit_columns(fitter: Fitter, development: Development, used: Mask) -> Fit:
    """Return what fits the published setting to rows that have these columns alone."""
    types = tuple(kind for kind, is_used in zip(fitter.types, used, strict=True) if is_used)
    narrow = replace(fitter, types=types)
    return partial(narrow.fit_choice, development.setting, development.rounds)
