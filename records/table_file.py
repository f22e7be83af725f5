"""Stream the rows of a CSV or Parquet file as cells of text."""

from __future__ import annotations

import csv
import datetime
import math
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from records.errors import TableInvalid
from records.mapping import Mapping, normalised

_BATCH_ROWS: Final = 4096
_MAX_PARQUET_ROWS: Final = 5_000_000
"""A file of 2 MB can hold billions of equal rows, which are compressed there but not here."""
_PARQUET: Final = b"PAR1"


def read_cells(path: Path, mapping: Mapping) -> Iterator[list[str]]:
    """Yield the names of the columns, then the cells of each row.

    Raises:
        TableInvalid: the file is missing, empty, in another encoding, or damaged.
    """
    try:
        with path.open("rb") as file:
            is_parquet = file.read(4) == _PARQUET
    except OSError as exc:
        raise TableInvalid(f"{path.name}: cannot be read") from exc
    return _parquet(path, mapping) if is_parquet else _csv(path, mapping)


def _csv(path: Path, mapping: Mapping) -> Iterator[list[str]]:
    number = 0
    try:
        with path.open(encoding=mapping.encoding, newline="") as file:
            rows = csv.reader(file, delimiter=mapping.separator, strict=True)
            header = next(rows, None)
            if not header:
                raise TableInvalid(f"{path.name}: the file has no header")
            yield header
            for cells in rows:
                if cells:
                    number += 1
                    yield cells
    except LookupError as exc:
        raise TableInvalid(
            f"{path.name}: unknown encoding {mapping.encoding}; correct it in the mapping"
        ) from exc
    except UnicodeDecodeError as exc:
        problem = f"not {mapping.encoding} after row {number}; set encoding in the mapping"
        raise TableInvalid(f"{path.name}: {problem}") from exc
    except csv.Error as exc:
        raise TableInvalid(f"{path.name}: invalid CSV after row {number}: {exc}") from exc


def _parquet(path: Path, mapping: Mapping) -> Iterator[list[str]]:
    import pyarrow  # imported here, since the web process never reads a table
    from pyarrow import parquet

    try:
        with parquet.ParquetFile(path) as file:
            schema = file.schema_arrow
            nested = [f.name for f in schema if pyarrow.types.is_nested(f.type)]
            if nested:
                raise TableInvalid(f"{path.name}: column {nested[0]!r} is nested; flatten it")
            if file.metadata.num_rows > _MAX_PARQUET_ROWS:
                rows = file.metadata.num_rows
                problem = f"{rows} rows; the maximum is {_MAX_PARQUET_ROWS}. Split the file"
                raise TableInvalid(f"{path.name}: {problem}.")
            yield list(schema.names)
            for batch in file.iter_batches(_BATCH_ROWS):
                columns = [_cells(column, mapping.decimal) for column in batch.columns]
                yield from (list(row) for row in zip(*columns, strict=True))
    except (pyarrow.ArrowException, OSError, ValueError, OverflowError) as exc:
        raise TableInvalid(f"{path.name}: damaged Parquet file") from exc


def _cells(column: Any, decimal: str) -> list[str]:
    import pyarrow

    if pyarrow.types.is_timestamp(column.type):  # Python's times have no nanoseconds
        column = column.cast(pyarrow.timestamp("us", column.type.tz), safe=False)
    return [_text(cell, decimal) for cell in column.to_pylist()]


def _text(cell: Any, decimal: str) -> str:
    if cell is None or (isinstance(cell, float) and math.isnan(cell)):
        return ""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, datetime.date):
        return cell.isoformat()
    if isinstance(cell, bytes):
        return cell.decode(errors="replace")
    if isinstance(cell, float | Decimal):
        return normalised(str(cell)).replace(".", decimal)
    return str(cell)


def write_parquet(columns: dict[str, list[Any]]) -> bytes:
    """Return columns of equal length as a Parquet file; the same columns give the same bytes."""
    import pyarrow
    import pyarrow.parquet

    buffer = pyarrow.BufferOutputStream()
    pyarrow.parquet.write_table(pyarrow.table(columns), buffer, compression="zstd")
    return bytes(buffer.getvalue().to_pybytes())
