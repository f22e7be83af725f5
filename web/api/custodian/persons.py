"""The custodian's API about whose records are whose, and their earlier versions."""

from __future__ import annotations

from typing import Any

from flask import Blueprint

from services.custodian.deaths import DeceasedPatient
from services.custodian.history import HistoryState
from services.custodian.links import LinkedPatients
from services.custodian.moves import FiledRecord, MoveResult
from services.tokens import CUSTODIAN
from web.api.custodian.schemas import (
    DeathBody,
    DeceasedSchema,
    FiledRecordsSchema,
    HistoryRuleBody,
    HistoryStateSchema,
    LinkBody,
    LinkDecisionBody,
    LinkedPatientsSchema,
    LinksSchema,
    MoveResultSchema,
    NumberBody,
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


@bp.get("/custodian/deceased")
@requires_role(CUSTODIAN)
@returns(DeceasedSchema)
def get_deceased() -> list[DeceasedPatient]:
    """Return the newest 200 patients who are noted as deceased."""
    return services().custodian.deaths.list_all()


@bp.post("/custodian/deceased")
@requires_role(CUSTODIAN)
@accepts(DeathBody)
@returns(DeceasedSchema)
def post_deceased(body: dict[str, Any]) -> list[DeceasedPatient]:
    """Note that a patient has died, or take the note back."""
    return services().custodian.deaths.note(
        words(), body["number"], has_died=body["has_died"], by=current_caller().id
    )


@bp.get("/custodian/versions")
@requires_role(CUSTODIAN)
@returns(HistoryStateSchema)
def get_versions() -> HistoryState:
    """Return the rule for earlier versions, and how many are stored."""
    return services().custodian.history.get()


@bp.post("/custodian/versions")
@requires_role(CUSTODIAN)
@accepts(HistoryRuleBody)
@returns(HistoryStateSchema)
def post_versions(body: dict[str, bool]) -> HistoryState:
    """Keep earlier versions from now on, or destroy them with all that are stored."""
    return services().custodian.history.set(keeps=body["keeps"], by=current_caller().id)


@bp.post("/custodian/filed-records")
@requires_role(CUSTODIAN)
@accepts(NumberBody)
@returns(FiledRecordsSchema)
def post_filed_records(body: dict[str, str]) -> list[FiledRecord]:
    """Return the records of a hospital number, the newest day first; none is opened."""
    return services().custodian.moves.list_records(words(), body["number"])


@bp.post("/custodian/records/<record>/move")
@requires_role(CUSTODIAN)
@accepts(NumberBody)
@returns(MoveResultSchema)
def post_move(record: str, body: dict[str, str]) -> MoveResult:
    """Move a record that was filed under the wrong patient to the one of this number."""
    return services().custodian.moves.move(words(), record, body["number"], by=current_caller().id)
