"""Recognises what a custodian sent: a table or a FHIR bundle, in a readable encoding."""

from __future__ import annotations

import codecs
from typing import IO, Final

from services.custodian.upload_store import MAX_BYTES, pieces, size_of
from services.errors import Invalid
from services.words import Words

TABLE: Final = "table"
FHIR: Final = "fhir"
_PARQUET: Final = b"PAR1"
_FOREIGN: Final = (b"PK\x03\x04", b"%PDF", b"\x1f\x8b")
_HEAD_BYTES: Final = 65_536
_MEGABYTE: Final = 10**6


class FileRefused(Invalid):
    """A file or mapping that cannot be used; `text` and `values` are its message in words (422)."""

    def __init__(self, field: str, text: str, **values: int) -> None:
        """Keep the field, and the text that says why."""
        super().__init__(text)
        self.field = field
        self.text = text
        self.values = values

    def in_words(self, words: Words) -> Invalid:
        """Return the error with its message in words."""
        values: dict[str, str | int] = dict(self.values)
        if self.text == "deposit-wrong-size":
            values = {name: _size(words, size) for name, size in self.values.items()}
        message = words(self.text, **values)
        return Invalid(message, {self.field: [message]})


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
    head = next(pieces(file))
    if head.startswith(_PARQUET):
        return TABLE
    if head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"["):
        return FHIR
    if b"\0" in head[:_HEAD_BYTES] or head.startswith(_FOREIGN):
        raise FileRefused("file", "deposit-wrong-kind")
    return TABLE


def require_encoding(file: IO[bytes], encoding: str) -> None:
    """Refuse a text file that is not in this encoding.

    Raises:
        FileRefused: a line cannot be read, or there is no such encoding.
    """
    if next(pieces(file)).startswith(_PARQUET):
        return
    try:
        decoder = codecs.getincrementaldecoder(encoding)()
    except LookupError as exc:
        raise FileRefused("mapping", "deposit-mapping-error") from exc
    line = 1
    for piece in (*pieces(file), b""):
        try:
            decoder.decode(piece, final=not piece)
        except UnicodeDecodeError as exc:
            # The decoder kept the start of a character that a piece before this one cut in two.
            read = exc.object[: exc.start]
            raise FileRefused(
                "file", "deposit-wrong-encoding", line=line + read.count(b"\n")
            ) from exc
        line += piece.count(b"\n")


def _size(words: Words, size: int) -> str:
    return words("size-mb", size=words.number(size / _MEGABYTE, 1))
