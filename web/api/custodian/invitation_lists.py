"""The custodian's API about lists of patients who are invited at once."""

from __future__ import annotations

from typing import Any, Final

from flask import Blueprint

from services.custodian.invitation_lists import InvitationList, ListConfirmation, ListSummary
from services.custodian.people_lists import MAX_LIST_BYTES
from services.tokens import CUSTODIAN
from web.api.custodian.schemas import (
    InvitationListSchema,
    InvitationListsSchema,
    ListBody,
    ListConfirmationBody,
)
from web.api.resources import accepts, returns
from web.current import current_caller, services, words
from web.view_options import max_body, requires_role

_JSON_BYTES: Final = 2 * MAX_LIST_BYTES

bp = Blueprint("custodian_invitation_lists", __name__)


@bp.get("/custodian/invitation-lists")
@requires_role(CUSTODIAN)
@returns(InvitationListsSchema)
def get_lists() -> list[ListSummary]:
    """Return the lists that are stored, the newest first; each is deleted after a day."""
    return services().custodian.lists.list_all()


@bp.post("/custodian/invitation-lists")
@requires_role(CUSTODIAN)
@max_body(_JSON_BYTES)
@accepts(ListBody)
@returns(InvitationListSchema, status=201)
def post_list(body: dict[str, Any]) -> InvitationList:
    """Check a list of patients to invite; nobody is invited yet."""
    content, by = body["list"].encode(), current_caller().id
    return services().custodian.lists.check(words(), content, body["language"], by=by)


@bp.get("/custodian/invitation-lists/<list_id>")
@requires_role(CUSTODIAN)
@returns(InvitationListSchema)
def get_list(list_id: str) -> InvitationList:
    """Return a list: whom it would invite now, or the links that it issued."""
    return services().custodian.lists.get(list_id)


@bp.post("/custodian/invitation-lists/<list_id>/invite")
@requires_role(CUSTODIAN)
@accepts(ListConfirmationBody)
@returns(InvitationListSchema)
def post_invite(list_id: str, body: dict[str, Any]) -> InvitationList:
    """Issue a link for each person of a list who has no account; repeating it issues no other."""
    confirmation, by = ListConfirmation(**body), current_caller().id
    return services().custodian.lists.invite(words(), list_id, confirmation, by=by)


@bp.delete("/custodian/invitation-lists/<list_id>")
@requires_role(CUSTODIAN)
@returns(InvitationListsSchema)
def delete_list(list_id: str) -> list[ListSummary]:
    """Delete a list, and what it shows of its links, which go on working; return the others."""
    services().custodian.lists.delete(list_id, by=current_caller().id)
    return services().custodian.lists.list_all()
