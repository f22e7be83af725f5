"""Rows made from other rows by small changes are found, and honest rows are not."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from models import near_copies
from models.cohort import to_matrix
from models.data_checks import Predictors, check_data, name_persons
from models.features import Matrix, Values
from models.folds import draw_folds
from models.gate import GateCode
from models.near_copies import find_near_copies
from models.question import Question
from records.values import NUMBER

PEOPLE = 400
TEXT = (Path(__file__).parent / "small-question.toml").read_text()
EXTRA = """
[[features]]
code = "x|extra-{0}"
words = "extra {0}"
kind = "number"
category = "vital-signs"
unit = "kg"
minimum = -1000
maximum = 1000
"""
QUESTION = Question.parse(TEXT + "".join(EXTRA.format(n) for n in range(7)), "q.toml")
NUMBERS = [True] * 8
Chance = np.random.Generator


@pytest.fixture
def chance() -> Chance:
    return np.random.default_rng(7)


def measured(chance: Chance, people: int = PEOPLE, columns: int = 8) -> Values:
    return chance.normal(50, 10, (people, columns)).astype(np.float32)


def with_copies(
    chance: Chance, values: Values, copies: int, jitter: float, dropped: float = 0.0
) -> Values:
    """Return the rows with the last ones made of the first ones."""
    rows = values.copy()
    made = values[:copies] + chance.normal(0, jitter * 10, (copies, values.shape[1]))
    made[chance.random(made.shape) < dropped] = np.nan
    rows[-copies:] = made
    return rows


@pytest.mark.parametrize(("jitter", "dropped"), [(0.001, 0), (0.01, 0.05), (0.05, 0.1)])
def test_rows_moved_a_little_are_found_with_the_rows_that_they_were_made_of(
    jitter: float, dropped: float, chance: Chance
) -> None:
    near = find_near_copies(with_copies(chance, measured(chance), 80, jitter, dropped), NUMBERS)
    right = sum(
        other - row in (320, -320) for row, other in zip(near.rows, near.others, strict=True)
    )
    assert near.share > 0.2
    assert right > 0.98 * len(near.rows)


def test_several_copies_of_one_patient_do_not_hide_each_other(chance: Chance) -> None:
    values = measured(chance)
    copies = np.repeat(values[:20], 4, axis=0)
    values[-80:] = copies + chance.normal(0, 0.1, copies.shape)
    assert find_near_copies(values, NUMBERS).share > 0.15


def coarse(chance: Chance) -> Values:
    return chance.integers(0, 20, (PEOPLE, 8)).astype(np.float32)


def measured_thrice(chance: Chance) -> Values:
    truth = measured(chance, columns=3)
    again = [truth + chance.normal(0, 3, truth.shape) for _ in range(3)]
    return np.column_stack(again)[:, :8].astype(np.float32)


def seen_twice(chance: Chance) -> Values:
    truth = measured(chance, PEOPLE // 2)
    again = [truth + chance.normal(0, 3, truth.shape) for _ in range(2)]
    return np.vstack(again).astype(np.float32)


def half_missing(chance: Chance) -> Values:
    values = measured(chance)
    values[chance.random(values.shape) < 0.4] = np.nan
    return values


def in_groups(chance: Chance) -> Values:
    group = chance.integers(0, 6, PEOPLE)
    middles, spreads = chance.normal(50, 30, (6, 8)), chance.random(6) * 5 + 0.2
    return (middles[group] + chance.normal(0, 1, (PEOPLE, 8)) * spreads[group, None]).astype("f4")


@pytest.mark.parametrize(
    "make", [measured, coarse, measured_thrice, seen_twice, half_missing, in_groups]
)
def test_honest_rows_are_not_found(make: Callable[[Chance], Values], chance: Chance) -> None:
    assert find_near_copies(make(chance), NUMBERS).share < 0.02


@pytest.mark.parametrize("people", [1, 12, 30])
def test_of_a_few_rows_or_of_few_fine_columns_nothing_is_said(people: int, chance: Chance) -> None:
    assert find_near_copies(measured(chance, people), NUMBERS).rows == ()
    assert find_near_copies(np.full((100, 8), np.nan, np.float32), NUMBERS).rows == ()
    assert (
        find_near_copies(
            with_copies(chance, measured(chance, columns=3), 80, 0.001), [True] * 3
        ).rows
        == ()
    )


def test_many_rows_are_compared_in_part_with_all_others(
    monkeypatch: pytest.MonkeyPatch, chance: Chance
) -> None:
    monkeypatch.setattr(near_copies, "_MAX_DISTANCES", 1)
    monkeypatch.setattr(near_copies, "_MIN_COMPARED", 100)
    near = find_near_copies(with_copies(chance, measured(chance), 80, 0.01), NUMBERS)
    assert 0.3 < near.share < 0.5
    assert len(near.rows) <= 50


def test_a_cohort_of_near_copies_is_refused_with_their_number_and_places(chance: Chance) -> None:
    numbers = with_copies(chance, measured(chance), 80, 0.01)
    is_number = [feature.kind == NUMBER for feature in QUESTION.features]
    values = chance.integers(0, 2, (PEOPLE, len(is_number))).astype(np.float32)
    values[:, is_number] = numbers
    (failure,) = check_data(Matrix(values, chance.random(PEOPLE) < 0.3), QUESTION, [])
    assert failure.code == GateCode.NEAR_COPIES
    assert failure.measured > 0.15
    assert re.match(r"about \d+0 patients; for example numbers 3 and 323, ", failure.feature)
    assert "Remove the rows" in failure.remedy


def test_a_few_near_copies_are_drawn_as_one_person_into_one_fold(chance: Chance) -> None:
    values = with_copies(chance, measured(chance), 5, 0.001)
    persons = name_persons(Predictors(values, NUMBERS), [f"{row:064x}" for row in range(PEOPLE)])
    assert persons[-5:] == persons[:5]
    folds = draw_folds(chance.random(PEOPLE) < 0.3, persons, folds=5, draw=("s",))
    np.testing.assert_array_equal(folds[-5:], folds[:5])


def test_the_patients_of_the_heart_example_are_honest_until_some_are_copied(
    heart: Question, heart_people, chance: Chance
) -> None:
    matrix = to_matrix(heart, heart_people)
    assert [failure.code for failure in check_data(matrix, heart, [])] == []
    values = matrix.values.copy()
    numbers = np.array(Predictors.of(matrix, heart).is_number)
    chosen = np.array(heart.predictors())[numbers]
    values[-200:] = values[:200]
    jitter = 0.02 * np.nanstd(values[:, chosen], axis=0)
    values[-200:, chosen] += chance.normal(0, 1, (200, len(chosen))) * jitter
    codes = [failure.code for failure in check_data(Matrix(values, matrix.labels), heart, [])]
    assert codes == [GateCode.NEAR_COPIES]
