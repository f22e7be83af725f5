"""Folds depend on persons and the draw's name alone."""

from __future__ import annotations

import numpy as np

from models.folds import draw_folds

LABELS = np.arange(500) % 5 == 0
PATIENTS = [f"{row:064x}" for row in range(500)]


def test_each_fold_has_the_same_share_of_each_outcome() -> None:
    folds = draw_folds(LABELS, PATIENTS, folds=5, draw=("study", "label", "0"))
    assert [int((folds == fold).sum()) for fold in range(5)] == [100] * 5
    assert [int(LABELS[folds == fold].sum()) for fold in range(5)] == [20] * 5


def test_the_order_of_the_patients_does_not_matter() -> None:
    order = np.random.default_rng(1).permutation(500)
    folds = draw_folds(LABELS, PATIENTS, folds=5, draw=("study", "label", "0"))
    shuffled = draw_folds(
        LABELS[order], [PATIENTS[row] for row in order], folds=5, draw=("study", "label", "0")
    )
    np.testing.assert_array_equal(shuffled, folds[order])


def test_another_study_label_or_repeat_is_another_draw() -> None:
    draws = [("a", "l", "0"), ("b", "l", "0"), ("a", "m", "0"), ("a", "l", "1")]
    folds = [tuple(draw_folds(LABELS, PATIENTS, folds=5, draw=draw)) for draw in draws]
    assert len(set(folds)) == 4


def test_a_withdrawal_moves_only_patients_next_to_a_cut() -> None:
    before = draw_folds(LABELS, PATIENTS, folds=5, draw=("s",))
    after = draw_folds(LABELS[1:], PATIENTS[1:], folds=5, draw=("s",))
    assert int((before[1:] != after).sum()) <= 4


def test_rows_of_one_person_are_in_one_fold() -> None:
    persons = [f"{row // 2:064x}" for row in range(500)]
    folds = draw_folds(LABELS, persons, folds=5, draw=("s",))
    np.testing.assert_array_equal(folds[::2], folds[1::2])
