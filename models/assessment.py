"""Assesses a developed model: every figure of its card, and which thresholds it misses."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from models.calibration import Floats, Labels, calibration_errors, measure_calibration
from models.candidates import Fitter
from models.crossvalidation import OutOfFold, Rows
from models.description import Characteristic, describe_patients
from models.development import Development
from models.evaluation import Estimate, Evaluation, auroc, evaluate
from models.features import Matrix
from models.frequency import Frequency, measure_frequency
from models.gate import GateFailure, find_gate_failures
from models.leakage import (
    find_leaking_features,
    find_telling_absence,
    find_unreviewed_features,
    measure_absence,
    measure_features,
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
from models.recalibration import fit_recalibration
from models.sample_size import SampleSize, measure_sample_size
from models.served_model import read_model
from models.subgroups import divide_into_subgroups
from models.suppression import MIN_COUNT
from models.training_range import describe_ranges, measure_far

_Z: Final = 1.96


@dataclass(frozen=True, slots=True)
class LearnerFigures:
    """The figures of one kind of learner on the same folds."""

    kind: str
    auroc: Estimate
    brier: float
    log_loss: float


@dataclass(frozen=True, slots=True)
class SplitResult:
    """A model of all other parts, tested on one site or period; None with too few patients."""

    part: str
    n: int | None
    auroc: Estimate | None
    slope: Estimate | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """Every figure measured on a developed model.

    Attributes:
        evaluation: of the published kind, out of fold.
        learners: both kinds, side by side.
        importance: of each predictor, the mean absolute log-odds among all patients.
        strengths: of each predictor, the AUROC that it has alone.
        ranges: of each predictor, which values these patients had.
        frequency: with and without the features that count tests; None without such features.
        far: the distance from the middle that few patients exceed.
        absence: AUROC of which values are missing.
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
    ranges: list[dict[str, Any] | None]
    far: float | None
    frequency: Frequency | None
    absence: float
    splits: tuple[SplitResult, ...]
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
    evaluation = _evaluate(matrix, question, chosen)
    size = measure_sample_size(matrix.labels, chosen.calibrated[0], _count_terms(development, rows))
    served = read_model(development.raw)
    importance = np.abs(served.contributions(rows.values)[:, :-1]).mean(axis=0).tolist()
    strengths = measure_features(matrix, question)
    ranges = describe_ranges(matrix, question)
    whole = evaluation.auroc.value
    failures = [
        *find_leaking_features(matrix, question),
        *find_unreviewed_features(question, strengths, importance, whole),
        *find_telling_absence(rows, question, whole),
        *find_gate_failures(question, evaluation, development.attack, size),
    ]
    return Assessment(
        evaluation=evaluation,
        learners=tuple(
            _measure_learner(kind, matrix.labels, predictions)
            for kind, predictions in development.predictions.items()
        ),
        repeated=measure_repeats(matrix.labels, chosen.probabilities, chosen.folds),
        curves=measure_curves(matrix.labels, chosen.probabilities[0]),
        thresholds=make_threshold_table(
            matrix.labels, chosen.probabilities[0], question.thresholds
        ),
        size=size,
        importance=importance,
        strengths=strengths,
        ranges=ranges,
        far=measure_far(rows.values, ranges),
        frequency=measure_frequency(rows, question, development),
        absence=measure_absence(rows),
        splits=_validate_splits(rows, question, development, parts),
        patients=describe_patients(matrix, question),
        failures=failures,
    )


def _evaluate(matrix: Matrix, question: Question, predictions: OutOfFold) -> Evaluation:
    """Return the figures of the first repeat, with the main ones as means of all repeats."""
    subgroups = divide_into_subgroups(question, matrix)
    first, *others = [
        evaluate(matrix.labels, row, subgroups if not index else {}, question.thresholds)
        for index, row in enumerate(predictions.probabilities)
    ]
    if not others:
        return first
    rows = (first, *others)
    area = float(np.mean([figures.auroc.value for figures in rows]))
    moved = area - first.auroc.value
    return dataclasses.replace(
        first,
        auroc=Estimate(area, first.auroc.low + moved, min(1.0, first.auroc.high + moved)),
        auprc=float(np.mean([figures.auprc for figures in rows])),
        brier=float(np.mean([figures.brier for figures in rows])),
        scaled_brier=float(np.mean([figures.scaled_brier for figures in rows])),
        slope=float(np.mean([figures.slope for figures in rows])),
        intercept=float(np.mean([figures.intercept for figures in rows])),
    )


def _measure_learner(kind: str, labels: Labels, predictions: OutOfFold) -> LearnerFigures:
    areas = [auroc(labels, row) for row in predictions.probabilities]
    area = float(np.mean([estimate.value for estimate in areas]))
    moved = area - areas[0].value
    probabilities = np.clip(predictions.probabilities, 1e-12, 1 - 1e-12)
    right = np.where(labels, probabilities, 1 - probabilities)
    return LearnerFigures(
        kind=kind,
        auroc=Estimate(area, areas[0].low + moved, min(1.0, areas[0].high + moved)),
        brier=float(((1 - right) ** 2).mean()),
        log_loss=float(-np.log(right).mean()),
    )


def _count_terms(development: Development, rows: Rows) -> int:
    learner = read_model(development.raw).learner
    if isinstance(learner, LogisticModel):
        return len(learner.terms)
    return int(rows.values.shape[1])


def _validate_splits(
    rows: Rows, question: Question, development: Development, parts: Sequence[str]
) -> tuple[SplitResult, ...]:
    names = sorted(set(parts))
    if len(names) < 2:
        return ()
    sites = np.array(parts)
    fitter = Fitter.of(question, 0)
    return tuple(_validate_part(rows, fitter, development, name, sites == name) for name in names)


def _validate_part(
    rows: Rows, fitter: Fitter, development: Development, name: str, test: Labels
) -> SplitResult:
    labels = rows.labels[test]
    counts = (int(labels.sum()), int((~labels).sum()))
    others = rows.labels[~test]
    if min(*counts, int(others.sum()), int((~others).sum())) < MIN_COUNT:
        return SplitResult(name, None, None, None)
    fitted = fitter.fit_choice(
        development.setting, development.rounds, rows.values[~test], rows.labels[~test]
    )
    mapping = fit_recalibration(others, development.chosen.raw[0][~test])
    log_odds = mapping.apply(fitted.final_log_odds(rows.values[test]))
    probabilities: Floats = 1 / (1 + np.exp(-log_odds))
    slope = measure_calibration(labels, probabilities)[1]
    error = calibration_errors(labels, probabilities)[1]
    interval = Estimate(slope, slope - _Z * error, slope + _Z * error)
    return SplitResult(name, len(labels), auroc(labels, probabilities), interval)
