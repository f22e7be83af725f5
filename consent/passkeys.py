"""Puts what a passkey signed into the form that the ledger's verifier takes (WebAuthn, P-256)."""

from __future__ import annotations

from typing import Final

from consent.abi import word
from consent.errors import BadlySigned

COORDINATE_BYTES: Final = 32
VERIFIER_BYTES: Final = 20
ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""The number of points of P-256 (SEC 2, section 2.4.2)."""
_FIXED_WORDS: Final = 6
_TYPE: Final = b'"type":"webauthn.get"'
_CHALLENGE: Final = b'"challenge":"'
_MOST_BYTES: Final = 8_192
_SEQUENCE: Final = 0x30
_INTEGER: Final = 0x02
_SHORT_FORM: Final = 0x80


def passkey_signer(verifier: bytes, qx: bytes, qy: bytes) -> bytes:
    """Return a passkey as the ledger names signers: verifier and point, 84 bytes (ERC-7913).

    Raises:
        BadlySigned: a part has another length.
    """
    if (len(verifier), len(qx), len(qy)) != (VERIFIER_BYTES, COORDINATE_BYTES, COORDINATE_BYTES):
        raise BadlySigned("a passkey is a verifier of 20 bytes and a point of 32 and 32")
    return verifier + qx + qy


def passkey_signature(authenticator_data: bytes, client_data: bytes, der_signature: bytes) -> bytes:
    """Return an assertion as OpenZeppelin's ERC7913WebAuthnVerifier reads it.

    The six fields of `WebAuthnAuth` with no word before them: r, s (the lower of the two, as the
    verifier asks), where challenge and type stand in the client's JSON, and the two texts.

    Raises:
        BadlySigned: not what a device makes.
    """
    if len(client_data) > _MOST_BYTES or len(authenticator_data) > _MOST_BYTES:
        raise BadlySigned("the device sent more than any device does")
    r, s = _integers(der_signature)
    type_at, challenge_at = client_data.find(_TYPE), client_data.find(_CHALLENGE)
    if type_at < 0 or challenge_at < 0:
        raise BadlySigned("the client's data name no challenge")
    first = _padded(authenticator_data)
    fixed = _FIXED_WORDS * COORDINATE_BYTES
    head = (r, min(s, ORDER - s), challenge_at, type_at, fixed, fixed + len(first))
    return b"".join(map(word, head)) + first + _padded(client_data)


def _padded(text: bytes) -> bytes:
    return word(len(text)) + text + bytes(-len(text) % COORDINATE_BYTES)


def _integers(der: bytes) -> tuple[int, int]:
    """Return r and s of an ECDSA-Sig-Value (RFC 3279, section 2.2.3) in strict DER."""
    if len(der) < 2 or der[0] != _SEQUENCE or der[1] != len(der) - 2:  # noqa: PLR2004 - tag, length
        raise BadlySigned("this is no signature")
    r, rest = _integer(der[2:])
    s, rest = _integer(rest)
    if rest or not (0 < r < ORDER and 0 < s < ORDER):
        raise BadlySigned("this is no signature")
    return r, s


def _integer(der: bytes) -> tuple[int, bytes]:
    if len(der) < 3 or der[0] != _INTEGER or not 0 < der[1] <= COORDINATE_BYTES + 1:  # noqa: PLR2004
        raise BadlySigned("this is no signature")
    told, rest = der[2 : 2 + der[1]], der[2 + der[1] :]
    is_padded = len(told) > 1 and told[0] == 0 and told[1] < _SHORT_FORM
    if len(told) != der[1] or told[0] >= _SHORT_FORM or is_padded:
        raise BadlySigned("this is no signature")
    return int.from_bytes(told, "big"), rest
