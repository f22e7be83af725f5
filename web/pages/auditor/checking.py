"""Checks everything as a job, and shows what the seven checks found."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, Final

import orjson
from flask import Response

from services.auditor.verification import DIFFERS, PARTS, UNCHECKED, Checked
from services.errors import NotFound
from services.jobs.queue import DONE, OVER, Job
from web.pages.page import Visit

KIND: Final = "verify"
SLOW_S: Final = 10


def run(visit: Visit) -> Response:
    """Begin a check; one that runs already is shown in its place."""
    jobs = visit.platform.jobs
    alive = [job for job in jobs.all() if job.kind == KIND and job.state not in OVER]
    job = alive[0] if alive else jobs.add(KIND, {}, visit.me.party)
    return visit.go(f"/auditor/verify/{job.id}")


def show(visit: Visit) -> Response:
    """Does it all fit together?"""
    job = _require(visit)
    if visit.is_fragment and job.state in OVER:
        return Response(b"", 204, {"HX-Refresh": "true"})
    found = _found(job)
    place = PARTS.index(job.step) if job.step in PARTS else 0
    slow = visit.platform.clock() - job.asked_at_s > SLOW_S
    return visit.show(
        "auditor/verify_progress.html" if visit.is_fragment else "auditor/verify.html",
        title=visit.words("verify-title"),
        job=job,
        is_over=job.state in OVER,
        found=found,
        place=place,
        slow=slow,
        parts=PARTS,
        differs=[one for one in found if one.state == DIFFERS],
        unchecked=[one for one in found if one.state == UNCHECKED],
    )


def stop(visit: Visit) -> Response:
    """End a check; what was not checked is then listed as not checked."""
    job = _require(visit)
    visit.platform.jobs.cancel(job.id)
    return visit.go(f"/auditor/verify/{job.id}")


def report(visit: Visit) -> Response:
    """The report as a JSON file."""
    job = _require(visit)
    if job.state not in OVER:
        raise NotFound
    told: dict[str, Any] = {
        "job": job.id,
        "asked_at_s": job.asked_at_s,
        "state": job.state,
        "agrees": bool(job.result and job.result["agrees"]),
        "parts": [asdict(one) for one in _found(job)],
    }
    body = orjson.dumps(told, option=orjson.OPT_INDENT_2)
    name = f'attachment; filename="verify-{job.id}.json"'
    headers = {"Content-Disposition": name}
    return Response(body, 200, headers, content_type="application/json")


def _require(visit: Visit) -> Job:
    job = visit.platform.jobs.find(visit.names["job"])
    if job is None or job.kind != KIND:
        raise NotFound
    return job


def _found(job: Job) -> list[Checked]:
    """Return the seven; a check that did not end has checked nothing that counts."""
    if job.state == DONE and job.result and "parts" in job.result:
        return [Checked(**one) for one in job.result["parts"]]
    return [Checked(part, UNCHECKED, what=job.error) for part in PARTS]
