"""What an auditor reads: where everything stands, the anchors, the journal without content."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlencode

from flask import Response

from consent import ConsentError
from services.auditor import status as auditing
from web.pages.page import Visit

ANCHORS: Final = 50
_SEARCH: Final = ("kind", "party", "purpose", "outcome")
_MOST_SEARCH: Final = 128
_MOST_ROW: Final = 15


def standing(visit: Visit) -> Response:
    """Where does everything stand?"""
    platform = visit.platform
    try:
        view = platform.ledger.view()
    except ConsentError:
        view = None
    checks = [job for job in platform.jobs.all() if job.kind == "verify"][:5]
    return visit.show(
        "auditor/standing.html",
        title=visit.words("auditor-title"),
        stands=auditing.standing(platform),
        view=view,
        checks=checks,
    )


def anchors(visit: Visit) -> Response:
    """What was put on the chain?"""
    found = auditing.anchors(visit.platform, ANCHORS)
    return visit.show("auditor/anchors.html", title=visit.words("anchors-title"), anchors=found)


def journal(visit: Visit) -> Response:
    """What happened, without content?"""
    search = {name: visit.query.get(name, "").strip()[:_MOST_SEARCH] for name in _SEARCH}
    told = visit.query.get("before", "")
    is_row = told.isascii() and told.isdigit() and len(told) <= _MOST_ROW
    found = auditing.journal(visit.platform, search, int(told) if is_row else None)
    asked = {name: value for name, value in search.items() if value}
    older = f"/auditor/journal?{urlencode({**asked, 'before': found.before})}"
    return visit.show(
        "auditor/journal.html",
        title=visit.words("audit-journal-title"),
        found=found,
        values=search,
        older=older if found.before else "",
    )
