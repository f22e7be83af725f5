"""A patient who lost every passkey, in a real browser: from the custodian's form to the delay."""

from __future__ import annotations

import secrets

import pytest
from axe_playwright_python.sync_playwright import Axe
from browser import person

from services.accounts import Invitee

pytestmark = [pytest.mark.node, pytest.mark.slow]
HOSPITAL = "organisation:this-hospital"


def issue_link(keeper, number: str) -> str:
    """Return a recovery link from the custodian's form, which needs an identity check."""
    keeper.go("/custodian/recoveries")
    keeper.page.fill("#number", number)
    keeper.page.click("text=Make the link")
    keeper.says("There is a problem")
    keeper.page.check("input[name=identity][value=card]")
    keeper.page.click("text=Make the link")
    keeper.says("/recover/")
    return next(word for word in keeper.text().split() if "/recover/" in word)


def refuse(phone) -> None:
    """Refuse the new key, from the notice that every page shows."""
    phone.go("/patient/records")
    assert "Somebody asked for a new key for you." in phone.page.inner_text("body")
    phone.go("/patient/journal")
    phone.says("gave you a link for a new key")
    phone.go("/patient/keys")
    assert Axe().run(phone.page).violations_count == 0
    phone.page.click("text=Refuse this key")
    phone.says("Your own keys stay as they are.")
    phone.page.click("form[data-sign] button.primary")
    phone.says("You refused the key.")
    assert "Somebody asked" not in phone.page.inner_text("body")


def test_a_recovery_link_makes_a_passkey_that_the_patients_old_phone_refuses(
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
        link = issue_link(keeper, number)
        new_phone.page.goto(link)
        assert Axe().run(new_phone.page).violations_count == 0
        new_phone.page.click("form[data-passkey] button")
        new_phone.says("It starts to work on")
        new_phone.go("/sign-in")
        new_phone.page.click("form[data-passkey] button")
        new_phone.says("if it was removed, does not work yet, or its account is disabled")
        refuse(old_phone)
        keeper.go("/custodian/recoveries")
        keeper.says(number)
        keeper.says("The patient refused this key.")
        hospital.platform.custodian.recoveries.complete_due()
        new_phone.page.goto(link)
        new_phone.says("It will not work.")
        old_phone.go("/patient/records")
        assert "Somebody asked" not in old_phone.page.inner_text("body")
