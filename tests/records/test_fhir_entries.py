"""The entries of a Bundle: which have nothing to store, and where each is in its file."""

from __future__ import annotations

import io
from typing import Any

import orjson
import pytest

from records.fhir_entries import FhirEntry
from records.fhir_file import read_entries
from records.outcomes import EntryCode, EntryOutcome, Outcome, outcome_of

PATIENT = {"resourceType": "Patient", "id": "p1"}
OUTCOME = {"resourceType": "OperationOutcome", "issue": []}
ANSWER = {"response": {"status": "201 Created", "location": "Patient/p1", "outcome": OUTCOME}}


def bundle(*entries: Any, kind: str = "collection") -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": kind, "entry": list(entries)}


def read(*values: Any) -> list[FhirEntry]:
    body = b"\n".join(map(orjson.dumps, values))
    return list(read_entries(io.BytesIO(body)))


def located(*values: Any) -> list[tuple[int, str, str]]:
    return [(each.number, each.place, each.kind) for each in read(*values)]


@pytest.mark.parametrize("kind", ["batch-response", "transaction-response"])
def test_an_entry_that_is_only_an_answer_has_nothing_to_store(kind: str) -> None:
    retrieved = {"resource": PATIENT, "response": {"status": "200"}}
    answer, patient, empty = read(bundle(ANSWER, retrieved, {}, kind=kind))
    assert (answer.code, answer.resource) == (EntryCode.RESPONSE_ONLY, None)
    assert outcome_of(answer.code) is Outcome.RESPONSE_ONLY
    assert not EntryOutcome(1, outcome_of(answer.code), code=answer.code).is_open
    assert (patient.kind, patient.code) == ("Patient", EntryCode.NOTHING)
    assert empty.code is EntryCode.NO_RESOURCE  # it is no answer either


def test_what_could_change_something_is_never_taken_for_an_answer() -> None:
    deletion = ANSWER | {"request": {"method": "DELETE", "url": "Patient/p1"}}
    (deleted,) = read(bundle(deletion, kind="transaction-response"))
    assert (deleted.method, deleted.code) == ("DELETE", EntryCode.NOTHING)
    (other,) = read(bundle(ANSWER))  # a collection has no answers
    assert other.code is EntryCode.NO_RESOURCE


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_what_a_server_answered_to_a_reading_request_is_read(method: str) -> None:
    reading = {"request": {"method": method, "url": "Patient/p1"}}
    answered = reading | {"response": {"status": "200"}}
    request, answer, patient = read(
        bundle(reading, answered, answered | {"resource": PATIENT}, kind="history")
    )
    assert request.code is EntryCode.METHOD
    assert answer.code is EntryCode.RESPONSE_ONLY
    assert (patient.kind, patient.code) == ("Patient", EntryCode.NOTHING)


@pytest.mark.parametrize("values", [[bundle()], [{"resourceType": "Bundle", "type": "x"}], [[]]])
def test_a_file_without_an_entry_has_a_note_that_says_so(values: list[Any]) -> None:
    (note,) = read(*values)
    assert (note.number, note.code) == (0, EntryCode.NO_ENTRY)
    assert outcome_of(note.code) is Outcome.NOTE
    assert "has no entry" in note.code.problem


def test_an_empty_line_of_bundles_names_its_line() -> None:
    assert [(each.number, each.code) for each in read(PATIENT, bundle())] == [
        (1, EntryCode.NOTHING),
        (2, EntryCode.NO_ENTRY),
    ]


def test_the_entries_of_one_bundle_need_no_place_beside_their_number() -> None:
    entry = {"resource": PATIENT}
    assert located(bundle(entry, entry)) == [(1, "", "Patient"), (2, "", "Patient")]
    assert located(PATIENT, PATIENT) == [(1, "", "Patient"), (2, "", "Patient")]


def test_an_entry_of_a_bundle_in_a_bundle_says_which() -> None:
    inner = bundle({"resource": PATIENT}, {"resource": {}})
    assert located(bundle({"resource": PATIENT}, {"resource": inner}, {"resource": PATIENT})) == [
        (1, "", "Patient"),
        (2, "entry[2].resource.entry[1]", "Patient"),
        (3, "entry[2].resource.entry[2]", ""),
        (4, "entry[3]", "Patient"),
    ]
    assert located(bundle({"resource": bundle()})) == [(0, "entry[1].resource", "")]


def test_an_entry_of_a_bundle_in_a_line_in_a_list_or_in_parameters_says_which() -> None:
    inner = bundle({"resource": PATIENT})
    assert located(PATIENT, inner)[1] == (2, "entry[2].entry[1]", "Patient")
    assert located([PATIENT, inner])[1] == (2, "entry[2].entry[1]", "Patient")
    part = {"name": "a", "part": [{"name": "b", "resource": inner}]}
    parameters = {"resourceType": "Parameters", "parameter": [{"name": "c"}, part]}
    assert located(parameters) == [(1, "parameter[2].part[1].resource.entry[1]", "Patient")]


def test_an_outcome_keeps_its_place_and_an_operation_outcome_has_it() -> None:
    place = "entry[2].resource.entry[1]"
    outcome = EntryOutcome(2, Outcome.PARKED, "Observation", EntryCode.NO_SUBJECT, "x", place)
    assert EntryOutcome.from_stored(outcome.to_stored()) == outcome
    assert outcome.to_issue()["issue"][0]["expression"] == [f"{place}.x"]
    without = EntryOutcome(2, Outcome.STORED, "Observation")
    assert EntryOutcome.from_stored(without.to_stored()) == without
