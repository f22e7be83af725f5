"""The form of a column of days is found though some of its cells are no days."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest

from records import Mapping, check_table
from records.date_forms import DATE_FORMATS, DateForms, has_one_order
from records.dates import date_format_problem, read_date
from records.description import TableDescription, describe_table
from records.faults import CellFaultCode, CellInvalid
from records.flags import Flag

TODAY = datetime.date(2026, 11, 29)
DAYS = [datetime.date(2023, 1, 1) + datetime.timedelta(days=17 * n) for n in range(60)]


def described(folder: Path, name: str, cells: list[str]) -> TableDescription:
    path = folder / "t.csv"
    rows = "".join(f'p{n},"{cell}",{n % 9 + 1}\n' for n, cell in enumerate(cells))
    path.write_text(f"pid,{name},crp\n{rows}", encoding="utf-8")
    return describe_table(path, "t.csv", TODAY)


def draft_of(description: TableDescription) -> Mapping:
    return Mapping.parse(description.mapping.replace("from = 0", "from = 1930"), "draft")


@pytest.mark.parametrize("form", [form for form in DATE_FORMATS if form])
def test_days_in_each_form_are_drafted_and_read_as_they_are(tmp_path: Path, form: str) -> None:
    description = described(tmp_path, "visit date", [f"{day:{form}}" for day in DAYS])
    assert draft_of(description).date_column == "visit date"
    assert date_format_problem(form) == ""
    is_ambiguous = Flag.AMBIGUOUS_DATE in description.columns[1].flags
    assert description.draft.date_format == form or is_ambiguous
    for day in DAYS:
        assert read_date(f"{day:{form}}", form, 1930).day == day.isoformat()


@pytest.mark.parametrize("form", ["%Y-%m-%d", "%d.%m.%Y", "%m/%d/%Y", "%d%b%Y", "%Y%m%d"])
@pytest.mark.parametrize("bad", ["unknown", "2023-02-30", "?", "2023-05", "99.99.9999"])
@pytest.mark.parametrize("place", [0, 7, 59])
def test_a_column_of_days_with_one_bad_cell_is_one_of_days(
    tmp_path: Path, form: str, bad: str, place: int
) -> None:
    cells = [f"{day:{form}}" for day in DAYS]
    cells[place] = bad
    description = described(tmp_path, "visit", cells)
    layout = draft_of(description)
    assert (layout.date_column, layout.date_format) == ("visit", form.replace("%Y-%m-%d", ""))
    assert Flag.NOT_DATES in description.columns[1].flags
    assert "correct the cells that are not dates in this format: 1 of 60" in description.mapping
    report = check_table(tmp_path / "t.csv", layout, today=TODAY)
    assert (report.good, report.wrong) == (59, 1)


def test_a_column_of_words_or_numbers_with_a_few_days_is_none_of_days(tmp_path: Path) -> None:
    few = [f"{day:%d.%m.%Y}" if n % 3 == 0 else f"seen {n}" for n, day in enumerate(DAYS)]
    assert draft_of(described(tmp_path, "remark", few)).date_column == ""
    numbers = [str(10_000_000 + 7919 * n) for n in range(60)]
    assert draft_of(described(tmp_path, "mrn", numbers)).date_column == ""


@pytest.mark.parametrize("form", ["%y%m%d", "%d%m%y", "%m%d%y"])
def test_six_digits_are_days_only_where_the_name_says_so(tmp_path: Path, form: str) -> None:
    cells = [f"{day:{form}}" for day in DAYS]
    named = described(tmp_path, "Datum", cells)
    assert Flag.TWO_DIGIT_YEAR in named.columns[1].flags
    assert "two_digit_years_from = 0  # complete it" in named.mapping
    assert draft_of(named).date_column == "Datum"
    assert draft_of(described(tmp_path, "reading", cells)).date_column == ""


def test_digits_under_the_name_of_a_date_that_are_no_days_wait_for_their_form(
    tmp_path: Path,
) -> None:
    shortened = [str(int(f"{day:%d%m%y}")) for day in DAYS]  # a spreadsheet drops zeros
    description = described(tmp_path, "Datum", shortened)
    assert 'date_format = "?"' in description.mapping
    assert Flag.UNREAD_DATE in description.columns[1].flags


@pytest.mark.parametrize(
    ("text", "form"),
    [("190523", "%Y%m%d"), ("1012023", "%d%m%Y"), ("10123", "%d%m%y"), ("2023123", "%Y%m%d")],
)
def test_a_day_without_marks_is_read_only_at_its_whole_width(text: str, form: str) -> None:
    with pytest.raises(CellInvalid) as caught:
        read_date(text, form, 1930)
    assert caught.value.code is CellFaultCode.NOT_IN_DATE_FORMAT


def test_the_order_of_day_and_month_is_what_makes_forms_ambiguous() -> None:
    assert not has_one_order(["%d/%m/%Y", "%m/%d/%Y"])
    assert has_one_order(["%d %b %Y", "%d %B %Y"])
    assert has_one_order(["", "%d.%m.%Y"])


def test_forms_that_cannot_fit_are_given_up_after_a_few_cells() -> None:
    forms = DateForms()
    for number in range(9):
        forms.see(f"word {number}")
    assert forms.hits == {}
