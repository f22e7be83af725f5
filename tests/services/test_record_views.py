"""Opened records are shown in the reader's words: as written, over time, as models read them."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace
from typing import Any

import pytest

from models import Question
from records.certainty import NOT_IN_FORCE, UNCONFIRMED
from services.errors import NotFound
from services.parties import PartyNames
from services.record_views import RecordViews
from services.words import LANGUAGES, Words
from storage import Arrival, Record

GLUCOSE = "http://loinc.org|2345-7"
QUESTION = """
format = 2
id = "sugar"
title = "Diabetes"
intended_use = "A test."
limits = ["Not for people."]
held_out = 0.5
required = ["laboratory"]

[index]
codes = ["x|visit"]
category = "encounter"
take = "first"

[label]
codes = ["x|diabetes"]
category = "condition"
words = "diabetes"
definition = "It is there."
within = ["1d", "5y"]
never_before = true
absent = "negative"

[parameters]
rounds = 60
max_depth = 1

[[features]]
name = "glucose"
codes = ["http://loinc.org|2345-7"]
words = "glucose"
kind = "number"
category = "laboratory"
unit = "mg/dL"
minimum = 10
maximum = 900
take = "last"
within = ["-2y", "0d"]
reviewed = "Measured before."

[[molar]]
code = "http://loinc.org|2345-7"
grams = 180.156
"""


class Questions:
    def questions(self) -> list[Question]:
        return [Question.parse(QUESTION, "sugar.toml")]

    def studies(self) -> list[Any]:
        return []


def views() -> RecordViews:
    known: Any = Questions()
    return RecordViews(diagnostics=known, parties=PartyNames(known))


def glucose(day: str, value: str, unit: str = "mmol/L", **more: Any) -> Record:
    resource = {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "2345-7"}], "text": "Glucose"},
        "effectiveDateTime": f"{day}T08:30:00+01:00",
        "valueQuantity": {"value": "VALUE", "unit": unit, "code": unit},
    } | more
    text = json.dumps(resource).replace('"VALUE"', value).encode()
    arrival = (Arrival("r", 1, 86_400),)
    return Record(
        b"\1" * 32, "laboratory", "organisation:mercy", day, {}, "ab" * 16, 1, (text,), arrival
    )


def test_a_value_is_shown_as_written_with_time_zone_and_holder() -> None:
    (line,) = views().describe(Words("en"), [glucose("2024-02-15", "5.10")])
    assert (line.value, line.name) == ("5.10 mmol/L", "glucose")
    assert line.when == "15 February 2024, 08:30 UTC+01:00"
    assert line.source == "Mercy"
    assert line.version == "Received on 2 January 1970."


@pytest.mark.parametrize(
    ("language", "name"), [("en", "haemoglobin"), ("de", "Hämoglobin"), ("es", "hemoglobina")]
)
def test_a_common_value_that_came_as_a_code_alone_has_a_name(language: str, name: str) -> None:
    code = {"coding": [{"system": "http://loinc.org", "code": "718-7"}]}
    (line,) = views().describe(Words(language), [glucose("2024-02-15", "13", code=code)])
    assert line.name == name
    (line,) = views().describe(
        Words(language), [glucose("2024-02-15", "13", code=code | {"text": "Hb, capillary"})]
    )
    assert line.name == "Hb, capillary"


def test_a_reader_of_another_language_gets_the_same_digits() -> None:
    record = glucose("2024-02-15", "5.10", performer=[{"display": "Labor"}])
    (line,) = views().describe(Words("de"), [record])
    assert line.value == "5,10 mmol/L"
    assert line.source == "Labor, Mercy"


def test_a_value_that_a_model_converts_says_as_what_and_by_which_rule() -> None:
    (line,) = views().describe(Words("en"), [glucose("2024-02-15", "5.1")])
    (reading,) = line.readings
    assert "“Diabetes” reads 5.1 mmol/L as 91.88 mg/dL" in reading
    assert "weight of this substance" in reading
    (same,) = views().describe(Words("en"), [glucose("2024-02-15", "92", "mg/dL")])
    assert same.readings == []


def test_a_corrected_value_says_which_version_it_is() -> None:
    record = replace(glucose("2024-02-15", "5.1"), arrivals=(Arrival("r", 3, 86_400),))
    (line,) = views().describe(Words("en"), [record])
    assert line.version.endswith("corrected: version 3.")


def test_earlier_versions_show_only_what_was_replaced_or_removed_newest_first() -> None:
    versions = [replace(glucose("2024-02-15", text), version=n) for n, text in enumerate("5789", 1)]
    other = replace(versions[0], record_id="elsewhere")
    (*former, current) = [*versions, replace(versions[-1], version=5)]
    lines = views().earlier(Words("en"), [other, *former], [current])
    assert [line.line.value for line in lines] == ["8", "7", "5"]


def test_a_series_draws_numbers_of_one_unit_and_lists_all_others() -> None:
    records = [
        glucose("2024-02-15", "5.1"),
        glucose("2024-03-15", "6.2"),
        glucose("2024-04-15", "99", "mg/dL"),
        glucose("2024-05-15", "7", status="entered-in-error"),
    ]
    series = views().series(Words("en"), records, GLUCOSE)
    assert series.chart is not None
    assert len(series.chart.marks) == 2
    assert (series.unit, series.others, len(series.lines)) == ("mmol/L", 2, 4)
    assert [view.line.at[:7] for view in series.lines] == [
        "2024-05",
        "2024-04",
        "2024-03",
        "2024-02",
    ]


def test_a_value_is_followed_over_time_only_from_two_numbers_in_one_unit_on() -> None:
    first, second = glucose("2024-02-15", "5.1"), glucose("2024-03-15", "6.2")
    other_unit = glucose("2024-04-15", "99", "mg/dL")
    mistaken = glucose("2024-05-15", "7", status="entered-in-error")
    alone = views().timeline(Words("en"), [first, other_unit, mistaken])
    assert [line.is_followed for line in alone] == [False, False, False]
    both = views().timeline(Words("en"), [first, second, other_unit, mistaken])
    assert [line.is_followed for line in both] == [False, False, True, True]
    for records in ([first, other_unit, mistaken], [first, second, other_unit]):
        lines = views().timeline(Words("en"), records)
        has_chart = views().series(Words("en"), records, GLUCOSE).chart is not None
        assert has_chart == any(line.is_followed for line in lines)


def test_a_link_to_a_chart_leads_to_a_chart() -> None:
    """Whatever kinds of results there are: also undated ones, and lines with two codes."""
    other = {"system": "http://hospital.example", "code": "GLU"}
    loinc = {"system": "http://loinc.org", "code": "2345-7"}
    kinds: list[dict[str, Any]] = [
        {},
        {"effectiveDateTime": None},
        {"effectiveDateTime": "2024"},
        {"status": "entered-in-error"},
        {"valueQuantity": {"value": 99, "unit": "mg/dL", "code": "mg/dL"}},
        {"code": {"coding": [other, loinc]}},
        {"code": {"coding": [loinc, other]}},
        {"code": {"coding": [other]}},
    ]
    for chosen in itertools.combinations_with_replacement(kinds, 3):
        records = [glucose(f"2024-0{n}-15", "5.1", **more) for n, more in enumerate(chosen, 1)]
        for line in views().timeline(Words("en"), records):
            if line.is_followed:
                assert views().series(Words("en"), records, line.code).chart is not None, chosen


def test_a_page_without_a_chart_says_what_a_chart_needs() -> None:
    reasons = {
        "en": ("two valid results", "a number", "a date", "the same unit"),
        "de": ("zwei gültige Ergebnisse", "Zahl", "Datum", "derselben Einheit"),
        "es": ("dos resultados válidos", "número", "fecha", "la misma unidad"),
    }
    for language, parts in reasons.items():
        assert all(part in Words(language)("chart-none") for part in parts)


def test_a_single_record_is_followed_where_others_may_have_the_value() -> None:
    record = glucose("2024-02-15", "5.1")
    assert not views().describe(Words("en"), [record])[0].is_followed
    assert views().describe(Words("en"), [record], has_others=True)[0].is_followed


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"valueQuantity": {"value": 99, "unit": "mg/dL", "code": "mg/dL"}}, "another unit"),
        ({"valueQuantity": None, "valueString": "much"}, "no number"),
        ({"effectiveDateTime": None}, "no date"),
        ({"status": "entered-in-error"}, "not valid"),
    ],
)
def test_what_is_not_in_the_chart_says_each_reason_for_it(more: dict[str, Any], reason) -> None:
    records = [glucose("2024-02-15", "5.1"), glucose("2024-03-15", "6.2")]
    odd = glucose("2024-04-15", "7", **more)
    series = views().series(Words("en"), [*records, odd], GLUCOSE)
    assert series.others == 1
    assert reason in Words("en")("chart-others", count=1)
    assert reason in Words("en")("chart-others", count=2)


def test_a_chart_names_its_unit_as_the_lines_below_it_do() -> None:
    series = views().series(Words("en"), [glucose("2024-02-15", "31", "kg/m2")], GLUCOSE)
    assert (series.unit, series.unit_name) == ("kg/m2", "kg/m²")
    assert series.lines[0].value == f"31 {series.unit_name}"


def test_a_code_that_no_line_has_is_not_found() -> None:
    with pytest.raises(NotFound):
        views().series(Words("en"), [glucose("2024-02-15", "5.1")], "x|other")


STATED = sorted(NOT_IN_FORCE | set(UNCONFIRMED) | {"active", "resolved", "completed", "stopped"})


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_fhir_calls_a_status_or_a_detail_of_a_person_is_said_in_words(language: str) -> None:
    words = Words(language)
    for status in STATED:
        (line,) = views().describe(words, [glucose("2024-02-15", "13", status=status)])
        assert line.status == words(f"value-{status}")
    details = {"gender": "female", "birthDate": "1961-04-02", "deceasedDateTime": "2024-05"}
    person = json.dumps({"resourceType": "Patient"} | details).encode()
    record = replace(glucose("2024-02-15", "13"), resources=(person,))
    lines = views().describe(words, [record])
    assert [line.value for line in lines] == [
        words("value-female"),
        words.iso_day("1961-04-02"),
        "2024-05",
    ]
    assert not {line.name for line in lines} & set(details) - {"gender"}


def test_a_line_without_a_status_that_it_needs_says_that_it_is_not_known() -> None:
    (line,) = views().describe(Words("en"), [glucose("2024-02-15", "13", status=None)])
    assert (line.status, line.line.is_in_force) == ("Not known", False)
