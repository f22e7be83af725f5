from __future__ import annotations

from dataclasses import replace

from models.card_content import describe_years
from records.documents import UNDATED
from storage import Record


def record_of(person: int, day: str) -> Record:
    return Record(bytes([person]) * 32, "laboratory", "organisation:a", day, {})


def test_a_card_names_years_that_eleven_patients_share_and_no_day_of_one() -> None:
    many = [record_of(person, f"{2001 + person:04}-03-04") for person in range(30)]
    assert describe_years(many) == ("2011", "2020")
    oldest = record_of(30, "1950-01-01")
    assert describe_years([*many, oldest]) == ("2010", "2020")
    assert describe_years([*many, replace(oldest, recorded_on=UNDATED)]) == ("2011", "2020")


def test_many_records_of_one_patient_count_once() -> None:
    many = [record_of(1, f"{year}-01-01") for year in range(1990, 2020)]
    assert describe_years(many) == (UNDATED, UNDATED)
