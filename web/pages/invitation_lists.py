"""The custodian's pages that invite many patients at once: a list, its check, letters, links."""

from __future__ import annotations

from typing import Final

from flask import Blueprint, Response, request

from records.csv_out import to_csv
from services.custodian.invitation_lists import InvitationList, ListConfirmation, ListPerson
from services.custodian.people_lists import MAX_LIST_BYTES, MAX_PEOPLE
from services.errors import Invalid, NotFound
from services.information import Contact
from services.tokens import CUSTODIAN
from services.words import LANGUAGES, Words, find_zone
from web.current import current_account, services, words
from web.pages.forms import first_errors
from web.pages.guard import render, render_form, see_other
from web.responses import CSV, download_response
from web.view_options import max_body, one_at_a_time, requires_role

NEW: Final = "/custodian/patients/lists"
_FORM_BYTES: Final = 2**20

bp = Blueprint("invitation_lists", __name__)


@bp.get("/custodian/patients/lists")
@requires_role(CUSTODIAN)
def list_form() -> Response:
    """Show the form that takes a list, and the lists of the last day."""
    return _form({})


@bp.post("/custodian/patients/lists")
@requires_role(CUSTODIAN)
@max_body(_FORM_BYTES)
def check_list() -> Response:
    """Store a list and go to what it would do; nobody is invited yet."""
    file, lists = request.files.get("file"), services().custodian.lists
    content = file.stream.read(MAX_LIST_BYTES + 1) if file is not None and file.filename else b""
    content = content or request.form.get("list", "").encode()
    language, by = request.form.get("language", ""), current_account().id
    try:
        checked = lists.check(words(), content, language, by=by)
    except Invalid as exc:
        return _form(first_errors(exc))
    return see_other(f"{NEW}/{checked.id}")


@bp.get("/custodian/patients/lists/<id>")
@requires_role(CUSTODIAN)
def invitation_list(id: str) -> Response:
    """Show what a list would do, or what it did."""
    return _list(services().custodian.lists.get(id), {})


@bp.post("/custodian/patients/lists/<id>")
@requires_role(CUSTODIAN)
def decide_list(id: str) -> Response:
    """Invite the people of a list, or delete it; a repeated form changes nothing."""
    lists, form, by = services().custodian.lists, request.form, current_account().id
    if form.get("wish") == "delete":
        lists.delete(id, by=by)
        return see_other(NEW)
    confirmation = ListConfirmation(
        identity=form.get("identity", ""),
        new_patients=form.get("new_patients") == "yes",
        replace_links=form.get("replace_links") == "yes",
        mails=form.get("mails") == "yes",
    )
    try:
        lists.invite(words(), id, confirmation, by=by)
    except Invalid as exc:
        return _list(lists.get(id), first_errors(exc))
    return see_other(f"{NEW}/{id}")


@bp.get("/custodian/patients/lists/<id>/letters")
@requires_role(CUSTODIAN)
@one_at_a_time
def letters(id: str) -> Response:
    """Show a letter for each person who was invited, in their language, to be printed."""
    issued, information = _issued(id), services().information
    contacts = {language: information.contact(language) for language in LANGUAGES}
    return render(
        "custodian/letters.html",
        title=words()("list-letters"),
        invitations=issued,
        letters=[_letter(person, contacts) for person in issued.invited],
    )


@bp.get("/custodian/patients/lists/<id>/links")
@requires_role(CUSTODIAN)
def links(id: str) -> Response:
    """Return the links as CSV: number, name, e-mail, language, link."""
    text = to_csv(_issued(id).link_rows(words()))
    return download_response(text.encode(), f"invitations-{id[:8]}.csv", CSV)


def _letter(person: ListPerson, contacts: dict[str, Contact]) -> dict[str, object]:
    zone = services().installation.profile.time_zone
    return {
        "person": person,
        "say": Words(person.language, find_zone(zone)),
        "contact": contacts[person.language],
    }


def _issued(list_id: str) -> InvitationList:
    issued = services().custodian.lists.get(list_id)
    if not issued.is_issued:
        raise NotFound
    return issued


def _form(errors: dict[str, str]) -> Response:
    return render_form(
        "custodian/invite_list.html",
        title=words()("list-title"),
        errors=errors,
        languages=[(language, Words.names[language]) for language in LANGUAGES],
        most=MAX_PEOPLE,
        lists=services().custodian.lists.list_all(),
    )


def _list(invitations: InvitationList, errors: dict[str, str]) -> Response:
    is_done = invitations.is_issued
    return render_form(
        "custodian/invited_list.html" if is_done else "custodian/checked_list.html",
        title=words()("list-done" if is_done else "list-check"),
        errors=errors,
        invitations=invitations,
    )
