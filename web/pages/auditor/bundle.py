"""Pages on which an auditor requests, follows and downloads an evidence bundle."""

from __future__ import annotations

from flask import Response, send_file

from web.pages.page import Visit


def evidence(visit: Visit) -> Response:
    """Export evidence."""
    status = visit.platform.auditor.evidence_status()
    if visit.is_fragment and status.active is None:
        return Response(b"", 204, {"HX-Refresh": "true"})
    return visit.show(
        "auditor/evidence_progress.html" if visit.is_fragment else "auditor/evidence.html",
        title=visit.words("evidence-title"),
        status=status,
    )


def make(visit: Visit) -> Response:
    """Start a bundle, unless one is being written."""
    visit.platform.auditor.start_bundle(visit.me.party)
    return visit.go("/auditor/evidence")


def download(visit: Visit) -> Response:
    """The bundle as a file: one JSON object a line."""
    path = visit.platform.auditor.bundle_path(visit.names["job"])
    return send_file(
        path.absolute(), "application/x-ndjson", as_attachment=True, download_name="evidence.ndjson"
    )
