"""The attack finds models that remember patients, and nothing in models that do not."""

from __future__ import annotations

import numpy as np
import pytest

from models.candidates import Fitter, Setting
from models.lira import attack_settings, measure_attack
from models.served_model import XGBOOST

RANDOM = np.random.default_rng(3)
LABELS = RANDOM.random(400) < 0.3
QUARTERS = [RANDOM.permutation(np.arange(400) % 4) for _ in range(4)]
MEMBERS = np.array([quarters != part for quarters in QUARTERS for part in range(4)])


def test_a_model_that_remembers_its_patients_is_found() -> None:
    confidences = RANDOM.normal(0, 1, MEMBERS.shape) + 4 * MEMBERS
    attack = measure_attack(MEMBERS, confidences, LABELS)
    assert attack.auroc > 0.95
    assert attack.tpr_at_1_percent_fpr > 0.5
    assert attack.auroc_high >= attack.auroc


def test_confidence_without_regard_to_membership_is_pure_chance() -> None:
    attack = measure_attack(MEMBERS, RANDOM.normal(0, 1, MEMBERS.shape), LABELS)
    assert attack.auroc == pytest.approx(0.5, abs=0.03)
    assert attack.tpr_at_1_percent_fpr < 0.03


def test_a_constant_model_is_exactly_pure_chance() -> None:
    attack = measure_attack(MEMBERS, np.full(MEMBERS.shape, 0.7), LABELS)
    assert (attack.auroc, attack.auroc_high) == (0.5, 0.5)
    assert attack.tpr_at_1_percent_fpr == pytest.approx(0.01)
    assert attack.tpr_high == pytest.approx(0.01)


def test_an_attack_on_one_patient_more_exposed_than_others_is_found() -> None:
    confidences = RANDOM.normal(0, 1, MEMBERS.shape)
    confidences[:, :40] += 6 * MEMBERS[:, :40]
    attack = measure_attack(MEMBERS, confidences, LABELS)
    assert attack.tpr_at_1_percent_fpr > 0.05


def test_deep_trees_are_more_exposed_than_shallow_ones_and_the_same_rows_give_the_same() -> None:
    values = RANDOM.normal(0, 1, (300, 6)).astype(np.float32)
    labels = values[:, 0] + RANDOM.normal(0, 1, 300) > 0.5
    patients = [f"{row:064x}" for row in range(300)]
    fitter = Fitter(("q",) * 6, 1)
    shape = {"min_child_weight": 1, "lambda": 1, "eta": 0.3}
    rows = (values, labels, patients)
    deep, shallow = (
        Setting(XGBOOST, {**shape, "max_depth": depth}, rounds)
        for depth, rounds in ((5, (5, 40)), (1, (5,)))
    )
    attacks, again = (
        attack_settings(fitter, settings, rows, shadows=8, limit=0.6)
        for settings in ((deep, shallow), (shallow, deep))
    )
    assert attacks[0, 5] == again[1, 5]
    assert attacks[0, 40] == again[1, 40]
    assert attacks[1, 5] == again[0, 5]
    assert attacks[0, 40].auroc > 0.65 > attacks[1, 5].auroc
    assert attacks[0, 40].auroc > attacks[0, 5].auroc
