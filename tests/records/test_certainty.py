"""What is denied, suspected, planned or not taken is no fact, in the words of each country."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from records.certainty import CONFIRMED, certainty
from records.documents import observations, why_no_value
from records.event_rules import NoEvent, NoEventError, facts_of
from records.outcomes import EntryCode
from storage import Arrival, Record

GERMAN = "http://fhir.de/StructureDefinition/icd-10-gm-diagnosesicherheit"
KBV = "https://fhir.kbv.de/CodeSystem/KBV_CS_SFHIR_ICD_DIAGNOSESICHERHEIT"


def german(word: str) -> dict[str, Any]:
    mark = {"url": GERMAN, "valueCoding": {"system": KBV, "code": word}}
    coding = {
        "system": "http://fhir.de/CodeSystem/bfarm/icd-10-gm",
        "code": "I21.9",
        "extension": [{"url": "http://other.example"}, mark],
    }
    return {
        "resourceType": "Condition",
        "code": {"coding": [coding]},
        "recordedDate": "2024-02-01",
    }


@pytest.mark.parametrize(
    ("word", "status"),
    [("A", "refuted"), ("V", "provisional"), ("G", CONFIRMED), ("Z", CONFIRMED)],
)
def test_a_german_diagnosis_is_as_certain_as_its_mark_says(word: str, status: str) -> None:
    assert [fact.status for fact in facts_of(german(word), {})] == [status]
    is_sure = status == CONFIRMED
    why = why_no_value(orjson.dumps(german(word)))
    assert why is (EntryCode.NOTHING if is_sure else EntryCode.UNCONFIRMED)


@pytest.mark.parametrize(
    ("word", "clinical", "value"),
    [
        ("G", None, "active"),
        ("Z", None, "inactive"),
        ("Z", "recurrence", "recurrence"),
    ],
)
def test_a_state_after_a_disease_is_not_called_active(
    word: str, clinical: str | None, value: str
) -> None:
    stated = {"clinicalStatus": {"coding": [{"code": clinical}]}} if clinical else {}
    content = orjson.dumps(german(word) | stated)
    arrival = Arrival("a", 1, 1_800_000_000)
    day, contents = "2024-02-01", (content,)
    record = Record(b"s" * 32, "condition", "c", day, {}, "r", 1, contents, (arrival,))
    assert [each for each, _ in observations(record).values()] == [value]


@pytest.mark.parametrize(
    "code",
    [
        None,
        "x",
        [1],
        {"coding": "x"},
        {"coding": 1},
        {"coding": [{"extension": 1}]},
        {"coding": [{"extension": [{"url": GERMAN, "valueCoding": {"code": {}}}]}]},
    ],
)
def test_a_code_of_a_wrong_type_is_no_mark(code: Any) -> None:
    assert certainty({"code": code}) == CONFIRMED


def statement(**changes: Any) -> dict[str, Any]:
    coding = {"system": "http://www.whocc.no/atc", "code": "A10BA02"}
    return {
        "resourceType": "MedicationStatement",
        "status": "recorded",
        "medication": {"concept": {"coding": [coding]}},
        "effectiveDateTime": "2024-02-01",
        **changes,
    }


def test_a_medicine_of_r5_that_is_not_taken_is_no_fact() -> None:
    assert facts_of(statement(), {})
    system = "http://hl7.org/fhir/CodeSystem/medication-statement-adherence"
    adherence = {"code": {"coding": [{"system": system, "code": "not-taking"}]}}
    with pytest.raises(NoEventError) as refused:
        facts_of(statement(adherence=adherence), {})
    assert refused.value.reason is NoEvent.NOT_DONE
    assert why_no_value(orjson.dumps(statement(adherence=adherence))) is EntryCode.NEGATED


def test_an_intent_that_does_not_count_is_reported() -> None:
    request = statement(resourceType="MedicationRequest", status="active", authoredOn="2024-02-01")
    assert why_no_value(orjson.dumps(request | {"intent": "order"})) is EntryCode.NOTHING
    assert why_no_value(orjson.dumps(request | {"intent": "plan"})) is EntryCode.STATUS


def test_rules_that_are_not_known_may_turn_the_meaning() -> None:
    ruled = german("G") | {"implicitRules": "https://example.org/rules"}
    assert why_no_value(orjson.dumps(ruled)) is EntryCode.MODIFIER
    with pytest.raises(NoEventError):
        facts_of(ruled, {})


@pytest.mark.parametrize(
    ("mark", "status", "expected"),
    [
        ("V", "refuted", "refuted"),
        ("A", "provisional", "refuted"),
        ("V", "confirmed", "provisional"),
        ("Z", "differential", "differential"),
    ],
)
def test_of_a_mark_and_a_status_the_stronger_denial_counts(
    mark: str, status: str, expected: str
) -> None:
    condition = german(mark) | {"verificationStatus": {"coding": [{"code": status}]}}
    assert [fact.status for fact in facts_of(condition, {})] == [expected]


@pytest.mark.parametrize("mark", ["A", "V", "G"])
def test_a_marked_diagnosis_that_was_entered_in_error_is_no_event(mark: str) -> None:
    condition = german(mark) | {"verificationStatus": {"coding": [{"code": "entered-in-error"}]}}
    with pytest.raises(NoEventError) as refused:
        facts_of(condition, {})
    assert refused.value.reason is NoEvent.ENTERED_IN_ERROR


@pytest.mark.parametrize(
    "element",
    ["doNotPerform", "notDone", "notGiven", "notPerformed", "wasNotGiven", "wasNotTaken"],
)
def test_what_any_version_of_fhir_says_was_not_done_is_no_event(element: str) -> None:
    with pytest.raises(NoEventError) as refused:
        facts_of(statement(**{element: True}), {})
    assert refused.value.reason is NoEvent.NOT_DONE
    assert why_no_value(orjson.dumps(statement(**{element: True}))) is EntryCode.NEGATED


@pytest.mark.parametrize(
    "unknown",
    [
        {"status": "active", "taken": "unk"},
        {"adherence": {"code": {"coding": [{"code": "unknown"}]}}},
    ],
)
def test_a_medicine_of_which_nobody_knows_whether_it_is_taken_is_not_certain(
    unknown: dict[str, Any],
) -> None:
    assert [fact.status for fact in facts_of(statement(**unknown), {})] == ["unknown"]
    assert why_no_value(orjson.dumps(statement(**unknown))) is EntryCode.STATUS
