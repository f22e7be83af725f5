import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.envelope import (
    HEADER_BYTES,
    MAX_CONTENT_BYTES,
    MIN_PADDED_BYTES,
    TAG_BYTES,
    Header,
    pack_header,
    pad,
    padded_size,
    unpack,
    unpad,
)
from storage.errors import SealBroken

HEADER = Header(b"r" * 16, 7, b"n" * 12, b"c" * 32)
BODY = bytes(MIN_PADDED_BYTES + TAG_BYTES)

headers = st.builds(
    Header,
    st.binary(min_size=16, max_size=16),
    st.integers(1, 2**32 - 1),
    st.binary(min_size=12, max_size=12),
    st.binary(min_size=32, max_size=32),
)
sizes = st.integers(0, MAX_CONTENT_BYTES)


@given(headers)
def test_a_packed_header_unpacks_to_itself(header: Header) -> None:
    packed = pack_header(header)
    assert len(packed) == HEADER_BYTES == 69
    assert unpack(packed + BODY) == (header, packed, BODY)


def test_a_header_has_the_bytes_of_the_spec() -> None:
    expected = b"VSE1\x01" + b"r" * 16 + b"\0\0\0\7" + b"n" * 12 + b"c" * 32
    assert pack_header(HEADER) == expected


@given(st.binary(max_size=400))
def test_an_unpacked_envelope_packs_to_the_same_bytes(anything: bytes) -> None:
    for envelope in (anything, pack_header(HEADER)[:5] + anything):
        try:
            header, packed, body = unpack(envelope)
        except SealBroken:
            continue
        assert pack_header(header) == packed
        assert packed + body == envelope


@given(sizes)
def test_padding_adds_at_most_twelve_percent(size: int) -> None:
    padded, needed = padded_size(size), max(size + 4, MIN_PADDED_BYTES)
    assert needed <= padded <= needed * 1.12
    exponent = int(math.log2(needed))
    assert padded % 2 ** (exponent - int(math.log2(exponent)) - 1) == 0
    assert padded_size(padded - 4) == padded


def test_padded_sizes_reveal_less_than_nine_bits() -> None:
    seen, size = 0, 0
    while size <= MAX_CONTENT_BYTES:
        seen, size = seen + 1, padded_size(size) - 3
    assert seen < 2**9


@given(st.binary(max_size=3000))
def test_padded_content_unpads_to_itself(content: bytes) -> None:
    padded = pad(content)
    assert len(padded) == padded_size(len(content))
    assert unpad(padded) == content


@given(st.binary(max_size=600))
def test_unpadded_content_pads_to_the_same_bytes(anything: bytes) -> None:
    for padded in (anything, pad(anything)):
        try:
            content = unpad(padded)
        except SealBroken:
            continue
        assert pad(content) == padded


@given(st.binary(max_size=300), st.data())
def test_padding_other_than_zeros_is_refused(content: bytes, data: st.DataObject) -> None:
    padded = bytearray(pad(content))
    if len(padded) > 4 + len(content):
        index = data.draw(st.integers(4 + len(content), len(padded) - 1))
        padded[index] = data.draw(st.integers(1, 255))
        with pytest.raises(SealBroken):
            unpad(bytes(padded))


def test_a_body_above_the_largest_size_is_refused() -> None:
    assert MAX_CONTENT_BYTES == 2**20
    largest = padded_size(MAX_CONTENT_BYTES)
    assert unpack(pack_header(HEADER) + bytes(largest + TAG_BYTES))[0] == HEADER
    above = padded_size(largest)
    with pytest.raises(SealBroken):
        unpack(pack_header(HEADER) + bytes(above + TAG_BYTES))
    with pytest.raises(ValueError, match="exceeds"):
        pad(bytes(MAX_CONTENT_BYTES + 1))
