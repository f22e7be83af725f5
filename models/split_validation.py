"""Predicts each site or period by a model of all others: internal-external validation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from models.calibration import Floats, Labels, calibration_errors, measure_calibration
from models.candidates import Fitter, Setting
from models.crossvalidation import Rows
from models.evaluation import Estimate, auroc
from models.plan import BY_DATE
from models.question import Question
from models.recalibration import fit_recalibration
from models.site_variation import SiteVariation, fit_site_variation
from models.suppression import MIN_COUNT

_Z: Final = 1.96


@dataclass(frozen=True, slots=True)
class SplitResult:
    """A model of all other parts, tested on one site or period; None with too few patients.

    Attributes:
        part: the site or period.
        n: how many patients it has.
        auroc, slope: of the predictions for them.
        intercept: calibration in the large.
    """

    part: str
    n: int | None = None
    auroc: Estimate | None = None
    slope: Estimate | None = None
    intercept: float | None = None


@dataclass(frozen=True, slots=True)
class Sites:
    """The sites that a model learned from, and how far its calibration differs between them.

    Attributes:
        names: of each site with at least eleven patients.
        variation: None where too few sites could be tested.
    """

    names: tuple[str, ...]
    variation: SiteVariation | None


@dataclass(frozen=True, slots=True)
class SplitModels:
    """What the models of all but one part are fitted with: the published model's choices.

    Attributes:
        fitter: fits one.
        setting, rounds: of the published model.
        raw: its log-odds out of fold before recalibration, shape (n,).
    """

    fitter: Fitter
    setting: Setting
    rounds: int
    raw: Floats


def validate_splits(
    rows: Rows, models: SplitModels, parts: Sequence[str]
) -> tuple[SplitResult, ...]:
    """Return the result of each part of 11 patients or more, by name; empty if fewer than two.

    The name of a smaller part would tell that it has patients.

    Args:
        rows: one a patient.
        models: how they are fitted.
        parts: the site or period of each row.
    """
    names = sorted(name for name, count in Counter(parts).items() if count >= MIN_COUNT)
    if len(names) < 2:
        return ()
    sites = np.array(parts)
    return tuple(_validate_part(rows, models, name, sites == name) for name in names)


def _validate_part(rows: Rows, models: SplitModels, name: str, test: Labels) -> SplitResult:
    labels, others = rows.labels[test], rows.labels[~test]
    counts = (int(labels.sum()), int((~labels).sum()))
    if min(*counts, int(others.sum()), int((~others).sum())) < MIN_COUNT:
        return SplitResult(name)
    fitted = models.fitter.fit_choice(models.setting, models.rounds, rows.values[~test], others)
    mapping = fit_recalibration(others, models.raw[~test])
    log_odds = mapping.apply(fitted.final_log_odds(rows.values[test]))
    probabilities: Floats = 1 / (1 + np.exp(-log_odds))
    intercept, slope = measure_calibration(labels, probabilities)
    slope_error = calibration_errors(labels, probabilities)[1]
    return SplitResult(
        part=name,
        n=len(labels),
        auroc=auroc(labels, probabilities),
        slope=Estimate(slope, slope - _Z * slope_error, slope + _Z * slope_error),
        intercept=intercept,
    )


def describe_sites(
    question: Question, parts: Sequence[str], results: Sequence[SplitResult]
) -> Sites | None:
    """Return the sites of a question that is split by site; None for any other question."""
    if question.plan.split_by in ("", BY_DATE):
        return None
    names = sorted(name for name, count in Counter(parts).items() if count >= MIN_COUNT)
    return Sites(tuple(names), measure_site_variation(results))


def measure_site_variation(results: Sequence[SplitResult]) -> SiteVariation | None:
    """Return how far calibration differs between the sites that could be tested."""
    shifts = [result.intercept for result in results if result.intercept is not None]
    return fit_site_variation(shifts)
