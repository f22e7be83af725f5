"""Encrypt a record's bytes into an envelope, and decrypt it only in the same context."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from storage.envelope import (
    CANNOT_OPEN,
    NONCE_BYTES,
    TAG_BYTES,
    Header,
    pack_header,
    pad,
    unpack,
    unpad,
)
from storage.errors import SealBroken
from storage.record import SUBJECT_BYTES

KEY_BYTES: Final = 32
WRAPPED_BYTES: Final = NONCE_BYTES + KEY_BYTES + TAG_BYTES
_INVALID_CONTEXT: Final = (
    f"invalid context: subject must be {SUBJECT_BYTES} bytes, category and custodian "
    "at most 65,535 bytes"
)
_SHA256: Final = SHA256()
_SUBJECT_LENGTH: Final = SUBJECT_BYTES.to_bytes(2, "big")
_COMMITMENT_LABEL: Final = b"vouchsafe/v1/key-commitment"

Aead = Callable[[bytes, bytes, bytes, bytes], bytes]
"""(key, nonce, text, associated data) -> ciphertext ‖ tag, or the reverse."""


@dataclass(frozen=True, slots=True)
class Context:
    """What an envelope is bound to: it can be opened only with exactly these values.

    `subject` is 32 bytes, `record_id` 16; category and custodian at most 65,535 bytes of UTF-8.
    """

    subject: bytes
    category: str
    custodian: str
    record_id: bytes
    version: int


def _encrypt(key: bytes, nonce: bytes, text: bytes, associated: bytes) -> bytes:
    return AESGCM(key).encrypt(nonce, text, associated)


def _decrypt(key: bytes, nonce: bytes, text: bytes, associated: bytes) -> bytes:
    try:
        return AESGCM(key).decrypt(nonce, text, associated)
    except InvalidTag:
        raise SealBroken(CANNOT_OPEN) from None


def derive_key(key: bytes, label: bytes) -> bytes:
    """Return 32 bytes of HKDF-SHA256 (RFC 5869) of a uniform key: no salt, `label` as info."""
    return HKDF(_SHA256, KEY_BYTES, salt=None, info=label).derive(key)


def new_key() -> bytes:
    """Return a fresh key; each seals one version of one record."""
    return secrets.token_bytes(KEY_BYTES)


def key_commitment(key: bytes) -> bytes:
    """Return the commitment to a key that an envelope's header holds."""
    return derive_key(key, _COMMITMENT_LABEL)


def seal(
    content: bytes, key: bytes, context: Context, nonce: bytes = b"", encrypt: Aead = _encrypt
) -> bytes:
    """Return the envelope of `content`; only test vectors set `nonce` and `encrypt`.

    The nonce is random and used once: each key seals one version (docs/spec/envelope.md).

    Raises:
        ValueError: `content` exceeds MAX_CONTENT_BYTES, or a field has the wrong size.
    """
    _require_key(key)
    nonce = nonce or secrets.token_bytes(NONCE_BYTES)
    header = pack_header(Header(context.record_id, context.version, nonce, key_commitment(key)))
    return header + encrypt(key, nonce, pad(content), _associated(header, context))


def open_sealed(envelope: bytes, key: bytes, context: Context, decrypt: Aead = _decrypt) -> bytes:
    """Return the content of an envelope that was sealed with `key` in this context.

    Raises:
        SealBroken: in every other case, with the same message for every cause.
    """
    header, header_bytes, body = unpack(envelope)
    # GCM does not commit to its key: one ciphertext can open under two. The header does.
    if not hmac.compare_digest(header.commitment, key_commitment(key)):
        raise SealBroken(CANNOT_OPEN)
    if (header.record_id, header.version) != (context.record_id, context.version):
        raise SealBroken(CANNOT_OPEN)
    if len(key) != KEY_BYTES:
        raise SealBroken(CANNOT_OPEN)
    try:
        associated = _associated(header_bytes, context)
    except ValueError:
        raise SealBroken(CANNOT_OPEN) from None
    return unpad(decrypt(key, header.nonce, body, associated))


def _require_key(key: bytes) -> None:
    # The library would silently use AES-128 with a key of 16 bytes.
    if len(key) != KEY_BYTES:
        raise ValueError(f"invalid key: expected {KEY_BYTES} bytes, got {len(key)}")


def _associated(header: bytes, context: Context) -> bytes:
    names = name_fields(context.category, context.custodian)
    if len(context.subject) != SUBJECT_BYTES:
        raise ValueError(_INVALID_CONTEXT)
    return header + _SUBJECT_LENGTH + context.subject + names


# Records have few different pairs of these.
@lru_cache(maxsize=1024)
def name_fields(category: str, custodian: str) -> bytes:
    """Return both names in UTF-8, the length of each before it (2 bytes)."""
    names = category.encode(), custodian.encode()
    if max(map(len, names)) >= 2**16:
        raise ValueError(_INVALID_CONTEXT)
    return b"".join(len(name).to_bytes(2, "big") + name for name in names)


def wrap_key(wrapping: bytes, key: bytes, associated: bytes) -> bytes:
    """Return `key` wrapped: nonce ‖ ciphertext ‖ tag of AES-256-GCM under `wrapping`.

    The nonce is random: at most 2^32 keys may be wrapped under one key (NIST SP 800-38D). A patient
    has fewer record versions, and an install fewer patients.
    """
    _require_key(wrapping)
    _require_key(key)
    return encrypt_bytes(wrapping, key, associated)


def unwrap_key(wrapping: bytes, wrapped: bytes, associated: bytes) -> bytes:
    """Return the key that `wrap_key` wrapped with the same `associated` data.

    Raises:
        SealBroken: in every other case.
    """
    if len(wrapped) != WRAPPED_BYTES or len(wrapping) != KEY_BYTES:
        raise SealBroken(CANNOT_OPEN)
    return decrypt_bytes(wrapping, wrapped, associated)


def encrypt_bytes(key: bytes, content: bytes, associated: bytes) -> bytes:
    """Return nonce ‖ ciphertext ‖ tag of AES-256-GCM, with a random nonce, under a derived key."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    return nonce + _encrypt(key, nonce, content, associated)


def decrypt_bytes(key: bytes, sealed: bytes, associated: bytes) -> bytes:
    """Return what `encrypt_bytes` encrypted.

    Raises:
        SealBroken: another key, other associated data, or altered bytes.
    """
    if len(sealed) < NONCE_BYTES + TAG_BYTES:
        raise SealBroken(CANNOT_OPEN)
    return _decrypt(key, sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], associated)
