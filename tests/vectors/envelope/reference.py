"""The envelope's spec written a second time, with nothing of ours, so that the two may disagree."""

from __future__ import annotations

import hashlib
import hmac
import math
from collections.abc import Callable
from dataclasses import dataclass

from Crypto.Cipher import AES
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

Aead = Callable[[bytes, bytes, bytes, bytes], bytes]


def drawn(label: str, size: int = 32) -> bytes:
    """Bytes that look random and are always the same."""
    return hashlib.shake_256(b"vouchsafe vectors " + label.encode()).digest(size)


def hkdf(key: bytes, info: bytes) -> bytes:
    prk = hmac.new(bytes(32), key, hashlib.sha256).digest()
    return hmac.new(prk, info + bytes([1]), hashlib.sha256).digest()


def gcm(key: bytes, nonce: bytes, text: bytes, aad: bytes) -> bytes:
    cipher = AES.new(key, AES.MODE_GCM, nonce=nonce)
    cipher.update(aad)
    sealed, tag = cipher.encrypt_and_digest(text)
    return bytes(sealed + tag)


def padme(size: int) -> int:
    """Nikitin et al., "Reducing Metadata Leakage from Encrypted Files", PETS 2019, algorithm 1."""
    exponent = math.floor(math.log2(size))
    last_bits = exponent - (math.floor(math.log2(exponent)) + 1)
    return math.ceil(size / 2**last_bits) * 2**last_bits


@dataclass(frozen=True)
class Sample:
    """Everything that one envelope is made of."""

    key: bytes = drawn("key")
    subject: bytes = drawn("subject")
    category: str = "laboratory"
    custodian: str = "custodian:st-elsewhere"
    record: bytes = drawn("record", 16)
    version: int = 1
    nonce: bytes = drawn("nonce", 12)
    content: bytes = (
        b'{"observations":{"loinc|718-7":[13.5,"g/dL"]},"recorded_on":"2018-01-31","schema":1}'
    )


def commitment(key: bytes) -> bytes:
    return hkdf(key, b"vouchsafe/v1/key-commitment")


def header(vector: Sample) -> bytes:
    version = vector.version.to_bytes(4, "big")
    return b"VSE1\x01" + vector.record + version + vector.nonce + commitment(vector.key)


def padded(vector: Sample) -> bytes:
    size = padme(max(4 + len(vector.content), 256))
    return (len(vector.content).to_bytes(4, "big") + vector.content).ljust(size, b"\0")


def aad(vector: Sample, head: bytes, width: int = 2) -> bytes:
    parts = (vector.subject, vector.category.encode(), vector.custodian.encode())
    return head + b"".join(len(part).to_bytes(width, "big") + part for part in parts)


def envelope(
    vector: Sample,
    head: bytes | None = None,
    text: bytes | None = None,
    associated: bytes | None = None,
    aead: Aead = gcm,
) -> bytes:
    """Seal a sample, with any step put in from outside."""
    head = header(vector) if head is None else head
    text = padded(vector) if text is None else text
    associated = aad(vector, head) if associated is None else associated
    return head + aead(vector.key, vector.nonce, text, associated)


def wrapped(patient: bytes, vector: Sample, label: bytes = b"vouchsafe/v1/record-key") -> bytes:
    nonce = drawn("wrapping nonce", 12)
    return nonce + gcm(
        patient, nonce, vector.key, label + vector.record + vector.version.to_bytes(4, "big")
    )


@dataclass(frozen=True)
class Hpke:
    """RFC 9180, sections 4 and 5; the ids of KEM, KDF and AEAD, and the mode."""

    kdf: int = 1
    aead: int = 2
    mode: int = 0
    key_bytes: int = 32

    def _suite(self) -> bytes:
        return b"HPKE" + b"".join(n.to_bytes(2, "big") for n in (0x20, self.kdf, self.aead))

    def send(self, text: bytes, public: bytes, info: bytes, aad: bytes = b"") -> bytes:
        ephemeral = X25519PrivateKey.from_private_bytes(drawn("ephemeral"))
        enc = ephemeral.public_key().public_bytes_raw()
        dh = ephemeral.exchange(X25519PublicKey.from_public_bytes(public))
        kem = b"KEM\x00\x20"
        prk = _extract(kem, b"", b"eae_prk", dh)
        shared = _expand(kem, prk, b"shared_secret", enc + public, 32)
        suite = self._suite()
        context = bytes([self.mode]) + _extract(suite, b"", b"psk_id_hash", b"")
        context += _extract(suite, b"", b"info_hash", info)
        secret = _extract(suite, shared, b"secret", b"")
        key = _expand(suite, secret, b"key", context, self.key_bytes)
        nonce = _expand(suite, secret, b"base_nonce", context, 12)
        return enc + gcm(key, nonce, text, aad)


def _extract(suite: bytes, salt: bytes, label: bytes, ikm: bytes) -> bytes:
    labelled = b"HPKE-v1" + suite + label + ikm
    return hmac.new(salt or bytes(32), labelled, hashlib.sha256).digest()


def _expand(suite: bytes, prk: bytes, label: bytes, info: bytes, size: int) -> bytes:
    labelled = size.to_bytes(2, "big") + b"HPKE-v1" + suite + label + info
    return hmac.new(prk, labelled + b"\x01", hashlib.sha256).digest()[:size]


def _times(x: int, y: int) -> int:
    """Multiply in GCM's field (NIST SP 800-38D, section 6.3)."""
    product = 0
    for bit in range(127, -1, -1):
        if x >> bit & 1:
            product ^= y
        y = y >> 1 ^ (0xE1 << 120 if y & 1 else 0)
    return product


def _power(x: int, exponent: int) -> int:
    result = 1 << 127
    while exponent:
        if exponent & 1:
            result = _times(result, x)
        x, exponent = _times(x, x), exponent >> 1
    return result


def salamander(vector: Sample, other_key: bytes) -> bytes:
    """An envelope whose body AES-GCM accepts under two keys; its header commits to the first."""
    head = header(vector)
    associated = aad(vector, head)
    body = gcm(vector.key, vector.nonce, padded(vector), associated)[:-16]
    blocks = associated.ljust(-(-len(associated) // 16) * 16, b"\0") + body[:-16] + bytes(16)
    blocks += (8 * len(associated)).to_bytes(8, "big") + (8 * len(body)).to_bytes(8, "big")
    difference, weight = 0, 0
    for key in (vector.key, other_key):
        ecb = AES.new(key, AES.MODE_ECB)
        subkey = int.from_bytes(ecb.encrypt(bytes(16)), "big")
        digest = 0
        for start in range(0, len(blocks), 16):
            digest = _times(digest ^ int.from_bytes(blocks[start : start + 16], "big"), subkey)
        difference ^= digest ^ int.from_bytes(ecb.encrypt(vector.nonce + b"\0\0\0\1"), "big")
        weight ^= _power(subkey, 2)  # the body's last block stands two places before the end
    body = body[:-16] + _times(difference, _power(weight, 2**128 - 2)).to_bytes(16, "big")
    text = AES.new(vector.key, AES.MODE_CTR, nonce=vector.nonce, initial_value=2).decrypt(body)
    return head + gcm(vector.key, vector.nonce, text, associated)
