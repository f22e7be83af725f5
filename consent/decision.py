"""Decides one request: nothing is permitted unless a consent on the ledger permits it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from consent.consent_terms import ConsentTermsStore
from consent.errors import ConsentInvalid
from consent.grant_status import Clocks, GrantStatus, grant_statuses
from consent.state import LedgerState
from consent.terms import ANY, Decision, DecisionRequest, Terms, View
from consent.vocabulary import CATEGORIES, HRESCH, OBLIGATIONS, PURPOSES, RESEARCH, covers
from consent.wording import find_day, is_party, is_record_id, require_terms

REASONS: Final = (
    "permitted",
    "denied",
    "opted-out",
    "opening-missing",
    "unknown-word",
    "other-record",
    "outside-period",
    "other-category",
    "other-purpose",
    "other-recipient",
    "withdrawn",
    "stopped",
    "expired",
    "not-yet",
    "bad-key",
    "not-enrolled",
    "no-consent",
)
"""The reasons, nearest miss first. Index in this tuple = the small integer in columns."""

BY_WEIGHT: Final = (*REASONS[1:5], "permitted", *REASONS[5:])
"""Which verdict wins among a subject's consents: a deny beats a permit, a permit beats a miss."""
UNDECIDED: Final = frozenset({"not-enrolled", "no-consent"})
"""Reasons that come from no consent."""

_SUBJECT_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class _SubjectConsents:
    """The grants of one subject at one view, with the terms that were read and proved for it."""

    terms: Mapping[bytes, Terms | None]
    statuses: tuple[GrantStatus, ...]
    is_enrolled: bool


def decide(
    request: DecisionRequest,
    state: LedgerState,
    consent_terms: ConsentTermsStore,
    view: View,
    now_s: float,
) -> Decision:
    """Permit or deny, with the consents that decided; reads and proves their terms each time.

    Raises:
        LedgerUnavailable: the terms cannot be read.
    """
    return decide_each([request], state, consent_terms, view, now_s)[0]


def decide_each(
    requests: Sequence[DecisionRequest],
    state: LedgerState,
    consent_terms: ConsentTermsStore,
    view: View,
    now_s: float,
) -> list[Decision]:
    """Permit or deny each request; the terms of each subject are read and proved once.

    Raises:
        LedgerUnavailable: the terms cannot be read.
    """
    read: dict[bytes, _SubjectConsents] = {}
    decisions = []
    for request in requests:
        if not is_understood(request):
            decisions.append(Decision(False, "unknown-word", (), (), view))
            continue
        subject = request.subject
        if subject not in read:
            read[subject] = _SubjectConsents(
                consent_terms.of_subject(subject),
                tuple(grant_statuses(state, subject, Clocks.of(view, now_s))),
                state.is_enrolled(subject),
            )
        decisions.append(_decide(request, read[subject], view))
    return decisions


def _decide(request: DecisionRequest, consents: _SubjectConsents, view: View) -> Decision:
    terms = consents.terms
    verdicts = {
        status.consent_id: verdict(status, terms.get(status.consent_id), request)
        for status in consents.statuses
    }
    reason = min(verdicts.values(), key=BY_WEIGHT.index, default="no-consent")
    if reason == "no-consent" and not consents.is_enrolled:
        reason = "not-enrolled"
    if reason in UNDECIDED:
        return Decision(False, reason, (), (), view)
    deciding = tuple(name for name, why in verdicts.items() if why == reason)
    if reason != "permitted":
        return Decision(False, reason, deciding, (), view)
    permits = [permit for permit in map(terms.get, deciding) if permit is not None]
    codes = {code for permit in permits for code in permit.obligations}
    obligations = tuple(code for code in OBLIGATIONS if code in codes)
    return Decision(True, reason, deciding, obligations, view)


def is_understood(request: DecisionRequest) -> bool:
    """Return whether every code of the request is known; wildcards and blanks are not allowed."""
    return (
        len(request.subject) == _SUBJECT_BYTES
        and is_party(request.party)
        and request.purpose in PURPOSES
        and request.category in CATEGORIES
        and is_record_id(request.record_id)
        and find_day(request.recorded_on) is not None
    )


def verdict(status: GrantStatus, terms: Terms | None, request: DecisionRequest) -> str:
    """Return the reason that one consent gives; ``no-consent`` where it does not apply."""
    if status.may_deny:
        # Unreadable terms might be a deny: they deny everything until the consent is withdrawn.
        if terms is None:
            return "opening-missing"
        if not is_sound(terms):
            return "unknown-word"
        if terms.decision == "deny":
            return denial(terms, request)
        if status.fault is None:
            return find_miss(terms, request, _covers_any(terms, request.purpose)) or "permitted"
    return status.fault or "no-consent"


def is_sound(terms: Terms) -> bool:
    """Return whether every code of the terms is known to this version of the vocabulary."""
    try:
        require_terms(terms)
    except ConsentInvalid:
        return False
    return True


def is_opt_out(terms: Terms) -> bool:
    """Return whether the terms are a research opt-out (EHDS Art. 71): a deny for all recipients."""
    return terms.decision == "deny" and terms.recipient == ANY and HRESCH in terms.purposes


def denial(terms: Terms, request: DecisionRequest) -> str:
    """Return the reason that a deny gives; ``no-consent`` where it does not apply."""
    opted_out = is_opt_out(terms) and request.purpose in RESEARCH
    if find_miss(terms, request, opted_out or _covers_any(terms, request.purpose)):
        return "no-consent"
    return "opted-out" if opted_out else "denied"


def _covers_any(terms: Terms, purpose: str) -> bool:
    return any(covers(granted, purpose) for granted in terms.purposes)


def find_miss(terms: Terms, request: DecisionRequest, covered: bool) -> str | None:
    """Return the first attribute by which the terms do not apply to the request."""
    attributes = {
        "other-recipient": terms.recipient in (ANY, request.party),
        "other-purpose": covered,
        "other-category": terms.categories == (ANY,) or request.category in terms.categories,
        "outside-period": terms.data_from <= request.recorded_on
        and (not terms.data_to or request.recorded_on <= terms.data_to),
        "other-record": terms.records == (ANY,) or request.record_id in terms.records,
    }
    return next((reason for reason, holds in attributes.items() if not holds), None)
