"""Lets refusals count from their acknowledgement on, before the ledger has them."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from typing import Final

import numpy as np

from consent.batch import DecisionRequestBatch, Decisions
from consent.consent_terms import ConsentTermsStore
from consent.consents import Consent
from consent.decision import BY_WEIGHT, REASONS, is_understood, verdict
from consent.grant_status import Clocks, pending_statuses
from consent.state import LedgerState, PendingRefusal
from consent.terms import DecisionRequest
from consent.typed_data import consent_id
from consent.vocabulary import CATEGORY_CODES

REFUSAL_BYTES: Final = 128
_WORD: Final = 32
_EPOCH: Final = datetime.date(1970, 1, 1)


def parse_refusals(entries: bytes) -> list[PendingRefusal]:
    """Return the refusals of joined entries: subject, terms hash, time of signing and end."""
    refusals = []
    for at in range(0, len(entries), REFUSAL_BYTES):
        words = [entries[at + word : at + word + _WORD] for word in range(0, REFUSAL_BYTES, _WORD)]
        times_s = (int.from_bytes(word, "big") for word in words[2:])
        refusals.append(PendingRefusal(words[0], words[1], *times_s))
    return refusals


def list_pending(
    state: LedgerState, consent_terms: ConsentTermsStore, subject: bytes, clocks: Clocks
) -> list[Consent]:
    """Return a subject's refusals that the ledger does not have yet; they are in force."""
    terms = consent_terms.of_subject(subject) if state.pending_refusals else {}
    times = {
        consent_id(subject, refusal.terms_hash): refusal
        for refusal in state.pending_refusals
        if refusal.subject == subject
    }
    return [
        Consent(
            status.consent_id,
            times[status.consent_id].terms_hash,
            terms.get(status.consent_id),
            "active" if status.may_deny else "expired",
            times[status.consent_id].signed_at_s,
            times[status.consent_id].not_after_s,
        )
        for status in pending_statuses(state, subject, clocks)
    ]


def deny_pending(
    decisions: Decisions,
    batch: DecisionRequestBatch,
    state: LedgerState,
    consent_terms: ConsentTermsStore,
    clocks: Clocks,
) -> None:
    """Change those decisions that a pending refusal changes, so that each is as `decide` gives it.

    Raises:
        LedgerUnavailable: the terms cannot be read.
    """
    refusing = {refusal.subject for refusal in state.pending_refusals}
    rows_of: dict[bytes, list[int]] = {}
    for row, subject in enumerate(_subjects(batch) if refusing else ()):
        if subject in refusing:
            rows_of.setdefault(subject, []).append(row)
    for subject, rows in rows_of.items():
        terms = consent_terms.of_subject(subject)
        statuses = list(pending_statuses(state, subject, clocks))
        for row in rows:
            request = _request(batch, row)
            for status in statuses:
                reason = verdict(status, terms.get(status.consent_id), request)
                if is_understood(request) and _outweighs(reason, decisions, row):
                    decisions.reasons[row] = REASONS.index(reason)
                    decisions.consents[row] = np.frombuffer(status.consent_id, np.uint8)
                    decisions.obligations[row] = 0


def _subjects(batch: DecisionRequestBatch) -> Iterator[bytes]:
    joined = batch.subjects.tobytes()
    return (joined[at : at + _WORD] for at in range(0, len(joined), _WORD))


def _outweighs(reason: str, decisions: Decisions, row: int) -> bool:
    present = REASONS[int(decisions.reasons[row])]
    return BY_WEIGHT.index(reason) < min(BY_WEIGHT.index(present), BY_WEIGHT.index("permitted"))


def _request(batch: DecisionRequestBatch, row: int) -> DecisionRequest:
    category, day = int(batch.categories[row]), int(batch.recorded_on[row])
    is_known = 0 <= category < len(CATEGORY_CODES)
    return DecisionRequest(
        party=batch.party,
        purpose=batch.purpose,
        subject=batch.subjects[row].tobytes(),
        record_id=bytes(batch.records[row]).decode("ascii", "replace"),
        category=CATEGORY_CODES[category] if is_known else "",
        recorded_on=(_EPOCH + datetime.timedelta(days=day)).isoformat(),
    )
