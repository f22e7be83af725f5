"""A medicine that arrives after what refers to it gives its code then, to nobody else's entry."""

from __future__ import annotations

import io
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

from records.documents import observations
from records.lines import lines_of
from records.medicines import BESIDE
from records.merging import replaced_parts
from records.outcomes import EntryCode, Outcome
from records.reassignment import reassign
from services.custodian.fhir_files import FhirFile
from services.custodian.late_medicines import LateMedicines

ATC = "http://www.whocc.no/atc"
METFORMIN, METHADONE = f"{ATC}|A10BA02", f"{ATC}|N07BC02"
INSULIN = f"{ATC}|A10AB01"
REQUEST_ID = "organisation:here|MedicationRequest/r1"


@pytest.fixture
def custodian(tmp_path: Path) -> Custodian:
    return Custodian(tmp_path)


def medicine(code: str = METFORMIN) -> dict[str, Any]:
    coding = dict(zip(("system", "code"), code.split("|"), strict=True))
    return MEDICATION | {"code": {"coding": [coding]}}


def at(server: str, resource: dict[str, Any]) -> dict[str, Any]:
    url = f"https://{server}.example/fhir/{resource['resourceType']}/{resource['id']}"
    return {"fullUrl": url, "resource": resource}


def crash(*_: object) -> None:
    raise OSError("crash")


def names(record: Any) -> list[str]:
    return [arrival.identity for arrival in record.arrivals]


def codes(custodian: Custodian) -> set[str]:
    return {code for record in custodian.stored("V-100") for code in observations(record)}


@pytest.mark.parametrize(
    ("request_body", "medicine_body"),
    [
        (bundle(PATIENT, REQUEST), orjson.dumps(medicine())),
        (bundle(at("a", PATIENT), at("a", REQUEST)), bundle(at("a", medicine()))),
    ],
    ids=["by-id", "by-url"],
)
def test_a_medicine_that_comes_later_gives_its_code(
    custodian: Custodian, request_body: bytes, medicine_body: bytes
) -> None:
    report = send(custodian, request_body)
    assert EntryCode.MEDICATION in {each.code for each in report.outcomes}
    assert METFORMIN not in codes(custodian)
    assert send(custodian, medicine_body).medicines == 1
    assert METFORMIN in codes(custodian)
    assert send(custodian, medicine_body).medicines == 0
    assert send(custodian, request_body).counts()["same"] == 2


def test_a_protected_medicine_that_comes_later_moves_what_refers_to_it(
    custodian: Custodian,
) -> None:
    send(custodian, bundle(PATIENT, REQUEST))
    report = send(custodian, orjson.dumps(medicine(METHADONE)))
    assert (report.medicines, report.corrected_records) == (1, 1)
    (record,) = [r for r in custodian.stored("V-100") if METHADONE in observations(r)]
    assert record.category == "substance-use"
    assert not [r for r in custodian.stored("V-100") if r.category == "medication" and r.resources]


def test_a_medicine_of_another_sender_or_server_is_another_one(custodian: Custodian) -> None:
    send(custodian, bundle(PATIENT, REQUEST), sender="ward")
    assert send(custodian, orjson.dumps(medicine()), sender="pharmacy").medicines == 0
    assert send(custodian, bundle(at("b", medicine())), sender="ward").medicines == 0
    assert METFORMIN not in codes(custodian)
    assert send(custodian, orjson.dumps(medicine()), sender="ward").medicines == 1


def test_an_entry_that_was_parked_gets_a_medicine_that_comes_last(custodian: Custodian) -> None:
    send(custodian, orjson.dumps(REQUEST))
    send(custodian, orjson.dumps(PATIENT))
    assert send(custodian, orjson.dumps(medicine())).medicines == 1
    assert METFORMIN in codes(custodian)


def test_a_check_files_nothing(custodian: Custodian) -> None:
    send(custodian, bundle(PATIENT, REQUEST))
    file = FhirFile("m.json", lambda: io.BytesIO(orjson.dumps(medicine())))
    assert custodian.intake.check([file], "", lambda *_: None).medicines == 0
    assert METFORMIN not in codes(custodian)


def dated(day: int, **fields: Any) -> dict[str, Any]:
    return {**medicine(), "meta": {"lastUpdated": f"2024-03-{day:02}T00:00:00Z"}, **fields}


def coded(code: str) -> dict[str, Any]:
    return {"code": medicine(code)["code"]}


@pytest.mark.parametrize("server", ["", "a"], ids=["by-id", "by-url"])
def test_a_corrected_medicine_corrects_what_refers_to_it(custodian: Custodian, server: str) -> None:
    def body(*resources: dict[str, Any]) -> bytes:
        return bundle(*(at(server, each) for each in resources)) if server else bundle(*resources)

    send(custodian, body(PATIENT, REQUEST, dated(1)))
    report = send(custodian, body(dated(2, **coded(INSULIN))))
    assert (report.medicines, report.corrected_medicines, report.lost_medicines) == (0, 1, 0)
    assert report.counts()["corrected"] == report.corrected_records == 1
    assert custodian.models.records == [r.record_id for r in custodian.stored("V-100")[-1:]]
    assert (METFORMIN in codes(custodian), INSULIN in codes(custodian)) == (False, True)
    again = send(custodian, body(dated(2, **coded(INSULIN))))
    assert (again.corrected_medicines, again.counts()["shared"]) == (0, 1)
    older = send(custodian, body(dated(1)))
    assert (older.counts()["older"], older.corrected_medicines) == (1, 0)
    # The old version came again, and is not what a new request gets.
    send(custodian, body(REQUEST | {"id": "r2", "authoredOn": "2024-04-01"}))
    assert METFORMIN not in codes(custodian)


def test_a_history_with_the_newest_version_first_keeps_the_newest(custodian: Custodian) -> None:
    versions = [dated(2, **coded(INSULIN)), dated(1)]
    report = send(custodian, bundle(*versions, PATIENT, REQUEST, kind="history"))
    assert report.counts()["older"] == 1
    assert codes(custodian) & {INSULIN, METFORMIN} == {INSULIN}


@pytest.mark.parametrize("whole", [True, False], ids=["url", "relative"])
def test_a_deleted_medicine_leaves_what_refers_to_it(custodian: Custodian, whole: bool) -> None:
    send(custodian, bundle(at("a", PATIENT), at("a", REQUEST), at("a", dated(1))))
    deletion: dict[str, Any] = {"request": {"method": "DELETE", "url": "Medication/m1"}}
    if whole:
        deletion["fullUrl"] = "https://a.example/fhir/Medication/m1"
    for lost in (1, 0):
        report = send(custodian, bundle(deletion, kind="transaction"))
        assert (report.counts()["deleted"], report.lost_medicines) == (1, lost)
        assert METFORMIN not in codes(custodian)
    assert custodian.models.records
    # Sent again as it was, it stays deleted; a newer version counts.
    assert send(custodian, bundle(at("a", dated(1)))).counts()["older"] == 1
    assert METFORMIN not in codes(custodian)
    assert send(custodian, bundle(at("a", dated(3)))).medicines == 1
    assert METFORMIN in codes(custodian)


def test_a_deletion_that_a_crash_interrupted_is_completed_by_repeating_it(
    custodian: Custodian, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(custodian, bundle(at("a", PATIENT), at("a", REQUEST), at("a", dated(1))))
    deletion = {"request": {"method": "DELETE", "url": "Medication/m1"}}
    with monkeypatch.context() as patched:
        patched.setattr(LateMedicines, "file", crash)
        with pytest.raises(OSError, match="crash"):
            send(custodian, bundle(deletion, kind="transaction"))
    assert METFORMIN in codes(custodian)
    assert send(custodian, bundle(deletion, kind="transaction")).lost_medicines == 1
    assert METFORMIN not in codes(custodian)


def test_a_deletion_and_an_earlier_version_in_one_history_delete(custodian: Custodian) -> None:
    send(custodian, bundle(PATIENT, REQUEST, dated(1)))
    deletion = {"request": {"method": "DELETE", "url": "Medication/m1"}}
    report = send(custodian, bundle(deletion, dated(1), kind="history"))
    assert (report.counts()["deleted"], report.lost_medicines) == (1, 1)
    assert METFORMIN not in codes(custodian)


def test_a_medicine_entered_in_error_gives_no_code_and_protects_all_the_same(
    custodian: Custodian,
) -> None:
    send(custodian, bundle(PATIENT, REQUEST, dated(1, **coded(METHADONE))))
    wrong = dated(2, status="entered-in-error", **coded(METHADONE))
    report = send(custodian, orjson.dumps(wrong))
    (outcome,) = report.outcomes
    assert (outcome.outcome, outcome.code) == (Outcome.DELETED, EntryCode.STATUS)
    assert (report.lost_medicines, METHADONE in codes(custodian)) == (1, False)
    assert [r.category for r in custodian.stored("V-100") if REQUEST_ID in names(r)] == [
        "substance-use"
    ]


def test_a_record_that_was_moved_gets_the_corrected_medicine_once(custodian: Custodian) -> None:
    send(custodian, bundle(PATIENT, REQUEST, dated(1)))
    (record,) = [r for r in custodian.stored("V-100") if REQUEST_ID in names(r)]
    other = custodian.directory.get_or_add(["V-200"])["V-200"]

    def moved(versions: Any) -> Any:
        return [reassign(version, other, "V-200") for version in versions]

    def finish(new_id: str) -> None:
        items = custodian.items.find(names(record))
        new = bytes.fromhex(new_id)
        custodian.items.write({n: i._replace(record_id=new) for n, i in items.items()})

    custodian.store.versions.move(record.record_id, moved, finish)
    assert send(custodian, orjson.dumps(dated(2, **coded(INSULIN)))).corrected_medicines == 1
    (after,) = custodian.stored("V-200")
    assert INSULIN in observations(after)
    assert len([name for name in names(after) if name.startswith(BESIDE)]) == 1


def test_a_kept_version_shows_the_order_with_its_former_medicine(custodian: Custodian) -> None:
    send(custodian, bundle(PATIENT, REQUEST, dated(1)))
    (before,) = [record for record in custodian.stored("V-100") if REQUEST_ID in names(record)]
    send(custodian, orjson.dumps(dated(2, **coded(INSULIN))))
    (after,) = [record for record in custodian.stored("V-100") if REQUEST_ID in names(record)]
    former = replaced_parts(before, after)
    assert METFORMIN in observations(former)
    assert [line.kind for line in lines_of(former)] == ["MedicationRequest"]


def test_ingredients_name_a_medicine_without_a_code_and_protect_it(custodian: Custodian) -> None:
    parts = [{"itemCodeableConcept": medicine(code)["code"]} for code in (METFORMIN, INSULIN)]
    parts[1]["isActive"] = False
    mixed = {key: value for key, value in MEDICATION.items() if key != "code"}
    send(custodian, bundle(PATIENT, REQUEST, mixed | {"ingredient": parts}))
    assert codes(custodian) & {METFORMIN, INSULIN} == {METFORMIN}
    opioid = {"itemCodeableConcept": medicine(METHADONE)["code"]}
    update = medicine() | {"ingredient": [opioid]}
    assert send(custodian, orjson.dumps(update)).corrected_records == 1
    assert "substance-use" in {r.category for r in custodian.stored("V-100") if r.resources}


def test_what_waits_for_another_patient_is_no_medicine(custodian: Custodian) -> None:
    waiting = at("a", OBSERVATION | {"id": "o9", "subject": {"reference": "Patient/unknown"}})
    request = REQUEST | {"medicationReference": {"reference": waiting["fullUrl"]}}
    send(custodian, bundle(waiting))
    send(custodian, bundle(PATIENT, request))
    assert custodian.intake.parked_count() == 1
    kinds = [orjson.loads(each)["resourceType"] for r in custodian.stored() for each in r.resources]
    assert sorted(kinds) == ["MedicationRequest", "Patient"]
