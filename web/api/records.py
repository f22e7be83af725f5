"""What custodians put in, and what stands written about one subject."""

from __future__ import annotations

import datetime
from typing import Any

import consent
from services.errors import NotFound
from services.tokens import CUSTODIAN
from web.api.ledger import view_shown
from web.api.route import Call

SUBJECT_BYTES = 32


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
    ledger = call.platform.ledger
    return {
        "view": view_shown(ledger.view()),
        "consents": [
            {
                "consent_id": "0x" + one.consent_id.hex(),
                "terms_hash": "0x" + one.terms_hash.hex(),
                "state": one.state,
                "signed_at_s": one.signed_at_s,
                "not_after_s": one.not_after_s,
                "terms": _terms(one.terms) if one.terms else None,
            }
            for one in ledger.consents_of(subject)
        ],
    }


def get_uses(call: Call) -> dict[str, Any]:
    """Who used a subject's records or was refused, newest first, each with its proof."""
    subject = _require_subject(call)
    store, page = call.platform.store, call.body
    lines = []
    for row in store.journal.of_subject(subject, page["limit"], page["before"]):
        use = store.journal.use(row.use)
        lines.append(
            {
                "seq": row.seq,
                "at": datetime.datetime.fromtimestamp(use["at_s"], datetime.UTC).isoformat(),
                "party": use["party"],
                "actor": use["actor"],
                "purpose": use["purpose"],
                "why": use["why"],
                "outcome": row.answer.outcome,
                "hash": row.hash.hex(),
                "proof": store.prove(row.seq),
            }
        )
    return {"uses": lines, "before": lines[-1]["seq"] if len(lines) == page["limit"] else None}


def _require_subject(call: Call) -> bytes:
    """Return the subject that the path names, if it is there and the caller's business."""
    text = call.names["subject"]
    try:
        subject = bytes.fromhex(text)
    except ValueError as exc:
        raise NotFound from exc
    if subject.hex() != text or len(subject) != SUBJECT_BYTES:
        raise NotFound
    held = {entry.custodian for entry in call.platform.store.records_of(subject)}
    ours = call.role != CUSTODIAN or call.party == call.platform.organisation
    if not (call.party in held or (ours and call.platform.ledger.is_enrolled(subject))):
        raise NotFound
    return subject


def _terms(terms: consent.Terms) -> dict[str, Any]:
    return {
        "decision": terms.decision,
        "recipient": terms.recipient,
        "purposes": terms.purposes,
        "categories": terms.categories,
        "records": terms.records,
        "data_from": terms.data_from,
        "data_to": terms.data_to,
        "obligations": terms.obligations,
        "statement": terms.statement,
    }
