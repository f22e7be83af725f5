"""Sensitive cells of a copy are hidden unless their class has two values."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np

from models.copy_plan import find_hidden
from models.question_parts import SENSITIVE


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
