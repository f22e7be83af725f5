"""A patient's passkeys on their page: added, removed, never another's; and choices that narrow."""

from __future__ import annotations

import secrets

import pytest
from browser import chromium, person, served
from hypothesis import given
from hypothesis import strategies as st

from services.accounts import Invitee
from services.requests import RequestDetails
from services.requests.choices import COPY, Choice, ChoiceInvalid, latest_end, restrict

NOW_S = 1_800_000_000
PURPOSES = ("MLTRAINING", "TREATDS", "TREAT")
CATEGORIES = ("condition", "laboratory", "medication", "vital-signs")
days = st.sampled_from(("", "2020-01-01", "2022-06-30", "2024-12-31"))
ends = st.sampled_from(("2027-01-16", "2027-06-01", "2028-01-15", "2029-01-01"))


def some(codes):
    return st.lists(st.sampled_from(codes), unique=True).map(tuple)


wanted = st.builds(
    RequestDetails,
    st.just("study:a"),
    st.just("study"),
    some(PURPOSES),
    some(CATEGORIES),
    days,
    days,
    st.integers(1, 400),
    st.just("it"),
    st.booleans(),
)
chosen = st.builds(
    Choice, some(PURPOSES), some(CATEGORIES), days, days, ends, st.booleans(), st.just(())
)


@given(wanted, chosen)
def test_what_is_narrowed_never_permits_more_than_was_asked_for_or_chosen(asked, choice) -> None:
    try:
        made = restrict(asked, choice, NOW_S)
    except ChoiceInvalid as exc:
        assert exc.errors
        return
    terms = made.to_terms(asked.party, {})
    assert set(terms.purposes) - {COPY} <= set(asked.purposes) & set(choice.purposes)
    assert set(terms.categories) <= set(asked.categories) & set(choice.categories)
    assert (COPY in terms.purposes) <= (asked.wants_copy and choice.may_copy)
    for bound in filter(None, (asked.data_from, choice.data_from)):
        assert terms.data_from >= bound
    for bound in filter(None, (asked.data_to, choice.data_to)):
        assert terms.data_to
        assert terms.data_to <= bound
    assert made.ends_on <= min(choice.ends_on, latest_end(asked, NOW_S))


@pytest.mark.node
@pytest.mark.slow
def test_a_passkey_is_added_on_the_page_and_removed_again(hospital) -> None:
    people, subject = hospital.platform.identity, secrets.token_bytes(32)
    link = people.invite(Invitee("patient", "", "", subject))
    with (
        served(hospital.platform) as origin,
        chromium() as browser,
        person(browser, origin) as me,
    ):
        me.join(link)
        account = people.accounts.of_subject(subject)
        first = people.passkeys.of(account.id)[0]
        me.go(f"/patient/keys/{first.id.hex()}/removal")
        me.says("This is your last passkey.")
        assert me.page.locator("form[data-sign] button.danger").count() == 1
        assert me.page.goto(f"{origin}/patient/keys/{'00' * 16}/removal").status == 404
        add_by_another_device(me)
        me.says("You can sign in and sign with your new passkey from now on.")
        stored = people.passkeys.of(account.id)
        assert len(stored) == 2
        new = next(item for item in stored if item.id != first.id)
        me.go(f"/patient/keys/{new.id.hex()}/removal")
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
