"""The API of jobs: progress, cancelling, verifying everything, downloading the evidence."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Any

import orjson
from flask import Blueprint, Response

from services.auditor.service import VERIFY
from services.errors import Forbidden, NotFound
from services.jobs.queue import Job
from services.tokens import AUDITOR, CUSTODIAN, ROLES
from web.api.resources import accepts_nothing, idempotent, returns, returns_file
from web.api.schemas import JobSchema
from web.current import Caller, current_caller, services
from web.view_options import one_at_a_time, requires_role

bp = Blueprint("jobs", __name__)


@bp.get("/jobs/<job>")
@requires_role(*ROLES)
@returns(JobSchema)
def get_job(job: str) -> Job:
    """Return a job's progress, or its result."""
    return _get_job(job)


@bp.delete("/jobs/<job>")
@requires_role(*ROLES)
@returns(JobSchema)
def delete_job(job: str) -> Job:
    """Cancel a job; one that has ended stays as it is."""
    if _get_job(job).requested_by != current_caller().party:
        raise NotFound
    services().jobs.cancel(job)
    return services().jobs.get(job)


@bp.post("/verifications")
@requires_role(CUSTODIAN, AUDITOR)
@idempotent
@accepts_nothing
@returns(JobSchema, status=202)
def post_verifications() -> Job:
    """Verify ledger, store, journal, models and cards; the job holds the result."""
    caller = current_caller()
    if caller.role == CUSTODIAN and not _is_ours(caller):
        raise Forbidden("Only this organisation or an auditor can start a verification.")
    return services().auditor.start_verification(caller.party)


@bp.get("/evidence")
@requires_role(AUDITOR)
@one_at_a_time
@returns_file("application/x-ndjson")
def get_evidence() -> Response:
    """Return everything that a third party needs to verify it: one JSON object a line."""
    lines = services().auditor.evidence()
    first = next(lines, None)  # an unavailable part is reported before the first line is sent
    whole = chain([first] if first is not None else [], lines)
    return Response(_written(whole), content_type="application/x-ndjson")


def _written(lines: Iterator[dict[str, Any]]) -> Iterator[bytes]:
    for line in lines:
        yield orjson.dumps(line) + b"\n"


def _get_job(job_id: str) -> Job:
    job, caller = services().jobs.find(job_id), current_caller()
    if job is None or not (
        caller.role == AUDITOR
        or caller.party == job.requested_by
        # While it runs, a verification is also returned to the next requester.
        or (job.kind == VERIFY and caller.role == CUSTODIAN and _is_ours(caller))
    ):
        raise NotFound
    return job


def _is_ours(caller: Caller) -> bool:
    return caller.party == services().installation.organisation
