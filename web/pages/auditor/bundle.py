"""Makes the evidence bundle as a job, says what is in it, and hands it out."""

from __future__ import annotations

from flask import Response, send_file

from services.auditor.bundle import KIND, begin_bundle, is_ready, ready_bundle
from services.jobs.queue import DONE, OVER
from web.pages.page import Visit


def evidence(visit: Visit) -> Response:
    """What may I take away?"""
    jobs = [job for job in visit.platform.jobs.all() if job.kind == KIND]
    alive = [job for job in jobs if job.state not in OVER]
    ready = [job for job in jobs if is_ready(visit.platform, job)]
    job = alive[0] if alive else None
    if visit.is_fragment and job is None:
        return Response(b"", 204, {"HX-Refresh": "true"})
    return visit.show(
        "auditor/evidence_progress.html" if visit.is_fragment else "auditor/evidence.html",
        title=visit.words("evidence-title"),
        job=job,
        ready=ready[0] if ready else None,
        failed=bool(jobs and jobs[0].state in OVER and jobs[0].state != DONE),
    )


def make(visit: Visit) -> Response:
    """Begin a bundle; one that is being made already is waited for."""
    begin_bundle(visit.platform, visit.me.party)
    return visit.go("/auditor/evidence")


def download(visit: Visit) -> Response:
    """The bundle as a file: one JSON object a line."""
    path = ready_bundle(visit.platform, visit.names["job"])
    return send_file(
        path.absolute(), "application/x-ndjson", as_attachment=True, download_name="evidence.ndjson"
    )
