"""Help for a patient: questions about a line, corrections of a record, and the answers."""

from __future__ import annotations

from flask import Blueprint, Response, request

from services.accounts import PATIENT
from services.errors import Invalid, NotFound
from services.requests.messages import CORRECTION, QUESTION
from web.current import current_subject, services, words
from web.pages.forms import first_errors
from web.pages.guard import render_form, see_other
from web.view_options import requires_role

bp = Blueprint("patient_messages", __name__)


@bp.get("/patient/help")
@requires_role(PATIENT)
def messages() -> Response:
    """Show the contact, the form to ask, and every message with its answer."""
    kind = CORRECTION if request.args.get("record") else QUESTION
    about = request.args.get("record", "") or request.args.get("line", "")
    return _page({}, {"kind": kind, "about": about})


@bp.post("/patient/help")
@requires_role(PATIENT)
def send() -> Response:
    """Send a question or a request for a correction; the page then lists it."""
    form = request.form
    kind, about, text = form.get("kind", ""), form.get("about", ""), form.get("text", "")
    try:
        services().patient.messages.send(current_subject(), words(), kind, about, text)
    except Invalid as exc:
        return _page(first_errors(exc), dict(form))
    return see_other("/patient/help?done=yes")


def _page(errors: dict[str, str], values: dict[str, str]) -> Response:
    service, subject, say = services().patient.messages, current_subject(), words()
    kind, about = values.get("kind", QUESTION), values.get("about", "")
    description = service.describe(subject, say, kind, about)
    if about and not description:
        raise NotFound
    return render_form(
        "patient/help.html",
        title=say("ask-us-title"),
        errors=errors,
        values=values,
        description=description,
        is_sent=request.args.get("done") == "yes",
        contact=services().information.contact(say.language),
        messages=service.list_all(subject, say),
    )
