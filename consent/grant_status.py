"""Reports whether each grant of a subject is in force on the ledger, whatever its terms are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from consent.state import ROLES_THAT_GRANT, LedgerState
from consent.terms import View
from consent.typed_data import consent_id

_NEVER_S = -1


@dataclass(frozen=True, slots=True)
class Clocks:
    """The host's clock and the newest block's, since either may be wrong; seconds UTC."""

    earlier_s: int
    later_s: int

    @classmethod
    def of(cls, view: View, now_s: float) -> Clocks:
        """Return the host's clock and the view's, in order."""
        return cls(min(int(now_s), view.block_time_s), max(int(now_s), view.block_time_s))


@dataclass(frozen=True, slots=True)
class GrantStatus:
    """A grant without its terms: what keeps it from permitting, and whether it may still deny.

    Doubt counts against release: a permit starts by the earlier clock, ends by the later one, and
    ends too by a withdrawal or a stop that is seen but not final; a deny needs neither clock nor
    key to start, ends by the earlier clock, and is lifted only by its own, final withdrawal. A stop
    ends permits and never a deny.

    Attributes:
        consent_id: which consent.
        faults: the reasons (of a decision) for which it permits nothing, the farthest miss first.
        may_deny: True unless it has ended in every respect.
    """

    consent_id: bytes
    faults: tuple[str, ...]
    may_deny: bool

    @property
    def fault(self) -> str | None:
        """The first reason for which it permits nothing, or None."""
        return self.faults[0] if self.faults else None


def grant_statuses(state: LedgerState, subject: bytes, clocks: Clocks) -> Iterator[GrantStatus]:
    """Yield the status of each grant of the subject, in the order of the ledger."""
    number = state.index.find_one(subject)
    if number < 0:
        return
    final_withdrawn, withdrawn = _withdrawn(state, number, subject)
    stop_s = _stopped_at_s(state, number, subject)
    is_enrolled = state.is_enrolled(subject)
    for row in np.flatnonzero(state.of.grants == number).tolist():
        grant = _Grant(
            state.grants.terms_hash[row].tobytes(),
            state.grants.key_hash[row].tobytes(),
            int(state.grants.signed_at_s[row]),
            int(state.grants.not_after_s[row]),
        )
        faults = {
            "not-enrolled": not is_enrolled,
            "bad-key": not _may_grant(state, number, grant),
            "not-yet": grant.signed_at_s > clocks.earlier_s or row >= state.permitting_grants,
            "expired": clocks.later_s > grant.not_after_s,
            "stopped": grant.signed_at_s <= stop_s,
            "withdrawn": grant.terms_hash in withdrawn,
        }
        is_over = clocks.earlier_s > grant.not_after_s
        yield GrantStatus(
            consent_id(subject, grant.terms_hash),
            tuple(fault for fault, applies in faults.items() if applies),
            not is_over and grant.terms_hash not in final_withdrawn,
        )

    yield from pending_statuses(state, subject, clocks)


def pending_statuses(state: LedgerState, subject: bytes, clocks: Clocks) -> Iterator[GrantStatus]:
    """Yield the status of each refusal of the subject that is acknowledged but not on the ledger.

    One whose grant or withdrawal the ledger has is no longer pending.
    """
    refusals = [refusal for refusal in state.pending_refusals if refusal.subject == subject]
    if not refusals:
        return
    number = state.index.find_one(subject)
    rows = np.flatnonzero(state.of.grants == number).tolist()
    known = {state.grants.terms_hash[row].tobytes() for row in rows}
    known |= _withdrawn(state, number, subject)[0]
    for refusal in refusals:
        if refusal.terms_hash not in known:
            is_over = clocks.earlier_s > refusal.not_after_s
            name = consent_id(subject, refusal.terms_hash)
            yield GrantStatus(name, ("not-yet",), not is_over)


@dataclass(frozen=True, slots=True)
class _Grant:
    terms_hash: bytes
    key_hash: bytes
    signed_at_s: int
    not_after_s: int


def _withdrawn(state: LedgerState, number: int, subject: bytes) -> tuple[set[bytes], set[bytes]]:
    """Return the commitments whose withdrawal is final, and all whose withdrawal was seen."""
    pending = state.pending_withdrawals
    final_rows = state.withdrawals.terms_hash[state.of.withdrawals == number]
    pending_rows = pending.terms_hash[_is(pending.subject, subject)]
    final = {terms_hash.tobytes() for terms_hash in final_rows}
    return final, final | {terms_hash.tobytes() for terms_hash in pending_rows}


def _stopped_at_s(state: LedgerState, number: int, subject: bytes) -> int:
    """Return the time of the last stop, final or only seen."""
    pending = state.pending_stops
    final = state.stops.issued_at_s[state.of.stops == number]
    seen = pending.issued_at_s[_is(pending.subject, subject)]
    times: list[int] = [_NEVER_S, *final.tolist(), *seen.tolist()]
    return max(times)


def _may_grant(state: LedgerState, number: int, grant: _Grant) -> bool:
    # Removals are not looked at: what a key signed before its removal was accepted stays valid.
    for row in np.flatnonzero(state.of.keys == number).tolist():
        if state.keys.key_hash[row].tobytes() == grant.key_hash:
            until_s = int(state.keys.until_s[row])
            has_role = int(state.keys.role[row]) in ROLES_THAT_GRANT
            return has_role and (until_s == 0 or grant.signed_at_s <= until_s)
    return False


def _is(subjects: npt.NDArray[np.uint8], subject: bytes) -> npt.NDArray[np.bool_]:
    same: npt.NDArray[np.bool_] = (subjects == np.frombuffer(subject, np.uint8)).all(axis=1)
    return same
