"""The auditor's API: ledger status, anchors, journal, evidence."""

from __future__ import annotations

import datetime
import json

import pytest

pytestmark = pytest.mark.node
HOSPITAL = "organisation:this-hospital"


def test_every_part_agrees(auditor) -> None:
    parts = auditor.get("/auditor/standing").get_json()["parts"]
    assert [row["part"] for row in parts] == ["ledger", "mirror", "journal", "anchors"]
    assert {row["state"] for row in parts} <= {"agrees"}


def test_the_anchors_are_those_of_the_chain(hospital, auditor) -> None:
    hospital.platform.store.journal.anchor()
    anchors = auditor.get("/auditor/anchors").get_json()["anchors"]
    roots = {anchor.root.hex() for anchor in hospital.platform.ledger.anchors("records")}
    assert {row["root"] for row in anchors if row["kind"] == "records"} <= roots
    assert anchors == sorted(anchors, key=lambda row: -row["block"])


def test_the_journal_is_searched_and_paged_without_naming_a_patient(hospital, auditor) -> None:
    page = auditor.get("/auditor/journal").get_json()
    names = {"seq", "at_s", "kind", "party", "purpose", "outcome", "hash"}
    assert all(set(row) == names for row in page["lines"])
    refused = auditor.get("/auditor/journal?kind=refusal").get_json()["lines"]
    assert all(row["kind"] == "refusal" for row in refused)
    if page["older_before"]:
        older = auditor.get(f"/auditor/journal?before={page['older_before']}").get_json()
        assert all(row["seq"] < page["older_before"] for row in older["lines"])
    assert auditor.get("/auditor/journal?kind=odd").status_code == 422
    assert auditor.get("/auditor/journal?before=-1").status_code == 422


def test_a_period_of_the_journal_has_its_entries_and_their_totals(hospital, auditor) -> None:
    store = hospital.platform.store
    record = store.records_of(hospital.subjects[0])[0].record_id.hex()
    store.vault.open("study:small", "MLTRAINING", record, "test")
    newest = auditor.get("/auditor/journal").get_json()["lines"][0]
    day = datetime.datetime.fromtimestamp(newest["at_s"], datetime.UTC).date()
    period = auditor.get(f"/auditor/journal/period?since={day}&until={day}").get_json()
    assert newest in period["lines"]
    counts = [row[key] for row in period["totals"] for key in ("permits", "refusals", "others")]
    assert sum(counts) == len(period["lines"])
    after = day + datetime.timedelta(days=1)
    assert auditor.get(f"/auditor/journal?since={after}").get_json()["lines"] == []
    assert auditor.get("/auditor/journal/period?since=yesterday").status_code == 422


def test_the_evidence_is_written_once_and_can_be_downloaded(hospital, auditor) -> None:
    job = auditor.post("/auditor/evidence", {}).get_json()["id"]
    assert auditor.get(f"/auditor/evidence/{job}").status_code == 404
    assert auditor.post("/auditor/evidence", {}).get_json()["id"] == job
    hospital.work("evidence")
    answer = auditor.get(f"/auditor/evidence/{job}")
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.mimetype == "application/x-ndjson"
    kinds = {json.loads(line)["kind"] for line in answer.data.splitlines()}
    assert len(kinds) > 3


def test_a_subjects_consents_and_uses_are_shown_with_proofs(hospital, auditor) -> None:
    subject = hospital.subjects[0]
    hospital.platform.store.vault.open(
        "study:small",
        "MLTRAINING",
        hospital.platform.store.records_of(subject)[0].record_id.hex(),
        "test",
    )
    hospital.platform.store.journal.anchor()
    consents = auditor.get(f"/auditor/subjects/{subject.hex()}/consents").get_json()["consents"]
    assert {row["state"] for row in consents} == {"active"}
    assert {row["terms"]["recipient"] for row in consents} == {"study:small", HOSPITAL}
    first = auditor.get(f"/auditor/subjects/{subject.hex()}/uses?limit=1").get_json()
    assert len(first["uses"]) == 1
    assert first["uses"][0]["proof"] is not None
    assert first["before"] == first["uses"][0]["seq"]
    for unknown in ("ab" * 32, "x"):
        assert auditor.get(f"/auditor/subjects/{unknown}/consents").status_code == 404


def test_an_unknown_model_is_not_found(auditor) -> None:
    assert auditor.get("/auditor/models").get_json()["models"] == []
    for path in ("none-1", "none-1/card"):
        assert auditor.get(f"/auditor/models/{path}").status_code == 404


def test_anybody_may_read_the_facts_of_the_ledger(hospital, stranger) -> None:
    facts = stranger.get("/ledger").get_json()
    ledger = hospital.platform.ledger
    assert facts["domain"]["contract"] == ledger.domain().contract
    assert facts["view"]["head"] == ledger.view().head.hex()
    assert facts["custodian"] == "0x" + ledger.custodian().hex()
    assert set(facts["anchors"]) >= {"records", "journal"}


@pytest.mark.parametrize("role", ["custodian", "clinician", "researcher"])
def test_no_other_role_may_audit(hospital, role) -> None:
    client = hospital.client(role, HOSPITAL if role != "researcher" else "study:small")
    for path in ("standing", "anchors", "journal", "evidence/x", "models", "subjects/x/uses"):
        assert client.get(f"/auditor/{path}").status_code == 403
    assert client.post("/auditor/evidence", {}).status_code == 403


def test_an_auditor_has_one_download_of_the_evidence_under_way(hospital, auditor) -> None:
    first = auditor.get("/evidence", buffered=False)
    assert auditor.get("/evidence").status_code == 429
    assert hospital.client("auditor", "organisation:other").get("/evidence").status_code == 200
    for _ in range(2):  # sent, or given up: it does not count any more
        first.close()
        first = auditor.get("/evidence", buffered=False)
        assert first.status_code == 200
    first.close()
