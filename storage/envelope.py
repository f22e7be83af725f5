"""Lays out a sealed record in bytes: a public header, then a body that only a key can read."""

from __future__ import annotations

from functools import lru_cache
from typing import Final, NamedTuple

from storage.errors import SealBroken

# docs/spec/envelope.md, sections 2 and 3, in the same order and words.
MAGIC: Final = b"VSE1"
SUITE_AES_256_GCM: Final = 1
RECORD_ID_BYTES: Final = 16
NONCE_BYTES: Final = 12
COMMITMENT_BYTES: Final = 32
TAG_BYTES: Final = 16
LENGTH_BYTES: Final = 4
HEADER_BYTES: Final = 4 + 1 + RECORD_ID_BYTES + 4 + NONCE_BYTES + COMMITMENT_BYTES
MAX_CONTENT_BYTES: Final = 2**20
MIN_PADDED_BYTES: Final = 256
MAX_SIZES: Final = 4096
REFUSAL: Final = "the envelope does not open"
"""The one sentence of SealBroken: why it does not open would help only who made it so."""

_START: Final = MAGIC + bytes([SUITE_AES_256_GCM])
_RECORD: Final = slice(5, 21)
_VERSION: Final = slice(21, 25)
_NONCE: Final = slice(25, 37)
_COMMITMENT: Final = slice(37, 69)


class Header(NamedTuple):
    """What anybody may see of an envelope; nothing clinical."""

    record_id: bytes
    version: int
    nonce: bytes
    commitment: bytes


def pack_header(header: Header) -> bytes:
    """Return the header's HEADER_BYTES bytes.

    Raises:
        ValueError: a field has the wrong size.
    """
    sizes = (len(header.record_id), len(header.nonce), len(header.commitment))
    if sizes != (RECORD_ID_BYTES, NONCE_BYTES, COMMITMENT_BYTES) or not 0 < header.version < 2**32:
        raise ValueError("an envelope's header has fields of fixed sizes and a version from 1")
    return b"".join(
        (
            _START,
            header.record_id,
            header.version.to_bytes(4, "big"),
            header.nonce,
            header.commitment,
        )
    )


def unpack(envelope: bytes) -> tuple[Header, bytes, bytes]:
    """Return (header, header's bytes, body) of an envelope that is laid out as it must be.

    Raises:
        SealBroken: anything else; there is one layout, and no other is read.
    """
    header, body = envelope[:HEADER_BYTES], envelope[HEADER_BYTES:]
    version = int.from_bytes(header[_VERSION], "big")
    if not version or header[: _RECORD.start] != _START:
        raise SealBroken(REFUSAL)
    if not _is_padded_size(len(body) - TAG_BYTES):
        raise SealBroken(REFUSAL)
    return (
        Header(header[_RECORD], version, header[_NONCE], header[_COMMITMENT]),
        header,
        body,
    )


# Records have few sizes; each envelope's is asked for three times.
@lru_cache(maxsize=MAX_SIZES)
def padded_size(size: int) -> int:
    """Return how long a content of `size` bytes becomes, its length field included.

    Padmé (Nikitin et al., PETS 2019): at most 12 % more, and only O(log log n) bits of the size
    are left to see. Nothing is shorter than MIN_PADDED_BYTES, where most records are.
    """
    needed = max(size + LENGTH_BYTES, MIN_PADDED_BYTES)
    exponent = needed.bit_length() - 1
    kept_bits = exponent.bit_length()
    mask = (1 << (exponent - kept_bits)) - 1
    return (needed + mask) & ~mask


def _is_padded_size(size: int) -> bool:
    most = padded_size(MAX_CONTENT_BYTES)
    return MIN_PADDED_BYTES <= size <= most and padded_size(size - LENGTH_BYTES) == size


def pad(content: bytes) -> bytes:
    """Return the content's length, the content, and zeros up to its padded size.

    Raises:
        ValueError: more than MAX_CONTENT_BYTES.
    """
    if len(content) > MAX_CONTENT_BYTES:
        raise ValueError(f"an envelope holds at most {MAX_CONTENT_BYTES} bytes")
    size = padded_size(len(content))
    return len(content).to_bytes(LENGTH_BYTES, "big") + content.ljust(size - LENGTH_BYTES, b"\0")


def unpad(padded: bytes) -> bytes:
    """Return the content that `pad` was given.

    Raises:
        SealBroken: a length that does not fit, or padding that is not zeros.
    """
    size = int.from_bytes(padded[:LENGTH_BYTES], "big")
    end = LENGTH_BYTES + size
    if padded_size(size) != len(padded) or padded.count(0, end) != len(padded) - end:
        raise SealBroken(REFUSAL)
    return padded[LENGTH_BYTES:end]
