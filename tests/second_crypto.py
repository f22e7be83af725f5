"""AES-256-GCM and HPKE by pycryptodome: a second implementation to test ours against."""

from __future__ import annotations

from Crypto.Cipher import AES
from Crypto.Protocol import HPKE
from Crypto.Protocol.DH import import_x25519_private_key, import_x25519_public_key

from storage.envelope import CANNOT_OPEN, TAG_BYTES
from storage.errors import SealBroken
from storage.hpke import ENCAPSULATED_BYTES


def gcm_encrypt(key: bytes, nonce: bytes, text: bytes, associated: bytes) -> bytes:
    cipher = AES.new(key, AES.MODE_GCM, nonce=nonce, mac_len=TAG_BYTES)
    cipher.update(associated)
    sealed, tag = cipher.encrypt_and_digest(text)
    return bytes(sealed + tag)


def gcm_decrypt(key: bytes, nonce: bytes, text: bytes, associated: bytes) -> bytes:
    cipher = AES.new(key, AES.MODE_GCM, nonce=nonce, mac_len=TAG_BYTES)
    cipher.update(associated)
    try:
        return bytes(cipher.decrypt_and_verify(text[:-TAG_BYTES], text[-TAG_BYTES:]))
    except ValueError:
        raise SealBroken(CANNOT_OPEN) from None


def hpke_encrypt(text: bytes, public: bytes, info: bytes) -> bytes:
    key = import_x25519_public_key(public)
    cipher = HPKE.new(receiver_key=key, aead_id=HPKE.AEAD.AES256_GCM, info=info)
    sealed = cipher.seal(text)
    return bytes(cipher.enc + sealed)


def hpke_decrypt(sent: bytes, private: bytes, info: bytes) -> bytes:
    key, enc = import_x25519_private_key(private), sent[:ENCAPSULATED_BYTES]
    cipher = HPKE.new(receiver_key=key, aead_id=HPKE.AEAD.AES256_GCM, info=info, enc=enc)
    return bytes(cipher.unseal(sent[ENCAPSULATED_BYTES:]))
