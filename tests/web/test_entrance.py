"""The way in and out, in a real browser."""

from __future__ import annotations

import secrets

import pytest
from browser import chromium, person, served

from web.people import Invited

pytestmark = [pytest.mark.node, pytest.mark.slow]
HOSPITAL = "organisation:this-hospital"


@pytest.fixture(scope="module")
def browser():
    with chromium() as made:
        yield made


@pytest.fixture(scope="module")
def origin(hospital):
    with served(hospital.platform) as made:
        yield made


def test_a_patient_joins_signs_out_and_in_again_with_a_passkey_alone(
    hospital, browser, origin
) -> None:
    people, subject = hospital.platform.people, secrets.token_bytes(32)
    link = people.invite(Invited("patient", "", "", subject))
    with person(browser, origin) as patient:
        patient.join(link)
        assert hospital.platform.law.is_enrolled(subject)
        patient.go("/")
        patient.page.click("form.out button")
        patient.page.wait_for_url("**/signed-out")
        patient.sign_in()
        assert patient.page.url == f"{origin}/patient"


def test_a_device_that_does_not_recognise_the_person_signs_nobody_in(
    hospital, browser, origin
) -> None:
    link = hospital.platform.people.invite(Invited("auditor", HOSPITAL, "A"))
    with person(browser, origin) as auditor:
        auditor.join(link)
        auditor.go("/")
        auditor.page.click("form.out button")
        auditor.page.wait_for_url("**/signed-out")
        auditor.verifies(False)
        auditor.go("/sign-in")
        auditor.page.click("form[data-passkey] button")
        auditor.says("You are not signed in.")


def test_a_link_that_was_used_says_whom_to_ask(hospital, browser, origin) -> None:
    link = hospital.platform.people.invite(Invited("auditor", HOSPITAL, "A"))
    with person(browser, origin) as auditor:
        auditor.join(link)
    with person(browser, origin) as late:
        late.page.goto(link)
        late.says("Ask this hospital for a new one.")
