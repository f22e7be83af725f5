"""No combination of quasi-identifiers is rarer than eleven."""

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


def draw_rows(seed: int, count: int) -> np.ndarray:
    random = np.random.default_rng(seed)
    values = np.full((count, len(NHANES.features)), np.nan, np.float32)
    for column, feature in enumerate(NHANES.features):
        if feature.kind == "number":
            values[:, column] = np.clip(random.normal(50, 20, count).round(), 0, 85)
        elif feature.kind == "category":
            values[:, column] = random.integers(0, len(feature.values), count)
        else:
            values[:, column] = random.integers(0, 2, count)
    return values


def test_age_and_sex_are_quasi_identifiers() -> None:
    assert {"age", "sex"} <= {feature.words for feature in quasi_identifiers(NHANES)}


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 600))
def test_every_class_that_is_kept_has_at_least_k_rows(seed: int, count: int) -> None:
    rows = anonymise(NHANES, draw_rows(seed, count))
    combinations = list(zip(*rows.columns.values(), strict=True))
    sizes = Counter(combinations)
    saved = [row for row, is_kept in zip(combinations, rows.is_kept, strict=True) if is_kept]
    assert all(sizes[combination] >= MIN_COUNT for combination in saved)
    assert len(rows.is_kept) == count


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000))
def test_a_generalised_age_includes_the_age(seed: int) -> None:
    values = draw_rows(seed, 400)
    rows = anonymise(NHANES, values)
    column = next(n for n, feature in enumerate(NHANES.features) if feature.words == "age")
    texts = rows.columns[NHANES.features[column].code]
    for age, text in zip(values[:, column], texts, strict=True):
        if " to " in text:
            low, high = (int(bound) for bound in text.split(" to "))
            assert low <= age <= high
        else:
            assert text == HIDDEN or text.startswith(f"{age:g}")


def test_fewer_than_k_rows_are_all_dropped() -> None:
    rows = anonymise(NHANES, draw_rows(1, MIN_COUNT - 1))
    assert not rows.is_kept.any()
