"""The membership attack of the gate: LiRA with shadow models (Carlini 2022)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import NormalDist
from typing import Final

import numpy as np
import numpy.typing as npt

from models.calibration import Floats, Labels
from models.candidates import Choice, Fitter, Setting
from models.evaluation import auroc
from models.features import Values
from models.folds import draw_folds
from models.threads import count_threads, run_each

_Z: Final = NormalDist().inv_cdf(0.95)
_FPR: Final = 0.01
_TINY: Final = 1e-9
_DECIMALS: Final = 9
_PARTS: Final = 4
_FIRST_SHADOWS: Final = 16
_MANY_PATIENTS: Final = 100_000
"""From so many on, the settings are attacked after each other."""
_HOPELESS: Final = 0.05
"""An attack this far above the bound after the first shadows is not measured to the end."""

Members = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Attack:
    """The result of the attack; 0.5 and 0.01 are pure chance.

    Attributes:
        auroc: how well it separates members from others of the same outcome, mean over targets.
        auroc_high: its one-sided 95 % upper confidence bound, which the gate compares.
        tpr_at_1_percent_fpr: the share of members found while 1 % of the others are accused.
        tpr_high: its upper confidence bound.
        shadows: how many shadow models; each was the target of all others once.
        rows: patients attacked.
    """

    auroc: float
    auroc_high: float
    tpr_at_1_percent_fpr: float
    tpr_high: float
    shadows: int
    rows: int

    def is_within(self, max_auroc: float, max_tpr: float) -> bool:
        """Return whether both upper bounds are within these limits."""
        return self.auroc_high <= max_auroc and self.tpr_high <= max_tpr


def attack_settings(
    fitter: Fitter,
    settings: Sequence[Setting],
    rows: tuple[Values, Labels, Sequence[str]],
    *,
    shadows: int,
    limit: float,
) -> dict[Choice, Attack]:
    """Return the attack on each number of rounds of each setting.

    Each draw cuts the patients into quarters, with a quarter of each outcome, and each of its four
    shadows learns without one quarter. Each shadow in turn is the target: the others give, for
    every patient, the log-odds of the true outcome with and without the patient, and their
    likelihood ratio at the target's log-odds is the score. Targets learn from fewer patients than
    the published model does, and so remember more of each.

    Args:
        fitter: fits the shadows.
        settings: what the shadows are fitted with.
        rows: predictors, labels and names of the patients.
        shadows: how many, a multiple of four.
        limit: of the AUROC; far above it the attack on a setting ends early.
    """
    values, labels, patients = rows
    members = [
        parts != part
        for number in range(shadows // _PARTS)
        for parts in [draw_folds(labels, patients, folds=_PARTS, draw=("shadow", str(number)))]
        for part in range(_PARTS)
    ]
    # What every shadow says of every patient is in memory until it is measured.
    groups = [range(len(settings))]
    if len(labels) > _MANY_PATIENTS:
        groups = [range(number, number + 1) for number in range(len(settings))]
    attacks: dict[Choice, Attack] = {}
    for group in groups:
        series = _Series(fitter, values, labels, {n: settings[n] for n in group})
        attacks |= series.attack(members, limit)
    return attacks


@dataclass(slots=True)
class _Series:
    """Shadows of some settings, by their numbers, and what they say of each patient."""

    fitter: Fitter
    values: Values
    labels: Labels
    settings: dict[int, Setting]
    confidences: dict[Choice, list[Floats]] = field(default_factory=dict)

    def attack(self, members: Sequence[Members], limit: float) -> dict[Choice, Attack]:
        """Return the attack on each choice by shadows with these members."""
        self._fit(members[:_FIRST_SHADOWS])
        if len(members) <= _FIRST_SHADOWS:
            return self._measure(members)
        early = self._measure(members[:_FIRST_SHADOWS])
        for number in list(self.settings):
            own = [attack for (index, _), attack in early.items() if index == number]
            if all(attack.auroc > limit + _HOPELESS for attack in own):
                del self.settings[number]
        self._fit(members[_FIRST_SHADOWS:])
        return early | self._measure(members)

    def _fit(self, members: Sequence[Members]) -> None:
        """Fit the shadows with these members, and append what they say of each patient."""
        threads = count_threads(2 * self.values.size)
        for by_choice in run_each(self._fit_shadow, members, threads):
            for choice, confidences in by_choice.items():
                self.confidences.setdefault(choice, []).append(confidences)

    def _fit_shadow(self, inside: Members) -> dict[Choice, Floats]:
        members = self.fitter.rows(self.values[inside], self.labels[inside])
        everybody, sign = self.fitter.rows(self.values), np.where(self.labels, 1.0, -1.0)
        return {
            (number, rounds): sign * log_odds
            for number, setting in self.settings.items()
            for rounds, log_odds in self.fitter.fit(setting, members).log_odds(everybody)
        }

    def _measure(self, members: Sequence[Members]) -> dict[Choice, Attack]:
        """Return the attack on each choice of the settings that are left."""
        inside = np.array(members)
        choices = [choice for choice in self.confidences if choice[0] in self.settings]

        def measure(choice: Choice) -> Attack:
            return measure_attack(inside, np.array(self.confidences[choice]), self.labels)

        # Each takes about a dozen arrays of the size of these.
        attacks = run_each(measure, choices, count_threads(12 * inside.size))
        return dict(zip(choices, attacks, strict=True))


def measure_attack(members: Members, confidences: Floats, labels: Labels) -> Attack:
    """Return the stronger of the attacks with one variance for all and one for each patient.

    Args:
        members: which patients each shadow learned from, shape (shadows, n).
        confidences: log-odds of the true outcome by each shadow, shape (shadows, n).
        labels: shape (n,).
    """
    scores = [_scores(members, confidences, is_shared=is_shared) for is_shared in (True, False)]
    attacks = [_measure(members, score, labels) for score in scores]
    return max(attacks, key=lambda attack: attack.auroc_high)


def _scores(members: Members, confidences: Floats, *, is_shared: bool) -> Floats:
    """Return the likelihood ratio of membership in each target, by all other shadows."""
    inside = members.astype(np.float64)
    count_in, count_out = inside.sum(axis=0), (1 - inside).sum(axis=0)
    sum_in, sum_out = (inside * confidences).sum(axis=0), ((1 - inside) * confidences).sum(axis=0)
    square = (confidences**2).sum(axis=0)
    # Leave the target out of the sums instead of summing again for each target.
    n_in, n_out = count_in - inside, count_out - (1 - inside)
    mean_in = (sum_in - inside * confidences) / np.maximum(1, n_in)
    mean_out = (sum_out - (1 - inside) * confidences) / np.maximum(1, n_out)
    squares = square - confidences**2 - n_in * mean_in**2 - n_out * mean_out**2
    variance = np.maximum(squares, 0) / max(1, len(members) - 3)
    shared = variance.mean(axis=1, keepdims=True)
    variance = np.broadcast_to(shared, variance.shape) if is_shared else variance + 1e-3 * shared
    # A mean of few shadows is further away by chance: without the correction, patients outside of
    # the target, whose mean without has a shadow fewer, would look like members.
    apart_in = (confidences - mean_in) ** 2 / (1 + 1 / np.maximum(1, n_in))
    apart_out = (confidences - mean_out) ** 2 / (1 + 1 / np.maximum(1, n_out))
    # Rounded, so that a constant model's last bits do not order the patients.
    return np.asarray(
        ((apart_out - apart_in) / (2 * variance + _TINY)).round(_DECIMALS), np.float64
    )


def _measure(members: Members, scores: Floats, labels: Labels) -> Attack:
    areas = np.array([_area(m, s, labels) for m, s in zip(members, scores, strict=True)])
    shares = _measure_shares(members, scores)
    root = math.sqrt(len(members))
    error, share_error = areas.std(ddof=1) / root, shares.std(ddof=1) / root
    area, share = float(areas.mean()), float(shares.mean())
    return Attack(
        auroc=area,
        auroc_high=area + _Z * float(error),
        tpr_at_1_percent_fpr=share,
        tpr_high=share + _Z * float(share_error),
        shadows=len(members),
        rows=len(labels),
    )


def _area(members: Members, scores: Floats, labels: Labels) -> float:
    """Return the AUROC within each outcome, weighted by its patients."""
    parts = [
        (int(rows.sum()), auroc(members[rows], scores[rows]).value) for rows in (labels, ~labels)
    ]
    return sum(n * area for n, area in parts) / len(labels)


def _measure_shares(members: Members, scores: Floats) -> Floats:
    """Return each target's share of members above the threshold of 1 % of all others."""
    others = scores[~members]
    threshold = float(np.quantile(others, 1 - _FPR, method="higher"))
    # Ties at the threshold count by the share of them that 1 % of false positives allows.
    above, at = float((others > threshold).mean()), float((others == threshold).mean())
    share = (_FPR - above) / at if at else 0.0
    accused = (scores > threshold) + share * (scores == threshold)
    return np.array([float(f[m].mean()) for f, m in zip(accused, members, strict=True)])
