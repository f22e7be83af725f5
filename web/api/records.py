"""What custodians put in, and what stands written about one subject."""

from __future__ import annotations

from typing import Any

import consent
from services.errors import NotFound
from services.subjects import SubjectRecords, parse_subject
from services.tokens import CUSTODIAN
from web.api.route import Call
from web.api.schemas import SubjectConsentsSchema, SubjectUsesSchema


def post_records(call: Call) -> dict[str, Any]:
    """Seal and store records: all of them or none; one whose source is here stays as it is."""
    records = call.body["records"]
    for record in records:
        if record.custodian != call.party:
            raise consent.ConsentRefused("custodian: a token deposits its own party's records only")
    report = call.platform.store.deposits.deposit(records, call.body.get("sources"))
    return {
        "record_ids": list(report.record_ids),
        "new": report.new,
        "batches": list(report.batches),
    }


def get_consents(call: Call) -> dict[str, Any]:
    """Every grant of a subject, oldest first, with how it stands now."""
    subject = _require_subject(call)
    document: dict[str, Any] = SubjectConsentsSchema().dump(_subjects(call).consents_of(subject))
    return document


def get_uses(call: Call) -> dict[str, Any]:
    """Who used a subject's records or was refused, newest first, each with its proof."""
    subject, page = _require_subject(call), call.body
    uses = _subjects(call).uses_of(subject, page["limit"], page["before"])
    document: dict[str, Any] = SubjectUsesSchema().dump(uses)
    return document


def _subjects(call: Call) -> SubjectRecords:
    return SubjectRecords(ledger=call.platform.ledger, store=call.platform.store)


def _require_subject(call: Call) -> bytes:
    """Return the subject that the path names, if it is there and the caller's business."""
    subject = parse_subject(call.names["subject"])
    subjects = _subjects(call)
    ours = call.role != CUSTODIAN or call.party == call.platform.organisation
    if call.party in subjects.custodians_of(subject) or (ours and subjects.is_enrolled(subject)):
        return subject
    raise NotFound
