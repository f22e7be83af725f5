"""All pages: a blueprint for each part, behind one guard."""

from __future__ import annotations

from typing import Final

from flask import Blueprint

from services.accounts import PATIENT, ProofInvalid, SignatureExpired
from services.tokens import ROLES
from services.wiring import Services
from web.pages import (
    account,
    auditor,
    clinician,
    columns,
    custodian,
    erasures,
    patient,
    persons,
    public,
    researcher,
)
from web.pages.guard import PageGuard, unknown_path, unsigned
from web.view_options import public as for_anybody

BLUEPRINTS: Final[tuple[Blueprint, ...]] = (
    *public.BLUEPRINTS,
    account.bp,
    *clinician.BLUEPRINTS,
    *researcher.BLUEPRINTS,
    *custodian.BLUEPRINTS,
    columns.bp,
    erasures.bp,
    persons.bp,
    auditor.bp,
    *patient.BLUEPRINTS,
)


def pages(services: Services) -> Blueprint:
    """Return the blueprint of every page."""
    bp = Blueprint("pages", __name__)
    guard = PageGuard(services)
    bp.before_request(guard.admit)
    bp.after_request(guard.remember_language)
    for kind in (ProofInvalid, SignatureExpired):
        bp.register_error_handler(kind, unsigned)
    for part in BLUEPRINTS:
        bp.register_blueprint(part)
    for role in (PATIENT, *ROLES):
        # To a stranger what is not there looks like what is.
        bp.add_url_rule(f"/{role}/<path:rest>", f"unknown_{role}", for_anybody(unknown_path))
    return bp
