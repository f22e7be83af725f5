"""The cases of receiving a key that was sent by HPKE."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from reference import Hpke, drawn

KEY = drawn("key")
RECIPIENT = drawn("recipient")
PUBLIC = X25519PrivateKey.from_private_bytes(RECIPIENT).public_key().public_bytes_raw()
DECISION = b'{"consent":"0x01","count":7}'
LABEL = b"vouchsafe/v1/send\0"
GOOD = Hpke().send(KEY, PUBLIC, LABEL + DECISION)
# Points whose shared secret is zero whoever multiplies them: RFC 7748, section 6.1.
LOW_ORDER = (
    bytes(32),
    b"\1" + bytes(31),
    bytes.fromhex("e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800"),
    bytes.fromhex("5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157"),
    bytes.fromhex("ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"),
)


def vector(
    sent: bytes, decision: bytes = DECISION, private: bytes = RECIPIENT, opens: bool = False
) -> dict[str, Any]:
    return {
        "expect": "opens" if opens else "refused",
        "recipient": private.hex(),
        "decision": decision.hex(),
        "record_key": KEY.hex() if opens else None,
        "sent": sent.hex(),
    }


def _flipped(place: int) -> bytes:
    changed = bytearray(GOOD)
    changed[place] ^= 1
    return bytes(changed)


def cases() -> Iterator[tuple[str, dict[str, Any]]]:
    yield "good", vector(GOOD, opens=True)
    yield "good_decision_empty", vector(Hpke().send(KEY, PUBLIC, LABEL), b"", opens=True)
    long = drawn("a long decision", 2000)
    yield "good_decision_long", vector(Hpke().send(KEY, PUBLIC, LABEL + long), long, opens=True)
    yield "another_decision", vector(GOOD, DECISION.replace(b"7", b"8"))
    yield "decision_empty", vector(GOOD, b"")
    yield "decision_space_after", vector(GOOD, DECISION + b" ")
    yield "another_recipient", vector(GOOD, private=drawn("another recipient"))
    yield "label_missing", vector(Hpke().send(KEY, PUBLIC, DECISION))
    yield "decision_as_associated_data", vector(Hpke().send(KEY, PUBLIC, LABEL, DECISION))
    yield "enc_flipped", vector(_flipped(0))
    yield "key_flipped", vector(_flipped(32))
    yield "tag_flipped", vector(_flipped(-1))
    for number, point in enumerate(LOW_ORDER):
        yield f"enc_of_low_order_{number}", vector(point + GOOD[32:])
    yield "empty", vector(b"")
    yield "enc_only", vector(GOOD[:32])
    yield "cut_by_one_byte", vector(GOOD[:-1])
    yield "byte_after", vector(GOOD + b"\0")
    yield "not_sealed", vector(GOOD[:32] + KEY + bytes(16))
    yield (
        "suite_aes_128_gcm",
        vector(Hpke(aead=1, key_bytes=16).send(KEY, PUBLIC, LABEL + DECISION)),
    )
    yield "suite_chacha20_poly1305", vector(Hpke(aead=3).send(KEY, PUBLIC, LABEL + DECISION))
    yield "suite_hkdf_sha512", vector(Hpke(kdf=3).send(KEY, PUBLIC, LABEL + DECISION))
    yield "mode_psk", vector(Hpke(mode=1).send(KEY, PUBLIC, LABEL + DECISION))
    yield "key_of_16_bytes_inside", vector(Hpke().send(KEY[:16], PUBLIC, LABEL + DECISION))
