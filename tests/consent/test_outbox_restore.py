from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from liar import LIAR, RELAY, raw_call
from township import RELAYER, Town

from consent.errors import LedgerBroken
from consent.outbox_restore import find_mined, restore_outbox
from consent.signatures import SigningKey
from consent.typed_data import keccak


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
