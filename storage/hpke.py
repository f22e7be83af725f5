"""Sends a record's key to one registered recipient, bound to the decision that permits it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from Crypto.Protocol import HPKE
from Crypto.Protocol.DH import import_x25519_private_key, import_x25519_public_key
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from storage.errors import SealBroken, StorageInvalid
from storage.keys import SecretKey
from storage.seal import KEY_BYTES

ENCAPSULATED_BYTES: Final = 32
SENT_BYTES: Final = ENCAPSULATED_BYTES + KEY_BYTES + 16
_LABEL: Final = b"vouchsafe/v1/send\0"
_REFUSAL: Final = "the sent key does not open"

Hpke = Callable[[bytes, bytes, bytes], bytes]
"""(text or enc ‖ ciphertext ‖ tag, X25519 key, info) -> the other of the two; ValueError if not."""


def _fast_send(text: bytes, public: bytes, info: bytes) -> bytes:
    suite = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
    return suite.encrypt(text, X25519PublicKey.from_public_bytes(public), info=info)


def _fast_receive(sent: bytes, private: bytes, info: bytes) -> bytes:
    suite = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
    try:
        return suite.decrypt(sent, X25519PrivateKey.from_private_bytes(private), info=info)
    except InvalidTag:
        raise ValueError(_REFUSAL) from None


def _second_send(text: bytes, public: bytes, info: bytes) -> bytes:
    key = import_x25519_public_key(public)
    cipher = HPKE.new(receiver_key=key, aead_id=HPKE.AEAD.AES256_GCM, info=info)
    sealed = cipher.seal(text)
    return bytes(cipher.enc + sealed)


def _second_receive(sent: bytes, private: bytes, info: bytes) -> bytes:
    key, enc = import_x25519_private_key(private), sent[:ENCAPSULATED_BYTES]
    cipher = HPKE.new(receiver_key=key, aead_id=HPKE.AEAD.AES256_GCM, info=info, enc=enc)
    return bytes(cipher.unseal(sent[ENCAPSULATED_BYTES:]))


CRYPTOGRAPHY: Final = (_fast_send, _fast_receive)
PYCRYPTODOME: Final = (_second_send, _second_receive)
"""RFC 9180 base mode, X25519 with HKDF-SHA256 and AES-256-GCM; the first is the default."""


def make_recipient_key() -> tuple[SecretKey, bytes]:
    """Return a recipient's new private key, and the public one (32 bytes) that it registers."""
    private = X25519PrivateKey.generate()
    return SecretKey(private.private_bytes_raw()), private.public_key().public_bytes_raw()


def send(key: bytes, recipient: bytes, decision: bytes, library: Hpke = _fast_send) -> bytes:
    """Return `key` sealed (SENT_BYTES) to a recipient's public key, for this decision only.

    Base mode does not say who sent it: the journalled decision does.

    Raises:
        BadlyAsked: not the public half of an X25519 key.
    """
    if len(key) != KEY_BYTES:
        raise ValueError(f"a key has {KEY_BYTES} bytes")
    try:
        return library(key, recipient, _LABEL + decision)
    except ValueError:  # a point of low order too: everybody could open what is sent to it
        raise StorageInvalid("recipient: must be a public X25519 key of 32 bytes") from None


def receive(
    sent: bytes, recipient: SecretKey, decision: bytes, library: Hpke = _fast_receive
) -> bytes:
    """Return the key that was sent to this recipient for this decision.

    Raises:
        SealBroken: anything else, with one message for every cause.
    """
    if len(sent) != SENT_BYTES:
        raise SealBroken(_REFUSAL)
    try:
        return library(sent, recipient.reveal(), _LABEL + decision)
    except ValueError:
        raise SealBroken(_REFUSAL) from None
