"""The terms that a patient signs: what a party requests, the statement, and a fresh salt."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from consent import ANY, Terms, keccak, require_terms

POLICY_URI: Final = "urn:vouchsafe:policy:1"
POLICY: Final = (
    "Use only what the permission names, for the purpose that it names, until it ends or is "
    "withdrawn. Do not try to identify anybody. Do not pass records on."
)
SALT_BYTES: Final = 32
DUTIES: Final = ("AUDIT", "NORELINK", "NORDSCLCD")
"""What every request here asks of the recipient; a patient's own program may add others."""


@dataclass(frozen=True, slots=True)
class RequestedTerms:
    """What a patient is to permit or forbid, without the statement."""

    decision: str
    recipient: str
    purposes: Sequence[str]
    categories: Sequence[str] = (ANY,)
    records: Sequence[str] = (ANY,)
    data_from: str = ""
    data_to: str = ""
    obligations: Sequence[str] = DUTIES


def terms_for(requested: RequestedTerms, statement: str) -> Terms:
    """Return terms under a fresh salt.

    Args:
        requested: what is permitted or forbidden.
        statement: the sentences that the patient reads and signs (`wording.make_statement`).

    Raises:
        UnknownCode, TermsInvalid (consent): a code that is not in the vocabulary, or no code.
    """
    terms = Terms(
        requested.decision,
        requested.recipient,
        tuple(requested.purposes),
        tuple(requested.categories),
        tuple(requested.records),
        requested.data_from,
        requested.data_to,
        tuple(requested.obligations),
        statement,
        POLICY_URI,
        keccak(POLICY.encode()),
        secrets.token_bytes(SALT_BYTES),
    )
    require_terms(terms)
    return terms
