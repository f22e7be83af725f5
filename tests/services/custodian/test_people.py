"""Who is locked out, and which links stop working, when a custodian says so."""

from __future__ import annotations

import secrets
from contextlib import contextmanager

import pytest
from click.testing import CliRunner
from passkeys import Passkey
from visitors import HOSPITAL, signed_in

from cli import make_cli
from services.accounts import Account, Invitee, SignInFailed
from services.accounts.invitations import Invitations
from services.errors import Invalid, NotFound
from services.words import Words

pytestmark = pytest.mark.node
WORDS = Words("en")


@pytest.fixture
def people(hospital):
    return hospital.services.custodian.people


def colleague(hospital, role: str = "clinician") -> tuple[Account, Passkey]:
    """Return somebody who joined with a passkey."""
    identity = hospital.services.identity
    passkey = Passkey(identity.site.origin, identity.site.rp_id)
    link = identity.invite(Invitee(role, HOSPITAL, f"Dr {secrets.token_hex(3)}"))
    secret, join = link.rsplit("/", 1)[1], identity.registrations
    request = join.begin(secret)
    proof = join.add_passkey(secret, request.challenge, passkey.answer(request.options))
    answer = passkey.answer(proof.options)
    return join.finish(secret, proof.challenge, answer, "Firefox · Linux"), passkey


def sign_in(hospital, passkey: Passkey) -> Account:
    identity = hospital.services.identity
    request = identity.begin_sign_in()
    return identity.sign_in(request.challenge, passkey.answer(request.options))


def test_a_disabled_colleague_is_signed_out_and_their_passkey_and_links_are_refused(
    hospital, people
) -> None:
    identity, (account, passkey) = hospital.services.identity, colleague(hospital, "custodian")
    session = identity.sessions.begin(sign_in(hospital, passkey).id)
    link = identity.invite(Invitee("auditor", HOSPITAL, secrets.token_hex(4)), account.id)
    keeper = signed_in(hospital, "custodian").account
    assert people.disable(WORDS, account.id, by=keeper.id).is_disabled
    assert people.disable(WORDS, account.id, by=keeper.id).is_disabled
    assert identity.find_signed_in(session) is None
    assert identity.registrations.find_invitation(link.rsplit("/", 1)[1]) is None
    with pytest.raises(SignInFailed):
        sign_in(hospital, passkey)


def test_the_links_of_a_revoked_token_no_longer_work(hospital, people) -> None:
    identity = hospital.services.identity
    token, secret = hospital.services.tokens.create("custodian", HOSPITAL, 1)
    invitee = Invitee("auditor", HOSPITAL, f"A {secrets.token_hex(4)}")
    link = identity.invite(invitee, token.id).rsplit("/", 1)[1]
    assert identity.registrations.find_invitation(link) is not None
    assert identity.revoke_token(token.id)
    assert identity.registrations.find_invitation(link) is None
    assert hospital.services.tokens.find(secret) is None
    assert not identity.revoke_token("none")


def test_nobody_disables_their_own_account_or_a_patient(hospital, people) -> None:
    keeper = signed_in(hospital, "custodian").account
    with pytest.raises(Invalid):
        people.disable(WORDS, keeper.id, by=keeper.id)
    patient = signed_in(hospital, "patient", "", hospital.new_patient()).account
    for unknown in (patient.id, "none"):
        with pytest.raises(NotFound):
            people.disable(WORDS, unknown, by=keeper.id)


def test_the_list_names_each_colleague_with_sessions_and_last_use(hospital, people) -> None:
    account, passkey = colleague(hospital)
    hospital.services.identity.sessions.begin(sign_in(hospital, passkey).id, "Firefox · Linux")
    [listed] = [person for person in people.list_staff() if person.id == account.id]
    assert (listed.name, listed.role, listed.is_disabled) == (account.name, "clinician", False)
    assert listed.last_used_at_s is not None
    assert [session.device for session in listed.sessions] == ["Firefox · Linux"]
    assert people.end_sessions(account.id, by="k").sessions == []


def test_a_revoked_link_and_one_that_was_issued_again_no_longer_work(hospital, people) -> None:
    identity = hospital.services.identity
    invitee = Invitee("auditor", HOSPITAL, f"A {secrets.token_hex(4)}")
    first, second = (identity.invite(invitee, "k").rsplit("/", 1)[1] for _ in range(2))
    assert identity.registrations.find_invitation(first) is None
    [listed] = [link for link in people.list_invitations() if link.name == invitee.name]
    people.revoke_invitation(listed.id, by="k")
    assert identity.registrations.find_invitation(second) is None
    for unknown in (listed.id, "not hex"):
        with pytest.raises(NotFound):
            people.revoke_invitation(unknown, by="k")


def test_an_expired_link_is_not_listed(sqlite_engine) -> None:
    now = [1_000_000.0]
    invitations = Invitations(sqlite_engine, lambda: now[0])
    invitations.add(Invitee("auditor", HOSPITAL, "A"))
    assert len(invitations.list_open(10)) == 1
    now[0] += 8 * 86_400
    assert invitations.list_open(10) == []


def opener(hospital):
    """Return what opens the installation for a command."""

    @contextmanager
    def opened(settings=None, report=None):
        yield hospital.platform

    return opened


def test_the_operator_lists_disables_and_revokes_from_the_command_line(hospital, people) -> None:
    account, passkey = colleague(hospital)
    runner, command = CliRunner(), make_cli(opener(hospital))
    assert account.id in runner.invoke(command, ["person", "list", "--json"]).output
    assert runner.invoke(command, ["person", "disable", account.id]).exit_code == 0
    assert runner.invoke(command, ["person", "disable", "none"]).exit_code == 1
    with pytest.raises(SignInFailed):
        sign_in(hospital, passkey)
    name = f"A {secrets.token_hex(4)}"
    hospital.services.identity.invite(Invitee("auditor", HOSPITAL, name))
    [link] = [link for link in people.list_invitations() if link.name == name]
    assert link.id in runner.invoke(command, ["person", "invitations", "--json"]).output
    assert runner.invoke(command, ["person", "revoke", link.id]).exit_code == 0


def test_a_custodian_disables_a_colleague_on_the_page_and_through_the_api(hospital) -> None:
    keeper, (account, passkey) = signed_in(hospital, "custodian"), colleague(hospital)
    assert account.name in keeper.get("/custodian/people").get_data(as_text=True)
    path = f"/custodian/people/{account.id}"
    assert keeper.get(path).status_code == 200
    assert keeper.post(path, wish="disable").status_code == 303
    with pytest.raises(SignInFailed):
        sign_in(hospital, passkey)
    listed = keeper.api("GET", "/custodian/people").get_json()["people"]
    assert [p["is_disabled"] for p in listed if p["id"] == account.id] == [True]
    own = keeper.api("POST", f"/custodian/people/{keeper.account.id}/disable", {})
    assert own.status_code == 422


def test_nobody_is_offered_to_disable_their_own_account(hospital) -> None:
    keeper, (other, _) = signed_in(hospital, "custodian"), colleague(hospital)
    offer = 'value="disable"'
    assert offer in keeper.get(f"/custodian/people/{other.id}").text
    assert offer not in keeper.get(f"/custodian/people/{keeper.account.id}").text


def test_a_person_ends_the_other_sessions_of_their_own_account(hospital) -> None:
    visitor = signed_in(hospital, "auditor")
    sessions = hospital.services.identity.sessions
    other = sessions.begin(visitor.account.id, "Chrome · Android")
    assert "Chrome · Android" in visitor.get("/account").get_data(as_text=True)
    assert visitor.post("/account/sessions", session="others").status_code == 303
    assert sessions.peek(other) is None
    assert visitor.get("/account").status_code == 200  # this one goes on
