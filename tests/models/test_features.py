from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.errors import InputOutOfRange, UnitMismatch
from models.features import (
    Matrix,
    find_failed_rule,
    find_label,
    latest_observations,
    to_row,
)
from models.question import Question
from storage.record import Record

GOOD = (Path(__file__).parent / "small-question.toml").read_text()
QUESTION = Question.parse(GOOD, "q.toml")


def record(day: str, name: str, **values: object) -> Record:
    observations = {f"x|{key}": (value, "") for key, value in values.items()}
    return Record(b"s" * 32, "laboratory", "organisation:x", day, observations, name * 32)


def test_a_row_has_numbers_category_indices_booleans_and_gaps() -> None:
    row = to_row(QUESTION, {"x|number": (7, "kg"), "x|category": ("b", "")})
    assert row.dtype == np.float32
    np.testing.assert_array_equal(row, np.array([7, 1, np.nan], np.float32))
    assert to_row(QUESTION, {"x|boolean": (True, "")})[2] == 1


@pytest.mark.parametrize(
    ("code", "value", "unit", "message"),
    [
        ("x|number", 10.5, "kg", "number is outside the accepted values: 1 to 10 kg"),
        ("x|number", float("nan"), "kg", "outside the accepted values"),
        ("x|number", "7", "kg", "outside the accepted values"),
        ("x|number", True, "kg", "outside the accepted values"),
        ("x|category", "c", "", "category is outside the accepted values: a, b"),
        ("x|category", 1, "", "category is outside"),
        ("x|boolean", 1, "", "boolean is outside the accepted values: yes, no"),
    ],
)
def test_a_value_that_the_model_does_not_accept_is_refused_with_its_feature(
    code, value, unit, message
) -> None:
    with pytest.raises(InputOutOfRange, match=message) as caught:
        to_row(QUESTION, {code: (value, unit)})
    assert (caught.value.code, caught.value.feature.code) == ("outside", code)
    assert caught.value.value is value


def test_the_message_about_a_value_does_not_contain_the_value() -> None:
    with pytest.raises(InputOutOfRange) as caught:
        to_row(QUESTION, {"x|number": (455.25, "kg")})
    assert "455" not in str(caught.value)


def test_another_unit_is_an_error_that_names_the_code_and_both_units() -> None:
    with pytest.raises(UnitMismatch, match=r"x\|number is in 'L', but the question expects 'kg'"):
        to_row(QUESTION, {"x|number": (7, "L")})


@given(st.permutations([("2020-01-01", "a", 1), ("2020-01-02", "b", 2), ("2020-01-02", "c", 3)]))
def test_the_latest_observation_counts_in_any_order(order) -> None:
    observations = latest_observations(
        [record(day, name, number=value) for day, name, value in order]
    )
    assert observations["x|number"] == (3, "")


def test_observations_after_the_label_are_not_features() -> None:
    records = [record("2020-01-01", "a", number=1), record("2021-01-01", "b", number=2)]
    assert latest_observations(records, "2020-06-01")["x|number"] == (1, "")


def test_the_latest_label_counts_with_its_day() -> None:
    records = [record("2020-01-01", "a", label="no"), record("2020-05-01", "b", label="yes")]
    assert find_label(QUESTION, records) == (True, "2020-05-01")
    assert find_label(QUESTION, records[:1]) == (False, "2020-01-01")
    assert find_label(QUESTION, [record("2020-01-01", "a", number=1)]) is None


@pytest.mark.parametrize(("value", "is_eligible"), [(2.0, True), (1.5, False), (np.nan, False)])
def test_a_patient_whose_eligibility_is_unknown_is_not_eligible(value: float, is_eligible) -> None:
    rule = find_failed_rule(QUESTION, np.array([value, 0, 0], np.float32))
    assert (rule is None) == is_eligible
    if rule is not None:
        assert (rule.code, rule.bounds) == ("x|number", "2 or more")


@pytest.mark.parametrize(
    ("bounds", "words"),
    [("maximum = 1", "at most 1"), ("minimum = 2\nmaximum = 3", "2 to 3")],
)
def test_the_bounds_of_a_failed_rule_are_words(bounds: str, words: str) -> None:
    text = GOOD.replace('[[eligibility]]\ncode = "x|number"\nminimum = 2', "[[eligibility]]")
    text = text.replace("[[eligibility]]", f'[[eligibility]]\ncode = "x|number"\n{bounds}')
    question = Question.parse(text, "q.toml")
    rule = find_failed_rule(question, np.array([9, 0, 0], np.float32))
    assert rule is not None
    assert rule.bounds == words


def test_rows_are_chosen_with_their_labels() -> None:
    matrix = Matrix(np.arange(6, dtype=np.float32).reshape(3, 2), np.array([True, False, True]))
    chosen = matrix.rows(np.array([True, False, True]))
    np.testing.assert_array_equal(chosen.values[:, 0], [0, 4])
    assert chosen.labels.all()
