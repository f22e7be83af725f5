from __future__ import annotations

import numpy as np
import pytest

from consent.state import (
    Enrolments,
    Grants,
    Keys,
    LedgerLog,
    Removals,
    Stops,
    Withdrawals,
    columns,
)
from consent.terms import Stop, Withdrawal

ALICE, BOB, HASH = b"A" * 32, b"B" * 32, b"h" * 32


def test_a_state_holds_what_its_log_knew_and_learns_nothing_later() -> None:
    log = LedgerLog()
    empty = log.state(0, bytes(27))
    log.extend(columns(Enrolments, [(ALICE,)]))
    log.extend(columns(Grants, [(ALICE, HASH, HASH, 1, 2)]))
    before = log.state(2, b"x" * 27)
    for number in range(3_000):
        log.extend(columns(Stops, [(BOB, number)]))
    log.extend(columns(Enrolments, [(BOB,)]))
    after = log.state(3_003, b"y" * 27)
    assert len(empty.grants.subject) == 0
    assert before.grants.signed_at_s.tolist() == [1]
    assert before.is_enrolled(ALICE) and not before.is_enrolled(BOB)
    assert len(before.stops.subject) == 0
    assert after.stops.issued_at_s.tolist() == list(range(3_000))
    assert after.of.stops.tolist() == [1] * 3_000
    assert after.is_enrolled(BOB) and not after.is_enrolled(b"short")
    assert before.log is after.log
    people = [b"short", BOB, ALICE, b"x" * 32]
    assert empty.find_enrolled(people) == set()
    assert before.find_enrolled(people) == {ALICE}
    assert after.find_enrolled(people) == {ALICE, BOB}
    assert after.find_enrolled([]) == set()


def test_a_state_cannot_be_changed() -> None:
    log = LedgerLog()
    log.extend(columns(Grants, [(ALICE, HASH, HASH, 1, 2)]))
    state = log.state(1, bytes(27))
    for column in (*state.grants, state.of.grants):
        with pytest.raises(ValueError, match="read-only"):
            column[0] = 0


def test_every_kind_of_row_is_stored_as_given() -> None:
    log = LedgerLog()
    for kind, row in (
        (Keys, (ALICE, HASH, 1, 500)),
        (Removals, (ALICE, HASH)),
        (Withdrawals, (BOB, HASH)),
    ):
        log.extend(columns(kind, [row, row]))
    state = log.state(6, bytes(27))
    assert (state.keys.role.tolist(), state.keys.until_s.tolist()) == ([1, 1], [500, 500])
    assert state.removals.key_hash.tobytes() == HASH * 2
    assert state.withdrawals.subject.tobytes() == BOB * 2


def test_what_is_pending_is_beside_the_state_and_not_in_it() -> None:
    state = LedgerLog().state(0, bytes(27))
    once = state.with_pending([Withdrawal(ALICE, HASH)], [])
    twice = once.with_pending([Withdrawal(BOB, HASH)], [Stop(ALICE, 7)])
    assert len(state.pending_withdrawals.subject) == 0
    assert twice.pending_withdrawals.subject.tobytes() == ALICE + BOB
    assert twice.pending_stops.issued_at_s.tolist() == [7]
    assert len(twice.withdrawals.subject) == 0
    assert twice.log is state.log


def test_columns_of_different_lengths_or_hashes_of_another_length_are_refused() -> None:
    log = LedgerLog()
    with pytest.raises(ValueError, match="lengths"):
        log.extend(Stops(np.zeros((2, 32), np.uint8), np.zeros(1, np.int64)))
    with pytest.raises(ValueError):
        columns(Enrolments, [(b"short",)])
    with pytest.raises(ValueError):
        log.extend(Enrolments(np.zeros((1, 31), np.uint8)))
    assert len(log.state(0, bytes(27)).stops.subject) == 0
