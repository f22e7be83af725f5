"""Messages that arrive together share a batch; no nodes."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import CancelledError, ThreadPoolExecutor
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from liar import DEPLOYMENT, DOMAIN, NOW_S, RELAY
from township import Patient

from consent.admission import Admission
from consent.errors import LedgerUnavailable
from consent.relayer import Relayer
from consent.submission_group import SubmissionGroup
from consent.terms import Grant, Signed, Stop
from consent.transactions import Outcome


def signed(number: int) -> Signed:
    return Signed(Stop(bytes([number]) * 32, number), b"k" * 20, b"s" * 65)


class SlowLedger:
    """Notes the batches that it gets; the first is answered only when `opens` is set."""

    def __init__(self, error: Exception | None = None) -> None:
        self.batches: list[list[int]] = []
        self.began, self.opens = threading.Event(), threading.Event()
        self._error = error

    def submit(self, batch: Sequence[Signed]) -> list[Outcome]:
        numbers = [item.message.issued_at_s for item in batch if isinstance(item.message, Stop)]
        self.batches.append(numbers)
        if len(self.batches) == 1:
            self.began.set()
            assert self.opens.wait(30)
        elif self._error is not None:
            raise self._error
        return [Outcome(True, str(number), None, "") for number in numbers]


def submit_all(ledger: SlowLedger, count: int) -> list[Outcome | BaseException]:
    """Submit one message, and the others while it is on its way; return what each thread got."""
    group = SubmissionGroup(ledger.submit)
    with ThreadPoolExecutor(count) as pool:
        futures = [pool.submit(group.submit, signed(0))]
        assert ledger.began.wait(30)
        futures += [pool.submit(group.submit, signed(number)) for number in range(1, count)]
        while len(group._waiting) < count - 1:
            pass
        ledger.opens.set()
        return [future.exception() or future.result() for future in futures]


def test_what_arrives_while_a_batch_is_on_its_way_is_the_next_batch() -> None:
    ledger = SlowLedger()
    outcomes = submit_all(ledger, 9)
    assert [outcome.reason for outcome in outcomes if isinstance(outcome, Outcome)] == [
        str(number) for number in range(9)
    ]
    assert [sorted(batch) for batch in ledger.batches] == [[0], list(range(1, 9))]


def test_a_refusal_of_a_batch_reaches_each_of_its_messages_and_no_other() -> None:
    outcomes = submit_all(SlowLedger(LedgerUnavailable("no chain")), 5)
    assert isinstance(outcomes[0], Outcome)
    assert all(isinstance(outcome, LedgerUnavailable) for outcome in outcomes[1:])


def test_after_an_unforeseen_error_no_thread_waits() -> None:
    outcomes = submit_all(SlowLedger(ZeroDivisionError()), 5)
    assert isinstance(outcomes[0], Outcome)
    errors = [type(outcome) for outcome in outcomes[1:]]
    assert errors.count(ZeroDivisionError) == 1
    assert errors.count(CancelledError) == 3


@pytest.mark.parametrize("number", range(3))
def test_one_after_the_other_each_is_sent_alone(number: int) -> None:
    ledger = SlowLedger()
    ledger.opens.set()
    group = SubmissionGroup(ledger.submit)
    assert [group.submit(signed(n)).reason for n in range(number)] == list(map(str, range(number)))
    assert ledger.batches == [[n] for n in range(number)]


def test_a_permission_that_only_the_chain_can_check_delays_no_other() -> None:
    port: Any = SimpleNamespace
    admission = Admission(port(), port(), DEPLOYMENT, RELAY.address, lambda: float(NOW_S))
    relayer = Relayer(port(), port(), port(), admission, port())
    together, alone = list[Signed](), list[Signed]()
    relayer._permissions = port(submit=together.append)
    relayer._submit = lambda _, messages, __: alone.extend(messages) or [None]  # type: ignore
    by_account = Patient(DOMAIN, b"c" * 20).grants(NOW_S)
    by_passkey = replace(by_account, signer=b"p" * 84)
    by_code = [
        replace(by_account, signer=b"x" * 20),
        replace(by_account, signature=b"a signature of any form"),
    ]
    for each in (by_account, by_passkey, *by_code):
        relayer.submit(Grant, [each])
    assert together == [by_account, by_passkey]
    assert alone == by_code
