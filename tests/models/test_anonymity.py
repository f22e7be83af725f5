"""Every class of a copy has eleven rows, both labels, and about the share of labels of all rows."""

from __future__ import annotations

import json

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from models.anonymity import (
    MAX_DISTANCE,
    MIN_DIVERSITY,
    Recoding,
    find_recoding,
    find_releasable,
    find_releasable_after,
    measure,
)
from models.suppression import MIN_COUNT

COLUMNS = (0, 1, 2, 3)
draws = st.tuples(st.integers(0, 10_000), st.integers(1, 400), st.floats(0.02, 0.9))


def draw_rows(seed: int, count: int, share: float) -> tuple[np.ndarray, np.ndarray]:
    """Return rows of two numbers, a category and a mostly missing number, with labels."""
    random = np.random.default_rng(seed)
    values = np.column_stack(
        [
            random.normal(50, 20, count).round(1),
            random.gamma(2.0, 30.0, count).round(2),
            random.integers(0, 5, count),
            random.normal(0, 1, count).round(3),
        ]
    ).astype(np.float64)
    values[random.random(count) < 0.6, 3] = np.nan
    return values, random.random(count) < share


@settings(max_examples=80, deadline=None)
@given(draws)
def test_every_class_that_is_kept_is_within_the_limits(draw: tuple[int, int, float]) -> None:
    values, labels = draw_rows(*draw)
    classes = find_recoding(values, labels, COLUMNS).classes(values)
    is_kept = find_releasable(classes, labels)
    if is_kept.any():
        measured = measure(classes[is_kept], labels[is_kept])
        assert measured.k >= MIN_COUNT
        assert measured.diversity >= MIN_DIVERSITY
        assert measured.distance <= MAX_DISTANCE
        assert measured.max_risk <= 1 / MIN_COUNT


@settings(max_examples=40, deadline=None)
@given(draws, st.integers(0, 10_000))
def test_rows_that_came_later_are_released_only_within_the_limits_of_the_first_recoding(
    draw: tuple[int, int, float], later: int
) -> None:
    recoding = find_recoding(*draw_rows(*draw), COLUMNS)
    values, labels = draw_rows(later, *draw[1:])
    classes = recoding.classes(values)
    is_kept = find_releasable(classes, labels)
    if is_kept.any():
        measured = measure(classes[is_kept], labels[is_kept])
        assert (measured.k, measured.diversity) >= (MIN_COUNT, MIN_DIVERSITY)
        assert measured.distance <= MAX_DISTANCE


@settings(max_examples=40, deadline=None)
@given(draws, st.integers(0, 10_000), st.floats(0.01, 0.9))
def test_what_is_new_after_each_earlier_copy_is_within_the_limits_by_itself(
    draw: tuple[int, int, float], seed: int, share: float
) -> None:
    values, labels = draw_rows(*draw)
    classes = find_recoding(values, labels, COLUMNS).classes(values)
    random = np.random.default_rng(seed)
    batches = [random.random(len(labels)) < each for each in (share, share / 2)]
    is_kept = find_releasable_after(classes, labels, batches)
    for is_new in (np.ones(len(labels), np.bool_), *batches):
        rows = is_kept & is_new
        if rows.any():
            measured = measure(classes[rows], labels[rows])
            assert (measured.k, measured.diversity) >= (MIN_COUNT, MIN_DIVERSITY)
            share = labels[is_kept].mean()
            for node in np.unique(classes[rows]):
                assert abs(labels[rows & (classes == node)].mean() - share) <= MAX_DISTANCE + 1e-9


@settings(max_examples=40, deadline=None)
@given(draws)
def test_every_value_lies_in_the_band_of_its_class(draw: tuple[int, int, float]) -> None:
    values, labels = draw_rows(*draw)
    recoding = find_recoding(values, labels, COLUMNS)
    bands = recoding.bands()
    for row, node in zip(values, recoding.classes(values), strict=True):
        for column in COLUMNS:
            band = bands[node][column]
            if np.isnan(row[column]):
                assert band.may_be_missing
            else:
                assert band.low <= row[column] < band.high


def test_the_order_of_the_rows_does_not_change_the_classes() -> None:
    values, labels = draw_rows(7, 300, 0.3)
    order = np.random.default_rng(1).permutation(300)
    assert (
        find_recoding(values, labels, COLUMNS).to_json()
        == find_recoding(values[order], labels[order], COLUMNS).to_json()
    )


def test_a_recoding_reads_back_from_json() -> None:
    values, labels = draw_rows(3, 400, 0.3)
    recoding = find_recoding(values, labels, COLUMNS)
    stored = Recoding.of_json(json.loads(json.dumps(recoding.to_json())))
    assert stored.to_json() == recoding.to_json()
    assert (stored.classes(values) == recoding.classes(values)).all()


def test_a_mean_of_fewer_than_eleven_values_is_hidden() -> None:
    values = np.full((MIN_COUNT, 1), np.nan)
    values[: MIN_COUNT - 1, 0] = 5.0
    labels = np.arange(MIN_COUNT) < 3
    assert np.isnan(find_recoding(values, labels, (0,)).centres[0][0])
    values[:, 0] = 5.0
    assert find_recoding(values, labels, (0,)).centres[0][0] == 5.0


def test_the_measures_agree_with_pycanon() -> None:
    # classes of 4, 3 and 5 rows; the figures are those of pycanon 1.3.6 for the same table
    classes = np.repeat([0, 1, 2], [4, 3, 5])
    labels = np.array([1, 0, 0, 0, 1, 1, 0, 0, 0, 1, 0, 1], np.bool_)
    measured = measure(classes, labels)
    assert measured.k == 3
    assert measured.diversity == 2
    assert round(measured.distance, 6) == 0.25
    assert (measured.classes, measured.rows) == (3, 12)
    assert measured.mean_risk == 0.25
