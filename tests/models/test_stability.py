from __future__ import annotations

import numpy as np
import pytest

from models.stability import measure_stability


@pytest.mark.parametrize("draws", [2, 3, 5])
def test_the_deviation_of_an_estimate_does_not_depend_on_the_number_of_draws(draws: int) -> None:
    chance = np.random.default_rng(draws)
    measured = measure_stability(0.5 + 0.03 * chance.normal(size=(draws, 20_000)))
    assert measured == pytest.approx(0.03, rel=0.02)


def test_the_same_estimates_in_each_draw_have_no_deviation() -> None:
    assert measure_stability(np.tile([0.2, 0.7], (5, 1))) == 0


def test_a_single_draw_tells_nothing_of_stability() -> None:
    assert measure_stability(np.array([[0.2, 0.7]])) is None
