"""Define the bytes of an envelope: a public header, then an encrypted body."""

from __future__ import annotations

from functools import lru_cache
from typing import Final, NamedTuple

from storage.errors import SealBroken

# docs/spec/envelope.md, sections 2 and 3, in the same order and terms.
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
CANNOT_OPEN: Final = "the envelope cannot be opened: wrong key, wrong record or altered bytes"
"""The only message of SealBroken: the exact cause would help only an attacker."""

_START: Final = MAGIC + bytes([SUITE_AES_256_GCM])
_RECORD: Final = slice(5, 21)
_VERSION: Final = slice(21, 25)
_NONCE: Final = slice(25, 37)
_COMMITMENT: Final = slice(37, 69)


class Header(NamedTuple):
    """The public part of an envelope; it holds nothing clinical."""

    record_id: bytes
    version: int
    nonce: bytes
    commitment: bytes


def pack_header(header: Header) -> bytes:
    """Return the header's HEADER_BYTES bytes.

    Raises:
        ValueError: a field has the wrong size, or the version is not from 1 to 2^32 - 1.
    """
    sizes = (len(header.record_id), len(header.nonce), len(header.commitment))
    if sizes != (RECORD_ID_BYTES, NONCE_BYTES, COMMITMENT_BYTES) or not 0 < header.version < 2**32:
        raise ValueError(
            f"invalid envelope header: field sizes {sizes} and version {header.version}; expected "
            f"{(RECORD_ID_BYTES, NONCE_BYTES, COMMITMENT_BYTES)} bytes and a version from 1"
        )
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
    """Return (header, header bytes, body) of an envelope.

    Raises:
        SealBroken: the bytes do not have exactly the layout of the specification.
    """
    header, body = envelope[:HEADER_BYTES], envelope[HEADER_BYTES:]
    version = int.from_bytes(header[_VERSION], "big")
    if not version or header[: _RECORD.start] != _START:
        raise SealBroken(CANNOT_OPEN)
    if not _is_padded_size(len(body) - TAG_BYTES):
        raise SealBroken(CANNOT_OPEN)
    return (
        Header(header[_RECORD], version, header[_NONCE], header[_COMMITMENT]),
        header,
        body,
    )


# Records have few different sizes, and each is looked up three times.
@lru_cache(maxsize=MAX_SIZES)
def padded_size(size: int) -> int:
    """Return the padded length of a content of `size` bytes, its length field included.

    Padmé (Nikitin et al., PETS 2019): adds at most 12 % and reveals O(log log n) bits of the size.
    The minimum is MIN_PADDED_BYTES, which fits most records.
    """
    needed = max(size + LENGTH_BYTES, MIN_PADDED_BYTES)
    exponent = needed.bit_length() - 1
    visible_bits = exponent.bit_length()
    mask = (1 << (exponent - visible_bits)) - 1
    return (needed + mask) & ~mask


@lru_cache(maxsize=MAX_SIZES)
def _is_padded_size(size: int) -> bool:
    max_size = padded_size(MAX_CONTENT_BYTES)
    return MIN_PADDED_BYTES <= size <= max_size and padded_size(size - LENGTH_BYTES) == size


def pad(content: bytes) -> bytes:
    """Return the content's length, the content, and zeros up to its padded size.

    Raises:
        ValueError: `content` exceeds MAX_CONTENT_BYTES.
    """
    if len(content) > MAX_CONTENT_BYTES:
        raise ValueError(f"content of {len(content)} bytes exceeds {MAX_CONTENT_BYTES} bytes")
    size = padded_size(len(content))
    return len(content).to_bytes(LENGTH_BYTES, "big") + content.ljust(size - LENGTH_BYTES, b"\0")


def unpad(padded: bytes) -> bytes:
    """Return the content that `pad` was given.

    Raises:
        SealBroken: the length does not fit, or the padding is not all zeros.
    """
    size = int.from_bytes(padded[:LENGTH_BYTES], "big")
    end = LENGTH_BYTES + size
    if padded_size(size) != len(padded) or padded.count(0, end) != len(padded) - end:
        raise SealBroken(CANNOT_OPEN)
    return padded[LENGTH_BYTES:end]
