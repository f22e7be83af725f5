"""Write and read CARv1 files of raw blocks under one dag-cbor root that links to them."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from typing import BinaryIO, Final, Protocol

from storage.errors import NameMismatch

# CIDv1 = version, codec, multihash (sha2-256, 32 bytes); https://github.com/multiformats/cid
RAW_PREFIX: Final = bytes.fromhex("01551220")
CBOR_PREFIX: Final = bytes.fromhex("01711220")
CID_BYTES: Final = 36
MAX_LINKS: Final = 16_000
"""Keeps the root block under 1 MiB, which every IPFS node accepts."""
MAX_BLOCK_BYTES: Final = 2 * 2**20 + 2**16

_TAG_42: Final = bytes.fromhex("d82a582500")  # tag 42, 37 bytes, identity base
_HEADER_START: Final = b"\xa2eroots\x81" + _TAG_42
_HEADER_END: Final = b"gversion\x01"
_HEADER_BYTES: Final = len(_HEADER_START) + CID_BYTES + len(_HEADER_END)


class Stream(Protocol):
    """A source of bytes."""

    def read(self, size: int, /) -> bytes:
        """Return up to `size` bytes; none at the end."""
        ...


def raw_cid(block: bytes) -> bytes:
    """Return the CID (36 bytes, binary) of a raw block."""
    return RAW_PREFIX + hashlib.sha256(block).digest()


def text_cid(cid: bytes) -> str:
    """Return a CID in the text form of IPFS: base32, lower case."""
    return "b" + base64.b32encode(cid).decode().lower().rstrip("=")


def binary_cid(text: str) -> bytes:
    """Return the bytes of a CID in text form.

    Raises:
        NameMismatch: not the canonical base32 form of a supported CIDv1.
    """
    padded = text[1:].upper() + "=" * (-len(text[1:]) % 8)
    try:
        cid = base64.b32decode(padded)
    except ValueError as exc:
        raise NameMismatch(f"not a CID: {text[:80]!r}") from exc
    # Encoded again, since the last character has two unused bits and the case was changed above.
    if not _is_supported(cid) or text_cid(cid) != text:
        raise NameMismatch(f"unsupported CID: {text[:80]!r}")
    return cid


def _is_supported(cid: bytes) -> bool:
    return len(cid) == CID_BYTES and cid[:4] in (RAW_PREFIX, CBOR_PREFIX)


def links_block(cids: Sequence[bytes]) -> bytes:
    """Return the dag-cbor block that lists links to these CIDs, in this order."""
    if len(cids) > MAX_LINKS:
        raise ValueError(f"{len(cids)} links in one block; the maximum is {MAX_LINKS}")
    return _array_head(len(cids)) + b"".join(_TAG_42 + cid for cid in cids)


def _array_head(count: int) -> bytes:
    if count < 24:
        return bytes([0x80 | count])
    if count < 2**8:
        return b"\x98" + count.to_bytes(1, "big")
    return b"\x99" + count.to_bytes(2, "big")


def root_cid(block: bytes) -> bytes:
    """Return the CID of a dag-cbor block."""
    return CBOR_PREFIX + hashlib.sha256(block).digest()


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def write_car(file: BinaryIO, root: bytes, blocks: Iterable[tuple[bytes, bytes]]) -> None:
    """Write a CARv1 with this root and these (cid, block) pairs, in this order."""
    file.write(_varint(_HEADER_BYTES) + _HEADER_START + root + _HEADER_END)
    for cid, block in blocks:
        file.write(_varint(CID_BYTES + len(block)) + cid + block)


def read_car(stream: Stream) -> Iterator[tuple[bytes, bytes]]:
    """Yield each (cid, block) of a CARv1 file with one root, after checking the block's hash.

    A file that was cut between two blocks looks complete: the caller counts the blocks.

    Raises:
        NameMismatch: a block does not match its CID, or the file is invalid or cut short.
    """
    reader = _Reader(stream)
    header = reader.section(_HEADER_BYTES)
    if header is None or not _is_header(header):
        raise NameMismatch("not a CAR file with one root")
    while (section := reader.section(MAX_BLOCK_BYTES + CID_BYTES)) is not None:
        cid, block = section[:CID_BYTES], section[CID_BYTES:]
        if not _is_supported(cid):
            raise NameMismatch("unsupported CID in the CAR file")
        if hashlib.sha256(block).digest() != cid[4:]:
            raise NameMismatch(f"block {text_cid(cid)} does not match its CID")
        yield cid, block


def _is_header(header: bytes) -> bool:
    """Return whether these bytes are a header with one root in canonical DAG-CBOR."""
    root = header[len(_HEADER_START) : -len(_HEADER_END)]
    return _is_supported(root) and header == _HEADER_START + root + _HEADER_END


class _Reader:
    """Splits a stream into its length-prefixed sections."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._buffer = b""
        self._position = 0

    def _fill(self, needed: int) -> bool:
        """Read until `needed` bytes are buffered; return False at the end of the stream."""
        chunks = [self._buffer[self._position :]]
        size = len(chunks[0])
        while size < needed:
            chunk = self._stream.read(max(2**18, needed - size))
            if not chunk:
                break
            chunks.append(chunk)
            size += len(chunk)
        self._buffer, self._position = b"".join(chunks), 0
        return size >= needed

    def section(self, max_bytes: int) -> bytes | None:
        """Return the next section, or None if the stream ends before one."""
        length = self._length()
        if length is None:
            return None
        if not 0 < length <= max_bytes:
            raise NameMismatch("invalid section length in the CAR file")
        if len(self._buffer) - self._position < length and not self._fill(length):
            raise NameMismatch("the CAR file is cut short")
        section = self._buffer[self._position : self._position + length]
        self._position += length
        return section

    def _length(self) -> int | None:
        number = shift = 0
        while True:
            if self._position >= len(self._buffer) and not self._fill(1):
                if shift:
                    raise NameMismatch("the CAR file is cut short")
                return None
            byte = self._buffer[self._position]
            self._position += 1
            number |= (byte & 0x7F) << shift
            if byte < 0x80 and (byte or not shift):  # a zero last byte is not minimal
                return number
            shift += 7
            if byte < 0x80 or shift > 28:
                raise NameMismatch("invalid section length in the CAR file")
