"""Requests to a patient, their answers, and the permissions to sign."""

from __future__ import annotations

import datetime
from typing import Any

from flask import Blueprint

from services.accounts import PATIENT
from services.patient.requests import LESS, GrantReview, RequestDetail, RequestSummary
from services.requests.choices import Choice
from web.api.patient.schemas import (
    AnswerBody,
    RequestDetailSchema,
    RequestsSchema,
    ReviewSchema,
)
from web.api.resources import accepts, accepts_nothing, returns
from web.current import current_account, current_subject, services, words
from web.view_options import requires_role

bp = Blueprint("patient_requests", __name__)


@bp.get("/patient/requests")
@requires_role(PATIENT)
@returns(RequestsSchema)
def get_requests() -> list[RequestSummary]:
    """Return every request to the patient, the newest first."""
    return services().patient.requests.list_all(current_subject(), words())


@bp.get("/patient/requests/<request>")
@requires_role(PATIENT)
@returns(RequestDetailSchema)
def get_request(request: str) -> RequestDetail:
    """Return one request, with the sentences that explain it and the choice so far."""
    return services().patient.requests.get(current_subject(), words(), request)


@bp.post("/patient/requests/<request>/answer")
@requires_role(PATIENT)
@accepts(AnswerBody)
@returns(RequestDetailSchema)
def post_answer(request: str, body: dict[str, Any]) -> RequestDetail:
    """Answer yes, less or no; a yes is in force only when it is signed."""
    requests, subject = services().patient.requests, current_subject()
    choice = None
    if body["answer"] == LESS:
        latest_end = requests.get(subject, words(), request).latest_end
        choice = _choice(body, latest_end)
    return requests.answer(subject, words(), request, body["answer"], choice)


@bp.post("/patient/requests/<request>/reconsider")
@requires_role(PATIENT)
@accepts_nothing
@returns(RequestDetailSchema)
def post_reconsider(request: str) -> RequestDetail:
    """Open a declined request again for 30 days; nothing changes for any other."""
    return services().patient.requests.reconsider(current_subject(), words(), request)


@bp.post("/patient/requests/<request>/signing")
@requires_role(PATIENT)
@accepts_nothing
@returns(ReviewSchema)
def post_signing_of_request(request: str) -> GrantReview:
    """Return the chosen permission to sign: the sentences, the terms, the challenge."""
    return services().patient.requests.prepare_grant(current_account(), words(), request)


def _choice(body: dict[str, Any], latest_end: str) -> Choice:
    return Choice(
        purposes=tuple(body["purposes"]),
        categories=tuple(body["categories"]),
        data_from=_iso(body["data_from"]),
        data_to=_iso(body["data_to"]),
        ends_on=_iso(body["ends_on"]) or latest_end,
        may_copy=body["may_copy"],
        left_out=tuple(body["left_out"]),
    )


def _iso(day: datetime.date | None) -> str:
    return day.isoformat() if day else ""
