"""Evaluates predictions for patients that the model never saw: performance and calibration."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import NormalDist
from typing import Final

import numpy as np

from models.calibration import (
    Floats,
    Labels,
    calibration_errors,
    measure_calibration,
    measure_ratio,
)
from models.suppression import MIN_COUNT, is_small
from models.telling import VisibleCuts, find_telling_groups

_Z: Final = NormalDist().inv_cdf(0.975)
_CURVE_STEPS: Final = 46
_SPREAD_BARS: Final = 20


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure with its 95 % confidence interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Bin:
    """Patients of similar probability: their number, mean estimate and observed share.

    Each has more than ten patients with and more than ten without the label, unless it is the only
    one, so that no small count can be read from it.
    """

    until: float
    n: int
    mean: float
    observed: Estimate


@dataclass(frozen=True, slots=True)
class SubgroupResult:
    """The figures of a subgroup; None where so few patients could identify single ones."""

    words: str
    n: int | None
    events: int | None
    auroc: Estimate | None
    observed_to_expected: Estimate | None
    slope: Estimate | None = None


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Every figure of the card (TRIPOD+AI 12e; Van Calster 2025).

    `spread` has, for the outcomes absent and present, the share of patients in each twentieth of
    the probability. `net_benefit` has rows of threshold, model, treat all. Both lack the cuts that
    would tell of 1 to 10 patients (`models.telling.VisibleCuts`).
    """

    n: int
    events: int
    auroc: Estimate
    auprc: Estimate
    prevalence: float
    brier: Estimate
    scaled_brier: float
    slope: float
    slope_error: float
    intercept: float
    intercept_error: float
    observed_to_expected: Estimate
    bins: tuple[Bin, ...]
    spread: tuple[tuple[float, ...], tuple[float, ...]]
    net_benefit: tuple[tuple[float, float, float], ...]
    groups: tuple[SubgroupResult, ...]


def evaluate(
    labels: Labels,
    probabilities: Floats,
    groups: Mapping[str, Mapping[str, Labels]],
    thresholds: tuple[float, float],
    cuts: VisibleCuts | None = None,
) -> Evaluation:
    """Return every figure; all shapes are (n,), one row a patient; both outcomes must occur.

    Args:
        labels: whether each patient has the label.
        probabilities: the prediction for each patient.
        groups: by subgroup and by part of it, the members of that part.
        thresholds: the range of probabilities at which acting is clinically plausible.
        cuts: of these probabilities, if other figures are shown beside these.
    """
    from sklearn.metrics import average_precision_score

    prevalence = float(labels.mean())
    brier = _brier(labels, probabilities)
    intercept, slope = measure_calibration(labels, probabilities)
    intercept_error, slope_error = calibration_errors(labels, probabilities)
    visible = cuts or VisibleCuts(probabilities)
    # The declared thresholds first: a bin can end elsewhere, they cannot.
    for threshold in list_thresholds(thresholds):
        visible.admit(threshold)
    bins = make_bins(labels, probabilities, cuts=visible)
    return Evaluation(
        n=len(labels),
        events=int(labels.sum()),
        auroc=auroc(labels, probabilities),
        auprc=measure_precision(average_precision_score(labels, probabilities), int(labels.sum())),
        prevalence=prevalence,
        brier=brier,
        scaled_brier=1 - brier.value / (prevalence * (1 - prevalence)),
        slope=slope,
        slope_error=slope_error,
        intercept=intercept,
        intercept_error=intercept_error,
        observed_to_expected=measure_observed(labels, probabilities),
        bins=bins,
        net_benefit=_net_benefit(labels, probabilities, thresholds, visible),
        spread=_spread(labels, probabilities, visible),
        groups=_evaluate_subgroups(groups, labels, probabilities),
    )


def _midranks(values: Floats) -> Floats:
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return np.asarray((last - (counts - 1) / 2)[inverse], np.float64)


def auroc(labels: Labels, scores: Floats) -> Estimate:
    """Return the area under the ROC curve with DeLong's interval (Sun and Xu 2014, O(n log n))."""
    positive, negative = scores[labels], scores[~labels]
    m, n = len(positive), len(negative)
    ranks = _midranks(np.concatenate([positive, negative]))
    # For each patient, the share of the other outcome that is ranked correctly against it.
    above = (ranks[:m] - _midranks(positive)) / n
    below = 1 - (ranks[m:] - _midranks(negative)) / m
    area = float(above.mean())
    if m < 2 or n < 2:
        return Estimate(area, 0.0, 1.0)
    width = _Z * math.sqrt(float(above.var(ddof=1)) / m + float(below.var(ddof=1)) / n)
    return Estimate(area, max(0.0, area - width), min(1.0, area + width))


def wilson(events: float, n: int) -> Estimate:
    """Return a share with Wilson's interval, which stays within 0 and 1."""
    share, spread = events / n, _Z**2 / n
    middle = (share + spread / 2) / (1 + spread)
    half = _Z * math.sqrt(share * (1 - share) / n + spread / (4 * n)) / (1 + spread)
    return Estimate(share, max(0.0, min(share, middle - half)), min(1.0, max(share, middle + half)))


def list_thresholds(bounds: tuple[float, float]) -> tuple[float, ...]:
    """Return the thresholds of decisions: both ends of their range and its geometric middle."""
    low, high = bounds
    return tuple(dict.fromkeys((low, round(math.sqrt(low * high), 2), high)))


def make_bins(
    labels: Labels, probabilities: Floats, max_bins: int = 10, cuts: VisibleCuts | None = None
) -> tuple[Bin, ...]:
    """Return the patients in ascending order of probability, in up to `max_bins` similar bins.

    A bin ends only where `cuts` admit it.
    """
    order = np.argsort(probabilities, kind="stable")
    ordered, n = probabilities[order], len(order)
    events = np.concatenate([[0], np.cumsum(labels[order])]).tolist()
    # Patients with the same probability are in the same bin.
    ends = [*(np.flatnonzero(np.diff(ordered) > 0) + 1).tolist(), n]
    bins: list[Bin] = []
    start = 0
    for end in ends:
        here, rest = events[end] - events[start], events[n] - events[end]
        full = end - start >= n / max_bins and _is_large(here, end - start)
        until = 1.0 if end == n else float(ordered[end - 1] + ordered[end]) / 2
        is_end = full and _is_large(rest, n - end) and (cuts is None or cuts.admit(until))
        if end == n or is_end:
            mean = float(ordered[start:end].mean())
            bins.append(Bin(until, end - start, mean, wilson(here, end - start)))
            start = end
    return tuple(bins)


def _is_large(events: int, n: int) -> bool:
    return events >= MIN_COUNT and n - events >= MIN_COUNT


def find_bin(bins: tuple[Bin, ...], probability: float) -> Bin:
    """Return the bin of the patients of similar probability."""
    return next(bin_ for bin_ in bins if probability <= bin_.until)


def interval(bins: tuple[Bin, ...], probability: float) -> tuple[float, float]:
    """Return the 95 % interval of the observed share among patients of similar probability.

    It is widened to include the probability itself.
    """
    observed = find_bin(bins, probability).observed
    return min(observed.low, probability), max(observed.high, probability)


def _spread(
    labels: Labels, probabilities: Floats, cuts: VisibleCuts
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    edges = np.linspace(0, 1, _SPREAD_BARS + 1)
    is_shown = np.array([True, *map(cuts.admit, edges[1:-1].tolist()), True])
    without, having = (
        _count_bars(probabilities[part], edges, is_shown) for part in (~labels, labels)
    )
    return without, having


def _count_bars(probabilities: Floats, edges: Floats, is_shown: Labels) -> tuple[float, ...]:
    """Return the share in each bar; 0 for 1 to 10 patients, or beside an edge that is hidden."""
    counts, _ = np.histogram(probabilities, edges)
    visible = np.where((counts >= MIN_COUNT) & is_shown[1:] & is_shown[:-1], counts, 0)
    return tuple((visible / max(1, len(probabilities))).round(3).tolist())


def _net_benefit(
    labels: Labels, probabilities: Floats, thresholds: tuple[float, float], cuts: VisibleCuts
) -> tuple[tuple[float, float, float], ...]:
    n, prevalence = len(labels), float(labels.mean())
    first, *between, last = np.linspace(*thresholds, _CURVE_STEPS).tolist()
    rows, counted = [], set[int]()
    # The ends first: the table of decisions has them too.
    for threshold in sorted(filter(cuts.admit, (first, last, *between))):
        odds = threshold / (1 - threshold)
        treated = probabilities >= threshold
        hits, false_alarms = int((treated & labels).sum()), int((treated & ~labels).sum())
        treat_all = prevalence - (1 - prevalence) * odds
        # Once for the same patients: many roundings of two counts would tell both exactly.
        if hits + false_alarms not in counted:
            rows.append((threshold, (hits - false_alarms * odds) / n, treat_all))
        counted |= {hits + false_alarms} - {0}
    return tuple(rows)


def measure_precision(area: float, events: int) -> Estimate:
    """Return an area under the precision-recall curve with its 95 % interval.

    Symmetric in log-odds, by the number of patients with the outcome (Boyd, Eng and Page 2013).
    """
    value = float(np.clip(area, 1e-9, 1 - 1e-9))
    log_odds, width = np.log(value / (1 - value)), _Z / np.sqrt(events * value * (1 - value))
    low, high = (float(1 / (1 + np.exp(-log_odds + side * width))) for side in (1, -1))
    return Estimate(float(area), low, high)


def _brier(labels: Labels, probabilities: Floats) -> Estimate:
    """Return the mean squared error with the interval of a mean."""
    errors = (labels - probabilities) ** 2
    mean, margin = float(errors.mean()), _Z * float(errors.std(ddof=1)) / np.sqrt(len(errors))
    return Estimate(mean, max(0.0, mean - margin), mean + margin)


def shift(estimate: Estimate, value: float) -> Estimate:
    """Return an estimate of a share with another value, and its interval moved as far."""
    moved = value - estimate.value
    return Estimate(value, max(0.0, estimate.low + moved), min(1.0, estimate.high + moved))


def measure_observed(labels: Labels, probabilities: Floats) -> Estimate:
    """Return the observed over the expected number of events, with its 95 % interval."""
    ratio, error = measure_ratio(labels, probabilities)
    return Estimate(ratio, max(0.0, ratio - _Z * error), ratio + _Z * error)


def _evaluate_subgroups(
    groups: Mapping[str, Mapping[str, Labels]], labels: Labels, probabilities: Floats
) -> tuple[SubgroupResult, ...]:
    visible = {words: _find_visible(parts, labels) for words, parts in groups.items()}
    telling = find_telling_groups(visible)
    return tuple(
        _evaluate_part(f"{words}: {part}", labels[members], probabilities[members])
        if part in visible[words] and words not in telling
        else SubgroupResult(f"{words}: {part}", None, None, None, None)
        for words, parts in groups.items()
        for part, members in parts.items()
    )


def _find_visible(parts: Mapping[str, Labels], labels: Labels) -> dict[str, Labels]:
    """Return the parts that may be shown: large ones, whose rest tells of no few patients."""
    visible = {
        part: members
        for part, members in parts.items()
        if _is_large(int(labels[members].sum()), int(members.sum()))
    }
    hidden = sum(int(members.sum()) for part, members in parts.items() if part not in visible)
    # The hidden ones could be computed from the total and the others: hide one more.
    while visible and (len(parts) - len(visible) == 1 or is_small(hidden)):
        smallest = min(visible, key=lambda part: int(visible[part].sum()))
        hidden += int(visible.pop(smallest).sum())
    return visible


def _evaluate_part(words: str, labels: Labels, probabilities: Floats) -> SubgroupResult:
    n, events = len(labels), int(labels.sum())
    _, slope = measure_calibration(labels, probabilities)
    _, error = calibration_errors(labels, probabilities)
    return SubgroupResult(
        words=words,
        n=n,
        events=events,
        auroc=auroc(labels, probabilities),
        observed_to_expected=measure_observed(labels, probabilities),
        slope=Estimate(slope, slope - _Z * error, slope + _Z * error),
    )
