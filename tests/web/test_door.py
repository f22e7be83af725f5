"""Who is let in: whose session, from which page, to which part; and what every page carries."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass

import pytest
from flask.testing import FlaskClient
from views import page_operations

from services.accounts import Account, Invitee, Site
from services.accounts.accounts import new_id
from web.cookies import csrf_of

pytestmark = pytest.mark.node
HOSPITAL = "organisation:this-hospital"
ROLES = ("patient", "clinician", "researcher", "custodian", "auditor")


@dataclass
class Visitor:
    """A browser without script, signed in or not."""

    http: FlaskClient
    origin: str
    secret: str = ""

    def get(self, path, **headers):
        return self.http.get(path, headers=headers)

    def send(self, path, origin=None, csrf=None, **form):
        token = csrf_of(self.secret) if csrf is None and self.secret else csrf or ""
        headers = {"Origin": self.origin if origin is None else origin}
        return self.http.post(path, data=form | {"csrf": token}, headers=headers)


@pytest.fixture
def visitor(hospital):
    def make(role: str = "", language: str = "en") -> Visitor:
        http = hospital.app.test_client()
        http.environ_base["REMOTE_ADDR"] = f"10.9.{secrets.randbelow(256)}.{secrets.randbelow(256)}"
        made, people = (
            Visitor(http, hospital.platform.installation.site.origin),
            hospital.platform.identity,
        )
        if role:
            subject = secrets.token_bytes(32) if role == "patient" else None
            now_s = int(hospital.platform.installation.clock())
            account = Account(new_id(), role, HOSPITAL, "", subject, language, now_s)
            with hospital.platform.engine.begin() as connection:
                people.accounts.add(connection, account)
            made.secret = people.sessions.begin(account.id)
            http.set_cookie("vouchsafe", made.secret, domain="localhost")
        return made

    return make


@pytest.mark.parametrize("role", ROLES)
def test_a_stranger_is_sent_to_sign_in_and_back_to_the_page(visitor, role) -> None:
    answer = visitor().get(f"/{role}/no-such-page")
    assert answer.status_code == 303
    assert answer.location == f"/sign-in?next=/{role}/no-such-page"


def test_the_way_back_keeps_the_query_string(visitor) -> None:
    answer = visitor().get("/patient/x?a=1&b=2")
    assert answer.location == "/sign-in?next=/patient/x%3Fa%3D1%26b%3D2"


@pytest.mark.parametrize("path", ["/", "/sign-in", "/patient", "/researcher", "/api/v1/me"])
def test_head_is_answered_as_get_without_a_body(visitor, path) -> None:
    me = visitor("patient")
    head = me.http.head(path)
    assert (head.status_code, head.data) == (me.http.get(path).status_code, b"")


@pytest.mark.parametrize(
    "path", ["//", "//patient", "/patient//requests", "/patient/", "/api//v1/me"]
)
def test_no_redirect_names_the_host_of_the_request(visitor, path) -> None:
    sent = {"PATH_INFO": path}  # the client would read a host in "//patient"
    answer = visitor("patient").http.get(
        "/", headers={"Host": "evil.example"}, environ_overrides=sent
    )
    assert "evil" not in answer.headers.get("Location", "")


@pytest.mark.parametrize("role", ROLES)
def test_another_roles_pages_are_not_there(visitor, role) -> None:
    me = visitor(role)
    for other in set(ROLES) - {role}:
        assert me.get(f"/{other}/no-such-page").status_code == 404


def test_a_form_from_another_site_or_none_changes_nothing(visitor) -> None:
    me = visitor("auditor")
    for origin in ("https://evil.example", "null", "", "http://localhost"):
        assert me.send("/sign-out", origin=origin).status_code == 403
    assert me.send("/sign-out", csrf="0" * 64).status_code == 403
    assert me.send("/sign-out", csrf="é").status_code == 403
    assert me.get("/session").get_json()["left_s"] > 0
    assert me.send("/sign-out").location == "/signed-out"
    assert me.get("/session").get_json()["left_s"] == 0


def test_no_form_of_any_page_is_taken_without_our_origin_and_token(visitor) -> None:
    people = {role: visitor(role) for role in ROLES}
    stranger = visitor()
    for page in (
        page_operation for page_operation in page_operations() if page_operation.method != "GET"
    ):
        path = re.sub(r"{\w+}", "0" * 32, page.path)
        if not page.roles:
            assert stranger.http.post(path).status_code == 403, page
        for role in page.roles:
            me = people[role]
            assert me.http.post(path, data={"csrf": csrf_of(me.secret)}).status_code == 403, page
            assert me.send(path, csrf="0" * 64).status_code == 403, page
        for role in set(ROLES) - page.roles if page.roles else ():
            assert people[role].send(path).status_code == 404, page


def test_another_sessions_token_opens_no_form(visitor) -> None:
    me, other = visitor("auditor"), visitor("auditor")
    assert me.send("/sign-out", csrf=csrf_of(other.secret)).status_code == 403


def test_a_form_whose_session_has_ended_does_nothing_and_leads_back_to_its_page(
    hospital, visitor
) -> None:
    me = visitor("auditor")
    hospital.platform.identity.sessions.end(me.secret)
    headers = {"Origin": me.origin, "Referer": f"{me.origin}/auditor/anchors?page=2"}
    answer = me.http.post("/session", data={"csrf": csrf_of(me.secret)}, headers=headers)
    assert answer.status_code == 303
    assert answer.location == "/sign-in?next=/auditor/anchors%3Fpage%3D2&undone=yes"
    headers["Referer"] = "https://evil.example/x"
    assert me.http.post("/session", headers=headers).location == "/sign-in?next=/&undone=yes"
    assert b"You are signed out. This happens after" in me.get("/sign-in").data
    assert b"You are signed out. This happens after" not in visitor().get("/sign-in").data


@pytest.mark.parametrize(
    "after",
    [
        "//evil.example",
        "https://evil.example",
        "/\\evil.example",
        "javascript:alert(1)",
        "/clinician",
        "/auditorium",
        "\n//evil.example",
        "/auditor\r\nSet-Cookie: a=b",
    ],
)
def test_nobody_is_led_to_another_site_or_another_roles_page(visitor, after) -> None:
    answer = visitor("auditor").http.get("/sign-in", query_string={"next": after})
    assert answer.location == "/auditor"


def test_a_page_of_ones_own_is_gone_on_to(visitor) -> None:
    answer = visitor("auditor").http.get("/sign-in", query_string={"next": "/auditor/x?a=1"})
    assert answer.location == "/auditor/x?a=1"


def test_only_a_person_keeps_a_session_alive_not_the_pages_clock(hospital, visitor) -> None:
    me, sessions = visitor("auditor"), hospital.platform.identity.sessions
    began = sessions.peek(me.secret)
    real = sessions._clock
    try:
        sessions._clock = lambda: real() + 600
        me.get("/session")
        assert sessions.peek(me.secret).used_at_s == began.used_at_s
        assert me.send("/session").status_code == 200
        assert sessions.peek(me.secret).used_at_s >= began.used_at_s + 600
    finally:
        sessions._clock = real


def test_who_tries_to_sign_in_too_often_waits(visitor) -> None:
    me = visitor()
    answers = [me.send("/sign-in/begin").status_code for _ in range(70)]
    assert answers[0] == 200
    assert answers[-1] == 429
    assert me.get("/").status_code == 200


@pytest.mark.parametrize(
    "path", ["/", "/register", "/help", "/accessibility", "/privacy", "/sign-in", "/signed-out"]
)
@pytest.mark.parametrize("language", ["en", "de", "es"])
def test_every_public_page_is_there_in_every_language(visitor, path, language) -> None:
    answer = visitor().get(path, **{"Accept-Language": language})
    assert answer.status_code == 200
    assert f'<html lang="{language}">'.encode() in answer.data


def test_a_chosen_language_is_remembered_by_cookie_and_account(hospital, visitor) -> None:
    me = visitor("patient")
    assert b'<html lang="es">' in me.get("/?language=es").data
    assert b'<html lang="es">' in me.get("/help").data
    account = hospital.platform.identity.find_signed_in(me.secret)
    assert account.language == "es"
    assert b'<html lang="en">' in visitor().get("/?language=xx").data


def test_every_page_says_what_browsers_may_do_with_it(visitor) -> None:
    headers = visitor("auditor").get("/").headers
    policy = headers["Content-Security-Policy"]
    assert "script-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert headers["Cache-Control"] == "no-store"
    assert headers["Referrer-Policy"] == "same-origin"
    assert "publickey-credentials-get=(self)" in headers["Permissions-Policy"]
    assert "Strict-Transport-Security" not in headers


def test_static_files_are_asked_for_again_and_kept_if_the_same(visitor) -> None:
    me = visitor()
    first = me.get("/static/sign.mjs")
    assert first.headers["Cache-Control"] == "no-cache"
    assert first.mimetype == "text/javascript"
    again = me.get("/static/sign.mjs", **{"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304


def test_no_page_has_script_in_it(visitor) -> None:
    for path in ("/", "/sign-in", "/help"):
        body = visitor().get(path).get_data(as_text=True)
        assert not re.search(r"<script(?![^>]*\b(src=|type=\"application/json\"))", body)
        assert not re.search(r"\son[a-z]+=|javascript:|\sstyle=", body)


def test_a_site_with_tls_has_the_strict_cookie_and_says_so(hospital) -> None:
    from dataclasses import replace

    from rebuild import rebuilt

    from web import create_app

    installation = replace(hospital.platform.installation, site=Site.at("https://records.example"))
    platform = rebuilt(hospital.platform, installation=installation)
    http = create_app(platform).test_client()
    account = Account(new_id(), "auditor", HOSPITAL, "A", None, "en", 0)
    with platform.engine.begin() as connection:
        platform.identity.accounts.add(connection, account)
    secret = platform.identity.sessions.begin(account.id)
    http.set_cookie("__Host-vouchsafe", secret, domain="localhost", secure=True)
    base = "https://localhost"
    assert http.get("/session", base_url=base).get_json()["left_s"] > 0
    headers = {"Origin": "https://records.example"}
    form = {"csrf": csrf_of(secret)}
    answer = http.post("/sign-out", base_url=base, data=form, headers=headers)
    reply = answer.headers["Set-Cookie"]
    assert reply.startswith("__Host-vouchsafe=;")
    assert all(word in reply for word in ("Secure", "HttpOnly", "Path=/", "SameSite=Lax"))
    assert "Strict-Transport-Security" in answer.headers


def test_an_unknown_invitation_says_whom_to_ask_and_nothing_else(hospital, visitor) -> None:
    people = hospital.platform.identity
    link = people.invite(Invitee("auditor", HOSPITAL, "A"))
    path = link.removeprefix(people.site.origin)
    me = visitor()
    assert me.get(path).status_code == 200
    for wrong in ("/join/x", path[:-1], path + "A"):
        answer = me.get(wrong)
        assert answer.status_code == 404
        assert b"Ask" in answer.data
        assert me.send(f"{wrong}/begin").status_code == 404


def test_a_patients_link_says_how_its_hospital_number_ends(hospital, visitor) -> None:
    people, directory = hospital.platform.identity, hospital.platform.requests.directory
    numbers = {"V-204711": "ends in 711", "V-71": ""}
    for number, expected in numbers.items():
        subject = directory.get_or_add([number])[number]
        link = people.invite(Invitee("patient", "", "", subject))
        page = visitor().get(link.removeprefix(people.site.origin)).text
        assert expected in page
        assert ("ends in" in page) == bool(expected)
        assert number not in page
        directory.remove(subject)
