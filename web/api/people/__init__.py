"""Who one is, where one is signed in, and whom a custodian invites."""

from __future__ import annotations

from typing import Any, Final

from services.accounts import Account
from services.accounts.invitations import VALID_DAYS
from services.custodian.invitations import invite
from services.errors import Forbidden, NotFound
from web.api.people import schemas as _S
from web.api.route import ALL, CUSTODIANS, PATIENTS, Call, Route


def get_me(call: Call) -> dict[str, Any]:
    """Who asks, as the platform knows them."""
    account = call.account
    return {
        "id": call.id,
        "role": call.role,
        "party": call.party,
        "name": account.name if account else "",
        "subject": "0x" + account.subject.hex() if account and account.subject else None,
        "language": account.language if account else "",
    }


def get_sessions(call: Call) -> dict[str, Any]:
    """Where the caller is signed in, the newest first."""
    people, account = call.platform.people, _require_account(call)
    return {
        "sessions": [
            {
                "id": one.id,
                "device": one.device,
                "began_at_s": one.began_at_s,
                "used_at_s": one.used_at_s,
                "ends_at_s": one.ends_at_s,
                "is_this": one.id == call.session_id,
            }
            for one in people.sessions.of(account.id)
        ]
    }


def delete_session(call: Call) -> dict[str, Any]:
    """Sign one of the caller's devices out; those that are left."""
    if not call.platform.people.sessions.end_one(_require_account(call).id, call.names["session"]):
        raise NotFound
    return get_sessions(call)


def post_invitations(call: Call) -> dict[str, Any]:
    """Invite somebody; the link works once, for seven days."""
    if call.party != call.platform.organisation:
        raise Forbidden("people are invited here by this organisation alone")
    asked = call.body
    link = invite(call.platform, asked["role"], asked["party"], asked["name"], asked["number"])
    return {"link": link, "days": VALID_DAYS}


def _require_account(call: Call) -> Account:
    if call.account is None:
        raise NotFound
    return call.account


ROUTES: Final[tuple[Route, ...]] = (
    Route("GET", "/me", get_me, ALL | PATIENTS, gives=_S.MeAnswer),
    Route("GET", "/sessions", get_sessions, ALL | PATIENTS, gives=_S.SessionsAnswer),
    Route("DELETE", "/sessions/{session}", delete_session, ALL | PATIENTS, gives=_S.SessionsAnswer),
    Route(
        "POST",
        "/invitations",
        post_invitations,
        CUSTODIANS,
        _S.InvitationSchema,
        201,
        gives=_S.InvitationAnswer,
    ),
)
