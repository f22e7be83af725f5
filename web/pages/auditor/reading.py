"""Pages on which an auditor reads the ledger status, the anchors and the journal."""

from __future__ import annotations

from dataclasses import asdict
from typing import Final
from urllib.parse import urlencode

from flask import Response

from services.auditor.journal import JournalSearch
from web.pages.page import Visit

_SEARCH: Final = ("kind", "party", "purpose", "outcome")
_MAX_SEARCH: Final = 128
_MAX_ROW_DIGITS: Final = 15


def standing(visit: Visit) -> Response:
    """Ledger status."""
    status = visit.platform.auditor.status()
    return visit.show("auditor/standing.html", title=visit.words("auditor-title"), status=status)


def anchors(visit: Visit) -> Response:
    """Anchors."""
    found = visit.platform.auditor.anchors()
    return visit.show("auditor/anchors.html", title=visit.words("anchors-title"), anchors=found)


def journal(visit: Visit) -> Response:
    """Journal."""
    search = JournalSearch(
        **{name: visit.query.get(name, "").strip()[:_MAX_SEARCH] for name in _SEARCH}
    )
    text = visit.query.get("before", "")
    is_row = text.isascii() and text.isdigit() and len(text) <= _MAX_ROW_DIGITS
    page = visit.platform.auditor.journal(search, int(text) if is_row else None)
    filters = {name: value for name, value in asdict(search).items() if value}
    older = f"/auditor/journal?{urlencode({**filters, 'before': page.older_before})}"
    return visit.show(
        "auditor/journal.html",
        title=visit.words("audit-journal-title"),
        journal=page,
        values=asdict(search),
        older=older if page.older_before else "",
    )
