"""Every type of value is shown as it was written, and the report says which no question reads."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from records.documents import observations, why_no_value
from records.event_rules import NoEventError, facts_of
from records.event_values import NO_VALUE
from records.lines import lines_of
from records.outcomes import EntryCode
from records.written_values import value_of
from storage import Arrival, Record

ABSENT = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
LOW, HIGH = {"value": "3.0", "unit": "mg/dL"}, {"value": "5.50", "unit": "mg/dL"}
OTHERS = [
    ({"valueRange": {"low": LOW, "high": HIGH}}, "3.0 mg/dL – 5.50 mg/dL"),
    ({"valueRange": {"high": HIGH}}, "… – 5.50 mg/dL"),
    ({"valueRatio": {"numerator": {"value": "1"}, "denominator": {"value": "128"}}}, "1 : 128"),
    ({"valuePeriod": {"start": "2024-03-05"}}, "2024-03-05 – …"),
    ({"valueSampledData": {"origin": LOW, "data": "1 2 E U L 4"}}, "1 2 E U L 4"),
    ({"valueAttachment": {"contentType": "image/png", "data": "AAAA"}}, "image/png"),
    ({"valueReference": {"reference": "MolecularSequence/1", "display": "BRCA1"}}, "BRCA1"),
    ({"valueString": "x" * 300}, "x" * 300),
    ({"valueString": "first\nsecond"}, "first\nsecond"),
]


def observation(**changes: Any) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "2345-7"}]},
        "effectiveDateTime": "2024-03-05",
        **changes,
    }


@pytest.mark.parametrize(("value", "text"), OTHERS)
def test_a_value_that_no_question_reads_is_shown_reported_and_counts_as_present(
    value: dict[str, Any], text: str
) -> None:
    written = value_of(value)
    assert written is not None
    assert (written.value, written.number) == (text, None)
    assert why_no_value(orjson.dumps(observation(**value))) is EntryCode.VALUE_TYPE
    (fact,) = facts_of(observation(**value), {})
    assert fact.values == [NO_VALUE]
    part = {"code": observation()["code"], **value}
    beside = observation(valueQuantity={"value": 1}, component=[part])
    assert why_no_value(orjson.dumps(beside)) is EntryCode.VALUE_TYPE


@pytest.mark.parametrize("is_part", [False, True])
def test_of_several_values_none_is_chosen_and_the_report_says_so(*, is_part: bool) -> None:
    several = {"valueQuantity": {"value": 101, "unit": "mg/dL"}, "valueString": "high"}
    part = observation(component=[{"code": observation()["code"], **several}])
    resource = part if is_part else observation(**several)
    body = orjson.dumps(resource)
    assert why_no_value(body) is EntryCode.SEVERAL_VALUES
    record = Record(b"s" * 32, "laboratory", "o", "2024-03-05", {}, "ab" * 16, 1, (body,), ())
    assert observations(record) == {}
    assert all(fact.values == [NO_VALUE] for fact in facts_of(resource, {}))
    written = value_of({"valueQuantity": {"value": "101", "unit": "mg/dL"}, "valueString": "high"})
    assert written is not None
    assert (written.value, written.number) == ("101 mg/dL; high", None)


@pytest.mark.parametrize(
    ("reason", "text"),
    [
        ({"dataAbsentReason": {"coding": [{"code": "not-performed"}]}}, "not-performed"),
        ({"dataAbsentReason": {"text": "clotted"}}, "clotted"),
        ({"_valueString": {"extension": [{"url": ABSENT, "valueCode": "masked"}]}}, "masked"),
    ],
)
def test_why_a_value_is_absent_is_shown_and_reported(reason: dict[str, Any], text: str) -> None:
    written = value_of(reason)
    assert written is not None
    assert written.value == text
    assert why_no_value(orjson.dumps(observation(**reason))) is EntryCode.VALUE_ABSENT
    with pytest.raises(NoEventError):
        facts_of(observation(**reason), {})


def test_a_quantity_without_a_number_shows_why_and_no_unit() -> None:
    mark = {"extension": [{"url": ABSENT, "valueCode": "unknown"}]}
    assert value_of({"valueQuantity": {"_value": mark, "unit": "mg/dL"}}) == (
        "unknown",
        None,
        "",
        "",
    )


def test_answers_of_a_questionnaire_are_lines_with_their_questions() -> None:
    inner = {"linkId": "2.1", "answer": [{"valueCoding": {"code": "x", "display": "Pipe"}}]}
    response = {
        "resourceType": "QuestionnaireResponse",
        "status": "completed",
        "authored": "2024-03-05",
        "item": [
            {"linkId": "1", "text": "Do you smoke?", "answer": [{"valueBoolean": True}]},
            {"linkId": "2", "answer": [{"valueInteger": 20, "item": [inner]}, {"valueInteger": 5}]},
            {"linkId": "3", "text": "A heading", "item": [{"linkId": "3.1", "answer": "wrong"}]},
            "wrong",
        ],
    }
    record = Record(
        *(b"s" * 32, "survey", "o", "2024-03-05", {}, "ab" * 16, 1),
        (orjson.dumps(response),),
        (Arrival("r", 1, 1),),
    )
    lines = [(line.name, line.value, line.at) for line in lines_of(record)][1:]
    assert lines == [
        ("Do you smoke?", "true", "2024-03-05"),
        ("2", "20, 5", "2024-03-05"),
        ("2.1", "Pipe", "2024-03-05"),
    ]
