"""A chart encloses its points and the reference range, and its axes have round numbers."""

from __future__ import annotations

import math

import pytest

from services.charts import HEIGHT, WIDTH, Point, make_chart
from services.words import Words

WORDS = Words("en")
DAY_S = 86_400


def test_one_point_is_no_chart() -> None:
    assert make_chart(WORDS, [Point(0, 1, "one")]) is None


@pytest.mark.parametrize(
    "values", [(5.1, 6.1, 4.9), (3, 3), (0, 0), (-1e-22, 1e-22), (1e245, -1e245), (7, 7.0001)]
)
def test_every_mark_is_inside_the_drawing(values) -> None:
    points = [Point(place * DAY_S, value, "v") for place, value in enumerate(values)]
    chart = make_chart(WORDS, points)
    assert chart is not None
    for mark in chart.marks:
        assert chart.left <= mark.x <= chart.right
        assert chart.top <= mark.y <= chart.bottom
    assert all(math.isfinite(tick.place) for tick in chart.values)
    assert chart.right < WIDTH
    assert chart.bottom < HEIGHT


def test_points_are_drawn_from_the_oldest_to_the_newest_and_higher_is_up() -> None:
    chart = make_chart(WORDS, [Point(2 * DAY_S, 9, "new"), Point(0, 1, "old")])
    assert chart is not None
    assert [mark.name for mark in chart.marks] == ["old", "new"]
    assert chart.marks[0].y > chart.marks[1].y
    assert [tick.text for tick in chart.days] == ["1 January 1970", "3 January 1970"]
    assert [tick.text for tick in chart.values] == ["0", "2", "4", "6", "8", "10"]


def test_the_range_of_the_newest_value_is_a_band() -> None:
    points = [Point(0, 4, "a", 1, 2), Point(DAY_S, 5, "b", 3.5, 5.1)]
    chart = make_chart(WORDS, points)
    assert chart is not None
    assert chart.band_height > 0
    assert chart.top <= chart.band_top < chart.band_top + chart.band_height <= chart.bottom
    open_above = make_chart(WORDS, [points[0], Point(DAY_S, 5, "b", 3.5, None)])
    assert open_above is not None
    assert open_above.band_top == open_above.top


def test_points_of_one_moment_are_in_the_middle() -> None:
    chart = make_chart(WORDS, [Point(0, 1, "a"), Point(0, 2, "b")])
    assert chart is not None
    assert len(chart.days) == 1
    assert chart.marks[0].x == chart.marks[1].x
