"""A pseudonymised copy from the proposal to the confirmed deletion, on the pages and the API."""

from __future__ import annotations

import io
import json
import random
import secrets
import zipfile

import pyarrow.parquet as pq
import pytest
from hospital import records_of
from research import permit
from visitors import signed_in

from cli.trial_wallet import TrialWallet
from models.sealed_copy import make_key_pair, open_copy
from services.researcher.pseudonymised_copies import PseudonymisedCopies
from services.words import Words

pytestmark = pytest.mark.node
PRIVATE, PUBLIC = make_key_pair()
FORM = {
    **{"question": "small", "condition": "it", "protocol": "p", "board": "b", "contact": "c"},
    **{"days": "365", "end-day": "1", "end-month": "3", "end-year": "2090"},
    **{"copy": "pseudonymised", "agreement-title": "Agreement 12"},
    **{"agreement-text": "Keep it locked.", "key": PUBLIC},
    **{"agreement-end-day": "1", "agreement-end-month": "3", "agreement-end-year": "2089"},
}


@pytest.fixture(scope="module")
def researcher(hospital):
    return signed_in(hospital, "researcher")


def propose(researcher, **changed):
    title = f"Pseudonymised {secrets.token_hex(4)}"
    return researcher.post("/researcher/studies/new", **(FORM | {"title": title} | changed))


def copy_agreement(hospital, slug: str):
    return hospital.platform.requests.proposals.get(f"study:{slug}").agreement


def approved(hospital, researcher, **changed) -> str:
    """Return the name of a study with an agreement, which the custodian approved on the page."""
    slug = propose(researcher, **changed).location.rsplit("/", 1)[1]
    custodian = signed_in(hospital, "custodian")
    page = custodian.get(f"/custodian/studies/{slug}").text
    assert "Agreement 12" in page and "Keep it locked." in page
    assert "somebody who knows a person can recognise" in page
    assert ("whole records as FHIR" in page) == (changed.get("copy") == "whole")
    proposed = researcher.get(f"/researcher/studies/{slug}").text
    fingerprint = copy_agreement(hospital, slug).fingerprint
    for text in (proposed, page):  # both sides compare it by telephone before the approval
        assert fingerprint in text
    custodian.post(f"/custodian/studies/{slug}", wish="approve", version="1")
    for text in (page, researcher.get(f"/researcher/studies/{slug}/request").text):
        assert Words("en")("copy-free") in text  # both read what patients read of the copy
    return slug


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"agreement-title": ""}, "agreement-title-error"),
        ({"agreement-text": " "}, "agreement-text-error"),
        ({"agreement-end-year": "2091"}, "agreement-end-error"),
        ({"key": "00" * 32}, "agreement-key-error"),
    ],
)
def test_an_agreement_without_title_text_end_or_key_is_not_proposed(
    researcher, changed, message
) -> None:
    page = propose(researcher, **changed)
    assert page.status_code == 422
    assert Words("en")(message) in page.text.replace("&#34;", '"')


@pytest.fixture(scope="module")
def slug(hospital, researcher) -> str:
    """A study with an agreement, which twenty people permit a copy, two of them of these tests."""
    name = approved(hospital, researcher)
    permit(hospital, f"study:{name}", ("MLTRAINING", "PSEUDRESCH"), hospital.subjects[400:418])
    return name


@pytest.fixture(scope="module")
def leavers(hospital, slug) -> list[bytes]:
    people = [hospital.new_patient() for _ in range(2)]
    for number, person in enumerate(people):
        hospital.platform.store.deposits.deposit(records_of(person, random.Random(number)))
    permit(hospital, f"study:{slug}", ("MLTRAINING", "PSEUDRESCH"), people)
    return people


@pytest.fixture(scope="module")
def copy(researcher, slug, leavers) -> bytes:
    path = f"/researcher/pseudonymised/{slug}"
    assert 'id="agree-error"' in researcher.post(path).text
    done = researcher.post(path, agree="yes")
    assert done.mimetype == "application/octet-stream"
    return open_copy(done.data, PRIVATE).content


def names_in(copy: bytes) -> list[str]:
    with zipfile.ZipFile(io.BytesIO(copy)) as archive:
        table = pq.read_table(io.BytesIO(archive.read("data.parquet")))
    return list(table.column("name").to_pylist())


def test_a_consent_to_an_anonymised_copy_releases_no_pseudonymised_one(
    hospital, researcher
) -> None:
    name = approved(hospital, researcher)
    permit(hospital, f"study:{name}", ("MLTRAINING", "HRESCH"), hospital.subjects[400:420])
    page = researcher.post(f"/researcher/pseudonymised/{name}", agree="yes").text
    assert "fewer than 11 people permit it" in page


def test_whole_records_leave_only_where_the_study_asked_and_the_patients_read_so(
    hospital, researcher
) -> None:
    name = approved(hospital, researcher, copy="whole")
    preview = researcher.get(f"/researcher/studies/{name}/request").text
    assert "your whole records of these kinds, not only the values" in preview
    people, path = hospital.subjects[400:412], f"/researcher/pseudonymised/{name}"
    permit(hospital, f"study:{name}", ("MLTRAINING", "PSEUDRESCH"), people)
    assert "fewer than 11 people permit it" in researcher.post(path, agree="yes").text
    permit(hospital, f"study:{name}", ("MLTRAINING", "RECRESCH"), people)
    assert Words("en")("pseudonymised-whole") in researcher.get(path).text
    sealed = researcher.post(path, agree="yes").data
    with zipfile.ZipFile(io.BytesIO(open_copy(sealed, PRIVATE).content)) as archive:
        lines = archive.read("fhir/Patient.ndjson").splitlines()
    assert len(lines) == len(people)


def test_an_ended_agreement_is_a_notice_until_each_copy_is_confirmed_as_deleted(
    hospital, researcher, monkeypatch
) -> None:
    name = approved(hospital, researcher)
    path, ask = f"/researcher/pseudonymised/{name}", "Delete every copy and confirm"
    permit(hospital, f"study:{name}", ("MLTRAINING", "PSEUDRESCH"), hospital.subjects[400:412])
    assert researcher.post(path, agree="yes").mimetype == "application/octet-stream"
    assert ask not in researcher.get(path).text
    monkeypatch.setattr(PseudonymisedCopies, "_refusal", lambda *_: "ended")
    for page in (path, "/researcher/notices"):
        assert ask in researcher.get(page).text
    studies = researcher.api("GET", f"/researcher/studies/{name}/pseudonymised").get_json()
    researcher.post(f"{path}/deleted", copy=studies["taken"][0]["set"])
    assert "no new copy leaves" in researcher.get(path).text
    assert ask not in researcher.get(path).text


def test_a_copy_leaves_encrypted_with_its_agreement_and_is_journalled_for_each_person(
    hospital, researcher, slug, leavers, copy
) -> None:
    with zipfile.ZipFile(io.BytesIO(copy)) as archive:
        manifest = json.loads(archive.read("manifest.json"))
    assert len(names_in(copy)) == manifest["rows"] == 20
    assert manifest["agreement"]["ends_on"] == "2089-03-01"
    journal = hospital.platform.store.journal
    for person in leavers:
        row = journal.of_subject(person, 1)[0]
        assert journal.use(row.use)["purpose"] == "PSEUDRESCH"
    assert researcher.get(f"/researcher/sets/{slug}").status_code == 404
    other = signed_in(hospital, "researcher", "organisation:elsewhere")
    assert other.get(f"/researcher/pseudonymised/{slug}").status_code == 404


def test_who_leaves_is_listed_until_the_study_acknowledges_and_the_custodian_sees_both(
    hospital, researcher, slug, leavers, copy
) -> None:
    path, custodian = f"/researcher/pseudonymised/{slug}", signed_in(hospital, "custodian")
    patient = signed_in(hospital, "patient", "", leavers[0])
    consent_id = hospital.platform.ledger.consents_of(leavers[0])[0].consent_id
    permission = f"/patient/consents/{consent_id.hex()}"
    assert "must delete it by" in patient.get(permission).text
    TrialWallet(hospital.wallet, hospital.platform.ledger).stop(leavers)
    before = patient.get(permission).text  # nobody has listed the rows yet
    assert "no longer permit this copy, so we ask the study to delete your values" in before
    assert "must delete it by" not in before
    offer = researcher.api("GET", f"/researcher/studies/{slug}/pseudonymised").get_json()
    names = [each["name"] for each in offer["deletions"]]
    assert "We asked the study on" in patient.get(permission).text
    assert len(names) == 2 and set(names) < set(names_in(copy))
    notices = researcher.get("/researcher/notices").text
    assert "Rows to delete: 2. Of these overdue: 0." in notices
    assert "2 not confirmed" in custodian.get(f"/custodian/studies/{slug}").text
    assert researcher.post(f"{path}/deletions", names=["0" * 32]).status_code == 422
    page = researcher.get(path).text
    researcher.post(f"{path}/deletions", names=names)
    assert page.index("Rows to delete") < page.index("Download the encrypted copy")
    page = researcher.get(path).text
    assert "have to be deleted" in page
    assert page.index("Rows to delete") > page.index("Download the encrypted copy")
    assert "delete their rows within 14 days and confirm it here" in page
    assert "2 confirmed" in custodian.get(f"/custodian/studies/{slug}").text
