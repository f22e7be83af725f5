"""The caller as the platform knows it, where they are signed in, and invitations."""

from __future__ import annotations

from typing import Any

from flask import Blueprint

from services.accounts import PATIENT
from services.accounts.sessions import SessionSummary
from services.custodian.invitations import InvitationRequest, IssuedInvitation
from services.errors import Forbidden, NotFound
from services.tokens import CUSTODIAN, ROLES
from web.api.people.schemas import CallerSchema, InvitationBody, InvitationSchema, SessionsSchema
from web.api.resources import accepts, returns
from web.current import Caller, current_account, current_caller, services, words
from web.view_options import requires_role

bp = Blueprint("people", __name__)


@bp.get("/me")
@requires_role(PATIENT, *ROLES)
@returns(CallerSchema)
def get_me() -> Caller:
    """Return who is asking, as the platform knows them."""
    return current_caller()


@bp.get("/sessions")
@requires_role(PATIENT, *ROLES)
@returns(SessionsSchema)
def get_sessions() -> list[SessionSummary]:
    """Return where the caller is signed in, the newest first."""
    sessions = services().identity.sessions
    return sessions.list_for(current_account().id, current_caller().session_id)


@bp.delete("/sessions/<session>")
@requires_role(PATIENT, *ROLES)
@returns(SessionsSchema)
def delete_session(session: str) -> Any:
    """Sign one of the caller's devices out; return those that are left."""
    if not services().identity.sessions.end_one(current_account().id, session):
        raise NotFound
    return get_sessions()


@bp.post("/invitations")
@requires_role(CUSTODIAN)
@accepts(InvitationBody)
@returns(InvitationSchema, status=201)
def post_invitations(body: dict[str, Any]) -> IssuedInvitation:
    """Invite a person; the link works once, for seven days, and ends an earlier one of theirs."""
    if current_caller().party != services().installation.organisation:
        raise Forbidden("Only the organisation that operates this installation invites people.")
    invitations = services().custodian.invitations
    return invitations.invite(words(), InvitationRequest(**body), by=current_caller().id)
