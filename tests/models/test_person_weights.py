"""Two models, before and after one person left, tell little of that person by their answers."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest

from models.booster import BATCHES_FROM_ROWS, Booster
from models.budget import DEFAULT_BUDGET
from models.candidates import Fitter, Setting, list_settings
from models.card_notes import describe_final_fit
from models.person_weights import bound_of, draw_weights
from models.question import Question
from models.served_model import LOGISTIC, XGBOOST
from models.suppression import MIN_COUNT

PEOPLE = [f"{number:064x}" for number in range(300)]
VALUES = np.arange(600, dtype=np.float32).reshape(300, 2)
LABELS = np.arange(300) % 3 == 0


def count_moved(some: np.ndarray, others: np.ndarray) -> int:
    """Return how many people are above the mean in one draw and below it in the other."""
    return int(((some > 1) != (others > 1)).sum())


def test_the_same_people_have_the_same_weights_in_any_order() -> None:
    weights = draw_weights(PEOPLE, VALUES, LABELS)
    again = draw_weights(PEOPLE[::-1], VALUES[::-1], LABELS[::-1])
    assert np.array_equal(again, weights[::-1])
    assert np.allclose(np.abs(weights - 1), bound_of(300))
    assert abs(weights.mean() - 1) < 0.1


def test_rows_of_one_person_have_one_weight() -> None:
    several = [*PEOPLE[:299], PEOPLE[0]]
    weights = draw_weights(several, VALUES, LABELS)
    assert weights[-1] == weights[0]
    assert np.allclose(np.abs(weights - 1), bound_of(299))


@pytest.mark.parametrize("rows", [slice(1, None), slice(None, -1)])
def test_with_one_person_more_or_less_all_are_drawn_again(rows: slice) -> None:
    before = draw_weights(PEOPLE, VALUES, LABELS)
    after = draw_weights(PEOPLE[rows], VALUES[rows], LABELS[rows])
    assert 110 < count_moved(before[rows], after) < 190


@pytest.mark.parametrize("row", [0, 150, 299])
@pytest.mark.parametrize("is_outcome", [True, False])
def test_with_one_corrected_value_or_outcome_all_are_drawn_again(
    row: int, is_outcome: bool
) -> None:
    """Else two models of the same people would differ by that person alone."""
    values, labels = VALUES.copy(), LABELS.copy()
    if is_outcome:
        labels[row] = not labels[row]
    else:
        values[row, 1] = np.nan
    moved = count_moved(draw_weights(PEOPLE, VALUES, LABELS), draw_weights(PEOPLE, values, labels))
    assert 110 < moved < 190


def test_values_that_are_equal_in_other_bits_change_no_weight() -> None:
    plain, other = VALUES.copy(), VALUES.copy()
    plain[0], other[0] = 0.0, -0.0
    plain[1], other[1] = np.nan, np.array([0xFFC00001], np.uint32).view(np.float32)[0]
    assert plain.tobytes() != other.tobytes()
    weights = draw_weights(PEOPLE, plain, LABELS)
    assert np.array_equal(weights, draw_weights(PEOPLE, other, LABELS))


@pytest.mark.parametrize("people", [50, 300, 5_000, 1_000_000])
def test_the_weights_hide_a_person_among_150_or_a_quarter_of_all(people: int) -> None:
    hidden_among = people * bound_of(people) ** 2
    assert hidden_among == pytest.approx(min(150, people / 4))
    assert bound_of(people) <= 0.5  # the weights cost no more than a fifth of the people


def test_rows_that_are_read_in_batches_have_no_weights_and_one_fit() -> None:
    assert DEFAULT_BUDGET.for_patients(BATCHES_FROM_ROWS - 1) == DEFAULT_BUDGET
    many = DEFAULT_BUDGET.for_patients(BATCHES_FROM_ROWS)
    assert not many.draws_weights
    assert not many.answers_out_of_fold
    earlier = replace(DEFAULT_BUDGET, draws_weights=False, answers_out_of_fold=False)
    assert earlier.for_patients(100) == earlier == many


def question() -> Question:
    text = (Path(__file__).parent / "small-question.toml").read_text()
    return Question.parse(
        text.replace("rounds = 10", "rounds = 10\nmin_child_weight = 0"), "q.toml"
    )


def test_a_leaf_of_weighted_rows_still_has_eleven_patients() -> None:
    draw = np.random.default_rng(1)
    values = draw.normal(size=(120, 2)).astype(np.float32)
    values[:, 1] = draw.integers(0, 3, 120)
    labels = draw.random(120) < 0.5
    weights = draw_weights(PEOPLE[:120], values, labels)
    fitter = Fitter.of(question(), 0)
    trees = [each for each in list_settings(question(), labels) if each.kind == XGBOOST]
    for setting in trees:
        light = Setting(XGBOOST, {**setting.parameters, "min_child_weight": 0.0}, setting.rounds)
        fitted = fitter.fit_weighted((light, 20), values, labels, weights)
        assert isinstance(fitted.learner, Booster)
        rows = fitter.rows(values).trees.matrix()
        leaves = fitted.learner._booster.predict(rows, pred_leaf=True).reshape(len(values), -1)
        for tree in leaves.T:
            assert np.unique(tree, return_counts=True)[1].min() >= MIN_COUNT


def read_outcomes(*, is_weighted: bool) -> int:
    """Return how often, of 60, answers of two regressions tell the outcome of who left."""
    draw, right = np.random.default_rng(3), 0
    fitter = Fitter(("q", "q", "q"), 0)
    setting = Setting(LOGISTIC, {"ridge": 10.0}, (0,))
    for number in range(60):
        values = draw.normal(size=(300, 3)).astype(np.float32)
        labels = draw.random(300) < 1 / (1 + np.exp(-values[:, 0]))
        labels[0] = number % 2 == 0  # who leaves has the outcome in half of the cases
        estimates = []
        for part in (slice(0, None), slice(1, None)):
            rows = values[part], labels[part]
            weights = draw_weights(PEOPLE[part], *rows)
            choice = (setting, 0)
            made = (
                fitter.fit_weighted(choice, *rows, weights)
                if is_weighted
                else fitter.fit_choice(*choice, *rows)
            )
            estimates.append(1 / (1 + np.exp(-made.final_log_odds(values[:1]))))
        right += (estimates[0] > estimates[1]).item() == labels[0]
    return right


def test_the_answers_of_two_models_hide_the_outcome_of_who_left() -> None:
    assert read_outcomes(is_weighted=False) >= 57
    assert read_outcomes(is_weighted=True) <= 42


def test_a_card_says_how_the_final_model_was_fitted_and_an_earlier_one_does_not() -> None:
    weights, folds = describe_final_fit({"provenance": {"budget": asdict(DEFAULT_BUDGET)}})
    assert weights.startswith("weights of patients: drawn at random")
    assert folds.startswith("answers about these patients: each by a model of the other folds")
    stated = {"repeats": 5, "folds": 5, "inner_folds": 3, "shadows": 32}
    assert describe_final_fit({"provenance": {"budget": stated}}) == describe_final_fit({}) == []
