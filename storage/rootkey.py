"""Keeps the root key sealed at rest under a passphrase, and signs receipts in its name."""

from __future__ import annotations

import hashlib
import os
import secrets
import tempfile
import unicodedata
from pathlib import Path
from typing import Any, Final

import orjson
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from storage.errors import SealBroken, StorageBroken, StorageInvalid, VaultSealed
from storage.keys import SecretKey
from storage.seal import KEY_BYTES, WRAPPED_BYTES, decrypt_key, derive, encrypt_key

SCRYPT_N: Final = 2**17
SCRYPT_R: Final = 8
SCRYPT_P: Final = 1
SCRYPT_MOST_BYTES: Final = 2**28
SALT_BYTES: Final = 16
_LABEL: Final = b"vouchsafe/v1/root-key"
_SIGNING_LABEL: Final = b"vouchsafe/v1/receipt-signing"


def _stretched(passphrase: str, salt: bytes) -> bytes:
    # RFC 7914; 128 MiB and about half a second for each guess. NFC: one passphrase, one spelling.
    return hashlib.scrypt(
        unicodedata.normalize("NFC", passphrase).encode(),
        salt=salt,
        n=SCRYPT_N,
        r=SCRYPT_R,
        p=SCRYPT_P,
        maxmem=SCRYPT_MOST_BYTES,
        dklen=KEY_BYTES,
    )


def make_root_key(path: Path, passphrase: str) -> SecretKey:
    """Make a root key, write it to `path` sealed under `passphrase`, and return it.

    The file appears whole and readable to its owner alone, or not at all.

    Raises:
        FileExistsError: a root key is there already; it is never overwritten.
        BadlyAsked: an empty passphrase.
    """
    if not passphrase:
        raise StorageInvalid("a root key needs a passphrase")
    key, salt = secrets.token_bytes(KEY_BYTES), secrets.token_bytes(SALT_BYTES)
    content = _content(salt, encrypt_key(_stretched(passphrase, salt), key, _LABEL))
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # mode 0600
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(orjson.dumps(content, option=orjson.OPT_INDENT_2))
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)  # fails where a rename would overwrite
    finally:
        os.unlink(draft)
    _sync_folder(path.parent)
    return SecretKey(key)


def _content(salt: bytes, sealed: bytes) -> dict[str, Any]:
    """Return what the file of a root key says (docs/spec/envelope.md, section 5)."""
    kdf = {"name": "scrypt", "n": SCRYPT_N, "r": SCRYPT_R, "p": SCRYPT_P, "salt": salt.hex()}
    return {"kdf": kdf, "sealed": sealed.hex()}


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def open_root_key(path: Path, passphrase: str) -> SecretKey:
    """Return the root key that `path` holds.

    Raises:
        VaultSealed: another passphrase.
        Broken: the file is not there, is damaged, or is open to everybody on the machine.
    """
    try:
        if path.stat().st_mode & 0o007:
            raise StorageBroken(f"{path} is open to everybody on this machine: chmod 600 it")
        content = orjson.loads(path.read_bytes())
        salt, sealed = bytes.fromhex(content["kdf"]["salt"]), bytes.fromhex(content["sealed"])
        if (len(salt), len(sealed)) != (SALT_BYTES, WRAPPED_BYTES):
            raise ValueError("other sizes than ours")
        if content != _content(salt, sealed):
            raise ValueError("other costs, words or spelling than ours")
    except (OSError, ValueError, KeyError, TypeError) as exc:
        raise StorageBroken(f"{path} does not hold a root key; put it back from a backup") from exc
    try:
        return SecretKey(decrypt_key(_stretched(passphrase, salt), sealed, _LABEL))
    except SealBroken:
        raise VaultSealed(
            "the passphrase does not open the root key (or its file is damaged)"
        ) from None


def receipt_key(root: SecretKey) -> bytes:
    """Return the public Ed25519 key (32 bytes) of the receipts that this install signs."""
    return _signer(root).public_key().public_bytes_raw()


def sign_receipt(root: SecretKey, receipt: bytes) -> bytes:
    """Return the install's Ed25519 signature (64 bytes) of a receipt."""
    return _signer(root).sign(receipt)


def verifies_receipt(public: bytes, receipt: bytes, signature: bytes) -> bool:
    """Tell whether `signature` is that key's over this receipt."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, receipt)
    except (InvalidSignature, ValueError):
        return False
    return True


def _signer(root: SecretKey) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(derive(root.reveal(), _SIGNING_LABEL))
