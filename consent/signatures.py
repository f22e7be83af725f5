"""Signs digests with secp256k1 keys, and recovers the account that signed one."""

from __future__ import annotations

from typing import Final

import coincurve

from consent.errors import SignatureInvalid
from consent.typed_data import keccak

SIGNATURE_BYTES: Final = 65
ORDER: Final = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
LOWEST_V: Final = 27
_SECRET_BYTES: Final = 32
_ADDRESS_BYTES: Final = 20


class SigningKey:
    """A secret key (32 bytes, from 1 to the order less 1) that signs digests and never shows it."""

    __slots__ = ("_key",)

    def __init__(self, secret: bytes) -> None:
        try:
            if len(secret) != _SECRET_BYTES:  # coincurve would pad a shorter one
                raise ValueError
            self._key = coincurve.PrivateKey(secret)
        except ValueError:
            # No cause is named: it would carry the secret.
            raise SignatureInvalid("a secret key is 32 bytes, from 1 to the order less 1") from None

    @property
    def address(self) -> bytes:
        """The key's account, 20 bytes."""
        return _address(self._key.public_key)

    def sign(self, digest: bytes) -> bytes:
        """Return r, s (the lower of the two) and v (27 or 28): 65 bytes, for the contract."""
        signature = self._key.sign_recoverable(digest, hasher=None)
        return signature[:64] + bytes([signature[64] + LOWEST_V])


def recover(digest: bytes, signature: bytes) -> bytes:
    """Return the 20-byte account whose key signed the digest.

    Raises:
        SignatureInvalid: a wrong length, a wrong v, or an s in the upper half, which the contract
            refuses since anyone can compute it from the lower one.
    """
    if len(signature) != SIGNATURE_BYTES or signature[64] not in (LOWEST_V, LOWEST_V + 1):
        raise SignatureInvalid("a signature is 65 bytes ending in 27 or 28")
    if int.from_bytes(signature[32:64], "big") > ORDER // 2:
        raise SignatureInvalid("the signature's s is in the upper half")
    compact = signature[:64] + bytes([signature[64] - LOWEST_V])
    try:
        return _address(coincurve.PublicKey.from_signature_and_message(compact, digest, None))
    except ValueError as error:
        raise SignatureInvalid("no key can have signed this") from error


def _address(key: coincurve.PublicKey) -> bytes:
    return keccak(key.format(compressed=False)[1:])[-_ADDRESS_BYTES:]
