"""Says in plain words what terms permit or forbid; these words are signed with them."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from consent import ANY, Terms, keccak, require_code, require_terms

POLICY_URI: Final = "urn:vouchsafe:policy:1"
POLICY: Final = (
    "Use only what the permission names, for the purpose that it names, until it ends or is "
    "withdrawn. Do not try to identify anybody. Do not pass records on."
)
SALT_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class RequestedTerms:
    """What a party asks a patient for, before it has words."""

    decision: str
    recipient: str
    purposes: Sequence[str]
    categories: Sequence[str] = (ANY,)
    records: Sequence[str] = (ANY,)
    data_from: str = ""
    data_to: str = ""
    obligations: Sequence[str] = ("AUDIT", "NORELINK", "NORDSCLCD")


def terms_for(asked: RequestedTerms, statement: str = "") -> Terms:
    """Return terms under a fresh salt, with the statement given or else the English one.

    Raises:
        UnknownCode, TermsInvalid (consent): a code that is not in the vocabulary, or no code.
    """
    terms = Terms(
        asked.decision,
        asked.recipient,
        tuple(asked.purposes),
        tuple(asked.categories),
        tuple(asked.records),
        asked.data_from,
        asked.data_to,
        tuple(asked.obligations),
        statement or statement_of(asked),
        POLICY_URI,
        keccak(POLICY.encode()),
        secrets.token_bytes(SALT_BYTES),
    )
    require_terms(terms)
    return terms


def statement_of(asked: RequestedTerms) -> str:
    """Return the sentences that a patient reads and signs."""
    purposes = _joined([require_code("purpose", code).label for code in asked.purposes])
    verb = "I allow" if asked.decision == "permit" else "I do not allow"
    who = "anybody" if asked.recipient == ANY else asked.recipient
    what = _what(asked)
    when = _when(asked)
    end = "I can withdraw this at any time, and no new use starts then."
    return f"{verb} {who} to use {what}{when} for {purposes}. {end}"


def _what(asked: RequestedTerms) -> str:
    records = "my records" if ANY in asked.records else f"{len(asked.records)} of my records"
    if ANY in asked.categories:
        return records
    labels = [require_code("category", code).label for code in asked.categories]
    return f"{records} of these kinds ({_joined(labels)})"


def _when(asked: RequestedTerms) -> str:
    first = f" from {asked.data_from}" if asked.data_from else ""
    last = f" to {asked.data_to}" if asked.data_to else ""
    return f"{first}{last}"


def _joined(labels: Sequence[str]) -> str:
    return ", ".join(labels[:-1]) + " and " + labels[-1] if len(labels) > 1 else "".join(labels)
