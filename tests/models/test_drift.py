from __future__ import annotations

import numpy as np
import pytest

from models.drift import describe_bins, find_place, find_places, measure_psi
from models.suppression import MIN_COUNT


def test_the_training_patients_are_shared_out_over_ten_bins() -> None:
    bins = describe_bins(np.append(np.random.default_rng(1).normal(50, 10, 950), [np.nan] * 50))
    assert len(bins["edges"]) == 9
    assert bins["shares"] == pytest.approx([0.095] * 10 + [0.05], abs=0.012)


def test_a_bin_of_few_people_has_no_share() -> None:
    bins = describe_bins(np.array([0.0] * 90 + [1.0] * 5), codes=2)
    assert (bins["edges"], bins["shares"]) == ([0.5], [1.0, 0.0, 0.0])


def test_a_missing_value_has_a_bin_of_its_own() -> None:
    places = [find_place(cell, [1.0, 2.0]) for cell in (0.5, 1.0, 5.0, float("nan"))]
    assert places == [0, 1, 2, 3]


def test_equal_distributions_have_no_shift_and_moved_ones_have() -> None:
    shares = [0.25, 0.25, 0.25, 0.25]
    assert measure_psi(shares, [0, 1, 2, 3] * 50) == 0.0
    # By hand: (0.7 - 0.25) * ln(2.8) + 3 * (0.1 - 0.25) * ln(0.4) = 0.875…
    assert measure_psi(shares, [0] * 70 + [1] * 10 + [2] * 10 + [3] * 10) == 0.88


def test_fewer_than_a_hundred_answers_give_no_index() -> None:
    assert measure_psi([0.5, 0.5], [0, 1] * 49) is None


def test_a_card_of_an_earlier_release_gives_no_bins() -> None:
    assert find_places({"predictors": [{}]}, np.zeros(1, np.float32), 0.2) == ()


def test_no_edge_of_the_bins_is_the_value_of_few_patients() -> None:
    heavy = np.array([60.0] * 60 + [70.0] * 60 + [173.0])
    assert describe_bins(heavy)["edges"] == [65.0]
    few = np.random.default_rng(1).normal(50, 10, 40)
    edges = describe_bins(few)["edges"]
    assert edges
    assert all(min((few < edge).sum(), (few >= edge).sum()) >= MIN_COUNT for edge in edges)


def test_the_edges_of_codes_do_not_depend_on_who_has_them() -> None:
    assert describe_bins(np.zeros(60), codes=3)["edges"] == [0.5, 1.5]
