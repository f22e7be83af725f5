"""Streams the rows of a CSV or Parquet file as cells of text."""

from __future__ import annotations

import csv
import datetime
import math
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from records.errors import TableInvalid
from records.mapping import Mapping, plain

_BATCH_ROWS: Final = 4096
_MAX_PARQUET_ROWS: Final = 5_000_000
"""A file of 2 MB can say that it has billions: equal cells cost nothing there, but much here."""
_PARQUET: Final = b"PAR1"


def read_cells(path: Path, mapping: Mapping) -> Iterator[list[str] | None]:
    """Yield the names of the columns, then each row; None stands for a row of a wrong length.

    Raises:
        TableInvalid: the file is not there, empty, in another encoding, or broken.
    """
    try:
        with path.open("rb") as file:
            parquet = file.read(4) == _PARQUET
    except OSError as exc:
        raise TableInvalid(f"{path.name}: cannot be read") from exc
    return _parquet(path, mapping) if parquet else _csv(path, mapping)


def _csv(path: Path, mapping: Mapping) -> Iterator[list[str] | None]:
    number = 0
    try:
        with path.open(encoding=mapping.encoding, newline="") as file:
            rows = csv.reader(file, delimiter=mapping.separator, strict=True)
            header = next(rows, None)
            if not header:
                raise TableInvalid(f"{path.name}: has no header")
            yield header
            for cells in rows:
                if cells:
                    number += 1
                    yield cells if len(cells) == len(header) else None
    except LookupError as exc:
        raise TableInvalid(f"{path.name}: encoding {mapping.encoding} is unknown") from exc
    except UnicodeDecodeError as exc:
        what = f"not {mapping.encoding} after row {number}; say its encoding in the mapping"
        raise TableInvalid(f"{path.name}: {what}") from exc
    except csv.Error as exc:
        raise TableInvalid(f"{path.name}: broken after row {number}: {exc}") from exc


def _parquet(path: Path, mapping: Mapping) -> Iterator[list[str]]:
    import pyarrow  # the web never reads a table: it need not pay for the import
    from pyarrow import parquet

    try:
        with parquet.ParquetFile(path) as file:
            schema = file.schema_arrow
            nested = [f.name for f in schema if pyarrow.types.is_nested(f.type)]
            if nested:
                raise TableInvalid(f"{path.name}: column {nested[0]!r} holds tables, not cells")
            if file.metadata.num_rows > _MAX_PARQUET_ROWS:
                what = f"more than {_MAX_PARQUET_ROWS} rows; cut it in parts"
                raise TableInvalid(f"{path.name}: {what}")
            yield list(schema.names)
            for batch in file.iter_batches(_BATCH_ROWS):
                columns = [_cells(column, mapping.decimal) for column in batch.columns]
                yield from (list(row) for row in zip(*columns, strict=True))
    except (pyarrow.ArrowException, OSError, ValueError, OverflowError) as exc:
        raise TableInvalid(f"{path.name}: broken Parquet file") from exc


def _cells(column: Any, decimal: str) -> list[str]:
    import pyarrow

    if pyarrow.types.is_timestamp(column.type):  # Python's own times have no nanoseconds
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
        return plain(str(cell)).replace(".", decimal)
    return str(cell)


def write_parquet(columns: dict[str, list[Any]]) -> bytes:
    """Return columns of equal length as a Parquet file; the same columns give the same bytes."""
    import pyarrow
    import pyarrow.parquet

    made = pyarrow.BufferOutputStream()
    pyarrow.parquet.write_table(pyarrow.table(columns), made, compression="zstd")
    return bytes(made.getvalue().to_pybytes())
