"""Counts of people for questions before anybody is asked."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from timed import FEATURES, born, diagnosed, measured, person, question, visit

from models.census import Census, take_census
from models.counting import Rounding, count_people, summarise_codes
from models.errors import ModelsBroken
from models.sample_size import plan_sample_size

DIABETES = "http://hl7.org/fhir/sid/icd-10-cm|E11.9"
GLUCOSE = "http://loinc.org|2345-7"
TAKEN_AT_S = 1_790_000_000
ROUNDING = Rounding(lambda name: hmac.digest(b"a key of this test", name, "sha256"))
OLD = """
[[eligibility]]
feature = "age"
minimum = 18
"""


def census_of(number: int, ill: int, name: str = "", have: int | None = None) -> Census:
    """Return people with a visit, of whom the first `ill` become ill.

    The first `have` have a glucose value; all of them if it is None.
    """
    people = [
        person(
            each,
            procedure=[visit("2015-01-01"), visit("2024-01-01")],
            demographics=[born("1970-01-01")],
            laboratory=[glucose(name)] if have is None or each < have else [],
            condition=[diagnosed(DIABETES, "2016-01-01")] if each < ill else [],
        )
        for each in range(number)
    ]
    return take_census({records[0].subject: records for records in people}, TAKEN_AT_S)


def glucose(name: str) -> dict[str, Any]:
    value = measured(GLUCOSE, "2015-01-01", 90, "mg/dL")
    if name:
        value["code"]["coding"][0]["display"] = name
    return value


def test_people_and_events_are_counted_to_tens() -> None:
    count = count_people(question(features=FEATURES + OLD), census_of(203, 41), (), ROUNDING)
    assert count.people in (200, 210)
    assert count.events in (40, 50)
    assert count.needed == plan_sample_size(count.people, count.events, 3)
    assert count.missing == {}  # nobody lacks a value


def test_the_same_people_always_give_the_same_number_and_a_neighbour_draws_again() -> None:
    subjects = [hashlib.sha256(bytes([number])).digest() for number in range(105)]
    assert ROUNDING.count(subjects) == ROUNDING.count(subjects[::-1]) in (100, 110)
    counts = {ROUNDING.count([s for s in subjects if s != each]) for each in subjects}
    assert counts == {100, 110}


@pytest.mark.parametrize("number", [0, 1, 10])
def test_nobody_looks_like_few_people(number: int) -> None:
    assert ROUNDING.count([bytes([each]) for each in range(number)]) is None


@pytest.mark.parametrize("have", [0, 1, 2, 3, 10, 190, 199, 200])
def test_the_missing_share_of_a_feature_that_few_people_have_or_lack_is_hidden(have: int) -> None:
    count = count_people(question(), census_of(200, 100, have=have), (), ROUNDING)
    assert count.people == 200
    assert "glucose" not in count.missing


def test_missing_shares_are_computed_from_rounded_counts() -> None:
    subjects = [hashlib.sha256(bytes([number])).digest() for number in range(200)]
    shares = [ROUNDING.share(subjects[:60] + [each], subjects) for each in subjects[60:]]
    assert set(shares) == {30, 35}
    count = count_people(question(), census_of(200, 100, have=120), (), ROUNDING)
    assert count.missing["glucose"] == 40


@pytest.mark.parametrize("least", [11, 50])
def test_a_count_that_appears_does_not_tell_how_many_people_it_counts(least: int) -> None:
    subjects = [hashlib.sha256(bytes([number])).digest() for number in range(200)]
    hidden = {
        size: {ROUNDING.count(subjects[at : at + size], least) is None for at in range(100)}
        for size in range(least - 1, least + 10)
    }
    assert hidden.pop(least - 1) == {True}
    assert hidden.pop(least + 9) == {False}
    assert all(both == {True, False} for both in hidden.values())


def test_one_person_less_in_a_group_at_the_cut_off_is_counted_with_another_draw() -> None:
    # Bisecting a limit shows a group of 50 at the earliest; "without the code" removes one of it.
    subjects = [hashlib.sha256(bytes([number])).digest() for number in range(200)]
    without = {
        ROUNDING.count(group[1:], 50)
        for start in range(140)
        if (group := subjects[start : start + 55]) and ROUNDING.count(group, 50)
    }
    assert {None, 50, 60} == without


def test_too_few_people_for_a_cohort_give_no_count_at_all() -> None:
    count = count_people(question(), census_of(49, 20), (), ROUNDING)
    assert (count.people, count.events, count.needed) == (None, None, None)
    assert count.excluded == count.missing == {}


@pytest.mark.parametrize("ill", [0, 10, 95])
def test_few_events_or_few_others_are_hidden(ill: int) -> None:
    count = count_people(question(), census_of(100, ill), (), ROUNDING)
    assert count.people is not None
    assert count.events is None


def test_people_who_refuse_since_the_census_are_not_counted() -> None:
    census = census_of(60, 30)
    count = count_people(question(), census, set(census.subjects[:15]), ROUNDING)
    assert count.people is None


def test_those_without_a_row_are_counted_by_reason() -> None:
    strict = question(features=FEATURES + OLD.replace("18", "99"))
    mixed = strict.text.replace("minimum = 99", "minimum = 0")
    assert count_people(strict, census_of(80, 20), (), ROUNDING).excluded == {}
    census = census_of(80, 20)
    without_visit = {bytes([number]) * 32: [] for number in range(30)}
    more = take_census(without_visit, TAKEN_AT_S)
    joined = replace(census, subjects=(*census.subjects, *more.subjects))
    count = count_people(type(strict).parse(mixed, "mixed"), joined, (), ROUNDING)
    assert count.excluded in ({"no-index": 30}, {"no-index": 40})


def test_codes_are_listed_with_name_unit_and_missingness() -> None:
    census = census_of(100, 40, "Glucose in serum")
    codes = {code.code: code for code in summarise_codes(census, ROUNDING)}
    code = codes[GLUCOSE]
    assert (code.name, code.unit, code.kind) == ("Glucose in serum", "mg/dL", "number")
    assert (code.category, code.people, code.missing_percent) == ("laboratory", 100, 0)
    assert codes[DIABETES].missing_percent in (50, 60)
    assert codes["SEX"].values == ("female",)


def test_a_value_is_listed_where_its_people_would_be_counted_not_from_an_exact_size_on() -> None:
    for few in range(9, 24):
        census = census_of(60, 0)
        events = census.events
        rare = (events.code == events.codes.index("SEX")) & (events.subject < few)
        texts = (*events.texts, "unknown")
        text = np.where(rare, len(texts) - 1, events.text)
        changed = replace(census, events=replace(events, texts=texts, text=text))
        codes = {code.code: code for code in summarise_codes(changed, ROUNDING)}
        is_counted = ROUNDING.count(census.subjects[:few]) is not None
        assert ("unknown" in codes["SEX"].values) == is_counted


def test_a_code_or_a_name_of_few_people_is_not_listed() -> None:
    census = census_of(60, 10, "Glucose of Mrs Jones")
    few = replace(census, names={})
    assert DIABETES not in {code.code for code in summarise_codes(few, ROUNDING)}
    assert census_of(10, 0, "Glucose of Mrs Jones").names == {}


def test_a_census_is_read_as_it_was_written_and_names_no_record() -> None:
    census = census_of(20, 5)
    again = Census.from_bytes(census.to_bytes())
    assert again.subjects == census.subjects
    assert again.taken_at_s == TAKEN_AT_S
    assert again.events.docs == ("",)
    timed = question()
    assert count_people(timed, again, (), ROUNDING) == count_people(timed, census, (), ROUNDING)


def test_bytes_that_are_no_census_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    census = census_of(11, 0).to_bytes()
    monkeypatch.setattr("models.census.FORMAT", 2)
    for content in (b"PK\x05\x06" + b"\0" * 18, census[:200], census):
        with pytest.raises(ModelsBroken, match="count again"):
            Census.from_bytes(content)


def test_the_planned_sample_size_follows_the_published_example() -> None:
    # Riley et al. (BMJ 2020;368:m441): 15 % of the largest R² for a prevalence of 0.5 is 0.1125.
    assert plan_sample_size(1000, 500, 20) == 1498
    assert plan_sample_size(1000, 0, 20) is None
