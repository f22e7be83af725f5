"""Indexes, labels and exclusions of timed questions."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from timed import HEAD, LABEL, born, diagnosed, measured, person, question, visit

from models.question import Question
from models.selection import find_label_at, possible_reasons, read_events, select
from storage import Record

DIABETES = "http://hl7.org/fhir/sid/icd-10-cm|E11.9"
OBSERVED = HEAD + '[observed]\nbefore = "365d"\nafter = "5y"\n'


def outcome(timed: Question, records: list[Record]) -> bool | str:
    """Return the label of the only index, or why there is none."""
    selection = select(timed, read_events(timed, [records]), 1)
    assert set(selection.excluded.values()) <= set(possible_reasons(timed))
    return selection.excluded.get(0) or bool(selection.labels[0])


def history(*conditions: Any, **others: Any) -> list[Record]:
    visits = [visit("2015-06-01"), visit("2020-01-01"), visit("2025-02-01")]
    head = [visit("2012-01-01")] if others.pop("early", True) else []
    return person(1, procedure=[*head, *visits], condition=[*conditions], **others)


def at_2020(label: str = LABEL, head: str = HEAD) -> Question:
    dated = head.replace('codes = ["visit|AMB"]\ncategory = "procedure"', 'take = "date"')
    return question(label, head=dated.replace("[index]", '[index]\ndate = "2020-01-01"'))


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        ([], False),
        (["2020-01-02"], True),
        (["2024-12-31"], True),
        (["2025-02-01"], False),
        (["2020-01-01"], "label-before"),
        (["2010-01-01", "2021-01-01"], "label-before"),
    ],
)
def test_a_first_illness_counts_from_the_day_after_the_index_to_the_end_of_the_window(
    days: list[str], expected: bool | str
) -> None:
    assert outcome(at_2020(), history(*(diagnosed(DIABETES, day) for day in days))) == expected


@pytest.mark.parametrize(
    ("last_visit", "ill", "expected"),
    [
        ("2024-12-30", False, "not-followed"),
        ("2024-12-31", False, False),
        ("2021-01-01", True, True),
    ],
)
def test_a_person_without_the_label_counts_only_if_seen_until_the_end(
    last_visit: str, ill: bool, expected: bool | str
) -> None:
    ends = [diagnosed(DIABETES, "2020-06-01")] if ill else []
    records = person(
        1,
        procedure=[visit("2015-01-01"), visit(last_visit)],
        condition=ends or [visit("2015-01-01")],
    )
    assert outcome(at_2020(head=OBSERVED), records) == expected


def test_nobody_is_without_the_label_before_the_end_of_its_window() -> None:
    shorter = OBSERVED.replace('after = "5y"', 'after = "1y"')
    visits = [visit("2015-01-01"), visit("2022-01-01")]
    records = person(1, procedure=visits, condition=[visit("2015-01-01")])
    assert outcome(at_2020(head=shorter), records) == "not-followed"


def test_a_person_who_was_not_observed_before_is_left_out() -> None:
    records = person(1, procedure=[visit("2019-06-01"), visit("2026-01-01")])
    assert outcome(at_2020(head=OBSERVED), records) == "not-observed-before"


def test_a_suspected_diagnosis_is_no_outcome() -> None:
    suspected = {"coding": [{"system": "x", "code": "differential"}]}
    records = history(diagnosed(DIABETES, "2021-01-01", verificationStatus=suspected))
    assert outcome(at_2020(), records) is False


def test_a_death_is_an_outcome() -> None:
    label = LABEL.replace('"icd10cm|E11*"', '"DEATH"').replace("never_before = true\n", "")
    records = history(demographics=[born("1950-01-01", deceasedDateTime="2023-01-01")])
    assert outcome(at_2020(label), records) is True


@pytest.mark.parametrize(("number", "expected"), [(6.6, True), (5.0, False), (None, "no-label")])
def test_an_outcome_may_be_a_value_within_bounds(
    number: float | None, expected: bool | str
) -> None:
    label = LABEL.replace("icd10cm|E11*", "loinc|4548-4").replace("never_before = true\n", "")
    label = label.replace('absent = "negative"', 'minimum = 6.5\nunit = "%"')
    tests = (
        [] if number is None else [measured("http://loinc.org|4548-4", "2021-01-01", number, "%")]
    )
    records = history(laboratory=tests)
    assert outcome(at_2020(label), records) == expected


@pytest.mark.parametrize(("take", "expected"), [("first", 2012), ("last", 2025)])
def test_the_index_is_the_first_or_the_last_event(take: str, expected: int) -> None:
    head = HEAD.replace('category = "procedure"', f'category = "procedure"\ntake = "{take}"')
    timed = question(head=head)
    selection = select(timed, read_events(timed, [history()]), 1)
    at = datetime.datetime.fromtimestamp(int(selection.indexes.at[0]), datetime.UTC)
    assert at.year == expected


def test_a_delay_moves_the_index_after_its_event() -> None:
    later = question(
        head=HEAD.replace('category = "procedure"', 'category = "procedure"\ndelay = "6h"')
    )
    at = [
        select(timed, read_events(timed, [history()]), 1).indexes.at[0]
        for timed in (question(), later)
    ]
    assert at[1] - at[0] == 6 * 3600


def test_eligibility_and_required_categories_leave_people_out() -> None:
    head = OBSERVED.replace('before = "365d"\nafter = "5y"\n', "").replace("[observed]\n", "")
    adults = '\n[[eligibility]]\nfeature = "age"\nminimum = 18\n'
    timed = question(head=head, units=adults)
    assert outcome(timed, history()) == "ineligible"
    assert outcome(timed, history(demographics=[born("1960-01-01")])) is False
    needs = question(head=HEAD.replace("[parameters]", 'required = ["laboratory"]\n[parameters]'))
    assert outcome(needs, history()) == "required-category-missing"


@pytest.mark.parametrize(
    ("day", "ill", "expected"),
    [("2020-01-01", True, True), ("2020-01-01", False, False), ("2024-01-01", False, None)],
)
def test_a_label_after_a_prediction_is_known_once_it_occurs_or_the_follow_up_has_ended(
    day: str, ill: bool, expected: bool | None
) -> None:
    at_s = int(datetime.datetime.fromisoformat(f"{day}T12:00:00+00:00").timestamp())
    conditions = [diagnosed(DIABETES, "2021-01-01")] if ill else [visit("2012-01-01")]
    assert find_label_at(at_2020(head=OBSERVED), history(*conditions), at_s) is expected


def test_without_a_follow_up_an_absent_label_is_never_known() -> None:
    assert find_label_at(at_2020(), history(diagnosed(DIABETES, "2021-01-01")), 0) is None


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        ({"deceasedBoolean": True}, "death-not-dated"),
        ({"deceasedBoolean": True, "deceasedDateTime": "2021-05-06"}, True),
        ({"deceasedDateTime": "2027-05-06"}, False),
        ({"deceasedBoolean": False}, False),
        ({}, False),
    ],
    ids=str,
)
def test_a_death_without_a_date_is_not_taken_for_survival(
    stated: dict[str, Any], expected: bool | str
) -> None:
    label = LABEL.replace('"icd10cm|E11*"', '"DEATH"').replace("never_before = true\n", "")
    label = label.replace('"condition"', '"demographics"')
    assert outcome(at_2020(label), history(demographics=[born("1950-01-01", **stated)])) == expected
