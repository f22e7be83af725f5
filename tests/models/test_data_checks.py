"""Rows that cannot make an honest model are refused before any fit, with the column named."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from models.data_checks import Predictors, check_data, name_persons
from models.features import Matrix
from models.gate import GateCode
from models.question import Question

QUESTION = Question.parse((Path(__file__).parent / "small-question.toml").read_text(), "q.toml")
RANDOM = np.random.default_rng(2)
LABELS = RANDOM.random(400) < 0.3


def rows(number: np.ndarray) -> Matrix:
    category = RANDOM.integers(0, 2, 400)
    values = np.column_stack([number, category, np.zeros(400)]).astype(np.float32)
    return Matrix(values, LABELS)


def test_a_feature_that_is_nowhere_in_the_data_is_named_with_the_nearest_code() -> None:
    matrix = rows(np.full(400, np.nan))
    (failure,) = check_data(matrix, QUESTION, ["x|nunber", "y|other"])
    assert failure.code == GateCode.FEATURE_MISSING
    assert failure.feature == "number (x|number); nearest code in the data: x|nunber"


def test_a_constant_feature_is_named() -> None:
    (failure,) = check_data(rows(np.full(400, 5.0)), QUESTION, [])
    assert (failure.code, failure.feature) == (GateCode.FEATURE_CONSTANT, "number (x|number)")


@pytest.mark.parametrize("people", [0, 1, 10])
def test_a_run_does_not_tell_whether_somebody_has_what_may_be_rare(people: int) -> None:
    text = QUESTION.text.replace('kind = "number"', 'kind = "number"\nmay_be_rare = true')
    question = Question.parse(text, "q.toml")
    for usual in (np.nan, 5.0):
        numbers = np.where(np.arange(400) < people, 6.0, usual)
        assert check_data(rows(numbers), question, []) == []


def test_row_numbers_and_long_numbers_are_identifiers() -> None:
    for numbers in (RANDOM.permutation(400), 3_000_000 + 7 * RANDOM.permutation(400)):
        (failure,) = check_data(rows(numbers), QUESTION, [])
        assert failure.code == GateCode.IDENTIFIER


def test_names_as_categories_are_identifiers() -> None:
    names = ", ".join(f'"name-{number}"' for number in range(200))
    text = QUESTION.text.replace('values = ["a", "b"]', f"values = [{names}]")
    values = np.column_stack([RANDOM.random(400), np.arange(400) // 2, np.zeros(400)])
    matrix = Matrix(values.astype(np.float32), LABELS)
    (failure,) = check_data(matrix, Question.parse(text, "q.toml"), [])
    assert (failure.code, failure.feature) == (GateCode.IDENTIFIER, "category (x|category)")


def test_measured_values_are_no_identifiers() -> None:
    assert check_data(rows(RANDOM.random(400) * 9), QUESTION, []) == []
    assert check_data(rows(RANDOM.integers(40, 200, 400)), QUESTION, []) == []


def test_copied_patients_are_refused() -> None:
    matrix = rows(RANDOM.random(400))
    matrix.values[200:260] = matrix.values[:60]
    (failure,) = check_data(matrix, QUESTION, [])
    assert failure.code == GateCode.COPIES
    assert failure.measured == 0.15
    assert failure.feature.startswith("about 60 patients; for example numbers ")
    assert "1 and 201" in failure.feature


def test_copied_patients_who_lack_a_value_are_refused() -> None:
    matrix = rows(RANDOM.random(400))
    matrix.values[RANDOM.random(400) < 0.5, 1] = np.nan
    matrix.values[200:260] = matrix.values[:60]
    (failure,) = check_data(matrix, QUESTION, [])
    assert (failure.code, failure.measured) == (GateCode.COPIES, 0.15)


def test_equal_rows_of_coarse_values_are_no_copies() -> None:
    assert check_data(rows(RANDOM.integers(0, 4, 400)), QUESTION, []) == []


def test_a_few_copies_are_drawn_as_one_person() -> None:
    matrix = rows(RANDOM.random(400))
    matrix.values[399] = matrix.values[0]
    assert check_data(matrix, QUESTION, []) == []
    predictors = Predictors(matrix.values, [True, False, False])
    names = name_persons(predictors, [str(row) for row in range(400)])
    assert names[399] == "0"
    assert len(set(names)) == 399


def test_what_a_question_calls_a_direct_identifier_does_not_predict() -> None:
    text = QUESTION.text.replace('code = "x|number"', 'code = "x|number"\ndisclosure = "direct"', 1)
    question = Question.parse(text, "q.toml")
    (failure,) = check_data(rows(RANDOM.random(400)), question, [])
    assert failure.code == GateCode.DIRECT_IDENTIFIER
    assert failure.message.endswith("number (x|number): 1 (required: at most 0)")
