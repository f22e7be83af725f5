"""Encodes passkey assertions for the ledger's verifier contract, and verifies them (WebAuthn)."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, encode_dss_signature

from consent.abi import word
from consent.errors import SignatureInvalid

COORDINATE_BYTES: Final = 32
VERIFIER_BYTES: Final = 20
ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""The order of P-256 (SEC 2, section 2.4.2)."""
_FIXED_WORDS: Final = 6
P256: Final = "0x" + "100".zfill(40)
"""The precompile that verifies P-256 signatures (EIP-7951)."""
P256_VECTOR: Final = hashlib.sha256(b"sample").digest() + bytes.fromhex(
    "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
    "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8"
    "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
    "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299"
)
"""Hash, r, s, x and y of RFC 6979, A.2.5: the answer is 1."""
P256_WRONG_VECTOR: Final = bytes([P256_VECTOR[0] ^ 1]) + P256_VECTOR[1:]
"""As above with one bit of the hash flipped: the answer is empty."""
P256_YES: Final = word(1)
_TYPE: Final = b'"type":"webauthn.get"'
_CHALLENGE: Final = b'"challenge":"'
_MIN_AUTHENTICATOR_BYTES: Final = 37
_MAX_BYTES: Final = 8_192
_FLAGS_AT: Final = 32
_PRESENT_AND_VERIFIED: Final = 0x05
_BACKUP_ELIGIBLE: Final = 0x08
_BACKED_UP: Final = 0x10
_SEQUENCE: Final = 0x30
_INTEGER: Final = 0x02
_SHORT_FORM: Final = 0x80


def passkey_signer(verifier: str | bytes, qx: bytes, qy: bytes) -> bytes:
    """Return a passkey as the ledger names signers: verifier and point, 84 bytes (ERC-7913).

    `verifier` is an address, as 20 bytes or as 0x-hex.

    Raises:
        SignatureInvalid: a part has another length.
    """
    if isinstance(verifier, str):
        verifier = _address(verifier)
    if (len(verifier), len(qx), len(qy)) != (VERIFIER_BYTES, COORDINATE_BYTES, COORDINATE_BYTES):
        raise SignatureInvalid(
            f"a passkey is a verifier of 20 bytes and a point of 32 and 32, "
            f"not {len(verifier)}, {len(qx)} and {len(qy)}"
        )
    return verifier + qx + qy


def passkey_signature(authenticator_data: bytes, client_data: bytes, der_signature: bytes) -> bytes:
    """Return an assertion as OpenZeppelin's ERC7913WebAuthnVerifier reads it.

    The six fields of `WebAuthnAuth` with no word before them: r, s (the lower of the two, as the
    verifier requires), the positions of challenge and type in the client's JSON, and the two texts.

    Raises:
        SignatureInvalid: not an assertion as authenticators and browsers write it.
    """
    if len(client_data) > _MAX_BYTES or len(authenticator_data) > _MAX_BYTES:
        raise SignatureInvalid(f"authenticator response too large: the limit is {_MAX_BYTES} bytes")
    if len(authenticator_data) < _MIN_AUTHENTICATOR_BYTES:
        raise SignatureInvalid(
            f"authenticator data of {len(authenticator_data)} bytes: "
            f"at least {_MIN_AUTHENTICATOR_BYTES} are needed"
        )
    r, s = _integers(der_signature)
    type_at, challenge_at = _positions(client_data)
    first = _padded(authenticator_data)
    fixed = _FIXED_WORDS * COORDINATE_BYTES
    head = (r, min(s, ORDER - s), challenge_at, type_at, fixed, fixed + len(first))
    return b"".join(map(word, head)) + first + _padded(client_data)


def is_passkey_signature(signer: bytes, digest: bytes, signature: bytes) -> bool:
    """Return whether this passkey signed the digest, by the rules of the verifier contract.

    Computed here, so that no answer of a chain node is needed (WebAuthn 7.2, steps 11 to 20).
    """
    try:
        r, s, challenge_at, type_at, data_at, client_at = (
            int.from_bytes(signature[at : at + COORDINATE_BYTES], "big")
            for at in range(0, _FIXED_WORDS * COORDINATE_BYTES, COORDINATE_BYTES)
        )
        authenticator, client = _text(signature, data_at), _text(signature, client_at)
        challenge = _CHALLENGE + base64.urlsafe_b64encode(digest).rstrip(b"=") + b'"'
        if (
            not client.startswith(_TYPE, type_at)
            or not client.startswith(challenge, challenge_at)
            or not _is_verified(authenticator)
        ):
            return False
        hashed = hashlib.sha256(authenticator + hashlib.sha256(client).digest()).digest()
        return _is_signature(signer[20:84], hashed, r, s)
    except (ValueError, OverflowError):
        return False


def _is_signature(point: bytes, hashed: bytes, r: int, s: int) -> bool:
    """Return whether r and s, the lower of the two, sign a SHA-256 hash by the key of this point.

    Raises:
        ValueError: the point is not on P-256.
    """
    if not 0 < s <= ORDER // 2:
        return False
    x, y = (
        int.from_bytes(point[at : at + COORDINATE_BYTES], "big") for at in (0, COORDINATE_BYTES)
    )
    key = ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
    try:
        key.verify(encode_dss_signature(r, s), hashed, ec.ECDSA(Prehashed(hashes.SHA256())))
    except InvalidSignature:
        return False
    return True


def _text(signature: bytes, at: int) -> bytes:
    length = int.from_bytes(signature[at : at + COORDINATE_BYTES], "big")
    text = signature[at + COORDINATE_BYTES : at + COORDINATE_BYTES + length]
    if at + COORDINATE_BYTES > len(signature) or len(text) != length:
        raise ValueError("a text of the assertion is cut off")
    return text


def _is_verified(authenticator: bytes) -> bool:
    """Return whether the user was present and verified, and the backup flags agree."""
    if len(authenticator) < _MIN_AUTHENTICATOR_BYTES:
        return False
    flags = authenticator[_FLAGS_AT]
    is_backup_sound = bool(flags & _BACKUP_ELIGIBLE) or not flags & _BACKED_UP
    return flags & _PRESENT_AND_VERIFIED == _PRESENT_AND_VERIFIED and is_backup_sound


def _address(text: str) -> bytes:
    try:
        return bytes.fromhex(text.removeprefix("0x"))
    except ValueError as exc:
        raise SignatureInvalid("verifier address is not hexadecimal") from exc


def _positions(client_data: bytes) -> tuple[int, int]:
    """Return the positions of type and challenge in the client's JSON, as the verifier expects."""
    try:
        fields = json.loads(client_data.decode(), object_pairs_hook=_unique_fields)
    except (ValueError, RecursionError) as exc:
        raise SignatureInvalid("client data is not JSON, or repeats a field") from exc
    challenge = fields.get("challenge") if isinstance(fields, dict) else None
    if not isinstance(challenge, str) or fields.get("type") != "webauthn.get":
        raise SignatureInvalid("client data has no challenge, or another type than webauthn.get")
    # A quotation mark inside a text is escaped, so these bytes can only be the fields.
    type_at = client_data.find(_TYPE)
    challenge_at = client_data.find(_CHALLENGE + challenge.encode(errors="replace") + b'"')
    if type_at < 0 or challenge_at < 0:
        raise SignatureInvalid("client data is not serialised as browsers do (WebAuthn 5.8.1.1)")
    return type_at, challenge_at


def _unique_fields(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(pairs)) != len(pairs):
        raise ValueError("a field occurs twice")
    return dict(pairs)


def _padded(text: bytes) -> bytes:
    return word(len(text)) + text + bytes(-len(text) % COORDINATE_BYTES)


def _integers(der: bytes) -> tuple[int, int]:
    """Return r and s of an ECDSA-Sig-Value (RFC 3279, section 2.2.3) in strict DER."""
    if len(der) < 2 or der[0] != _SEQUENCE or der[1] != len(der) - 2:  # noqa: PLR2004 - tag, length
        raise SignatureInvalid(
            "signature is not strict DER of two integers below the order of P-256"
        )
    r, rest = _integer(der[2:])
    s, rest = _integer(rest)
    if rest or not (0 < r < ORDER and 0 < s < ORDER):
        raise SignatureInvalid(
            "signature is not strict DER of two integers below the order of P-256"
        )
    return r, s


def _integer(der: bytes) -> tuple[int, bytes]:
    if len(der) < 3 or der[0] != _INTEGER or not 0 < der[1] <= COORDINATE_BYTES + 1:  # noqa: PLR2004
        raise SignatureInvalid(
            "signature is not strict DER of two integers below the order of P-256"
        )
    value, rest = der[2 : 2 + der[1]], der[2 + der[1] :]
    is_padded = len(value) > 1 and value[0] == 0 and value[1] < _SHORT_FORM
    if len(value) != der[1] or value[0] >= _SHORT_FORM or is_padded:
        raise SignatureInvalid(
            "signature is not strict DER of two integers below the order of P-256"
        )
    return int.from_bytes(value, "big"), rest
