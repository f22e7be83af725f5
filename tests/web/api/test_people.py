"""People at the API by the session of the pages; who is invited; where one is signed in."""

from __future__ import annotations

import json
import secrets
from contextlib import contextmanager

import pytest
from click.testing import CliRunner
from passkeys import Passkey

from cli import make_cli
from services.accounts import Account
from services.accounts.accounts import new_id
from web.cookies import csrf_of

pytestmark = pytest.mark.node
HOSPITAL = "organisation:this-hospital"


class Signed:
    """Somebody who is signed in, and asks the API as a page of ours does."""

    def __init__(self, hospital, role: str, party: str = HOSPITAL) -> None:
        identity = hospital.platform.identity
        subject = secrets.token_bytes(32) if role == "patient" else None
        now_s = int(hospital.platform.installation.clock())
        self.account = Account(new_id(), role, party, "A", subject, "en", now_s)
        with hospital.platform.engine.begin() as connection:
            identity.accounts.add(connection, self.account)
        self.secret = identity.sessions.begin(self.account.id, "A browser")
        self.http = hospital.app.test_client()
        self.http.set_cookie("vouchsafe", self.secret, domain="localhost")
        self.own = {"Origin": identity.site.origin, "X-CSRF-Token": csrf_of(self.secret)}

    def ask(self, method: str, path: str, headers=None, **how):
        sent = self.own if headers is None else headers
        return self.http.open("/api/v1" + path, method=method, headers=sent, **how)


@pytest.mark.parametrize("role", ["patient", "clinician", "researcher", "custodian", "auditor"])
def test_me_describes_the_person_of_a_session(hospital, role) -> None:
    me = Signed(hospital, role)
    reply = me.ask("GET", "/me").get_json()
    assert (reply["id"], reply["role"]) == (me.account.id, role)
    subject = me.account.subject
    assert reply["subject"] == ("0x" + subject.hex() if subject else None)


def test_me_describes_a_token_which_has_no_sessions(hospital, clinician) -> None:
    reply = clinician.get("/me").get_json()
    assert (reply["role"], reply["party"], reply["subject"]) == ("clinician", HOSPITAL, None)
    assert clinician.get("/sessions").status_code == 404


def test_a_session_without_the_pages_origin_and_csrf_token_changes_nothing(hospital) -> None:
    me = Signed(hospital, "custodian")
    body = {"role": "auditor", "party": "organisation:auditors", "name": "A"}
    for headers in (
        {},
        {"Origin": me.own["Origin"]},
        {"X-CSRF-Token": me.own["X-CSRF-Token"]},
        me.own | {"Origin": "https://evil.example"},
        me.own | {"X-CSRF-Token": csrf_of("another")},
    ):
        assert me.ask("POST", "/invitations", headers, json=body).status_code == 403
    assert me.ask("POST", "/invitations", json=body).status_code == 201


def test_a_token_takes_precedence_over_the_session_cookie(hospital) -> None:
    me = Signed(hospital, "custodian")
    headers = me.own | {"Authorization": "Bearer vs_guess"}
    assert me.ask("GET", "/me", headers).status_code == 401


def test_a_patients_session_cannot_use_the_routes_of_staff(hospital) -> None:
    me = Signed(hospital, "patient")
    assert me.ask("GET", "/clinician/models").status_code == 403
    assert me.ask("POST", "/invitations", json={"role": "auditor"}).status_code == 403


def test_an_expired_session_is_refused(hospital) -> None:
    me = Signed(hospital, "auditor")
    hospital.platform.identity.sessions.end_all(me.account.id)
    assert me.ask("GET", "/me").status_code == 401


def test_a_person_can_list_and_end_only_their_own_sessions(hospital) -> None:
    me, other = Signed(hospital, "auditor"), Signed(hospital, "auditor")
    sessions = hospital.platform.identity.sessions
    second = sessions.begin(me.account.id, "A telephone")
    listed = me.ask("GET", "/sessions").get_json()["sessions"]
    assert {item["device"] for item in listed} == {"A browser", "A telephone"}
    assert [item["device"] for item in listed if item["is_this"]] == ["A browser"]
    assert me.secret not in json.dumps(listed)
    theirs = sessions.of(other.account.id)[0].id
    assert me.ask("DELETE", f"/sessions/{theirs}").status_code == 404
    assert sessions.find(other.secret)
    phone = next(item["id"] for item in listed if not item["is_this"])
    left = me.ask("DELETE", f"/sessions/{phone}").get_json()["sessions"]
    assert [item["device"] for item in left] == ["A browser"]
    assert sessions.find(second) is None


def joined(hospital, link: str) -> Account:
    identity = hospital.platform.identity
    passkey, secret = Passkey(identity.site.origin, identity.site.rp_id), link.rsplit("/", 1)[1]
    query = identity.registrations.begin(secret)
    then = identity.registrations.add_passkey(
        secret, query.challenge, passkey.answer(query.options)
    )
    return identity.registrations.finish(secret, then.challenge, passkey.answer(then.options))


def test_a_patient_is_invited_by_hospital_number_and_only_until_they_have_an_account(
    hospital, custodian
) -> None:
    number, platform = secrets.token_hex(6), hospital.platform
    body = {"role": "patient", "number": number, "identity": "card"}
    problem = custodian.post("/invitations", body)
    assert (problem.status_code, list(problem.get_json()["errors"])) == (422, ["new_patient"])
    body |= {"new_patient": True}
    first, second = (custodian.post("/invitations", body).get_json()["link"] for _ in range(2))
    assert platform.identity.registrations.find_invitation(first.rsplit("/", 1)[1]) is None
    account = joined(hospital, second)
    assert account.subject == platform.requests.directory.find_subject(number)
    assert platform.ledger.is_enrolled(account.subject)
    assert platform.identity.registrations.find_invitation(second.rsplit("/", 1)[1]) is None
    assert custodian.post("/invitations", body).status_code == 422


@pytest.mark.parametrize(
    "body",
    [
        {"role": "patient", "identity": "card"},
        {"role": "patient", "number": "1"},
        {"role": "patient", "number": "1", "identity": "by letter"},
        {"role": "auditor", "number": "1"},
        {"role": "king"},
        {"role": "auditor", "party": "study:x"},
        {"role": "custodian", "party": "organisation:elsewhere"},
        {"role": "clinician", "party": "organisation:elsewhere"},
        {"role": "auditor", "party": ""},
        {"role": "auditor", "subject": "0x" + "00" * 32},
    ],
)
def test_an_invalid_invitation_is_rejected(custodian, body) -> None:
    assert custodian.post("/invitations", body).status_code == 422


def test_another_organisations_custodian_invites_nobody_here(hospital) -> None:
    other = hospital.client("custodian", "organisation:elsewhere")
    assert other.post("/invitations", {"role": "auditor"}).status_code == 403


def test_the_operator_invites_by_command(hospital) -> None:
    @contextmanager
    def opener(settings=None, tell=None):
        yield hospital.platform

    def run(*words: str):
        return CliRunner().invoke(make_cli(opener), ["invite", *words])

    made = json.loads(run("--role", "clinician", "--name", "Dr A", "--json").stdout)
    account = joined(hospital, made["link"])
    assert (account.role, account.party, account.name) == ("clinician", HOSPITAL, "Dr A")
    checked = ("--role", "patient", "--identity", "card")
    number = f"p{secrets.token_hex(6)}"
    unknown = run(*checked, "--number", number)
    assert unknown.exit_code == 2
    assert "No records are stored for this hospital number" in unknown.output
    plain = run(*checked, "--number", number, "--new-patient").stdout.strip()
    assert plain.startswith(f"{hospital.platform.installation.site.origin}/join/")
    wrong = run(*checked)
    assert wrong.exit_code == 2
    assert "hospital number" in wrong.output
    assert run("--role", "patient", "--number", secrets.token_hex(6)).exit_code == 2
