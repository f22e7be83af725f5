"""The auditor's pages in a real browser: ledger status, verification, journal, evidence."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest
from axe_playwright_python.sync_playwright import Axe
from browser import person, served
from visitors import signed_in

import storage
from consent.chain import Finality
from services.accounts import Invitee
from services.auditor.verification import AGREES, PARTS, UNCHECKED
from services.jobs.queue import CANCELLED
from services.words import Words

pytestmark = [pytest.mark.node, pytest.mark.slow]
AUDITORS = "organisation:auditors"
ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def auditor(hospital, browser):
    with served(hospital.platform) as origin, person(browser, origin) as made:
        made.join(hospital.platform.identity.invite(Invitee("auditor", AUDITORS, "A")))
        yield made


def test_axe_finds_no_barrier_on_the_pages(auditor) -> None:
    for path in ("", "/anchors", "/journal", "/models", "/evidence"):
        auditor.go(f"/auditor{path}")
        assert Axe().run(auditor.page).violations_count == 0, path


def test_the_status_says_in_words_when_a_block_counts(auditor) -> None:
    auditor.go("/auditor")
    assert "A block counts at once (one validator)" in auditor.text()
    assert all(Words("en")(f"auditor-finality-{kind}") for kind in get_args(Finality))


def test_a_verification_passes_only_if_all_seven_agree(hospital, auditor) -> None:
    hospital.platform.diagnostics.apply_withdrawals()  # as the worker does each minute
    auditor.go("/auditor")
    auditor.page.click("text=Run verification >> nth=0")
    auditor.says("Stop this")
    auditor.says("Waiting for a worker")
    hospital.work("verify", "evidence")
    auditor.says("All seven checks agree.")
    assert Axe().run(auditor.page).violations_count == 0
    assert auditor.page.locator("tbody .status.agrees").count() == len(PARTS)
    auditor.go("/auditor")
    assert auditor.page.locator("li .status.agrees").count() == 1


def test_a_running_verification_says_what_it_checks_since_when_and_that_it_stops(hospital) -> None:
    jobs, visitor = hospital.platform.jobs, signed_in(hospital, "auditor", AUDITORS)
    job = hospital.platform.auditor.start_verification(AUDITORS)
    path, words = f"/auditor/verify/{job.id}", Words("en")
    page = visitor.get(path).text
    assert f"Requested on {words.moment(job.requested_at_s)}." in page
    assert "Waiting for a worker" in page
    running = jobs.claim(job.id)
    assert running is not None
    for part in PARTS:
        jobs.progress(running, part, 10, 100)
        assert f"Checking: {words(f'verify-{part}')}" in visitor.get(path).text
    assert "Stop this" in visitor.get(path).text
    visitor.post(f"{path}/stop")
    page = visitor.get(path).text
    assert "You asked to stop it. It stops at the next step." in page
    assert "Stop this" not in page
    jobs.end(running, CANCELLED)
    page = visitor.get(path).text
    assert "Stopped. What was not checked is listed as not checked." in page
    assert f"Requested on {words.moment(job.requested_at_s)}." in page


def test_a_stopped_verification_has_checked_nothing(auditor) -> None:
    auditor.go("/auditor")
    before = auditor.page.locator("li .status.unchecked").count()
    auditor.page.click("text=Run verification >> nth=0")
    auditor.page.click("text=Stop this")
    auditor.says("7 of 7 were not checked. This is not a pass.")
    assert auditor.page.locator("tbody .status.agrees").count() == 0
    auditor.go("/auditor")
    assert auditor.page.locator("li .status.unchecked").count() == before + 1


def test_an_unavailable_part_is_unchecked_and_hides_no_other(hospital, monkeypatch) -> None:
    def away(*_: object) -> None:
        raise storage.StoreUnavailable("the IPFS node is down")

    monkeypatch.setattr(hospital.platform.store, "check", away)
    auditor = hospital.platform.auditor
    result = auditor.run_verification(lambda *_: None)
    states = {part["part"]: part["state"] for part in result["parts"]}
    assert [part for part, state in states.items() if state == UNCHECKED] == [
        "journal",
        "catalogue",
        "blocks",
    ]
    assert states["ledger"] == states["mirror"] == AGREES


def test_the_journal_is_searched_and_shows_no_subject(hospital, auditor) -> None:
    subject = hospital.subjects[0]
    record = hospital.platform.store.records_of(subject)[0].record_id.hex()
    hospital.platform.store.vault.open("study:small", "MLTRAINING", record, "test")
    auditor.go("/auditor/journal?party=small&kind=permit")
    assert "MLTRAINING" in auditor.text()
    assert subject.hex() not in auditor.page.content()
    assert record not in auditor.page.content()
    auditor.go("/auditor/journal?party=nobody-at-all")
    auditor.says("this search.")  # none at all, or none among the newest


def test_days_of_the_journal_have_totals_and_a_file_of_their_entries(hospital, auditor) -> None:
    subject = hospital.subjects[0]
    record = hospital.platform.store.records_of(subject)[0].record_id.hex()
    hospital.platform.store.vault.open("study:small", "MLTRAINING", record, "test")
    auditor.go("/auditor/journal")
    auditor.page.fill("#since", "2019-01-01")
    auditor.page.click("button:text('Search')")
    auditor.says("Totals")
    assert Axe().run(auditor.page).violations_count == 0
    with auditor.page.expect_download() as download:
        auditor.page.click("main a:text('Download the entries')")
    lines = Path(download.value.path()).read_text().splitlines()
    assert lines[0] == '"Row","Time (UTC)","Party","Purpose","Decision","Rule","Hash"'
    assert any('"study:small","MLTRAINING","permit"' in line for line in lines)
    assert subject.hex() not in "".join(lines)
    auditor.go("/auditor/journal?since=yesterday")
    auditor.says("There is a problem")
    auditor.go("/auditor/journal?since=2020-01-02&until=2020-01-01")
    auditor.says("The last day is before the first day.")
    hospital.platform.store.journal.anchor()
    auditor.go("/auditor/anchors")
    auditor.page.click("main a:has-text('entries up to') >> nth=0")
    auditor.says("Entries, newest first")


def test_the_bundle_is_written_by_a_job_and_downloaded(hospital, auditor) -> None:
    auditor.go("/auditor/evidence")
    auditor.submit("button:has-text('Create bundle')")
    hospital.work("verify", "evidence")
    auditor.go("/auditor/evidence")
    with auditor.page.expect_download() as taken:
        auditor.page.click("text=Download")
    first = open(taken.value.path(), encoding="utf-8").readline()  # noqa: PTH123, SIM115
    assert '"deployment"' in first
    assert Axe().run(auditor.page).violations_count == 0


def test_each_kind_of_line_of_a_bundle_has_a_name() -> None:
    sources = [
        path.read_text() for part in ("consent", "storage") for path in ROOT.glob(f"{part}/*.py")
    ]
    kinds = {kind for text in sources for kind in re.findall(r'"kind": "(\w++)"', text)}
    assert {"deployment", "operation", "opening", "batch", "erasure", "use", "journal"} <= kinds
    assert [kind for kind in kinds if not Words("en").has(f"evidence-kind-{kind}")] == []
