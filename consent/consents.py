"""Lists consents with their state, and finds those that have ended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from consent.consent_terms import ConsentTermsStore
from consent.events import Events
from consent.grant_status import Clocks, GrantStatus, grant_statuses
from consent.state import LedgerState
from consent.subject_index import Numbers
from consent.terms import Terms
from consent.typed_data import keccak

_WORD: Final = 32
_ID_BYTES: Final = 64
DENY: Final = "deny"


@dataclass(frozen=True, slots=True)
class Consent:
    """One grant on the ledger; `state` is ``active`` or the reason why it permits nothing.

    `terms` is None where they are missing, erased or damaged.
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
            status.consent_id,
            state.grants.terms_hash[row].tobytes(),
            terms.get(status.consent_id),
            _state_of(status, terms.get(status.consent_id)),
            int(state.grants.signed_at_s[row]),
            int(state.grants.not_after_s[row]),
        )
        # A subject that the ledger does not know has neither rows nor statuses.
        for row, status in zip(rows, grant_statuses(state, subject, clocks), strict=False)
    ]


def _state_of(status: GrantStatus, terms: Terms | None) -> str:
    """Return ``active`` or the reason why a grant is not in force; a stop ends no refusal."""
    is_refusal = terms is not None and terms.decision == DENY
    faults = [fault for fault in status.faults if not (is_refusal and fault == "stopped")]
    return faults[0] if faults else "active"


def find_ended_consents(
    consent_ids: Sequence[bytes], events: Events, state: LedgerState, clocks: Clocks
) -> list[bytes]:
    """Return those of these consents that are not in force, or never were, in the order given."""
    grants = [change for position, change in events.named(consent_ids) if position <= state.count]
    subjects = {change.body[:_WORD] for change in grants}
    withdrawn, stopped = _withdrawn(state, subjects), _stopped(state, subjects)
    in_force = set()
    for change in grants:
        body = change.body
        signed_at_s = int.from_bytes(body[3 * _WORD : 4 * _WORD], "big")
        not_after_s = int.from_bytes(body[4 * _WORD :], "big")
        is_over = clocks.later_s > not_after_s or signed_at_s <= stopped.get(body[:_WORD], -1)
        if not is_over and body[:_ID_BYTES] not in withdrawn:
            in_force.add(keccak(body[:_ID_BYTES]))
    return [consent_id for consent_id in consent_ids if consent_id not in in_force]


def subjects_of(events: Events, consent_ids: Sequence[bytes]) -> list[bytes]:
    """Return the subject of each of these consents that is mirrored, each subject once."""
    return sorted({change.body[:_WORD] for _, change in events.named(consent_ids)})


def end_times(events: Events, consent_ids: Sequence[bytes]) -> dict[bytes, int]:
    """Return the last second of each of these consents, as far as its grant is mirrored."""
    return {
        keccak(change.body[:_ID_BYTES]): int.from_bytes(change.body[4 * _WORD :], "big")
        for _, change in events.named(consent_ids)
    }


def _withdrawn(state: LedgerState, subjects: set[bytes]) -> set[bytes]:
    """Return subject and commitment, joined, of every withdrawal by one of these subjects."""
    rows = np.flatnonzero(np.isin(state.of.withdrawals, _numbers(state, subjects)))
    final, pending = state.withdrawals, state.pending_withdrawals
    withdrawn = {
        subject.tobytes() + terms_hash.tobytes()
        for subject, terms_hash in zip(final.subject[rows], final.terms_hash[rows], strict=True)
    }
    return withdrawn | {
        subject.tobytes() + terms_hash.tobytes()
        for subject, terms_hash in zip(pending.subject, pending.terms_hash, strict=True)
    }


def _stopped(state: LedgerState, subjects: set[bytes]) -> dict[bytes, int]:
    """Return the time of the last stop by each of these subjects."""
    rows = np.flatnonzero(np.isin(state.of.stops, _numbers(state, subjects)))
    final, pending = state.stops, state.pending_stops
    last: dict[bytes, int] = {}
    for row_subjects, times in (
        (final.subject[rows], final.issued_at_s[rows]),
        (pending.subject, pending.issued_at_s),
    ):
        for row_subject, issued_at_s in zip(row_subjects, times, strict=True):
            subject = row_subject.tobytes()
            last[subject] = max(last.get(subject, -1), int(issued_at_s))
    return last


def _numbers(state: LedgerState, subjects: set[bytes]) -> Numbers:
    hashes = np.frombuffer(b"".join(subjects), np.uint8).reshape(-1, _WORD)
    return state.index.find(hashes)
