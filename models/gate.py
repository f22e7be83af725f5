"""The publication gate: which thresholds a cohort or a model does not meet, and what would help."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Self

from consent import FindingCode
from models.evaluation import Evaluation
from models.lira import Attack
from models.question import Question
from models.sample_size import SampleSize
from models.served_model import LOGISTIC
from models.suppression import steady

_Z_95: Final = 1.96
MAX_CALIBRATION_ERROR: Final = 0.2
"""The largest standard error with which slope and intercept can be judged."""
MAX_SHORTFALL: Final = 0.01
"""Of the AUROC of trees, below that of a regression which may not answer."""
LEAVING_AUROC: Final = 0.55
LEAVING_TPR: Final = 0.03
"""Bounds of the membership attack above which a model may answer here, but not leave."""


class GateCode(FindingCode):
    """Why a model is not published, and what would open the gate."""

    remedy: str

    def __new__(cls, value: str, sentence: str, remedy: str) -> Self:
        """Make a member: its value is the code."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.sentence = sentence
        member.remedy = remedy
        return member

    FEATURE_MISSING = (
        "feature-missing",
        "share of patients with a value of {feature}",
        "Correct the code in the question or in the mapping, or remove the feature.",
    )
    FEATURE_CONSTANT = (
        "feature-constant",
        "number of different values of {feature}",
        "Remove the feature from the question, or correct its mapping.",
    )
    IDENTIFIER = (
        "identifier",
        "share of different values of {feature}, which looks like a name or number of a person",
        "Remove the feature from the question.",
    )
    DIRECT_IDENTIFIER = (
        "direct-identifier",
        "inputs that the question itself calls direct identifiers: {feature}",
        "Remove the feature from the question, or set `predicts` to false.",
    )
    COPIES = (
        "copied-patients",
        "share of patients whose values are a copy of another patient's ({feature})",
        "Remove the copied rows from the table, or give each person one number.",
    )
    NEAR_COPIES = (
        "nearly-copied-patients",
        "share of patients whose values are another patient's with small changes ({feature})",
        "Remove the rows that were made from others, or give each person one number.",
    )
    MEMBERSHIP_AUROC = (
        "membership-auroc",
        "AUROC of the membership attack, upper confidence bound",
        "Use fewer features, fewer rounds or a larger penalty, or wait for more patients.",
    )
    MEMBERSHIP_TPR = (
        "membership-tpr",
        "share of training patients that the membership attack finds at 1 % false positives,"
        " upper confidence bound",
        "Use fewer features, fewer rounds or a larger penalty, or wait for more patients.",
    )
    CALIBRATION_SLOPE = (
        "calibration-slope",
        "calibration slope",
        "Wait for more patients, or use fewer features.",
    )
    CALIBRATION_IN_THE_LARGE = (
        "calibration-in-the-large",
        "calibration in the large, in either direction",
        "Check whether the label means the same at every place and time.",
    )
    TOO_FEW_OUTCOMES = (
        "too-few-outcomes",
        "too few outcomes to judge the calibration: margin of the calibration slope",
        "Wait for more patients with the label, or use fewer features.",
    )
    TOO_FEW_PATIENTS = (
        "too-few-patients",
        "patients, to know the overall risk to ± 0.05 (Riley's minimum)",
        "Wait for more patients who permit the study.",
    )
    NO_BETTER_THAN_CHANCE = (
        "no-better-than-chance",
        "may be no better than chance: lower limit of the AUROC",
        "Add features that are known before the outcome, or wait for more patients.",
    )
    NO_NET_BENEFIT = (
        "no-net-benefit",
        "largest net benefit above acting on all and on nobody, in the question's thresholds",
        "Choose thresholds at which a decision is made, or add features.",
    )
    BELOW_REGRESSION = (
        "below-regression",
        "difference in AUROC to a logistic regression, which is better and fails the attack",
        "Use fewer features, or wait for more patients. Trees that pass it learn too little.",
    )
    LEAKING_FEATURE = (
        "leaking-feature",
        "AUROC of {feature} alone, which reveals the label",
        "Remove the feature: its value is known only with the label.",
    )
    LEAK_IN_PART = (
        "leak-in-part",
        "AUROC of {feature}, which reveals the label of these patients",
        "Find out when the value is written for these patients. Remove the feature, or say"
        " in `reviewed` in the question why the value is known before the label.",
    )
    UNREVIEWED_FEATURE = (
        "unreviewed-feature",
        "AUROC of {feature} alone, which may reveal the label",
        "Remove the feature, or say in `reviewed` in the question why it is known before.",
    )
    UNREVIEWED_SHARE = (
        "unreviewed-share",
        "share of all mean log-odds that {feature} has, which may reveal the label",
        "Remove the feature, or say in `reviewed` in the question why it is known before.",
    )
    UNREVIEWED_LEAD = (
        "unreviewed-lead",
        "AUROC of the model above that of {feature} alone, which may reveal the label",
        "Remove the feature, or say in `reviewed` in the question why it is known before.",
    )
    UNREVIEWED_MODEL = (
        "unreviewed-model",
        "AUROC of the model, to which {feature} contributes, which may reveal the label",
        "Remove the feature, or say in `reviewed` in the question why it is known before.",
    )
    MISSINGNESS = (
        "missingness",
        "AUROC of which values are missing, most of all {feature}",
        "Remove the feature, or set `reviewed` in the question: why a missing value is no sign.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class GateFailure:
    """A threshold that a model does not meet.

    Attributes:
        code: which threshold.
        measured: the figure of this model.
        margin: half the width of its 95 % interval; 0 if the figure is compared as it is.
        minimum, maximum: what is required; infinite where there is no bound.
        feature: the words and code of a feature, or the patients concerned; otherwise empty.
        is_hidden: whether the figure would tell of 1 to 10 patients; the bound is stated in its
            place.
    """

    code: GateCode
    measured: float
    margin: float = 0.0
    minimum: float = -math.inf
    maximum: float = math.inf
    feature: str = ""
    is_hidden: bool = False

    @property
    def figure(self) -> float:
        """The figure as it may be stated."""
        if not self.is_hidden:
            return float(self.measured)
        return self.minimum if self._is_below else self.maximum

    @property
    def _is_below(self) -> bool:
        return self.maximum == math.inf or self.measured < self.minimum

    @property
    def measured_text(self) -> str:
        """The figure with its margin, as text."""
        if self.is_hidden:
            return f"{self.figure:.3g} or {'less' if self._is_below else 'more'}"
        if self.margin:
            return f"{self.measured:z.2f} ± {self.margin:z.2f}"
        return f"{self.measured:z.3f}" if self.measured % 1 else f"{self.measured:g}"

    @property
    def required_text(self) -> str:
        """The requirement as text."""
        if self.maximum == math.inf:
            return f"more than {self.minimum:g}"
        if self.minimum == -math.inf:
            return f"at most {self.maximum:.3g}"
        return f"{self.minimum:g} to {self.maximum:g}"

    @property
    def message(self) -> str:
        """One plain English phrase, without a full stop."""
        subject = self.code.sentence.format(feature=self.feature)
        return f"{subject}: {self.measured_text} (required: {self.required_text})"

    @property
    def remedy(self) -> str:
        """What would open the gate, as a sentence."""
        return self.code.remedy


def find_gate_failures(
    question: Question, evaluation: Evaluation, attack: Attack, size: SampleSize
) -> list[GateFailure]:
    """Return every threshold that the model does not meet; an empty list means it may be published.

    The patients are a sample, so a calibration bound counts as broken only when the whole 95 %
    interval lies beyond it. So that a wide interval does not open the gate, there must be enough
    outcomes to judge the calibration.
    """
    return [
        *_attack_failures(question, attack),
        *_size_failures(size),
        *_calibration_failures(question, evaluation),
        *_usefulness_failures(evaluation),
    ]


def find_shortfall(
    question: Question, kind: str, areas: Mapping[str, float], *, prefers_regression: bool
) -> list[GateFailure]:
    """Return whether trees are published that are clearly worse than a regression.

    It happens where the attack permits no regression. A question that insists on trees gets them.

    Args:
        question: that was asked.
        kind: of the published learner.
        areas: the AUROC of each kind of learner, on the same folds.
        prefers_regression: whether its losses are smaller by more than one standard error.
    """
    gap = areas.get(LOGISTIC, 0.0) - areas[kind]
    if question.plan.learner or not prefers_regression or not gap > MAX_SHORTFALL:
        return []
    return [GateFailure(code=GateCode.BELOW_REGRESSION, measured=gap, maximum=MAX_SHORTFALL)]


def may_leave(attack: Attack) -> bool:
    """Return whether the attack meets the stricter bounds for leaving a platform."""
    return attack.is_within(LEAVING_AUROC, LEAVING_TPR)


def _attack_failures(question: Question, attack: Attack) -> list[GateFailure]:
    gate = question.gate
    bounds = (
        (GateCode.MEMBERSHIP_AUROC, attack.auroc_high, gate.max_attack_auroc),
        (GateCode.MEMBERSHIP_TPR, attack.tpr_high, gate.max_attack_tpr),
    )
    return [
        GateFailure(code=code, measured=measured, maximum=maximum)
        for code, measured, maximum in bounds
        if not measured <= maximum
    ]


def _size_failures(size: SampleSize) -> list[GateFailure]:
    if size.patients >= size.for_risk:
        return []
    # In tens, as on the card; a count that would be rounded up beyond the bound is hidden.
    count, minimum = steady(size.patients), size.for_risk - 1
    stated = count if isinstance(count, int) and count <= minimum else None
    return [
        GateFailure(
            code=GateCode.TOO_FEW_PATIENTS,
            measured=minimum if stated is None else stated,
            minimum=minimum,
            is_hidden=stated is None,
        )
    ]


def _calibration_failures(question: Question, evaluation: Evaluation) -> list[GateFailure]:
    gate = question.gate
    slope, slope_margin = evaluation.slope, _Z_95 * evaluation.slope_error
    intercept, intercept_margin = evaluation.intercept, _Z_95 * evaluation.intercept_error
    failures = []
    if not (gate.min_slope <= slope + slope_margin and slope - slope_margin <= gate.max_slope):
        failures.append(
            GateFailure(
                code=GateCode.CALIBRATION_SLOPE,
                measured=slope,
                margin=slope_margin,
                minimum=gate.min_slope,
                maximum=gate.max_slope,
            )
        )
    if not abs(intercept) - intercept_margin <= gate.max_intercept:
        failures.append(
            GateFailure(
                code=GateCode.CALIBRATION_IN_THE_LARGE,
                measured=intercept,
                margin=intercept_margin,
                maximum=gate.max_intercept,
            )
        )
    widest = max(evaluation.slope_error, evaluation.intercept_error)
    if not widest <= MAX_CALIBRATION_ERROR:
        failures.append(
            GateFailure(
                code=GateCode.TOO_FEW_OUTCOMES,
                measured=_Z_95 * widest,
                maximum=_Z_95 * MAX_CALIBRATION_ERROR,
            )
        )
    return failures


def _usefulness_failures(evaluation: Evaluation) -> list[GateFailure]:
    failures = []
    if not evaluation.auroc.low > 0.5:
        failures.append(
            GateFailure(
                code=GateCode.NO_BETTER_THAN_CHANCE, measured=evaluation.auroc.low, minimum=0.5
            )
        )
    # Where no threshold may be shown, none shows a benefit.
    best = max((model - max(0.0, all_) for _, model, all_ in evaluation.net_benefit), default=0.0)
    if not best > 0:
        failures.append(GateFailure(code=GateCode.NO_NET_BENEFIT, measured=best, minimum=0))
    return failures
