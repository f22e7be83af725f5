"""The fields of forms: a date in three inputs, and errors at their fields."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest

import web
from services.errors import Invalid
from web.pages.forms import date_in, first_errors


def test_a_date_is_read_from_its_three_inputs() -> None:
    form = {"end-day": " 3 ", "end-month": "3", "end-year": "2027"}
    assert date_in(form, "end") == datetime.date(2027, 3, 3)


@pytest.mark.parametrize("day", ["", "x", "32", "0", "9" * 30])
def test_what_is_not_a_date_is_none(day) -> None:
    assert date_in({"end-day": day, "end-month": "2", "end-year": "2027"}, "end") is None


def test_an_error_is_shown_at_the_field_of_the_form() -> None:
    error = Invalid(fields={"ends_on": ["first", "second"], "title": ["t"]})
    assert first_errors(error, ends_on="end") == {"end": "first", "title": "t"}


@pytest.mark.parametrize("month", ["3", "03", "March", "march", "Mar", "März", "marzo", "mar"])
def test_a_month_is_a_number_or_its_name_in_any_of_our_languages(month: str) -> None:
    form = {"end-day": "3", "end-month": month, "end-year": "2027"}
    assert date_in(form, "end") == datetime.date(2027, 3, 3)
    assert date_in(form | {"end-month": "Smarch"}, "end") is None


def test_every_error_has_the_name_of_its_field() -> None:
    """So that the summary leads to it and the field is described by it."""
    folder = Path(web.__file__).parent / "templates"
    errors = [
        (path.name, line)
        for path in folder.rglob("*.html")
        for line in path.read_text(encoding="utf-8").splitlines()
        if 'class="error"' in line
    ]
    assert errors
    assert [each for each in errors if '-error"' not in each[1]] == []
