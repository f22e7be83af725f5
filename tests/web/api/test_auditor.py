"""An auditor's API: where everything stands, the anchors, the journal, the evidence."""

from __future__ import annotations

import json

import pytest

pytestmark = pytest.mark.node
HOSPITAL = "organisation:this-hospital"


def test_every_part_stands_and_agrees(auditor) -> None:
    parts = auditor.get("/auditor/standing").get_json()["parts"]
    assert [one["part"] for one in parts] == ["ledger", "mirror", "journal", "anchors"]
    assert {one["state"] for one in parts} <= {"agrees"}


def test_the_anchors_are_those_of_the_chain(hospital, auditor) -> None:
    hospital.platform.store.journal.anchor()
    told = auditor.get("/auditor/anchors").get_json()["anchors"]
    roots = {one.root.hex() for one in hospital.platform.ledger.anchors("records")}
    assert {one["root"] for one in told if one["kind"] == "records"} <= roots
    assert told == sorted(told, key=lambda one: -one["block"])


def test_the_journal_names_no_patient_and_is_searched_and_paged(hospital, auditor) -> None:
    told = auditor.get("/auditor/journal").get_json()
    names = {"seq", "at_s", "kind", "party", "purpose", "outcome", "hash"}
    assert all(set(one) == names for one in told["lines"])
    refused = auditor.get("/auditor/journal?kind=refusal").get_json()["lines"]
    assert all(one["kind"] == "refusal" for one in refused)
    if told["older_before"]:
        older = auditor.get(f"/auditor/journal?before={told['older_before']}").get_json()
        assert all(one["seq"] < told["older_before"] for one in older["lines"])
    assert auditor.get("/auditor/journal?kind=odd").status_code == 422
    assert auditor.get("/auditor/journal?before=-1").status_code == 422


def test_the_evidence_is_written_once_and_handed_out(hospital, auditor) -> None:
    job = auditor.post("/auditor/evidence", {}).get_json()["id"]
    assert auditor.get(f"/auditor/evidence/{job}").status_code == 404
    assert auditor.post("/auditor/evidence", {}).get_json()["id"] == job
    hospital.work("evidence")
    answer = auditor.get(f"/auditor/evidence/{job}")
    assert answer.mimetype == "application/x-ndjson"
    kinds = {json.loads(line)["kind"] for line in answer.data.splitlines()}
    assert len(kinds) > 3


@pytest.mark.parametrize("role", ["custodian", "clinician", "researcher"])
def test_no_other_role_audits(hospital, role) -> None:
    client = hospital.client(role, HOSPITAL if role != "researcher" else "study:small")
    for path in ("standing", "anchors", "journal", "evidence/x"):
        assert client.get(f"/auditor/{path}").status_code == 403
    assert client.post("/auditor/evidence", {}).status_code == 403
