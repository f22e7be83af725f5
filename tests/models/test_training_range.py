from __future__ import annotations

import numpy as np

from models.features import Matrix
from models.question import Question
from models.training_range import (
    _distance,
    _distances,
    describe_ranges,
    find_unusual,
    measure_far,
)


def cohort(heart: Question, n: int = 400) -> Matrix:
    chance = np.random.default_rng(5)
    values = np.full((n, len(heart.features)), np.nan, np.float32)
    for column, feature in enumerate(heart.features):
        if feature.kind == "number":
            values[:, column] = chance.normal(50, 10, n)
        elif feature.kind == "category":
            values[:, column] = chance.integers(0, len(feature.values), n)
        else:
            values[:, column] = chance.random(n) < 0.5
    return Matrix(values, chance.random(n) < 0.5)


def card(heart: Question, matrix: Matrix) -> dict:
    ranges = describe_ranges(matrix, heart)
    far = measure_far(matrix.values[:, heart.predictors()], ranges)
    return {"predictors": [{"range": bounds} for bounds in ranges], "far": far}


def test_at_least_eleven_patients_lie_at_or_beyond_each_end(heart: Question) -> None:
    matrix = cohort(heart)
    for column, bounds in zip(heart.predictors(), describe_ranges(matrix, heart), strict=True):
        if "low" in bounds:
            cells = matrix.values[:, column]
            assert (cells <= bounds["low"] + 0.1).sum() >= 11
            assert (cells >= bounds["high"] - 0.1).sum() >= 11


def test_with_too_few_patients_there_is_no_range(heart: Question) -> None:
    matrix = cohort(heart, 20)
    assert set(describe_ranges(matrix, heart)) == {None}
    assert not find_unusual(card(heart, matrix), heart, matrix.values[0]).values


def test_an_average_patient_is_not_unusual(heart: Question) -> None:
    matrix = cohort(heart)
    row = matrix.values[0].copy()
    for column, feature in enumerate(heart.features):
        if feature.kind == "number":
            row[column] = 50
    unusual = find_unusual(card(heart, matrix), heart, row)
    assert (unusual.values, unusual.is_unlike) == ((), False)


def test_a_value_outside_the_training_range_is_named_with_the_range(heart: Question) -> None:
    matrix = cohort(heart)
    row = np.full(len(heart.features), np.nan, np.float32)
    row[0] = 109
    (value,) = find_unusual(card(heart, matrix), heart, row).values
    assert (value.words, value.value) == ("age", "109 years")
    assert float(value.high.split()[0]) < 80


def test_a_value_that_reads_like_the_end_of_the_range_is_not_named(heart: Question) -> None:
    matrix = cohort(heart)
    made = card(heart, matrix)
    row = np.full(len(heart.features), np.nan, np.float32)
    made["predictors"][0]["range"]["high"] = 46.9
    row[0] = 46.9  # a little more in single precision
    assert find_unusual(made, heart, row).values == ()


def test_a_rare_category_is_named(heart: Question) -> None:
    matrix = cohort(heart)
    column = heart.columns()["http://loinc.org|46098-0"]
    matrix.values[:, column] = 1
    row = np.full(len(heart.features), np.nan, np.float32)
    row[column] = 0
    (value,) = find_unusual(card(heart, matrix), heart, row).values
    assert (value.words, value.value, value.low) == ("sex", "female", "")


def test_numbers_that_are_each_possible_can_together_be_unlike_anybody(heart: Question) -> None:
    matrix = cohort(heart)
    row = np.array([72 if f.kind == "number" else np.nan for f in heart.features], np.float32)
    assert find_unusual(card(heart, matrix), heart, row).is_unlike


def test_a_card_of_an_earlier_release_warns_of_nothing(heart: Question) -> None:
    old = {"predictors": [{} for _ in heart.predictors()]}
    unusual = find_unusual(old, heart, cohort(heart).values[0])
    assert (unusual.values, unusual.is_unlike) == ((), False)


def test_the_distance_of_one_patient_is_that_of_a_row_to_the_last_digit() -> None:
    drawn = np.random.default_rng(7)
    ranges = [{"middle": float(m), "spread": float(s)} for m, s in drawn.normal(9, 3, (40, 2)) ** 2]
    ranges += [None, {"rare": [1]}, {"middle": 1.0, "spread": 0.0}]
    rows = drawn.normal(80, 40, (50, len(ranges))).astype(np.float32)
    rows[drawn.random(rows.shape) < 0.2] = np.nan
    assert [_distance(row.tolist(), ranges) for row in rows] == _distances(rows, ranges).tolist()
