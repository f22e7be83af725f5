"""The terms that a patient signs: what a party requests, the statement, and a fresh salt."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from consent import ANY, TREAT, TREATDS, Terms, keccak, require_terms

POLICY_URI: Final = "urn:vouchsafe:policy:1"
POLICY: Final = (
    "Use only what the permission names, for the purpose that it names, until it ends or is "
    "withdrawn. Do not try to identify anybody. Do not pass records on."
)
SALT_BYTES: Final = 32
DUTIES: Final = ("AUDIT", "NORELINK", "NORDSCLCD")
"""What a request here asks of the recipient; a patient's own program may add others."""
CARE: Final = frozenset({TREAT, TREATDS})
CARE_DUTIES: Final = ("AUDIT", "NORDSCLCD")
"""The same of a request for care: who treats a patient knows who the patient is."""


def is_for_care(purposes: Collection[str]) -> bool:
    """Return whether these purposes are those of care, and of nothing else."""
    return bool(purposes) and CARE.issuperset(purposes)


def duties_for(purposes: Collection[str]) -> Sequence[str]:
    """Return the duties that a request for these purposes asks of the recipient."""
    return CARE_DUTIES if is_for_care(purposes) else DUTIES


@dataclass(frozen=True, slots=True)
class RequestedTerms:
    """What a patient is to permit or forbid, without the statement.

    Attributes:
        obligations: None for those that go with the purposes (`duties_for`).
    """

    decision: str
    recipient: str
    purposes: Sequence[str]
    categories: Sequence[str] = (ANY,)
    records: Sequence[str] = (ANY,)
    data_from: str = ""
    data_to: str = ""
    obligations: Sequence[str] | None = None


def terms_for(requested: RequestedTerms, statement: str) -> Terms:
    """Return terms under a fresh salt.

    `statement` is what the patient reads and signs (`wording.make_statement`).

    Raises:
        UnknownCode, TermsInvalid (consent): a code that is not in the vocabulary, or no code.
    """
    duties = requested.obligations
    if duties is None:
        duties = duties_for(requested.purposes)
    terms = Terms(
        requested.decision,
        requested.recipient,
        tuple(requested.purposes),
        tuple(requested.categories),
        tuple(requested.records),
        requested.data_from,
        requested.data_to,
        tuple(duties),
        statement,
        POLICY_URI,
        keccak(POLICY.encode()),
        secrets.token_bytes(SALT_BYTES),
    )
    require_terms(terms)
    return terms
