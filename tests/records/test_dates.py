from __future__ import annotations

import contextlib
import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from records.dates import Moment, date_format_problem, read_date, read_time
from records.faults import CellInvalid


@pytest.mark.parametrize(
    ("text", "date_format", "moment"),
    [
        ("2020-02-29", "", Moment("2020-02-29")),
        ("2020-02-29 00:00:00", "", Moment("2020-02-29", "00:00:00")),
        ("2020-02-29T8:30:00.5Z", "", Moment("2020-02-29", "08:30:00", 0)),
        ("2020-02-29 08:30+0530", "", Moment("2020-02-29", "08:30:00", 19_800)),
        ("2020-02-29T08:30:00-03:30", "", Moment("2020-02-29", "08:30:00", -12_600)),
        ("31.05.2024", "%d.%m.%Y", Moment("2024-05-31")),
        ("05/31/2024", "%m/%d/%Y", Moment("2024-05-31")),
        ("2024/05/31", "%Y/%m/%d", Moment("2024-05-31")),
        ("31.05.2024 08:30", "%d.%m.%Y %H:%M", Moment("2024-05-31", "08:30:00")),
        ("2024-05-31", "%d.%m.%Y", Moment("2024-05-31")),
        ("45443", "excel", Moment("2024-05-31")),
        ("45443.25", "excel", Moment("2024-05-31", "06:00:00")),
        ("-459", "days since 2000-01-01", Moment("1998-09-29")),
    ],
)
def test_a_date_is_read_as_the_mapping_says(text, date_format, moment) -> None:
    assert date_format_problem(date_format) == ""
    assert read_date(text, date_format) == moment


@pytest.mark.parametrize(
    ("text", "date_format"),
    [
        *[
            (text, "")
            for text in ("31.05.2024", "2024-05-31garbage", "2024-05-31 25:00", "20240531")
        ],
        *[(text, "") for text in ("2024-W22-5", "2024-02-30", "45443", "", "\u0662024-05-31")],
        ("05/31/2024", "%d.%m.%Y"),
        ("forty", "excel"),
        ("9999999", "excel"),
        ("2024-05", "days since 2000-01-01"),
    ],
)
def test_what_is_not_a_date_in_this_form_is_refused(text: str, date_format: str) -> None:
    code = "not-in-date-format" if date_format else "not-a-date"
    with pytest.raises(CellInvalid, match=code) as caught:
        read_date(text, date_format)
    assert date_format in caught.value.at(1).message


@pytest.mark.parametrize("text", ["0001-01-01", "1899-12-31"])
def test_a_day_before_1900_is_refused(text: str) -> None:
    with pytest.raises(CellInvalid, match="date-outside"):
        read_date(text)


@pytest.mark.parametrize("text", ["24:00", "8", "08:60", "08:30 pm", "8:30+"])
def test_what_is_not_a_time_is_refused(text: str) -> None:
    with pytest.raises(CellInvalid, match="not-a-time"):
        read_time(text)


@pytest.mark.parametrize(
    ("text", "first_year", "day"),
    [
        ("31.05.24", 1930, "2024-05-31"),
        ("31.05.29", 1930, "2029-05-31"),
        ("31.05.30", 1930, "1930-05-31"),
        ("31.05.99", 1930, "1999-05-31"),
        ("31.05.24", 1900, "1924-05-31"),
        ("31.05.69", 2000, "2069-05-31"),
        ("31.05.68", 1969, "2068-05-31"),
        ("29.02.00", 1930, "2000-02-29"),
        ("29.02.00", 1999, "2000-02-29"),
        ("2024-05-31", 1930, "2024-05-31"),
    ],
)
def test_two_digits_mean_the_year_of_the_hundred_that_the_mapping_states(
    text: str, first_year: int, day: str
) -> None:
    assert read_date(text, "%d.%m.%y", first_year).day == day


@given(st.dates(datetime.date(1900, 1, 1), datetime.date(2099, 12, 31)), st.integers(1900, 2000))
def test_a_year_of_two_digits_is_never_out_of_its_hundred(
    day: datetime.date, first_year: int
) -> None:
    read = read_date(f"{day:%d.%m.%y}", "%d.%m.%y", first_year) if day.day < 29 else None
    if read is not None:
        assert first_year <= int(read.day[:4]) < first_year + 100
        assert read.day[2:] == f"{day:%y-%m-%d}"


@pytest.mark.parametrize(
    "text", ["31.05.24", "5/31/24", "24-05-31", "31-May-24", "31.05.24 08:30", "31.5.24"]
)
@pytest.mark.parametrize("date_format", ["", "%d.%m.%Y", "excel", "days since 2000-01-01"])
def test_the_error_of_a_year_of_two_digits_names_the_key(text: str, date_format: str) -> None:
    with pytest.raises(CellInvalid, match="two-digit-year") as caught:
        read_date(text, date_format)
    assert "two_digit_years_from" in caught.value.at(1).message


def test_a_year_of_two_digits_is_never_read_without_its_hundred() -> None:
    with pytest.raises(CellInvalid, match="two-digit-year"):
        read_date("31.05.24", "%d.%m.%y")


@pytest.mark.parametrize("text", ["31.05.2024", "29.02.00", "41.05.24", "31.05.24 8"])
def test_what_is_not_in_the_form_with_two_digits_is_refused(text: str) -> None:
    with pytest.raises(CellInvalid, match="not-in-date-format"):
        read_date(text, "%d.%m.%y", 1900)


@given(st.text(), st.sampled_from(["", "%d.%m.%Y", "excel", "days since 2000-01-01"]))
def test_any_text_is_a_date_or_refused(text: str, date_format: str) -> None:
    with contextlib.suppress(CellInvalid):
        assert len(read_date(text, date_format).day) == 10
