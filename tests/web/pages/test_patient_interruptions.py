"""The same grant with a double press, two tabs, a reload, an ended session, the register away."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from browser import person
from suspended import suspended

from services.accounts import Invitee
from services.requests import RequestDetails
from storage import Record

pytestmark = [pytest.mark.node, pytest.mark.slow]
HOSPITAL, STUDY = "organisation:this-hospital", "study:small"


@pytest.fixture
def patient(hospital, browser, origin):
    """Somebody with a record, whom a study has asked."""
    platform, subject = hospital.platform, secrets.token_bytes(32)
    record = Record(subject, "vital-signs", HOSPITAL, "2024-01-02", {"x|number": (61.5, "kg")})
    platform.store.deposits.deposit([record])
    kinds = ("vital-signs", "condition")
    request_details = RequestDetails(STUDY, "study", ("MLTRAINING",), kinds, "", "", 365, "it")
    platform.requests.requests.send(request_details, [subject], "r")
    with person(browser, origin) as made:
        made.join(platform.identity.invite(Invitee("patient", "", "", subject)))
        made.subject = subject
        yield made


@contextmanager
def register_hangs(hospital) -> Iterator[None]:
    """Stop the chain's process in its tracks, and let it go on at the end."""
    pid = json.loads((hospital.platform.installation.home / "chain" / "pid.json").read_text())[
        "pid"
    ]
    with suspended(pid):
        yield


def to_the_check(patient) -> None:
    """Say yes, and stand before the signature."""
    patient.go("/patient")
    patient.page.click("text=Read the request")
    patient.page.check("input[value=yes]")
    patient.page.click("button:text('Continue')")
    patient.page.click("main a:text('Skip')")
    patient.says("What you sign, word for word")


def states(hospital, patient) -> list[str]:
    return [consent.state for consent in hospital.platform.ledger.consents_of(patient.subject)]


def test_a_double_press_signs_once(hospital, patient) -> None:
    to_the_check(patient)
    patient.page.dblclick("button:text('Sign with your passkey')")
    patient.says("Your permission is active.")
    assert states(hospital, patient) == ["active"]


def test_a_reload_keeps_the_choices(hospital, patient) -> None:
    patient.go("/patient")
    patient.page.click("text=Read the request")
    patient.page.check("input[value=less]")
    patient.page.click("button:text('Continue')")
    patient.page.check("input[value=MLTRAINING]")
    patient.page.check("input[name=categories][value=vital-signs]")
    patient.page.click("button:text('Continue')")
    patient.page.click("main a:text('Skip')")
    patient.reload_at("**/check")
    patient.page.click("main a:text('Change') >> nth=0")
    assert patient.page.is_checked("input[name=categories][value=vital-signs]")
    assert not patient.page.is_checked("input[name=categories][value=condition]")


def test_a_second_tab_cannot_answer_a_request_that_the_first_has_signed(hospital, patient) -> None:
    to_the_check(patient)
    second = patient.context.new_page()
    second.goto(patient.page.url.removesuffix("/check"))
    second.check("input[value=no]")
    patient.page.click("button:text('Sign with your passkey')")
    patient.says("Your permission is active.")
    second.click("button:text('Continue')")
    second.wait_for_url("**/patient/consents/**")
    assert states(hospital, patient) == ["active"]


def test_an_ended_session_keeps_the_answers_and_leads_back(hospital, patient) -> None:
    to_the_check(patient)
    people = hospital.platform.identity
    people.sessions.end_all(people.accounts.of_subject(patient.subject).id)
    patient.reload()
    assert "/sign-in" in patient.page.url
    patient.page.click("form[data-passkey] button")
    patient.says("What you sign, word for word")
    patient.page.click("button:text('Sign with your passkey')")
    patient.says("Your permission is active.")


def test_a_grant_made_while_the_ledger_hangs_succeeds_afterwards(hospital, patient) -> None:
    to_the_check(patient)
    with register_hangs(hospital):
        patient.page.click("button:text('Sign with your passkey')")
        patient.says("We cannot record or check permissions right now.")
        patient.go("/patient")
        patient.says("Until we can, every request for records is refused.")
    patient.page.wait_for_timeout(1_000)
    patient.go("/patient")
    patient.page.click("text=Read the request")
    assert patient.page.is_checked("input[value=yes]")
    patient.page.click("button:text('Continue')")
    patient.page.click("main a:text('Skip')")
    patient.page.click("button:text('Sign with your passkey')")
    patient.says("Your permission is active.")


def test_a_withdrawal_is_in_force_while_the_ledger_hangs(hospital, patient) -> None:
    to_the_check(patient)
    patient.page.click("button:text('Sign with your passkey')")
    patient.says("Your permission is active.")
    patient.page.click("main a:text('Withdraw')")
    patient.says("This stops now")
    patient.page.set_default_timeout(90_000)
    with register_hangs(hospital):
        patient.page.click("button:text('Withdraw')")
        patient.page.wait_for_selector("text=it applies from now", timeout=90_000)
        patient.go("/patient/consents")
        patient.says("Withdrawn by you")
        assert "Small may use your" not in patient.text()
    patient.page.wait_for_timeout(1_000)
    assert states(hospital, patient) == ["withdrawn"]


def test_while_the_ledger_hangs_no_page_says_what_only_it_knows(hospital, patient) -> None:
    to_the_check(patient)
    patient.page.click("button:text('Sign with your passkey')")
    patient.says("Your permission is active.")
    with register_hangs(hospital):
        patient.go("/patient/stop")
        patient.says("We cannot reach the register right now.")
        assert "None of your permissions" not in patient.text()
        patient.go("/patient/keys")
        patient.says("every request for records is refused")
        assert "A new key for you" not in patient.text()  # a heading without a sentence
