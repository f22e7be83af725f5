from __future__ import annotations

import json
import re
from contextlib import contextmanager

import pytest
from click.testing import CliRunner
from views import operations
from visitors import signed_in

from cli import make_cli
from consent import Enrolment
from services.tokens import ROLES, Tokens
from web.api import PREFIX
from web.errors import TITLES
from web.factory import HEADERS
from web.view_options import options_of

pytestmark = pytest.mark.node
HOSPITAL = "organisation:this-hospital"
OPEN = {"static", "health.live", "health.ready", "api.openapi"}


def url(path: str) -> str:
    return re.sub(r"{\w+}", "x", path.replace("{subject}", "ab" * 32))


def test_every_view_declares_who_may_call_it(hospital) -> None:
    undeclared = [
        rule.endpoint
        for rule in hospital.app.url_map.iter_rules()
        if rule.endpoint not in OPEN
        and options_of(hospital.app.view_functions[rule.endpoint]).roles is None
    ]
    assert undeclared == []
    known = [view for view in operations(hospital.app) if view.path != "/openapi.json"]
    assert len({(item.method, item.path) for item in known}) == len(known)


def test_every_row_is_described_for_machines(hospital, stranger) -> None:
    reply = stranger.get("/openapi.json").get_json()
    assert reply["openapi"] == "3.1.0"
    described = {(method.upper(), path) for path, ops in reply["paths"].items() for method in ops}
    known = [view for view in operations(hospital.app) if view.path != "/openapi.json"]
    assert described == {(route.method, PREFIX + route.path) for route in known}
    for route in known:
        operation = reply["paths"][PREFIX + route.path][route.method.lower()]
        assert operation["x-roles"] == sorted(route.roles)
        assert ("requestBody" in operation) == (route.method == "POST")


@pytest.mark.parametrize("role", ["", *ROLES])
def test_each_role_may_what_its_rows_say_and_nothing_else(hospital, role) -> None:
    client = hospital.client(role, HOSPITAL)
    views = [view for view in operations(hospital.app) if view.path != "/openapi.json"]
    for number, route in enumerate(views):
        # Each from its own address: so many requests of one stranger exceed the rate limit.
        client.http.environ_base["REMOTE_ADDR"] = f"10.0.{number // 250}.{number % 250}"
        body = [] if route.method == "POST" else None  # no body: whoever may is badly asked
        if route.path in ("/evidence", "/ledger"):
            continue  # read whole elsewhere
        status = client.ask(route.method, url(route.path), body).status_code
        if not route.roles or role in route.roles:
            assert status not in (401, 403), route
        else:
            assert status == (403 if role else 401), route


def test_nothing_is_cached_and_every_answer_is_guarded(hospital, stranger) -> None:
    for rule in hospital.app.url_map.iter_rules():
        path = rule.rule.replace("<", "{").replace(">", "}")
        answer = stranger.http.get(url(path))
        if rule.endpoint != "static":
            assert answer.headers["Cache-Control"] == "no-store"
        assert set(HEADERS) <= set(answer.headers.keys())
        assert len(answer.headers["X-Request-Id"]) == 16


def test_a_revoked_expired_or_unknown_token_is_refused(hospital) -> None:
    now = [1_000_000.0]
    tokens = Tokens(hospital.platform.engine, lambda: now[0])
    token, secret = tokens.create("auditor", "organisation:auditors", 1)
    assert tokens.find(secret) == token
    now[0] += 86_400
    assert tokens.find(secret) is None
    now[0] -= 1
    assert tokens.find(secret + "x") is None
    assert tokens.revoke(token.id)
    assert tokens.find(secret) is None
    assert not tokens.revoke("none")
    assert token.id in [item.id for item in tokens.all()]
    with pytest.raises(ValueError, match="role"):
        tokens.create("king", "x", 1)


def test_a_stranger_who_guesses_is_told_to_wait(hospital) -> None:
    stranger = hospital.client()
    stranger.secret = "vs_guess"
    answers = [stranger.get("/me") for _ in range(130)]
    assert answers[0].status_code == 401
    waiting = [answer for answer in answers if answer.status_code == 429]
    assert int(waiting[0].headers["Retry-After"]) >= 1
    assert hospital.client("auditor").get("/me").status_code == 200


def test_people_are_answered_with_a_page_and_machines_with_a_problem(stranger) -> None:
    assert stranger.http.get("/none").content_type.startswith("text/html")
    problem = stranger.http.get("/api/v2/none")
    assert (problem.status_code, problem.content_type) == (404, "application/problem+json")
    assert problem.get_json()["title"] == TITLES[404]
    assert stranger.http.put("/api/v1/me").headers["Allow"]
    home = stranger.http.get("/")
    assert "The register holds" in home.get_data(as_text=True)


@pytest.mark.parametrize("role", ["patient", *ROLES])
def test_an_error_page_keeps_the_menu_and_the_language_of_who_is_signed_in(hospital, role) -> None:
    visitor = signed_in(hospital, role, "" if role == "patient" else HOSPITAL)
    own = visitor.get(f"/{role}").get_data(as_text=True)
    menu = own[own.index('<nav class="menu"') : own.index("</nav>", own.index('class="menu"'))]
    missing = visitor.get(f"/{role}/none")
    page = missing.get_data(as_text=True)
    assert missing.status_code == 404
    for path in re.findall(r'href="(/[a-z/]+)"', menu):
        assert f'href="{path}"' in page
    assert f'name="csrf" value="{visitor.csrf}"' in page  # so that signing out works
    if role == "patient":
        visitor.get("/patient?language=de")
        visitor.http.delete_cookie("language")
        assert '<html lang="de">' in visitor.get("/patient/none").get_data(as_text=True)


def test_the_operator_makes_lists_and_revokes_tokens(hospital) -> None:
    @contextmanager
    def opener(settings=None, tell=None):
        yield hospital.platform

    def run(*words: str):
        return CliRunner().invoke(make_cli(opener), ["token", *words])

    made = json.loads(run("create", "--role", "auditor", "--party", "a", "--json").stdout)
    client = hospital.client()
    client.secret = made["token"]
    assert client.get("/me").status_code == 200
    listed = run("list", "--json").stdout
    assert made["id"] in listed
    assert made["token"] not in listed
    assert run("revoke", made["id"]).exit_code == 0
    assert client.get("/me").status_code == 401
    assert run("revoke", "none").exit_code == 2
    for role, party in (("researcher", "organisation:x"), ("clinician", "organisation:")):
        assert run("create", "--role", role, "--party", party).exit_code == 2


def test_another_organisation_neither_enrols_here_nor_sees_models(hospital) -> None:
    other = hospital.client("custodian", "organisation:elsewhere")
    subject = hospital.wallet.new_subjects(["elsewhere"])["elsewhere"]
    ledger = hospital.platform.ledger
    signed = hospital.sign(Enrolment(subject, ledger.custodian(), hospital.wallet.address(subject)))
    assert other.post("/custodian/enrolments", {"signed": [signed]}).status_code == 404
    assert not ledger.is_enrolled(subject)
    assert other.get("/researcher/models").status_code == 403


def test_a_custodian_of_another_organisation_cannot_have_this_one_checked(hospital) -> None:
    other = hospital.client("custodian", "organisation:elsewhere")
    assert other.post("/verifications", {}).status_code == 403
    assert hospital.client("custodian", HOSPITAL).post("/verifications", {}).status_code == 202
