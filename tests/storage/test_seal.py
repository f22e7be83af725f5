"""Envelopes and wrapped keys; ENVELOPES=100 and NONCES=1000000 for docs/assurance.md."""

import gzip
import json
import os
import random
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path

import pytest
from Crypto.Hash import SHA256
from Crypto.Protocol.KDF import HKDF
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st
from second_crypto import gcm_decrypt, gcm_encrypt

from storage import seal as seal_module
from storage.envelope import (
    CANNOT_OPEN,
    HEADER_BYTES,
    MAX_CONTENT_BYTES,
    NONCE_BYTES,
    unpack,
    unpad,
)
from storage.errors import SealBroken
from storage.seal import (
    Aead,
    Context,
    derive_key,
    encrypt_bytes,
    key_commitment,
    new_key,
    open_sealed,
    seal,
    unwrap_key,
    wrap_key,
)

FOLDER = Path(__file__).parents[1] / "vectors" / "envelope"
VECTORS = sorted((FOLDER / "open").glob("*.json"))
PRODUCT = (seal_module._encrypt, seal_module._decrypt)
SECOND = (gcm_encrypt, gcm_decrypt)
LIBRARIES = pytest.mark.parametrize(
    "library", [PRODUCT, SECOND], ids=["cryptography", "pycryptodome"]
)
ENVELOPES = int(os.environ.get("ENVELOPES", "1"))
NONCES = int(os.environ.get("NONCES", "4000"))
PROCESSES = 4
CONTEXT = Context(b"s" * 32, "laboratory", "custodian:a", b"r" * 16, 1)
KEY = bytes(range(32))

contexts = st.builds(
    Context,
    st.binary(min_size=32, max_size=32),
    st.text(max_size=20, alphabet=st.characters(exclude_categories=["Cs"])),
    st.text(max_size=20, alphabet=st.characters(exclude_categories=["Cs"])),
    st.binary(min_size=16, max_size=16),
    st.integers(1, 2**32 - 1),
)
keys = st.binary(min_size=32, max_size=32)


def test_the_reference_implementation_makes_the_same_vectors(tmp_path: Path) -> None:
    subprocess.run([sys.executable, FOLDER / "make.py", tmp_path], check=True)
    vectors = {p.relative_to(tmp_path): p.read_bytes() for p in tmp_path.glob("*/*.json")}
    assert vectors == {p.relative_to(FOLDER): p.read_bytes() for p in FOLDER.glob("*/*.json")}
    refused = [1 for body in vectors.values() if json.loads(body)["expect"] == "refused"]
    assert len(vectors) >= 100
    assert len(refused) >= 70


@LIBRARIES
@pytest.mark.parametrize("path", VECTORS, ids=lambda path: path.stem)
def test_an_envelope_opens_exactly_when_its_vector_says_so(
    path: Path, library: tuple[Aead, Aead]
) -> None:
    case = json.loads(path.read_text())
    context = Context(
        bytes.fromhex(case["subject"]),
        case["category"],
        case["custodian"],
        bytes.fromhex(case["record"]),
        case["version"],
    )
    key, envelope = bytes.fromhex(case["key"]), bytes.fromhex(case["envelope"])
    if case["expect"] == "opens":
        content = bytes.fromhex(case["content"])
        assert open_sealed(envelope, key, context, library[1]) == content
        nonce = unpack(envelope)[0].nonce
        assert seal(content, key, context, nonce, library[0]) == envelope
    else:
        with pytest.raises(SealBroken, match=f"^{CANNOT_OPEN}$") as refused:
            open_sealed(envelope, key, context, library[1])
        assert refused.value.__cause__ is None
        assert refused.value.__context__ is None or refused.value.__suppress_context__


def test_only_the_commitment_refuses_an_envelope_that_gcm_opens_under_two_keys() -> None:
    case = json.loads((FOLDER / "open" / "key_second_of_two_that_gcm_accepts.json").read_text())
    envelope, key = bytes.fromhex(case["envelope"]), bytes.fromhex(case["key"])
    header, start, body = unpack(envelope)
    words = (bytes.fromhex(case["subject"]), case["category"].encode(), case["custodian"].encode())
    associated = start + b"".join(len(word).to_bytes(2, "big") + word for word in words)
    # The library accepts it: without the commitment it would be released.
    assert len(AESGCM(key).decrypt(header.nonce, body, associated)) == len(body) - 16
    assert header.commitment != key_commitment(key)


@LIBRARIES
@given(content=st.binary(max_size=600), key=keys, context=contexts)
def test_what_one_library_encrypts_the_other_decrypts(
    library: tuple[Aead, Aead], content: bytes, key: bytes, context: Context
) -> None:
    other = SECOND if library is PRODUCT else PRODUCT
    envelope = seal(content, key, context, encrypt=library[0])
    assert open_sealed(envelope, key, context, other[1]) == content


@given(contexts, contexts)
def test_an_envelope_does_not_open_in_another_context(first: Context, other: Context) -> None:
    envelope = seal(b"content", KEY, first)
    for name in ("subject", "category", "custodian", "record_id", "version"):
        if getattr(first, name) != getattr(other, name):
            with pytest.raises(SealBroken):
                open_sealed(envelope, KEY, replace(first, **{name: getattr(other, name)}))


def test_none_of_fifty_envelopes_opens_as_another() -> None:
    contexts = [replace(CONTEXT, record_id=n.to_bytes(16, "big")) for n in range(50)]
    envelopes = [seal(b"content", KEY, context) for context in contexts]
    for here, envelope in enumerate(envelopes):
        for there, context in enumerate(contexts):
            if here != there:
                with pytest.raises(SealBroken):
                    open_sealed(envelope, KEY, context)


@LIBRARIES
def test_an_envelope_with_any_bit_flipped_is_refused(library: tuple[Aead, Aead]) -> None:
    flips = 0
    for number in range(1, ENVELOPES + 1):
        content = random.Random(number).randbytes(number * 7)
        key, context = new_key(), replace(CONTEXT, version=number)
        envelope = bytearray(seal(content, key, context))
        for bit in range(8 * len(envelope)):
            envelope[bit // 8] ^= 1 << bit % 8
            with pytest.raises(SealBroken):
                open_sealed(bytes(envelope), key, context, library[1])
            envelope[bit // 8] ^= 1 << bit % 8
            flips += 1
        assert open_sealed(bytes(envelope), key, context, library[1]) == content
    print(f"{flips} bits of {ENVELOPES} envelopes flipped, each refused")  # noqa: T201


@given(st.binary(max_size=500))
def test_random_bytes_are_refused(anything: bytes) -> None:
    for envelope in (anything, seal(b"", KEY, CONTEXT)[:HEADER_BYTES] + anything):
        with pytest.raises(SealBroken):
            open_sealed(envelope, KEY, CONTEXT)


def test_a_truncated_envelope_is_refused() -> None:
    envelope = seal(b"content", KEY, CONTEXT)
    for size in range(len(envelope)):
        with pytest.raises(SealBroken):
            open_sealed(envelope[:size], KEY, CONTEXT)


def test_content_that_is_itself_a_compressed_envelope_is_unchanged() -> None:
    inner = seal(gzip.compress(b"content"), KEY, CONTEXT)
    assert open_sealed(seal(inner, KEY, CONTEXT), KEY, CONTEXT) == inner


def test_the_largest_content_opens_and_a_larger_one_is_refused() -> None:
    largest = bytes(MAX_CONTENT_BYTES)
    assert open_sealed(seal(largest, KEY, CONTEXT), KEY, CONTEXT) == largest
    with pytest.raises(ValueError, match="exceeds"):
        seal(largest + b"\0", KEY, CONTEXT)


def _sealed(count: int) -> list[tuple[bytes, bytes]]:
    """Return the key (its commitment) and the nonce of each envelope and text that this seals."""
    pairs = []
    for number in range(count):
        if number % 2:  # as a version of a record is sealed: under a key of its own
            header = unpack(seal(b"content", new_key(), CONTEXT))[0]
            pairs.append((header.commitment, header.nonce))
        else:  # as keys are wrapped and texts are stored: many under one key
            pairs.append((KEY, encrypt_bytes(KEY, b"content", b"")[:NONCE_BYTES]))
    return pairs


def test_no_key_and_nonce_are_used_twice_in_several_processes_that_were_forked() -> None:
    with ProcessPoolExecutor(PROCESSES, mp_context=get_context("fork")) as processes:
        shares = processes.map(_sealed, [NONCES // PROCESSES] * PROCESSES)
        pairs = [pair for share in shares for pair in share]
    assert len(pairs) >= NONCES - PROCESSES
    assert len(set(pairs)) == len(pairs)
    assert len({nonce for _key, nonce in pairs}) == len(pairs)
    keys = {key for key, _nonce in pairs if key != KEY}
    assert len(keys) == len([pair for pair in pairs if pair[0] != KEY])
    print(f"{len(pairs)} pairs of key and nonce, all different")  # noqa: T201


@pytest.mark.parametrize("size", [0, 16, 24, 31, 33])
def test_a_key_of_another_size_neither_seals_nor_opens(size: int) -> None:
    with pytest.raises(ValueError, match="expected 32 bytes"):
        seal(b"content", bytes(size), CONTEXT)
    with pytest.raises(ValueError, match="expected 32 bytes"):
        wrap_key(bytes(size), KEY, b"")
    with pytest.raises(ValueError, match="expected 32 bytes"):
        wrap_key(KEY, bytes(size), b"")
    with pytest.raises(SealBroken):
        unwrap_key(bytes(size), wrap_key(KEY, KEY, b""), b"")


@pytest.mark.parametrize(
    "wrong",
    [{"record_id": b"short"}, {"version": 0}, {"version": 2**32}],
    ids=["record id", "version 0", "version too large"],
)
def test_a_header_with_fields_of_other_sizes_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="invalid envelope header"):
        seal(b"content", KEY, replace(CONTEXT, **wrong))  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="invalid envelope header"):
        seal(b"content", KEY, CONTEXT, nonce=b"sixteen bytes ...")


@pytest.mark.parametrize(
    "wrong",
    [
        {"subject": b"s" * 31},
        {"subject": b"s" * 33},
        {"category": "c" * 2**16},
        {"custodian": "ü" * 2**15},
        {"custodian": "\ud800"},
    ],
    ids=["subject short", "subject long", "category long", "custodian long", "not text"],
)
def test_an_invalid_context_neither_seals_nor_opens(wrong: dict[str, object]) -> None:
    context = replace(CONTEXT, **wrong)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="subject|surrogates"):
        seal(b"content", KEY, context)
    with pytest.raises(SealBroken, match=f"^{CANNOT_OPEN}$"):
        open_sealed(seal(b"content", KEY, CONTEXT), KEY, context)


def test_the_longest_category_is_accepted() -> None:
    context = replace(CONTEXT, category="c" * (2**16 - 1), custodian="")
    assert open_sealed(seal(b"content", KEY, context), KEY, context) == b"content"


@given(key=keys, label=st.binary(max_size=60))
def test_derive_key_is_hkdf_in_a_second_library_too(key: bytes, label: bytes) -> None:
    assert derive_key(key, label) == HKDF(key, 32, b"", SHA256, context=label)


def test_the_content_is_padded_with_zeros_after_its_length() -> None:
    envelope = seal(b"content", KEY, CONTEXT)
    header, start, body = unpack(envelope)
    words = (CONTEXT.subject, CONTEXT.category.encode(), CONTEXT.custodian.encode())
    associated = start + b"".join(len(word).to_bytes(2, "big") + word for word in words)
    text = AESGCM(KEY).decrypt(header.nonce, body, associated)
    assert text == b"\0\0\0\7content".ljust(256, b"\0")
    assert unpad(text) == b"content"


def test_new_keys_are_all_different() -> None:
    assert len({new_key() for _ in range(1000)}) == 1000
