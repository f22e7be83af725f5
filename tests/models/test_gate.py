"""Each threshold of the publication gate is reported with its figure and its requirement."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from models.evaluation import Estimate, Evaluation, evaluate
from models.gate import GateCode, GateFailure, find_gate_failures, find_shortfall, may_leave
from models.lira import Attack
from models.question import Question
from models.sample_size import SampleSize

QUESTION = Question.parse((Path(__file__).parent / "small-question.toml").read_text(), "q.toml")
CHANCE = Attack(0.5, 0.51, 0.01, 0.015, shadows=32, rows=100)
SIZE = SampleSize(4_000, 1_300, 3, 340, 100, 0.2)


@pytest.fixture(scope="module")
def good() -> Evaluation:
    random = np.random.default_rng(0)
    probabilities = random.beta(1, 2, 4_000)
    labels = random.random(4_000) < probabilities
    return evaluate(labels, probabilities, {}, (0.05, 0.5))


def codes(failures: list[GateFailure]) -> list[str]:
    return [failure.code for failure in failures]


def test_a_calibrated_model_without_memory_passes(good: Evaluation) -> None:
    assert find_gate_failures(QUESTION, good, CHANCE, SIZE) == []


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"slope": 0.3}, GateCode.CALIBRATION_SLOPE),
        ({"slope": 2.0}, GateCode.CALIBRATION_SLOPE),
        ({"intercept": 0.9}, GateCode.CALIBRATION_IN_THE_LARGE),
        ({"intercept": -0.9}, GateCode.CALIBRATION_IN_THE_LARGE),
        ({"slope_error": 0.21}, GateCode.TOO_FEW_OUTCOMES),
        ({"intercept_error": 0.21}, GateCode.TOO_FEW_OUTCOMES),
        ({"net_benefit": ((0.1, 0.2, 0.2), (0.3, 0.0, -0.1))}, GateCode.NO_NET_BENEFIT),
        ({"auroc": Estimate(0.55, 0.49, 0.61)}, GateCode.NO_BETTER_THAN_CHANCE),
        ({"slope": float("nan")}, GateCode.CALIBRATION_SLOPE),
    ],
)
def test_each_figure_of_the_evaluation_has_a_threshold(good, changes, code) -> None:
    evaluation = dataclasses.replace(good, **changes)
    assert codes(find_gate_failures(QUESTION, evaluation, CHANCE, SIZE)) == [code]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"auroc_high": 0.61}, GateCode.MEMBERSHIP_AUROC),
        ({"tpr_high": 0.06}, GateCode.MEMBERSHIP_TPR),
        ({"auroc_high": float("nan")}, GateCode.MEMBERSHIP_AUROC),
    ],
)
def test_each_figure_of_the_attack_has_a_threshold(good, changes, code) -> None:
    attack = dataclasses.replace(CHANCE, **changes)
    assert codes(find_gate_failures(QUESTION, good, attack, SIZE)) == [code]


def test_trees_that_are_clearly_worse_than_a_regression_are_not_published() -> None:
    worse = {"xgboost": 0.68, "logistic": 0.70}
    (failure,) = find_shortfall(QUESTION, "xgboost", worse, prefers_regression=True)
    assert failure.code == GateCode.BELOW_REGRESSION
    assert failure.message == (
        "difference in AUROC to a logistic regression, which is better and fails the attack:"
        " 0.020 (required: at most 0.01)"
    )


@pytest.mark.parametrize(
    ("kind", "trees", "prefers_regression", "learner"),
    [
        ("xgboost", 0.70, True, ""),  # as good
        ("xgboost", 0.695, True, ""),  # nearly as good
        ("xgboost", 0.68, False, ""),  # perhaps by chance
        ("xgboost", 0.68, True, "xgboost"),  # the question insists
        ("logistic", 0.68, True, ""),
    ],
)
def test_trees_that_are_not_clearly_worse_are_published(
    kind: str, trees: float, prefers_regression: bool, learner: str
) -> None:
    question = dataclasses.replace(
        QUESTION, plan=dataclasses.replace(QUESTION.plan, learner=learner)
    )
    areas = {"xgboost": trees, "logistic": 0.70}
    assert find_shortfall(question, kind, areas, prefers_regression=prefers_regression) == []


def test_a_threshold_inside_the_interval_of_the_figure_is_not_missed(good: Evaluation) -> None:
    evaluation = dataclasses.replace(good, slope=0.6, slope_error=0.1)
    assert find_gate_failures(QUESTION, evaluation, CHANCE, SIZE) == []


@pytest.mark.parametrize(
    ("patients", "for_risk", "stated"),
    [
        (299, 340, "300 (required: more than 339)"),
        (174, 180, "170 (required: more than 179)"),
        (176, 180, "179 or less (required: more than 179)"),  # 180 on the card
        (10, 180, "179 or less (required: more than 179)"),
    ],
)
def test_fewer_patients_than_the_minimum_close_the_gate_and_are_rounded_as_on_the_card(
    good, patients, for_risk, stated
) -> None:
    few = dataclasses.replace(SIZE, patients=patients, for_risk=for_risk)
    (failure,) = find_gate_failures(QUESTION, good, CHANCE, few)
    assert failure.code == GateCode.TOO_FEW_PATIENTS
    assert failure.message.endswith(f": {stated}")


@pytest.mark.parametrize(
    ("auroc_high", "tpr_high", "leaves"),
    [(0.55, 0.03, True), (0.56, 0.03, False), (0.5, 0.04, False)],
)
def test_a_model_leaves_only_within_the_stricter_bounds(auroc_high, tpr_high, leaves) -> None:
    attack = dataclasses.replace(CHANCE, auroc_high=auroc_high, tpr_high=tpr_high)
    assert may_leave(attack) is leaves


def test_every_code_says_what_would_open_the_gate() -> None:
    assert [code for code in GateCode if not code.remedy.endswith(".")] == []


def test_a_failure_states_the_figure_and_the_requirement() -> None:
    slope = GateFailure(
        code=GateCode.CALIBRATION_SLOPE, measured=0.3, margin=0.12, minimum=0.7, maximum=1.5
    )
    assert slope.message == "calibration slope: 0.30 ± 0.12 (required: 0.7 to 1.5)"
    chance = GateFailure(code=GateCode.NO_BETTER_THAN_CHANCE, measured=0.48, minimum=0.5)
    assert (chance.measured_text, chance.required_text) == ("0.480", "more than 0.5")
    leak = GateFailure(
        code=GateCode.LEAKING_FEATURE, measured=0.98, maximum=0.95, feature="sugar (x|s)"
    )
    assert leak.message.startswith("AUROC of sugar (x|s) alone, which reveals the label: 0.980")
