"""Pages on which an auditor starts a verification and reads its seven results."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, Final

import orjson
from flask import Response

from services.auditor.verification import PARTS
from services.errors import NotFound
from web.pages.page import Visit

SLOW_S: Final = 10


def run(visit: Visit) -> Response:
    """Start a verification; one that is running is shown instead."""
    job = visit.platform.auditor.start_verification(visit.me.party)
    return visit.go(f"/auditor/verify/{job.id}")


def show(visit: Visit) -> Response:
    """Verification: its progress, then its results."""
    verification = visit.platform.auditor.verification(visit.names["job"])
    job = verification.job
    if visit.is_fragment and not job.is_active:
        return Response(b"", 204, {"HX-Refresh": "true"})
    return visit.show(
        "auditor/verify_progress.html" if visit.is_fragment else "auditor/verify.html",
        title=visit.words("verify-title"),
        verification=verification,
        job=job,
        part_index=PARTS.index(job.step) if job.step in PARTS else 0,
        slow=visit.platform.clock() - job.requested_at_s > SLOW_S,
        parts=PARTS,
    )


def stop(visit: Visit) -> Response:
    """Cancel a verification; what is unchecked is then listed as not checked."""
    job_id = visit.names["job"]
    visit.platform.auditor.stop_verification(job_id)
    return visit.go(f"/auditor/verify/{job_id}")


def report(visit: Visit) -> Response:
    """The report as a JSON file."""
    verification = visit.platform.auditor.verification(visit.names["job"])
    job = verification.job
    if job.is_active:
        raise NotFound
    facts: dict[str, Any] = {
        "job": job.id,
        "asked_at_s": job.requested_at_s,
        "state": job.state,
        "agrees": verification.agrees,
        "parts": [asdict(part) for part in verification.parts],
    }
    body = orjson.dumps(facts, option=orjson.OPT_INDENT_2)
    headers = {"Content-Disposition": f'attachment; filename="verify-{job.id}.json"'}
    return Response(body, 200, headers, content_type="application/json")
