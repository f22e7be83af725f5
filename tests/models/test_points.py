"""An estimate divided into whole points of 100."""

from __future__ import annotations

import math
import random

from models.points import to_points


def sigmoid(value: float) -> float:
    return 1 / (1 + math.exp(-value))


def test_start_and_bars_sum_to_the_rounded_estimate_for_any_effects() -> None:
    drawn = random.Random(3)
    for _ in range(2_000):
        effects = [drawn.gauss(0, drawn.choice((0.01, 0.5, 2))) for _ in range(drawn.randint(1, 8))]
        start = drawn.random()
        estimate = sigmoid(math.log(start / (1 - start)) + sum(effects))
        points = to_points(estimate, start, effects)
        assert points.start + sum(points.added) == round(100 * estimate)


def test_a_bar_points_where_its_effect_does() -> None:
    points = to_points(0.62, 0.2, [1.5, 0.6, -0.2])
    assert points.added[0] > points.added[1] > 0 > points.added[2]


def test_estimates_that_round_alike_have_the_same_bars() -> None:
    effects = [1.5, 0.6, -0.2]
    assert to_points(0.6161, 0.2, effects) == to_points(0.6239, 0.2, effects)


def test_effects_that_cancel_give_bars_that_cancel() -> None:
    points = to_points(0.2, 0.2, [1.0, -1.0])
    assert points.start == 20
    assert points.added == (16, -16)
