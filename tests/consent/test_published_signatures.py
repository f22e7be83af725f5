"""Wycheproof's vectors of ECDSA against the functions that judge who signed a consent."""

from __future__ import annotations

import hashlib
from collections import Counter
from contextlib import suppress
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from published import hexed, read_cases

from consent import passkeys
from consent.errors import SignatureInvalid
from consent.passkeys import COORDINATE_BYTES
from consent.signatures import LOWEST_V, ORDER, recover
from consent.typed_data import keccak

RAW_BYTES = 64
LARGE_X = "k*G has a large x-coordinate"
"""Only v of 29 or 30 could say so, which neither the contract nor Ethereum takes (one of 2^128)."""


def raw(case: dict[str, Any], name: str) -> bytes | None:
    """Return r and s (32 bytes each); None if a signature of 65 bytes cannot have them."""
    (signature,) = hexed(case, "sig")
    if name == "secp256k1_raw":
        return signature if len(signature) == RAW_BYTES else None
    try:
        return b"".join(n.to_bytes(32, "big") for n in decode_dss_signature(signature))
    except (ValueError, OverflowError):
        return None


def recovered(digest: bytes, signature: bytes) -> set[bytes]:
    """Return each account that a signature with either v is attributed to."""
    accounts = set()
    for v in (LOWEST_V, LOWEST_V + 1):
        with suppress(SignatureInvalid):
            accounts.add(recover(digest, signature + bytes([v])))
    return accounts


@pytest.mark.parametrize(
    ("name", "total"), [("secp256k1", 476), ("secp256k1_low_s", 464), ("secp256k1_raw", 252)]
)
def test_every_vector_of_secp256k1_names_its_account_or_nobody(name: str, total: int) -> None:
    counts = Counter[str]()
    for case in read_cases(name):
        message, public = hexed(case, "msg", "publicKey")
        account = keccak(public[1:])[-20:]
        if (signature := raw(case, name)) is None:
            assert case["result"] == "invalid", case["tcId"]
            counts["not expressible in 65 bytes"] += 1
            continue
        is_high = int.from_bytes(signature[32:], "big") > ORDER // 2
        is_expected = case["result"] == "valid" and not is_high and case["comment"] != LARGE_X
        accounts = recovered(hashlib.sha256(message).digest(), signature)
        assert (account in accounts) == is_expected, case["tcId"]
        assert not (is_high and accounts), case["tcId"]
        counts["signed" if is_expected else "upper s" if is_high else "refused"] += 1
    assert counts.total() == total
    print(f"{name}: {dict(counts)}")  # noqa: T201


def is_accepted(case: dict[str, Any], name: str) -> bool:
    """Return whether a passkey's signature counts, as the assertion's signature is read."""
    message, public, signature = hexed(case, "msg", "publicKey", "sig")
    if name == "p256_raw":
        halves = signature[:COORDINATE_BYTES], signature[COORDINATE_BYTES:]
        r, s = (int.from_bytes(half, "big") for half in halves)
    else:
        try:
            r, s = passkeys._integers(signature)
        except SignatureInvalid:
            return False
    hashed = hashlib.sha256(message).digest()
    return passkeys._is_signature(public[1:], hashed, r, min(s, passkeys.ORDER - s))


@pytest.mark.parametrize(("name", "total", "left"), [("p256", 484, 0), ("p256_raw", 262, 21)])
def test_every_vector_of_p_256_is_answered_as_it_says(name: str, total: int, left: int) -> None:
    counts = Counter[str]()
    for case in read_cases(name):
        if name == "p256_raw" and len(case["sig"]) != 2 * RAW_BYTES:
            assert case["result"] == "invalid", case["tcId"]
            counts["not expressible in 64 bytes"] += 1
            continue
        assert is_accepted(case, name) == (case["result"] == "valid"), case["tcId"]
        counts[case["result"]] += 1
    assert counts.total() == total
    assert counts["not expressible in 64 bytes"] == left
    print(f"{name}: {dict(counts)}")  # noqa: T201
