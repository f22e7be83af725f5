from __future__ import annotations

import datetime

import pytest

from records.event_times import PRECISIONS, read_moment


def seconds(*parts: int) -> int:
    return int(datetime.datetime(*parts, tzinfo=datetime.UTC).timestamp())


@pytest.mark.parametrize(
    ("text", "first", "last", "precision"),
    [
        ("2019", seconds(2019, 1, 1), seconds(2019, 12, 31, 23, 59, 59), "year"),
        ("2020-02", seconds(2020, 2, 1), seconds(2020, 2, 29, 23, 59, 59), "month"),
        ("2024-03-05", seconds(2024, 3, 5), seconds(2024, 3, 5, 23, 59, 59), "day"),
        ("2024-03-05T10:00:00Z", seconds(2024, 3, 5, 10), seconds(2024, 3, 5, 10), "time"),
        ("2024-03-05 10:00:00", seconds(2024, 3, 5, 10), seconds(2024, 3, 5, 10), "time"),
        (
            "2024-03-05T10:00:60Z",
            seconds(2024, 3, 5, 10, 0, 59),
            seconds(2024, 3, 5, 10, 0, 59),
            "time",
        ),
        ("2024-03-05T10:00:00.5+02:00", seconds(2024, 3, 5, 8), seconds(2024, 3, 5, 8), "time"),
    ],
)
def test_a_date_has_the_first_and_last_second_that_it_can_mean(
    text: str, first: int, last: int, precision: str
) -> None:
    moment = read_moment(text)
    assert moment is not None
    assert (moment.first, moment.last, PRECISIONS[moment.precision]) == (first, last, precision)


@pytest.mark.parametrize(
    "text",
    [
        "0001-01-01",
        "1899",
        "2024-13",
        "2024-02-30",
        "today",
        "",
        5,
        "20240305",
        "2024-W10-2",
        "2024-03-05x",
    ],
)
def test_what_is_not_a_date_since_1900_is_not_a_moment(text: object) -> None:
    assert read_moment(text) is None


def test_a_month_is_known_when_it_is_over_and_a_day_when_it_begins() -> None:
    month, day = read_moment("2020-02"), read_moment("2020-02-01")
    assert month is not None
    assert day is not None
    assert (month.known, day.known) == (month.last, day.first)
