from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from models.features import Matrix
from models.gate import GateCode
from models.leakage import find_leaking_features, find_unreviewed_features
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
