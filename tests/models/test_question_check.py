from __future__ import annotations

import pytest
from timed import FEATURES, measured, person, question, visit

from models.question_check import QuestionCheck, check_question

GLUCOSE = "http://loinc.org|2345-7"
STUDY = "study:diabetes-risk"


@pytest.fixture(scope="module")
def check(store_of) -> QuestionCheck:
    people = [
        person(
            number,
            procedure=[visit("2020-01-01")],
            laboratory=[
                measured(GLUCOSE, "2020-01-01", 5.1, "mmol/L" if number % 2 else "furlong"),
                measured("http://loinc.org|4548-4", "2020-01-01", 6, "%"),
            ],
        )
        for number in range(40)
    ]
    extra = """
[[features]]
name = "hba1c"
codes = ["loinc|4548-5"]
category = "laboratory"
unit = "percent"
"""
    timed = question(features=FEATURES + extra)
    return check_question(store_of(people), timed, STUDY)


def test_people_and_events_of_each_part_are_counted(check: QuestionCheck) -> None:
    counts = {part.name: (part.people, part.events) for part in check.parts}
    assert counts == {
        "label": (0, 0),
        "index": (40, 40),
        "age": (0, 0),
        "glucose": (40, 40),
        "hypertension": (0, 0),
        "hba1c": (0, 0),
    }


def test_units_are_listed_with_whether_they_can_be_read(check: QuestionCheck) -> None:
    (glucose,) = [part for part in check.parts if part.name == "glucose"]
    units = {(use.unit, use.values, use.is_readable) for use in glucose.units}
    assert units == {("mmol/L", 20, True), ("furlong", 20, False)}


def test_a_code_that_no_record_has_gets_the_nearest_code_and_a_word_on_its_unit(
    check: QuestionCheck,
) -> None:
    (hba1c,) = [part for part in check.parts if part.name == "hba1c"]
    assert hba1c.nearest[0] == "http://loinc.org|4548-4"
    assert not hba1c.is_unit_known


def test_small_numbers_are_hidden(store_of) -> None:
    people = [person(1, procedure=[visit("2020-01-01")])]
    check = check_question(store_of(people), question(), STUDY)
    assert (check.people, check.parts[1].people) == ("1 to 10", "1 to 10")
    assert check.parts[0].nearest == ()
