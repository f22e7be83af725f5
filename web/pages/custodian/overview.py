"""Says whether all is well: what is held, what is away, and what waits for somebody."""

from __future__ import annotations

from flask import Response

from services.custodian import overview as keeping
from web.pages.page import Visit


def show(visit: Visit) -> Response:
    """Is all well?"""
    return visit.show(
        "custodian/overview.html",
        title=visit.words("custodian-title"),
        health=keeping.health(visit.platform),
        held=keeping.held(visit.platform),
    )
