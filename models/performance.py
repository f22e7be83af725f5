"""Measures of a card beyond the main figures: curves, thresholds, smooth calibration."""

from __future__ import annotations

from dataclasses import astuple, dataclass
from typing import Final

import numpy as np

from models.calibration import Floats, Labels, fit_smooth_calibration, to_share
from models.crossvalidation import OutOfFold
from models.evaluation import Estimate, auroc, list_thresholds, wilson
from models.stability import measure_stability
from models.suppression import MIN_COUNT, coarsen, is_small
from models.telling import VisibleCuts

_CURVE_POINTS: Final = 20
_SMOOTH_POINTS: Final = 15
_Z: Final = 1.96


@dataclass(frozen=True, slots=True)
class ThresholdRow:
    """What acting at a threshold would mean; a share that tells of 1 to 10 patients is None."""

    threshold: float
    sensitivity: Estimate | None
    specificity: Estimate | None
    ppv: Estimate | None
    npv: Estimate | None
    flagged_per_100: Estimate | None


@dataclass(frozen=True, slots=True)
class Curves:
    """Points of the curves, in hundredths or twentieths (`models.suppression.coarsen`).

    Attributes:
        roc: false positive rate and sensitivity.
        precision_recall: recall and precision.
        smooth: estimated probability, and observed share with its 95 % interval, from a regression
            of the outcome on the log-odds and their square.
    """

    roc: tuple[tuple[float, float], ...]
    precision_recall: tuple[tuple[float, float], ...]
    smooth: tuple[tuple[float, float, float, float], ...]


@dataclass(frozen=True, slots=True)
class Repeated:
    """A figure over the repeats and folds of the cross-validation.

    Attributes:
        mean: over the repeats, each with all patients pooled.
        sd_repeats: standard deviation between repeats; None with a single repeat.
        sd_folds: standard deviation between folds.
        sd_estimates: standard deviation of the estimate about one patient between draws of the
            cross-validation, the mean over the patients; None with a single draw.
    """

    mean: float
    sd_repeats: float | None
    sd_folds: float | None
    sd_estimates: float | None


def measure_curves(labels: Labels, probabilities: Floats, cuts: VisibleCuts) -> Curves:
    """Return the points of the curves, at every cut that is shown; both shapes are (n,)."""
    for cut in np.quantile(probabilities, np.linspace(0, 1, _CURVE_POINTS + 1)).tolist():
        cuts.admit(cut)
    roc, recall = [(1.0, 1.0)], []
    events, others = int(labels.sum()), int((~labels).sum())
    for cut in cuts.thresholds:
        flagged = probabilities >= cut
        hits, alarms = int((flagged & labels).sum()), int((flagged & ~labels).sum())
        sensitivity = coarsen(hits / events, events)
        roc.append((coarsen(alarms / others, others), sensitivity))
        if hits + alarms >= MIN_COUNT:
            recall.append((sensitivity, coarsen(hits / (hits + alarms), hits + alarms)))
    return Curves(tuple([*roc, (0.0, 0.0)]), tuple(recall), _smooth(labels, probabilities))


def _smooth(labels: Labels, probabilities: Floats) -> tuple[tuple[float, float, float, float], ...]:
    # At least 11 patients lie beyond each end: it tells of nobody.
    tail = max(0.01, MIN_COUNT / len(probabilities))
    low, high = np.quantile(probabilities, [tail, 1 - tail])
    at = np.linspace(low, high, _SMOOTH_POINTS)
    middle, error = fit_smooth_calibration(labels, probabilities, at)
    points = []
    for probability, logit, width in zip(at, middle, _Z * error, strict=True):
        shares = [to_share(logit), to_share(logit - width), to_share(logit + width)]
        points.append(tuple(round(float(figure), 3) for figure in (probability, *shares)))
    return tuple((p[0], p[1], p[2], p[3]) for p in points)


def make_threshold_table(
    labels: Labels, probabilities: Floats, bounds: tuple[float, float], cuts: VisibleCuts
) -> tuple[ThresholdRow, ...]:
    """Return a row for each of `list_thresholds`."""
    thresholds = list_thresholds(bounds)
    return tuple(_threshold_row(labels, probabilities, each, cuts) for each in thresholds)


def _threshold_row(
    labels: Labels, probabilities: Floats, threshold: float, cuts: VisibleCuts
) -> ThresholdRow:
    flagged = probabilities >= threshold
    share = wilson(int(flagged.sum()), len(labels))
    pairs = ((flagged, labels), (~flagged, ~labels), (labels, flagged), (~labels, ~flagged))
    is_shown = cuts.admit(threshold)
    shares = [_share_of(*pair) if is_shown else None for pair in pairs]
    sensitivity, specificity, ppv, npv = shares
    return ThresholdRow(
        threshold=threshold,
        sensitivity=sensitivity,
        specificity=specificity,
        ppv=ppv,
        npv=npv,
        flagged_per_100=Estimate(*(round(100 * end) for end in astuple(share)))
        if is_shown
        else None,
    )


def _share_of(part: Labels, whole: Labels) -> Estimate | None:
    """Return a share as `coarsen` does: exact ones, in two cards, would tell of one patient.

    The interval is that of the stated share of the stated tens of patients.
    """
    n, count = int(whole.sum()), int((part & whole).sum())
    if n < MIN_COUNT or is_small(count) or is_small(n - count):
        return None
    tens = (n + 5) // 10 * 10
    ends = astuple(wilson(coarsen(count / n, n) * tens, tens))
    return Estimate(*(round(end, 2) for end in ends))


def measure_repeats(labels: Labels, predictions: OutOfFold, draws: Floats) -> Repeated:
    """Return the AUROC over repeats and folds, and how far single estimates differ by draw.

    Args:
        labels: shape (n,).
        predictions: of the published kind.
        draws: probabilities by draw, shape (draws, n).
    """
    probabilities, folds = predictions.probabilities, predictions.folds
    pooled = [auroc(labels, row).value for row in probabilities]
    by_fold = [
        auroc(labels[parts == fold], row[parts == fold]).value
        for row, parts in zip(probabilities, folds, strict=True)
        for fold in np.unique(parts)
        if 0 < labels[parts == fold].sum() < (parts == fold).sum()
    ]
    between = float(np.std(pooled, ddof=1)) if len(pooled) > 1 else None
    within = float(np.std(by_fold, ddof=1)) if len(by_fold) > 1 else None
    return Repeated(float(np.mean(pooled)), between, within, measure_stability(draws))
