"""Assesses a developed model: every figure of its card, and which thresholds it misses."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from models.calibration import Labels
from models.candidates import Fitter
from models.crossvalidation import OutOfFold, Rows
from models.description import Characteristic, describe_patients
from models.development import Development
from models.evaluation import Estimate, Evaluation, auroc, evaluate, shift
from models.features import Matrix
from models.frequency import Frequency, measure_frequency
from models.gate import GateFailure, find_gate_failures, find_shortfall
from models.leakage import (
    find_leaking_features,
    find_leaks_in_parts,
    find_telling_absence,
    find_unreviewed_features,
    hide_figures,
    measure_features,
    measure_shown_absence,
)
from models.logistic import LogisticModel
from models.performance import (
    Curves,
    Repeated,
    ThresholdRow,
    make_threshold_table,
    measure_curves,
    measure_repeats,
)
from models.question import Feature, Question
from models.sample_size import SampleSize, measure_sample_size
from models.served_model import read_model
from models.split_validation import Sites, SplitModels, SplitResult, describe_sites, validate_splits
from models.subgroups import divide_into_subgroups
from models.telling import Telling, VisibleCuts, compare_columns
from models.training_range import describe_ranges, measure_far


@dataclass(frozen=True, slots=True)
class LearnerFigures:
    """The figures of one kind of learner on the same folds."""

    kind: str
    auroc: Estimate
    brier: float
    log_loss: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """Every figure measured on a developed model.

    Attributes:
        evaluation: of the published kind, out of fold.
        learners: both kinds, side by side.
        importance: of each predictor, the mean absolute log-odds among all patients.
        strengths: of each predictor, the AUROC that it has alone.
        telling: which predictors' figures are hidden, as they could tell of fewer than 11 patients.
        ranges: of each predictor, which values these patients had; None if nearly equal to another.
        frequency: with and without the features that count tests; None without such features.
        far: the distance from the middle that few patients exceed.
        absence: AUROC of which values are missing, without those that few patients lack.
        splits: each site or period, by a model of the others.
        sites: that the model learned from; None if the question is not split by site.
        failures: the thresholds that the model misses.
    """

    evaluation: Evaluation
    learners: tuple[LearnerFigures, ...]
    repeated: Repeated
    curves: Curves
    thresholds: tuple[ThresholdRow, ...]
    size: SampleSize
    importance: list[float]
    strengths: list[tuple[Feature, float]]
    telling: Telling
    ranges: list[dict[str, Any] | None]
    far: float | None
    frequency: Frequency | None
    absence: float
    splits: tuple[SplitResult, ...]
    sites: Sites | None
    patients: tuple[Characteristic, ...]
    failures: list[GateFailure]


def assess(
    matrix: Matrix,
    persons: Sequence[str],
    question: Question,
    development: Development,
    parts: Sequence[str] = (),
) -> Assessment:
    """Return every figure of a developed model.

    Args:
        matrix: one row a patient.
        persons: the keyed hash of each row's person.
        question: with thresholds, subgroups, reviews and the bounds of the gate.
        development: the model.
        parts: the site or period of each row, empty if the question names no split.
    """
    rows = Rows(matrix.values[:, question.predictors()], matrix.labels, tuple(persons))
    chosen = development.chosen
    cuts = VisibleCuts(chosen.probabilities[0])
    evaluation = _evaluate(matrix, question, chosen, cuts)
    size = measure_sample_size(matrix.labels, chosen.calibrated[0], _count_terms(development, rows))
    served = read_model(development.raw)
    importance = np.abs(served.contributions(rows.values)[:, :-1]).mean(axis=0).tolist()
    strengths = measure_features(matrix, question)
    types, whole = Fitter.of(question, 0).types, evaluation.auroc.value
    telling = compare_columns(rows.values, [kind == "c" for kind in types])
    ranges = [
        None if is_copy else bounds
        for is_copy, bounds in zip(telling.copies, describe_ranges(matrix, question), strict=True)
    ]
    splits = validate_splits(rows, _split_models(question, development), parts)
    leaks = [
        *find_leaking_features(matrix, question),
        *find_leaks_in_parts(matrix, question, parts),
        *find_unreviewed_features(question, strengths, importance, whole, telling.columns),
        *find_telling_absence(rows, question, whole),
    ]
    learners = tuple(
        _measure_learner(kind, matrix.labels, predictions)
        for kind, predictions in development.predictions.items()
    )
    return Assessment(
        evaluation=evaluation,
        learners=learners,
        repeated=measure_repeats(matrix.labels, chosen, development.draws),
        thresholds=make_threshold_table(
            matrix.labels, chosen.probabilities[0], question.thresholds, cuts
        ),
        curves=measure_curves(matrix.labels, chosen.probabilities[0], cuts),
        size=size,
        importance=importance,
        strengths=strengths,
        telling=telling,
        ranges=ranges,
        far=measure_far(rows.values, ranges),
        frequency=measure_frequency(rows, question, development),
        absence=measure_shown_absence(rows),
        splits=splits,
        sites=describe_sites(question, parts, splits),
        patients=describe_patients(matrix, question),
        failures=[
            *hide_figures(leaks, question, telling.columns),
            *find_gate_failures(question, evaluation, development.attack, size),
            *find_shortfall(
                question,
                development.kind,
                {each.kind: each.auroc.value for each in learners},
                prefers_regression=development.comparison.prefers_regression,
            ),
        ],
    )


def _evaluate(
    matrix: Matrix, question: Question, predictions: OutOfFold, cuts: VisibleCuts
) -> Evaluation:
    """Return the figures of the first repeat, with the main ones as means of all repeats."""
    subgroups = divide_into_subgroups(question, matrix)
    first, *others = [
        evaluate(matrix.labels, row, {}, question.thresholds)
        if index
        else evaluate(matrix.labels, row, subgroups, question.thresholds, cuts)
        for index, row in enumerate(predictions.probabilities)
    ]
    if not others:
        return first
    rows = (first, *others)
    return dataclasses.replace(
        first,
        auroc=_average([figures.auroc for figures in rows]),
        auprc=_average([figures.auprc for figures in rows]),
        brier=_average([figures.brier for figures in rows]),
        scaled_brier=float(np.mean([figures.scaled_brier for figures in rows])),
        slope=float(np.mean([figures.slope for figures in rows])),
        intercept=float(np.mean([figures.intercept for figures in rows])),
    )


def _average(estimates: Sequence[Estimate]) -> Estimate:
    """Return the mean of all repeats with the interval of the first, around it."""
    return shift(estimates[0], float(np.mean([estimate.value for estimate in estimates])))


def _measure_learner(kind: str, labels: Labels, predictions: OutOfFold) -> LearnerFigures:
    probabilities = np.clip(predictions.probabilities, 1e-12, 1 - 1e-12)
    right = np.where(labels, probabilities, 1 - probabilities)
    return LearnerFigures(
        kind=kind,
        auroc=_average([auroc(labels, row) for row in predictions.probabilities]),
        brier=float(((1 - right) ** 2).mean()),
        log_loss=float(-np.log(right).mean()),
    )


def _split_models(question: Question, development: Development) -> SplitModels:
    return SplitModels(
        fitter=Fitter.of(question, 0),
        setting=development.setting,
        rounds=development.rounds,
        raw=development.chosen.raw[0],
    )


def _count_terms(development: Development, rows: Rows) -> int:
    learner = read_model(development.raw).learner
    if isinstance(learner, LogisticModel):
        return len(learner.terms)
    return int(rows.values.shape[1])
