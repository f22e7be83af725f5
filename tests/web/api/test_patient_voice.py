"""A patient: a no that can be changed, questions, corrections, the complete copy."""

from __future__ import annotations

import secrets

import orjson
import pytest
from visitors import signed_in

from services.accounts import PATIENT
from services.requests import RequestDetails
from storage import Record

pytestmark = pytest.mark.node
HOSPITAL = "organisation:this-hospital"


@pytest.fixture
def patient(hospital):
    """Somebody with one record and one waiting request, who is signed in."""
    subject = hospital.new_patient()
    record = Record(subject, "vital-signs", HOSPITAL, "2024-01-02", {"x|number": (61.5, "kg")})
    hospital.platform.store.deposits.deposit([record])
    details = RequestDetails(
        f"study:{secrets.token_hex(4)}",
        "study",
        ("MLTRAINING",),
        ("vital-signs",),
        "",
        "",
        365,
        "it",
        True,
    )
    hospital.platform.requests.requests.send(details, [subject], "r")
    return signed_in(hospital, PATIENT, "", subject)


@pytest.fixture
def keeper(hospital):
    return signed_in(hospital, "custodian")


def request_of(patient) -> str:
    return str(patient.api("GET", "/patient/requests").get_json()["requests"][0]["id"])


def history(patient) -> list[str]:
    lines = patient.api("GET", "/patient/journal").get_json()["lines"]
    return [line["outcome"] for line in lines]


def page(visitor, path: str) -> str:
    answer = visitor.get(path)
    assert answer.status_code == 200, path
    return str(answer.get_data(as_text=True))


def test_a_no_is_confirmed_listed_and_can_be_changed(patient) -> None:
    path = f"/patient/requests/{request_of(patient)}"
    assert patient.post(path, answer="no").location == f"{path}/decline"
    assert "Say no" in page(patient, f"{path}/decline")
    assert patient.api("GET", path).get_json()["state"] == "waiting"  # not before it is confirmed
    assert patient.post(f"{path}/decline").status_code == 303
    assert "Change my answer" in page(patient, path)
    assert path in page(patient, "/patient/consents")
    assert patient.post(f"{path}/reconsider").status_code == 303
    assert patient.api("GET", path).get_json()["state"] == "waiting"
    assert set(history(patient)) == {"reconsidered", "declined"}


def test_a_yes_includes_no_copy_unless_its_own_box_is_ticked(patient) -> None:
    path = f"/patient/requests/{request_of(patient)}"
    assert "asked about the copy separately" in page(patient, path)
    assert patient.post(path, answer="yes").location == f"{path}/copy"
    assert "checked" not in page(patient, f"{path}/copy")
    assert patient.api("GET", path).get_json()["chosen"]["may_copy"] is False
    patient.post(f"{path}/copy", copy="yes")
    assert patient.api("GET", path).get_json()["chosen"]["may_copy"] is True
    patient.post(f"{path}/copy")
    assert patient.api("GET", path).get_json()["chosen"]["may_copy"] is False


def test_who_answers_reads_what_the_question_is_about_as_the_patient_does(patient, keeper) -> None:
    """The record office read "Line of the history: 118549", and has no page of that number."""
    record = patient.api("GET", "/patient/records").get_json()["records"][0]["record"]
    assert patient.get(f"/patient/records/{record}").status_code == 200
    row = patient.api("GET", "/patient/journal").get_json()["lines"][0]["seq"]
    for kind, about, words in (
        ("question", str(row), "You looked at your body measurements yourself."),
        ("correction", record, "body measurements, 2 January 2024"),
    ):
        text = f"Who was that? {secrets.token_hex(4)}"
        assert patient.post("/patient/help", kind=kind, about=about, text=text).status_code == 303
        waiting = keeper.api("GET", "/custodian/messages").get_json()["waiting"]
        [message] = [each for each in waiting if each["text"] == text]
        for visitor, path in (
            (patient, "/patient/help"),
            (keeper, f"/custodian/messages/{message['id']}"),
        ):
            assert words.lower() in page(visitor, path).lower()
        # What the page itself says next must not read as the patient's words.
        own = keeper.get(path).text.partition('<section class="statement">')[2]
        own, _, rest = own.partition("</section>")
        assert text in own
        assert "The patient reads your answer" in rest


def test_a_correction_is_asked_decided_and_read_in_the_history(patient, keeper) -> None:
    record = patient.api("GET", "/patient/records").get_json()["records"][0]["record"]
    assert "Ask for a correction" in page(patient, f"/patient/records/{record}")
    assert patient.get(f"/patient/help?record={record}").status_code == 200
    text = f"It was 74 kg. {secrets.token_hex(4)}"
    sent = patient.post("/patient/help", kind="correction", about=record, text=text)
    assert sent.status_code == 303
    waiting = keeper.api("GET", "/custodian/messages").get_json()["waiting"]
    [message] = [each for each in waiting if each["text"] == text]
    path = f"/custodian/messages/{message['id']}"
    assert text in page(keeper, path)
    assert keeper.post(path, outcome="refused", text=" ").status_code == 422
    assert keeper.post(path, outcome="refused", text="The scale was right.").status_code == 303
    assert keeper.post(path, outcome="corrected", text="No.").status_code == 409
    assert "The scale was right." in page(patient, "/patient/help")
    for visitor, where in ((patient, "/patient/help"), (keeper, "/custodian/messages")):
        assert 'class="status declined"' in page(visitor, where)  # a refusal has no tick
    acts = [kind for kind in history(patient) if kind not in ("permitted", "own")]
    assert set(acts) == {"got-refusal", "correction-asked"}


def test_a_correction_is_in_the_history_as_what_the_hospital_says(patient, keeper) -> None:
    record = patient.api("GET", "/patient/records").get_json()["records"][0]["record"]
    text = f"It was 75 kg. {secrets.token_hex(4)}"
    patient.post("/patient/help", kind="correction", about=record, text=text)
    waiting = keeper.api("GET", "/custodian/messages").get_json()["waiting"]
    [message] = [each for each in waiting if each["text"] == text]
    keeper.post(f"/custodian/messages/{message['id']}", outcome="corrected", text="We did so.")
    assert "says that the record is corrected" in page(patient, "/patient/journal")
    assert 'class="status done"' in page(patient, "/patient/help")


def test_a_question_carries_its_line_and_reaches_nobody_elses_records(
    hospital, patient, keeper
) -> None:
    other = signed_in(hospital, PATIENT, "", hospital.new_patient())
    record = patient.api("GET", "/patient/records").get_json()["records"][0]["record"]
    body = {"kind": "correction", "about": record, "text": "mine?"}
    assert other.api("POST", "/patient/messages", body).status_code == 404
    patient.get(f"/patient/records/{record}")
    seq = str(patient.api("GET", "/patient/journal").get_json()["lines"][0]["seq"])
    body = {"kind": "question", "about": seq, "text": "Who was that?"}
    answer = patient.api("POST", "/patient/messages", body)
    assert answer.status_code == 201
    assert "yourself" in answer.get_json()["messages"][0]["says"]
    assert other.api("GET", "/patient/messages").get_json()["messages"] == []
    assert "Who was that?" in page(patient, "/patient/help")


def test_the_complete_copy_is_a_job_and_leaves_nothing_out(hospital, patient) -> None:
    subject = patient.account.subject
    days = [f"2023-{month:02}-{day:02}" for month in range(1, 13) for day in range(1, 3)]
    more = [
        Record(subject, "vital-signs", HOSPITAL, day, {"x|number": (1.0, "kg")}) for day in days
    ]
    hospital.platform.store.deposits.deposit(more)
    assert patient.get("/patient/download/file").status_code == 404
    assert patient.post("/patient/download").status_code == 303
    assert "Waiting to begin" in page(patient, "/patient/download")
    hospital.work("export")
    assert "ready" in page(patient, "/patient/download")
    document = orjson.loads(patient.get("/patient/download/file").data)
    assert len(document["records"]) == len(days) + 1
    assert document["records"][0]["says"][0]["value"]
    assert {"permissions", "receipts", "requests", "messages", "history"} <= set(document)
    assert len(document["requests"]) == 1
    printable = page(patient, "/patient/download/page")
    assert printable.count("<h3>") >= len(days) + 1
    assert f"Address: {patient.origin}/patient/download/page." in printable
    lead = page(patient, "/patient/download")
    for part in ("records", "permissions", "receipts", "requests", "messages", "history"):
        assert part in lead
    assert document["account"]["passkeys"] == []
    assert not [name for name in document if "estimate" in name or "prediction" in name]
    assert "It does not have the estimates that models gave to clinicians." in lead
    files = list((hospital.platform.installation.home / "exports").glob("*.sealed"))
    assert not any(b"x|number" in file.read_bytes() for file in files)


def test_an_old_copy_is_deleted(hospital, patient) -> None:
    import os

    patient.post("/patient/download")
    hospital.work("export")
    for file in (hospital.platform.installation.home / "exports").glob("*"):
        os.utime(file, (0, 0))
    assert hospital.platform.patient.exports.delete_expired() >= 1
    assert patient.get("/patient/download/file").status_code == 404


def test_own_looks_of_a_day_are_one_line_and_not_among_the_last_uses(patient) -> None:
    record = patient.api("GET", "/patient/records").get_json()["records"][0]["record"]
    for _ in range(3):
        patient.get(f"/patient/records/{record}")
    lines = patient.api("GET", "/patient/journal").get_json()["lines"]
    assert [line["purpose"] for line in lines] == ["PATRQT"]
    assert "yourself" not in page(patient, "/patient")
    assert "yourself" in page(patient, "/patient/journal")
    assert "yourself" not in page(patient, "/patient/journal?others=yes")
    assert "yourself" not in page(patient, "/patient/journal?last=2020-01-01")


def test_the_proof_of_a_line_repeats_only_what_its_own_row_says(hospital, patient) -> None:
    subject = patient.account.subject
    other = Record(subject, "condition", HOSPITAL, "2024-01-02", {"x|label": ("yes", "")})
    hospital.platform.store.deposits.deposit([other])
    for record in patient.api("GET", "/patient/records").get_json()["records"]:
        patient.get(f"/patient/records/{record['record']}")
    [folded] = patient.api("GET", "/patient/journal").get_json()["lines"]
    assert sorted(folded["categories"]) == ["condition", "vital-signs"]
    rows = hospital.platform.store.journal.of_subject(subject)
    proofs = {row.seq: page(patient, f"/patient/journal/{row.seq}/proof") for row in rows}
    assert len(proofs) == 2  # the older row has no line of its own in the history
    kinds = [
        [kind for kind in ("diagnoses", "body measurements") if kind in text]
        for text in proofs.values()
    ]
    assert sorted(kinds) == [["body measurements"], ["diagnoses"]]


def test_a_request_without_a_copy_does_not_speak_of_copies(hospital, patient) -> None:
    def limits(**changed) -> str:
        details = RequestDetails(
            f"study:{secrets.token_hex(4)}",
            *("study", ("MLTRAINING",), ("vital-signs",), "", "", 365, "it"),
            **changed,
        )
        hospital.platform.requests.requests.send(details, [patient.account.subject], "r")
        newest = patient.api("GET", "/patient/requests").get_json()["requests"]
        [path] = [
            f"/patient/requests/{each['id']}" for each in newest if each["party"] == details.party
        ]
        return page(patient, path)

    assert "take back copies" in limits(wants_copy=True)
    assert "take back copies" not in limits(wants_copy=False)


def test_a_passkey_is_renamed_only_by_its_owner(hospital, patient) -> None:
    passkeys = hospital.platform.identity.passkeys
    from services.accounts.webauthn import NewPasskey

    new = NewPasskey(secrets.token_bytes(16), secrets.token_bytes(32), secrets.token_bytes(32))
    passkeys.add(patient.account.id, new, label="Firefox · Android")
    path = f"/patient/keys/{new.credential_id.hex()}/name"
    other = signed_in(hospital, PATIENT, "", hospital.new_patient())
    assert other.post(path, label="Mine").status_code == 404
    assert patient.post(path, label="Old phone").status_code == 303
    assert [each.label for each in passkeys.of(patient.account.id)] == ["Old phone"]
    assert "Old phone" in page(patient, "/patient/keys")
    for wrong in ("", "x" * 65):
        refused = page(patient, patient.post(path, label=wrong).location)
        assert "There is a problem" in refused
        assert "Enter a name, 64 characters or fewer" in refused
    assert "problem" not in page(patient, "/patient/keys?unnamed=elsewhere")
    assert [each.label for each in passkeys.of(patient.account.id)] == ["Old phone"]


def test_a_form_sent_after_the_session_ended_says_that_nothing_was_done(hospital, patient) -> None:
    hospital.platform.identity.sessions.end_all(patient.account.id)
    answer = patient.post("/patient/stop", signing="x", credential="{}")
    assert "undone=yes" in answer.location
    text = hospital.app.test_client().get(answer.location).get_data(as_text=True)
    assert "nothing was signed, withdrawn or changed" in text
