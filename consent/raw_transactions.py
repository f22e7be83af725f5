"""Signs and reads raw transactions (EIP-1559: an RLP list behind the byte 0x02)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import rlp

from consent.errors import ConsentInvalid, LedgerBroken, SignatureInvalid
from consent.signatures import LOWEST_V, SigningKey, recover
from consent.typed_data import keccak

_TYPE: Final = b"\x02"
_GAS, _TO, _VALUE, _DATA = 4, 5, 6, 7
_FIELDS: Final = 12
_SIGNATURE_FIELDS: Final = 3
_EIP155: Final = 35
_LAYOUTS: Final = {
    # first byte: number of fields, position of `to`, position of the calldata
    0x01: (11, 4, 6),
    0x02: (_FIELDS, _TO, _DATA),
    0x04: (13, _TO, _DATA),
}
_LEGACY: Final = (9, 3, 5)
MAX_BYTES: Final = 2 * 2**20
"""Of a transaction that is read: the gas of one (2**24, EIP-7825) pays for fewer bytes."""
_UNREADABLE: Final = (rlp.exceptions.DecodingError, RecursionError)
"""No transaction: also lists in lists without end, which only a lying node sends."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Payload:
    """What a transaction asks for: the address it calls ("" deploys), calldata, gas and wei."""

    to: str
    data: bytes
    gas: int
    value: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SentCall:
    """What a signed transaction calls and which account signed it: bytes, 20 for an account.

    `to` is empty where the transaction makes a contract; `chain_id` is 0 where it names none.
    """

    sender: bytes
    to: bytes
    data: bytes
    chain_id: int
    nonce: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """The position of a transaction and what it pays; fees in wei for one gas."""

    chain_id: int
    nonce: int
    max_fee: int
    tip: int


class RelayerAccount:
    """The account that pays for transactions; it signs them and never shows its key."""

    def __init__(self, key: bytes) -> None:
        """Take the 32 bytes of a secp256k1 key.

        Raises:
            ConsentInvalid: not such a key.
        """
        try:
            self._key = SigningKey(key)
        except SignatureInvalid:
            # No cause is named: it could carry the key.
            raise ConsentInvalid("the relayer key is not 32 bytes of secp256k1") from None
        self.address: str = "0x" + self._key.address.hex()

    def __repr__(self) -> str:
        return f"RelayerAccount({self.address})"

    def sign(self, payload: Payload, offer: Offer) -> tuple[bytes, bytes]:
        """Return the raw transaction and its hash; no access list."""
        to = bytes.fromhex(payload.to[2:])
        fees = [offer.tip, offer.max_fee]
        fields = [
            offer.chain_id,
            offer.nonce,
            *fees,
            payload.gas,
            to,
            payload.value,
            payload.data,
            [],
        ]
        signature = self._key.sign(keccak(_TYPE + rlp.encode(fields)))
        r, s = (int.from_bytes(signature[at : at + 32], "big") for at in (0, 32))
        raw: bytes = _TYPE + rlp.encode([*fields, signature[64] - LOWEST_V, r, s])
        return raw, keccak(raw)


def read_payload(raw: bytes) -> Payload:
    """Return what a raw transaction of the relayer asks for.

    Raises:
        LedgerBroken: not an EIP-1559 transaction.
    """
    try:
        fields: list[Any] = rlp.decode(raw[1:]) if raw[:1] == _TYPE else []
    except _UNREADABLE:
        fields = []
    if len(fields) != _FIELDS:
        raise LedgerBroken("a transaction in the outbox is of another kind than EIP-1559")
    to = "0x" + fields[_TO].hex() if fields[_TO] else ""
    gas, value = (int.from_bytes(fields[at], "big") for at in (_GAS, _VALUE))
    return Payload(to=to, data=fields[_DATA], gas=gas, value=value)


def read_call(raw: bytes) -> SentCall | None:
    """Return what a raw transaction calls, with the sender recovered from its own signature.

    None: bytes that are no transaction, or of a kind that calls nothing which we verify.
    """
    typed = _LAYOUTS.get(raw[0]) if raw else None
    count, to, data = typed or _LEGACY
    if len(raw) > MAX_BYTES:
        return None
    try:
        fields: list[Any] = rlp.decode(raw[1:] if typed else raw)
        if not isinstance(fields, list) or len(fields) != count:
            return None
        chain_id, parity, hashed = _typed(raw[:1], fields) if typed else _legacy(fields)
        r, s = (field.rjust(32, b"\0") for field in fields[-2:])
        sender = recover(hashed, r + s + bytes([LOWEST_V + parity]))
        nonce = int.from_bytes(fields[1 if typed else 0], "big")
        return SentCall(
            sender=sender, to=fields[to], data=fields[data], chain_id=chain_id, nonce=nonce
        )
    except (*_UNREADABLE, SignatureInvalid, ValueError, TypeError, AttributeError):
        return None


def _typed(kind: bytes, fields: list[Any]) -> tuple[int, int, bytes]:
    """Return the chain id, the signature's parity and the hash that was signed (EIP-2718)."""
    unsigned = fields[:-_SIGNATURE_FIELDS]
    parity = int.from_bytes(fields[-_SIGNATURE_FIELDS], "big")
    return int.from_bytes(fields[0], "big"), parity, keccak(kind + rlp.encode(unsigned))


def _legacy(fields: list[Any]) -> tuple[int, int, bytes]:
    """Return the same of a transaction before EIP-2718, with or without a chain id (EIP-155)."""
    unsigned, v = fields[:-_SIGNATURE_FIELDS], int.from_bytes(fields[-_SIGNATURE_FIELDS], "big")
    if v < _EIP155:
        return 0, v - LOWEST_V, keccak(rlp.encode(unsigned))
    chain_id, parity = divmod(v - _EIP155, 2)
    return chain_id, parity, keccak(rlp.encode([*unsigned, chain_id, b"", b""]))
