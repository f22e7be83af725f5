"""A patient's request to be erased, its answer, and the signed receipt."""

from __future__ import annotations

from flask import Blueprint, Response

from services.accounts import PATIENT
from services.patient.erasures import ErasureStatus
from web.api.patient.schemas import ErasureStatusSchema
from web.api.resources import accepts_nothing, returns
from web.api.schemas import ObjectAnswer
from web.current import current_subject, services
from web.responses import json_response
from web.view_options import requires_role

bp = Blueprint("patient_erasure", __name__)


@bp.get("/patient/erasure")
@requires_role(PATIENT)
@returns(ErasureStatusSchema)
def get_erasure() -> ErasureStatus:
    """Return what became of the patient's newest request to be erased; null if there is none."""
    return services().patient.erasures.status(current_subject())


@bp.post("/patient/erasure")
@requires_role(PATIENT)
@accepts_nothing
@returns(ErasureStatusSchema)
def post_erasure() -> ErasureStatus:
    """Ask the custodian to erase the patient; a request that is open stays the only one."""
    return services().patient.erasures.request(current_subject())


@bp.get("/patient/erasure/receipt")
@requires_role(PATIENT)
@returns(ObjectAnswer)
def get_erasure_receipt() -> Response:
    """Return the signed receipt of the erasure."""
    return json_response(services().patient.erasures.receipt(current_subject()))
