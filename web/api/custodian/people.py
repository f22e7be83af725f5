"""The custodian's API about people: staff accounts, open invitations, patients' messages."""

from __future__ import annotations

from flask import Blueprint

from services.custodian.messages import Inbox, PatientMessage
from services.custodian.people import OpenInvitation, StaffAccount
from services.tokens import CUSTODIAN
from web.api.custodian.schemas import (
    InboxSchema,
    MessageAnswerBody,
    OpenInvitationsSchema,
    PatientMessageSchema,
    StaffAccountSchema,
    StaffSchema,
)
from web.api.resources import accepts, accepts_nothing, returns
from web.current import current_caller, services, words
from web.view_options import requires_role

bp = Blueprint("custodian_people", __name__)


@bp.get("/custodian/people")
@requires_role(CUSTODIAN)
@returns(StaffSchema)
def get_people() -> list[StaffAccount]:
    """Return every staff account, by name, disabled ones too."""
    return services().custodian.people.list_staff()


@bp.post("/custodian/people/<account>/disable")
@requires_role(CUSTODIAN)
@accepts_nothing
@returns(StaffAccountSchema)
def post_disable(account: str) -> StaffAccount:
    """Lock a person out: sessions end, passkeys are refused, links they issued are revoked."""
    return services().custodian.people.disable(words(), account, by=current_caller().id)


@bp.post("/custodian/people/<account>/sign-out")
@requires_role(CUSTODIAN)
@accepts_nothing
@returns(StaffAccountSchema)
def post_sign_out(account: str) -> StaffAccount:
    """End every session of a person, who can sign in again."""
    return services().custodian.people.end_sessions(account, by=current_caller().id)


@bp.get("/custodian/invitations")
@requires_role(CUSTODIAN)
@returns(OpenInvitationsSchema)
def get_invitations() -> list[OpenInvitation]:
    """Return the links that still work, the newest first."""
    return services().custodian.people.list_invitations()


@bp.delete("/custodian/invitations/<invitation>")
@requires_role(CUSTODIAN)
@returns(OpenInvitationsSchema)
def delete_invitation(invitation: str) -> list[OpenInvitation]:
    """End a link; return those that still work."""
    return services().custodian.people.revoke_invitation(invitation, by=current_caller().id)


@bp.get("/custodian/messages")
@requires_role(CUSTODIAN)
@returns(InboxSchema)
def get_messages() -> Inbox:
    """Return patients' messages: those that wait, and those that have an answer."""
    return services().custodian.messages.inbox()


@bp.post("/custodian/messages/<message>/answer")
@requires_role(CUSTODIAN)
@accepts(MessageAnswerBody)
@returns(PatientMessageSchema)
def post_message_answer(message: str, body: dict[str, str]) -> PatientMessage:
    """Answer a message, once; the patient sees the answer in their history."""
    answer, by = services().custodian.messages.answer, current_caller().id
    return answer(words(), message, body["outcome"], body["text"], by=by)
