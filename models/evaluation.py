"""Says how good a model is on patients that it never saw, and how much it remembers of others."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import NormalDist
from typing import Final

import numpy as np
import numpy.typing as npt

from models.calibration import calibration, calibration_errors
from models.suppression import MIN_COUNT

Truths = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]

_Z: Final = NormalDist().inv_cdf(0.975)
_CURVE_STEPS: Final = 46


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure with its 95 % confidence interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Bin:
    """Held-out patients of like probability: how many, the mean told, and what came true.

    Each holds more than ten patients with and more than ten without the label, unless it is the
    only one, so that no small count can be read from it.
    """

    until: float
    n: int
    mean: float
    observed: Estimate


@dataclass(frozen=True, slots=True)
class Group:
    """A subgroup's figures; None where too few patients would tell of single ones."""

    words: str
    n: int | None
    events: int | None
    auroc: Estimate | None
    observed_to_expected: float | None


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Every figure of the card (reference: TRIPOD+AI 12e; Van Calster 2025).

    `spread` holds, for the outcomes absent and present, the share of patients in each twentieth of
    the probability. `net_benefit` holds threshold, model, treat all, a row each.
    """

    n: int
    events: int
    auroc: Estimate
    auprc: float
    prevalence: float
    brier: float
    scaled_brier: float
    slope: float
    slope_error: float
    intercept: float
    intercept_error: float
    observed_to_expected: float
    bins: tuple[Bin, ...]
    spread: tuple[tuple[float, ...], tuple[float, ...]]
    net_benefit: tuple[tuple[float, float, float], ...]
    groups: tuple[Group, ...]


@dataclass(frozen=True, slots=True)
class Attack:
    """What a loss-threshold attack on membership achieves; 0.5 and 0.01 are pure chance.

    The attacker knows a patient's row and label, asks the model, and bets that a small loss means
    that the patient was in the training rows. It is the simplest attack, without shadow models.
    """

    auroc: float
    tpr_at_1_percent_fpr: float
    members: int
    others: int


def evaluate(
    labels: Truths,
    probabilities: Floats,
    groups: Mapping[str, Mapping[str, Truths]],
    thresholds: tuple[float, float],
) -> Evaluation:
    """Return every figure; all shapes are (n,), one row a patient, both outcomes must occur.

    Args:
        labels: whether each patient has the label.
        probabilities: what the model says of each.
        groups: for what tells patients apart, and for each part of it, who is in that part.
        thresholds: between which probabilities a decision is clinically thinkable.
    """
    from sklearn.metrics import average_precision_score, brier_score_loss

    prevalence = float(labels.mean())
    brier = float(brier_score_loss(labels, probabilities))
    intercept, slope = calibration(labels, probabilities)
    intercept_error, slope_error = calibration_errors(labels, probabilities)
    return Evaluation(
        n=len(labels),
        events=int(labels.sum()),
        auroc=auroc(labels, probabilities),
        auprc=float(average_precision_score(labels, probabilities)),
        prevalence=prevalence,
        brier=brier,
        scaled_brier=1 - brier / (prevalence * (1 - prevalence)),
        slope=slope,
        slope_error=slope_error,
        intercept=intercept,
        intercept_error=intercept_error,
        observed_to_expected=prevalence / float(probabilities.mean()),
        bins=bins(labels, probabilities),
        spread=(_spread(probabilities[~labels]), _spread(probabilities[labels])),
        net_benefit=_net_benefit(labels, probabilities, thresholds),
        groups=tuple(
            group
            for words, parts in groups.items()
            for group in _family(words, parts, labels, probabilities)
        ),
    )


def _midranks(values: Floats) -> Floats:
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return np.asarray((last - (counts - 1) / 2)[inverse], np.float64)


def auroc(labels: Truths, scores: Floats) -> Estimate:
    """Return the area under the ROC curve with DeLong's interval (Sun and Xu 2014, O(n log n))."""
    positive, negative = scores[labels], scores[~labels]
    m, n = len(positive), len(negative)
    ranks = _midranks(np.concatenate([positive, negative]))
    # For each patient, the share of the other outcome that is ranked on the right side of it.
    above = (ranks[:m] - _midranks(positive)) / n
    below = 1 - (ranks[m:] - _midranks(negative)) / m
    area = float(above.mean())
    if m < 2 or n < 2:
        return Estimate(area, 0.0, 1.0)
    width = _Z * math.sqrt(float(above.var(ddof=1)) / m + float(below.var(ddof=1)) / n)
    return Estimate(area, max(0.0, area - width), min(1.0, area + width))


def wilson(events: int, n: int) -> Estimate:
    """Return a share with Wilson's interval, which stays within 0 and 1."""
    share, spread = events / n, _Z**2 / n
    middle = (share + spread / 2) / (1 + spread)
    half = _Z * math.sqrt(share * (1 - share) / n + spread / (4 * n)) / (1 + spread)
    return Estimate(share, max(0.0, min(share, middle - half)), min(1.0, max(share, middle + half)))


def bins(labels: Truths, probabilities: Floats, most: int = 10) -> tuple[Bin, ...]:
    """Return the patients in rising order of probability, in up to `most` bins of like size."""
    order = np.argsort(probabilities, kind="stable")
    told, n = probabilities[order], len(order)
    events = np.concatenate([[0], np.cumsum(labels[order])]).tolist()
    # Patients with one probability stand in one bin.
    ends = [*(np.flatnonzero(np.diff(told) > 0) + 1).tolist(), n]
    found: list[Bin] = []
    start = 0
    for end in ends:
        here, rest = events[end] - events[start], events[n] - events[end]
        full = end - start >= n / most and _is_large(here, end - start)
        if end == n or (full and _is_large(rest, n - end)):
            until = 1.0 if end == n else float(told[end - 1] + told[end]) / 2
            mean = float(told[start:end].mean())
            found.append(Bin(until, end - start, mean, wilson(here, end - start)))
            start = end
    return tuple(found)


def _is_large(events: int, n: int) -> bool:
    return events >= MIN_COUNT and n - events >= MIN_COUNT


def interval(table: tuple[Bin, ...], probability: float) -> tuple[float, float]:
    """Return the 95 % interval of the share that had the label among those told the like.

    It is widened to hold the probability itself.
    """
    nearest = next(one for one in table if probability <= one.until)
    return min(nearest.observed.low, probability), max(nearest.observed.high, probability)


def _spread(probabilities: Floats) -> tuple[float, ...]:
    counts, _ = np.histogram(probabilities, bins=20, range=(0, 1))
    shown = np.where(counts >= MIN_COUNT, counts, 0)
    return tuple((shown / max(1, len(probabilities))).round(3).tolist())


def _net_benefit(
    labels: Truths, probabilities: Floats, thresholds: tuple[float, float]
) -> tuple[tuple[float, float, float], ...]:
    n, prevalence = len(labels), float(labels.mean())
    found = []
    for threshold in np.linspace(*thresholds, _CURVE_STEPS).tolist():
        odds = threshold / (1 - threshold)
        treated = probabilities >= threshold
        hits, misses = int((treated & labels).sum()), int((treated & ~labels).sum())
        everybody = prevalence - (1 - prevalence) * odds
        found.append((threshold, (hits - misses * odds) / n, everybody))
    return tuple(found)


def _family(
    words: str, parts: Mapping[str, Truths], labels: Truths, probabilities: Floats
) -> list[Group]:
    shown = {part: _is_large(int(labels[who].sum()), int(who.sum())) for part, who in parts.items()}
    if list(shown.values()).count(False) == 1 and any(shown.values()):
        # The whole less the others would tell the one that is hidden: hide the smallest too.
        shown[min((one for one in shown if shown[one]), key=lambda one: int(parts[one].sum()))] = (
            False
        )
    return [
        _group(f"{words}: {part}", labels[who], probabilities[who])
        if shown[part]
        else Group(f"{words}: {part}", None, None, None, None)
        for part, who in parts.items()
    ]


def _group(words: str, labels: Truths, probabilities: Floats) -> Group:
    n, events = len(labels), int(labels.sum())
    ratio = events / float(probabilities.sum())
    return Group(words, n, events, auroc(labels, probabilities), ratio)


def membership(member: tuple[Truths, Floats], other: tuple[Truths, Floats]) -> Attack:
    """Return what the attack achieves on training rows against held-out rows.

    Args:
        member: labels and probabilities of the training rows.
        other: those of the held-out rows.
    """
    inside, outside = _certainty(*member), _certainty(*other)
    who = np.repeat([True, False], [len(inside), len(outside)])
    area = auroc(who, np.concatenate([inside, outside])).value
    threshold = np.quantile(outside, 0.99, method="higher")
    return Attack(area, float((inside > threshold).mean()), len(inside), len(outside))


def _certainty(labels: Truths, probabilities: Floats) -> Floats:
    """Return the probability that the model gave to what is true: minus log of it is the loss."""
    return np.asarray(np.where(labels, probabilities, 1 - probabilities), np.float64)
