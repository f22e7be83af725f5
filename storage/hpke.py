"""Encrypts record keys and copies to one recipient (HPKE), bound to what permits them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from storage.errors import SealBroken, StorageInvalid
from storage.keys import SecretKey
from storage.seal import KEY_BYTES

ENCAPSULATED_BYTES: Final = 32
SENT_BYTES: Final = ENCAPSULATED_BYTES + KEY_BYTES + 16
_LABEL: Final = b"vouchsafe/v1/send\0"
_COPY_LABEL: Final = b"vouchsafe/v1/copy\0"
_CANNOT_OPEN: Final = "the sent key cannot be opened: wrong recipient, wrong decision or altered"
_CANNOT_OPEN_COPY: Final = "the copy cannot be opened: wrong key, or altered"

Hpke = Callable[[bytes, bytes, bytes], bytes]
"""(text, X25519 key, info) -> enc ‖ ciphertext ‖ tag, or the reverse; ValueError on failure.

RFC 9180 base mode, X25519 with HKDF-SHA256 and AES-256-GCM."""


def _encrypt(text: bytes, public: bytes, info: bytes) -> bytes:
    suite = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
    return suite.encrypt(text, X25519PublicKey.from_public_bytes(public), info=info)


def _decrypt(sent: bytes, private: bytes, info: bytes) -> bytes:
    suite = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
    try:
        return suite.decrypt(sent, X25519PrivateKey.from_private_bytes(private), info=info)
    except InvalidTag:
        raise ValueError(_CANNOT_OPEN) from None


def make_recipient_key() -> tuple[SecretKey, bytes]:
    """Return a new private key for a recipient, and the public key (32 bytes) to register."""
    private = X25519PrivateKey.generate()
    return SecretKey(private.private_bytes_raw()), private.public_key().public_bytes_raw()


def send(key: bytes, recipient: bytes, decision: bytes, encrypt: Hpke = _encrypt) -> bytes:
    """Return `key` encrypted (SENT_BYTES) to a recipient's public key, for this decision only.

    Base mode does not authenticate the sender; the journalled decision does.

    Raises:
        StorageInvalid: `recipient` is not an X25519 public key.
    """
    if len(key) != KEY_BYTES:
        raise ValueError(f"invalid key: expected {KEY_BYTES} bytes, got {len(key)}")
    return _encrypt_to(recipient, key, _LABEL + decision, encrypt)


def receive(sent: bytes, recipient: SecretKey, decision: bytes, decrypt: Hpke = _decrypt) -> bytes:
    """Return the key that was sent to this recipient for this decision.

    Raises:
        SealBroken: in every other case, with the same message for every cause.
    """
    if len(sent) != SENT_BYTES:
        raise SealBroken(_CANNOT_OPEN)
    try:
        return decrypt(sent, recipient.reveal(), _LABEL + decision)
    except ValueError:
        raise SealBroken(_CANNOT_OPEN) from None


def require_recipient(public: bytes) -> None:
    """Require a key that files can be encrypted to, and that not everybody can decrypt with.

    Raises:
        StorageInvalid: it is not an X25519 public key.
    """
    send_file(b"", public, b"")


def send_file(content: bytes, recipient: bytes, head: bytes, encrypt: Hpke = _encrypt) -> bytes:
    """Return a file encrypted to a recipient's public key; `head` is bound to it, not hidden.

    Raises:
        StorageInvalid: `recipient` is not an X25519 public key.
    """
    return _encrypt_to(recipient, content, _COPY_LABEL + head, encrypt)


def receive_file(sent: bytes, private: bytes, head: bytes, decrypt: Hpke = _decrypt) -> bytes:
    """Return the file that was encrypted to this recipient under this head.

    Raises:
        SealBroken: in every other case, with the same message for every cause.
    """
    try:
        return decrypt(sent, private, _COPY_LABEL + head)
    except ValueError:
        raise SealBroken(_CANNOT_OPEN_COPY) from None


def _encrypt_to(recipient: bytes, text: bytes, info: bytes, encrypt: Hpke) -> bytes:
    try:
        return encrypt(text, recipient, info)
    except ValueError:  # includes low-order points, for which anyone could decrypt
        raise StorageInvalid("recipient: must be an X25519 public key of 32 bytes") from None
