"""What an auditor reads and downloads: status, anchors, journal, and the evidence bundle."""

from __future__ import annotations

from typing import Any, Final

from flask import Response, send_file

from services.auditor.journal import JournalSearch
from web.api.auditor import schemas
from web.api.jobs import job_shown
from web.api.route import Call

NDJSON: Final = "application/x-ndjson"


def get_standing(call: Call) -> dict[str, Any]:
    """The state of ledger, mirror, journal and anchors; an unavailable part is unchecked."""
    return _dump(schemas.StandsAllAnswer(), call.platform.auditor.status())


def get_anchors(call: Call) -> dict[str, Any]:
    """The newest anchors of each kind, newest first."""
    return _dump(schemas.AnchorsAnswer(), {"anchors": call.platform.auditor.anchors()})


def get_journal(call: Call) -> dict[str, Any]:
    """The journal without subjects and records, newest first."""
    search = JournalSearch(**{k: v for k, v in call.body.items() if k != "before"})
    page = call.platform.auditor.journal(search, call.body["before"])
    return _dump(schemas.AuditJournalAnswer(), page)


def post_bundle(call: Call) -> dict[str, Any]:
    """Write the evidence to a file; the job that is writing one is returned as it is."""
    return job_shown(call.platform.auditor.start_bundle(call.party))


def get_bundle(call: Call) -> Response:
    """The evidence of a job that is done: one JSON object a line."""
    path = call.platform.auditor.bundle_path(call.names["job"]).absolute()
    return send_file(path, NDJSON, as_attachment=True, download_name="evidence.ndjson")


def _dump(schema: schemas.Answer, result: object) -> dict[str, Any]:
    answer: dict[str, Any] = schema.dump(result)
    return answer
