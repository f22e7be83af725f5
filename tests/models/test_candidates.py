"""The settings of a search: at most twelve, and the same as ever for models of earlier releases."""

from __future__ import annotations

from dataclasses import asdict

import numpy as np
import pytest

from models.budget import DEFAULT_BUDGET, Budget
from models.candidates import list_settings
from models.question import Question


def outcomes(events: int) -> np.ndarray:
    return np.arange(10_000) < events


def count_choices(question: Question, events: int, *, is_fine: bool) -> int:
    settings = list_settings(question, outcomes(events), Budget(tries_fine_trees=is_fine))
    return sum(len(setting.rounds) for setting in settings)


@pytest.mark.parametrize("events", [30, 999, 1_000, 5_000, 9_500])
@pytest.mark.parametrize("is_fine", [False, True])
def test_a_search_tries_at_most_twelve_settings(heart: Question, events: int, is_fine) -> None:
    assert count_choices(heart, events, is_fine=is_fine) <= 12


@pytest.mark.parametrize("events", [999, 9_001])
def test_fine_trees_are_tried_only_with_a_thousand_of_the_rarer_outcome(
    heart: Question, events: int
) -> None:
    few, many = (list_settings(heart, outcomes(number)) for number in (events, 1_000))
    assert few == list_settings(heart, outcomes(events), Budget(tries_fine_trees=False))
    assert many[4].parameters["max_bin"] == 256
    assert many[4].parameters["min_child_weight"] == 10


def test_a_model_of_an_earlier_release_is_recomputed_by_its_rules(heart: Question) -> None:
    stated = {"repeats": 5, "folds": 5, "inner_folds": 3, "shadows": 32}
    earlier = Budget.of_card({**stated, "max_repeated_cells": 60_000})
    assert (earlier.tries_fine_trees, earlier.learns_rare_values) == (False, True)
    assert not earlier.draws_weights
    assert not earlier.compares_gaps
    assert not earlier.answers_out_of_fold
    assert Budget.of_card(asdict(DEFAULT_BUDGET)) == DEFAULT_BUDGET
    settings = list_settings(heart, outcomes(2_000), earlier)
    assert [setting.rounds for setting in settings[:4]] == [
        (60, 90, 120),
        (30, 100),
        (75, 150),
        (40, 120),
    ]
    assert all(setting.parameters.get("max_bin", 64) == 64 for setting in settings)
