"""Copies of patients are found by their values and by what they lack."""

from __future__ import annotations

import numpy as np
import pytest

from models.copies import find_complete_copies, find_copies
from models.features import Values

PEOPLE, COLUMNS = 600, 12
LEAST_SHARE = {0.0: 1.0, 0.1: 1.0, 0.5: 0.95, 0.8: 0.6}
"""By share of missing values; somebody who lacks nearly everything is like others who do."""


def draw_people(missing: float, seed: int, levels: int = 200) -> Values:
    """Return people with independent whole numbers, of which this share is missing."""
    chance = np.random.default_rng(seed)
    values = chance.integers(0, levels, (PEOPLE, COLUMNS)).astype(np.float32)
    values[chance.random(values.shape) < missing] = np.nan
    return values


def copies_in(values: Values) -> list[int]:
    return np.flatnonzero(find_copies(values) != np.arange(len(values))).tolist()


@pytest.mark.parametrize("missing", LEAST_SHARE)
@pytest.mark.parametrize("seed", range(5))
def test_copies_are_found_however_much_is_missing(missing: float, seed: int) -> None:
    values = draw_people(missing, seed)
    assert copies_in(values) == []
    values[500:] = values[:100]
    firsts = find_copies(values)
    assert set(copies_in(values)) <= set(range(500, 600))
    assert (firsts[500:] == np.arange(100)).mean() >= LEAST_SHARE[missing]


@pytest.mark.parametrize("seed", range(5))
def test_people_who_lack_nearly_everything_are_no_copies_of_each_other(seed: int) -> None:
    values, chance = draw_people(0.0, seed), np.random.default_rng(seed)
    values[:300] = np.nan
    values[:300, :2] = chance.integers(0, [60, 2], (300, 2))  # age and sex alone
    assert len(np.unique(values[:300, :2], axis=0)) <= 120
    assert copies_in(values) == []
    values[500:] = values[300:400]
    assert copies_in(values) == list(range(500, 600))


@pytest.mark.parametrize("decimals", [0, 1])
@pytest.mark.parametrize("seed", range(5))
def test_people_who_share_a_number_and_a_yes_by_chance_are_no_copies(
    decimals: int, seed: int
) -> None:
    chance = np.random.default_rng(seed)
    numbers, answers = chance.normal(80, 15, PEOPLE).round(decimals), chance.integers(0, 2, PEOPLE)
    values = np.column_stack([numbers, answers]).astype(np.float32)
    assert len(np.unique(values, axis=0)) < PEOPLE
    assert copies_in(values) == []


def test_equal_rows_of_few_values_are_no_copies() -> None:
    assert len(copies_in(draw_people(0.3, 1, levels=2))) <= 0.01 * PEOPLE
    assert copies_in(np.zeros((PEOPLE, 3), np.float32)) == []


def test_what_is_equal_does_not_depend_on_signs_of_zero_and_bits_of_missing_values() -> None:
    values = draw_people(0.2, 2)
    values[:, 0] = 0
    values[500:] = values[:100]
    values[500:, 0] = -0.0
    strange = np.array([0x7FC00001], np.int32).view(np.float32)[0]
    values[500:][np.isnan(values[500:])] = strange
    assert copies_in(values) == list(range(500, 600))


def test_no_row_at_all_has_no_copies() -> None:
    assert copies_in(np.zeros((1, 3), np.float32)) == []


def test_models_of_earlier_releases_are_repeated_with_complete_copies_alone() -> None:
    values = draw_people(0.0, 3)
    values[500:] = values[:100]
    values[550:, 4] = values[50:100, 4] = np.nan
    firsts = find_complete_copies(values)
    assert np.flatnonzero(firsts != np.arange(PEOPLE)).tolist() == list(range(500, 550))
    assert copies_in(values) == list(range(500, 600))
