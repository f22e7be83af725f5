"""The publication gate: which thresholds of a question a trained model does not meet."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from consent import FindingCode
from models.evaluation import Attack, Evaluation
from models.question import Question

_Z_95: Final = 1.96
_MAX_SLOPE_ERROR: Final = 0.35


class GateCode(FindingCode):
    """Why a model is not published."""

    MEMBERSHIP_AUROC = ("membership-auroc", "AUROC of the membership attack")
    MEMBERSHIP_TPR = (
        "membership-tpr",
        "share of training patients that the membership attack finds at 1 % false positives",
    )
    CALIBRATION_SLOPE = ("calibration-slope", "calibration slope")
    CALIBRATION_IN_THE_LARGE = (
        "calibration-in-the-large",
        "calibration in the large, in either direction",
    )
    TOO_FEW_OUTCOMES = (
        "too-few-outcomes",
        "too few outcomes to judge the calibration: margin of the calibration slope",
    )
    NO_BETTER_THAN_CHANCE = (
        "no-better-than-chance",
        "may be no better than chance: lower limit of the AUROC",
    )
    LEAKING_FEATURE = ("leaking-feature", "AUROC of {feature} alone, which reveals the label")


@dataclass(frozen=True, slots=True, kw_only=True)
class GateFailure:
    """A threshold that a model does not meet.

    Attributes:
        code: which threshold.
        measured: the figure of this model.
        margin: half the width of its 95 % interval; 0 if the figure is compared as it is.
        minimum, maximum: what is required; infinite where there is no bound.
        feature: the words and code of a leaking feature, otherwise empty.
    """

    code: GateCode
    measured: float
    margin: float = 0.0
    minimum: float = -math.inf
    maximum: float = math.inf
    feature: str = ""

    @property
    def measured_text(self) -> str:
        """The figure with its margin, as text."""
        if self.margin:
            return f"{self.measured:.2f} ± {self.margin:.2f}"
        return f"{self.measured:.3f}"

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


def find_gate_failures(
    question: Question, evaluation: Evaluation, attack: Attack
) -> list[GateFailure]:
    """Return every threshold that the model does not meet; an empty list means it may be published.

    The held-out patients are a sample, so a calibration bound counts as broken only when the whole
    95 % interval lies beyond it. So that a wide interval does not open the gate, there must be
    enough outcomes to judge the calibration.
    """
    return [*_attack_failures(question, attack), *_calibration_failures(question, evaluation)]


def _attack_failures(question: Question, attack: Attack) -> list[GateFailure]:
    gate, tpr = question.gate, attack.tpr_at_1_percent_fpr
    failures = []
    if not attack.auroc <= gate.max_attack_auroc:
        failures.append(
            GateFailure(
                code=GateCode.MEMBERSHIP_AUROC,
                measured=attack.auroc,
                maximum=gate.max_attack_auroc,
            )
        )
    if not tpr <= gate.max_attack_tpr:
        failures.append(
            GateFailure(code=GateCode.MEMBERSHIP_TPR, measured=tpr, maximum=gate.max_attack_tpr)
        )
    return failures


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
    if not evaluation.slope_error <= _MAX_SLOPE_ERROR:
        failures.append(
            GateFailure(
                code=GateCode.TOO_FEW_OUTCOMES,
                measured=slope_margin,
                maximum=_Z_95 * _MAX_SLOPE_ERROR,
            )
        )
    if not evaluation.auroc.low > 0.5:
        failures.append(
            GateFailure(
                code=GateCode.NO_BETTER_THAN_CHANCE, measured=evaluation.auroc.low, minimum=0.5
            )
        )
    return failures
