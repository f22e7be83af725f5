from __future__ import annotations

import re
import threading

import pytest
from views import api_operations
from visitors import signed_in

POSTS = [
    re.sub(r"{\w+}", "small-1", view.path) for view in api_operations() if view.method == "POST"
]
BODIES = {
    "nothing": b"",
    "not json": b"{",
    "nan": b'{"signed": NaN}',
    "infinity": b'{"signed": [Infinity]}',
    "too great a number": b'{"days": 1e999}',
    "a number of 10,000 digits": b'{"days": ' + b"9" * 10_000 + b"}",
    "a key twice": b'{"signed": [], "signed": []}',
    "a key twice, escaped": b'{"a": 1, "\\u0061": 2}',
    "too deep": b"[" * 100_000,
    "too deep and closed": b"[" * 33 + b"]" * 33,
    "deep objects": b'{"a":' * 1_000 + b"1" + b"}" * 1_000,
    "half a surrogate": b'{"recipient": "\\ud800"}',
    "not utf-8": b'{"recipient": "\xff"}',
    "utf-16": '{"a": 1}'.encode("utf-16"),
    "a mark": b"\xef\xbb\xbf{}",
    "zero bytes": b'{"recipient": "\\u0000", "title": "\\u0000", "why": "\\u0000"}',
    "a list": b"[]",
    "null": b"null",
    "a text": b'"text"',
    "a number": b"7",
    "true": b"true",
    "wrong kinds": b'{"signed": {"a": 1}, "records": 7, "subject": [], "question": {}}',
    "nulls": b'{"signed": [null], "records": [null], "subject": null, "question": null}',
    "empty lists": b'{"signed": [], "records": []}',
    "lists of lists": b'{"signed": [[]], "records": [[]], "purposes": [[]]}',
    "unknown field": b'{"role": "auditor", "party": "x"}',
    "prototype": b'{"__proto__": {"a": 1}, "constructor": 1}',
    "truth for numbers": b'{"subject": "' + b"ab" * 32 + b'", "days": true, "until_s": true}',
    "fraction": b'{"title": "t", "until_s": 1.5}',
    "huge time": b'{"title": "t", "until_s": 1e30}',
    "script": b'{"question": "<script>alert(1)</script>"}',
    "sql": b'{"question": "\' OR 1=1 --"}',
    "path": b'{"question": "../../etc/passwd"}',
}


@pytest.mark.node
@pytest.mark.parametrize("path", POSTS)
def test_no_hostile_body_is_an_internal_error(hospital, path) -> None:
    for role in ("custodian", "researcher", "clinician"):
        client = hospital.client(role)
        for name, body in BODIES.items():
            answer = client.ask("POST", path, data=body, content_type="application/json")
            assert 400 <= answer.status_code < 500 or body == b"{}", (name, answer.data)
            assert answer.content_type == "application/problem+json"


@pytest.mark.node
def test_another_media_type_is_not_guessed(custodian) -> None:
    answer = custodian.ask("POST", "/invitations", data=b"{}", content_type="text/plain")
    assert answer.status_code == 415


@pytest.mark.node
def test_a_body_that_is_too_large_is_not_read(custodian) -> None:
    small = b'{"subject": "' + b" " * 70_000 + b'"}'
    answer = custodian.ask("POST", "/invitations", data=small, content_type="application/json")
    assert answer.status_code == 413
    large = b" " * (17 * 2**20)
    answer = custodian.ask(
        "POST", "/custodian/records", data=large, content_type="application/json"
    )
    assert answer.status_code == 413


@pytest.mark.node
@pytest.mark.parametrize("name", ["%00", "%ff", "a%0ab", "..%2f..", "x" * 5_000, "é"])
def test_a_hostile_name_in_a_path_is_not_found(auditor, clinician, name) -> None:
    for path in (f"/jobs/{name}", f"/auditor/subjects/{name}/uses"):
        assert auditor.get(path).status_code == 404
    assert clinician.get(f"/clinician/models/{name}/card").status_code == 404


@pytest.mark.node
@pytest.mark.parametrize("query", ["limit=0", "limit=x", "before=-1", "other=1", "limit=1e9"])
def test_a_hostile_query_is_invalid(hospital, auditor, query) -> None:
    path = f"/auditor/subjects/{hospital.subjects[0].hex()}/uses?{query}"
    assert auditor.get(path).status_code == 422


@pytest.mark.node
def test_the_same_key_and_body_get_the_same_answer(custodian, hospital) -> None:
    subject, key = hospital.new_patient(), {"Idempotency-Key": "k1"}
    body = {"records": [record_of(subject)]}
    first = custodian.post("/custodian/records", body, headers=key)
    again = custodian.post("/custodian/records", body, headers=key)
    assert first.get_json()["new"] == 1
    assert (first.status_code, first.data) == (again.status_code, again.data)
    other = custodian.post("/custodian/records", {"records": []}, headers=key)
    assert other.status_code == 422
    without = custodian.post("/custodian/records", body).get_json()
    assert without["record_ids"] != first.get_json()["record_ids"]


def record_of(subject: bytes) -> dict[str, object]:
    return {
        "subject": subject.hex(),
        "category": "vital-signs",
        "custodian": "organisation:this-hospital",
        "recorded_on": "2024-05-06",
        "observations": [{"code": "x|number", "value": 7.5, "unit": "kg"}],
    }


@pytest.mark.node
def test_what_came_to_nothing_may_be_tried_again(custodian, hospital) -> None:
    key = {"Idempotency-Key": "k2"}
    assert custodian.post("/custodian/records", {"records": []}, headers=key).status_code == 422
    assert custodian.post("/custodian/records", {"records": 1}, headers=key).status_code == 422
    for bad in ("", "x" * 256):
        wrong = {"Idempotency-Key": bad}
        assert (
            custodian.post("/custodian/records", {"records": []}, headers=wrong).status_code == 400
        )


@pytest.mark.node
def test_twenty_at_once_with_one_key_make_one_job(hospital) -> None:
    clients = [hospital.client("auditor")] * 20
    statuses: list[int] = []
    ids: set[str] = set()

    def ask(client) -> None:
        answer = client.post("/verifications", {}, headers={"Idempotency-Key": "k3"})
        statuses.append(answer.status_code)
        if answer.status_code == 202:
            ids.add(answer.get_json()["id"])

    threads = [threading.Thread(target=ask, args=(client,)) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(ids) == 1
    assert set(statuses) <= {202, 409, 429}  # a caller has four under way


@pytest.mark.node
def test_an_error_that_nobody_foresaw_has_a_number_and_tells_nothing(
    hospital, clinician, monkeypatch
) -> None:
    def broken() -> None:
        raise RuntimeError("a secret")

    monkeypatch.setattr(type(hospital.platform.diagnostics), "models", lambda _: broken())
    answer = clinician.get("/clinician/models")
    assert answer.status_code == 500
    assert len(answer.get_json()["incident"]) == 16
    assert b"secret" not in answer.data


@pytest.mark.node
def test_no_text_has_a_character_that_postgresql_cannot_store(hospital, custodian) -> None:
    keeper, stranger = signed_in(hospital, "custodian"), hospital.app.test_client()
    sent = {"content_type": "application/json"}
    answers = [
        keeper.post("/custodian/patients/new", role="patient", number="a\0b"),
        keeper.get("/custodian/deposits/new?language=%00"),
        stranger.post(
            "/sign-in/finish", data={"challenge": "\0"}, headers={"Origin": keeper.origin}
        ),
        custodian.get("/custodian/overview?a=%00"),
        custodian.ask("POST", "/invitations", data=rb'{"role": "\u0000"}', **sent),
        custodian.ask("POST", "/invitations", data=rb'{"role": "\\\u0000"}', **sent),
    ]
    assert [answer.status_code for answer in answers] == [400] * len(answers)
    written = rb'{"role": "\\u0000"}'  # a backslash, and five other characters
    assert custodian.ask("POST", "/invitations", data=written, **sent).status_code == 422
