"""Stream the rows of a CSV, Parquet or workbook file as cells of text."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Collection, Iterator, Sequence
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import IO, Any, Final

from records.cells import cell_text, normalised
from records.errors import TableInvalid
from records.header_rows import (
    MAX_COLUMNS,
    MAX_HEADING_CHARACTERS,
    can_be_joined,
    join_header,
)
from records.mapping import FileFormat
from records.workbook import WORKBOOK_MAGIC, read_workbook

_BATCH_ROWS: Final = 4096
_BATCH_CELLS: Final = 1_000_000
"""Of a table with many columns fewer rows are read at once: each cell is a text in memory."""
MAX_ROWS: Final = 5_000_000
"""A file of 2 MB can hold billions of equal rows, which are compressed there but not here."""
_MAX_CHUNK_BYTES: Final = 256 * 2**20
"""Of one column in one row group, unpacked."""
_MAX_GROUP_BYTES: Final = 2 * 2**30
"""Of all columns of one row group: each has a dictionary in memory while the group is read."""
_MAX_CELLS: Final = 500_000_000
"""Of a Parquet file, where billions of equal cells take no space, but a worker's days to read."""
_MAX_CELL_BYTES: Final = 64 * 2**10
_MAX_UNPACKED_BYTES: Final = 2**30
_MAX_ROW_CHARACTERS: Final = 16 * 2**20
"""Of a CSV file; a row may have many lines, and a small compressed file one that never ends."""
_PARQUET: Final = b"PAR1"
_GZIP: Final = b"\x1f\x8b"
_UTF_16: Final = (b"\xff\xfe", b"\xfe\xff")
_HEAD_BYTES: Final = 512
_SEPARATE: Final = (
    "Separate the cells by a comma, a semicolon, a tab or |; from R, write.csv with "
    "row.names = FALSE does"
)

Line = tuple[int, list[str]]
"""The number of a line in the file, from 1, and its cells; 0 in files without lines."""


def read_cells(
    path: Path, file: FileFormat, columns: Collection[str] | None = None
) -> Iterator[Line]:
    """Yield the names of the columns, then the cells of each row.

    Args:
        path: the file; a CSV file may be compressed by gzip.
        file: how it is written.
        columns: the columns to read of a Parquet file, where others may hold anything.

    Raises:
        TableInvalid: the file is missing, empty, in another encoding, or damaged, or has more rows
            than fit in memory.
    """
    lines = _limited(path, _read_lines(path, file, columns))
    return lines if file.header_rows == 1 else _with_joined_header(path, lines, file.header_rows)


def _limited(path: Path, lines: Iterator[Line]) -> Iterator[Line]:
    for number, line in enumerate(lines):  # 0 is the header
        if number > MAX_ROWS:
            raise TableInvalid(f"{path.name}: more than {MAX_ROWS:,} rows. Split the file.")
        if len(line[1]) > MAX_COLUMNS:  # of several such lines at once, few fit in memory
            require_width(path, line[1])
        yield line


def _with_joined_header(path: Path, lines: Iterator[Line], count: int) -> Iterator[Line]:
    rows = list(islice(lines, count))
    if not can_be_joined([cells for _, cells in rows]):
        # No line here has too many columns: `_limited` refuses it.
        problem = f"a row of names has a cell with more than {MAX_HEADING_CHARACTERS} characters"
        raise TableInvalid(f"{path.name}: {problem}. Correct header_rows, or shorten the names.")
    if rows:
        yield rows[-1][0], join_header([cells for _, cells in rows])
    yield from lines


def _read_lines(path: Path, file: FileFormat, columns: Collection[str] | None) -> Iterator[Line]:
    try:
        with path.open("rb") as opened:
            head = opened.read(_HEAD_BYTES)
    except OSError as exc:
        raise TableInvalid(f"{path.name}: cannot be read") from exc
    if head.startswith(_PARQUET):
        if file.header_rows > 1:
            problem = "a Parquet file has one row of names; take header_rows out of the mapping"
            raise TableInvalid(f"{path.name}: {problem}")
        return _parquet(path, file, columns)
    if head.startswith(WORKBOOK_MAGIC):
        return read_workbook(path, file)
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        problem = "the file is XML; save the table as CSV, and FHIR as JSON"
        raise TableInvalid(f"{path.name}: {problem}")
    return _csv(path, file)


def require_width(path: Path, header: Sequence[str]) -> None:
    """Refuse a header, or another line, of more columns than a table has.

    Raises:
        TableInvalid: it has them.
    """
    if len(header) > MAX_COLUMNS:
        columns = f"{len(header):,} columns; the limit is {MAX_COLUMNS:,}"
        raise TableInvalid(f"{path.name}: {columns}. Check the separator, or split the table.")


def require_columns(path: Path, header: Sequence[str]) -> None:
    """Refuse a header that is too wide, or of one column, so that its separator was not found.

    Raises:
        TableInvalid: it is.
    """
    require_width(path, header)
    if len(header) == 1:
        raise TableInvalid(f"{path.name}: one column was found. {_SEPARATE}.")


def _csv(path: Path, file: FileFormat) -> Iterator[Line]:
    with _open(path) as binary:
        encoding = file.encoding
        try:
            encoding = _encoding(binary, file.encoding)
            yield from _csv_lines(path, io.TextIOWrapper(binary, encoding, newline=""), file)
        except UnicodeError as exc:  # of UTF-16 and UTF-32 it need not be a UnicodeDecodeError
            raise TableInvalid(f"{path.name}: {_undecodable(path, encoding)}") from exc
        except (gzip.BadGzipFile, EOFError) as exc:
            raise TableInvalid(f"{path.name}: damaged gzip file") from exc


def _csv_lines(path: Path, lines: io.TextIOWrapper, file: FileFormat) -> Iterator[Line]:
    text = _Lines(path, lines)
    for _ in range(file.skip):
        text.read()
    first = text.read()
    separator = _named_separator(first)
    above = number = file.skip + (separator != "")
    source = text if separator else chain([first] if first else [], text)
    rows = csv.reader(source, delimiter=separator or file.separator, strict=True)
    try:
        for cells in rows:
            yield number + 1, cells
            number = above + rows.line_num
            text.end_row()
    except csv.Error as exc:
        problem = f"invalid CSV after line {number}: {exc}. {_SEPARATE}, and correct the quotes"
        raise TableInvalid(f"{path.name}: {problem}") from exc


class _Lines:
    """The lines of a CSV file, which ends with an error at a row that no table has."""

    def __init__(self, path: Path, lines: io.TextIOWrapper) -> None:
        self._path = path
        self._lines = lines
        self._row_characters = 0

    def __iter__(self) -> Iterator[str]:
        while line := self.read():
            yield line

    def read(self) -> str:
        """Return the next line with its end, "" after the last one.

        Raises:
            TableInvalid: the row that it belongs to is too long.
        """
        line = self._lines.readline(_MAX_ROW_CHARACTERS + 1)
        self._row_characters += len(line)
        if self._row_characters > _MAX_ROW_CHARACTERS:
            problem = f"a row has more than {_MAX_ROW_CHARACTERS} characters"
            raise TableInvalid(f"{self._path.name}: {problem}. Check its quotes and line ends")
        return line

    def end_row(self) -> None:
        """Note that the next line begins a row."""
        self._row_characters = 0


class _Unpacked(gzip.GzipFile):
    """A gzip file that ends with an error when it unpacks to more than memory can hold."""

    _unpacked_bytes = 0

    def read(self, size: int | None = -1) -> bytes:
        """Return the next bytes.

        Raises:
            TableInvalid: there were too many.
        """
        piece = super().read(size)
        self._unpacked_bytes += len(piece)
        if self._unpacked_bytes > _MAX_UNPACKED_BYTES:
            raise TableInvalid("the file unpacks to more than 1 GiB; split it")
        return piece


def _open(path: Path) -> IO[bytes]:
    binary = path.open("rb")
    if binary.read(2) != _GZIP:
        binary.seek(0)
        return binary
    binary.close()
    return io.BufferedReader(_Unpacked(path))


def _encoding(binary: IO[bytes], encoding: str) -> str:
    head = binary.peek(_HEAD_BYTES) if isinstance(binary, io.BufferedReader) else b""
    return utf_16_of(head) or encoding


def utf_16_of(head: bytes) -> str:
    """Return the encoding of a file in UTF-16, by its mark or its zero bytes; "" for any other."""
    if head[:2] in _UTF_16:
        return "utf-16"
    start = head[: min(len(head), _HEAD_BYTES) // 2 * 2]
    zeros = [not any(part) for part in (start[1::2], start[::2])]
    return ["utf-16-le", "utf-16-be"][zeros.index(True)] if len(start) > 2 and any(zeros) else ""


def _named_separator(first: str) -> str:
    """Return the separator that a first line `sep=;` names, "" if it is another line."""
    text = first.strip().strip('"')
    return text[4] if text.lower().startswith("sep=") and len(text) == 5 else ""


def _undecodable(path: Path, encoding: str) -> str:
    """Return which line is in another encoding than the one that was tried."""
    number = 0
    with _open(path) as binary:
        lines = iter(partial(binary.readline, 4 * _MAX_ROW_CHARACTERS), b"")
        for number, line in enumerate(lines, 1):  # noqa: B007 - the number is the result
            try:
                line.decode(encoding)
            except UnicodeDecodeError:
                break
    name = "UTF-8" if encoding == "utf-8-sig" else encoding
    other = "cp1252" if name == "UTF-8" else "utf-8"
    hint = f'set encoding in the mapping, e.g. encoding = "{other}"'
    return f"line {number} is not {name}, the encoding that was tried; {hint}"


def _parquet(path: Path, file: FileFormat, columns: Collection[str] | None) -> Iterator[Line]:
    import pyarrow  # imported here, since the web process never reads a table
    from pyarrow import parquet

    try:
        with parquet.ParquetFile(path) as opened:
            texts = [each.name for each in opened.schema_arrow if _is_text(each.type)]
        # A text that is written once for many rows stays one: else a small file fills the memory.
        with parquet.ParquetFile(path, read_dictionary=texts) as opened:
            schema = opened.schema_arrow
            is_read = [columns is None or normalised(name) in columns for name in schema.names]
            names = [
                name for name, is_mapped in zip(schema.names, is_read, strict=True) if is_mapped
            ]
            _require_flat(path, [schema.field(name) for name in names], pyarrow)
            _require_few_cells(path, opened.metadata.num_rows, len(names))
            _require_small_chunks(path, opened.metadata, set(names))
            yield 0, list(schema.names)
            rows_at_once = min(_BATCH_ROWS, _BATCH_CELLS // max(len(names), 1) + 1)
            for batch in opened.iter_batches(rows_at_once, columns=names):
                read = iter(
                    _cells(path, name, column, file.decimal)
                    for name, column in zip(names, batch.columns, strict=True)
                )
                empty = [""] * batch.num_rows
                cells = [next(read) if is_mapped else empty for is_mapped in is_read]
                yield from ((0, list(row)) for row in zip(*cells, strict=True))
    except (pyarrow.ArrowException, OSError) as exc:
        raise TableInvalid(f"{path.name}: damaged Parquet file") from exc


def _require_flat(path: Path, fields: list[Any], pyarrow: Any) -> None:
    for each in fields:
        if pyarrow.types.is_nested(each.type):
            raise TableInvalid(f"{path.name}: column {each.name!r} is nested; flatten it")


def _is_text(kind: Any) -> bool:
    import pyarrow

    types = pyarrow.types
    return any(
        is_kind(kind)
        for is_kind in (
            types.is_string,
            types.is_binary,
            types.is_large_string,
            types.is_large_binary,
        )
    )


def _require_few_cells(path: Path, rows: int, columns: int) -> None:
    if rows > MAX_ROWS:
        problem = f"{rows} rows; the maximum is {MAX_ROWS}"
        raise TableInvalid(f"{path.name}: {problem}. Split the file.")
    if rows * columns > _MAX_CELLS:
        problem = f"{rows} rows of {columns} columns; the maximum is {_MAX_CELLS} cells"
        raise TableInvalid(f"{path.name}: {problem}. Split the file.")


def _require_small_chunks(path: Path, metadata: Any, names: Collection[str]) -> None:
    for group in map(metadata.row_group, range(metadata.num_row_groups)):
        chunks = map(group.column, range(group.num_columns))
        read = [chunk for chunk in chunks if chunk.path_in_schema in names]
        total = sum(chunk.total_uncompressed_size for chunk in read)
        if total > _MAX_GROUP_BYTES:
            size, most = total >> 20, _MAX_GROUP_BYTES >> 20
            problem = f"a row group has {size} MiB; the maximum is {most} MiB"
            raise TableInvalid(f"{path.name}: {problem}. Write smaller row groups.")
        for chunk in read:
            if chunk.total_uncompressed_size > _MAX_CHUNK_BYTES:
                size, most = chunk.total_uncompressed_size >> 20, _MAX_CHUNK_BYTES >> 20
                column = chunk.path_in_schema
                raise TableInvalid(
                    f"{path.name}: column {column!r} has {size} MiB in one row group; the maximum "
                    f"is {most} MiB. Write smaller row groups."
                )


def _require_short_cells(path: Path, name: str, values: Any) -> None:
    import pyarrow.compute

    length = pyarrow.compute.max(pyarrow.compute.binary_length(values)).as_py() or 0
    if length > _MAX_CELL_BYTES:
        raise TableInvalid(
            f"{path.name}: column {name!r} has a cell of {length} bytes; the maximum is "
            f"{_MAX_CELL_BYTES}. Shorten it, or leave the column out of the mapping."
        )


def _cells(path: Path, name: str, column: Any, decimal: str) -> list[str]:
    import pyarrow

    try:
        if pyarrow.types.is_dictionary(column.type) and _is_text(column.type.value_type):
            _require_short_cells(path, name, column.dictionary)
            texts = [cell_text(value, decimal) for value in column.dictionary.to_pylist()]
            empty = cell_text(None, decimal)
            return [empty if n is None else texts[n] for n in column.indices.to_pylist()]
        if _is_text(column.type):
            _require_short_cells(path, name, column)
        if pyarrow.types.is_timestamp(column.type):  # Python's times have no nanoseconds
            column = column.cast(pyarrow.timestamp("us", column.type.tz), safe=False)
        return [cell_text(cell, decimal) for cell in column.to_pylist()]
    except (pyarrow.ArrowException, ValueError, OverflowError) as exc:
        problem = f"column {name!r} has values that cannot be read; write it as text"
        raise TableInvalid(f"{path.name}: {problem}") from exc


def write_parquet(columns: dict[str, list[Any]]) -> bytes:
    """Return columns of equal length as a Parquet file; the same columns give the same bytes."""
    import pyarrow
    import pyarrow.parquet

    buffer = pyarrow.BufferOutputStream()
    pyarrow.parquet.write_table(pyarrow.table(columns), buffer, compression="zstd")
    return bytes(buffer.getvalue().to_pybytes())
