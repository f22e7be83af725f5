"""Reads one decision out of the columns of many, to compare it with one made alone."""

from __future__ import annotations

from consent import OBLIGATIONS, REASONS, Decision, Decisions


def decision_at(decisions: Decisions, index: int) -> Decision:
    """Return the decision for one record; of several deciding consents, the first."""
    reason = REASONS[decisions.reasons[index]]
    name = decisions.consents[index].tobytes()
    bits = int(decisions.obligations[index])
    obligations = tuple(code for bit, code in enumerate(OBLIGATIONS) if bits >> bit & 1)
    consents = (name,) if any(name) else ()
    return Decision(reason == "permitted", reason, consents, obligations, decisions.view)
