"""Jobs: their progress, cancelling one, verifying everything, downloading the evidence."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Any

import orjson
from flask import Response

from services.errors import Forbidden, NotFound
from services.jobs.queue import Job
from services.tokens import AUDITOR, CUSTODIAN
from web.api.route import Call
from web.api.schemas import JobAnswer


def accepted(call: Call, kind: str, arguments: dict[str, Any]) -> dict[str, Any]:
    """Queue a job of the caller's party and return it as JSON."""
    return job_shown(call.platform.jobs.enqueue(kind, arguments, call.party))


def get_job(call: Call) -> dict[str, Any]:
    """A job's progress, or its result."""
    return job_shown(_require_job(call))


def delete_job(call: Call) -> dict[str, Any]:
    """Cancel a job; one that has ended stays as it is."""
    job = _require_job(call)
    call.require_own(job.requested_by)
    call.platform.jobs.cancel(job.id)
    return job_shown(call.platform.jobs.get(job.id))


def post_verifications(call: Call) -> dict[str, Any]:
    """Verify ledger, store, journal, models and cards; the job holds the result."""
    if call.role == CUSTODIAN and call.party != call.platform.organisation:
        raise Forbidden("only this organisation or an auditor can start a verification")
    return job_shown(call.platform.auditor.start_verification(call.party))


def get_evidence(call: Call) -> Response:
    """Everything that a third party needs to verify it: one JSON object a line."""
    lines = call.platform.auditor.evidence()
    first = next(lines, None)  # an unavailable part is reported before the first line is sent
    whole = chain([first] if first is not None else [], lines)
    return Response(_written(whole), content_type="application/x-ndjson")


def job_shown(job: Job) -> dict[str, Any]:
    """Return a job as JSON."""
    answer: dict[str, Any] = JobAnswer().dump(job)
    return answer


def _written(lines: Iterator[dict[str, Any]]) -> Iterator[bytes]:
    for line in lines:
        yield orjson.dumps(line) + b"\n"


def _require_job(call: Call) -> Job:
    job = call.platform.jobs.find(call.names["job"])
    if job is None or not _may_read(call, job):
        raise NotFound
    return job


def _may_read(call: Call, job: Job) -> bool:
    # A verification that somebody else started is returned to this organisation, too.
    is_verification = job.kind == "verify" and call.party == call.platform.organisation
    is_custodian = call.role == CUSTODIAN and is_verification
    return call.role == AUDITOR or job.requested_by == call.party or is_custodian
