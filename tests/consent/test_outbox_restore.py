from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from devices import device
from liar import LIAR, RELAY, raw_call
from township import RELAYER, Town, ask, make_ledger

from consent.errors import LedgerBroken
from consent.findings import LedgerFinding
from consent.outbox import Intent, MinedTransaction, Outbox
from consent.outbox_restore import find_mined, restore_outbox
from consent.raw_transactions import Offer, Payload
from consent.signatures import SigningKey
from consent.state_mark import StateMark
from consent.tables import METADATA
from consent.typed_data import keccak
from deploy.database import make_engine


@pytest.mark.node
def test_mined_transactions_are_found_by_their_nonces_and_others_are_not(town: Town) -> None:
    sent = town.outbox.find()
    nonces = [transaction.nonce for transaction in sent]
    mined = find_mined(town.chain, town.account.address, nonces)
    assert [(item.nonce, item.raw) for item in mined] == [(item.nonce, item.raw) for item in sent]
    assert [keccak(item.raw) for item in mined] == [item.hash for item in mined]
    with pytest.raises(LedgerBroken, match="does not show"):
        find_mined(town.chain, "0x" + "11" * 20, [0])


def node_with(raw: bytes, nonce: int) -> Any:
    """Return a node that calls a transaction our account's, under this nonce."""
    name = "0x" + keccak(raw).hex()
    block = {"transactions": [{"nonce": hex(nonce), "hash": name, "from": RELAY.address}]}
    answers = {
        "eth_blockNumber": "0x0",
        "eth_getBlockByNumber": block,
        "eth_getRawTransactionByHash": "0x" + raw.hex(),
    }
    return SimpleNamespace(
        read_each=lambda read, calls: [read(answers[method]) for method, _ in calls],
        transaction_count=lambda _: 2**200,
    )


def test_a_node_that_invents_transactions_of_our_account_leaves_no_gap_of_nonces() -> None:
    own = SigningKey(RELAYER)
    assert find_mined(node_with(raw_call(own, b"", nonce=7), 7), RELAY.address, [7])
    for key, nonce in ((LIAR, 7), (own, 6)):
        with pytest.raises(LedgerBroken, match="another transaction"):
            find_mined(node_with(raw_call(key, b"", nonce=nonce), 7), RELAY.address, [7])


def test_a_node_that_counts_any_number_of_transactions_costs_no_memory() -> None:
    outbox: Any = SimpleNamespace(
        address=RELAY.address,
        nonces=SimpleNamespace(find_next=lambda: 3),
        find=lambda **_: [],
    )
    with pytest.raises(LedgerBroken, match="more than 1000000"):
        restore_outbox(outbox, node_with(b"", 0), SimpleNamespace())  # type: ignore[arg-type]


@pytest.mark.node
def test_a_nonce_that_another_program_uses_makes_no_acknowledged_no_look_lost(
    town: Town, tmp_path: Path
) -> None:
    ledger = make_ledger(town)
    ledger.protect(StateMark(tmp_path / "mark", town.deployment.contract))
    ledger.limits.confirm_s = 0.2
    patient, other = device(ledger), device(ledger)
    granted = patient.grants(town.now_s())
    assert all(each.ok for each in ledger.grant([granted, other.grants(town.now_s())]))
    assert ledger.decide(ask(patient)).permitted
    engine = make_engine(f"sqlite:///{tmp_path / 'other.db'}")
    METADATA.create_all(engine)
    program, send = Outbox(engine, town.chain, town.account), ledger._outbox.send

    def overtake(_: object) -> None:
        sent = program.write(
            [Intent("operator", Payload(to=town.account.address, data=b"", gas=50_000))]
        )
        program.send(sent)
        program.settle(sent, 20)

    ledger._outbox.send = overtake  # type: ignore[method-assign]
    assert ledger.withdraw([patient.withdraws(granted)])[0].reason == "pending"
    ledger._outbox.send = send  # type: ignore[method-assign]
    marked = StateMark(tmp_path / "mark", town.deployment.contract)
    for process in (ledger, make_ledger(town.process())):
        process.protect(marked)
        process.recover()
        assert process.find_restore() is None
        assert process.decide(ask(patient)).reason == "withdrawn"
        assert process.decide(ask(other)).permitted
    assert (state := marked.read()) is not None and not state.open
    assert {each.code for each in ledger.check()} == {LedgerFinding.RELAYER_USED_ELSEWHERE}


@pytest.mark.node
def test_a_chain_that_goes_back_and_forth_between_two_of_one_nonce_is_followed(town: Town) -> None:
    entry, payload = bytes(64), Payload(to=town.account.address, data=b"", gas=50_000)
    (ours,) = town.outbox.write([Intent("withdraw", payload, entry)])
    offer = Offer(chain_id=town.deployment.chain_id, nonce=ours.nonce, max_fee=1, tip=1)
    raw, name = town.account.sign(payload, offer)
    both = [MinedTransaction(ours.nonce, *each) for each in ((ours.hash, ours.raw), (name, raw))]
    for mined in (both[1], both[0], both[1], both[0]):
        town.outbox.adopt([mined], ours.nonce + 1)
        assert not town.outbox.is_missing(mined)
        assert town.outbox.known([each.hash for each in both]) == {each.hash for each in both}
        assert entry in town.outbox.pending().withdrawals
