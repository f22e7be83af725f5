from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from models.features import Matrix
from models.gate import GateCode
from models.leakage import (
    REVIEWED_LIMIT,
    find_leaking_features,
    find_leaks_in_parts,
    find_unreviewed_features,
)
from models.question import Question

QUESTION = Question.parse((Path(__file__).parent / "small-question.toml").read_text(), "q.toml")
LABELS = np.arange(200) % 3 == 0
NOISE = np.random.default_rng(0).random((200, 3)).astype(np.float32).round()


def matrix(index: int, column: np.ndarray) -> Matrix:
    values = NOISE.copy()
    values[:, index] = column
    return Matrix(values, LABELS)


@pytest.mark.parametrize(
    ("index", "column"),
    [
        (0, np.where(LABELS, 9, 2)),
        (0, np.where(LABELS, 2, 9)),
        (0, np.where(LABELS, 5, np.nan)),
        (1, np.where(LABELS, 0, 1)),
        (1, np.where(LABELS, np.nan, 1)),
    ],
)
def test_a_column_that_reveals_the_label_is_reported(index: int, column: np.ndarray) -> None:
    (failure,) = find_leaking_features(matrix(index, column), QUESTION)
    assert failure.code == GateCode.LEAKING_FEATURE
    assert QUESTION.features[index].code in failure.feature
    assert failure.measured >= failure.maximum == QUESTION.gate.max_feature_auroc


def test_columns_that_reveal_little_are_not_reported() -> None:
    assert find_leaking_features(Matrix(NOISE, LABELS), QUESTION) == []


def test_a_column_that_the_model_never_sees_cannot_leak() -> None:
    assert find_leaking_features(matrix(2, LABELS.astype(np.float32)), QUESTION) == []


def test_real_columns_do_not_leak(nhanes, nhanes_people) -> None:
    from collections import Counter

    from models.cohort import exclusion_reasons
    from models.features import find_label, latest_observations, to_row

    people = nhanes_people[:800]
    reasons = exclusion_reasons(nhanes, people, Counter())
    usable = [person for person, reason in zip(people, reasons, strict=True) if not reason]
    values = np.array([to_row(nhanes, latest_observations(records)) for records in usable])
    labels = np.array([(find_label(nhanes, records) or (False, ""))[0] for records in usable])
    assert find_leaking_features(Matrix(values, labels), nhanes) == []


def test_a_label_that_is_spread_over_several_columns_must_be_explained() -> None:
    features = QUESTION.features[:2]
    strengths = [(features[0], 0.7), (features[1], 0.72)]
    failures = find_unreviewed_features(QUESTION, strengths, [1.0, 1.0], 0.97)
    assert [failure.code for failure in failures] == [GateCode.UNREVIEWED_MODEL] * 2
    # Nothing is asked of a model that is as strong as many are, or whose main feature is explained.
    assert find_unreviewed_features(QUESTION, strengths, [1.0, 1.0], 0.94) == []
    explained = replace(features[0], reviewed="It is measured at admission.")
    strengths[0] = (explained, 0.7)
    assert find_unreviewed_features(QUESTION, strengths, [2.0, 1.0], 0.97) == []


def reviewed(**gate: float) -> Question:
    """Return the question with a review of its first feature."""
    number, *others = QUESTION.features
    number = replace(number, reviewed="It is measured before the outcome.")
    own = replace(QUESTION.gate, **gate)
    return replace(QUESTION, features=(number, *others), gate=own)


def separating(share: float) -> np.ndarray:
    """Return a number that separates the outcomes but for this share of the patients."""
    swapped = np.arange(200) < share * 200
    return np.where(LABELS ^ swapped, 9, 2)


def test_no_review_helps_a_feature_that_alone_reveals_the_label() -> None:
    for share in (0.0, 0.03):
        for question in (QUESTION, reviewed()):
            (failure,) = find_leaking_features(matrix(0, separating(share)), question)
            assert failure.maximum == QUESTION.gate.max_feature_auroc == 0.95
            assert "`reviewed`" not in failure.remedy


def test_a_stricter_limit_of_the_question_applies_to_reviewed_features_too() -> None:
    (failure,) = find_leaking_features(matrix(0, separating(0.03)), reviewed(max_feature_auroc=0.9))
    assert failure.maximum == 0.9


def hidden_leak(people: int, where: str, noise: float = 0.02) -> tuple[Matrix, list[str]]:
    """Return patients of whom one part has a number that is written after the outcome."""
    chance = np.random.default_rng(5)
    values = chance.random((people, 3)).astype(np.float32).round()
    labels = chance.random(people) < 0.3
    values[:, 0] = chance.random(people)
    parts = np.where(chance.random(people) < 0.2, "north", "south")
    inside = {"category": values[:, 1] == 1, "boolean": values[:, 2] == 1}.get(
        where, parts == "north"
    )
    agrees = labels ^ (chance.random(people) < noise)
    values[inside, 0] = agrees[inside]
    return Matrix(values, labels), list(parts)


@pytest.mark.parametrize("where", ["category", "boolean", "site"])
def test_a_leak_among_some_of_the_patients_is_found_and_named(where: str) -> None:
    rows, parts = hidden_leak(600, where)
    question = replace(QUESTION, subgroups=(), plan=replace(QUESTION.plan, split_by="custodian"))
    assert find_leaking_features(rows, question) == []
    (failure,) = find_leaks_in_parts(rows, question, parts)
    part = {"category": "category: b", "boolean": "boolean: yes", "site": "custodian: north"}
    assert failure.feature == f"number (x|number) alone among patients with {part[where]}"
    assert failure.code == GateCode.LEAK_IN_PART
    assert failure.measured >= failure.maximum == QUESTION.gate.max_feature_auroc


def test_a_review_explains_a_strong_feature_of_a_part_but_never_the_label_itself() -> None:
    question = replace(reviewed(), subgroups=(), plan=replace(QUESTION.plan, split_by="custodian"))
    assert find_leaks_in_parts(*_swapped(question, 0.02)) == []
    (failure,) = find_leaks_in_parts(*_swapped(question, 0))
    assert failure.maximum == REVIEWED_LIMIT


def _swapped(question: Question, noise: float) -> tuple[Matrix, Question, list[str]]:
    rows, parts = hidden_leak(600, "site", noise)
    return rows, question, parts


def test_a_leak_in_a_declared_subgroup_is_found() -> None:
    chance = np.random.default_rng(5)
    values = chance.random((400, 3)).astype(np.float32).round()
    values[:, 0] = chance.integers(2, 10, 400)
    labels = chance.random(400) < 0.3
    values[:, 1] = np.where(values[:, 0] >= 5, labels, values[:, 1])
    question = replace(QUESTION, subgroups=QUESTION.subgroups[:1])
    (failure,) = find_leaks_in_parts(Matrix(values, labels), question)
    assert failure.feature == "category (x|category) alone among patients with size: 5 and more"


def test_chance_in_small_parts_is_no_leak() -> None:
    """Of honest features in many small parts, some separate a few patients well."""
    chance = np.random.default_rng(1)
    for _ in range(20):
        values = chance.random((300, 3)).astype(np.float32).round()
        values[:, 0] = chance.random(300)
        labels = chance.random(300) < 0.2 + 0.6 * (values[:, 0] > 0.6)
        parts = [f"site {n}" for n in chance.integers(0, 12, 300)]
        assert find_leaks_in_parts(Matrix(values, labels), QUESTION, parts) == []
