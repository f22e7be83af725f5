"""Reads raw transactions, and finds on the chain those of an account that are missed here."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from consent import abi
from consent.chain import Chain
from consent.errors import LedgerBroken
from consent.typed_data import keccak

_BLOCKS_AT_ONCE: Final = 64
_TYPE: Final = 2
_GAS, _TO, _DATA = 4, 5, 7
_SHORT_TEXT, _LONG_TEXT, _SHORT_LIST, _LONG_LIST = 0x80, 0xB8, 0xC0, 0xF8


@dataclass(frozen=True, slots=True)
class Transaction:
    """A transaction that the chain has mined from our account."""

    nonce: int
    hash: bytes
    raw: bytes


@dataclass(frozen=True, slots=True)
class Payload:
    """What a raw transaction asks for: to whom ("" deploys), with which calldata and gas limit."""

    to: str
    data: bytes
    gas: int


def read_payload(raw: bytes) -> Payload:
    """Return what a raw transaction of ours asks for (EIP-1559: a list of fields after 0x02).

    Raises:
        LedgerBroken: not such a transaction.
    """
    if raw[:1] != bytes([_TYPE]):
        raise LedgerBroken("a transaction in the outbox is not of the kind that is written there")
    fields = list(_items(next(_items(raw[1:]))))
    to = "0x" + fields[_TO].hex() if fields[_TO] else ""
    return Payload(to, fields[_DATA], int.from_bytes(fields[_GAS], "big"))


def _items(encoded: bytes) -> Iterator[bytes]:
    """Yield what stands in an RLP list, each item as its bytes."""
    while encoded:
        first, start, length = encoded[0], 1, 0
        if first < _SHORT_TEXT:
            start, length = 0, 1
        elif _LONG_TEXT <= first < _SHORT_LIST or first >= _LONG_LIST:
            wide = first - (_LONG_TEXT if first < _SHORT_LIST else _LONG_LIST) + 1
            start, length = 1 + wide, int.from_bytes(encoded[1 : 1 + wide], "big")
        else:
            length = first - (_SHORT_TEXT if first < _SHORT_LIST else _SHORT_LIST)
        yield encoded[start : start + length]
        encoded = encoded[start + length :]


def find_mined(chain: Chain, address: str, nonces: Collection[int]) -> list[Transaction]:
    """Return the account's mined transactions with these nonces, read back from the newest block.

    Raises:
        LedgerUnavailable: the chain is away.
        LedgerBroken: the chain does not have them, or gives others.
    """
    wanted, found = set(nonces), []
    newest = chain.read_each(abi.number, [("eth_blockNumber", [])])[0]
    for last in range(newest, -1, -_BLOCKS_AT_ONCE):
        if not wanted:
            break
        blocks = range(last, max(-1, last - _BLOCKS_AT_ONCE), -1)
        asked = [("eth_getBlockByNumber", [hex(number), True]) for number in blocks]
        for sent in chain.read_each(lambda block: _sent(block, address), asked):
            found += [one for one in sent if one[0] in wanted]
            wanted -= {nonce for nonce, _ in sent}
    if wanted:
        raise LedgerBroken(f"the chain does not show transaction {min(wanted)} of {address}")
    return _with_raw(chain, found)


def _sent(block: Any, address: str) -> list[tuple[int, bytes]]:
    return [
        (abi.number(one["nonce"]), abi.data(one["hash"], 32))
        for one in block["transactions"]
        if one["from"].lower() == address
    ]


def _with_raw(chain: Chain, found: Sequence[tuple[int, bytes]]) -> list[Transaction]:
    made = []
    for nonce, name in sorted(found):
        asked = [("eth_getRawTransactionByHash", ["0x" + name.hex()])]
        raw = chain.read_each(abi.data, asked)[0]
        if keccak(raw) != name:
            raise LedgerBroken("the chain gave another transaction than the one it was asked for")
        made.append(Transaction(nonce, name, raw))
    return made
