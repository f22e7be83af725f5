"""What an auditor does on the pages, for programs: joins this package's routes."""

from __future__ import annotations

from typing import Any, Final

from services.schemas import NothingSchema
from web.api.auditor import reading
from web.api.auditor import schemas as _S
from web.api.route import AUDITORS, JSON, Route, View
from web.api.schemas import JobAnswer


def _get(path: str, view: View, gives: Any, media: str = JSON) -> Route:
    return Route("GET", path, view, AUDITORS, gives=gives, media=media)


ROUTES: Final[tuple[Route, ...]] = (
    _get("/auditor/standing", reading.get_standing, _S.StandsAllAnswer),
    _get("/auditor/anchors", reading.get_anchors, _S.AnchorsAnswer),
    Route(
        "GET",
        "/auditor/journal",
        reading.get_journal,
        AUDITORS,
        _S.JournalSchema,
        gives=_S.AuditJournalAnswer,
    ),
    Route(
        "POST",
        "/auditor/evidence",
        reading.post_bundle,
        AUDITORS,
        NothingSchema,
        202,
        keeps=True,
        gives=JobAnswer,
    ),
    _get("/auditor/evidence/{job}", reading.get_bundle, None, reading.NDJSON),
)
