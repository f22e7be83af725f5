"""Invites a patient or a colleague: the identity check, and a link that is told once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from flask import Response

from services.accounts import PATIENT
from services.accounts.invitations import DAY_S, VALID_DAYS
from services.custodian import overview as keeping
from web.pages.page import Visit

_UNPROCESSABLE: Final = 422


def ask(visit: Visit) -> Response:
    """How do I invite?"""
    return _form(visit, {"role": PATIENT}, {}, 200)


def make(visit: Visit) -> Response:
    """Make the link, and show it this once."""
    form = visit.form
    asked = keeping.InvitationForm(
        form.get("role", ""),
        form.get("identity", ""),
        form.get("number", ""),
        form.get("name", ""),
        form.get("party", ""),
    )
    try:
        link = keeping.invite(visit.platform, asked, visit.me.id)
    except keeping.InviteWrong as exc:
        return _form(visit, form, {exc.field: visit.words(exc.word)}, _UNPROCESSABLE)
    return visit.show(
        "custodian/invited.html",
        title=visit.words("invite-made"),
        link=link,
        asked=asked,
        until_s=visit.platform.clock() + VALID_DAYS * DAY_S,
    )


def _form(visit: Visit, values: Mapping[str, str], errors: dict[str, str], status: int) -> Response:
    return visit.show(
        "custodian/invite.html",
        title=visit.words("invite-title"),
        status=status,
        values=values,
        errors=errors,
        until_s=visit.platform.clock() + VALID_DAYS * DAY_S,
    )
