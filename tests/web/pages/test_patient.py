"""A patient's pages in a real browser: grant, narrow, refuse, withdraw, stop, history."""

from __future__ import annotations

import secrets

import pytest
from browser import person

from services.accounts import Invitee
from services.requests import RequestDetails
from storage import Record

HOSPITAL, STUDY = "organisation:this-hospital", "study:small"

pytestmark = [pytest.mark.node, pytest.mark.slow]


@pytest.fixture
def patient(hospital, browser, origin):
    """Somebody with two records, who has joined with a passkey."""
    subject = secrets.token_bytes(32)
    values = (("vital-signs", "x|number", (61.5, "kg")), ("condition", "x|label", ("yes", "")))
    hospital.platform.store.deposits.deposit(
        [Record(subject, kind, HOSPITAL, "2024-01-02", {code: item}) for kind, code, item in values]
    )
    link = hospital.platform.identity.invite(Invitee("patient", "", "", subject))
    with person(browser, origin) as made:
        made.join(link)
        made.subject = subject
        yield made


def ask(hospital, subject: bytes, **changed) -> None:
    expected = {
        "party": STUDY,
        "kind": "study",
        "purposes": ("MLTRAINING",),
        "categories": ("vital-signs", "condition"),
        "data_from": "",
        "data_to": "",
        "days": 365,
        "condition": "it",
    }
    hospital.platform.requests.requests.send(RequestDetails(**(expected | changed)), [subject], "r")


def say_yes(patient) -> None:
    """Say yes to the first request, and stand before the signature."""
    patient.go("/patient")
    patient.page.click("text=Read the request")
    patient.page.check("input[value=yes]")
    patient.page.click("button:text('Continue')")
    patient.page.click("main a:text('Skip')")


def grant(patient) -> None:
    """Say yes to the first request, from the first page to the signature."""
    say_yes(patient)
    patient.page.click("button:text('Sign with your passkey')")
    patient.says("Your permission is active.")


def may(hospital, subject: bytes) -> list[str]:
    return [consent.state for consent in hospital.platform.ledger.consents_of(subject)]


def test_a_yes_signed_with_a_passkey_is_active_on_the_ledger(hospital, patient) -> None:
    ask(hospital, patient.subject)
    grant(patient)
    (consent,) = hospital.platform.ledger.consents_of(patient.subject)
    assert consent.state == "active"
    assert consent.terms.recipient == STUDY
    assert consent.terms.statement in patient.text()
    with patient.page.expect_download() as got:
        patient.page.click("text=Download receipt")
    assert consent.consent_id.hex() in got.value.path().read_text()
    patient.go("/patient")
    patient.says("Nobody is waiting for an answer from you.")


def test_nothing_is_ticked_at_first_and_only_what_is_ticked_is_granted(hospital, patient) -> None:
    ask(hospital, patient.subject)
    patient.go("/patient")
    patient.page.click("text=Read the request")
    assert patient.page.locator("input:checked").count() == 0
    patient.page.check("input[value=less]")
    patient.page.click("button:text('Continue')")
    assert patient.page.locator("input:checked").count() == 0
    patient.page.click("button:text('Continue')")
    patient.says("There is a problem")
    patient.page.check("input[value=MLTRAINING]")
    patient.page.check("input[name=categories][value=vital-signs]")
    patient.page.click("button:text('Continue')")
    patient.page.click("main a:text('Skip')")
    patient.page.click("button:text('Sign with your passkey')")
    patient.says("Your permission is active.")
    (consent,) = hospital.platform.ledger.consents_of(patient.subject)
    assert consent.terms.categories == ("vital-signs",)


def narrow(patient) -> None:
    """Allow less: both kinds of records, but one record of them is left out."""
    patient.page.check("input[value=less]")
    patient.page.click("button:text('Continue')")
    patient.says("If you leave this empty, it ends on")
    patient.page.check("input[value=MLTRAINING]")
    for kind in ("vital-signs", "condition"):
        patient.page.check(f"input[name=categories][value={kind}]")
    patient.page.click("summary:text('Leave out individual records')")
    patient.page.locator("input[name=left_out]").first.check()
    patient.page.click("button:text('Continue')")


def test_a_narrower_yes_is_said_in_full_on_every_page(hospital, patient) -> None:
    ask(hospital, patient.subject)
    patient.go("/patient")
    patient.page.click("text=Read the request")
    narrow(patient)
    patient.says("This page tests us, not you.")
    patient.go(patient.page.url.removeprefix(patient.origin).replace("/understand", "/limits"))
    assert patient.page.locator("input:checked").count() == 4
    assert "Nothing is ticked" not in patient.text()
    patient.page.click("button:text('Continue')")
    patient.page.click("main a:text('Skip')")
    patient.says("Only one individual record that is here now: diagnoses (")
    values = patient.page.locator("main dd").all_inner_texts()
    assert values
    assert not [value for value in values if value.strip().endswith(",")]
    patient.page.click("button:text('Sign with your passkey')")
    patient.says("Your permission is active.")
    patient.go("/patient/consents")
    patient.says("Only one individual record is meant.")


def test_a_declined_request_leaves_the_ledger_unchanged_and_is_not_sent_again(
    hospital, patient
) -> None:
    ask(hospital, patient.subject)
    patient.go("/patient")
    patient.page.click("text=Read the request")
    patient.page.check("input[value=no]")
    patient.page.click("button:text('Continue')")
    patient.says("Say no to this request")
    patient.page.click("button:text('Say no')")
    patient.says("You said no.")
    assert may(hospital, patient.subject) == []
    ask(hospital, patient.subject)
    patient.go("/patient")
    patient.says("Nobody is waiting for an answer from you.")


def test_a_permission_is_withdrawn_with_one_signature(hospital, patient) -> None:
    ask(hospital, patient.subject)
    grant(patient)
    patient.page.click("main a:text('Withdraw')")
    patient.says("This stops now")
    patient.page.click("button:text('Withdraw')")
    patient.says("You have withdrawn.")
    assert may(hospital, patient.subject) == ["withdrawn"]


def test_re_keying_after_a_withdrawal_is_listed_as_neither_use_nor_refusal(
    hospital, patient
) -> None:
    hospital.platform.store.erasure.rekey([patient.subject], "withdrawal")
    patient.go("/patient/journal")
    patient.says("We locked your records again")
    assert "refused" not in patient.text()


def test_everything_is_stopped_with_one_signature(hospital, patient) -> None:
    ask(hospital, patient.subject)
    grant(patient)
    patient.go("/patient/stop")
    patient.page.click("button:text('Stop everything')")
    patient.says("Everything is stopped.")
    assert may(hospital, patient.subject) == ["stopped"]
    patient.go("/patient/consents")
    patient.says("None of your permissions is active.")  # some were given


def test_closing_the_passkey_dialog_signs_nothing_and_keeps_the_choices(hospital, patient) -> None:
    ask(hospital, patient.subject)
    say_yes(patient)
    patient.verifies(False)
    patient.page.click("button:text('Sign with your passkey')")
    patient.says("Nothing was signed.")
    assert may(hospital, patient.subject) == []
    patient.verifies(True)
    patient.reload()
    patient.page.click("button:text('Sign with your passkey')")
    patient.says("Your permission is active.")


def test_a_page_that_shows_other_words_than_it_signs_is_refused_by_its_own_script(
    hospital, patient
) -> None:
    ask(hospital, patient.subject)
    say_yes(patient)
    patient.page.evaluate(
        "document.querySelector('[data-term=statement]').textContent = 'I allow nobody anything.'"
    )
    patient.page.click("button:text('Sign with your passkey')")
    patient.says("The request changed while you were reading.")
    assert may(hospital, patient.subject) == []


def test_every_use_is_a_line_that_the_browser_proves(hospital, patient, browser, origin) -> None:
    ask(hospital, patient.subject, party=HOSPITAL, kind="care", purposes=("TREATDS",))
    grant(patient)
    store = hospital.platform.store
    entry = store.records_of(patient.subject)[0]
    store.vault.open(HOSPITAL, "TREATDS", entry.record_id.hex(), "a look")
    store.journal.anchor()
    patient.go("/patient/journal")
    patient.says("looked at your body measurements")
    patient.page.click("main a:text('Proof')")
    patient.says("This line is in the journal, as it was written.")
    cookies, address = patient.context.storage_state(), patient.page.url
    with person(browser, origin, storage_state=cookies, java_script_enabled=False) as plain:
        plain.page.goto(address)
        assert "Your browser runs no script here." in plain.text()
        assert "Your browser is checking" not in plain.text()


def test_opening_an_own_record_is_in_the_history(hospital, patient) -> None:
    patient.go("/patient/records")
    patient.page.click("text=Open this record")
    patient.says("Number")
    patient.says("Dated 2 January 2024")
    patient.go("/patient/journal")
    patient.says("yourself")


def test_research_is_turned_off_and_on_again(hospital, patient) -> None:
    ask(hospital, patient.subject)
    grant(patient)
    patient.go("/patient/opt-out")
    patient.page.check("input[value=off]")
    patient.page.click("button:text('Save')")
    patient.page.click("button:text('Sign with your passkey')")
    patient.says("Research is off.")
    states = {
        consent.terms.decision: consent.state
        for consent in hospital.platform.ledger.consents_of(patient.subject)
    }
    assert states == {"permit": "active", "deny": "active"}
    patient.go("/patient")
    patient.says("Nobody may use your records right now. You have turned research off.")
    patient.go("/patient/consents")
    patient.says("Not used: research is off")
    patient.go("/patient/opt-out")
    patient.page.check("input[value=on]")
    patient.page.click("button:text('Save')")
    patient.says("Research permissions that you have not withdrawn apply again.")
    patient.page.click("button:text('Sign with your passkey')")
    patient.says("Studies may ask you.")
    patient.go("/patient/consents")
    assert "Not used" not in patient.text()
