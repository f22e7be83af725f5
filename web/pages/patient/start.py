"""A patient's first page: what waits, what is in force, the last uses, and the way to stop."""

from __future__ import annotations

from flask import Response

from services.patient.lines import shown
from services.patient.standing import is_deny, standings
from web.pages.page import Visit

LAST_USES = 3


def start(visit: Visit) -> Response:
    """Does anything need me?"""
    asking = visit.platform.asking
    waiting = asking.requests.list_waiting(visit.subject)
    found, is_checked = standings(visit)
    lines, _ = asking.history.list_entries(visit.subject)
    return visit.show(
        "patient/start.html",
        title=visit.words("patient-title" if waiting else "patient-title-none"),
        waiting=[(one, asking.party_name(one.details.party)) for one in waiting],
        active=[
            (one, asking.party_name(one.terms.recipient) if one.terms else "")
            for one in found
            if one.kind in ("active", "recording", "unknown") and not is_deny(one)
        ],
        lines=[shown(visit, one) for one in lines[:LAST_USES]],
        is_checked=is_checked,
    )
