"""A clinician's patients, and requests for access."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, request
from werkzeug.datastructures import MultiDict

from consent import CATEGORIES
from services.clinician.patients import (
    ORDERS,
    PURPOSES,
    REQUEST_DAYS,
    CareRequest,
    PatientQuery,
)
from services.errors import Invalid
from services.tokens import CLINICIAN
from storage import ACCEPTED_DUTIES
from web.current import current_account, services, words
from web.pages.forms import first_errors
from web.pages.guard import render, render_form, see_other
from web.view_options import require_own_site, requires_role

bp = Blueprint("clinician_patients", __name__)


@bp.get("/clinician")
@requires_role(CLINICIAN)
def patients() -> Response:
    """Show a page of the patients who permit something, searched, sorted and filtered."""
    account, order = current_account(), request.args.get("order", "")
    query = PatientQuery(
        search=request.args.get("search", "").strip(),
        page=request.args.get("page", 1, type=int),
        order=order if order in ORDERS else ORDERS[0],
        is_today=request.args.get("today") == "yes",
        shows_names=request.args.get("names") == "yes",
    )
    if query.shows_names:
        require_own_site()  # each name is opened and journalled
    values = {"search": query.search, "order": query.order}
    values |= {"names": "yes"} if query.shows_names else {}
    return render(
        "clinician/patients.html",
        title=words()("menu-clinician"),
        patients=services().clinician.patients.search(account.party, account.id, query),
        values=values | ({"today": "yes"} if query.is_today else {}),
        errors={},
    )


@bp.get("/clinician/patients/<id>")
@requires_role(CLINICIAN)
def patient(id: str) -> Response:
    """Show what a patient permits, the questions that can be asked, and earlier estimates."""
    party = current_account().party
    details = services().clinician.patients.get(party, id)
    return render(
        "clinician/patient.html",
        title=words()("clinician-patient-title", number=details.patient.label),
        patient=details.patient,
        questions=details.questions,
        past=services().clinician.predictions.list_about(party, id),
    )


@bp.get("/clinician/requests")
@requires_role(CLINICIAN)
def sent_requests() -> Response:
    """Show the requests that the clinician sent, with what may be known of each reply."""
    account = current_account()
    return render(
        "clinician/requests.html",
        title=words()("menu-clinician-requests"),
        requests=services().clinician.patients.list_requests(account.party, account.id),
        is_sent=request.args.get("sent") == "yes",
    )


@bp.get("/clinician/requests/new")
@requires_role(CLINICIAN)
def access_form() -> Response:
    """Show the form that asks a patient for access; a question ticks the kinds that it uses."""
    chosen = request.args.get("question", "")
    used = {
        question.id: question.categories
        for question in services().clinician.patients.list_questions()
    }.get(chosen, ())
    values = MultiDict([("question", chosen if used else ""), *(("categories", c) for c in used)])
    values.setlist("purposes", [PURPOSES[0]] if used else [])
    return _access_form({}, values)


@bp.post("/clinician/requests/new")
@requires_role(CLINICIAN)
def request_access() -> Response:
    """Ask a person for access, if one has this number; the page is the same either way."""
    account, days = current_account(), request.form.get("days", "")
    care_request = CareRequest(
        number=request.form.get("number", ""),
        categories=request.form.getlist("categories"),
        days=int(days) if days in map(str, REQUEST_DAYS) else 0,
        reason=request.form.get("reason", ""),
        question=request.form.get("question", ""),
        purposes=request.form.getlist("purposes"),
    )
    service = services().clinician.patients
    try:
        service.request_access(account.party, account.id, care_request, words())
    except Invalid as exc:
        return _access_form(first_errors(exc), request.form)
    return see_other("/clinician/requests?sent=yes")


def _access_form(errors: Mapping[str, str], values: MultiDict[str, Any]) -> Response:
    say, questions = words(), services().clinician.patients.list_questions()
    required = {
        code
        for question in questions
        if question.id == values.get("question")
        for code in question.required
    }
    return render_form(
        "clinician/ask.html",
        title=say("menu-clinician-ask"),
        questions=[(question.id, question.title) for question in questions],
        categories=[
            (code, say(f"category-{code}"), say("ask-needed") if code in required else "")
            for code in CATEGORIES
        ],
        purposes=[(code, say(f"ask-purpose-{code}")) for code in PURPOSES],
        days=[(str(days), say("days-of", days=days)) for days in REQUEST_DAYS],
        duties=ACCEPTED_DUTIES,
        errors=errors,
        values=values,
    )
