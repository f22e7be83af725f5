"""Develops a model: privacy first, then search, evaluation out of fold, and the final fit."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from models.answer_interval import AnswerInterval, fit_interval
from models.budget import Budget
from models.calibration import Floats, Labels
from models.candidates import Fitted, Fitter, Setting, list_settings
from models.crossvalidation import (
    OutOfFold,
    Rows,
    Search,
    cross_validate,
    draw_again,
    mean_losses,
    permit,
)
from models.features import Matrix
from models.folds import Folds
from models.lira import Attack, attack_settings
from models.person_weights import draw_weights
from models.question import Question
from models.recalibration import Recalibration, fit_recalibration
from models.served_model import LOGISTIC, XGBOOST, FoldLearner, write_model

_MIN_DRAWS: Final = 2
"""Of the cross-validation, to tell how far an estimate depends on who else was learned from."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """XGBoost against logistic regression on the same folds.

    `difference` is the mean of (log-loss of the regression - log-loss of XGBoost) over patients:
    above 0 if XGBoost is better; `error` is its standard error.
    """

    difference: float
    error: float

    @property
    def prefers_trees(self) -> bool:
        """Whether XGBoost is better by more than one standard error."""
        return self.difference > self.error

    @property
    def prefers_regression(self) -> bool:
        """Whether the regression is better by more than one standard error."""
        return self.difference < -self.error


@dataclass(frozen=True, slots=True, kw_only=True)
class Development:
    """A fitted model with its out-of-fold predictions and the attack on it.

    Attributes:
        raw: the model file.
        kind: of the learner.
        setting, rounds: which setting it was fitted with.
        recalibration: the map in the model file.
        interval: around the estimates.
        attack: on this setting.
        predictions: out of fold, by kind of learner.
        comparison: of the two kinds.
        tried: how many settings were attacked, and how many of them met the bound.
        draws: probabilities by draw of the cross-validation, shape (draws, n): those of `chosen`,
            or of the published setting in two draws if there was one repeat alone.
    """

    raw: bytes
    kind: str
    setting: Setting
    rounds: int
    recalibration: Recalibration
    interval: AnswerInterval
    attack: Attack
    predictions: dict[str, OutOfFold]
    comparison: Comparison
    tried: tuple[int, int]
    draws: Floats

    @property
    def chosen(self) -> OutOfFold:
        """The out-of-fold predictions of the published kind."""
        return self.predictions[self.kind]

    @property
    def sha256(self) -> str:
        """The hash of the model file, lower-case hex."""
        return hashlib.sha256(self.raw).hexdigest()


@dataclass(frozen=True, slots=True)
class Conditions:
    """What a development depends on beside its rows and its question.

    Attributes:
        study: names the draw of the folds, together with the label.
        budget: how much work this may be.
        seed: of the library's random numbers.
        patients: the keyed hash of each row's person, where copies are drawn by one name.
    """

    study: str
    budget: Budget
    seed: int
    patients: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FinalFit:
    """Fits the setting that was chosen.

    Attributes:
        fitter: of the question.
        choice: the setting, and its number of rounds.
        rows: of everybody.
        weights: how much each row counts; None if all count alike.
    """

    fitter: Fitter
    choice: tuple[Setting, int]
    rows: Rows
    weights: Floats | None

    def fit(self) -> Fitted:
        """Return the learner of everybody."""
        rows = self.rows
        return self.fitter.fit_weighted(self.choice, rows.values, rows.labels, self.weights)

    def fit_folds(self, folds: Folds, names: Sequence[str]) -> list[FoldLearner]:
        """Return, for the people of each fold, the learner of all others.

        Args:
            folds: of each row.
            names: the keyed hash of each row's person.
        """
        learners = []
        for fold in np.unique(folds):
            is_own = folds == fold
            others = self.rows.choose(~is_own)
            weights = None if self.weights is None else self.weights[~is_own]
            made = self.fitter.fit_weighted(self.choice, others.values, others.labels, weights)
            people = frozenset(name for name, own in zip(names, is_own, strict=True) if own)
            learners.append(FoldLearner(people, made.learner))
        return learners


def develop(
    matrix: Matrix,
    patients: Sequence[str],
    question: Question,
    conditions: Conditions,
) -> Development:
    """Return the model of these rows; the same input gives the same bytes.

    Args:
        matrix: one row a patient; both outcomes must occur.
        patients: the name of each row's person in the draws, a keyed hash.
        question: which columns predict, declared parameters, bounds of the gate.
        conditions: the draw, the budget and the seed.
    """
    from threadpoolctl import threadpool_limits

    rows = Rows(matrix.values[:, question.predictors()], matrix.labels, tuple(patients))
    # More threads add figures in another order, which changes their last bits.
    with threadpool_limits(1):
        return _develop(rows, question, conditions)


def _develop(rows: Rows, question: Question, conditions: Conditions) -> Development:
    budget, gate = conditions.budget, question.gate
    fitter = Fitter.of(question, conditions.seed, learns_rare_values=budget.learns_rare_values)
    settings = list_settings(question, rows.labels, budget)
    attacks = attack_settings(
        fitter,
        settings,
        (rows.values, rows.labels, rows.persons),
        shadows=budget.shadows,
        limit=gate.max_attack_auroc,
    )
    bounds = gate.max_attack_auroc, gate.max_attack_tpr
    within = [choice for choice, attack in attacks.items() if attack.is_within(*bounds)]
    exposure = {choice: attack.auroc_high for choice, attack in attacks.items()}
    permitted = permit(settings, exposure, within)
    search = Search(fitter, settings, permitted, budget, (conditions.study, question.label.name))
    predictions = cross_validate(search, rows)
    comparison = _compare(rows.labels, predictions)
    publishable = {settings[index].kind for index, _ in within}
    kind = _choose_kind(question, comparison, publishable)
    index, rounds = search.choose(rows, [np.ones(len(rows.labels), np.bool_)])[0][kind]
    persons = rows.persons if budget.draws_weights else None
    weights = None if persons is None else draw_weights(persons, rows.values, rows.labels)
    final = FinalFit(fitter, (settings[index], rounds), rows, weights)
    raw, draws = predictions[kind].raw[0], predictions[kind].probabilities
    if len(draws) < _MIN_DRAWS:
        draws = draw_again(search, rows, (settings[index], rounds), _MIN_DRAWS)
    recalibration = fit_recalibration(rows.labels, raw)
    calibrated, folds = recalibration.apply(raw), predictions[kind].folds[0]
    names = conditions.patients or rows.persons
    others = final.fit_folds(folds, names) if budget.answers_out_of_fold else ()
    return Development(
        raw=write_model(final.fit().learner, recalibration, others),
        kind=kind,
        setting=settings[index],
        rounds=rounds,
        recalibration=recalibration,
        interval=fit_interval(rows.labels, calibrated, folds),
        attack=attacks[index, rounds],
        predictions=predictions,
        comparison=comparison,
        tried=(len(attacks), len(within)),
        draws=draws,
    )


def _compare(labels: Labels, predictions: dict[str, OutOfFold]) -> Comparison:
    trees = mean_losses(labels, predictions[XGBOOST])
    regression = mean_losses(labels, predictions[LOGISTIC])
    differences = regression - trees
    error = float(differences.std(ddof=1)) / math.sqrt(len(differences))
    return Comparison(float(np.mean(differences)), error)


def _choose_kind(question: Question, comparison: Comparison, publishable: set[str]) -> str:
    if question.plan.learner:
        return question.plan.learner
    if len(publishable) == 1:
        return min(publishable)
    return XGBOOST if comparison.prefers_trees else LOGISTIC
