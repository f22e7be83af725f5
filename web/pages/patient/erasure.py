"""A patient asks to be erased, reads the answer, and keeps the signed receipt."""

from __future__ import annotations

from flask import Blueprint, Response

from services.accounts import PATIENT
from web.current import current_subject, services, words
from web.pages.guard import render, see_other
from web.responses import json_file
from web.view_options import requires_role

bp = Blueprint("patient_erasure", __name__)


@bp.get("/patient/erasure")
@requires_role(PATIENT)
def erasure() -> Response:
    """Show what an erasure deletes and what stays, and what became of the patient's request."""
    status = services().patient.erasures.status(current_subject())
    return render("patient/erasure.html", title=words()("erasure-title"), erasures=status)


@bp.post("/patient/erasure")
@requires_role(PATIENT)
def request_erasure() -> Response:
    """Ask the custodian for the erasure; a repeated form changes nothing."""
    services().patient.erasures.request(current_subject())
    return see_other("/patient/erasure")


@bp.get("/patient/erasure/receipt")
@requires_role(PATIENT)
def receipt() -> Response:
    """Return the signed receipt as a file."""
    return json_file(services().patient.erasures.receipt(current_subject()), "erasure.json")
