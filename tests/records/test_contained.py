"""Results inside a report count like results beside it, with the times that they have."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from records.documents import observations, why_no_value
from records.event_rules import facts_of
from records.extraction import events_of
from records.lines import lines_of
from records.outcomes import EntryCode
from storage import Arrival, Record

LOINC = "http://loinc.org"
GLUCOSE, POTASSIUM = f"{LOINC}|2345-7", f"{LOINC}|2823-3"


def result(code: str, **changes: Any) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "id": "in",
        "status": "final",
        "code": {"coding": [{"system": LOINC, "code": code}]},
        "valueQuantity": {"value": 5.1, "code": "mmol/L"},
        **changes,
    }


REPORT = {
    "resourceType": "DiagnosticReport",
    "status": "final",
    "code": {"coding": [{"system": LOINC, "code": "24323-8"}]},
    "effectiveDateTime": "2024-03-05",
    "issued": "2024-03-06T08:00:00Z",
    "result": [{"reference": "#in"}],
    "contained": [
        result("2345-7"),
        result("2823-3", effectiveDateTime="2024-03-04"),
        result("2160-0", status="cancelled"),
        {"resourceType": "Practitioner", "id": "p"},
        "wrong",
    ],
}


def test_results_inside_a_report_are_facts_of_their_own_time_or_the_reports() -> None:
    facts = {fact.codes[0]: fact for fact in facts_of(REPORT, {})}
    assert set(facts) == {f"{LOINC}|24323-8", GLUCOSE, POTASSIUM}
    assert facts[GLUCOSE].values[0].number == 5.1
    day = 86_400
    assert facts[GLUCOSE].start.first - facts[POTASSIUM].start.first == day
    assert facts[POTASSIUM].known == facts[GLUCOSE].known > facts[GLUCOSE].start.first


def test_results_inside_a_report_are_shown_and_are_values_of_the_record() -> None:
    body = (orjson.dumps(REPORT),)
    record = Record(
        b"s" * 32, "laboratory", "o", "2024-03-05", {}, "ab" * 16, 1, body, (Arrival("r", 1, 1),)
    )
    assert observations(record)[GLUCOSE] == (5.1, "mmol/L")
    assert f"{LOINC}|2160-0" not in observations(record)
    lines = {line.codes[0]: (line.value, line.at) for line in lines_of(record)}
    assert lines[GLUCOSE] == ("5.1", "2024-03-05")
    assert lines[POTASSIUM] == ("5.1", "2024-03-04")


PANEL = {
    key: value
    for key, value in REPORT.items()
    if key not in ("resourceType", "result", "effectiveDateTime", "issued")
} | {"resourceType": "Observation", "effectiveDateTime": "2024-03-05"}
MEMBERS = [{"reference": "#in"}]


@pytest.mark.parametrize(
    ("elements", "is_member"),
    [
        ({"hasMember": MEMBERS}, True),
        ({"derivedFrom": MEMBERS}, True),
        ({"related": [{"type": "has-member", "target": MEMBERS[0]}]}, True),
        ({"related": [{"type": "replaces", "target": MEMBERS[0]}]}, False),
        ({"hasMember": [{"reference": "#other"}]}, False),
        ({"hasMember": "#in"}, False),
        ({}, False),
    ],
)
def test_results_inside_a_panel_count_if_it_names_them(
    elements: dict[str, Any], *, is_member: bool
) -> None:
    body, came = orjson.dumps(PANEL | elements), (Arrival("r", 1, 2_000_000_000),)
    record = Record(b"s" * 32, "laboratory", "o", "2024-03-05", {}, "ab" * 16, 1, (body,), came)
    assert (GLUCOSE in observations(record)) == is_member
    assert (GLUCOSE in {code for row in events_of(record).rows for code in row}) == is_member
    assert any(line.value == "5.1" for line in lines_of(record)) == is_member
    expected = EntryCode.NOTHING if is_member else EntryCode.NO_VALUE
    assert why_no_value(body) is expected


def test_a_panel_about_somebody_else_takes_its_results_with_it() -> None:
    about = {"hasMember": MEMBERS, "focus": [{"reference": "Patient/child"}]}
    body = (orjson.dumps(PANEL | about),)
    record = Record(
        b"s" * 32, "laboratory", "o", "2024-03-05", {}, "ab" * 16, 1, body, (Arrival("r", 1, 1),)
    )
    assert observations(record) == {}
    assert not any(line.is_in_force for line in lines_of(record))


def test_a_report_that_was_taken_back_takes_its_results_with_it() -> None:
    body = (orjson.dumps(REPORT | {"status": "entered-in-error"}),)
    record = Record(
        b"s" * 32, "laboratory", "o", "2024-03-05", {}, "ab" * 16, 1, body, (Arrival("r", 1, 1),)
    )
    assert observations(record) == {}
    assert not any(line.is_in_force for line in lines_of(record))


@pytest.mark.parametrize(
    ("subject", "is_own"),
    [
        ({"reference": "Patient/p1"}, True),
        ({"reference": "Patient/p1", "display": "A"}, True),
        ({"reference": "Patient/donor"}, False),
        ({"reference": "#donor"}, False),
        ({"reference": "urn:uuid:1"}, False),
        ({"display": "donor"}, False),
    ],
)
def test_a_result_inside_a_report_about_another_patient_is_no_value_of_the_reports(
    subject: dict[str, str], is_own: bool
) -> None:
    donor = {"resourceType": "Patient", "id": "donor"}
    inside = [result("2345-7", subject=subject), donor]
    report = REPORT | {"subject": {"reference": "Patient/p1"}, "contained": inside}
    assert any(GLUCOSE in fact.codes for fact in facts_of(report, {})) is is_own
    record = Record(
        b"s" * 32, "laboratory", "o", "2024-03-05", {}, "ab" * 16, 1, (orjson.dumps(report),), ()
    )
    assert (GLUCOSE in observations(record)) is is_own
    (line,) = [line for line in lines_of(record) if GLUCOSE in line.codes]
    assert (line.value, line.is_in_force) == ("5.1", is_own)
