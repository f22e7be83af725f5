"""A person's own account: where they are signed in, and the way to end those sessions."""

from __future__ import annotations

from typing import Final

from flask import Blueprint, Response, request

from services.accounts import PATIENT
from services.tokens import ROLES
from web.cookies import session_secret
from web.current import current_account, services, words
from web.pages.guard import render, see_other
from web.view_options import requires_role

OTHERS: Final = "others"

bp = Blueprint("account", __name__)


@bp.get("/account")
@requires_role(PATIENT, *ROLES)
def account() -> Response:
    """Show the devices that are signed in to this account."""
    identity, own = services().identity, current_account()
    return render(
        "account.html",
        title=words()("account-title"),
        sessions=identity.sessions.list_for(own.id, _current_id()),
        has_ended=request.args.get("done") == "yes",
    )


@bp.post("/account/sessions")
@requires_role(PATIENT, *ROLES)
def end_sessions() -> Response:
    """End one session of this account, or all but this one."""
    sessions, own, current = services().identity.sessions, current_account().id, _current_id()
    chosen = request.form.get("session", "")
    ended = [s.id for s in sessions.of(own) if chosen in (s.id, OTHERS) and s.id != current]
    for session_id in ended:
        sessions.end_one(own, session_id)
    return see_other("/account?done=yes" if ended else "/account")


def _current_id() -> str:
    session = services().identity.find_session(session_secret(services().installation.site))
    return session.id if session else ""
