"""A patient's permissions: the list, each one with its state, its receipt and its uses."""

from __future__ import annotations

from flask import Blueprint, Response, request

from services.accounts import PATIENT
from services.patient.consents import ConsentSummary
from web.current import current_subject, services, words
from web.pages.guard import render
from web.pages.signing import TermRow, signed_rows
from web.responses import json_file
from web.view_options import requires_role

bp = Blueprint("patient_consents", __name__)


@bp.get("/patient/consents")
@requires_role(PATIENT)
def consents() -> Response:
    """Show every permission."""
    consents = services().patient.consents.list_all(current_subject(), words())
    permissions = [consent for consent in consents.consents if consent.sentence]
    requests = services().patient.requests.list_all(current_subject(), words())
    return render(
        "patient/permissions.html",
        title=words()("consents-title"),
        current=[consent for consent in permissions if consent.is_current],
        ended=[consent for consent in permissions if not consent.is_current],
        closed=[request for request in requests if request.is_closed],
        is_checked=consents.is_checked,
    )


@bp.get("/patient/consents/<id>")
@requires_role(PATIENT)
def consent(id: str) -> Response:
    """Show the state of a permission, what it allows, and the uses under it."""
    consent = services().patient.consents.get(current_subject(), words(), id)
    return render(
        "patient/permission.html",
        title=words()(f"consent-title-{'overridden' if consent.is_overridden else consent.state}"),
        consent=consent,
        rows=_rows(consent),
        is_repeated=request.args.get("new") == "again",
        site=services().installation.site.origin,
        printed_at_s=services().installation.clock(),
    )


@bp.get("/patient/consents/<id>/state")
@requires_role(PATIENT)
def state(id: str) -> Response:
    """Show the state alone, for the page that waits for the ledger."""
    consent = services().patient.consents.find(current_subject(), words(), id)
    return render("patient/permission_state.html", title="", consent=consent)


@bp.get("/patient/consents/<id>/receipt")
@requires_role(PATIENT)
def receipt(id: str) -> Response:
    """Return the patient's own proof as a file: every term as signed, and the ledger."""
    receipt = services().patient.consents.receipt(current_subject(), words(), id)
    return json_file(receipt, f"permission-{id[:8]}.json")


def _rows(consent: ConsentSummary) -> list[TermRow]:
    """Return every term as it was signed; none if the terms cannot be read."""
    if consent.terms is None:
        return []
    terms, records = consent.terms, services().patient.records
    names = records.name_few(current_subject(), words(), terms.records)
    return signed_rows(words(), terms, consent.not_after_s, consent.recipient_name, names)
