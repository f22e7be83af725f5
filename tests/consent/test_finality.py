from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from faults import FaultProxy
from township import LOG, Town, make_ledger, refusal, some_history

pytestmark = pytest.mark.node


@pytest.fixture
def proxy(town: Town, tmp_path: Path) -> Iterator[FaultProxy]:
    made = FaultProxy(town.endpoint, tmp_path / "proxy.ipc")
    yield made
    made.close()


def at_block(number: int) -> bytes:
    return hex(number).encode()


@pytest.fixture
def final(town: Town, proxy: FaultProxy, tmp_path: Path) -> Town:
    """Another house on the same ledger, whose chain's finality is what the proxy says it is."""
    deployment = replace(town.deployment, finality="bft")
    other = Town(f"sqlite:///{tmp_path / 'final.db'}", proxy.endpoint, town.clock, deployment)
    set_final(other, proxy)
    other.mirror.sync()
    return other


def set_final(town: Town, proxy: FaultProxy, lag: int = 0) -> int:
    number = int(town.process().chain.rpc.call("eth_blockNumber"), 16) - lag
    proxy.rewrite = lambda question: question.replace(b'"finalized"', b'"%s"' % at_block(number))
    return number


def test_grants_wait_for_finality_and_withdrawals_do_not(
    town: Town, final: Town, proxy: FaultProxy
) -> None:
    patient, granted = some_history(town)
    view, state = final.mirror.sync()
    assert len(state.grants.subject) == 0
    assert len(state.pending_withdrawals.subject) == len(state.pending_stops.subject) == 1
    set_final(town, proxy)
    view, state = final.mirror.sync()
    assert len(state.grants.subject) == 3
    assert len(state.pending_withdrawals.subject) == 0
    assert len(state.withdrawals.subject) == 1
    assert view.count == town.mirror.sync()[0].count


def test_a_withdrawal_once_seen_stays_in_force_after_a_reorganisation(
    town: Town, final: Town, proxy: FaultProxy
) -> None:
    patient = town.patient()
    granted = patient.grants(town.now_s())
    town.bring(granted)
    number = set_final(town, proxy)
    final.mirror.sync()
    ledger = make_ledger(final)
    ledger.view()
    basis = ledger.decision_basis()
    town.bring(patient.withdraws(granted))
    assert len(final.mirror.sync()[1].pending_withdrawals.subject) == 1
    assert ledger.decision_basis() != basis
    # The reorganised chain ends where the withdrawal was not yet.
    proxy.rewrite = lambda q: re.sub(rb'"(finalized|latest)"', b'"%s"' % at_block(number), q)
    elsewhere = final.process()
    for mirror in (final.mirror, elsewhere.mirror):
        assert len(mirror.sync()[1].pending_withdrawals.subject) == 1


def test_finality_that_falls_back_waits_and_another_block_where_one_was_final_stops_all(
    town: Town, final: Town, proxy: FaultProxy
) -> None:
    some_history(town)
    number = set_final(town, proxy)
    final.mirror.sync()
    set_final(town, proxy, lag=2)
    assert "finality is behind" in refusal(final.mirror)
    set_final(town, proxy)
    accepted = b'"eth_getBlockByNumber","params":["%s",false]' % at_block(number)
    other = accepted.replace(at_block(number), at_block(number - 1))
    rewrite = proxy.rewrite
    proxy.rewrite = lambda question: rewrite(question.replace(accepted, other, 1))
    assert "another block" in refusal(final.mirror)
    proxy.rewrite = lambda question: question.replace(b'"finalized"', b'"0xffffff"')
    assert "cannot be read" in refusal(final.mirror)


def test_events_above_finality_that_do_not_prove_themselves_are_refused(
    town: Town, final: Town, proxy: FaultProxy
) -> None:
    some_history(town)
    proxy.wants = lambda question: b"eth_getLogs" in question
    proxy.fault = lambda answer: LOG.sub(b"", answer)
    assert "newest events" in refusal(final.mirror)


def test_a_bft_ledger_confirms_at_finality(town: Town, final: Town, proxy: FaultProxy) -> None:
    proxy.rewrite = lambda question: question.replace(b"finalized", b"latest")
    patient = final.patient()
    assert final.bring(patient.grants(final.now_s()))[0].ok
    set_final(final, proxy)
    final.limits.confirm_s = 0.2
    outcome = final.bring(patient.stops(town.now_s() - 99))[0]
    assert (outcome.ok, outcome.reason) == (True, "pending")
    assert final.bring(patient.grants(final.now_s()))[0].reason == "pending"
    saved = final.outbox.find(state="written")
    assert final.outbox.settle_open(lambda: final.mirror.sync()[0].block_number) == len(saved) == 2
    set_final(town, proxy)
    assert final.outbox.settle_open(lambda: final.mirror.sync()[0].block_number) == 0
