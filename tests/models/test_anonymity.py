"""No combination of what makes people known is rarer than eleven."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from models.anonymity import HIDDEN, anonymise, quasi_identifiers
from models.question import Question
from models.suppression import MIN_COUNT

NHANES = Question.load(Path("models/questions/nhanes-diabetes.toml"))


def rows(seed: int, count: int) -> np.ndarray:
    drawn = np.random.default_rng(seed)
    values = np.full((count, len(NHANES.features)), np.nan, np.float32)
    for place, feature in enumerate(NHANES.features):
        if feature.kind == "number":
            values[:, place] = np.clip(drawn.normal(50, 20, count).round(), 0, 85)
        elif feature.kind == "category":
            values[:, place] = drawn.integers(0, len(feature.values), count)
        else:
            values[:, place] = drawn.integers(0, 2, count)
    return values


def test_age_sex_and_origin_are_what_makes_people_known() -> None:
    words = {one.words for one in quasi_identifiers(NHANES)}
    assert "age" in words
    assert "sex" in words


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 600))
def test_every_class_that_is_kept_has_at_least_k_rows(seed: int, count: int) -> None:
    made = anonymise(NHANES, rows(seed, count))
    classes = Counter(zip(*made.columns.values(), strict=True))
    kept = [
        one
        for one, stays in zip(zip(*made.columns.values(), strict=True), made.kept, strict=True)
        if stays
    ]
    assert all(classes[one] >= MIN_COUNT for one in kept)
    assert len(made.kept) == count


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000))
def test_a_coarse_age_still_holds_the_age(seed: int) -> None:
    values = rows(seed, 400)
    made = anonymise(NHANES, values)
    place = next(n for n, one in enumerate(NHANES.features) if one.words == "age")
    for cell, told in zip(values[:, place], made.columns[NHANES.features[place].code], strict=True):
        if " to " in told:
            low, high = (int(one) for one in told.split(" to "))
            assert low <= cell <= high
        else:
            assert told == HIDDEN or told.startswith(f"{cell:g}")


def test_few_rows_are_all_left_out() -> None:
    made = anonymise(NHANES, rows(1, MIN_COUNT - 1))
    assert not made.kept.any()
