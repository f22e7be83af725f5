"""Lists consents with how they stand, and finds those that were taken back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from consent.consent_terms import ConsentTermsStore
from consent.events import Events
from consent.standing import Clocks, standings
from consent.state import LedgerState
from consent.terms import Stop, Terms, Withdrawal
from consent.typed_data import keccak

_WORD = 32
_ID_BYTES = 64


@dataclass(frozen=True, slots=True)
class Consent:
    """One grant on the ledger; `state` is ``active`` or the reason why it permits nothing.

    `terms` is None where its opening is missing, erased or damaged.
    """

    consent_id: bytes
    terms_hash: bytes
    terms: Terms | None
    state: str
    signed_at_s: int
    not_after_s: int


def list_consents(
    state: LedgerState, consent_terms: ConsentTermsStore, subject: bytes, clocks: Clocks
) -> list[Consent]:
    """Return every grant of a subject, in the order of the ledger."""
    terms = consent_terms.of_subject(subject)
    rows = (state.of.grants == state.index.find_one(subject)).nonzero()[0].tolist()
    return [
        Consent(
            stand.consent_id,
            state.grants.terms_hash[row].tobytes(),
            terms.get(stand.consent_id),
            stand.fault or "active",
            int(state.grants.signed_at_s[row]),
            int(state.grants.not_after_s[row]),
        )
        # A subject that the ledger does not know has no row and no standing.
        for row, stand in zip(rows, standings(state, subject, clocks), strict=False)
    ]


def find_ended_consents(
    consent_ids: Sequence[bytes], events: Events, state: LedgerState, clocks: Clocks
) -> list[bytes]:
    """Return those of these consents that stand no longer, or never did, in the order given."""
    withdrawn = _withdrawn(state)
    stopped = _stopped(state)
    standing = set()
    for position, change in events.named(consent_ids):
        body = change.body
        signed_at_s = int.from_bytes(body[3 * _WORD : 4 * _WORD], "big")
        not_after_s = int.from_bytes(body[4 * _WORD :], "big")
        is_over = clocks.later_s > not_after_s or signed_at_s <= stopped.get(body[:_WORD], -1)
        if position <= state.count and not is_over and body[:_ID_BYTES] not in withdrawn:
            standing.add(keccak(body[:_ID_BYTES]))
    return [name for name in consent_ids if name not in standing]


def end_times(events: Events, consent_ids: Sequence[bytes]) -> dict[bytes, int]:
    """Return the last second of each of these consents, as far as its grant is mirrored."""
    return {
        keccak(change.body[:_ID_BYTES]): int.from_bytes(change.body[4 * _WORD :], "big")
        for _, change in events.named(consent_ids)
    }


def with_revocations_since(state: LedgerState, newer: LedgerState) -> LedgerState:
    """Return `state`, less what was withdrawn or stopped between it and a newer one of its log."""
    at = len(state.withdrawals.subject)
    withdrawals = [
        Withdrawal(subject.tobytes(), terms_hash.tobytes())
        for subject, terms_hash in zip(
            newer.withdrawals.subject[at:], newer.withdrawals.terms_hash[at:], strict=True
        )
    ]
    at = len(state.stops.subject)
    stops = [
        Stop(subject.tobytes(), int(issued_at_s))
        for subject, issued_at_s in zip(
            newer.stops.subject[at:], newer.stops.issued_at_s[at:], strict=True
        )
    ]
    return state.with_pending(withdrawals, stops) if withdrawals or stops else state


def _withdrawn(state: LedgerState) -> set[bytes]:
    found = set()
    for rows in (state.withdrawals, state.pending_withdrawals):
        joined = zip(rows.subject, rows.terms_hash, strict=True)
        found |= {subject.tobytes() + terms_hash.tobytes() for subject, terms_hash in joined}
    return found


def _stopped(state: LedgerState) -> dict[bytes, int]:
    found: dict[bytes, int] = {}
    for rows in (state.stops, state.pending_stops):
        for subject, issued_at_s in zip(rows.subject, rows.issued_at_s, strict=True):
            name = subject.tobytes()
            found[name] = max(found.get(name, -1), int(issued_at_s))
    return found
