"""A patient's permissions: how each stands, its receipt, and taking it back."""

from __future__ import annotations

from typing import Any

from services.errors import NotFound
from services.patient import held
from services.patient.changes import to_withdraw
from services.patient.lines import shown
from services.patient.standing import ConsentSummary, is_deny, standing, standings
from services.requests.history import HistoryEntry
from services.requests.wording import summarise
from web.api.patient.signings import prepared_shown
from web.api.route import Call

OVER = ("withdrawn", "ended")


def get_own_consents(call: Call) -> dict[str, Any]:
    """Every permission of the patient, the newest first, and whether they were checked now."""
    found, is_checked = standings(call)
    return {"consents": [_shown(call, one) for one in found], "is_checked": is_checked}


def get_own_consent(call: Call) -> dict[str, Any]:
    """One permission, and the uses under it."""
    one = _require(call)
    lines = call.platform.asking.history.list_by_consent(call.subject, one.consent_id)
    return _shown(call, one) | {"uses": [line_shown(call, line) for line in lines]}


def get_receipt(call: Call) -> dict[str, Any]:
    """The patient's own copy: every term as signed, and where it stands in the register."""
    return held.receipt(call, _require(call))


def post_withdrawal(call: Call) -> dict[str, Any]:
    """What is to be signed to take a permission back; no reason is asked."""
    one = _require(call)
    prepared = None if one.kind in OVER else to_withdraw(call, one)
    if prepared is None:
        raise NotFound
    return prepared_shown(prepared, call.words("withdraw-page"))


def line_shown(call: Call, line: HistoryEntry) -> dict[str, Any]:
    """Return a line of the history as JSON, with its sentence."""
    return {
        "seq": line.seq,
        "at_s": line.at_s,
        "party": line.party,
        "purpose": line.purpose,
        "categories": list(line.categories),
        "outcome": line.outcome,
        "is_refusal": line.is_refusal,
        "times": line.count,
        "consent": "0x" + line.consent_id.hex() if line.consent_id else None,
        "says": shown(call, line).text,
    }


def _require(call: Call) -> ConsentSummary:
    return standing(call, call.names["consent"].removeprefix("0x"))


def _shown(call: Call, one: ConsentSummary) -> dict[str, Any]:
    terms = one.terms
    party = call.platform.asking.party_name(terms.recipient) if terms else ""
    return {
        "consent": "0x" + one.consent_id.hex(),
        "state": one.kind,
        "decision": terms.decision if terms else "",
        "recipient": terms.recipient if terms else "",
        "name": party,
        "purposes": list(terms.purposes) if terms else [],
        "categories": list(terms.categories) if terms else [],
        "signed_at_s": one.signed_at_s,
        "not_after_s": one.not_after_s,
        "says": summarise(call.words, party, terms) if terms and not is_deny(one) else "",
    }
