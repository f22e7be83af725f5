"""What a page shows is what a device signs, in a real browser; anything else signs nothing."""

from __future__ import annotations

import secrets
from contextlib import contextmanager

import pytest
from browser import person, served
from flask import Blueprint, Response, render_template_string
from wallets import BrowserWallet

from consent import Grant
from services.accounts import PATIENT, Invitee
from services.statement import RequestedTerms, terms_for
from web.current import current_account, current_subject, services, words
from web.pages.guard import page_values
from web.pages.signing import signed_form, terms_rows
from web.view_options import requires_role

pytestmark = [pytest.mark.node, pytest.mark.slow]
HOSPITAL = "organisation:this-hospital"
DISPLAYED = """
{%- extends "base.html" -%}
{%- from "parts/sign.html" import sign_form, sign_script, terms_list with context -%}
{%- block head -%}{{ sign_script() }}{%- endblock -%}
{%- block content -%}
<p data-term="statement">{{ terms.statement }}</p>
{{ terms_list(rows) }}
{% call sign_form(prepared, "/patient/trial", "Grant") %}{% endcall %}
{%- endblock -%}
"""


trial = Blueprint("trial", __name__)


@trial.get("/patient/trial")
@requires_role(PATIENT)
def show():
    now_s = int(services().installation.clock())
    terms = terms_for(RequestedTerms("permit", HOSPITAL, ("TREATDS",)), "I allow it.")
    grant = Grant(current_subject(), terms, now_s, now_s + 9_999)
    prepared = services().patient.signatures.prepare(current_account(), grant)
    return render_template_string(
        DISPLAYED,
        title="Trial",
        prepared=prepared,
        terms=terms,
        rows=terms_rows(words(), prepared.typed_data["message"], "This Hospital"),
        **page_values(),
    )


@trial.post("/patient/trial")
@requires_role(PATIENT)
def submit():
    done = services().patient.signatures.submit(current_account(), *signed_form())
    text = "again" if done.is_repeated else "in force" if done.is_in_force else done.outcome.reason
    return Response(f"<main>{text}</main>", content_type="text/html")


@pytest.fixture(scope="module")
def origin(hospital):
    import web.pages

    blueprints = web.pages.BLUEPRINTS
    web.pages.BLUEPRINTS = (*blueprints, trial)
    try:
        with served(hospital.platform) as made:
            yield made
    finally:
        web.pages.BLUEPRINTS = blueprints


@contextmanager
def patient(hospital, browser, origin):
    subject = secrets.token_bytes(32)
    link = hospital.platform.identity.invite(Invitee("patient", "", "", subject))
    with person(browser, origin) as made:
        made.join(link)
        made.subject = subject
        yield made


@pytest.fixture
def someone(hospital, browser, origin):
    """A patient with a device, at a page that asks for a signature."""
    with patient(hospital, browser, origin) as made:
        made.go("/patient/trial")
        yield made


@pytest.fixture(scope="module")
def unsigned(hospital, browser, origin):
    """A patient with a device who signs nothing."""
    with patient(hospital, browser, origin) as made:
        yield made


def states(hospital, someone) -> list[str]:
    return [consent.state for consent in hospital.platform.ledger.consents_of(someone.subject)]


def press(someone) -> None:
    someone.page.click("form[data-sign] button.primary")


def test_the_terms_on_the_page_are_signed_and_in_force(hospital, someone) -> None:
    press(someone)
    someone.says("in force")
    assert states(hospital, someone) == ["active"]


@pytest.mark.parametrize(
    "altered",
    [
        "document.querySelector('[data-term=statement]').textContent += ' And more.'",
        "document.querySelector('[data-term=statement]').remove()",
        "document.querySelector('[data-term=purposes]').dataset.code = 'HRESCH'",
        "document.querySelector('[data-term=purposes]').dataset.term = 'nonsense'",
        *(
            f"document.querySelector('[data-term={name}]').dataset.code = 'x'"
            for name in ("decision", "recipient", "categories", "records", "dataFrom", "dataTo")
        ),
        "document.querySelector('[data-term=obligations]').remove()",
        "document.querySelector('[data-term=notAfter]').dataset.code = '1'",
        "document.querySelector('form[data-sign]').dataset.kind = 'Withdrawal'",
        "const d = document.querySelector('[data-typed]'); "
        "d.textContent = d.textContent.replace('\"Grant\"', '\"Withdrawal\"')",
        "const d = document.querySelector('[data-typed]'); "
        "d.textContent = d.textContent.replace('TREATDS', 'HRESCH')",
        "const d = document.querySelector('[data-typed]'); const t = JSON.parse(d.textContent); "
        "t.options.challenge = 'A'.repeat(43); d.textContent = JSON.stringify(t)",
        "const d = document.querySelector('[data-typed]'); const t = JSON.parse(d.textContent); "
        "t.typed_data.message.more = 1; d.textContent = JSON.stringify(t)",
        "const d = document.querySelector('[data-typed]'); const t = JSON.parse(d.textContent); "
        "t.typed_data.domain.chainId = 1; d.textContent = JSON.stringify(t)",
    ],
)
def test_a_page_that_shows_other_terms_than_it_signs_signs_nothing(
    hospital, unsigned, altered
) -> None:
    unsigned.go("/patient/trial")
    query = "navigator.credentials.get = () => { document.title = 'asked'; throw 1; }"
    unsigned.page.evaluate(f"() => {{ {query}; {altered} }}")
    press(unsigned)
    unsigned.says("The request changed while you were reading.")
    assert unsigned.page.title() != "asked"
    assert states(hospital, unsigned) == []


def test_a_closed_dialog_signs_nothing_and_signing_can_be_tried_again(hospital, someone) -> None:
    someone.verifies(False)
    press(someone)
    someone.says("Nothing was signed.")
    assert states(hospital, someone) == []
    someone.verifies(True)
    press(someone)
    someone.says("in force")
    assert states(hospital, someone) == ["active"]


def test_a_double_press_asks_once_and_sends_once(hospital, someone) -> None:
    sent = []
    someone.page.on("request", lambda item: sent.append(item) if item.method == "POST" else None)
    someone.page.dblclick("form[data-sign] button.primary")
    someone.says("in force")
    assert len(sent) == 1
    assert states(hospital, someone) == ["active"]


def test_an_unexpected_signature_is_explained_to_the_patient(someone) -> None:
    someone.page.evaluate(
        "() => { const form = document.querySelector('[data-sign]'); "
        "form.elements.credential.value = '{}'; HTMLFormElement.prototype.submit.call(form); }"
    )
    someone.says("Nothing was signed")


def test_a_patient_without_a_passkey_signs_with_their_own_program_alone(
    hospital, browser, origin
) -> None:
    wallet, subject = BrowserWallet(), secrets.token_bytes(32)
    link = hospital.platform.identity.invite(Invitee("patient", "", "", subject))
    with person(browser, origin) as made:
        made.subject = subject
        wallet.give_to(made)
        made.page.goto(link)
        made.page.click("[data-wallet]")
        made.page.wait_for_url("**/patient")
        made.go("/patient/trial")
        assert made.page.locator("form[data-sign] button:visible").all_inner_texts() == [
            "Sign with your own signing program"
        ]
        assert "face" not in made.text()  # no device of theirs asks for it
        assert "does not have it" not in made.text()
        press(made)
        made.says("in force")
        assert states(hospital, made) == ["active"]
        assert wallet.kinds == ["Enrolment", "Grant"]

        made.page.add_init_script("delete window.ethereum")
        made.go("/patient/trial")
        made.says("Open this page in the browser that has it.")
        assert made.page.locator("form[data-sign] button:visible").count() == 0
