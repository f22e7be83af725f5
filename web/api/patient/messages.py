"""A patient's questions and requests for corrections, with the answers."""

from __future__ import annotations

from flask import Blueprint

from services.accounts import PATIENT
from services.patient.messages import MessageSummary
from web.api.patient.schemas import MessageBody, MessagesSchema
from web.api.resources import accepts, returns
from web.current import current_subject, services, words
from web.view_options import requires_role

bp = Blueprint("patient_messages", __name__)


@bp.get("/patient/messages")
@requires_role(PATIENT)
@returns(MessagesSchema)
def get_messages() -> list[MessageSummary]:
    """Return the patient's messages, the newest first, each with its answer."""
    return list(services().patient.messages.list_all(current_subject(), words()))


@bp.post("/patient/messages")
@requires_role(PATIENT)
@accepts(MessageBody)
@returns(MessagesSchema, status=201)
def post_message(body: dict[str, str]) -> list[MessageSummary]:
    """Ask the custodian a question, or for the correction of a record."""
    send, subject = services().patient.messages.send, current_subject()
    return send(subject, words(), body["kind"], body["about"], body["text"])
