"""The custodian's API for patients who ask to be erased: record, decide, receipt."""

from __future__ import annotations

from flask import Blueprint, Response

from services.custodian.erasures import PendingErasure
from services.tokens import CUSTODIAN
from web.api.custodian.schemas import (
    ErasureBody,
    ErasureDecisionBody,
    ErasuresSchema,
    PendingErasureSchema,
)
from web.api.resources import accepts, returns
from web.api.schemas import ObjectAnswer
from web.current import current_caller, services, words
from web.responses import json_response
from web.view_options import requires_role

bp = Blueprint("erasures", __name__)
"""Registered below the routes of the organisation that operates this installation."""


@bp.get("/custodian/erasures")
@requires_role(CUSTODIAN)
@returns(ErasuresSchema)
def get_erasures() -> list[PendingErasure]:
    """Return the newest requests to be erased, the open ones first."""
    return services().custodian.erasures.list_all()


@bp.post("/custodian/erasures")
@requires_role(CUSTODIAN)
@accepts(ErasureBody)
@returns(PendingErasureSchema)
def post_erasure(body: dict[str, str]) -> PendingErasure:
    """Record the request of a patient who asked in person; an open one stays the only one."""
    return services().custodian.erasures.record(
        words(), body["number"], body["identity"], by=current_caller().id
    )


@bp.post("/custodian/erasures/<erasure>/decision")
@requires_role(CUSTODIAN)
@accepts(ErasureDecisionBody)
@returns(PendingErasureSchema)
def post_erasure_decision(erasure: str, body: dict[str, str]) -> PendingErasure:
    """Approve a request, which a job carries out, or refuse it; the first decision is final."""
    erasures, by = services().custodian.erasures, current_caller().id
    if body["decision"] == "approve":
        return erasures.approve(erasure, by=by)
    return erasures.refuse(words(), erasure, body["reason"], by=by)


@bp.get("/custodian/erasures/<erasure>/receipt")
@requires_role(CUSTODIAN)
@returns(ObjectAnswer)
def get_erasure_receipt(erasure: str) -> Response:
    """Return the signed receipt of an erasure that was carried out."""
    return json_response(services().custodian.erasures.receipt(erasure))
