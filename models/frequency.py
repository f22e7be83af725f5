"""Measures what a model owes to features that count tests: it without them, on the same folds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models.calibration import Floats
from models.candidates import Fitter
from models.crossvalidation import Rows
from models.development import Development
from models.evaluation import Estimate, auroc
from models.question import Question
from models.telling import find_telling_columns
from models.timeline import FREQUENCY_TAKES


@dataclass(frozen=True, slots=True)
class Frequency:
    """The AUROC out of fold with and without the features that tell how often one is tested.

    Such features carry what a clinician suspected, so they can fail where habits differ. Both
    figures are of the published setting, fitted again on the folds of the first repeat.
    """

    features: tuple[str, ...]
    having: Estimate
    without: Estimate | None


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
    counts = np.array(
        [f.reading is not None and f.reading.take in FREQUENCY_TAKES for f in features], np.bool_
    )
    counts &= ~np.array(find_telling_columns(rows.values), np.bool_)
    if not counts.any():
        return None
    fitter = Fitter.of(question, 0)
    everything = np.ones(len(features), np.bool_)
    return Frequency(
        features=tuple(f.words for f, counted in zip(features, counts, strict=True) if counted),
        having=auroc(rows.labels, _predict(rows, fitter, development, everything)),
        without=None
        if counts.all()
        else auroc(rows.labels, _predict(rows, fitter, development, ~counts)),
    )


def _predict(
    rows: Rows, fitter: Fitter, development: Development, columns: npt.NDArray[np.bool_]
) -> Floats:
    """Return the out-of-fold log-odds of a model that sees these columns."""
    types = tuple(kind for kind, used in zip(fitter.types, columns, strict=True) if used)
    narrow, values = Fitter(types, fitter.seed), rows.values[:, columns]
    folds = development.chosen.folds[0]
    log_odds = np.zeros(len(rows.labels))
    for fold in np.unique(folds):
        test = folds == fold
        fitted = narrow.fit_choice(
            development.setting, development.rounds, values[~test], rows.labels[~test]
        )
        log_odds[test] = fitted.final_log_odds(values[test])
    return log_odds
