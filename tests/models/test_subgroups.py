from __future__ import annotations

from pathlib import Path

import numpy as np

from models.features import Matrix
from models.question import Question
from models.subgroups import divide_into_subgroups

TEXT = (Path(__file__).parent / "small-question.toml").read_text()


def test_patients_are_divided_by_edges_by_values_and_by_booleans() -> None:
    text = TEXT + '\n[[subgroups]]\nwords = "truth"\ncode = "x|boolean"\n'
    values = np.array([[4, 0, 1], [5, 1, 0], [np.nan, np.nan, 1]], np.float32)
    subgroups = divide_into_subgroups(
        Question.parse(text, "q.toml"), Matrix(values, np.zeros(3, np.bool_))
    )
    members = {
        words: {part: np.flatnonzero(mask).tolist() for part, mask in parts.items()}
        for words, parts in subgroups.items()
    }
    assert members == {
        "size": {"below 5": [0], "5 and more": [1], "not recorded": [2]},
        "kind": {"a": [0], "b": [1], "not recorded": [2]},
        "truth": {"no": [1], "yes": [0, 2]},
    }


def test_three_parts_have_two_edges() -> None:
    text = TEXT.replace("edges = [5]", "edges = [3, 5]")
    values = np.array([[2, 0, 0], [3, 0, 0], [5, 0, 0]], np.float32)
    subgroups = divide_into_subgroups(
        Question.parse(text, "q.toml"), Matrix(values, np.zeros(3, np.bool_))
    )
    assert list(subgroups["size"]) == ["below 3", "3 to below 5", "5 and more"]
    assert subgroups["size"]["3 to below 5"].tolist() == [False, True, False]
