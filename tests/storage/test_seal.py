import gzip
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from Crypto.Hash import SHA256
from Crypto.Protocol.KDF import HKDF
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF as LibraryHKDF
from hypothesis import given
from hypothesis import strategies as st

from storage.envelope import HEADER_BYTES, MAX_CONTENT_BYTES, unpack, unpad
from storage.errors import SealBroken
from storage.seal import (
    CRYPTOGRAPHY,
    PYCRYPTODOME,
    Aead,
    Context,
    commitment_of,
    decrypt_key,
    derive,
    encrypt_key,
    new_key,
    open_sealed,
    seal,
)

FOLDER = Path(__file__).parents[1] / "vectors" / "envelope"
VECTORS = sorted((FOLDER / "open").glob("*.json"))
LIBRARIES = pytest.mark.parametrize(
    "library", [CRYPTOGRAPHY, PYCRYPTODOME], ids=["cryptography", "pycryptodome"]
)
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


def test_the_vectors_are_those_that_the_second_writing_of_the_spec_makes(tmp_path: Path) -> None:
    subprocess.run([sys.executable, FOLDER / "make.py", tmp_path], check=True)
    made = {p.relative_to(tmp_path): p.read_bytes() for p in tmp_path.glob("*/*.json")}
    assert made == {p.relative_to(FOLDER): p.read_bytes() for p in FOLDER.glob("*/*.json")}
    refused = [1 for body in made.values() if json.loads(body)["expect"] == "refused"]
    assert len(made) >= 100
    assert len(refused) >= 70


@LIBRARIES
@pytest.mark.parametrize("path", VECTORS, ids=lambda path: path.stem)
def test_an_envelope_opens_or_not_as_its_vector_says(
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
        with pytest.raises(SealBroken, match="^the envelope does not open$") as refused:
            open_sealed(envelope, key, context, library[1])
        assert refused.value.__cause__ is None
        assert refused.value.__context__ is None or refused.value.__suppress_context__


def test_the_envelope_of_two_keys_is_refused_by_the_commitment_alone() -> None:
    case = json.loads((FOLDER / "open" / "key_second_of_two_that_gcm_accepts.json").read_text())
    envelope, key = bytes.fromhex(case["envelope"]), bytes.fromhex(case["key"])
    header, start, body = unpack(envelope)
    words = (bytes.fromhex(case["subject"]), case["category"].encode(), case["custodian"].encode())
    associated = start + b"".join(len(word).to_bytes(2, "big") + word for word in words)
    # The library has nothing against it: without the commitment this would be handed out.
    assert len(AESGCM(key).decrypt(header.nonce, body, associated)) == len(body) - 16
    assert header.commitment != commitment_of(key)


@LIBRARIES
@given(content=st.binary(max_size=600), key=keys, context=contexts)
def test_what_is_sealed_opens_as_itself(
    library: tuple[Aead, Aead], content: bytes, key: bytes, context: Context
) -> None:
    other = PYCRYPTODOME if library is CRYPTOGRAPHY else CRYPTOGRAPHY
    envelope = seal(content, key, context, library=library[0])
    assert open_sealed(envelope, key, context, other[1]) == content


@given(contexts, contexts)
def test_an_envelope_does_not_open_in_another_context(one: Context, other: Context) -> None:
    envelope = seal(b"content", KEY, one)
    for name in ("subject", "category", "custodian", "record_id", "version"):
        if getattr(one, name) != getattr(other, name):
            with pytest.raises(SealBroken):
                open_sealed(envelope, KEY, replace(one, **{name: getattr(other, name)}))


def test_of_fifty_envelopes_none_opens_as_another() -> None:
    contexts = [replace(CONTEXT, record_id=n.to_bytes(16, "big")) for n in range(50)]
    envelopes = [seal(b"content", KEY, context) for context in contexts]
    for here, envelope in enumerate(envelopes):
        for there, context in enumerate(contexts):
            if here != there:
                with pytest.raises(SealBroken):
                    open_sealed(envelope, KEY, context)


@LIBRARIES
def test_no_single_bit_of_an_envelope_can_be_flipped(library: tuple[Aead, Aead]) -> None:
    envelope = bytearray(seal(b"content", KEY, CONTEXT))
    for bit in range(8 * len(envelope)):
        envelope[bit // 8] ^= 1 << bit % 8
        with pytest.raises(SealBroken):
            open_sealed(bytes(envelope), KEY, CONTEXT, library[1])
        envelope[bit // 8] ^= 1 << bit % 8
    assert open_sealed(bytes(envelope), KEY, CONTEXT, library[1]) == b"content"


@given(st.binary(max_size=500))
def test_bytes_that_nobody_sealed_are_refused(anything: bytes) -> None:
    for envelope in (anything, seal(b"", KEY, CONTEXT)[:HEADER_BYTES] + anything):
        with pytest.raises(SealBroken):
            open_sealed(envelope, KEY, CONTEXT)


def test_no_truncation_of_an_envelope_opens() -> None:
    envelope = seal(b"content", KEY, CONTEXT)
    for size in range(len(envelope)):
        with pytest.raises(SealBroken):
            open_sealed(envelope[:size], KEY, CONTEXT)


def test_a_content_that_is_itself_an_envelope_or_compressed_comes_back_as_it_went_in() -> None:
    inner = seal(gzip.compress(b"content"), KEY, CONTEXT)
    assert open_sealed(seal(inner, KEY, CONTEXT), KEY, CONTEXT) == inner


def test_the_largest_content_opens_and_a_larger_one_is_not_sealed() -> None:
    largest = bytes(MAX_CONTENT_BYTES)
    assert open_sealed(seal(largest, KEY, CONTEXT), KEY, CONTEXT) == largest
    with pytest.raises(ValueError, match="at most"):
        seal(largest + b"\0", KEY, CONTEXT)


def test_two_seals_of_one_content_have_no_nonce_and_no_body_in_common() -> None:
    sealed = {seal(b"content", KEY, CONTEXT)[25:37] for _ in range(2000)}
    assert len(sealed) == 2000


@pytest.mark.parametrize("size", [0, 16, 24, 31, 33])
def test_only_a_key_of_32_bytes_seals_or_opens(size: int) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        seal(b"content", bytes(size), CONTEXT)
    with pytest.raises(ValueError, match="32 bytes"):
        encrypt_key(bytes(size), KEY, b"")
    with pytest.raises(ValueError, match="32 bytes"):
        encrypt_key(KEY, bytes(size), b"")
    with pytest.raises(SealBroken):
        decrypt_key(bytes(size), encrypt_key(KEY, KEY, b""), b"")


@pytest.mark.parametrize(
    "wrong",
    [{"record_id": b"short"}, {"version": 0}, {"version": 2**32}],
    ids=["record id", "version 0", "version too large"],
)
def test_a_header_with_fields_of_other_sizes_is_not_made(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="fixed sizes"):
        seal(b"content", KEY, replace(CONTEXT, **wrong))  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="fixed sizes"):
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
    ids=["subject short", "subject long", "category long", "custodian long", "not a text"],
)
def test_what_cannot_be_bound_is_neither_sealed_nor_opened(wrong: dict[str, object]) -> None:
    context = replace(CONTEXT, **wrong)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="subject|surrogates"):
        seal(b"content", KEY, context)
    with pytest.raises(SealBroken, match="^the envelope does not open$"):
        open_sealed(seal(b"content", KEY, CONTEXT), KEY, context)


def test_the_longest_words_are_bound() -> None:
    context = replace(CONTEXT, category="c" * (2**16 - 1), custodian="")
    assert open_sealed(seal(b"content", KEY, context), KEY, context) == b"content"


@given(key=keys, label=st.binary(max_size=60))
def test_derive_is_the_hkdf_of_both_libraries(key: bytes, label: bytes) -> None:
    theirs = LibraryHKDF(hashes.SHA256(), 32, salt=None, info=label).derive(key)
    assert derive(key, label) == theirs
    assert derive(key, label) == HKDF(key, 32, b"", SHA256, context=label)


def test_the_text_inside_is_padded_with_zeros_after_its_length() -> None:
    envelope = seal(b"content", KEY, CONTEXT)
    header, start, body = unpack(envelope)
    words = (CONTEXT.subject, CONTEXT.category.encode(), CONTEXT.custodian.encode())
    associated = start + b"".join(len(word).to_bytes(2, "big") + word for word in words)
    text = AESGCM(KEY).decrypt(header.nonce, body, associated)
    assert text == b"\0\0\0\7content".ljust(256, b"\0")
    assert unpad(text) == b"content"


def test_keys_are_fresh() -> None:
    assert len({new_key() for _ in range(1000)}) == 1000
