"""A custodian's files: sent, checked row by row, and stored or dropped."""

from __future__ import annotations

import base64
from pathlib import PurePath
from typing import Any, Final

from services.custodian import deposits
from services.custodian.remedies import remedy
from services.custodian.uploads import Sent, Upload
from web.api.custodian.own import require_own
from web.api.jobs import job_shown
from web.api.route import Call
from web.errors import ValidationError

MOST_NAME: Final = 120


def get_mappings(call: Call) -> dict[str, Any]:
    """The mappings that are installed here, by name."""
    require_own(call)
    return {"mappings": sorted(deposits.mappings(call.platform))}


def get_uploads(call: Call) -> dict[str, Any]:
    """The last fifty files, the newest first."""
    require_own(call)
    found = deposits.uploads(call.platform).of_party(call.party)
    return {"uploads": [_head(one) for one in found]}


def post_upload(call: Call) -> dict[str, Any]:
    """Have a table or a FHIR bundle checked; nothing is stored before that is asked for."""
    require_own(call)
    said, platform = call.body, call.platform
    body = _decoded(said["file"])
    try:
        kind = deposits.kind_of(body)
        mapping = _mapping(call) if kind == deposits.TABLE else ""
        name = PurePath(said["name"]).name[:MOST_NAME]
        sent = Sent(call.party, call.id, name, kind, mapping, said["on_bad"])
        return _shown(call, deposits.take(platform, sent, body))
    except deposits.NotThisFile as exc:
        field = "mapping" if exc.word.startswith("deposit-mapping") else "file"
        raise ValidationError({field: [call.words(exc.word, **_numbers(exc))]}) from exc


def get_upload(call: Call) -> dict[str, Any]:
    """What is in a file, row by row what is wrong with it and what to do, and what went in."""
    return _shown(call, _require(call))


def post_storing(call: Call) -> dict[str, Any]:
    """Store the good rows of a checked file; asked twice, it is done once."""
    return _shown(call, deposits.begin_store(call.platform, _require(call)))


def delete_upload(call: Call) -> dict[str, Any]:
    """Forget a checked file; one that is being stored, or was, stays as it is."""
    deposits.drop(call.platform, _require(call))
    return _shown(call, _require(call))


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError as exc:
        raise ValidationError({"file": ["Must be base64."]}) from exc


def _mapping(call: Call) -> str:
    own: str = call.body["own_mapping"]
    return own or deposits.mapping_text(call.platform, call.body["mapping"])


def _numbers(wrong: deposits.NotThisFile) -> dict[str, str | int]:
    if wrong.word != "deposit-wrong-size":
        return dict(wrong.values)
    return {name: f"{number / 10**6:.1f} MB" for name, number in wrong.values.items()}


def _require(call: Call) -> Upload:
    require_own(call)
    return deposits.require_own(call.platform, call.party, call.names["upload"])


def _head(one: Upload) -> dict[str, Any]:
    return {
        "id": one.id,
        "name": one.sent.name,
        "kind": one.sent.kind,
        "on_bad": one.sent.on_bad,
        "bytes": one.size,
        "state": one.state,
        "sent_at_s": one.at_s,
        "ended_at_s": one.ended_at_s,
    }


def _shown(call: Call, one: Upload) -> dict[str, Any]:
    job = call.platform.jobs.find(one.job) if one.job else None
    report = {name: value for name, value in one.report.items() if name != "bad"}
    return _head(one) | {
        "may_store": deposits.may_store(one),
        "report": report,
        "bad": [
            {
                "row": fault.row,
                "column": fault.column,
                "problem": fault.problem,
                "cure": remedy(call.words, fault.code),
            }
            for fault in one.faults()
        ],
        "job": job_shown(job) if job else None,
    }
