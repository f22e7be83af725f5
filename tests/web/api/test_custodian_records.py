from __future__ import annotations

import pytest
from proofs import proves_row

from services.tokens import CUSTODIAN

pytestmark = pytest.mark.node
HOSPITAL = "organisation:this-hospital"


def record(subject: bytes, **changed):
    stored = {
        "subject": subject.hex(),
        "category": "vital-signs",
        "custodian": HOSPITAL,
        "recorded_on": "2024-05-06",
        "observations": [{"code": "x|number", "value": 7.5, "unit": "kg"}],
    }
    return stored | changed


def test_records_sent_twice_are_stored_once(hospital, custodian) -> None:
    subject = hospital.new_patient()
    body = {"records": [record(subject)], "sources": ["row 1"]}
    first = custodian.post("/custodian/records", body)
    again = custodian.post("/custodian/records", body)
    assert (first.status_code, first.get_json()["new"], again.get_json()["new"]) == (201, 1, 0)
    assert first.get_json()["record_ids"] == again.get_json()["record_ids"]
    assert len(hospital.platform.store.records_of(subject)) == 1


def test_a_custodian_cannot_deposit_records_of_another_custodian(hospital, custodian) -> None:
    subject = hospital.new_patient()
    answer = custodian.post(
        "/custodian/records", {"records": [record(subject, custodian="organisation:b")]}
    )
    assert answer.status_code == 403
    assert hospital.platform.store.records_of(subject) == []


@pytest.mark.parametrize(
    "changed",
    [
        {"record_id": "ab" * 16},
        {"category": "*"},
        {"observations": [{"code": "x|n", "value": None}]},
        {"subject": "xyz"},
        {"owner": "me"},
    ],
)
def test_an_invalid_record_is_rejected(hospital, custodian, changed) -> None:
    answer = custodian.post(
        "/custodian/records", {"records": [record(hospital.subjects[0]) | changed]}
    )
    assert answer.status_code == 422
    assert "errors" in answer.get_json()


def test_uses_are_listed_newest_first_and_proved(hospital, custodian) -> None:
    subject = hospital.subjects[3]
    hospital.platform.diagnostics.gather("study:small", "small")
    hospital.platform.store.journal.anchor()
    path = f"/custodian/subjects/{subject.hex()}/uses"
    json = custodian.get(path + "?limit=2").get_json()
    seqs = [line["seq"] for line in json["uses"]]
    assert seqs == sorted(seqs, reverse=True)
    newest = json["uses"][0]
    assert (newest["party"], newest["purpose"]) == ("study:small", "MLTRAINING")
    assert proves_row(bytes.fromhex(newest["hash"]), newest["proof"])
    rest = custodian.get(f"{path}?before={seqs[-1]}").get_json()["uses"]
    assert all(line["seq"] < seqs[-1] for line in rest)


def test_another_custodians_subject_looks_as_if_it_did_not_exist(hospital, custodian) -> None:
    other = hospital.client(CUSTODIAN, "organisation:elsewhere")
    known, unknown = hospital.subjects[0].hex(), "ab" * 32
    for what in ("consents", "uses"):
        refused = other.get(f"/custodian/subjects/{known}/{what}")
        missing = custodian.get(f"/custodian/subjects/{unknown}/{what}")
        malformed = custodian.get(f"/custodian/subjects/{'Z' * 64}/{what}")
        assert refused.status_code == missing.status_code == malformed.status_code == 404
        assert refused.data == missing.data == malformed.data
        assert custodian.get(f"/custodian/subjects/{known}/{what}").status_code == 200


def test_another_custodian_files_nothing_about_a_patient_of_this_one_and_so_reads_nothing(
    hospital,
) -> None:
    other = hospital.client(CUSTODIAN, "organisation:elsewhere")
    subject = hospital.new_patient()
    body = {"records": [record(subject, custodian="organisation:elsewhere")]}
    assert other.post("/custodian/records", body).status_code == 404
    assert hospital.platform.store.records_of(subject) == []
    for what in ("consents", "uses"):
        assert other.get(f"/custodian/subjects/{subject.hex()}/{what}").status_code == 404
