"""How long calls wait for the chain."""

from __future__ import annotations

from pathlib import Path

import pytest
from faults import FaultProxy
from township import Town, ask, make_ledger

from consent.limits import LedgerLimits

pytestmark = pytest.mark.node


def test_a_permission_that_is_not_mined_soon_is_stored_answered_and_recorded_later(
    town: Town, tmp_path: Path
) -> None:
    patient, proxy = town.patient(), FaultProxy(town.endpoint, tmp_path / "proxy.ipc")
    ledger = make_ledger(town.process(proxy.endpoint))
    ledger.limits.answer_s = 0.1
    assert ledger.limits.wait_s(is_decision=True) == 0.1
    assert ledger.limits.wait_s(is_decision=False) == LedgerLimits().confirm_s
    proxy.rewrite = lambda question: question.replace(b"eth_sendRawTransaction", b"eth_lose")
    outcome = ledger.grant([patient.grants(town.now_s())])[0]
    assert (outcome.ok, outcome.reason) == (False, "pending")
    assert not ledger.decide(ask(patient)).permitted
    proxy.rewrite = lambda question: question
    ledger.recover()
    assert ledger.decide(ask(patient)).permitted
    proxy.close()
