"""Keeps keys encrypted under a passphrase, and signs receipts with a key derived from the root."""

from __future__ import annotations

import os
import secrets
import tempfile
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import orjson
from Crypto.Protocol.KDF import scrypt

from storage.errors import SealBroken, StorageBroken, StorageInvalid, VaultSealed
from storage.files import sync_folder
from storage.keys import SecretKey
from storage.seal import KEY_BYTES, WRAPPED_BYTES, derive_key, unwrap_key, wrap_key

if TYPE_CHECKING:
    from Crypto.PublicKey import ECC

SCRYPT_N: Final = 2**17
SCRYPT_R: Final = 8
SCRYPT_P: Final = 1
SALT_BYTES: Final = 16
_LABEL: Final = b"vouchsafe/v1/root-key"
_SIGNING_LABEL: Final = b"vouchsafe/v1/receipt-signing"


def _stretched(passphrase: str, salt: bytes) -> bytes:
    # RFC 7914: 128 MiB and about half a second a guess. NFC: "ü" has two spellings in Unicode.
    # As bytes, which the library takes too: it would encode text as Latin-1.
    password: Any = unicodedata.normalize("NFC", passphrase).encode()
    salted: Any = salt
    return bytes(scrypt(password, salted, KEY_BYTES, N=SCRYPT_N, r=SCRYPT_R, p=SCRYPT_P))  # type: ignore[arg-type]


def make_root_key(path: Path, passphrase: str) -> SecretKey:
    """Create a root key, write it to `path` encrypted under `passphrase`, and return it.

    The file appears complete and readable to its owner only, or not at all.

    Raises:
        FileExistsError: there is a root key already; it is never overwritten.
        StorageInvalid: the passphrase is empty.
    """
    key = secrets.token_bytes(KEY_BYTES)
    write_sealed_key(path, passphrase, key, _LABEL)
    return SecretKey(key)


def write_sealed_key(path: Path, passphrase: str, key: bytes, label: bytes) -> None:
    """Write a key of 32 bytes to `path`, encrypted under `passphrase`; `label` says what it is for.

    The file appears complete and readable to its owner only, or not at all.

    Raises:
        FileExistsError: there is a file already; it is never overwritten.
        StorageInvalid: the passphrase is empty.
    """
    if not passphrase:
        raise StorageInvalid("the passphrase is empty; choose one of at least one character")
    salt = secrets.token_bytes(SALT_BYTES)
    content = _file_content(salt, wrap_key(_stretched(passphrase, salt), key, label))
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # mode 0600
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(orjson.dumps(content, option=orjson.OPT_INDENT_2))
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)  # a rename would overwrite an existing file; this fails
    finally:
        os.unlink(draft)
    sync_folder(path.parent)


def _file_content(salt: bytes, sealed: bytes) -> dict[str, Any]:
    """Return the content of a root key file (docs/spec/envelope.md, section 5)."""
    kdf = {"name": "scrypt", "n": SCRYPT_N, "r": SCRYPT_R, "p": SCRYPT_P, "salt": salt.hex()}
    return {"kdf": kdf, "sealed": sealed.hex()}


def open_root_key(path: Path, passphrase: str) -> SecretKey:
    """Return the root key in the file at `path`.

    Raises:
        VaultSealed: the passphrase is wrong.
        StorageBroken: the file is missing, damaged, or readable by other users.
    """
    return SecretKey(open_sealed_key(path, passphrase, _LABEL))


def open_sealed_key(path: Path, passphrase: str, label: bytes) -> bytes:
    """Return the key (32 bytes) that `write_sealed_key` wrote with this label.

    Raises:
        VaultSealed: the passphrase is wrong, or the file holds a key for something else.
        StorageBroken: the file is missing, damaged, or readable by other users.
    """
    try:
        if path.stat().st_mode & 0o007:
            raise StorageBroken(f"{path} is accessible to other users; run chmod 600 {path}")
        content = orjson.loads(path.read_bytes())
        salt, sealed = bytes.fromhex(content["kdf"]["salt"]), bytes.fromhex(content["sealed"])
        if (len(salt), len(sealed)) != (SALT_BYTES, WRAPPED_BYTES):
            raise ValueError("unexpected size of salt or key")
        if content != _file_content(salt, sealed):
            raise ValueError("unsupported parameters of a key file")
    except (OSError, ValueError, KeyError, TypeError) as exc:
        raise StorageBroken(
            f"{path} is missing or is not a key file; restore it from a backup"
        ) from exc
    try:
        return unwrap_key(_stretched(passphrase, salt), sealed, label)
    except SealBroken:
        name = label.decode().rpartition("/")[2].replace("-", " ")
        raise VaultSealed(f"the passphrase is wrong, or the {name} file is damaged") from None


def receipt_key(root: SecretKey) -> bytes:
    """Return the Ed25519 public key (32 bytes) that verifies this install's receipts."""
    return bytes(_signing_key(root).public_key().export_key(format="raw"))


def sign_receipt(root: SecretKey, receipt: bytes) -> bytes:
    """Return the install's Ed25519 signature (64 bytes) of a receipt."""
    # Here and below: few processes sign or check a receipt, and the others start sooner.
    from Crypto.Signature import eddsa

    return bytes(eddsa.new(_signing_key(root), "rfc8032").sign(receipt))


def verifies_receipt(public: bytes, receipt: bytes, signature: bytes) -> bool:
    """Return whether `signature` is a valid signature of `receipt` under the key `public`."""
    from Crypto.Signature import eddsa

    try:
        eddsa.new(eddsa.import_public_key(public), "rfc8032").verify(receipt, signature)
    except ValueError:
        return False
    return True


def _signing_key(root: SecretKey) -> ECC.EccKey:
    from Crypto.Signature import eddsa

    return eddsa.import_private_key(derive_key(root.reveal(), _SIGNING_LABEL))
