from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent import signatures
from consent.errors import SignatureInvalid
from consent.signatures import SigningKey

VECTORS = Path(__file__).parent.parent / "vectors" / "typed_data" / "messages.json"
CASES = json.loads(VECTORS.read_text(encoding="utf-8"))["cases"]
BY_ACCOUNT = [case for case in CASES if len(case["signedBy"]) == 42]


def unhex(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))


@pytest.mark.parametrize("case", BY_ACCOUNT, ids=lambda case: case["name"])
def test_signatures_are_the_vectors_and_name_their_signer(case: dict[str, Any]) -> None:
    digest, signature = unhex(case["digest"]), unhex(case["signature"])
    assert SigningKey(unhex(case["privateKey"])).sign(digest) == signature
    assert signatures.recover(digest, signature) == unhex(case["signedBy"])
    assert SigningKey(unhex(case["privateKey"])).address == unhex(case["signedBy"])


def test_a_signature_with_a_high_s_or_a_wrong_form_is_refused() -> None:
    digest, secret = bytes(31) + b"\1", bytes(31) + b"\1"
    good = SigningKey(secret).sign(digest)
    s = signatures.ORDER - int.from_bytes(good[32:64], "big")
    high = good[:32] + s.to_bytes(32, "big") + bytes([55 - good[64]])
    for bad in (high, good[:-1], good + b"\0", good[:64] + b"\0", bytes(64) + b"\x1b", b""):
        with pytest.raises(SignatureInvalid):
            signatures.recover(digest, bad)


@given(st.binary(min_size=32, max_size=32), st.binary(min_size=65, max_size=65))
def test_no_signature_makes_recovery_fail_otherwise(digest: bytes, signature: bytes) -> None:
    with contextlib.suppress(SignatureInvalid):
        assert len(signatures.recover(digest, signature[:64] + b"\x1b")) == 20


@pytest.mark.parametrize(
    "secret", [b"", bytes(32), signatures.ORDER.to_bytes(32, "big"), bytes(33) + b"\1"]
)
def test_a_secret_out_of_range_is_refused(secret: bytes) -> None:
    with pytest.raises(SignatureInvalid):
        SigningKey(secret)


def test_a_key_shows_nothing_of_its_secret() -> None:
    secret = bytes(range(1, 33))
    assert secret.hex() not in repr(SigningKey(secret))
    assert repr(secret)[2:-1] not in repr(SigningKey(secret))
