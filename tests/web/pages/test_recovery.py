"""A patient who lost every passkey, in a real browser: from the custodian's form to the delay."""

from __future__ import annotations

import secrets

import pytest
from axe_playwright_python.sync_playwright import Axe
from browser import chromium, person, served

from services.accounts import Invitee

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


def test_a_recovery_link_makes_a_passkey_that_every_page_of_the_patient_shows(
    hospital, browser, origin
) -> None:
    identity, number = hospital.platform.identity, f"H-{secrets.token_hex(4)}"
    subject = hospital.platform.requests.directory.get_or_add([number])[number]
    with (
        person(browser, origin) as keeper,
        person(browser, origin) as old_phone,
        person(browser, origin) as new_phone,
    ):
        old_phone.join(identity.invite(Invitee("patient", "", "", subject)))
        keeper.join(identity.invite(Invitee("custodian", HOSPITAL, "K")))
        keeper.go("/custodian/recoveries")
        keeper.page.fill("#number", number)
        keeper.page.click("text=Make the link")
        keeper.says("There is a problem")  # no identity check, no link
        keeper.page.check("input[name=identity][value=card]")
        keeper.page.click("text=Make the link")
        keeper.says("/recover/")
        link = next(word for word in keeper.text().split() if "/recover/" in word)

        new_phone.page.goto(link)
        assert Axe().run(new_phone.page).violations_count == 0
        new_phone.page.click("form[data-passkey] button")
        new_phone.says("It starts to work on")
        assert Axe().run(new_phone.page).violations_count == 0

        old_phone.go("/patient/records")
        assert "Somebody asked for a new key for you." in old_phone.page.inner_text("body")
        old_phone.go("/patient/journal")
        old_phone.says("gave you a link for a new key")
        old_phone.go("/patient/keys")
        assert Axe().run(old_phone.page).violations_count == 0
        old_phone.page.click("text=Refuse this key")
        old_phone.page.click("form[data-sign] button.primary")
        old_phone.says("You refused the key.")
        hospital.platform.custodian.recoveries.complete_due()
        new_phone.page.goto(link)
        new_phone.says("It will not work.")
        old_phone.go("/patient/records")
        assert "Somebody asked" not in old_phone.page.inner_text("body")
