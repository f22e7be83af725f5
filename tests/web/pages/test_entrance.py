"""The way in and out, in a real browser."""

from __future__ import annotations

import secrets

import pytest
from browser import person
from visitors import signed_in
from wallets import PROVIDER, BrowserWallet

from consent import Enrolment, Signed, digest, keccak
from consent.signatures import SigningKey
from services.accounts import Invitee

pytestmark = [pytest.mark.node, pytest.mark.slow]
HOSPITAL = "organisation:this-hospital"


def test_a_patient_joins_signs_out_and_in_again_with_a_passkey_alone(
    hospital, browser, origin
) -> None:
    people, subject = hospital.platform.identity, secrets.token_bytes(32)
    link = people.invite(Invitee("patient", "", "", subject))
    with person(browser, origin) as patient:
        patient.join(link)
        assert hospital.platform.ledger.is_enrolled(subject)
        patient.go("/")
        patient.page.click("form.out button")
        patient.page.wait_for_url("**/signed-out")
        patient.sign_in()
        assert patient.page.url == f"{origin}/patient"
        patient.go("/signed-out")  # nobody who is signed in reads that they are not
        assert patient.page.url == f"{origin}/patient"


def test_a_device_that_does_not_verify_the_person_signs_nobody_in(
    hospital, browser, origin
) -> None:
    link = hospital.platform.identity.invite(Invitee("auditor", HOSPITAL, "A"))
    with person(browser, origin) as auditor:
        auditor.join(link)
        auditor.go("/")
        auditor.page.click("form.out button")
        auditor.page.wait_for_url("**/signed-out")
        auditor.verifies(False)
        auditor.go("/sign-in")
        auditor.page.click("form[data-passkey] button")
        auditor.says("You are not signed in.")


def test_who_is_disabled_reads_that_a_disabled_account_cannot_sign_in(
    hospital, browser, origin
) -> None:
    people = hospital.platform.identity
    link = people.invite(Invitee("researcher", HOSPITAL, "Dr Disabled"))
    with person(browser, origin) as researcher:
        researcher.join(link)
        [account] = [each for each in people.accounts.list_staff() if each.name == "Dr Disabled"]
        assert people.accounts.disable(account.id)
        people.sessions.end_all(account.id)
        researcher.go("/sign-in")
        researcher.page.click("form[data-passkey] button")
        researcher.says("or its account is disabled")


def test_a_used_link_says_whom_to_ask(hospital, browser, origin) -> None:
    link = hospital.platform.identity.invite(Invitee("auditor", HOSPITAL, "A"))
    with person(browser, origin) as auditor:
        auditor.join(link)
    with person(browser, origin) as late:
        late.page.goto(link)
        late.says("Ask This Hospital for a new one.")
        late.says("Did you join with it already?")
        late.go("/recover/a-link-that-was-never-made")
        late.says("Ask This Hospital for a new one.")
        assert "Did you join" not in late.text()  # nobody joins with a recovery link


def test_a_patient_can_join_and_sign_in_with_their_own_signing_program(
    hospital, browser, origin
) -> None:
    wallet, subject = BrowserWallet(), secrets.token_bytes(32)
    link = hospital.platform.identity.invite(Invitee("patient", "", "", subject))
    with person(browser, origin) as patient:
        wallet.give_to(patient)
        patient.page.goto(link)
        patient.page.click("[data-wallet]")
        patient.page.wait_for_url("**/patient")
        patient.go("/patient/keys")
        patient.says("such as one in your own signing program")
        patient.page.click("form.out button")
        patient.page.wait_for_url("**/signed-out")
        patient.go("/sign-in")
        patient.page.click("[data-wallet]")
        patient.page.wait_for_url("**/patient")
    assert wallet.kinds == ["Enrolment", "text"]


def test_a_patient_whose_signing_program_is_enrolled_joins_and_then_signs_in(
    hospital, browser, origin
) -> None:
    wallet, subject, ledger = BrowserWallet(), secrets.token_bytes(32), hospital.platform.ledger
    key = SigningKey(bytes(wallet.account.key))
    message = Enrolment(subject, ledger.custodian(), key.address)
    signature = key.sign(digest(ledger.domain(), message))
    assert ledger.enrol([Signed(message, key.address, signature)])[0].ok
    link = hospital.platform.identity.invite(Invitee("patient", "", "", subject))
    with person(browser, origin) as patient:
        wallet.give_to(patient)
        patient.page.goto(link)
        patient.page.click("[data-wallet]")
        patient.page.wait_for_url("**/sign-in?joined=yes")
        patient.says("Your account is ready.")
        patient.page.click("[data-wallet]")
        patient.page.wait_for_url("**/patient")
    assert wallet.kinds == ["Enrolment", "text"]


def test_a_signing_program_that_fails_is_not_called_a_passkey(hospital, browser, origin) -> None:
    unknown = SigningKey(secrets.token_bytes(32))
    subject = secrets.token_bytes(32)
    link = hospital.platform.identity.invite(Invitee("patient", "", "", subject))

    def signs(method, params):
        if method == "eth_requestAccounts":
            return ["0x" + unknown.address.hex()]
        return "0x" + unknown.sign(keccak(b"something else")).hex()

    def refuses(method, params):
        raise PermissionError(method)

    for answers, path, words in (
        (signs, "/sign-in", "We could not sign you in with this signing program."),
        (refuses, "/sign-in", "You closed the window of your signing program"),
        (refuses, link.removeprefix(origin), "You closed the window of your signing program"),
    ):
        with person(browser, origin) as patient:
            patient.page.expose_function("walletAsked", answers)
            patient.page.add_init_script(PROVIDER)
            patient.go(path)
            patient.page.click("[data-wallet]")
            patient.says(words)
            assert "passkey" not in patient.page.inner_text("[data-said]")


def test_without_a_signing_program_no_button_for_one_is_shown(browser, origin) -> None:
    with person(browser, origin) as anybody:
        anybody.go("/sign-in")
        assert not anybody.page.is_visible("[data-wallet]")


def test_a_browser_without_passkeys_gets_an_explanation(browser, origin) -> None:
    with person(browser, origin) as anybody:
        anybody.page.add_init_script("delete window.PublicKeyCredential;")
        anybody.go("/sign-in")
        anybody.page.click("form[data-passkey] button.primary")
        anybody.says("This browser cannot use passkeys here.")


def test_who_signs_out_elsewhere_reads_which_devices_are_left(hospital) -> None:
    """It said "The other device is signed out" of two and more."""
    visitor = signed_in(hospital, "auditor")
    for _ in range(2):
        hospital.platform.identity.sessions.begin(visitor.account.id)
    answer = visitor.post("/account/sessions", session="others")
    page = visitor.get(answer.location).text
    assert "Only the devices below are still signed in." in page
    assert page.count("<dt>Device</dt>") == 1
