"""Lay out the chart of a value over time: points, line, axes and the reference range."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from services.dates import iso_day
from services.words import Words

WIDTH: Final = 640
HEIGHT: Final = 280
_LEFT, _RIGHT, _TOP, _BOTTOM = 72, 16, 16, 40
_STEPS: Final = (1, 2, 2.5, 5, 10)
_MAX_TICKS: Final = 5
_MIN_POINTS: Final = 2


@dataclass(frozen=True, slots=True)
class Point:
    """A value at a moment (seconds UTC), with the bounds of its reference range if they are known.

    `name` is its label, such as value and day.
    """

    at_s: float
    value: float
    name: str
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Tick:
    """A line of an axis: its place in units of the drawing, and its text."""

    place: float
    text: str


@dataclass(frozen=True, slots=True)
class Mark:
    """A point in units of the drawing, and its label."""

    x: float
    y: float
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """A chart in units of the drawing, from the upper left corner; oldest point first.

    Attributes:
        left, right, top, bottom: the edges of the area of the points.
        line: the points as the attribute of an SVG polyline.
        band_top, band_height: the reference range of the newest value; a height of 0: none.
        days, values: the lines of the axes.
    """

    width: int
    height: int
    left: int
    right: int
    top: int
    bottom: int
    marks: Sequence[Mark]
    line: str
    band_top: float
    band_height: float
    days: Sequence[Tick]
    values: Sequence[Tick]


def make_chart(words: Words, points: Sequence[Point]) -> Chart | None:
    """Return the chart of points in any order; None if there are fewer than two."""
    if len(points) < _MIN_POINTS:
        return None
    ordered = sorted(points, key=lambda point: point.at_s)
    newest = ordered[-1]
    bounds = [bound for bound in (newest.low, newest.high) if bound is not None]
    values = _ticks([*(point.value for point in ordered), *bounds])
    first_s, last_s = ordered[0].at_s, ordered[-1].at_s
    right, bottom = WIDTH - _RIGHT, HEIGHT - _BOTTOM

    def x_of(at_s: float) -> float:
        share = (at_s - first_s) / (last_s - first_s) if last_s > first_s else 0.5
        return round(_LEFT + share * (right - _LEFT), 1)

    def y_of(value: float) -> float:
        share = (value - values[0]) / (values[-1] - values[0])
        return round(bottom - share * (bottom - _TOP), 1)

    marks = [Mark(x_of(point.at_s), y_of(point.value), point.name) for point in ordered]
    band_top = _TOP if newest.high is None else y_of(newest.high)
    band_bottom = bottom if newest.low is None else y_of(newest.low)
    return Chart(
        width=WIDTH,
        height=HEIGHT,
        left=_LEFT,
        right=right,
        top=_TOP,
        bottom=bottom,
        marks=marks,
        line=" ".join(f"{mark.x},{mark.y}" for mark in marks),
        band_top=band_top,
        band_height=max(0.0, round(band_bottom - band_top, 1)) if bounds else 0.0,
        days=[Tick(x_of(at_s), _day(words, at_s)) for at_s in dict.fromkeys((first_s, last_s))],
        values=[Tick(y_of(value), _number(words, value, values)) for value in values],
    )


def _ticks(numbers: Sequence[float]) -> list[float]:
    """Return about five round numbers that enclose all of these."""
    low, high = min(numbers), max(numbers)
    span = (high - low) or abs(high) or 1.0
    rough = span / (_MAX_TICKS - 1)
    power = 10.0 ** math.floor(math.log10(rough))
    step = next((power * each for each in _STEPS if power * each >= rough), power * 10)
    first = math.floor(low / step)
    last = math.ceil(high / step)
    if first == last:
        first, last = first - 1, last + 1
    return [number * step for number in range(first, last + 1)]


def _number(words: Words, value: float, ticks: Sequence[float]) -> str:
    step = abs(ticks[1] - ticks[0])
    digits = max(0, -math.floor(math.log10(step)) + (0 if _is_round(step) else 1))
    if digits > 6 or abs(value) >= 1e9:
        return f"{value:.3g}"
    return words.number(value, digits)


def _is_round(step: float) -> bool:
    """Return whether a step has one digit only, unlike 2.5."""
    scaled = step / 10.0 ** math.floor(math.log10(step))
    return math.isclose(scaled, round(scaled))


def _day(words: Words, at_s: float) -> str:
    return words.iso_day(iso_day(at_s))
