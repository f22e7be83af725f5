from __future__ import annotations

import pytest
from township import RELAYER, Town

from consent.chain import Account
from consent.errors import LedgerBroken
from consent.raw import Payload, find_mined, read_payload
from consent.typed_data import keccak


def raw(to: str, data: bytes, gas: int) -> bytes:
    fields = {"type": 2, "chainId": 8686, "nonce": 0, "gas": gas, "value": 0, "data": data}
    fees = {"maxFeePerGas": 10**30, "maxPriorityFeePerGas": 0}
    where = {"to": bytes.fromhex(to[2:])} if to else {}
    return Account(RELAYER).sign({**fields, **fees, **where})[0]


@pytest.mark.parametrize("to", ["", "0x" + "11" * 20])
@pytest.mark.parametrize("length", [0, 1, 2, 55, 56, 255, 256, 70_000])
@pytest.mark.parametrize("gas", [21_000, 16_777_216])
def test_what_was_signed_is_read_back(to: str, length: int, gas: int) -> None:
    for byte in (b"\0", b"\x7f", b"\x80", b"\xff"):
        data = byte * length
        assert read_payload(raw(to, data, gas)) == Payload(to, data, gas)


def test_another_kind_of_transaction_is_not_read() -> None:
    for other in (b"", b"\xf8\x01", b"\x01\xc0"):
        with pytest.raises(LedgerBroken, match="kind"):
            read_payload(other)


@pytest.mark.node
def test_what_the_chain_mined_is_found_by_its_nonce_and_what_it_has_not_is_not(
    town: Town,
) -> None:
    sent = town.outbox.find()
    found = find_mined(town.chain, town.account.address, [one.nonce for one in sent])
    assert [(one.nonce, one.raw) for one in found] == [(one.nonce, one.raw) for one in sent]
    assert [keccak(one.raw) for one in found] == [one.hash for one in sent]
    with pytest.raises(LedgerBroken, match="does not show"):
        find_mined(town.chain, "0x" + "11" * 20, [0])
