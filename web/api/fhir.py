"""The FHIR endpoint: takes resources from a custodian's systems, and reports on every entry."""

from __future__ import annotations

import datetime
import io
from typing import Any, Final

from flask import Blueprint, Response, request

from records.outcomes import operation_outcome
from services.custodian.consent_imports import to_outcome
from services.custodian.fhir_uploads import NDJSON, to_ndjson
from services.custodian.file_kinds import FHIR
from services.custodian.upload_store import DROPPED, LEAVE, MAX_BYTES, STORED, UNUSABLE
from services.custodian.uploads import NewUpload, UploadReport
from services.errors import NotFound
from services.text_lengths import require_length
from services.tokens import CUSTODIAN
from services.wiring import Services
from web.api.guard import ApiGuard, require_operator
from web.api.resources import returns_file
from web.current import Caller, current_caller, services, words
from web.errors import UnsupportedMediaType
from web.responses import json_response
from web.view_options import max_body, one_at_a_time, public, requires_role

PREFIX: Final = "/fhir"
FHIR_JSON: Final = "application/fhir+json"
RETRY_AFTER_S: Final = 2
CHANGED_ON: Final = "2026-12-01"
"""The day on which what `get_metadata` says was last changed."""
MAX_CONSENT_BYTES: Final = 2**22
MAX_SENDER: Final = 200
_MEDIA_TYPES: Final = (
    FHIR_JSON,
    NDJSON,
    "application/json",
    "application/ndjson",
    "application/x-ndjson",
    "application/gzip",
)


def fhir(services: Services) -> Blueprint:
    """Return the blueprint of the FHIR endpoint, behind the same guard as the API."""
    bp = Blueprint("fhir", __name__, url_prefix=PREFIX)
    bp.before_request(ApiGuard(services).admit)
    bp.before_request(require_operator)
    bp.add_url_rule("", "post_resources", post_resources, methods=["POST"])
    bp.add_url_rule("/$import", "post_import", post_resources, methods=["POST"])
    bp.add_url_rule("/Consent", "post_consent", post_consent, methods=["POST"])
    bp.add_url_rule("/metadata", "get_metadata", get_metadata)
    bp.add_url_rule("/imports/<upload>", "get_import", get_import)
    bp.add_url_rule("/imports/<upload>", "delete_import", delete_import, methods=["DELETE"])
    bp.add_url_rule("/imports/<upload>/outcomes", "get_outcomes", get_outcomes)
    return bp


@requires_role(CUSTODIAN)
@max_body(MAX_BYTES)
@returns_file(FHIR_JSON)
def post_resources() -> Response:
    """Keep a Bundle, a resource, Parameters or NDJSON, and queue its storing.

    The answer is 202; its Content-Location is where the outcome of each entry will be. The query's
    `sender` names the system whose ids the resources use, if the custodian has several.
    """
    _require_fhir()
    caller, sender = current_caller(), _query_text("sender")
    body = io.BytesIO(request.get_data())
    new = NewUpload(
        name=_origin(caller, sender), file=body, mapping="", own_mapping=None, on_bad=LEAVE
    )
    report = services().custodian.uploads.import_fhir(
        words(), caller.party, new, sender=sender, by=caller.id
    )
    return _accepted(report)


@requires_role(CUSTODIAN)
@max_body(MAX_CONSENT_BYTES)
@returns_file(FHIR_JSON)
def post_consent() -> Response:
    """Propose to patients what Consents say; each counts once its patient has signed it here.

    The query's `recipient` names the party, such as `study:heart`, of Consents that name none that
    this platform knows; `sender` is as for resources. The answer is an OperationOutcome.
    """
    _require_fhir()
    caller, say = current_caller(), words()
    imported = services().custodian.consents.propose(
        request.get_data(),
        sender=_query_text("sender"),
        recipient=_query_text("recipient"),
        by=caller.id,
    )
    status = 200 if imported.requests else 422
    return json_response(to_outcome(say, imported), status, FHIR_JSON)


@requires_role(CUSTODIAN)
@returns_file("application/json")
def get_import(upload: str) -> Response:
    """Return the progress of an import (202), or its result (200), as FHIR Bulk Data does."""
    report = _get_report(upload)
    if report.upload.state not in (STORED, UNUSABLE):
        if report.is_working:
            return _accepted(report)
        reason = f" Reason: {report.job.error}." if report.job and report.job.error else ""
        why = f"Storing did not finish.{reason} Send the file again."
        return _outcome("error", "transient", why, 500)
    if report.upload.state == UNUSABLE:
        return _outcome("error", "invalid", str(report.counts.get("why", "")), 422)
    return json_response(_manifest(report))


@requires_role(CUSTODIAN)
@one_at_a_time
@returns_file(NDJSON)
def get_outcomes(upload: str) -> Response:
    """Return what became of each entry: one FHIR OperationOutcome a line."""
    _get_report(upload)
    outcomes = services().custodian.uploads.outcomes(current_caller().party, upload)
    return Response(to_ndjson(outcomes), content_type=NDJSON)


@requires_role(CUSTODIAN)
@returns_file(FHIR_JSON)
def delete_import(upload: str) -> Response:
    """Cancel an import that has not begun, and delete its file; what is stored stays."""
    report = _get_report(upload)
    if report.job is not None and report.is_working:
        services().jobs.cancel(report.job.id)
    services().custodian.uploads.discard(words(), current_caller().party, upload)
    return _outcome("information", "informational", "Cancelled, unless it had ended.", 202)


@public
@returns_file(FHIR_JSON)
def get_metadata() -> Response:
    """Return what this endpoint can do (CapabilityStatement)."""
    statement = {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": CHANGED_ON,
        "kind": "instance",
        "fhirVersion": "4.0.1",
        "format": [FHIR_JSON, NDJSON],
        "software": {"name": "Vouchsafe", "version": services().installation.version},
        "implementation": {"description": "Takes health records; consent decides who reads them."},
        "rest": [
            {
                "mode": "server",
                "security": {"description": "A bearer token of the custodian's own system."},
                "interaction": [{"code": "transaction"}, {"code": "batch"}],
                "resource": [
                    {
                        "type": "Consent",
                        "documentation": "A proposal that the patient signs or declines here.",
                        "interaction": [{"code": "create"}],
                    }
                ],
                "operation": [
                    {
                        "name": "import",
                        "definition": "http://hl7.org/fhir/uv/bulkdata/OperationDefinition/import",
                    }
                ],
            }
        ],
    }
    return json_response(statement, media_type=FHIR_JSON)


def _origin(caller: Caller, sender: str) -> str:
    """Return what lists of uploads call these bytes, which have no file's name: who sent them."""
    if sender:
        return f"from {''.join(filter(str.isprintable, sender))}"
    return f"from {caller.account.name}" if caller.account else f"from a program, token {caller.id}"


def _query_text(name: str) -> str:
    return require_length(words(), name, request.args.get(name, ""), MAX_SENDER)


def _require_fhir() -> None:
    """Let only bodies of FHIR's media types pass.

    Raises:
        UnsupportedMediaType: the body is something else.
    """
    if request.mimetype not in _MEDIA_TYPES:
        raise UnsupportedMediaType(f"Send one of {', '.join(_MEDIA_TYPES)}.")


def _accepted(report: UploadReport) -> Response:
    job = report.job
    done = f"{job.step} {job.done} of {job.of}" if job and job.of else "waiting"
    headers = {
        "Content-Location": f"{_base()}/imports/{report.upload.id}",
        "X-Progress": done,
        "Retry-After": str(RETRY_AFTER_S),
    }
    return Response(b"", 202, headers, content_type=FHIR_JSON)


def _get_report(upload: str) -> UploadReport:
    """Return the report of an import.

    Raises:
        NotFound: the caller's organisation has no such upload, it is a table, or it was cancelled.
    """
    report = services().custodian.uploads.get(words(), current_caller().party, upload)
    if report.upload.sent.kind != FHIR or report.upload.state == DROPPED:
        raise NotFound
    return report


def _manifest(report: UploadReport) -> dict[str, Any]:
    """Return the result of an import; the outcomes are one file of OperationOutcome."""
    counts, upload = report.counts, report.upload
    at = datetime.datetime.fromtimestamp(counts["anchored_at_s"], datetime.UTC)
    file = {
        "type": "OperationOutcome",
        "count": counts["rows"],
        "url": f"{_base()}/imports/{upload.id}/outcomes",
    }
    return {
        "transactionTime": at.isoformat(),
        "request": f"{_base()}/$import",
        "requiresAccessToken": True,
        "output": [file],
        "error": [file] if counts["wrong"] else [],
        "outcomes": counts["outcomes"],
        "joined": counts["joined"],
        "joined_same": counts.get("joined_same", 0),
        "medicines": counts.get("medicines", 0),
        "corrected_medicines": counts.get("corrected_medicines", 0),
        "lost_medicines": counts.get("lost_medicines", 0),
        "corrected_records": counts["corrected_records"],
        "affected_models": counts["affected_models"],
    }


def _outcome(severity: str, code: str, text: str, status: int) -> Response:
    return json_response(operation_outcome(severity, code, text), status, FHIR_JSON)


def _base() -> str:
    return f"{services().installation.site.origin}{PREFIX}"
