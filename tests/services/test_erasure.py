"""A patient who asks is erased everywhere, with a signed receipt; real nodes."""

from __future__ import annotations

import hashlib
import re
import secrets

import pytest
import sqlalchemy as sa
from visitors import signed_in

from consent import Grant, LedgerFinding
from services.accounts import PATIENT, Invitee
from services.accounts.invitations import RECOVER
from services.auditor.verification import AGREES, DIFFERS
from services.errors import Conflict, Invalid
from services.requests import RequestDetails
from services.requests.erasures import APPROVED, ERASED, REFUSED, REQUESTED
from services.statement import RequestedTerms, terms_for
from services.tokens import CUSTODIAN
from services.words import Words
from storage import Receipt, Record
from storage.findings import StoreFinding
from storage.journal import AccessOutcome, Use
from storage.person_links import LINKED, UNDONE

pytestmark = pytest.mark.node
HOSPITAL, STUDY = "organisation:this-hospital", "study:small"
SAYING = "A sentence that only this patient signed."


@pytest.fixture
def number() -> str:
    return f"nr-{secrets.token_hex(4)}"


@pytest.fixture
def patient(hospital, number):
    """Somebody with a record, a permission, a prediction, a draft and a hospital number."""
    platform, subject = hospital.platform, hospital.new_patient()
    platform.requests.directory.add([(number, subject)])
    platform.store.deposits.deposit(
        [Record(subject, "vital-signs", HOSPITAL, "2024-01-02", {"x|number": (61.5, "kg")})]
    )
    permit(hospital, subject)
    stores = platform.requests
    stores.predictions.add(HOSPITAL, "a", subject, {"question": "small", "records": []})
    details = RequestDetails(STUDY, "study", ("MLTRAINING",), ("condition",), "", "", 9, "it")
    stores.requests.send(details, [subject], "r")
    stores.requests.save_draft(stores.requests.list_waiting(subject)[0], {"answer": "less"})
    return signed_in(hospital, PATIENT, "", subject)


CARE = RequestedTerms("permit", HOSPITAL, ("TREATDS",))


def permit(hospital, subject: bytes, requested: RequestedTerms = CARE) -> None:
    platform, now_s = hospital.platform, int(hospital.platform.installation.clock())
    terms = terms_for(requested, SAYING)
    signed = hospital.wallet.sign(
        platform.ledger.domain(), Grant(subject, terms, now_s, now_s + 9_999)
    )
    assert platform.ledger.grant([signed])[0].ok


def is_in_database(hospital, needle: bytes) -> bool:
    path = hospital.platform.engine.url.database
    folder = hospital.platform.installation.home
    return any(needle in file.read_bytes() for file in folder.glob(f"{path.rsplit('/')[-1]}*"))


def wrapped_key(hospital, subject: bytes) -> bytes:
    keys = sa.table("storage_patient_keys", sa.column("wrapped"), sa.column("subject"))
    with hospital.platform.engine.connect() as connection:
        return bytes(connection.scalar(sa.select(keys.c.wrapped).where(keys.c.subject == subject)))


def erase(hospital, patient) -> str:
    """Let the patient ask and the custodian approve; run the job; return the request's path."""
    erasure = patient.api("POST", "/patient/erasure", {}).get_json()["request"]
    assert erasure["state"] == REQUESTED
    custodian = signed_in(hospital, CUSTODIAN)
    listed = custodian.api("GET", "/custodian/erasures").get_json()["erasures"]
    assert erasure["id"] in [item["request"]["id"] for item in listed]
    path = f"/custodian/erasures/{erasure['id']}"
    answer = custodian.api("POST", f"{path}/decision", {"decision": "approve"}).get_json()
    assert answer["request"]["state"] == APPROVED
    hospital.work("erase")
    return path


def verified_mirror(hospital) -> str:
    parts = hospital.platform.auditor.run_verification(lambda *_: None)["parts"]
    return next(part["state"] for part in parts if part["part"] == "mirror")


def test_a_patient_who_asks_is_erased_everywhere(hospital, patient, number) -> None:
    platform, subject = hospital.platform, patient.account.subject
    stores, key = platform.requests, wrapped_key(hospital, subject)
    prepared = patient.api("POST", "/patient/opt-out", {"research": "off"}).get_json()["to_sign"]
    assert is_in_database(hospital, key)
    erase(hospital, patient)
    assert platform.store.records_of(subject) == []
    assert list(stores.predictions.read_of_person(subject)) == []
    assert stores.directory.find_subject(number) is None
    assert stores.directory.numbers_of([subject]) == {}
    assert stores.requests.load_draft(stores.requests.list_by_subject(subject)[0]) == {}
    assert [c.terms for c in platform.ledger.consents_of(subject)] == [None]
    for needle in (key, SAYING.encode(), prepared["signing"].encode()):
        assert not is_in_database(hospital, needle)


def test_an_erased_patient_gets_a_receipt_that_anybody_can_check(hospital, patient) -> None:
    path = erase(hospital, patient)
    status = patient.api("GET", "/patient/erasure").get_json()
    assert (status["request"]["state"], status["is_receipt_valid"]) == (ERASED, True)
    document = patient.api("GET", "/patient/erasure/receipt").get_json()
    custodian, auditor = signed_in(hospital, CUSTODIAN), hospital.platform.auditor
    assert document == custodian.api("GET", f"{path}/receipt").get_json()
    content = Receipt.from_document(document).content()
    assert len(content["blocks"]) == 1
    assert set(content["also"]) >= {"answers", "drafts", "terms", "number", "messages"}
    assert auditor.check_receipt(document).is_valid
    altered = document | {"body": document["body"].replace("patient", "nobody")}
    assert not auditor.check_receipt(altered).is_valid
    assert hospital.platform.erasure.run(status["request"]["id"], lambda *_: None) == document


def test_a_permission_whose_text_was_erased_is_not_active_on_its_own_page_either(
    hospital, patient
) -> None:
    [consent] = hospital.platform.ledger.consents_of(patient.account.subject)
    path = f"/patient/consents/{consent.consent_id.hex()}"
    assert "Your permission is active" in patient.get(path).text
    erase(hospital, patient)
    page = patient.get(path).text
    assert "The text of this permission is not here. Without it, all use is refused." in page
    for untrue in ("is active", "may use", "may no longer use", "The file has the same"):
        assert untrue not in page
    assert "deleted, and so were the keys that open them" in patient.get("/patient/journal").text


def test_a_verification_accepts_missing_terms_only_with_a_receipt(hospital, patient) -> None:
    ledger, subject = hospital.platform.ledger, patient.account.subject
    ledger.consent_terms.erase_subject(subject)
    assert LedgerFinding.TERMS_MISSING in {finding.code for finding in ledger.check()}
    assert verified_mirror(hospital) == DIFFERS
    erase(hospital, patient)
    assert verified_mirror(hospital) == AGREES


def test_uses_under_erased_terms_are_accepted_only_with_a_receipt(hospital, patient) -> None:
    platform, subject = hospital.platform, patient.account.subject
    view, ledger = platform.ledger.view(), platform.ledger
    now_s = int(platform.installation.clock())
    consent = ledger.consents_of(subject)[0].consent_id
    record = platform.store.records_of(subject)[0].record_id
    use = Use(now_s, HOSPITAL, "c", "TREATDS", "a question", view)
    platform.store.journal.write(use, [AccessOutcome(subject, record, 1, "permitted", consent)])
    ledger.consent_terms.erase_subject(subject)
    assert StoreFinding.USE_NOT_CONSENTED in {finding.code for finding in platform.store.check()}
    erase(hospital, patient)
    faults = [finding.where for finding in platform.store.check() if finding.part == "journal"]
    assert faults == []
    receipt = platform.requests.erasures.find_newest(subject).receipt
    person = hashlib.sha256(subject).hexdigest()
    erasures = [line for line in platform.store.evidence() if line["kind"] == "erasure"]
    lines = [line for line in erasures if person in line["body"]]
    assert lines == [{"kind": "erasure", **receipt.document()}]
    for at_s in (receipt.at_s + 3_600, receipt.at_s + 3_601):
        later = Use(at_s, HOSPITAL, "c", "TREATDS", "a question", view)
        platform.store.journal.write(
            later, [AccessOutcome(subject, record, 1, "permitted", consent)]
        )
    findings = [finding for finding in platform.store.check() if finding.part == "journal"]
    assert [(finding.code, finding.where) for finding in findings] == [
        (StoreFinding.USE_NOT_CONSENTED, f"row {platform.store.journal.size()}")
    ]


def test_a_no_under_an_erased_number_still_counts_for_the_persons_other_number(
    hospital, patient
) -> None:
    store, subject, other = hospital.platform.store, patient.account.subject, hospital.new_patient()
    record = {"x|number": (61.5, "kg")}
    store.deposits.deposit([Record(other, "vital-signs", HOSPITAL, "2024-01-02", record)])
    permit(hospital, other, RequestedTerms("permit", STUDY, ("MLTRAINING",)))
    assert other in store.permitted_subjects(STUDY, "MLTRAINING")
    pair = store.links.propose(subject, other, "custodian", "c")
    store.links.decide(pair.id, LINKED, "c")
    permit(hospital, subject, RequestedTerms("deny", "*", ("HRESCH",)))
    assert other not in store.permitted_subjects(STUDY, "MLTRAINING")
    erase(hospital, patient)
    assert other not in store.permitted_subjects(STUDY, "MLTRAINING")
    custodian = signed_in(hospital, CUSTODIAN)
    assert "number deleted" in custodian.get(f"/custodian/links/{pair.id}").text
    custodian.post(f"/custodian/links/{pair.id}", wish="undo")
    assert other in store.permitted_subjects(STUDY, "MLTRAINING")


def test_a_death_under_an_erased_number_still_counts_for_the_persons_other_number(
    hospital, patient, monkeypatch
) -> None:
    store, subject, other = hospital.platform.store, patient.account.subject, hospital.new_patient()
    monkeypatch.setattr(store.deceased, "ends_consents", True)
    record = {"x|number": (61.5, "kg")}
    store.deposits.deposit([Record(other, "vital-signs", HOSPITAL, "2024-01-02", record)])
    permit(hospital, other, RequestedTerms("permit", STUDY, ("MLTRAINING",)))
    pair = store.links.propose(subject, other, "custodian", "c")
    store.links.decide(pair.id, LINKED, "c")
    store.deceased.mark(subject, "custodian", "c")
    assert other not in store.permitted_subjects(STUDY, "MLTRAINING")
    erase(hospital, patient)
    assert store.find_deceased([other]) == {other}
    assert other not in store.permitted_subjects(STUDY, "MLTRAINING")
    store.links.decide(pair.id, UNDONE, "c")
    assert other in store.permitted_subjects(STUDY, "MLTRAINING")


def test_the_note_of_a_death_that_counts_for_nobody_else_is_erased(hospital, patient) -> None:
    store, subject = hospital.platform.store, patient.account.subject
    store.deceased.mark(subject, "custodian", "c")
    erase(hospital, patient)
    assert store.deceased.find([subject]) == set()


def test_a_number_that_refused_nothing_leaves_no_link(hospital, patient) -> None:
    links, subject = hospital.platform.store.links, patient.account.subject
    pair = links.propose(subject, hospital.new_patient(), "custodian", "c")
    links.decide(pair.id, LINKED, "c")
    erase(hospital, patient)
    assert links.find(pair.id) is None


def test_a_prediction_that_is_stored_during_the_erasure_goes_too(hospital, patient) -> None:
    platform, subject = hospital.platform, patient.account.subject
    predictions, erasures = platform.requests.predictions, platform.requests.erasures
    request = erasures.add(subject, "patient")
    erasures.approve(request.id, "c")

    def report(step: str, *_: int) -> None:
        if step == "records":
            predictions.add(HOSPITAL, "a", subject, {"question": "small", "records": []})

    platform.erasure.run(request.id, report)
    assert list(predictions.read_of_person(subject)) == []


def test_no_link_of_an_erased_patient_works_any_more(hospital, patient) -> None:
    identity, subject = hospital.platform.identity, patient.account.subject
    joining = identity.invitations.add(Invitee(PATIENT, "", "", subject))
    recovering = identity.invitations.add(Invitee(PATIENT, "", "", subject), RECOVER)
    other = identity.invitations.add(Invitee(PATIENT, "", "", hospital.new_patient()))
    erase(hospital, patient)
    assert identity.invitations.find(joining) is None
    assert identity.invitations.find(recovering, RECOVER) is None
    assert identity.invitations.find(other) is not None


def test_the_pages_lead_from_the_request_to_the_receipt(hospital, patient) -> None:
    assert "Ask for deletion" in patient.get("/patient/erasure").text
    assert patient.post("/patient/erasure").status_code == 303
    assert "has not decided yet" in patient.get("/patient/erasure").text
    request = hospital.platform.requests.erasures.find_newest(patient.account.subject)
    custodian = signed_in(hospital, CUSTODIAN)
    path = f"/custodian/erasures/{request.id}"
    assert path in custodian.get("/custodian/erasures").text
    assert 'class="danger"' in custodian.get(path).text  # it cannot be undone
    assert custodian.post(path, wish="refuse", reason="").status_code == 422
    unsure = custodian.post(path, wish="approve")
    assert (unsure.status_code, "Tick the box to approve" in unsure.text) == (422, True)
    assert "has not decided yet" in patient.get("/patient/erasure").text
    assert custodian.post(path, wish="approve", sure="yes").status_code == 303
    hospital.work("erase")
    assert "have been deleted" in patient.get("/patient/erasure").text
    assert patient.post("/patient/erasure").status_code == 303  # nothing is left to erase
    assert patient.get("/patient/erasure/receipt").get_json()["signature"]
    for path_then, untrue in (
        ("/patient", "Studies may ask you"),
        ("/patient/records", "No records are here yet"),
        ("/patient/erasure", "Ask for deletion"),
    ):
        page = patient.get(path_then).text
        assert "The history of who used your records stays" in page, path_then
        assert untrue not in page, path_then
    assert patient.get("/patient/opt-out").location == "/patient/erasure"  # nobody can ask
    page = custodian.get(path).text
    assert "hospital number deleted" in page
    assert "estimates, drafts, messages, signed terms and hospital number." in page
    assert custodian.get(f"{path}/receipt").get_json()["signature"]


def test_a_refusal_has_a_reason_that_the_patient_reads_and_erases_nothing(
    hospital, patient, number
) -> None:
    erasures, words = hospital.services.custodian.erasures, Words("en")
    pending = erasures.record(words, number, "card", by="c")
    assert erasures.record(words, number, "card", by="c").request.id == pending.request.id
    with pytest.raises(Conflict):
        hospital.platform.erasure.run(pending.request.id, lambda *_: None)
    for reason in (" ", "x" * 2_001):
        with pytest.raises(Invalid):
            erasures.refuse(words, pending.request.id, reason, by="c")
    erasures.refuse(words, pending.request.id, "Records are kept ten years by law.", by="c")
    assert erasures.approve(pending.request.id, by="c").request.state == REFUSED
    assert "ten years by law" in patient.get("/patient/erasure").text
    page = signed_in(hospital, CUSTODIAN).get(f"/custodian/erasures/{pending.request.id}").text
    assert re.search(r"<dt>Reason</dt>\s*+<dd>Records are kept ten years by law", page)
    assert len(hospital.platform.store.records_of(patient.account.subject)) == 1
    assert hospital.platform.requests.erasures.add(patient.account.subject, "patient").is_open
    for wrong, fields in (
        (("nobody's", "card"), {"number"}),
        ((number, ""), {"identity"}),
        (("", ""), {"number", "identity"}),
    ):
        with pytest.raises(Invalid) as caught:
            erasures.record(words, *wrong, by="c")
        assert set(caught.value.fields) == fields


def test_answers_made_under_a_permission_that_was_taken_back_are_erased(hospital, patient) -> None:
    platform, subject = hospital.platform, patient.account.subject
    record = platform.store.records_of(subject)[0].record_id.hex()
    predictions = platform.requests.predictions
    predictions.erase_subject(subject)
    body = {"question": "small", "records": [record]}
    stored = predictions.add(HOSPITAL, "a", subject, body).id
    platform.jobs.enqueue("rekey", {"subjects": [subject.hex()], "why": "nothing"}, "patients")
    hospital.work("rekey")
    assert [item.id for item in predictions.read_of_person(subject)] == [stored]
    stop = patient.api("POST", "/patient/stop", {}).get_json()
    key = hospital.wallet._key(subject)
    text = {
        "wallet": "0x" + key.address.hex(),
        "signature": "0x" + key.sign(bytes.fromhex(stop["digest"][2:])).hex(),
    }
    assert patient.api("POST", f"/patient/signings/{stop['signing']}", text).status_code == 200
    hospital.work("rekey")
    assert list(predictions.read_of_person(subject)) == []
