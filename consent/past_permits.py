"""Judges earlier uses again: whether a consent allowed one at the view on which it was decided."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final

from consent.consent_terms import ConsentTermsStore
from consent.decision import denial, find_miss
from consent.events import Events
from consent.freshness import MAX_SKEW_S
from consent.terms import ANY, DecisionRequest, Terms
from consent.typed_data import Op, keccak
from consent.vocabulary import covers

_WORD: Final = 32
_ID_BYTES: Final = 64
_BEFORE_ALL: Final = -1
"""A generation before that of any terms."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PastUse:
    """One earlier use; `category` is "" where the record is gone, and `count` names the view."""

    subject: bytes
    party: str
    purpose: str
    record_id: str
    category: str
    recorded_on: str
    at_s: int
    count: int


class PastPermits:
    """What the mirrored ledger says of earlier uses; made by one pass over it."""

    def __init__(self, events: Events, consent_terms: ConsentTermsStore) -> None:
        self._consent_terms = consent_terms
        self._grants: dict[bytes, tuple[int, bytes]] = {}
        self._names: dict[bytes, list[bytes]] = {}
        self._withdrawn: dict[bytes, int] = {}
        self._stops: dict[bytes, list[tuple[int, int]]] = {}
        self._unproved = {position for position, _ in events.unproved()}
        for position, change, _ in events.in_order():
            name = keccak(change.body[:_ID_BYTES])
            if change.op == Op.GRANTED:
                self._grants.setdefault(name, (position, change.body))
                self._names.setdefault(change.body[:_WORD], []).append(name)
            elif change.op == Op.WITHDRAWN:
                self._withdrawn.setdefault(name, position)
            elif change.op == Op.STOPPED:
                stop = position, int.from_bytes(change.body[_WORD:], "big")
                self._stops.setdefault(change.body[:_WORD], []).append(stop)

    def find_fault(self, consent_id: bytes, use: PastUse) -> str | None:
        """Return the code of the reason why the consent did not allow this use; None: it did."""
        position, body = self._grants.get(consent_id, (0, b""))
        if not body or position > use.count:
            return "no-consent"
        if position in self._unproved or body[:_WORD] != use.subject:
            return "bad-key"
        return (
            self._find_end(consent_id, body, use)
            or self._find_miss(consent_id, use)
            or self._find_refusal(use)
        )

    @cached_property
    def _terms(self) -> dict[bytes, Terms | None]:
        """All stored terms by the consent's id, in one reading: each is needed again and again."""
        stored = self._consent_terms.load_since(_BEFORE_ALL)
        return {item.consent_id: item.terms for _, item in stored}

    def _find_end(self, consent_id: bytes, body: bytes, use: PastUse) -> str | None:
        signed_at_s = int.from_bytes(body[3 * _WORD : 4 * _WORD], "big")
        if self._withdrawn.get(consent_id, use.count + 1) <= use.count:
            return "withdrawn"
        stops = self._stops.get(use.subject, ())
        if any(at <= use.count and until >= signed_at_s for at, until in stops):
            return "stopped"
        if use.at_s > int.from_bytes(body[4 * _WORD :], "big") + MAX_SKEW_S:
            return "expired"
        return "not-yet" if use.at_s < signed_at_s - MAX_SKEW_S else None

    def _find_miss(self, consent_id: bytes, use: PastUse) -> str | None:
        terms = self._terms.get(consent_id)
        if terms is None:
            return "opening-missing"
        if terms.decision != "permit":
            return "denied"
        covered = any(covers(granted, use.purpose) for granted in terms.purposes)
        if not use.category:
            if not covered:
                return "other-purpose"
            return None if terms.recipient in (ANY, use.party) else "other-recipient"
        return find_miss(terms, _request_of(use), covered)

    def _find_refusal(self, use: PastUse) -> str | None:
        """Return why a refusal of the subject, in force at the view, forbade the use."""
        for name in self._names.get(use.subject, ()) if use.category else ():
            terms = self._terms.get(name)
            if terms is None or terms.decision != "deny":
                continue
            position, body = self._grants[name]
            is_in_force = (
                position <= use.count < self._withdrawn.get(name, use.count + 1)
                and use.at_s <= int.from_bytes(body[4 * _WORD :], "big") - MAX_SKEW_S
            )
            reason = denial(terms, _request_of(use)) if is_in_force else "no-consent"
            if reason != "no-consent":
                return reason
        return None


def _request_of(use: PastUse) -> DecisionRequest:
    return DecisionRequest(
        use.party, use.purpose, use.subject, use.record_id, use.category, use.recorded_on
    )
