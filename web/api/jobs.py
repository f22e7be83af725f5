"""Long work: how far a job is, stopping it, checking everything, handing out the evidence."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Any

import orjson
from flask import Response

from services.auditor.verification import evidence
from services.errors import Forbidden, NotFound
from services.jobs.queue import Job
from services.tokens import AUDITOR, CUSTODIAN
from web.api.route import Call


def accepted(call: Call, kind: str, arguments: dict[str, Any]) -> dict[str, Any]:
    """Write down a job of the caller's party and return it as JSON."""
    return job_shown(call.platform.jobs.add(kind, arguments, call.party))


def get_job(call: Call) -> dict[str, Any]:
    """How far a job is, or what came of it."""
    return job_shown(_require_job(call))


def delete_job(call: Call) -> dict[str, Any]:
    """Ask a job to end; one that is over stays as it is."""
    job = _require_job(call)
    call.require_own(job.asked_by)
    call.platform.jobs.cancel(job.id)
    return job_shown(call.platform.jobs.require(job.id))


def post_verifications(call: Call) -> dict[str, Any]:
    """Check ledger, safe, journal, models and cards against each other; the job has the result."""
    if call.role == CUSTODIAN and call.party != call.platform.organisation:
        raise Forbidden("this organisation has its own records checked, and auditors do")
    return accepted(call, "verify", {})


def get_evidence(call: Call) -> Response:
    """Everything that a stranger needs to check all of it: one JSON object a line."""
    lines = evidence(call.platform)
    first = next(lines, None)  # what is away is away before the first line leaves
    whole = chain([first] if first is not None else [], lines)
    return Response(_written(whole), content_type="application/x-ndjson")


def job_shown(job: Job) -> dict[str, Any]:
    """Return a job as JSON."""
    hidden = ("arguments", "asked_by", "attempts")
    return {name: getattr(job, name) for name in Job.__slots__ if name not in hidden}


def _written(lines: Iterator[dict[str, Any]]) -> Iterator[bytes]:
    for line in lines:
        yield orjson.dumps(line) + b"\n"


def _require_job(call: Call) -> Job:
    job = call.platform.jobs.find(call.names["job"])
    if job is None or (call.role != AUDITOR and job.asked_by != call.party):
        raise NotFound
    return job
