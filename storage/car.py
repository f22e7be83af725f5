"""Writes and reads CARv1 files of raw blocks under a dag-cbor root that links them all."""

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
"""Links in one root, so that its block stays under the 1 MiB that every IPFS node accepts."""
MAX_BLOCK_BYTES: Final = 2 * 2**20 + 2**16

_TAG_42: Final = bytes.fromhex("d82a582500")  # tag 42, 37 bytes, identity base
_HEADER_START: Final = b"\xa2eroots\x81" + _TAG_42
_HEADER_END: Final = b"gversion\x01"
_HEADER_BYTES: Final = len(_HEADER_START) + CID_BYTES + len(_HEADER_END)


class Stream(Protocol):
    """Anything that bytes can be read from."""

    def read(self, size: int, /) -> bytes:
        """Return at most `size` bytes; none at the end."""
        ...


def raw_cid(block: bytes) -> bytes:
    """Return the CID (36 bytes, binary) of a raw block."""
    return RAW_PREFIX + hashlib.sha256(block).digest()


def text_cid(cid: bytes) -> str:
    """Return a CID as IPFS writes it: base32, lower case."""
    return "b" + base64.b32encode(cid).decode().lower().rstrip("=")


def binary_cid(text: str) -> bytes:
    """Return a CID's bytes.

    Raises:
        NameMismatch: not a base32 CIDv1 of ours, in its one spelling.
    """
    padded = text[1:].upper() + "=" * (-len(text[1:]) % 8)
    try:
        cid = base64.b32decode(padded)
    except ValueError as exc:
        raise NameMismatch("not a CID") from exc
    # The last character has two spare bits, and case is lost above: so it is written again.
    if not _is_ours(cid) or text_cid(cid) != text:
        raise NameMismatch("not a CID of ours")
    return cid


def _is_ours(cid: bytes) -> bool:
    return len(cid) == CID_BYTES and cid[:4] in (RAW_PREFIX, CBOR_PREFIX)


def links_block(cids: Sequence[bytes]) -> bytes:
    """Return the dag-cbor block that is the list of these links, in this order."""
    if len(cids) > MAX_LINKS:
        raise ValueError(f"a root links at most {MAX_LINKS} blocks")
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
    """Yield each (cid, block) of a CARv1 with one root, its bytes checked against its name.

    A file that ends between two blocks is whole as far as can be seen: count what you asked for.

    Raises:
        NameMismatch: a block that is not what its name says, or a file that is cut short.
    """
    reader = _Reader(stream)
    header = reader.part(_HEADER_BYTES)
    if header is None or not _is_header(header):
        raise NameMismatch("not a CAR file with one root")
    while (section := reader.part(MAX_BLOCK_BYTES + CID_BYTES)) is not None:
        cid, block = section[:CID_BYTES], section[CID_BYTES:]
        if not _is_ours(cid):
            raise NameMismatch("a block with a name that is not ours")
        if hashlib.sha256(block).digest() != cid[4:]:
            raise NameMismatch(f"the bytes of {text_cid(cid)} are not what its name says")
        yield cid, block


def _is_header(header: bytes) -> bool:
    """Tell whether these are the bytes that DAG-CBOR, which has one form, makes of a header."""
    root = header[len(_HEADER_START) : -len(_HEADER_END)]
    return _is_ours(root) and header == _HEADER_START + root + _HEADER_END


class _Reader:
    """Cuts a stream into its length-prefixed parts."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._buffer = b""
        self._at = 0

    def _fill(self, needed: int) -> bool:
        """Have `needed` bytes at hand; False at the end of the stream."""
        held = [self._buffer[self._at :]]
        size = len(held[0])
        while size < needed:
            more = self._stream.read(max(2**18, needed - size))
            if not more:
                break
            held.append(more)
            size += len(more)
        self._buffer, self._at = b"".join(held), 0
        return size >= needed

    def part(self, most: int) -> bytes | None:
        """Return the next part, or None at a clean end."""
        length = self._length()
        if length is None:
            return None
        if not 0 < length <= most:
            raise NameMismatch("a part of the CAR file has an impossible length")
        if len(self._buffer) - self._at < length and not self._fill(length):
            raise NameMismatch("the CAR file is cut short")
        part = self._buffer[self._at : self._at + length]
        self._at += length
        return part

    def _length(self) -> int | None:
        number = shift = 0
        while True:
            if self._at >= len(self._buffer) and not self._fill(1):
                if shift:
                    raise NameMismatch("the CAR file is cut short")
                return None
            byte = self._buffer[self._at]
            self._at += 1
            number |= (byte & 0x7F) << shift
            if byte < 0x80 and (byte or not shift):  # a last byte of zero says nothing: not minimal
                return number
            shift += 7
            if byte < 0x80 or shift > 28:
                raise NameMismatch("a part of the CAR file has an impossible length")
