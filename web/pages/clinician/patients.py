"""A clinician's patients, and requests for access."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, Response, request

from consent import CATEGORIES
from services.clinician.patients import REQUEST_DAYS, CareRequest
from services.errors import Invalid
from services.tokens import CLINICIAN
from web.current import current_account, services, words
from web.pages.forms import first_errors
from web.pages.guard import render
from web.view_options import requires_role

bp = Blueprint("clinician_patients", __name__)


@bp.get("/clinician")
@requires_role(CLINICIAN)
def patients() -> Response:
    """Show the patients who permit a prediction, and find one by hospital number."""
    search = request.args.get("search", "").strip()
    return render(
        "clinician/patients.html",
        title=words()("menu-clinician"),
        patients=services().clinician.patients.search(current_account().party, search),
        values={"search": search},
        errors={},
    )


@bp.get("/clinician/patients/<id>")
@requires_role(CLINICIAN)
def patient(id: str) -> Response:
    """Show what a patient permits, and the questions that can be asked."""
    details = services().clinician.patients.get(current_account().party, id)
    number = details.patient.number or details.patient.key[:8]
    return render(
        "clinician/patient.html",
        title=words()("clinician-patient-title", number=number),
        patient=details.patient,
        questions=details.questions,
    )


@bp.get("/clinician/requests/new")
@requires_role(CLINICIAN)
def access_form() -> Response:
    """Show the form that asks a patient for access."""
    return _access_form({})


@bp.post("/clinician/requests/new")
@requires_role(CLINICIAN)
def request_access() -> Response:
    """Ask a person for access, if one has this number; the page is the same either way."""
    account, days = current_account(), request.form.get("days", "")
    care_request = CareRequest(
        number=request.form.get("number", ""),
        categories=request.form.getlist("categories"),
        days=int(days) if days in map(str, REQUEST_DAYS) else 0,
    )
    service = services().clinician.patients
    try:
        service.request_access(account.party, account.id, care_request, words())
    except Invalid as exc:
        return _access_form(first_errors(exc))
    return render("clinician/sent.html", title=words()("ask-sent-title"))


def _access_form(errors: Mapping[str, str]) -> Response:
    say = words()
    return render(
        "clinician/ask.html",
        title=say("menu-clinician-ask"),
        categories=[(code, say(f"category-{code}")) for code in CATEGORIES],
        days=[(str(days), say("days-of", days=days)) for days in REQUEST_DAYS],
        errors=errors,
        values=request.form,
    )
