"""What an auditor reads and takes away: standing, anchors, journal, and the evidence bundle."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, Final

from flask import Response, send_file

from services.auditor import status as auditing
from services.auditor.bundle import begin_bundle, ready_bundle
from web.api.jobs import job_shown
from web.api.route import Call

ANCHORS: Final = 50
NDJSON: Final = "application/x-ndjson"


def get_standing(call: Call) -> dict[str, Any]:
    """Where ledger, mirror, journal and anchors stand; what is away is unchecked."""
    return {"parts": [asdict(one) for one in auditing.standing(call.platform)]}


def get_anchors(call: Call) -> dict[str, Any]:
    """The last anchors of each kind, the newest first."""
    return {
        "anchors": [
            {
                "kind": one.kind,
                "root": one.root.hex(),
                "count": one.count,
                "block": one.block_number,
                "at_s": at_s,
            }
            for one, at_s in auditing.anchors(call.platform, ANCHORS)
        ]
    }


def get_journal(call: Call) -> dict[str, Any]:
    """The journal without subjects and records, the newest lines first."""
    search = {name: value for name, value in call.body.items() if name != "before"}
    found = auditing.journal(call.platform, search, call.body["before"])
    lines = [asdict(one) | {"hash": one.hash.hex()} for one in found.lines]
    return {"lines": lines, "older_before": found.before}


def post_bundle(call: Call) -> dict[str, Any]:
    """Have the evidence written as a file; one that is being written is waited for."""
    return job_shown(begin_bundle(call.platform, call.party))


def get_bundle(call: Call) -> Response:
    """The evidence of a job that is done: one JSON object a line."""
    path = ready_bundle(call.platform, call.names["job"]).absolute()
    return send_file(path, NDJSON, as_attachment=True, download_name="evidence.ndjson")
