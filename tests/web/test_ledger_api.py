from __future__ import annotations

import time

import pytest

from consent import Enrolment, Stop, Withdrawal, terms_hash

pytestmark = pytest.mark.node


def test_everybody_may_read_where_the_ledger_stands(stranger) -> None:
    told = stranger.get("/ledger").get_json()
    assert told["view"]["count"] > 0
    assert told["domain"]["contract"].startswith("0x")


def test_a_grant_goes_from_what_is_asked_to_the_ledger(hospital, stranger, auditor) -> None:
    subject = hospital.new_patient()
    grant, signed = hospital.granted(subject)
    outcome = stranger.post("/grants", {"signed": [signed]}).get_json()["outcomes"][0]
    assert outcome["ok"]
    listed = auditor.get(f"/auditor/subjects/{subject.hex()}/consents").get_json()["consents"]
    assert [(one["consent_id"], one["state"]) for one in listed] == [
        (outcome["consent_id"], "active")
    ]
    assert listed[0]["terms"]["statement"] == grant.terms.statement


def test_a_withdrawal_counts_and_its_records_are_to_be_rekeyed(hospital, stranger, auditor) -> None:
    subject = hospital.new_patient()
    grant, signed = hospital.granted(subject)
    assert stranger.post("/grants", {"signed": [signed]}).get_json()["outcomes"][0]["ok"]
    taken = hospital.sign(Withdrawal(subject, terms_hash(grant.terms)))
    assert stranger.post("/withdrawals", {"signed": [taken]}).get_json()["outcomes"][0]["ok"]
    listed = auditor.get(f"/auditor/subjects/{subject.hex()}/consents").get_json()["consents"]
    assert listed[0]["state"] == "withdrawn"
    job = hospital.platform.jobs.newest(limit=1)[0]
    assert (job.kind, job.arguments["subjects"]) == ("rekey", [subject.hex()])


def test_a_stop_voids_every_grant(hospital, stranger, auditor) -> None:
    subject = hospital.new_patient()
    _, signed = hospital.granted(subject)
    assert stranger.post("/grants", {"signed": [signed]}).get_json()["outcomes"][0]["ok"]
    stop = hospital.sign(Stop(subject, int(time.time())))
    assert stranger.post("/stops", {"signed": [stop]}).get_json()["outcomes"][0]["ok"]
    listed = auditor.get(f"/auditor/subjects/{subject.hex()}/consents").get_json()["consents"]
    assert listed[0]["state"] == "stopped"


def test_a_message_that_another_key_signed_is_refused_and_the_rest_counts(
    hospital, stranger
) -> None:
    one, other = hospital.new_patient(), hospital.new_patient()
    _, good = hospital.granted(one)
    _, bad = hospital.granted(other)
    bad |= {"signature": good["signature"]}
    outcomes = stranger.post("/grants", {"signed": [bad, good]}).get_json()["outcomes"]
    assert [each["ok"] for each in outcomes] == [False, True]


def test_a_withdrawal_that_a_stranger_signed_makes_no_job(hospital, stranger) -> None:
    mine, other = hospital.new_patient(), hospital.new_patient()
    grant, _ = hospital.granted(mine)
    forged = hospital.sign(Withdrawal(other, terms_hash(grant.terms)))
    forged["message"]["subject"] = "0x" + mine.hex()
    before = len(hospital.platform.jobs.newest(limit=1000))
    outcome = stranger.post("/withdrawals", {"signed": [forged]}).get_json()["outcomes"][0]
    assert not outcome["ok"]
    assert len(hospital.platform.jobs.newest(limit=1000)) == before


def test_a_custodian_enrols_and_the_key_proves_itself(hospital, custodian, stranger) -> None:
    subject = hospital.wallet.new_subjects(["newcomer"])["newcomer"]
    key = hospital.wallet.address(subject)
    asked = {"subject": subject.hex(), "signer": "0x" + key.hex()}
    shown = stranger.post("/typed-data/enrolment", asked).get_json()["typed_data"]["message"]
    signed = hospital.sign(Enrolment(subject, bytes.fromhex(shown["custodian"][2:]), key))
    answer = custodian.post("/custodian/enrolments", {"signed": [signed]}).get_json()
    assert answer["outcomes"][0]["ok"]
    assert hospital.platform.ledger.is_enrolled(subject)


@pytest.mark.parametrize("kind", ["withdrawal", "stop"])
def test_what_to_sign_comes_with_its_digest(stranger, kind) -> None:
    asked = {"subject": "ab" * 32}
    if kind == "withdrawal":
        asked["terms_hash"] = "0x" + "cd" * 32
    told = stranger.post(f"/typed-data/{kind}", asked).get_json()
    assert len(told["digest"]) == 66
    assert told["typed_data"]["message"]["subject"] == "0x" + "ab" * 32


def test_words_that_nobody_knows_are_badly_asked(stranger) -> None:
    asked = {"subject": "ab" * 32, "recipient": "study:x", "purposes": ["SPYING"]}
    answer = stranger.post("/typed-data", asked)
    assert (answer.status_code, answer.content_type) == (422, "application/problem+json")
    assert "SPYING" in answer.get_json()["detail"]
