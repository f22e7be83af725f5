"""The API under /api/v1: a blueprint for each part, behind one guard."""

from __future__ import annotations

from typing import Final

from flask import Blueprint, Response, current_app

from services.wiring import Services
from web.api import auditor, clinician, custodian, information, jobs, patient, people, researcher
from web.api.guard import ApiGuard
from web.current import services
from web.openapi import describe
from web.responses import json_response
from web.view_options import public as for_anybody

PREFIX: Final = "/api/v1"


BLUEPRINTS: Final[tuple[Blueprint, ...]] = (
    people.bp,
    information.bp,
    jobs.bp,
    *patient.BLUEPRINTS,
    clinician.bp,
    *researcher.BLUEPRINTS,
    custodian.bp,
    auditor.bp,
)


def api(services: Services) -> Blueprint:
    """Return the blueprint of every route, and of the description of all of them."""
    bp = Blueprint("api", __name__, url_prefix=PREFIX)
    bp.before_request(ApiGuard(services).admit)
    for part in BLUEPRINTS:
        bp.register_blueprint(part)
    bp.add_url_rule("/openapi.json", "openapi", for_anybody(_openapi))
    return bp


def _openapi() -> Response:
    """Return the description of the API in OpenAPI 3.1."""
    version = services().installation.version
    return json_response(describe(current_app, version))
