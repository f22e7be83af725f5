"""Counts of people for questions before anybody is asked."""

from __future__ import annotations

import hmac
from collections.abc import Collection
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from timed import FEATURES, born, diagnosed, measured, person, question, visit

from models.census import Census, take_census
from models.count_noise import MARGIN, CountNoise
from models.counting import count_people, summarise_codes
from models.errors import ModelsBroken
from models.question import Question
from models.sample_size import plan_sample_size
from models.selection import possible_reasons
from records.event_values import KINDS

DIABETES = "http://hl7.org/fhir/sid/icd-10-cm|E11.9"
GLUCOSE = "http://loinc.org|2345-7"
TAKEN_AT_S = 1_790_000_000
PERIOD = "2026-Q3"
NOISE = CountNoise(lambda name: hmac.digest(b"a key of this test", name, "sha256"))
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


def count_of(census: Census, of: Question | None = None, refusing: Collection[bytes] = ()):
    return count_people(of or question(), census, refusing, NOISE, "q")


def test_people_and_events_are_counted_with_noise_in_tens() -> None:
    count = count_of(census_of(300, 120), question(features=FEATURES + OLD))
    assert abs(count.people - 300) <= 2 * MARGIN
    assert abs(count.events - 120) <= 2 * MARGIN
    assert count.people % 10 == count.events % 10 == 0
    assert count.needed == plan_sample_size(count.people, count.events, 3)


def test_another_name_of_a_count_draws_every_number_again() -> None:
    census = census_of(300, 120)
    counts = {count_people(question(), census, (), NOISE, str(n)).people for n in range(8)}
    assert len(counts) > 2


@pytest.mark.parametrize("number", [0, 1, 49, 60])
def test_too_few_people_for_a_cohort_give_no_number_at_all(number: int) -> None:
    count = count_of(census_of(number, number // 2))
    assert (count.people, count.events, count.needed) == (None, None, None)
    assert count.excluded == count.missing == {}


@pytest.mark.parametrize("ill", [0, 5, 295])
def test_few_events_or_few_others_are_hidden(ill: int) -> None:
    count = count_of(census_of(300, ill))
    assert count.people is not None
    assert count.events is None


def test_missing_shares_are_of_large_cohorts_alone() -> None:
    assert count_of(census_of(200, 100, have=120)).missing == {}
    small = replace(NOISE, keyed=lambda _: b"\x7f" + 31 * b"\xff")  # a draw of 0
    count = count_people(question(), census_of(800, 100, have=480), (), small, "q")
    assert count.missing["glucose"] == 40


def test_people_who_refuse_since_the_census_are_not_counted() -> None:
    census = census_of(200, 100)
    assert count_of(census).people is not None
    assert count_of(census, refusing=set(census.subjects[:160])).people is None


def test_those_without_a_row_are_counted_by_reason() -> None:
    strict = question(features=FEATURES + OLD.replace("18", "99"))
    mixed = strict.text.replace("minimum = 99", "minimum = 0")
    assert count_of(census_of(200, 80), strict).excluded == {}
    census = census_of(200, 80)
    without_visit = {number.to_bytes(2) * 16: [] for number in range(300, 450)}
    more = take_census(without_visit, TAKEN_AT_S)
    joined = replace(census, subjects=(*census.subjects, *more.subjects))
    count = count_of(joined, type(strict).parse(mixed, "mixed"))
    assert count.excluded.keys() == {"no-index"}
    assert abs(count.excluded["no-index"] - 150) <= 2 * MARGIN


UPWARDS = CountNoise(lambda _: b"\xff" + 31 * b"\0")
"""Every number is 53 higher than it is."""


def test_a_reason_that_nobody_has_is_drawn_as_one_that_somebody_has() -> None:
    timed = question(features=FEATURES + OLD)
    count = count_people(timed, census_of(300, 120), (), UPWARDS, "q")
    assert len(count.excluded) > 1
    assert set(count.excluded) == set(possible_reasons(timed))
    assert set(count.excluded.values()) == {50}


def test_codes_are_listed_with_name_unit_and_missingness() -> None:
    census = census_of(400, 160, "Glucose in serum")
    codes = {code.code: code for code in summarise_codes(census, NOISE, PERIOD)}
    code = codes[GLUCOSE]
    assert (code.name, code.unit, code.kind) == ("Glucose in serum", "mg/dL", "number")
    assert code.category == "laboratory"
    assert abs(code.people - 400) <= MARGIN
    assert code.missing_percent <= 10
    assert 50 <= codes[DIABETES].missing_percent <= 70
    assert codes["SEX"].values == ("female",)


def test_the_noise_of_a_code_is_the_same_in_all_censuses_of_a_quarter() -> None:
    census = census_of(100, 40)
    first = summarise_codes(census, NOISE, PERIOD)
    assert first == summarise_codes(replace(census, taken_at_s=TAKEN_AT_S + 9), NOISE, PERIOD)
    others = {tuple(c.people for c in summarise_codes(census, NOISE, str(n))) for n in range(8)}
    assert len(others) > 2


@pytest.mark.parametrize("few", [1, 10, 11])
def test_a_value_of_few_people_is_not_listed(few: int) -> None:
    census = census_of(100, 0)
    events = census.events
    rare = (events.code == events.codes.index("SEX")) & (events.subject < few)
    texts = (*events.texts, "unknown")
    text = np.where(rare, len(texts) - 1, events.text)
    changed = replace(census, events=replace(events, texts=texts, text=text))
    listed = 0
    for number in range(200):
        codes = {code.code: code for code in summarise_codes(changed, NOISE, str(number))}
        listed += "unknown" in codes["SEX"].values
    assert listed == 0


def test_of_very_many_texts_that_one_person_has_each_none_is_listed() -> None:
    census = census_of(1_000, 0)
    events = census.events
    has_text = events.code == events.codes.index("SEX")
    has_code = has_text & (events.subject >= 500)
    text = np.where(has_text, len(events.texts) + events.subject, events.text)
    code = np.where(has_code, len(events.codes) + events.subject, events.code)
    notes = tuple(f"a note about person {each}" for each in range(1_000))
    words = {"texts": (*events.texts, *notes), "codes": (*events.codes, *notes)}
    changed = replace(census, events=replace(events, text=text, code=code, **words))
    known = set(events.codes)
    for period in range(20):
        listed = summarise_codes(changed, NOISE, str(period))
        assert {each.code for each in listed} <= known
        assert not [each.values for each in listed if each.code == "SEX" and each.values]


def test_a_code_or_a_name_of_few_people_is_not_listed() -> None:
    census = census_of(60, 10, "Glucose of Mrs Jones")
    few = replace(census, names={})
    assert DIABETES not in {code.code for code in summarise_codes(few, NOISE, PERIOD)}


@pytest.mark.parametrize("few", [1, 10, 11])
def test_a_name_or_a_unit_of_few_people_is_not_listed(few: int) -> None:
    census = census_of(100, 0, "Glucose")
    events = census.events
    is_glucose = events.code == events.codes.index(GLUCOSE)
    rare = is_glucose & (events.subject < few)
    units = (*events.units, "mmol/L", "g/L")
    by_turns = len(units) - 2 + (events.subject % 2)  # so that no unit is frequent
    changed = replace(
        census,
        names={GLUCOSE: {"Glucose of Mrs Jones": few}},
        events=replace(events, units=(*units, "rare"), unit=np.where(rare, len(units), by_turns)),
    )
    names, rare_units = 0, 0
    for number in range(200):
        codes = {code.code: code for code in summarise_codes(changed, NOISE, str(number))}
        names += codes[GLUCOSE].name != ""
        rare_units += codes[GLUCOSE].unit == "rare"
    assert names == rare_units == 0


def test_one_person_does_not_decide_the_kind_or_the_category_of_a_code() -> None:
    census = census_of(100, 0)
    events = census.events
    is_glucose = events.code == events.codes.index(GLUCOSE)
    seen = set()
    for number in (49, 50, 51):
        half = is_glucose & (events.subject < number)
        text = KINDS.index("text")
        kind = np.where(half, text, events.kind).astype(events.kind.dtype)
        category = np.where(half, events.categories.index("demographics"), events.category)
        changed = replace(census, events=replace(events, kind=kind, category=category))
        for period in range(40):
            codes = {code.code: code for code in summarise_codes(changed, NOISE, str(period))}
            seen.add((number, codes[GLUCOSE].kind, codes[GLUCOSE].category))
    assert len(seen) == 12


def test_a_census_is_read_as_it_was_written_and_names_no_record() -> None:
    census = census_of(20, 5)
    again = Census.from_bytes(census.to_bytes())
    assert again.subjects == census.subjects
    assert again.taken_at_s == TAKEN_AT_S
    assert again.events.docs == ("",)
    timed = question()
    assert count_of(again, timed) == count_of(census, timed)


def test_bytes_that_are_no_census_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    census = census_of(11, 0).to_bytes()
    monkeypatch.setattr("models.census.FORMAT", 3)
    for content in (b"PK\x05\x06" + b"\0" * 18, census[:200], census):
        with pytest.raises(ModelsBroken, match="count again"):
            Census.from_bytes(content)


def test_the_planned_sample_size_follows_the_published_example() -> None:
    # Riley et al. (BMJ 2020;368:m441): 15 % of the largest R² for a prevalence of 0.5 is 0.1125.
    assert plan_sample_size(1000, 500, 20) == 1498
    assert plan_sample_size(1000, 0, 20) is None
