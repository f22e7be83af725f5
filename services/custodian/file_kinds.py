"""Recognise which kind of file a custodian sent, and refuse what is neither table nor FHIR."""

from __future__ import annotations

import codecs
import zlib
from typing import IO, Final

from services.custodian.upload_store import MAX_BYTES, pieces, size_of
from services.errors import Invalid
from services.words import Words

FHIR: Final = "fhir"
TABLE: Final = "table"
UTF_8: Final = "utf-8-sig"
_PARQUET: Final = b"PAR1"
_GZIP: Final = b"\x1f\x8b"
_WORKBOOKS: Final = (b"[Content_Types].xml", b"application/vnd.oasis")
_OLD_WORKBOOK: Final = b"\xd0\xcf\x11\xe0"
_ZIP: Final = b"PK\x03\x04"
_PACKED: Final = (_GZIP, _ZIP, _OLD_WORKBOOK)
_UTF_16: Final = (b"\xff\xfe", b"\xfe\xff")
_FOREIGN: Final = (_ZIP, b"%PDF")
_HEAD_BYTES: Final = 65_536
_MEGABYTE: Final = 10**6


class FileRefused(Invalid):
    """A file or mapping that cannot be used; `text` and `values` are its message in words (422)."""

    def __init__(self, field: str, text: str, **values: int | str) -> None:
        """Keep the field, and the text that says why."""
        super().__init__(text)
        self.field = field
        self.text = text
        self.values = values

    def in_words(self, words: Words) -> Invalid:
        """Return the error with its message in words."""
        values: dict[str, str | int] = dict(self.values)
        if self.text == "deposit-wrong-size":
            values = {name: to_size(words, int(size)) for name, size in self.values.items()}
        return Invalid.of(self.field, words(self.text, **values))


def kind_of(file: IO[bytes]) -> str:
    """Return which kind of file this is: a table or a FHIR bundle.

    Raises:
        FileRefused: empty, too large, or another kind of file.
    """
    size = size_of(file)
    if not size:
        raise FileRefused("file", "deposit-empty")
    if size > MAX_BYTES:
        raise FileRefused("file", "deposit-wrong-size", size=size, most=MAX_BYTES)
    head = next(pieces(file))[:_HEAD_BYTES]
    is_packed = head.startswith(_GZIP)
    if is_packed:
        head = _unpacked(head)
    elif _is_binary_table(head):
        return TABLE
    first = head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    if first in (b"{", b"["):
        return FHIR
    if first == b"<":
        raise FileRefused("file", "deposit-xml")
    if b"\0" in head or head.startswith(_FOREIGN):
        raise FileRefused("file", "deposit-wrong-kind")
    return TABLE


def _is_binary_table(head: bytes) -> bool:
    is_workbook = head.startswith(_ZIP) and any(mark in head for mark in _WORKBOOKS)
    return is_workbook or head.startswith((_PARQUET, _OLD_WORKBOOK, *_UTF_16))


def _unpacked(head: bytes) -> bytes:
    try:
        return zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(head, _HEAD_BYTES)
    except zlib.error as exc:
        raise FileRefused("file", "deposit-wrong-kind") from exc


def require_encoding(file: IO[bytes], encoding: str) -> None:
    """Refuse a text file that is not in this encoding.

    Raises:
        FileRefused: the message names the encoding that was tried, and the line.
    """
    if next(pieces(file)).startswith((_PARQUET, *_PACKED, *_UTF_16)):
        return
    decoder = codecs.getincrementaldecoder(encoding)()
    line = 1
    for piece in (*pieces(file), b""):
        try:
            decoder.decode(piece, final=not piece)
        except UnicodeError as exc:
            # The decoder kept the start of a character that a piece before this one cut in two.
            # UTF-16 and UTF-32 without their mark fail with an error that names no place.
            read = exc.object[: exc.start] if isinstance(exc, UnicodeDecodeError) else b""
            line += read.count(b"\n")
            name = "UTF-8" if encoding == UTF_8 else encoding
            raise FileRefused("file", "deposit-wrong-encoding", line=line, encoding=name) from exc
        line += piece.count(b"\n")


def to_size(words: Words, size: int) -> str:
    """Return a number of bytes as a person reads it, in MB."""
    return words("size-mb", size=words.number(size / _MEGABYTE, 1))
