from __future__ import annotations

import hashlib
import json
import random
import secrets

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from passkeys import ORDER, Passkey, b64, unb64

from consent import SignatureInvalid, passkey_signature, passkey_signer
from consent.passkeys import P256_VECTOR, P256_WRONG_VECTOR

ORIGIN, RP_ID = "https://consent.example.org", "consent.example.org"


def signed(passkey: Passkey, challenge: bytes, **changed: object) -> tuple[bytes, bytes, bytes]:
    reply = passkey.assertion(challenge, **changed)["response"]  # type: ignore[arg-type]
    return tuple(  # type: ignore[return-value]
        unb64(reply[name]) for name in ("authenticatorData", "clientDataJSON", "signature")
    )


def fields(encoded: bytes) -> tuple[int, int, int, int, bytes, bytes]:
    """Read the six fields as an ABI decoder does."""
    r, s, challenge_at, type_at, *offsets = (
        int.from_bytes(encoded[at : at + 32], "big") for at in range(0, 192, 32)
    )
    texts = []
    for offset in offsets:
        length = int.from_bytes(encoded[offset : offset + 32], "big")
        texts.append(encoded[offset + 32 : offset + 32 + length])
    return r, s, challenge_at, type_at, texts[0], texts[1]


def test_a_signer_is_the_verifier_and_the_point() -> None:
    passkey = Passkey.create(ORIGIN, RP_ID)
    signer = passkey_signer(b"\7" * 20, *passkey.public)
    assert signer == passkey_signer("0x" + "07" * 20, *passkey.public)
    assert len(signer) == 84
    for verifier in ("0x07", "0xzz", b"\7" * 19):
        with pytest.raises(SignatureInvalid):
            passkey_signer(verifier, *passkey.public)
    with pytest.raises(SignatureInvalid, match="32"):
        passkey_signer(b"\7" * 20, b"\1" * 31, b"\1" * 32)


def test_every_signature_is_encoded_with_low_s_padding_and_field_positions() -> None:
    passkey = Passkey.create(ORIGIN, RP_ID)
    high = extra = 0
    for _ in range(300):
        challenge = secrets.token_bytes(32)
        authenticator, client, der = signed(passkey, challenge)
        encoded = passkey_signature(authenticator, client, der)
        r, s, challenge_at, type_at, first, second = fields(encoded)
        assert (first, second) == (authenticator, client)
        assert len(encoded) % 32 == 0
        assert s <= ORDER // 2
        high += der != encode_dss_signature(r, s)
        extra += b"other_keys" in client
        expected = b'"challenge":"' + b64(challenge).encode() + b'"'
        assert client[challenge_at:].startswith(expected)
        assert client[type_at:].startswith(b'"type":"webauthn.get"')
        message = authenticator + hashlib.sha256(client).digest()
        passkey.key.public_key().verify(
            encode_dss_signature(r, s), message, ec.ECDSA(hashes.SHA256())
        )
    assert 100 < high < 200
    assert extra > 20


def test_fields_are_found_at_any_position_and_a_quoted_one_is_ignored() -> None:
    passkey = Passkey.create(ORIGIN, RP_ID)
    challenge = secrets.token_bytes(32)
    authenticator, _, der = signed(passkey, challenge)
    reply = {
        "origin": 'https://x/"challenge":"AAAA","type":"webauthn.get"',
        "challenge": b64(challenge),
        "type": "webauthn.get",
    }
    client = json.dumps(reply, separators=(",", ":")).encode()
    _, _, challenge_at, type_at, _, _ = fields(passkey_signature(authenticator, client, der))
    assert client[challenge_at + 13 :].startswith(b64(challenge).encode())
    assert client[type_at - 1 : type_at + 21] == b',"type":"webauthn.get"'


GOOD = Passkey.create(ORIGIN, RP_ID)
AUTHENTICATOR, CLIENT, DER = signed(GOOD, bytes(32))


def test_a_nested_or_doubled_or_spaced_field_is_refused() -> None:
    challenge = b64(bytes(32))
    bad = [
        b"",
        b"\xff\xfe",
        b"[]",
        b"7",
        b"{" * 5_000,
        b'{"type":"webauthn.get"}',
        b'{"challenge":"%s"}' % challenge.encode(),
        b'{"type":"webauthn.create","challenge":"%s"}' % challenge.encode(),
        b'{"type": "webauthn.get","challenge":"%s"}' % challenge.encode(),
        b'{"type":"webauthn.get","challenge": "%s"}' % challenge.encode(),
        b'{"type":"webauthn.get","challenge":7}',
        b'{"type":"webauthn.get","type":"webauthn.get","challenge":"%s"}' % challenge.encode(),
        b'{"type":"webauthn.get","challenge":"x","challenge":"%s"}' % challenge.encode(),
        b'{"in":{"type":"webauthn.get"},"challenge":"%s"}' % challenge.encode(),
        CLIENT[:-1],
        CLIENT + b"x",
        CLIENT[:-1] + b',"x":"' + b"a" * 9_000 + b'"}',
    ]
    for client in bad:
        with pytest.raises(SignatureInvalid):
            passkey_signature(AUTHENTICATOR, client, DER)


def der(r: bytes, s: bytes) -> bytes:
    body = b"\x02" + bytes([len(r)]) + r + b"\x02" + bytes([len(s)]) + s
    return b"\x30" + bytes([len(body)]) + body


def test_what_is_not_strict_der_of_two_numbers_in_range_is_refused() -> None:
    low, order = b"\1", b"\0" + ORDER.to_bytes(32, "big")
    assert passkey_signature(AUTHENTICATOR, CLIENT, der(low, low))
    bad = [
        b"", b"\x30", DER[:-1], DER + b"\0", b"\x31" + DER[1:], DER[:1] + b"\x81" + DER[1:],
        bytes(64), der(b"\0", low), der(low, b"\0"), der(order, low), der(low, order),
        der(b"\xff", low), der(low, b"\x80"), der(b"\0\1", low), der(low, b"\0\0\1"), der(b"", low),
        der(b"\1" * 34, low), b"\x30\x04\x02\x02\x01\x01", der(low, low)[:-3] + b"\x03\x01\x01",
    ]  # fmt: skip
    for signature in bad:
        with pytest.raises(SignatureInvalid):
            passkey_signature(AUTHENTICATOR, CLIENT, signature)


def test_authenticator_data_of_no_device_are_refused() -> None:
    for data in (b"", AUTHENTICATOR[:36], bytes(9_000)):
        with pytest.raises(SignatureInvalid):
            passkey_signature(data, CLIENT, DER)


def test_any_damage_is_refused_or_no_longer_verifies() -> None:
    dice = random.Random(7)
    for _ in range(2_000):
        parts = [bytearray(AUTHENTICATOR), bytearray(CLIENT), bytearray(DER)]
        part = dice.choice(parts)
        part[dice.randrange(len(part))] ^= 1 << dice.randrange(8)
        try:
            encoded = passkey_signature(*map(bytes, parts))
        except SignatureInvalid:
            continue
        r, s, _, _, first, second = fields(encoded)
        with pytest.raises(InvalidSignature):
            GOOD.key.public_key().verify(
                encode_dss_signature(r, s),
                first + hashlib.sha256(second).digest(),
                ec.ECDSA(hashes.SHA256()),
            )


def test_the_vectors_of_the_precompile_are_good_and_bad() -> None:
    assert len(P256_VECTOR) == len(P256_WRONG_VECTOR) == 160
    _, r, s, x, y = (int.from_bytes(P256_VECTOR[at : at + 32], "big") for at in range(0, 160, 32))
    key = ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
    key.verify(encode_dss_signature(r, s), b"sample", ec.ECDSA(hashes.SHA256()))
    assert P256_WRONG_VECTOR[32:] == P256_VECTOR[32:]
    assert P256_WRONG_VECTOR[:32] != P256_VECTOR[:32]
