"""An age is dated by the date of birth, to what it can mean, and never before it is known."""

from __future__ import annotations

import datetime
from typing import Any

import numpy as np
import orjson
import pytest

from records.documents import why_no_value
from records.event_times import MONTH, YEAR
from records.events import EventBuilder, EventTable
from records.outcomes import EntryCode
from storage import Arrival, Record

ARRIVED = 1_700_000_000
BORN = {"resourceType": "Patient", "id": "p", "birthDate": "1961-04-02"}
CONDITION: dict[str, Any] = {
    "resourceType": "Condition",
    "code": {"coding": [{"system": "s", "code": "c"}]},
}
AGE = {
    "onsetAge": {"value": 34, "unit": "years", "system": "http://unitsofmeasure.org", "code": "a"}
}


def day(second: float) -> str:
    return datetime.datetime.fromtimestamp(second, datetime.UTC).date().isoformat()


def record(name: str, resource: dict[str, Any]) -> Record:
    arrivals = (Arrival(name, 1, ARRIVED),)
    place = (b"s" * 32, "condition", "c", "0001-01-01", {})
    return Record(*place, name, 1, (orjson.dumps(resource),), arrivals)


def table(*resources: dict[str, Any]) -> EventTable:
    builder = EventBuilder()
    for number, resource in enumerate(resources):
        builder.add_record(0, record(str(number), resource))
    return builder.build()


def diagnosis(events: EventTable) -> EventTable:
    return events.take(np.flatnonzero(events.code == events.codes.index("s|c")))


def test_an_age_gives_a_date_of_a_year_that_is_known_when_the_year_is_over() -> None:
    event = diagnosis(table(CONDITION | AGE, BORN))
    assert (day(event.start[0]), day(event.known[0])) == ("1995-04-02", "1996-04-02")
    assert (event.precision[0], event.end[0]) == (YEAR, event.start[0])
    assert np.isnan(event.value[0])


def test_an_age_in_months_is_as_exact_as_a_month_and_the_birth_date_allow() -> None:
    months = CONDITION | {"onsetAge": {"value": 3, "unit": "months"}}
    assert diagnosis(table(months, BORN)).precision[0] == MONTH
    assert diagnosis(table(months, BORN | {"birthDate": "1961"})).precision[0] == YEAR


@pytest.mark.parametrize("unit", ["a", "Years", "yrs", "Jahre", "años", " y "])
def test_the_unit_of_an_age_is_read_as_senders_write_it(unit: str) -> None:
    event = diagnosis(table(CONDITION | {"onsetAge": {"value": 34, "unit": unit}}, BORN))
    assert day(event.start[0]) == "1995-04-02"


def test_a_range_of_ages_is_known_when_its_end_is_over() -> None:
    ages = {"low": {"value": 5, "code": "a"}, "high": {"value": 12, "code": "a"}}
    event = diagnosis(table(CONDITION | {"onsetRange": ages}, BORN))
    assert (day(event.start[0])[:4], day(event.known[0])[:4]) == ("1966", "1974")


def test_what_was_recorded_later_is_known_later() -> None:
    event = diagnosis(table(CONDITION | AGE | {"recordedDate": "2019-02-03"}, BORN))
    assert (day(event.start[0])[:4], day(event.known[0])) == ("1995", "2019-02-03")


@pytest.mark.parametrize("births", [[], [BORN, BORN | {"birthDate": "1962-01-01"}]])
def test_without_one_date_of_birth_the_date_of_recording_counts_or_there_is_no_event(
    births: list[dict[str, Any]],
) -> None:
    recorded = CONDITION | AGE | {"recordedDate": "2019-02-03"}
    assert day(diagnosis(table(recorded, *births)).start[0]) == "2019-02-03"
    events = table(CONDITION | AGE, *births)
    assert "s|c" not in [events.codes[each] for each in events.code]
    assert events.no_event == {"age-without-birth": 1}


def test_an_age_after_the_arrival_is_no_event() -> None:
    late = CONDITION | {"onsetAge": {"value": 90, "code": "a"}}
    assert table(late, BORN).no_event == {"dated-after-arrival": 1}


@pytest.mark.parametrize(
    ("element", "code"),
    [
        (AGE, EntryCode.AGE_ONLY),
        (AGE | {"recordedDate": "2019-02-03"}, EntryCode.NOTHING),
        ({"onsetPeriod": {"start": "2019"}}, EntryCode.NOTHING),
        ({"onsetString": "in childhood"}, EntryCode.TEXT_ONLY),
        ({"onsetString": "in childhood", "recordedDate": "2019"}, EntryCode.NOTHING),
        ({"onsetAge": {"value": 34, "unit": "summers"}}, EntryCode.NO_DATE),
        ({"onsetAge": {"value": 34, "comparator": "<", "code": "a"}}, EntryCode.NO_DATE),
        ({}, EntryCode.NO_DATE),
    ],
)
def test_the_report_says_why_something_has_no_date(
    element: dict[str, Any], code: EntryCode
) -> None:
    for kind in ("Condition", "AllergyIntolerance"):
        resource = CONDITION | {"resourceType": kind} | element
        assert why_no_value(orjson.dumps(resource), ARRIVED) is code
