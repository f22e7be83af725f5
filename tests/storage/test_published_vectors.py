"""Wycheproof's vectors, and those of RFC 9180, against the functions that the vault calls."""

from __future__ import annotations

import hmac
from collections import Counter
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from published import hexed, read_cases
from second_crypto import gcm_encrypt

from storage import hpke, seal
from storage.envelope import NONCE_BYTES
from storage.errors import SealBroken, StorageInvalid
from storage.hpke import receive_file, require_recipient
from storage.seal import KEY_BYTES, decrypt_bytes, derive_key

SUITE = b"HPKE" + bytes.fromhex("002000010002")
KEM_SUITE = b"KEM" + bytes.fromhex("0020")
NOTHING_SHARED = bytes(32)
"""What a point of low order agrees on, whatever the private key is."""


def expand(secret: bytes, info: bytes, length: int) -> bytes:
    """RFC 5869, section 2.3, for at most one block."""
    return hmac.digest(secret, info + b"\1", "sha256")[:length]


def labelled(suite: bytes, label: bytes, text: bytes) -> bytes:
    return b"HPKE-v1" + suite + label + text


def extract(suite: bytes, salt: bytes, label: bytes, text: bytes) -> bytes:
    return hmac.digest(salt, labelled(suite, label, text), "sha256")


def expand_labelled(suite: bytes, secret: bytes, label: bytes, info: bytes, length: int) -> bytes:
    return expand(secret, length.to_bytes(2, "big") + labelled(suite, label, info), length)


def schedule(agreed: bytes, sender: bytes, recipient: bytes, info: bytes) -> tuple[bytes, bytes]:
    """Return key and nonce by RFC 9180 (4.1 and 5.1), computed from what X25519 agreed on."""
    secret = extract(KEM_SUITE, b"", b"eae_prk", agreed)
    shared = expand_labelled(KEM_SUITE, secret, b"shared_secret", sender + recipient, 32)
    parts = extract(SUITE, b"", b"psk_id_hash", b""), extract(SUITE, b"", b"info_hash", info)
    context = b"\0" + b"".join(parts)
    secret = extract(SUITE, shared, b"secret", b"")
    key = expand_labelled(SUITE, secret, b"key", context, 32)
    return key, expand_labelled(SUITE, secret, b"base_nonce", context, 12)


def opens(key: bytes, nonce: bytes, body: bytes, associated: bytes) -> bytes | None:
    """Return the text, or None if it is refused, as the vault opens a nonce of this size."""
    try:
        if len(nonce) == NONCE_BYTES:
            return decrypt_bytes(key, nonce + body, associated)
        return seal._decrypt(key, nonce, body, associated)
    except SealBroken:
        return None


def test_every_vector_of_aes_gcm_is_answered_as_it_says() -> None:
    counts = Counter[str]()
    for case in read_cases("aes_gcm"):
        key, nonce, associated, text, body, tag = hexed(
            case, "key", "iv", "aad", "msg", "ct", "tag"
        )
        if not 8 <= len(nonce) <= 128:  # the library refuses the nonce itself
            with pytest.raises(ValueError, match="[Nn]once"):
                seal._decrypt(key, nonce, body + tag, associated)
            counts["nonce refused"] += 1
            continue
        is_ours = len(nonce) == NONCE_BYTES and len(key) == KEY_BYTES
        counts["as the vault seals" if is_ours else "another size of key or nonce"] += 1
        opened = opens(key, nonce, body + tag, associated)
        assert opened == (text if case["result"] == "valid" else None), case["tcId"]
        if case["result"] == "valid":
            assert seal._encrypt(key, nonce, text, associated) == body + tag, case["tcId"]
    assert counts.total() == 316
    print(f"AES-GCM: {dict(counts)}")  # noqa: T201


def test_every_vector_of_x25519_decides_what_a_recipient_receives() -> None:
    counts = Counter[str]()
    for case in read_cases("x25519"):
        public, private, agreed = hexed(case, "public", "private", "shared")
        counts["low order" if agreed == NOTHING_SHARED else "agreed"] += 1
        own = X25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw()
        key, nonce = schedule(agreed, public, own, hpke._COPY_LABEL + b"head")
        sent = public + gcm_encrypt(key, nonce, b"content", b"")
        if agreed == NOTHING_SHARED:
            with pytest.raises(SealBroken):
                receive_file(sent, private, b"head")
            with pytest.raises(StorageInvalid, match="recipient"):
                require_recipient(public)
        else:
            assert receive_file(sent, private, b"head") == b"content", case["tcId"]
            require_recipient(public)
    assert counts.total() == 518
    print(f"X25519: {dict(counts)}")  # noqa: T201


def test_every_vector_of_hkdf_without_a_salt_derives_its_key() -> None:
    counts = Counter[str]()
    for case in read_cases("hkdf_sha256"):
        key, salt, info, derived = hexed(case, "ikm", "salt", "info", "okm")
        if case["result"] == "invalid":
            counts["more bytes than HKDF has"] += 1
        elif salt:
            counts["a salt, which the vault never has"] += 1
        else:
            counts["derived"] += 1
            size = min(KEY_BYTES, len(derived))
            assert derive_key(key, info)[:size] == derived[:size], case["tcId"]
    assert counts.total() == 86
    print(f"HKDF-SHA256: {dict(counts)}")  # noqa: T201


@pytest.mark.parametrize("case", read_cases("hpke"))
def test_the_vector_of_our_suite_in_rfc_9180_opens(case: dict[str, Any]) -> None:
    """The key and the nonce are the vector's; its ciphertexts have other associated data."""
    private, enc, info, key, nonce = hexed(case, "skRm", "enc", "info", "key", "base_nonce")
    first = case["encryptions"][0]
    text, associated, body = hexed(first, "pt", "aad", "ct")
    assert seal._decrypt(key, nonce, body, associated) == text
    assert hpke._decrypt(enc + gcm_encrypt(key, nonce, text, b""), private, info) == text
    later = bytes.fromhex(case["encryptions"][1]["nonce"])
    with pytest.raises(ValueError, match="cannot be opened"):
        hpke._decrypt(enc + gcm_encrypt(key, later, text, b""), private, info)
