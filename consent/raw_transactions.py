"""Signs and reads raw transactions (EIP-1559: an RLP list behind the byte 0x02)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import rlp

from consent.errors import ConsentInvalid, LedgerBroken, SignatureInvalid
from consent.signatures import LOWEST_V, SigningKey
from consent.typed_data import keccak

_TYPE: Final = b"\x02"
_GAS, _TO, _DATA = 4, 5, 7
_FIELDS: Final = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Payload:
    """What a transaction asks for: the address it calls ("" deploys), its calldata and gas."""

    to: str
    data: bytes
    gas: int


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
        """Return the raw transaction and its hash; no access list, no value."""
        to = bytes.fromhex(payload.to[2:])
        fees = [offer.tip, offer.max_fee]
        fields = [offer.chain_id, offer.nonce, *fees, payload.gas, to, 0, payload.data, []]
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
    except rlp.exceptions.DecodingError:
        fields = []
    if len(fields) != _FIELDS:
        raise LedgerBroken("a transaction in the outbox is of another kind than EIP-1559")
    to = "0x" + fields[_TO].hex() if fields[_TO] else ""
    return Payload(to=to, data=fields[_DATA], gas=int.from_bytes(fields[_GAS], "big"))
