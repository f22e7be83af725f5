"""FHIR intake across deliveries: deletions, parked copies, medicines sent apart; no nodes."""

from __future__ import annotations

import gc
from pathlib import Path
from typing import Any

import orjson
import pytest
from memory_store import (
    MEDICATION,
    OBSERVATION,
    PATIENT,
    Custodian,
    bundle,
    send,
)
from memory_store import MEDICATION_REQUEST as REQUEST

from records import JsonInvalid
from records.documents import observations
from records.extraction import events_of
from records.lines import lines_of
from records.outcomes import EntryCode, Outcome

GLUCOSE = "http://loinc.org|2345-7"


@pytest.fixture
def custodian(tmp_path: Path) -> Custodian:
    return Custodian(tmp_path)


def values(custodian: Custodian, person: str = "V-100") -> dict[str, Any]:
    read: dict[str, Any] = {}
    for record in custodian.stored(person):
        read |= observations(record)
    return read


def test_the_collector_runs_again_after_a_delivery_and_after_a_damaged_one(
    custodian: Custodian,
) -> None:
    send(custodian, bundle({"resource": PATIENT}, {"resource": OBSERVATION}))
    assert gc.isenabled()
    with pytest.raises(JsonInvalid):
        send(custodian, b'{"resourceType":')
    assert gc.isenabled()


def test_a_relative_deletion_reaches_what_the_same_sender_deposited_with_a_url(
    custodian: Custodian,
) -> None:
    base = "https://a.example/fhir"
    stored = {"fullUrl": f"{base}/Observation/o1", "resource": OBSERVATION}
    waiting = {"fullUrl": f"{base}/Observation/o2", "resource": OBSERVATION | {"id": "o2"}}
    waiting["resource"] = waiting["resource"] | {"subject": {"reference": "Patient/unknown"}}
    patient = {"fullUrl": f"{base}/Patient/p1", "resource": PATIENT}
    send(custodian, bundle(patient, stored, waiting), sender="a")
    deletions = [{"request": {"method": "DELETE", "url": f"Observation/o{n}"}} for n in (1, 2, 3)]
    other = send(custodian, bundle(*deletions, kind="transaction"), sender="b")
    assert {each.code for each in other.outcomes} == {EntryCode.UNKNOWN_RESOURCE}
    own = send(custodian, bundle(*deletions, kind="transaction"), sender="a")
    assert [each.code for each in own.outcomes] == [
        EntryCode.DELETION,
        EntryCode.DELETION,
        EntryCode.UNKNOWN_RESOURCE,
    ]
    assert GLUCOSE not in values(custodian)
    assert custodian.intake.parked_count() == 0


def test_a_relative_deletion_that_fits_two_servers_is_refused(custodian: Custodian) -> None:
    for base in ("https://a.example/fhir", "https://b.example/fhir"):
        patient = {"fullUrl": f"{base}/Patient/p1", "resource": PATIENT}
        value = {"fullUrl": f"{base}/Observation/o1", "resource": OBSERVATION}
        value["resource"] = OBSERVATION | {"effectiveDateTime": f"2024-01-0{len(base) % 7 + 1}"}
        value["resource"] = value["resource"] | {"note": [{"text": base}]}
        send(custodian, bundle(patient, value))
    deletion = {"request": {"method": "DELETE", "url": "Observation/o1"}}
    (outcome,) = send(custodian, bundle(deletion, kind="transaction")).outcomes
    assert (outcome.outcome, outcome.code) == (Outcome.REFUSED, EntryCode.AMBIGUOUS_RESOURCE)
    assert GLUCOSE in values(custodian)


def test_a_parked_copy_of_a_stored_resource_is_the_same_and_waits_no_longer(
    custodian: Custodian,
) -> None:
    with_url = {"fullUrl": "https://a.example/fhir/Observation/o1", "resource": OBSERVATION}
    send(custodian, orjson.dumps(OBSERVATION))
    send(custodian, bundle(with_url))
    report = send(custodian, orjson.dumps(PATIENT))
    assert (report.joined, report.joined_same) == (1, 1)
    assert custodian.intake.parked_count() == 0
    assert sum(len(record.resources) for record in custodian.stored("V-100")) == 2


METFORMIN = "http://www.whocc.no/atc|A10BA02"


def urn(resource: dict[str, Any]) -> dict[str, Any]:
    return {"fullUrl": f"urn:uuid:{resource['id']}-x", "resource": resource}


def by_urn(**changes: Any) -> dict[str, Any]:
    return REQUEST | {"medicationReference": {"reference": "urn:uuid:m1-x"}} | changes


@pytest.mark.parametrize(
    "deliveries",
    [
        [[bundle(REQUEST, MEDICATION, PATIENT)]],
        [[bundle(urn(by_urn()), urn(MEDICATION), PATIENT)]],
        [[orjson.dumps(REQUEST), orjson.dumps(MEDICATION), orjson.dumps(PATIENT)]],
        [[orjson.dumps(MEDICATION)], [bundle(PATIENT, REQUEST)]],
        [[bundle(PATIENT, REQUEST)], [orjson.dumps(MEDICATION)], [orjson.dumps(REQUEST)]],
        [[orjson.dumps(REQUEST)], [orjson.dumps(MEDICATION)], [orjson.dumps(PATIENT)]],
    ],
    ids=["bundle", "urn", "files", "before", "sent-again", "parked"],
)
def test_a_medicine_that_is_sent_apart_gives_its_code(
    custodian: Custodian, deliveries: list[list[bytes]]
) -> None:
    for bodies in [*deliveries, *deliveries]:
        last = send(custodian, *bodies)
    assert METFORMIN in values(custodian)
    (record,) = [r for r in custodian.stored("V-100") if METFORMIN in observations(r)]
    assert len(record.resources) == 2
    events = events_of(record)
    assert ([row[5] for row in events.rows], events.no_event) == ([METFORMIN], {})
    assert [line.codes for line in lines_of(record)] == [(METFORMIN,)]
    assert EntryCode.MEDICATION not in {each.code for each in last.outcomes}


def test_a_medicine_that_is_not_there_is_named_as_the_reason(custodian: Custodian) -> None:
    report = send(custodian, bundle(PATIENT, REQUEST))
    assert [each.code for each in report.outcomes] == [EntryCode.NOTHING, EntryCode.MEDICATION]


def test_a_protected_medicine_protects_what_refers_to_it(custodian: Custodian) -> None:
    methadone = MEDICATION | {
        "code": {"coding": [{"system": "http://www.whocc.no/atc", "code": "N07BC02"}]}
    }
    send(custodian, bundle(PATIENT, REQUEST))
    assert [r.category for r in custodian.stored("V-100")][-1] == "medication"
    send(custodian, bundle(PATIENT, REQUEST, methadone))
    assert [r.category for r in custodian.stored("V-100") if r.resources][-1] == "substance-use"
    kinds = {record.category for record in custodian.stored("V-100") if len(record.resources) > 1}
    assert kinds == {"substance-use"}


def test_the_same_resource_twice_in_a_file_is_the_same(custodian: Custodian) -> None:
    report = send(custodian, bundle(PATIENT, OBSERVATION, OBSERVATION))
    assert [each.outcome for each in report.outcomes][1:] == [Outcome.SAME, Outcome.STORED]


def test_of_several_files_the_one_that_cannot_be_read_is_named(custodian: Custodian) -> None:
    with pytest.raises(JsonInvalid, match=r"^1\.json: the text is not valid JSON at line 1"):
        send(custodian, bundle(PATIENT), b'{"resourceType":"Patient",')
    with pytest.raises(JsonInvalid, match="^the text"):
        send(custodian, b'{"resourceType":"Patient",')
    assert not custodian.stored()


def test_of_what_waits_for_its_patient_the_newest_version_waits(custodian: Custodian) -> None:
    def version(day: int, value: int) -> dict[str, Any]:
        meta = {"lastUpdated": f"2024-03-{day:02}T00:00:00Z"}
        return OBSERVATION | {"meta": meta, "valueQuantity": {"value": value, "code": "mg/dL"}}

    report = send(custodian, bundle(version(2, 5), version(1, 101), kind="history"))
    assert [each.outcome for each in report.outcomes] == [Outcome.PARKED, Outcome.OLDER]
    assert send(custodian, orjson.dumps(version(1, 101))).counts()["older"] == 1
    assert send(custodian, orjson.dumps(PATIENT)).joined == 1
    assert values(custodian)[GLUCOSE] == (5, "mg/dL")


def test_the_report_tells_what_is_open_from_what_has_nothing_to_store(
    custodian: Custodian,
) -> None:
    message = {"resource": {"resourceType": "OperationOutcome"}, "search": {"mode": "outcome"}}
    nobody = OBSERVATION | {"id": "o2", "subject": {"display": "somebody"}}
    waiting = OBSERVATION | {"id": "o3", "subject": {"reference": "Patient/other"}}
    report = send(custodian, bundle(PATIENT, message, OBSERVATION, nobody, waiting, {}))
    assert [each.is_open for each in report.outcomes] == [False, False, False, True, True, True]
