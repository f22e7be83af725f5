"""A clinician's patients: who permits my organisation something, and asking somebody to."""

from __future__ import annotations

from flask import Response

from consent import CATEGORIES
from services.clinician import Clinician
from services.clinician.clinician import DAYS
from web.pages.page import Visit


def ward(visit: Visit) -> Response:
    """Who may I help today?"""
    search = visit.query.get("search", "").strip()
    found, total = clinician(visit).patients(search)
    return visit.show(
        "clinician/ward.html",
        title=visit.words("clinician-title"),
        found=found,
        total=total,
        values={"search": search},
        errors={},
    )


def patient(visit: Visit) -> Response:
    """What may I do?"""
    asker = clinician(visit)
    one = asker.patient(visit.names["id"])
    title = visit.words("clinician-patient-title", number=one.number or one.key[:8])
    return visit.show(
        "clinician/patient.html", title=title, one=one, questions=asker.questions(one)
    )


def ask(visit: Visit, errors: dict[str, str] | None = None) -> Response:
    """How do I ask?"""
    return visit.show(
        "clinician/ask.html",
        title=visit.words("ask-title"),
        categories=[(code, visit.words(f"category-{code}")) for code in CATEGORIES],
        days=[(str(days), visit.words("days-of", days=days)) for days in DAYS],
        errors=errors or {},
        values=visit.form,
    )


def send(visit: Visit) -> Response:
    """Ask a person, if there is one of this number; the answer is the same either way."""
    form = visit.form
    number = form.get("number", "").strip()
    categories = tuple(code for code in CATEGORIES if code in form.getlist("categories"))
    days = form.get("days", "")
    errors = {}
    if not number:
        errors["number"] = visit.words("error-needed", what=visit.words("ask-number").lower())
    if not categories:
        errors["categories"] = visit.words("error-choose", what=visit.words("records-kinds"))
    if days not in {str(one) for one in DAYS}:
        errors["days"] = visit.words("error-choose", what=visit.words("ask-end-what"))
    if errors:
        return ask(visit, errors)
    clinician(visit).ask(number, categories, int(days))
    return visit.show("clinician/sent.html", title=visit.words("ask-sent-title"))


def clinician(visit: Visit) -> Clinician:
    """Return who asks."""
    return Clinician(visit.platform, visit.words, visit.me.party, visit.me.id)
