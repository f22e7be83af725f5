from __future__ import annotations

import pytest
import rlp
from oracle import EthAccount
from township import RELAYER

from consent.errors import ConsentInvalid, LedgerBroken
from consent.raw_transactions import (
    MAX_BYTES,
    Offer,
    Payload,
    RelayerAccount,
    read_call,
    read_payload,
)

CONTRACT = "0x" + "11" * 20
OFFER = Offer(chain_id=8686, nonce=0, max_fee=10**30, tip=0)


@pytest.mark.parametrize("to", ["", CONTRACT])
@pytest.mark.parametrize("length", [0, 1, 2, 55, 56, 255, 256, 70_000])
@pytest.mark.parametrize("gas", [21_000, 16_777_216])
def test_a_signed_payload_is_read_back(to: str, length: int, gas: int) -> None:
    for byte in (b"\0", b"\x7f", b"\x80", b"\xff"):
        payload = Payload(to=to, data=byte * length, gas=gas)
        assert read_payload(RelayerAccount(RELAYER).sign(payload, OFFER)[0]) == payload


@pytest.mark.parametrize("to", ["", CONTRACT])
@pytest.mark.parametrize("offer", [OFFER, Offer(chain_id=1, nonce=256, max_fee=0, tip=7)])
def test_a_transaction_is_byte_for_byte_the_one_that_eth_account_signs(
    to: str, offer: Offer
) -> None:
    for number in range(20):  # some r and s begin with a zero byte, which RLP leaves out
        payload = Payload(to=to, data=bytes([number]) * 40, gas=21_000 + number)
        fields = {
            "type": 2,
            "chainId": offer.chain_id,
            "nonce": offer.nonce,
            "gas": payload.gas,
            "maxFeePerGas": offer.max_fee,
            "maxPriorityFeePerGas": offer.tip,
            "value": 0,
            "data": payload.data,
            **({"to": bytes.fromhex(to[2:])} if to else {}),
        }
        expected = EthAccount.from_key(RELAYER).sign_transaction(fields)
        raw, digest = RelayerAccount(RELAYER).sign(payload, offer)
        assert raw == bytes(expected.raw_transaction)
        assert digest == bytes(expected.hash)


def test_the_account_is_the_one_that_eth_account_derives() -> None:
    assert RelayerAccount(RELAYER).address == EthAccount.from_key(RELAYER).address.lower()


@pytest.mark.parametrize("key", [b"", bytes(32), b"\xff" * 32, b"\7" * 31, b"\7" * 33])
def test_a_key_that_is_none_is_refused_and_not_shown(key: bytes) -> None:
    with pytest.raises(ConsentInvalid, match="32 bytes of secp256k1") as raised:
        RelayerAccount(key)
    assert raised.value.__cause__ is None
    assert "07" * 4 not in repr(RelayerAccount(RELAYER))


def test_a_transaction_of_another_kind_is_not_read() -> None:
    for other in (b"", b"\xf8\x01", b"\x01\xc0", b"\x02", b"\x02\xc0", b"\x02\xf8"):
        with pytest.raises(LedgerBroken, match="another kind"):
            read_payload(other)


def in_lists(depth: int) -> bytes:
    """Return an empty list in so many lists, as RLP."""
    parts, size = [b"\xc0"], 1
    for _ in range(depth):
        length = size.to_bytes((size.bit_length() + 7) // 8, "big")
        head = bytes([0xC0 + size]) if size < 56 else bytes([0xF7 + len(length)]) + length
        parts.append(head)
        size += len(head)
    return b"".join(reversed(parts))


@pytest.mark.parametrize("kind", [b"", b"\x01", b"\x02", b"\x04"])
@pytest.mark.parametrize("nested", [in_lists(900), in_lists(100_000), b"\xf8" * 5_000])
def test_lists_in_lists_are_no_transaction(kind: bytes, nested: bytes) -> None:
    assert read_call(kind + nested) is None
    with pytest.raises(LedgerBroken, match="another kind"):
        read_payload(kind + nested)


def test_a_transaction_that_no_gas_pays_for_is_not_read() -> None:
    data = bytes(MAX_BYTES)
    payload = Payload(to=CONTRACT, data=data[:-1_000], gas=2**24)
    account = RelayerAccount(RELAYER)
    assert read_call(account.sign(payload, OFFER)[0]) is not None
    longer = Payload(to=CONTRACT, data=data, gas=2**24)
    assert read_call(account.sign(longer, OFFER)[0]) is None
    assert read_call(b"\2" + rlp.encode([b"\1"] * MAX_BYTES)) is None
