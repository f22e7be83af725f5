"""The custodian's pages about people: lost passkeys, staff, open links, patients' messages."""

from __future__ import annotations

from dataclasses import asdict
from typing import Final

from flask import Blueprint, Response, request

from services.errors import Invalid
from services.requests.messages import OUTCOMES
from services.tokens import CUSTODIAN
from web.current import current_account, services, words
from web.pages.forms import first_errors
from web.pages.guard import render, render_form, see_other
from web.pages.shown_once import carry, forget, take
from web.view_options import requires_role

DONE: Final = {"disable": "people-disabled-now", "sign-out": "people-signed-out-now"}
RECOVERY_LINK: Final = "/custodian/recoveries/made"

bp = Blueprint("people_pages", __name__)


@bp.get("/custodian/recoveries")
@requires_role(CUSTODIAN)
def recoveries() -> Response:
    """Show the recoveries that wait, and the form that issues a recovery link."""
    return _recoveries({})


@bp.post("/custodian/recoveries")
@requires_role(CUSTODIAN)
def issue_recovery_link() -> Response:
    """Make a link with which a patient creates a new key, and go to the page that shows it once."""
    form, service = request.form, services().custodian.recoveries
    number, identity = form.get("number", ""), form.get("identity", "")
    try:
        issued = service.issue_link(words(), number, identity, by=current_account().id)
    except Invalid as exc:
        return _recoveries(first_errors(exc))
    facts = {"number": number, "issued": asdict(issued)}
    return carry(RECOVERY_LINK, facts)


@bp.get("/custodian/recoveries/made")
@requires_role(CUSTODIAN)
def recovery_link() -> Response:
    """Show a link that was just made, once: a reload does not make or show another."""
    facts = take() or {"number": "", "issued": None}
    title = words()("recoveries-made")
    return forget(render("custodian/recovery_link.html", title=title, **facts))


@bp.get("/custodian/people")
@requires_role(CUSTODIAN)
def people() -> Response:
    """Show staff accounts and the links that still work."""
    service = services().custodian.people
    return render(
        "custodian/people.html",
        title=words()("menu-people"),
        party_name=services().information.party_name,
        staff=service.list_staff(),
        invitations=service.list_invitations(),
        has_revoked=request.args.get("done") == "revoked",
    )


@bp.get("/custodian/people/<id>")
@requires_role(CUSTODIAN)
def person(id: str) -> Response:
    """Show one account: where the person is signed in, and the ways to lock them out."""
    return _person(id, {})


@bp.post("/custodian/people/<id>")
@requires_role(CUSTODIAN)
def change_person(id: str) -> Response:
    """Disable an account, or end its sessions; a repeated form changes nothing."""
    service, by = services().custodian.people, current_account().id
    decision = request.form.get("wish", "")
    try:
        if decision == "disable":
            service.disable(words(), id, by=by)
        elif decision == "sign-out":
            service.end_sessions(id, by=by)
    except Invalid as exc:
        return _person(id, first_errors(exc))
    return see_other(f"/custodian/people/{id}?done={decision if decision in DONE else ''}")


@bp.post("/custodian/invitations/<id>")
@requires_role(CUSTODIAN)
def revoke_invitation(id: str) -> Response:
    """End a link, so that nobody can use it."""
    services().custodian.people.revoke_invitation(id, by=current_account().id)
    return see_other("/custodian/people?done=revoked")


@bp.get("/custodian/messages")
@requires_role(CUSTODIAN)
def messages() -> Response:
    """Show what patients asked and what waits for an answer."""
    inbox = services().custodian.messages.inbox()
    return render("custodian/messages.html", title=words()("menu-messages"), inbox=inbox)


@bp.get("/custodian/messages/<id>")
@requires_role(CUSTODIAN)
def message(id: str) -> Response:
    """Show one message and the form to answer it, or its answer."""
    return _message(id, {})


@bp.post("/custodian/messages/<id>")
@requires_role(CUSTODIAN)
def answer_message(id: str) -> Response:
    """Answer a message, once; the patient sees the answer in the history."""
    service, form, by = services().custodian.messages, request.form, current_account().id
    try:
        service.answer(words(), id, form.get("outcome", ""), form.get("text", ""), by=by)
    except Invalid as exc:
        return _message(id, first_errors(exc))
    return see_other(f"/custodian/messages/{id}")


def _message(message_id: str, errors: dict[str, str]) -> Response:
    sent, say = services().custodian.messages.get(message_id), words()
    about = sent.message.subject, say, sent.message.kind, sent.message.about
    return render_form(
        "custodian/message.html",
        title=say(f"inbox-{sent.message.kind}"),
        about=services().patient.messages.describe(*about),  # as the patient reads it
        errors=errors,
        sent=sent,
        message=sent.message,
        outcomes=OUTCOMES[sent.message.kind],
    )


def _person(account_id: str, errors: dict[str, str]) -> Response:
    account, done = services().custodian.people.get(account_id), request.args.get("done", "")
    return render_form(
        "custodian/person.html",
        title=account.name,
        errors=errors,
        person=account,
        party_name=services().information.party_name,
        done=words()(DONE[done]) if done in DONE else "",
    )


def _recoveries(errors: dict[str, str]) -> Response:
    return render_form(
        "custodian/recoveries.html",
        title=words()("menu-recoveries"),
        errors=errors,
        pending=services().custodian.recoveries.list_pending(),
    )
