"""Signs digests with secp256k1 keys and says whose key signed one."""

from __future__ import annotations

from typing import Final

import coincurve

from consent.errors import BadlySigned
from consent.typed_data import keccak

SIGNATURE_BYTES: Final = 65
ORDER: Final = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
_LOWEST_V: Final = 27
_ADDRESS_BYTES: Final = 20


def sign(digest: bytes, secret: bytes) -> bytes:
    """Return r, s (the lower of the two) and v (27 or 28): 65 bytes that the contract accepts."""
    made = coincurve.PrivateKey(secret).sign_recoverable(digest, hasher=None)
    return made[:64] + bytes([made[64] + _LOWEST_V])


def address_of(secret: bytes) -> bytes:
    """Return the 20-byte account of a secret key."""
    return _address(coincurve.PrivateKey(secret).public_key)


def recover(digest: bytes, signature: bytes) -> bytes:
    """Return the 20-byte account whose key signed the digest.

    Raises:
        BadlySigned: nobody's: a wrong length, a wrong v, or an s in the upper half, which the
            contract refuses since anyone can make it from the lower one.
    """
    if len(signature) != SIGNATURE_BYTES or signature[64] not in (_LOWEST_V, _LOWEST_V + 1):
        raise BadlySigned("a signature is 65 bytes ending in 27 or 28")
    if int.from_bytes(signature[32:64], "big") > ORDER // 2:
        raise BadlySigned("the signature's s is in the upper half")
    compact = signature[:64] + bytes([signature[64] - _LOWEST_V])
    try:
        return _address(coincurve.PublicKey.from_signature_and_message(compact, digest, None))
    except ValueError as error:
        raise BadlySigned("no key can have signed this") from error


def _address(key: coincurve.PublicKey) -> bytes:
    return keccak(key.format(compressed=False)[1:])[-_ADDRESS_BYTES:]
