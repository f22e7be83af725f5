"""The custodian's API about whose records are whose: patients under two numbers."""

from __future__ import annotations

from flask import Blueprint

from services.custodian.links import LinkedPatients
from services.tokens import CUSTODIAN
from web.api.custodian.schemas import (
    LinkBody,
    LinkDecisionBody,
    LinkedPatientsSchema,
    LinksSchema,
)
from web.api.resources import accepts, returns
from web.current import current_caller, services, words
from web.view_options import requires_role

bp = Blueprint("custodian_persons", __name__)
"""Registered below the routes of the organisation that operates this installation."""


@bp.get("/custodian/links")
@requires_role(CUSTODIAN)
@returns(LinksSchema)
def get_links() -> list[LinkedPatients]:
    """Return the newest 200 links: those that wait first, then those in force."""
    return services().custodian.links.list_all()


@bp.post("/custodian/links")
@requires_role(CUSTODIAN)
@accepts(LinkBody)
@returns(LinkedPatientsSchema)
def post_link(body: dict[str, str]) -> LinkedPatients:
    """Propose that two hospital numbers are one person's; a known pair is returned as it is."""
    return services().custodian.links.propose(
        words(), body["number"], body["other"], by=current_caller().id
    )


@bp.post("/custodian/links/<link>/decision")
@requires_role(CUSTODIAN)
@accepts(LinkDecisionBody)
@returns(LinkedPatientsSchema)
def post_link_decision(link: str, body: dict[str, str]) -> LinkedPatients:
    """Confirm, dismiss or undo a link; the same decision again changes nothing."""
    service = services().custodian.links
    decide = {"confirm": service.confirm, "dismiss": service.dismiss, "undo": service.undo}
    return decide[body["decision"]](link, by=current_caller().id)
