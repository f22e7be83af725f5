"""Seals a record's bytes into an envelope and opens it again, only as what it was sealed as."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from Crypto.Cipher import AES
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from storage.envelope import (
    NONCE_BYTES,
    REFUSAL,
    TAG_BYTES,
    Header,
    pack_header,
    pad,
    unpack,
    unpad,
)
from storage.errors import SealBroken
from storage.mac import mac_once
from storage.record import SUBJECT_BYTES

KEY_BYTES: Final = 32
WRAPPED_BYTES: Final = NONCE_BYTES + KEY_BYTES + TAG_BYTES
_NO_SALT: Final = bytes(32)
_COMMITMENT_LABEL: Final = b"vouchsafe/v1/key-commitment"

Aead = Callable[[bytes, bytes, bytes, bytes], bytes]
"""(key, nonce, text, associated data) -> text or ciphertext ‖ tag."""


@dataclass(frozen=True, slots=True)
class Context:
    """What an envelope is; it opens as nothing else.

    ``subject`` is 32 bytes, ``record_id`` 16; the two words are at most 65,535 bytes of UTF-8.
    """

    subject: bytes
    category: str
    custodian: str
    record_id: bytes
    version: int


def _fast_encrypt(key: bytes, nonce: bytes, text: bytes, associated: bytes) -> bytes:
    return AESGCM(key).encrypt(nonce, text, associated)


def _fast_decrypt(key: bytes, nonce: bytes, text: bytes, associated: bytes) -> bytes:
    try:
        return AESGCM(key).decrypt(nonce, text, associated)
    except InvalidTag:
        raise SealBroken(REFUSAL) from None


def _second_encrypt(key: bytes, nonce: bytes, text: bytes, associated: bytes) -> bytes:
    cipher = AES.new(key, AES.MODE_GCM, nonce=nonce, mac_len=TAG_BYTES)
    cipher.update(associated)
    sealed, tag = cipher.encrypt_and_digest(text)
    return bytes(sealed + tag)


def _second_decrypt(key: bytes, nonce: bytes, text: bytes, associated: bytes) -> bytes:
    cipher = AES.new(key, AES.MODE_GCM, nonce=nonce, mac_len=TAG_BYTES)
    cipher.update(associated)
    try:
        return bytes(cipher.decrypt_and_verify(text[:-TAG_BYTES], text[-TAG_BYTES:]))
    except ValueError:
        raise SealBroken(REFUSAL) from None


CRYPTOGRAPHY: Final = (_fast_encrypt, _fast_decrypt)
PYCRYPTODOME: Final = (_second_encrypt, _second_decrypt)
"""Two libraries behind the same two functions: the vectors run on both. The first is about twenty
times faster on a record of 2 KB and is the default."""


def derive(key: bytes, label: bytes) -> bytes:
    """Return 32 bytes of HKDF-SHA256 (RFC 5869) of a uniform key, with no salt and `label` as info.

    Written with two hashes, since a library's object costs more than both on the hot path; the
    tests compare it with the libraries'.
    """
    return mac_once(mac_once(_NO_SALT, key), label + b"\x01")


def new_key() -> bytes:
    """Return a fresh key; each seals one version of one record."""
    return secrets.token_bytes(KEY_BYTES)


def commitment_of(key: bytes) -> bytes:
    """Return what an envelope's header says of the key that opens it."""
    return derive(key, _COMMITMENT_LABEL)


def seal(
    content: bytes, key: bytes, context: Context, nonce: bytes = b"", library: Aead = _fast_encrypt
) -> bytes:
    """Return the envelope of `content`; `nonce` is given only by vectors.

    The nonce is random and used once: each key seals one version (docs/spec/envelope.md).

    Raises:
        ValueError: a content over MAX_CONTENT_BYTES, or a field of the wrong size.
    """
    _require_key(key)
    nonce = nonce or secrets.token_bytes(NONCE_BYTES)
    header = pack_header(Header(context.record_id, context.version, nonce, commitment_of(key)))
    return header + library(key, nonce, pad(content), _associated(header, context))


def open_sealed(
    envelope: bytes, key: bytes, context: Context, library: Aead = _fast_decrypt
) -> bytes:
    """Return the content of an envelope that is what `context` says and was sealed with `key`.

    Raises:
        SealBroken: anything else, with one message for every cause.
    """
    header, header_bytes, body = unpack(envelope)
    # GCM does not commit to its key: one ciphertext can open under two. The header does.
    if not hmac.compare_digest(header.commitment, commitment_of(key)):
        raise SealBroken(REFUSAL)
    if (header.record_id, header.version) != (context.record_id, context.version):
        raise SealBroken(REFUSAL)
    if len(key) != KEY_BYTES:
        raise SealBroken(REFUSAL)
    try:
        associated = _associated(header_bytes, context)
    except ValueError:
        raise SealBroken(REFUSAL) from None
    return unpad(library(key, header.nonce, body, associated))


def _require_key(key: bytes) -> None:
    # A key of 16 bytes would quietly make this AES-128.
    if len(key) != KEY_BYTES:
        raise ValueError(f"a key has {KEY_BYTES} bytes")


def _associated(header: bytes, context: Context) -> bytes:
    category, custodian = context.category.encode(), context.custodian.encode()
    if len(context.subject) != SUBJECT_BYTES or max(len(category), len(custodian)) >= 2**16:
        raise ValueError(f"a subject has {SUBJECT_BYTES} bytes, and a word fewer than 65,536")
    return b"".join(
        (
            header,
            len(context.subject).to_bytes(2, "big"),
            context.subject,
            len(category).to_bytes(2, "big"),
            category,
            len(custodian).to_bytes(2, "big"),
            custodian,
        )
    )


def encrypt_key(wrapping: bytes, key: bytes, associated: bytes) -> bytes:
    """Return `key` wrapped: nonce ‖ ciphertext ‖ tag of AES-256-GCM under `wrapping`.

    The nonce is random: at most 2^32 keys may be wrapped under one key (NIST SP 800-38D). A patient
    has fewer versions of records, and an install fewer patients.
    """
    _require_key(wrapping)
    _require_key(key)
    nonce = secrets.token_bytes(NONCE_BYTES)
    return nonce + AESGCM(wrapping).encrypt(nonce, key, associated)


def decrypt_key(wrapping: bytes, wrapped: bytes, associated: bytes) -> bytes:
    """Return the key that `encrypt_key` wrapped for the same purpose.

    Raises:
        SealBroken: anything else.
    """
    if len(wrapped) != WRAPPED_BYTES or len(wrapping) != KEY_BYTES:
        raise SealBroken(REFUSAL)
    return _fast_decrypt(wrapping, wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], associated)


def encrypt_text(key: bytes, text: bytes, associated: bytes) -> bytes:
    """Return nonce ‖ ciphertext ‖ tag of a text of any length under a key derived for it."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    return nonce + _fast_encrypt(key, nonce, text, associated)


def decrypt_text(key: bytes, sealed: bytes, associated: bytes) -> bytes:
    """Return what `encrypt_text` sealed.

    Raises:
        SealBroken: another key, other associated data, or altered.
    """
    if len(sealed) < NONCE_BYTES + TAG_BYTES:
        raise SealBroken(REFUSAL)
    return _fast_decrypt(key, sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], associated)
