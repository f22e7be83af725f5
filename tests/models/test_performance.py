"""Decisions at thresholds: shares that tell of no single patient."""

from __future__ import annotations

from dataclasses import asdict

import numpy as np
import pytest

from models.card_text import describe_thresholds
from models.evaluation import evaluate
from models.performance import make_threshold_table
from models.telling import VisibleCuts


def test_shares_at_thresholds_are_in_hundredths() -> None:
    random = np.random.default_rng(1)
    probabilities = random.random(487)
    labels = random.random(487) < probabilities
    for row in make_threshold_table(labels, probabilities, (0.2, 0.6), VisibleCuts(probabilities)):
        shares = [row.sensitivity, row.specificity, row.ppv, row.npv]
        visible = [share.value for share in shares if share is not None]
        assert visible and all(value == round(value, 2) for value in visible)
        assert isinstance(row.flagged_per_100.value, int)


def test_a_share_of_one_to_ten_patients_is_hidden() -> None:
    labels = np.arange(200) < 100
    probabilities = np.where(np.arange(200) < 95, 0.9, 0.1)
    (row, *_) = make_threshold_table(labels, probabilities, (0.5, 0.6), VisibleCuts(probabilities))
    assert row.sensitivity is None  # five patients with the outcome are not flagged
    assert row.specificity is not None and row.specificity.value == 1


@pytest.mark.parametrize("people", [1, 10])
def test_how_few_patients_a_threshold_flags_is_not_stated(people: int) -> None:
    probabilities = np.where(np.arange(60) < people, 0.9, 0.2 + np.arange(60) / 1000)
    labels = np.random.default_rng(2).random(60) < 0.5
    cuts = VisibleCuts(probabilities)
    *_, last = make_threshold_table(labels, probabilities, (0.1, 0.5), cuts)
    assert last.flagged_per_100 is None
    assert describe_thresholds({"thresholds": [asdict(last)]})[0].count("hidden") == 5


@pytest.mark.parametrize("patients", [400, 1_000, 3_410])
@pytest.mark.parametrize("shift", [-7, -1, 0, 3, 9])
def test_the_declared_thresholds_are_shown_also_where_a_bin_would_end_beside_them(
    patients: int, shift: int
) -> None:
    probabilities = (np.arange(patients) + 0.5) / patients
    labels = np.random.default_rng(5).random(patients) < probabilities
    bounds = (0.3 + shift / patients, 0.6 + shift / patients)
    cuts = VisibleCuts(probabilities)
    evaluation = evaluate(labels, probabilities, {}, bounds, cuts)
    assert len(evaluation.bins) >= 6
    for row in make_threshold_table(labels, probabilities, bounds, cuts):
        assert None not in (row.sensitivity, row.specificity, row.ppv, row.npv)
