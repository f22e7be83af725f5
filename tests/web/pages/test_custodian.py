"""The custodian's pages in a real browser, and what a file becomes."""

from __future__ import annotations

import orjson
import pytest
from axe_playwright_python.sync_playwright import Axe
from browser import person
from qr_codes import drawn_modules, modules_of

from services.accounts import Invitee
from services.custodian.upload_store import UploadStore
from services.errors import NotFound
from services.requests import Proposal

pytestmark = [pytest.mark.node, pytest.mark.slow]
HOSPITAL = "organisation:this-hospital"
MAPPING = """
[table]
id = "id"
date = "2024-01-02"

[[documents]]
name = "vitals"
category = "vital-signs"

[[documents.columns]]
column = "weight"
code = "x|number"
kind = "number"
unit = "kg"
minimum = 0
maximum = 100
"""


def store_of_uploads(hospital) -> UploadStore:
    platform = hospital.platform
    return UploadStore(platform.engine, platform.store, platform.installation.clock)


@pytest.fixture(scope="module")
def keeper(hospital, browser, origin):
    with person(browser, origin) as made:
        made.join(hospital.platform.identity.invite(Invitee("custodian", HOSPITAL, "K")))
        yield made


def send(keeper, name: str, body: bytes, mapping: str = MAPPING, bad: str = "leave") -> None:
    keeper.go("/custodian/deposits/new")
    page = keeper.page
    page.set_input_files("#file", {"name": name, "mimeType": "text/plain", "buffer": body})
    if mapping:
        page.select_option("#mapping", "own")
        own = {"name": "m.toml", "mimeType": "text/plain", "buffer": mapping.encode()}
        page.set_input_files("#own-mapping", own)
    page.check(f"input[name=bad][value={bad}]")
    keeper.submit("text=Check the file")


def test_the_custodians_pages_have_no_barrier_that_axe_finds(keeper) -> None:
    for path in ("", "/patients/new", "/deposits/new", "/studies", "/recoveries"):
        keeper.go(f"/custodian{path}")
        assert Axe().run(keeper.page).violations_count == 0, path


def test_the_status_page_names_a_missing_worker_and_counts_records(hospital, keeper) -> None:
    keeper.go("/custodian")
    assert "No worker is running" in keeper.text()
    stored = f"{hospital.platform.store.totals()['records']:,}"
    assert f"Records\n{stored}" in keeper.text()
    assert "storage node" not in keeper.text()  # nothing has counted what it holds


def test_a_patient_is_invited_only_after_an_identity_check(hospital, keeper) -> None:
    keeper.go("/custodian/patients/new")
    keeper.page.check("input[name=role][value=patient]")
    keeper.page.fill("#number", "H-1")
    keeper.page.click("text=Make the link")
    keeper.says("There is a problem")
    assert hospital.platform.requests.directory.find_subject("H-1") is None
    keeper.page.check("input[name=identity][value=card]")
    keeper.page.click("text=Make the link")
    keeper.says("No records are stored for this hospital number")
    assert hospital.platform.requests.directory.find_subject("H-1") is None
    assert Axe().run(keeper.page).violations_count == 0
    keeper.page.check("#new_patient")
    keeper.page.click("text=Make the link")
    keeper.says("/join/")
    assert hospital.platform.requests.directory.find_subject("H-1") is not None
    (link,) = [word for word in keeper.text().split() if "/join/" in word]
    assert drawn_modules(keeper.page.inner_html(".qr")) == modules_of(link)
    assert keeper.page.locator(".qr svg").bounding_box()["width"] > 100
    assert Axe().run(keeper.page).violations_count == 0


def test_a_file_is_reported_without_its_cells_then_stored_and_recognised_again(
    hospital, keeper
) -> None:
    body = b"id,weight\nW-1,70\nW-2,999\nW-3,80\n"
    send(keeper, "weights.csv", body)
    hospital.work("check-upload", "store-upload")
    keeper.reload()
    text = keeper.text()
    assert "3 rows read. 2 are good, one is bad. Nothing has been stored yet." in text
    assert "999" not in text
    assert "Columns of the table" in text  # 70 and 80 kg: a summary, for the custodian alone
    assert "70, 75, 80" in text
    assert Axe().run(keeper.page).violations_count == 0
    assert hospital.platform.requests.directory.find_subject("W-1") is None
    keeper.submit("text=Store the 2 good rows")
    hospital.work("check-upload", "store-upload")
    keeper.reload()
    text = keeper.text()
    assert "2 of them are new and were stored. One row was left out." in text
    subject = hospital.platform.requests.directory.find_subject("W-1")
    assert len(hospital.platform.store.records_of(subject)) == 1
    send(keeper, "again.csv", body)
    keeper.says("Nothing was added.")
    saved = store_of_uploads(hospital)
    with pytest.raises(NotFound):  # the plaintext is gone as soon as it is stored
        saved.body(
            next(item for item in saved.of_party(HOSPITAL) if item.sent.name == "weights.csv")
        )


def test_a_discarded_file_leaves_nothing(hospital, keeper) -> None:
    send(keeper, "one.csv", b"id,weight\nW-9,60\n")
    hospital.work("check-upload", "store-upload")
    keeper.reload()
    keeper.page.click("text=Discard file")
    keeper.says("Nothing was stored. The file was deleted.")
    assert hospital.platform.requests.directory.find_subject("W-9") is None


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"PK\x03\x04zip", "neither CSV"),
        (b'<Bundle xmlns="http://hl7.org/fhir"/>', "The file is XML"),
        (b"id,weight\nW-1,\xff\n", "Line 2 of the file cannot be read as UTF-8"),
    ],
)
def test_the_page_says_why_a_file_cannot_be_used(keeper, body, says) -> None:
    send(keeper, "odd.bin", body)
    keeper.says(says)


CLINIC = "patient_id,first_name,hb,smoker,stage\n" + "".join(
    f"M-{n},Name{n},{11 + n % 4}.5,{'yes' if n % 2 else 'no'},{'low' if n % 3 else 'high'}\n"
    for n in range(30)
)


def send_without_mapping(hospital, keeper, body: str) -> None:
    keeper.go("/custodian/deposits/new")
    page = keeper.page
    page.set_input_files("#file", {"name": "hb.csv", "mimeType": "", "buffer": body.encode()})
    page.select_option("#mapping", "draft")
    page.check("input[name=bad][value=none]")
    keeper.submit("text=Check the file")
    hospital.work("check-upload", "store-upload")
    keeper.reload()
    page.click("text=Map the columns")
    keeper.says("30 rows, 5 columns.")


def test_the_page_of_columns_shows_what_cells_look_like_at_any_width(hospital, keeper) -> None:
    send_without_mapping(hospital, keeper, CLINIC)
    assert "It may identify people." in keeper.text()
    assert "Name7" not in keeper.text()
    for width in (390, 1280):
        keeper.page.set_viewport_size({"width": width, "height": 900})
        overflows = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
        assert not keeper.page.evaluate(overflows)
        assert Axe().run(keeper.page).violations_count == 0


def test_a_table_without_a_mapping_is_mapped_on_a_page_and_stored(hospital, keeper) -> None:
    page = keeper.page
    send_without_mapping(hospital, keeper, CLINIC.replace("M-", "N-"))
    page.fill("#unit-2", "grams")
    page.fill("#date", "2024-05-06")
    page.click("text=Check the table")
    keeper.says("Enter a unit of UCUM")
    page.fill("#unit-2", "g/dL")
    page.fill("#name", "Hb of the clinic")
    keeper.submit("text=Check the table")
    hospital.work("check-upload", "store-upload")
    keeper.reload()
    assert "30 rows read. 30 are good, none is bad." in keeper.text()
    keeper.submit("text=Store the 30 good rows")
    hospital.work("check-upload", "store-upload")
    subject = hospital.platform.requests.directory.find_subject("N-7")
    stored = sorted(each.category for each in hospital.platform.store.records_of(subject))
    assert stored == ["laboratory", "social-history", "survey"]
    keeper.go("/custodian/deposits/new")
    assert "hb-of-the-clinic" in page.inner_text("#mapping")


def test_a_fhir_bundle_is_stored_like_a_table(hospital, keeper) -> None:
    reply = {
        "resourceType": "Bundle",
        "entry": [
            {"resource": {"resourceType": "Patient", "id": "p", "identifier": [{"value": "F-1"}]}},
            {
                "resource": {
                    "resourceType": "Observation",
                    "subject": {"reference": "Patient/p"},
                    "category": [{"coding": [{"system": "x", "code": "vital-signs"}]}],
                    "code": {"coding": [{"system": "x", "code": "number"}]},
                    "effectiveDateTime": "2024-01-02T10:00:00Z",
                    "valueQuantity": {"value": 70, "unit": "kg"},
                }
            },
        ],
    }
    send(keeper, "bundle.json", orjson.dumps(reply), mapping="")
    hospital.work("check-upload", "store-upload")
    keeper.reload()
    keeper.says("2 entries read.")
    keeper.submit("text=Store these entries")
    hospital.work("check-upload", "store-upload")
    keeper.reload()
    keeper.says("What becomes of the entries")
    subject = hospital.platform.requests.directory.find_subject("F-1")
    records = hospital.platform.store.records_of(subject)
    assert {record.category for record in records} == {"demographics", "vital-signs"}


def test_a_study_is_approved_after_its_text_was_shown(hospital, keeper) -> None:
    proposal = Proposal(
        "study:shown",
        HOSPITAL,
        "Shown",
        "Board 7",
        "Look.",
        "illness",
        "small",
        "MLTRAINING",
        ("vital-signs",),
        "",
        "",
        365,
        int(hospital.platform.installation.clock()) + 10**6,
    )
    hospital.platform.requests.proposals.register(proposal)
    keeper.go("/custodian/studies/shown")
    assert "Shown is asking to learn from your records." in keeper.text()
    assert Axe().run(keeper.page).violations_count == 0
    keeper.page.click("button[value=approve]")
    keeper.says("This study was approved")


def test_another_organisations_custodian_sees_no_upload(hospital, browser, origin) -> None:
    link = hospital.platform.identity.invite(Invitee("custodian", "organisation:else", "E"))
    result = store_of_uploads(hospital).of_party(HOSPITAL)
    with person(browser, origin) as other:
        other.join(link)
        assert other.page.goto(f"{origin}/custodian/deposits/{result[0].id}").status == 404
