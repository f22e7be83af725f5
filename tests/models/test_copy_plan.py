"""Sensitive cells are hidden unless their class has two values; bands have eleven people."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from models.copy_plan import find_hidden, make_plan
from models.question import Question
from models.question_parts import OTHER, SENSITIVE
from models.suppression import MIN_COUNT


def test_a_missing_value_is_no_diversity_of_a_class() -> None:
    feature: Any = SimpleNamespace(disclosure=SENSITIVE)
    classes = np.array([0, 0, 0, 1, 1, 1])
    bands = np.array([3, 3, -1, 3, 4, -1])
    assert find_hidden(feature, bands, classes).tolist() == [True] * 3 + [False] * 3
    assert find_hidden(feature, np.full(6, -1), classes).all()


def test_a_class_whose_new_or_earlier_part_has_one_value_is_hidden_as_a_whole() -> None:
    """Else the hidden part would have the value that the other part does not show."""
    feature: Any = SimpleNamespace(disclosure=SENSITIVE)
    classes = np.repeat([0, 1, 2, 3], 4)
    is_new = np.tile([False, False, True, True], 4)
    bands = np.array([0, 0, 1, 1] + [0, 1, 1, 1] + [0, 0, 0, 1] + [0, 1, 0, 1])
    expected = [True] * 12 + [False] * 4
    assert find_hidden(feature, bands, classes, [is_new]).tolist() == expected
    everybody = np.ones(16, np.bool_)
    assert find_hidden(feature, bands, classes, [everybody]).tolist() == [False] * 16


@pytest.mark.parametrize("people", [0, 1, 2, 10, 21, 22, 54, 55, 300])
def test_each_band_of_a_number_has_eleven_people(nhanes: Question, people: int) -> None:
    """Else the ends of the bands tell the values of the few who have one."""
    code = nhanes.features[-1].code
    question = replace(
        nhanes,
        features=tuple(
            replace(feature, disclosure=OTHER if feature.code == code else feature.disclosure)
            for feature in nhanes.features
        ),
    )
    position = question.columns()[code]
    values = np.full((300, len(question.features)), np.nan, np.float32)
    values[:people, position] = np.random.default_rng(1).normal(50, 20, people)
    matrix: Any = SimpleNamespace(values=values, labels=np.arange(300) % 3 == 0)
    edges = make_plan(question, matrix, [code]).edges[position]
    assert len(edges) == max(0, min(5, people // MIN_COUNT) - 1)
    counts = np.bincount(np.digitize(values[:people, position], edges), minlength=len(edges) + 1)
    assert people < MIN_COUNT or counts.min() >= MIN_COUNT
