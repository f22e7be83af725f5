"""A custodian's API: health, files row by row, studies, lost keys; another's see nothing."""

from __future__ import annotations

import base64
import json
import secrets

import pytest
from visitors import signed_in

import app as application
from consent import Enrolment
from services.requests import Proposal

pytestmark = pytest.mark.node
HOSPITAL, ELSEWHERE = "organisation:this-hospital", "organisation:elsewhere"
MAPPING = """
[table]
id = "id"
date = "2024-01-02"

[[documents]]
name = "vitals"
category = "vital-signs"

[[documents.columns]]
column = "number"
code = "x|number"
kind = "number"
unit = "kg"
minimum = 0
maximum = 100
"""


def file_of(text: str, **changed):
    body = base64.b64encode(text.encode()).decode()
    return {"name": "a.csv", "file": body, "own_mapping": MAPPING, "on_bad": "leave"} | changed


def proposed(hospital) -> str:
    slug = f"study-{secrets.token_hex(4)}"
    reply = ("Title", "Board", "Protocol", "it", "small", "MLTRAINING", ("condition",), "", "", 365)
    ends_s = int(hospital.platform.installation.clock()) + 86_400
    proposal = Proposal(f"study:{slug}", HOSPITAL, *reply, ends_s)
    hospital.platform.requests.proposals.register(proposal)
    return slug


def test_the_overview_shows_health_and_holdings(custodian) -> None:
    reply = custodian.get("/custodian/overview").get_json()
    assert reply["health"]["chain"]
    assert reply["health"]["ipfs"]
    assert reply["held"]["records"] >= 1200
    assert set(reply["week"]) == {"yes", "no", "estimates", "uploads"}
    assert reply["waiting_files"] >= 0


def test_a_file_is_checked_row_by_row_and_its_good_rows_are_stored(hospital, custodian) -> None:
    person = f"p{secrets.token_hex(4)}"  # digits with an e among them are a rounded number
    text = f"id,number\n{person},61.5\n{person}-2,9999\n"
    done = custodian.post("/custodian/uploads", file_of(text))
    assert done.status_code == 202
    upload = done.get_json()
    path = f"/custodian/uploads/{upload['id']}"
    application.make_worker(hospital.platform).run(upload["job"]["id"])
    reply = custodian.get(path).get_json()
    assert (reply["state"], reply["may_store"]) == ("checked", True)
    assert [(item["row"], item["column"]) for item in reply["bad"]] == [(2, "number")]
    assert reply["bad"][0]["cure"]
    assert "9999" not in json.dumps(reply)
    stored = custodian.post(f"{path}/storing", {}).get_json()
    application.make_worker(hospital.platform).run(stored["job"]["id"])
    assert custodian.get(path).get_json()["state"] == "stored"
    assert path.rsplit("/", 1)[1] in [
        item["id"] for item in custodian.get("/custodian/uploads").get_json()["uploads"]
    ]


def test_a_check_has_a_summary_of_each_column_until_the_file_is_stored(hospital, custodian) -> None:
    person = f"p{secrets.token_hex(4)}"  # digits with an e among them are a rounded number
    text = f"id,number\n{person},61.5\n{person}-2,63.5\n{person}-3,\nTotal,125\n"
    upload = custodian.post("/custodian/uploads", file_of(text)).get_json()
    path = f"/custodian/uploads/{upload['id']}"
    application.make_worker(hospital.platform).run(upload["job"]["id"])
    reply = custodian.get(path).get_json()
    (column,) = reply["columns"]
    assert (column["minimum"], column["median"], column["maximum"]) == (61.5, 62.5, 63.5)
    assert (column["count"], column["missing"], reply["report"]["people"]) == (2, 1, 3)
    assert [(note["line"], note["row"]) for note in reply["notes"]] == [(5, 0)]
    stored = custodian.post(f"{path}/storing", {}).get_json()
    application.make_worker(hospital.platform).run(stored["job"]["id"])
    assert custodian.get(path).get_json()["columns"] == []


def test_a_table_without_a_mapping_is_described_mapped_and_checked(hospital, custodian) -> None:
    person = f"p{secrets.token_hex(4)}"  # digits with an e among them are a rounded number
    text = "patient_id,hb,smoker\n" + "".join(
        f"{person}-{n},{11 + n % 4}.5,{'yes' if n % 2 else 'no'}\n" for n in range(30)
    )
    body = file_of(text, own_mapping="", mapping="draft")
    upload = custodian.post("/custodian/uploads", body).get_json()
    path = f"/custodian/uploads/{upload['id']}"
    application.make_worker(hospital.platform).run(upload["job"]["id"])
    assert custodian.get(path).get_json()["state"] == "mapping"
    described = custodian.get(f"{path}/columns").get_json()
    assert [column["code"] for column in described["columns"]][1] == "http://loinc.org|718-7"
    assert described["notes"] == []
    wrong = custodian.post(f"{path}/mapping", {"mapping": "[table]"})
    assert wrong.status_code == 422
    assert "mapping:" in json.dumps(wrong.get_json())
    name = f"api-{person}"
    mapping = {"mapping": described["mapping"], "name": name}
    checked = custodian.post(f"{path}/mapping", mapping).get_json()
    application.make_worker(hospital.platform).run(checked["job"]["id"])
    reply = custodian.get(path).get_json()
    assert (reply["state"], reply["report"]["good"]) == ("checked", 30)
    assert name in custodian.get("/custodian/mappings").get_json()["mappings"]


def test_a_checked_table_can_be_mapped_again_until_it_is_stored(hospital, custodian) -> None:
    person = f"q{secrets.token_hex(4)}"
    text = "patient_id,hb\n" + "".join(f"{person}-{n},{11 + n % 4}.5\n" for n in range(30))
    body = file_of(text, own_mapping="", mapping="draft")
    upload = custodian.post("/custodian/uploads", body).get_json()
    path = f"/custodian/uploads/{upload['id']}"
    application.make_worker(hospital.platform).run(upload["job"]["id"])
    described = custodian.get(f"{path}/columns").get_json()
    mapping = {"mapping": described["mapping"], "name": f"api-{person}"}
    other = {**mapping, "mapping": described["mapping"].replace('unit = "g/dL"', 'unit = "g/L"')}
    assert other != mapping
    for sent in (mapping, other, mapping):  # the name is this file's own
        assert custodian.get(f"{path}/columns").get_json() == described
        again = custodian.post(f"{path}/mapping", sent).get_json()
        assert (again["report"], again["columns"]) == ({}, [])
        application.make_worker(hospital.platform).run(again["job"]["id"])
        assert custodian.get(path).get_json()["may_map"]
    stored = custodian.post(f"{path}/storing", {}).get_json()
    application.make_worker(hospital.platform).run(stored["job"]["id"])
    assert not custodian.get(path).get_json()["may_map"]
    assert custodian.post(f"{path}/mapping", mapping).status_code == 404
    assert custodian.get(f"{path}/columns").status_code == 404


def test_the_columns_of_a_table_that_came_with_its_mapping_cannot_be_changed(
    hospital, custodian
) -> None:
    upload = custodian.post("/custodian/uploads", file_of("id,number\nm1,61.5\n")).get_json()
    path = f"/custodian/uploads/{upload['id']}"
    application.make_worker(hospital.platform).run(upload["job"]["id"])
    assert not custodian.get(path).get_json()["may_map"]
    assert custodian.get(f"{path}/columns").status_code == 404
    assert custodian.post(f"{path}/mapping", {"mapping": MAPPING}).status_code == 404


def test_a_fault_of_a_mapping_names_its_key(custodian) -> None:
    own = MAPPING.replace('kind = "number"', 'kind = "float"')
    reply = custodian.post("/custodian/uploads", file_of("id,number\n1,2\n", own_mapping=own))
    assert "documents[1]:columns[1]:kind: unknown kind 'float'" in json.dumps(reply.get_json())


def test_a_discarded_file_cannot_be_stored(hospital, custodian) -> None:
    text = f"id,number\n{secrets.token_hex(4)},61.5\n"
    upload = custodian.post("/custodian/uploads", file_of(text)).get_json()
    path = f"/custodian/uploads/{upload['id']}"
    application.make_worker(hospital.platform).run(upload["job"]["id"])
    assert custodian.ask("DELETE", path).get_json()["state"] == "dropped"
    assert custodian.post(f"{path}/storing", {}).status_code == 404


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"file": "not base64!"}, "file"),
        ({"file": "\u00f8"}, "file"),
        ({"file": ""}, "file"),
        ({"file": base64.b64encode(b"PK\x03\x04zip").decode()}, "file"),
        ({"own_mapping": "", "mapping": "nobody's"}, "mapping"),
        ({"own_mapping": "this is no mapping"}, "mapping"),
        ({"on_bad": "perhaps"}, "on_bad"),
    ],
)
def test_an_invalid_upload_names_the_field(custodian, changed, field) -> None:
    answer = custodian.post("/custodian/uploads", file_of("id,number\na,1\n", **changed))
    assert answer.status_code == 422
    assert field in answer.get_json()["errors"]


def test_the_first_decision_on_a_study_is_final_and_a_refusal_needs_a_reason(
    hospital, custodian
) -> None:
    slug = proposed(hospital)
    path = f"/custodian/studies/{slug}"
    reply = custodian.get(path).get_json()
    assert reply["study"]["state"] == "proposed"
    assert reply["reaches"] >= 600
    assert len(reply["patients_read"]) >= 10
    assert custodian.post(f"{path}/answer", {"answer": "refuse"}).status_code == 422
    too_long = {"answer": "refuse", "why": "x" * 2_001}
    assert custodian.post(f"{path}/answer", too_long).status_code == 422
    text = {"answer": "refuse", "why": "Too broad."}
    assert custodian.post(f"{path}/answer", text).get_json()["study"]["state"] == "refused"
    again = custodian.post(f"{path}/answer", {"answer": "approve"}).get_json()
    assert again["study"]["state"] == "refused"
    known = custodian.get("/custodian/studies").get_json()["studies"]
    assert f"study:{slug}" in [item["study"] for item in known]


def test_a_new_key_can_be_proposed_only_with_its_own_proof(hospital, custodian) -> None:
    subject, number = hospital.new_patient(), secrets.token_hex(4)
    hospital.platform.requests.directory.add([(number, subject)])
    other = secrets.token_bytes(32)
    ledger = hospital.platform.ledger
    message = Enrolment(subject, ledger.custodian(), hospital.wallet.address(other))
    bad = {"number": number, "identity": "card", "proof": {"message": {}}}
    answer = custodian.post("/custodian/recoveries", bad)
    assert (answer.status_code, set(answer.get_json()["errors"])) == (422, {"proof"})
    wrong_key = hospital.sign(message)  # signed by the old key, not by the new one
    answer = custodian.post("/custodian/recoveries", bad | {"proof": wrong_key})
    assert answer.status_code == 422
    waiting = custodian.get("/custodian/recoveries").get_json()["recoveries"]
    assert number not in [item["hospital_number"] for item in waiting]


def test_no_new_key_is_proposed_where_the_enrolling_account_was_revoked(
    hospital, custodian, monkeypatch: pytest.MonkeyPatch
) -> None:
    subject, number = hospital.new_patient(), secrets.token_hex(4)
    hospital.platform.requests.directory.add([(number, subject)])
    ledger = hospital.platform.ledger
    assert ledger.can_recover(subject)
    everyday = ledger.accounts.list()[0]
    assert everyday.address == "0x" + ledger.custodian_of(subject).hex()
    monkeypatch.setattr(ledger, "can_recover", lambda _: False)
    fields = {"number": number, "identity": "card", "proof": {"message": {}}}
    answer = custodian.post("/custodian/recoveries", fields)
    assert (answer.status_code, set(answer.get_json()["errors"])) == (422, {"number"})
    assert "was revoked" in answer.get_json()["errors"]["number"][0]


def test_other_organisations_and_roles_have_no_access(hospital, custodian) -> None:
    slug = proposed(hospital)
    text = f"id,number\n{secrets.token_hex(4)},61.5\n"
    upload = custodian.post("/custodian/uploads", file_of(text)).get_json()["id"]
    paths = (
        "/custodian/overview",
        "/custodian/mappings",
        "/custodian/uploads",
        f"/custodian/uploads/{upload}",
        "/custodian/studies",
        f"/custodian/studies/{slug}",
        "/custodian/recoveries",
    )
    elsewhere = hospital.client("custodian", ELSEWHERE)
    for path in paths:
        assert custodian.get(path).status_code == 200, path
        assert elsewhere.get(path).status_code == 404, path
        for role in ("clinician", "auditor"):
            assert hospital.client(role, HOSPITAL).get(path).status_code == 403, path
    message = {"answer": "approve"}
    assert elsewhere.post(f"/custodian/studies/{slug}/answer", message).status_code == 404
    assert elsewhere.post("/custodian/uploads", file_of(text)).status_code == 404


def test_a_signed_in_custodian_has_the_same_access(hospital) -> None:
    person = signed_in(hospital, "custodian")
    assert person.api("GET", "/custodian/overview").status_code == 200
    assert (
        signed_in(hospital, "custodian", ELSEWHERE).api("GET", "/custodian/overview").status_code
        == 404
    )
