"""A patient's passkeys on their page: added and removed, never another patient's."""

from __future__ import annotations

import secrets

import pytest
from browser import person, served

from services.accounts import Invitee


@pytest.mark.node
@pytest.mark.slow
def test_a_passkey_is_added_on_the_page_and_removed_again(hospital, browser) -> None:
    people, subject = hospital.platform.identity, secrets.token_bytes(32)
    link = people.invite(Invitee("patient", "", "", subject))
    with served(hospital.platform) as origin, person(browser, origin) as me:
        me.join(link)
        account = people.accounts.of_subject(subject)
        first = people.passkeys.of(account.id)[0]
        me.go(f"/patient/keys/{first.id.hex()}/removal")
        me.says("This is your last passkey.")
        assert me.page.locator("form[data-sign] button.danger").count() == 1
        assert me.page.goto(f"{origin}/patient/keys/{'00' * 16}/removal").status == 404
        add_by_another_device(me)
        me.says("You can sign in and sign with your new passkey from now on.")
        assert me.text().count("You signed in with this one") == 1
        stored = people.passkeys.of(account.id)
        assert len(stored) == 2
        new = next(item for item in stored if item.id != first.id)
        me.go(f"/patient/keys/{first.id.hex()}/removal")
        me.says("You signed in with this one")  # both may have one name
        me.go(f"/patient/keys/{new.id.hex()}/removal")
        assert "You signed in with this one" not in me.text()
        me.page.click("form[data-sign] button.primary")
        me.says("The passkey is removed.")
        assert [item.id for item in people.passkeys.of(account.id)] == [first.id]
        assert (
            sum(item.is_removed for item in hospital.platform.ledger.keys.of_subject(subject)) == 1
        )


def add_by_another_device(me) -> None:
    """Make a passkey on a second device, put that away, then say yes with the first."""
    options = {"protocol": "ctap2", "transport": "usb", "hasResidentKey": True}
    options |= {"hasUserVerification": True, "isUserVerified": True}
    options |= {"automaticPresenceSimulation": True}
    second = me.cdp.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    me.go("/patient/keys")
    me.page.click("form[data-passkey] button")
    me.page.wait_for_url("**/patient/keys/add/*")
    me.cdp.send("WebAuthn.removeVirtualAuthenticator", second)
    me.page.click("form[data-sign] button.primary")
