"""A clinician's patients: who permits my organisation something, and asking somebody to."""

from __future__ import annotations

import time

from flask import Response

from consent import CATEGORIES
from web.asking import Wanted
from web.pages.page import Visit

SHOWN = 50
DAYS = (30, 90, 365)
ASK_S = 0.05
"""Asking takes at least so long, whether the person exists or not."""


def ward(visit: Visit) -> Response:
    """Who may I help today?"""
    search = visit.query.get("search", "").strip()
    found, total = visit.platform.asking.care.patients(visit.me.party, search, SHOWN)
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
    one = visit.platform.asking.care.patient(visit.me.party, visit.names["id"])
    fits = [
        question
        for question in visit.platform.diagnostics.questions()
        if set(question.required) <= set(one.categories)
    ]
    title = visit.words("clinician-patient-title", number=one.number or one.key[:8])
    return visit.show("clinician/patient.html", title=title, one=one, questions=fits)


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
    form, began_s = visit.form, time.monotonic()
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
    send_request(visit, number, categories, int(days))
    time.sleep(max(0.0, ASK_S - (time.monotonic() - began_s)))
    return visit.show("clinician/sent.html", title=visit.words("ask-sent-title"))


def send_request(visit: Visit, number: str, categories: tuple[str, ...], days: int) -> None:
    """Ask whoever has this hospital number, if anybody."""
    asking = visit.platform.asking
    subject = asking.directory.find(number)
    purposes, condition = ("TREATDS",), visit.words("ask-condition")
    wanted = Wanted(visit.me.party, "care", purposes, categories, "", "", days, condition)
    asking.requests.send(wanted, [subject] if subject else [], visit.me.id)
