"""A patient's API: all that the pages do, for who is signed in, and for nobody else."""

from __future__ import annotations

import itertools
import secrets
from html import unescape

import pytest
from fhir.resources.R4B.auditevent import AuditEvent
from fhir.resources.R4B.consent import Consent
from research import permit
from visitors import signed_in

from services.accounts import PATIENT
from services.requests import RequestDetails
from services.tokens import ROLES
from services.words import Words
from storage import Record, StorageNotFound

pytestmark = pytest.mark.node
HOSPITAL, STUDY = "organisation:this-hospital", "study:small"


@pytest.fixture
def patient(hospital):
    """Somebody with two records who is signed in, and whose wallet signs."""
    subject = hospital.new_patient()
    values = (("vital-signs", "x|number", (61.5, "kg")), ("condition", "x|label", ("yes", "")))
    hospital.platform.store.deposits.deposit(
        [Record(subject, kind, HOSPITAL, "2024-01-02", {code: item}) for kind, code, item in values]
    )
    return signed_in(hospital, PATIENT, "", subject)


def requested(hospital, patient) -> str:
    categories = ("vital-signs", "condition")
    request_details = RequestDetails(
        STUDY, "study", ("MLTRAINING",), categories, "", "", 365, "it", True
    )
    hospital.platform.requests.requests.send(request_details, [patient.account.subject], "r")
    result = patient.api("GET", "/patient/requests").get_json()["requests"]
    return str(result[0]["id"])


def signed(hospital, patient, prepared):
    """Bring what was prepared, signed by the patient's wallet."""
    key = hospital.wallet._key(patient.account.subject)
    text = {
        "wallet": "0x" + key.address.hex(),
        "signature": "0x" + key.sign(bytes.fromhex(prepared["digest"][2:])).hex(),
    }
    return patient.api("POST", f"/patient/signings/{prepared['signing']}", text)


def granted(hospital, patient, **answer):
    request = requested(hospital, patient)
    text = {"answer": "yes", **answer}
    path = f"/patient/requests/{request}"
    assert patient.api("POST", f"{path}/answer", text).status_code == 200
    prepared = patient.api("POST", f"{path}/signing", {}).get_json()
    return request, prepared, signed(hospital, patient, prepared).get_json()


def test_a_request_says_in_sentences_who_asks_and_what_it_means(hospital, patient) -> None:
    json = patient.api("GET", f"/patient/requests/{requested(hospital, patient)}").get_json()
    assert json["state"] == "waiting"
    assert json["name"] == "Small"
    assert json["chosen"] is None
    assert len(json["says"]) == 13
    assert all(item["heading"] and item["text"] for item in json["says"])


def test_a_yes_is_in_force_only_when_it_is_signed(hospital, patient) -> None:
    request = requested(hospital, patient)
    patient.api("POST", f"/patient/requests/{request}/answer", {"answer": "yes"})
    assert patient.api("GET", "/patient/consents").get_json()["consents"] == []
    assert patient.account.subject not in hospital.platform.store.permitted_subjects(
        STUDY, "MLTRAINING"
    )


def test_the_shown_statement_is_signed_and_in_force(hospital, patient) -> None:
    request, prepared, done = granted(hospital, patient)
    assert "Small" in prepared["statement"]
    assert prepared["typed_data"]["message"]["terms"]["statement"] == prepared["statement"]
    assert done["is_in_force"]
    assert not done["is_again"]
    consent = patient.api("GET", f"/patient/consents/{done['consent']}").get_json()
    assert (consent["state"], consent["recipient"]) == ("active", STUDY)
    assert patient.api("GET", f"/patient/requests/{request}").get_json()["state"] == "accepted"
    receipt = patient.api("GET", f"/patient/consents/{done['consent']}/receipt").get_json()
    assert receipt["terms"]["statement"] == prepared["statement"]


def test_a_receipt_is_a_page_that_prints_every_signed_term(hospital, patient) -> None:
    _, prepared, done = granted(hospital, patient)
    page = unescape(patient.get(f"/patient/consents/{done['consent']}").text)
    say, terms = Words("en"), prepared["typed_data"]["message"]["terms"]
    assert prepared["statement"] in page
    for prefix, codes in (
        ("purpose", terms["purposes"]),
        ("category", terms["categories"]),
        ("duty", terms["obligations"]),
    ):
        assert codes
        assert all(say(f"{prefix}-{code}") in page for code in codes)
    assert say("receipt-print") in page
    assert done["consent"] in page
    site = hospital.platform.installation.site.origin
    assert f"Address: {site}/patient/consents/{done['consent']}" in page


def test_a_signature_sent_twice_returns_the_first_result(hospital, patient) -> None:
    _, prepared, first = granted(hospital, patient)
    again = signed(hospital, patient, prepared).get_json()
    assert again == first | {"is_again": True}


def test_a_choice_can_allow_less_than_requested_but_not_more(hospital, patient) -> None:
    path = f"/patient/requests/{requested(hospital, patient)}"
    less = {"answer": "less", "purposes": ["MLTRAINING"], "categories": ["condition", "genomics"]}
    json = patient.api("POST", f"{path}/answer", less).get_json()
    assert json["chosen"]["categories"] == ["condition"]
    assert not json["chosen"]["may_copy"]
    wrong = patient.api("POST", f"{path}/answer", {"answer": "less", "ends_on": "2999-01-01"})
    assert wrong.status_code == 422
    assert set(wrong.get_json()["errors"]) == {"purposes", "categories", "ends_on"}
    saved = patient.api("GET", path).get_json()["chosen"]
    assert saved["categories"] == ["condition"]


def test_a_declined_request_can_no_longer_be_signed(hospital, patient) -> None:
    path = f"/patient/requests/{requested(hospital, patient)}"
    json = patient.api("POST", f"{path}/answer", {"answer": "no"}).get_json()
    assert json["state"] == "declined"
    assert patient.api("POST", f"{path}/answer", {"answer": "yes"}).status_code == 404
    assert patient.api("POST", f"{path}/signing", {}).status_code == 404


def test_a_withdrawal_is_in_force_at_once(hospital, patient) -> None:
    _, _, done = granted(hospital, patient)
    path = f"/patient/consents/{done['consent']}"
    removed = signed(hospital, patient, patient.api("POST", f"{path}/withdrawal", {}).get_json())
    assert removed.get_json()["is_in_force"]
    assert patient.api("GET", path).get_json()["state"] == "withdrawn"
    assert patient.api("POST", f"{path}/withdrawal", {}).status_code == 404


def test_a_withdrawal_that_is_signed_in_two_tabs_is_one_line_of_the_history(
    hospital, patient
) -> None:
    _, _, done = granted(hospital, patient)
    path = f"/patient/consents/{done['consent']}"
    tabs = [patient.api("POST", f"{path}/withdrawal", {}).get_json() for _ in range(2)]
    assert all(signed(hospital, patient, each).get_json()["is_in_force"] for each in tabs)
    lines = patient.api("GET", "/patient/journal").get_json()["lines"]
    assert sum("You withdrew your permission" in line["says"] for line in lines) == 1


def test_a_stop_ends_every_permission(hospital, patient) -> None:
    _, _, done = granted(hospital, patient)
    assert signed(hospital, patient, patient.api("POST", "/patient/stop", {}).get_json())
    json = patient.api("GET", f"/patient/consents/{done['consent']}").get_json()
    assert json["state"] == "withdrawn"


def test_research_is_turned_off_and_on_again(hospital, patient) -> None:
    _, _, done = granted(hospital, patient)

    def is_overridden() -> bool:
        consent = patient.api("GET", f"/patient/consents/{done['consent']}").get_json()
        return consent["is_overridden"]

    path = "/patient/opt-out"
    assert not is_overridden()
    assert patient.api("POST", path, {"research": "on"}).get_json() == {"to_sign": None}
    to_sign = patient.api("POST", path, {"research": "off"}).get_json()["to_sign"]
    assert signed(hospital, patient, to_sign).get_json()["is_in_force"]
    assert patient.api("GET", path).get_json() == {"research": "off"}
    assert is_overridden()
    to_sign = patient.api("POST", path, {"research": "on"}).get_json()["to_sign"]
    assert signed(hospital, patient, to_sign).get_json()["is_in_force"]
    assert patient.api("GET", path).get_json() == {"research": "on"}
    assert not is_overridden()


def test_the_complete_copy_says_who_each_permission_is_for_and_its_state(
    hospital, patient, monkeypatch
) -> None:
    jobs, requests = hospital.platform.jobs, itertools.count(1)
    real = jobs._clock

    def sections() -> list[str]:
        later_s = next(requests)  # a patient needs more than a second between two copies
        monkeypatch.setattr(jobs, "_clock", lambda: real() + later_s)
        patient.post("/patient/download")
        hospital.work("export")
        text = patient.get("/patient/download/page").get_data(as_text=True)
        return text.partition("<h2>Permissions</h2>")[2].partition("<h2>")[0].split("<h3>")[1:]

    _, _, done = granted(hospital, patient)
    (permission,) = sections()
    assert permission.startswith("Small</h3>") and "Active" in permission
    to_sign = patient.api("POST", "/patient/opt-out", {"research": "off"}).get_json()["to_sign"]
    assert signed(hospital, patient, to_sign).get_json()["is_in_force"]
    refusal, permission = sorted(sections())
    assert refusal.startswith("Anybody</h3>") and "Active" in refusal
    assert "Not used: research is off" in permission
    to_sign = patient.api("POST", "/patient/opt-out", {"research": "on"}).get_json()["to_sign"]
    assert signed(hospital, patient, to_sign).get_json()["is_in_force"]
    path = f"/patient/consents/{done['consent']}/withdrawal"
    assert signed(hospital, patient, patient.api("POST", path, {}).get_json())
    assert all("Withdrawn by you" in section for section in sections())


def test_what_takes_nothing_back_re_encrypts_nothing(hospital, patient) -> None:
    def waiting() -> int:
        jobs = hospital.platform.jobs.newest(kind="rekey", states=("queued",), limit=1_000)
        subject = patient.account.subject.hex()
        return sum(job.arguments["subjects"] == [subject] for job in jobs)

    path = "/patient/opt-out"
    granted(hospital, patient)
    to_sign = patient.api("POST", path, {"research": "off"}).get_json()["to_sign"]
    assert signed(hospital, patient, to_sign).get_json()["is_in_force"]
    hospital.work("rekey")
    to_sign = patient.api("POST", path, {"research": "on"}).get_json()["to_sign"]
    assert signed(hospital, patient, to_sign).get_json()["is_in_force"]
    assert waiting() == 0
    to_sign = patient.api("POST", "/patient/stop", {}).get_json()
    assert signed(hospital, patient, to_sign).get_json()["is_in_force"]
    assert waiting() == 1


def test_a_refusal_after_a_withdrawal_does_not_say_that_it_was_never_allowed(
    hospital, patient
) -> None:
    """With a permission for somebody else, the nearest miss is that one and not the withdrawal."""
    _, _, done = granted(hospital, patient)
    permit(hospital, "study:other", ("MLTRAINING",), [patient.account.subject])
    path = f"/patient/consents/{done['consent']}/withdrawal"
    assert signed(hospital, patient, patient.api("POST", path, {}).get_json())
    hospital.platform.diagnostics.gather(STUDY, "small")
    lines = patient.api("GET", "/patient/journal").get_json()["lines"]
    (line,) = [line for line in lines if line["is_refusal"]]
    assert line["outcome"] == "other-recipient"
    assert "You did not allow it at that time." in patient.get("/patient/journal").text


def test_a_refusal_of_another_study_does_not_say_that_the_patient_withdrew(
    hospital, patient
) -> None:
    """The nearest consent is the withdrawn one of the first study; the other was never allowed."""
    _, _, done = granted(hospital, patient)
    path = f"/patient/consents/{done['consent']}/withdrawal"
    assert signed(hospital, patient, patient.api("POST", path, {}).get_json())
    record = hospital.platform.store.records_of(patient.account.subject)[0].record_id.hex()
    for study in ("study:other", STUDY):
        with pytest.raises(StorageNotFound):
            hospital.platform.store.vault.open(study, "MLTRAINING", record, "a look")
    lines = patient.api("GET", "/patient/journal").get_json()["lines"]
    texts = {line["party"]: line["says"] for line in lines if line["is_refusal"]}
    assert "You withdrew on" in texts[STUDY]
    assert "You did not allow it at that time." in texts["study:other"]


def test_a_stop_leaves_research_off(hospital, patient) -> None:
    path = "/patient/opt-out"
    to_sign = patient.api("POST", path, {"research": "off"}).get_json()["to_sign"]
    assert signed(hospital, patient, to_sign).get_json()["is_in_force"]
    assert signed(hospital, patient, patient.api("POST", "/patient/stop", {}).get_json())
    assert patient.api("GET", path).get_json() == {"research": "off"}
    home = hospital.services.patient.home(patient.account.subject, Words("en"))
    assert home.research == "off"
    to_sign = patient.api("POST", path, {"research": "on"}).get_json()["to_sign"]
    assert signed(hospital, patient, to_sign).get_json()["is_in_force"]
    assert patient.api("GET", path).get_json() == {"research": "on"}


def test_a_record_that_the_patient_opens_is_in_their_history(hospital, patient) -> None:
    stored = patient.api("GET", "/patient/records").get_json()["records"]
    assert {item["category"] for item in stored} == {"vital-signs", "condition"}
    number = next(item for item in stored if item["category"] == "vital-signs")
    json = patient.api("GET", f"/patient/records/{number['record']}").get_json()
    assert json["values"] == {"x|number": [61.5, "kg"]}
    (line,) = json["says"]
    assert (line["what"], line["value"], line["at"]) == ("number", "61.5 kg", "2024-01-02")
    line = patient.api("GET", "/patient/journal").get_json()["lines"][0]
    assert (line["purpose"], line["is_refusal"]) == ("PATRQT", False)
    assert line["says"]


def test_a_line_of_the_history_has_a_proof_once_it_is_anchored(hospital, patient) -> None:
    patient.api("POST", "/patient/copy", {})
    line = patient.api("GET", "/patient/journal").get_json()["lines"][0]
    path = f"/patient/journal/{line['seq']}/proof"
    assert patient.api("GET", path).status_code == 404
    hospital.platform.store.journal.anchor()
    assert len(patient.api("GET", path).get_json()["hash"]) == 64


def test_the_export_has_records_permissions_and_history(hospital, patient) -> None:
    granted(hospital, patient)
    json = patient.api("POST", "/patient/copy", {}).get_json()
    assert len(json["records"]) == 2
    assert [item["state"] for item in json["permissions"]] == ["active"]


def test_permissions_and_uses_are_read_as_fhir(hospital, patient) -> None:
    granted(hospital, patient)
    consents = patient.api("GET", "/patient/fhir/Consent").get_json()
    assert (consents["resourceType"], consents["total"]) == ("Bundle", 1)
    resource = consents["entry"][0]["resource"]
    assert Consent.model_validate(resource).status == "active"
    assert resource["patient"]["identifier"]["value"] == patient.account.subject.hex()
    patient.api("POST", "/patient/copy", {})
    events = patient.api("GET", "/patient/fhir/AuditEvent").get_json()["entry"]
    assert AuditEvent.model_validate(events[0]["resource"]).outcome == "0"


def test_trained_models_and_keys_are_listed(hospital, patient) -> None:
    assert patient.api("GET", "/patient/models").get_json() == {"models": []}
    keys = patient.api("GET", "/patient/keys").get_json()
    assert keys["passkeys"] == []
    assert keys["has_others"]
    assert keys["is_checked"]
    begun = patient.api("POST", "/patient/keys", {}).get_json()
    assert begun["options"]["challenge"]


def test_another_patients_things_are_not_found(hospital, patient) -> None:
    request, prepared, done = granted(hospital, patient)
    record = patient.api("GET", "/patient/records").get_json()["records"][0]["record"]
    seq = patient.api("GET", "/patient/journal").get_json()["lines"]
    other = signed_in(hospital, PATIENT, "", hospital.new_patient())
    paths = (
        ("GET", f"/patient/requests/{request}", None),
        ("POST", f"/patient/requests/{request}/answer", {"answer": "no"}),
        ("POST", f"/patient/requests/{request}/signing", {}),
        ("GET", f"/patient/consents/{done['consent']}", None),
        ("GET", f"/patient/consents/{done['consent']}/receipt", None),
        ("POST", f"/patient/consents/{done['consent']}/withdrawal", {}),
        ("GET", f"/patient/records/{record}", None),
        ("GET", "/patient/journal/0/proof", None),
        ("POST", f"/patient/keys/{secrets.token_hex(16)}/removal", {}),
        ("POST", f"/patient/keys/{secrets.token_hex(20)}/veto", {}),
        ("POST", f"/patient/signings/{prepared['signing']}", {"wallet": "0x", "signature": "0x"}),
    )
    assert all(item["is_refusal"] or item["seq"] == 0 for item in seq)
    for method, path, body in paths:
        answer = other.api(method, path, body)
        assert answer.status_code == 404, path
    assert patient.api("GET", f"/patient/requests/{request}").get_json()["state"] == "accepted"


@pytest.mark.parametrize("role", ROLES)
def test_no_other_role_and_no_token_has_access(hospital, role) -> None:
    staff, token = signed_in(hospital, role), hospital.client(role, HOSPITAL)
    for path in ("requests", "consents", "records", "journal", "models", "keys", "opt-out"):
        assert staff.api("GET", f"/patient/{path}").status_code == 403
        assert token.get(f"/patient/{path}").status_code == 403
    assert staff.api("POST", "/patient/stop", {}).status_code == 403


def test_a_signature_of_another_key_signs_nothing(hospital, patient) -> None:
    prepared = patient.api("POST", "/patient/stop", {}).get_json()
    stranger = hospital.wallet._key(secrets.token_bytes(32))
    text = {
        "wallet": "0x" + stranger.address.hex(),
        "signature": "0x" + stranger.sign(bytes.fromhex(prepared["digest"][2:])).hex(),
    }
    done = patient.api("POST", f"/patient/signings/{prepared['signing']}", text).get_json()
    assert not done["is_in_force"]
    assert done["reason"]
    for odd in ({}, {"wallet": "0x00"}, {"response": {}}, {"wallet": "x", "signature": "y"}):
        answer = patient.api("POST", f"/patient/signings/{prepared['signing']}", odd)
        assert answer.status_code in (200, 422), odd
