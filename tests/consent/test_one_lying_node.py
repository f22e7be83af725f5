"""One of several chain nodes lies about fees, nonces, receipts or what a contract answers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from exchanges import SeparateKeys, bft_chain, enrolled, new_town, separated, start
from geth import Geth
from township import PatientRpc, Town

from consent.chain import Chain, Fees
from consent.chain_nodes import ChainNodes
from consent.consent_ledger import ConsentLedger
from consent.errors import LedgerUnavailable
from consent.outbox import Intent
from consent.raw_transactions import Payload
from consent.rpc import Call

MANY = 10**25


class LyingRpc(PatientRpc):
    """Answers with these numbers in place of what the node says."""

    lies: dict[str, object]

    def ask(self, calls: Sequence[Call], timeout_s: float | None = None) -> list[Any]:
        answers = super().ask(calls, timeout_s)
        return [
            self.lies.get(method, answer)
            for (method, _), answer in zip(calls, answers, strict=True)
        ]


def node(endpoint: str, **lies: object) -> Chain:
    made = Chain(endpoint)
    rpc = LyingRpc(endpoint)
    rpc.lies = {f"eth_{name}": value for name, value in lies.items()}
    made.rpc = rpc
    return made


@pytest.fixture
def town(shared_geth: Geth, tmp_path: Path) -> Iterator[Town]:
    with bft_chain(shared_geth.endpoint, tmp_path) as endpoint:
        yield new_town(endpoint, tmp_path, "bft")


def use_nodes(town: Town, **lies: object) -> None:
    """Let the town read from three nodes, of which the first one lies."""
    nodes = [node(town.endpoint, **lies), node(town.endpoint), node(town.endpoint)]
    town.chain = ChainNodes(nodes, town.clock)


@pytest.mark.node
def test_no_transaction_offers_what_one_node_says_and_nobody_can_pay(town: Town) -> None:
    keys, _, before = separated(town)
    patient = enrolled(before)
    granted = patient.grants(town.now_s())
    use_nodes(town, maxPriorityFeePerGas=hex(MANY))
    ledger = start(town, keys)
    ledger.limits.answer_s = 10.0
    assert ledger.grant([granted])[0].reason == ""
    assert ledger.withdraw([patient.withdraws(granted)])[0].reason == ""
    ledger.anchor("journal", b"\1" * 32, 1)
    enrolled(ledger)


@pytest.mark.node
def test_no_new_account_begins_after_nonces_that_one_node_invents(town: Town) -> None:
    patient = enrolled(start(town, SeparateKeys()))
    use_nodes(town, getTransactionCount=hex(1_000))
    _, _, ledger = separated(town)
    ledger.limits.answer_s = 10.0
    assert ledger.grant([patient.grants(town.now_s())])[0].reason == ""
    ledger.anchor("journal", b"\1" * 32, 1)


@pytest.mark.node
@pytest.mark.parametrize("value", [None, "0x", "0x" + "f" * 64, [], {}])
@pytest.mark.parametrize("method", ["call", "getTransactionReceipt"])
def test_one_node_stops_no_start_and_no_answer_by_what_it_says(
    town: Town, method: str, value: object
) -> None:
    keys, _, before = separated(town)
    patient = enrolled(before)
    use_nodes(town, **{method: value})
    town.outbox.write([Intent("end-key", Payload(to=town.deployment.contract, data=b"", gas=1))])
    ledger = ConsentLedger(town.engine, town.chain, keys.own(), town.deployment, town.clock)
    ledger.limits.recovery_s, ledger.limits.answer_s = 0.3, 10.0
    ledger.recover()
    assert ledger.grant([patient.grants(town.now_s())])[0].reason == ""


class Naming(Chain):
    """A node that names these fees and this number of transactions."""

    def __init__(self, fees: Fees | None, count: int | None = 0) -> None:
        super().__init__("")
        self._named, self._count = fees, count

    def fees(self) -> Fees:
        if self._named is None:
            raise LedgerUnavailable("no answer")
        return self._named

    def transaction_count(self, address: str) -> int:
        if self._count is None:
            raise LedgerUnavailable("no answer")
        return self._count


LOW, FAIR, HIGH = Fees(0, 0), Fees(170, 10), Fees(MANY, MANY)


@pytest.mark.parametrize(
    ("named", "expected"),
    [
        ([HIGH, FAIR, FAIR], FAIR),
        ([LOW, FAIR, FAIR], FAIR),
        ([FAIR, HIGH, FAIR, LOW], FAIR),
        ([FAIR, Fees(180, 12)], Fees(180, 12)),
        ([Fees(170, 1), FAIR, FAIR], FAIR),
        ([Fees(170, 170), FAIR, FAIR], FAIR),
        ([LOW, LOW, None], LOW),
        ([HIGH, FAIR], None),
        ([LOW, FAIR], None),
        ([FAIR, None, None], None),
    ],
)
def test_fees_are_those_that_two_nodes_name_about_alike(
    named: list[Fees | None], expected: Fees | None
) -> None:
    chain = ChainNodes([Naming(each) for each in named], lambda: 0.0)
    if expected is not None:
        assert chain.fees() == expected
        return
    with pytest.raises(LedgerUnavailable, match="fees"):
        chain.fees()


@pytest.mark.parametrize(
    ("counts", "expected"),
    [([1_000, 5, 5], 5), ([0, 5, 5], 5), ([5, 4, 0], 4), ([9, 5], 5), ([None, 5, None], 5)],
)
def test_a_number_of_transactions_is_one_that_two_nodes_have(
    counts: list[int | None], expected: int
) -> None:
    chain = ChainNodes([Naming(FAIR, each) for each in counts], lambda: 0.0)
    assert chain.transaction_count("0x") == expected
