"""Whom an organisation may help, and asking somebody to permit it."""

from __future__ import annotations

from typing import Any

from consent import CATEGORIES
from services.clinician import Clinician
from services.requests.patients_in_care import PatientInCare
from web.api.route import Call


def clinician(call: Call) -> Clinician:
    """Return who asks: a person, or a token of an organisation."""
    return Clinician(call.platform, call.words, call.party, call.id)


def get_patients(call: Call) -> dict[str, Any]:
    """Who permits the caller's organisation a model's help now: the first 50, and how many."""
    found, total = clinician(call).patients(call.body["search"])
    return {"patients": [_shown(one) for one in found], "total": total}


def get_patient(call: Call) -> dict[str, Any]:
    """One of them, and what can be asked; who does not permit it looks as if not there."""
    asker = clinician(call)
    one = asker.patient(call.names["patient"])
    fits = [{"id": question.id, "title": question.title} for question in asker.questions(one)]
    return _shown(one) | {"questions": fits}


def post_care_request(call: Call) -> dict[str, Any]:
    """Ask whoever has a hospital number for permission; the same answer if nobody has it."""
    said = call.body
    categories = tuple(code for code in CATEGORIES if code in said["categories"])
    clinician(call).ask(said["number"].strip(), categories, said["days"])
    return {"is_sent": True}


def _shown(one: PatientInCare) -> dict[str, Any]:
    return {
        "patient": one.key,
        "hospital_number": one.number,
        "categories": list(one.categories),
        "until_s": one.until_s,
    }
