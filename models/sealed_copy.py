"""Encrypts a copy to its recipient's key, and opens it with the private key (HPKE, RFC 9180)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from models.errors import ModelsInvalid
from storage import StorageInvalid
from storage.hpke import make_recipient_key, receive_file, require_recipient, send_file

FIRST_LINE: Final = b"vouchsafe sealed copy 1\n"
KEY_BYTES: Final = 32
_FINGERPRINT_CHARACTERS: Final = 16


@dataclass(frozen=True, slots=True)
class OpenedCopy:
    """A copy that was decrypted: what its head says, and the ZIP."""

    head: Mapping[str, Any]
    content: bytes


def make_key_pair() -> tuple[str, str]:
    """Return a new private key and its public key, in hex."""
    private, public = make_recipient_key()
    return private.reveal().hex(), public.hex()


def fingerprint(public_key: str) -> str:
    """Return the first characters of the SHA-256 of a public key, for people to compare."""
    return hashlib.sha256(bytes.fromhex(public_key)).hexdigest()[:_FINGERPRINT_CHARACTERS]


def require_public_key(text: str) -> str:
    """Return a public key in lower-case hex.

    Raises:
        ModelsInvalid: it is not an X25519 public key of 32 bytes.
    """
    try:
        public = bytes.fromhex(text.strip())
        require_recipient(public)
    except (ValueError, StorageInvalid):
        problem = "The public key must be an X25519 key of 32 bytes in hex (64 characters)."
        raise ModelsInvalid(problem) from None
    return public.hex()


def seal_copy(content: bytes, public_key: str, head: Mapping[str, Any]) -> bytes:
    """Return a copy that only the holder of the private key can open.

    The file is `FIRST_LINE`, the head as one line of JSON, and the HPKE ciphertext; the two lines
    can be read by everybody and are authenticated (docs/spec/copy.md).

    Raises:
        StorageInvalid: the key is not an X25519 public key.
    """
    lines = FIRST_LINE + json.dumps(dict(head), sort_keys=True).encode() + b"\n"
    return lines + send_file(content, bytes.fromhex(public_key), lines)


def open_copy(sealed: bytes, private_key: str) -> OpenedCopy:
    """Return a copy's head and content.

    Raises:
        ModelsInvalid: it is not a sealed copy, or the key is not 32 bytes in hex.
        SealBroken (storage): it is encrypted to another key, or was altered.
    """
    head_end = sealed.find(b"\n", len(FIRST_LINE)) + 1
    if not sealed.startswith(FIRST_LINE) or not head_end:
        raise ModelsInvalid("The file is not a sealed copy. Give the file as it was downloaded.")
    try:
        private = bytes.fromhex(private_key.strip())
    except ValueError:
        private = b""
    if len(private) != KEY_BYTES:
        raise ModelsInvalid("The private key must be 32 bytes in hex (64 characters).")
    content = receive_file(sealed[head_end:], private, sealed[:head_end])
    return OpenedCopy(json.loads(sealed[len(FIRST_LINE) : head_end]), content)
