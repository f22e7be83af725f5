"""No figure of a feature or a subgroup tells of one to ten patients."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from models.description import describe_patients
from models.evaluation import evaluate
from models.features import Matrix
from models.question import Question
from models.suppression import MIN_COUNT
from models.telling import find_telling_columns, find_telling_groups

DRAW = np.random.default_rng(7)
SIZE = DRAW.integers(2, 9, 300).astype(np.float64)
LABELS, ESTIMATES = DRAW.random(300) < 0.3, np.clip(DRAW.normal(0.3, 0.1, 300), 0.05, 0.9)


@pytest.mark.parametrize(
    ("people", "is_telling"), [(1, True), (MIN_COUNT - 1, True), (MIN_COUNT, False)]
)
def test_a_feature_that_few_patients_have_is_not_measured_alone(
    people: int, is_telling: bool
) -> None:
    rare, absent = np.zeros(300, np.float32), SIZE.astype(np.float32)
    rare[:people] = 1
    assert find_telling_columns(np.stack([rare, absent], axis=1)) == [is_telling, False]


@pytest.mark.parametrize(
    ("people", "is_telling"), [(0, False), (1, True), (MIN_COUNT - 1, True), (MIN_COUNT, False)]
)
def test_of_two_features_that_differ_in_few_patients_one_is_measured_alone(
    people: int, is_telling: bool
) -> None:
    first = SIZE.astype(np.float32)
    first[:40] = np.nan
    second = first.copy()
    second[:people] = 5
    assert find_telling_columns(np.stack([first, second], axis=1)) == [False, is_telling]


def parts_at(sizes: np.ndarray, *edges: float) -> dict[str, np.ndarray]:
    places = np.digitize(sizes, edges)
    return {f"part {place}": places == place for place in range(len(edges) + 1)}


def figures_of(groups, labels: np.ndarray) -> dict[str, list[float | None]]:
    result = evaluate(labels, ESTIMATES, groups, (0.05, 0.5))
    visible: dict[str, list[float | None]] = {}
    for group in map(dataclasses.asdict, result.groups):
        visible.setdefault(group["words"].split(":")[0], []).append(group["observed_to_expected"])
    return visible


@pytest.mark.parametrize("second", [(5.6,), (3.5, 5.6), (5.6, 7.5)])
def test_two_subgroups_that_one_patient_tells_apart_do_not_show_the_outcome(
    second: tuple[float, ...],
) -> None:
    sizes = np.where(np.arange(300) == 7, 5.5, SIZE)
    groups = {"size": parts_at(sizes, 5.4), "size again": parts_at(sizes, *second)}
    for is_ill in (False, True):
        labels = np.where(np.arange(300) == 7, is_ill, LABELS)
        visible = figures_of(groups, labels)
        assert None not in visible["size"]
        assert set(visible["size again"]) == {None}


def test_subgroups_that_many_patients_tell_apart_are_all_shown() -> None:
    groups = {
        "size": parts_at(SIZE, 5),
        "size again": parts_at(SIZE, 4, 7),
        "sex": {"m": LABELS, "f": ~LABELS},
    }
    assert find_telling_groups(groups) == set()
    visible = figures_of({name: groups[name] for name in ("size", "size again")}, LABELS)
    assert None not in [*visible["size"], *visible["size again"]]


def test_hidden_parts_of_few_patients_together_cannot_be_computed_from_the_others() -> None:
    few, more = np.arange(300) < 3, np.arange(300) < 7
    rest = (np.arange(300) >= 7) & (np.arange(300) < 150)
    parts = {"a": few, "b": more & ~few, "c": rest, "d": np.arange(300) >= 150}
    visible = figures_of({"group": parts}, LABELS)["group"]
    assert visible.count(None) == 3


def test_two_categories_that_one_patient_tells_apart_are_not_both_measured() -> None:
    first = np.where(SIZE < 4, 0, 1).astype(np.float32)
    second = np.where(SIZE < 4, 0, 2).astype(np.float32)
    second[SIZE > 6] = np.nan
    assert find_telling_columns(np.stack([first, second], axis=1)) == [False, False]
    second[int(np.flatnonzero(SIZE >= 4)[0])] = 0
    assert find_telling_columns(np.stack([first, second], axis=1)) == [False, True]


def test_table_1_does_not_show_the_outcome_of_the_patient_who_tells_two_features_apart() -> None:
    text = (Path(__file__).parent / "small-question.toml").read_text()
    question = Question.parse(text, "q.toml")
    values = np.zeros((300, 3), np.float32)
    values[:, 1] = SIZE > 4
    values[:, 2] = values[:, 1]
    values[7, 2] = 1 - values[7, 1]
    rows = describe_patients(Matrix(values, LABELS), question)
    visible = {row.words: row.having is not None for row in rows}
    assert visible["category: a"]
    assert not visible["boolean: yes"]
