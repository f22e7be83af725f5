"""Validates terms: known codes, well-formed dates and ids, sizes within limits."""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache
from typing import Final

from consent.errors import TermsInvalid
from consent.terms import ANY, Terms
from consent.vocabulary import require_code

DECISIONS: Final = frozenset({"permit", "deny"})
MAX_RECORDS: Final = 10_000
MAX_STATEMENT_CHARS: Final = 20_000
MAX_NAME_CHARS: Final = 2_000

_MAX_CACHED: Final = 4096
_HASH_BYTES: Final = 32
_RECORD_ID: Final = re.compile(r"[0-9a-f]{32}")
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def require_terms(terms: Terms) -> Terms:
    """Return the terms if they are valid.

    Raises:
        UnknownCode: a purpose, category or obligation is not in the vocabulary.
        TermsInvalid: something is missing, malformed or too long; the message says what.
    """
    _require_shared(
        (terms.decision, terms.recipient),
        (terms.purposes, terms.categories, terms.obligations),
        (terms.data_from, terms.data_to),
    )
    if terms.records != (ANY,):
        _require_records(terms.records)
    if len(terms.policy_hash) != _HASH_BYTES or len(terms.salt) != _HASH_BYTES:
        raise TermsInvalid("policy_hash and salt are 32 bytes each")
    if len(terms.statement) > MAX_STATEMENT_CHARS or len(terms.policy_uri) > MAX_NAME_CHARS:
        raise TermsInvalid(
            f"statement or policy_uri is too long: the limits are {MAX_STATEMENT_CHARS} and "
            f"{MAX_NAME_CHARS} characters"
        )
    return terms


def is_record_id(text: str) -> bool:
    """Return whether the text is a record id: 32 lower-case hexadecimal characters."""
    return _RECORD_ID.fullmatch(text) is not None


def find_day(text: str) -> date | None:
    """Return the day of an ISO date (YYYY-MM-DD), or None if it is not one."""
    if _DAY.fullmatch(text) is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def is_party(text: str) -> bool:
    """Return whether the text can be a party id: not empty, not the wildcard, no outer blanks."""
    whole = text == text.strip() and text.isprintable() and len(text) <= MAX_NAME_CHARS
    return whole and text not in ("", ANY)


@lru_cache(maxsize=_MAX_CACHED)
def _require_shared(
    to: tuple[str, str], codes: tuple[tuple[str, ...], ...], period: tuple[str, str]
) -> None:
    # Values that many patients sign alike are validated once.
    _require_recipient(*to)
    _require_codes(*codes)
    _require_period(*period)


def _require_recipient(decision: str, recipient: str) -> None:
    if decision not in DECISIONS:
        raise TermsInvalid(f"decision {decision!r} is neither permit nor deny")
    if not is_party(recipient) and not (recipient == ANY and decision == "deny"):
        raise TermsInvalid("recipient is not a party id; only a deny may have the recipient *")


def _require_codes(
    purposes: tuple[str, ...], categories: tuple[str, ...], obligations: tuple[str, ...]
) -> None:
    if not purposes or not categories:
        raise TermsInvalid("purposes or categories are empty: name at least one of each")
    for purpose in purposes:
        require_code("purpose", purpose)
    if categories != (ANY,):
        for category in categories:
            require_code("category", category)
    for obligation in obligations:
        require_code("obligation", obligation)


def _require_records(records: tuple[str, ...]) -> None:
    if not records or len(records) > MAX_RECORDS:
        raise TermsInvalid(f"{len(records)} records are named: name 1 to {MAX_RECORDS}, or *")
    if not all(is_record_id(record) for record in records):
        raise TermsInvalid("record id is not 32 lower-case hexadecimal characters")


def _require_period(data_from: str, data_to: str) -> None:
    days = [find_day(text) for text in (data_from, data_to) if text]
    if None in days:
        raise TermsInvalid("data_from or data_to is not a date like 2026-11-22, and not empty")
    if len(days) == 2 and data_from > data_to:
        raise TermsInvalid("data_from is later than data_to")
