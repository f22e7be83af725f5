"""Find the cells of an .xls workbook that show an error, a percentage or an id ([MS-XLS])."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Final

from records.cells import SheetErrors
from records.shown_numbers import BUILT_IN, Display, find_display

_FREE: Final = 0xFFFFFFFA
"""Sector numbers from here on are no sectors."""
_ENTRY: Final = 128
_MINI_LIMIT: Final = 4096
_FORMULA: Final = (0x0006, 0x0206, 0x0406)
_BOOL_OR_ERROR: Final = 0x0205
_NUMBER, _RK, _RKS = 0x0203, 0x027E, 0x00BD
_FORMAT, _STYLE = 0x041E, 0x00E0
_SHEET, _BEGIN, _END = 0x0085, 0x0809, 0x000A
_UNICODE_FROM: Final = 0x0600
"""Since this version of the format (Excel 97) names are Unicode."""
_NAMES: Final = {
    0x00: "#NULL!",
    0x07: "#DIV/0!",
    0x0F: "#VALUE!",
    0x17: "#REF!",
    0x1D: "#NAME?",
    0x24: "#NUM!",
    0x2A: "#N/A",
}


def errors_of_xls(body: bytes, sheet: str) -> SheetErrors:
    """Return the cells of a sheet that show an error, percentage or id; "" is the first sheet.

    Raises:
        LookupError, ValueError, struct.error: it is damaged, or has no such sheet.
    """
    errors: SheetErrors = {}
    displays = _displays(_workbook(body))
    for kind, data in records_of_sheet(body, sheet):
        code = _error_code(kind, data)
        if code is not None:
            row, column = struct.unpack_from("<HH", data)
            errors.setdefault(row, {})[column] = _NAMES.get(code, "#ERROR!")
        for row, column, style, number in _numbers(kind, data) if displays else ():
            display = displays[style](repr(number)) if style in displays else ""
            if display:
                errors.setdefault(row, {})[column] = display
    return errors


def _displays(stream: bytes) -> dict[int, Display]:
    """Return the styles, as cells name them, that do not show numbers as they are."""
    codes, formats = dict(BUILT_IN), list[int]()
    version = 0
    for kind, data in _records(stream, 0):
        if kind == _BEGIN and not version:
            version = struct.unpack_from("<H", data)[0]
        elif kind == _FORMAT and version >= _UNICODE_FROM:
            count, is_wide = struct.unpack_from("<HB", data, 2)
            text = data[5 : 5 + count * (1 + (is_wide & 1))]
            encoding = "utf-16-le" if is_wide & 1 else "latin-1"
            codes[struct.unpack_from("<H", data)[0]] = text.decode(encoding, errors="replace")
        elif kind == _STYLE:
            formats.append(struct.unpack_from("<H", data, 2)[0])
        elif kind == _END:
            break
    displays = {style: find_display(codes.get(code, "")) for style, code in enumerate(formats)}
    return {style: display for style, display in displays.items() if display is not None}


def _numbers(kind: int, data: bytes) -> Iterator[tuple[int, int, int, float]]:
    """Yield row, column, style and value of each number that a record holds."""
    if kind == _NUMBER or (kind in _FORMULA and data[12:14] != b"\xff\xff"):
        row, column, style, number = struct.unpack_from("<HHHd", data)
        yield row, column, style, number
    elif kind == _RK:
        row, column, style = struct.unpack_from("<HHH", data)
        yield row, column, style, _unpack_rk(data[6:10])
    elif kind == _RKS:
        row, column = struct.unpack_from("<HH", data)
        for place, at in enumerate(range(4, len(data) - 7, 6)):
            style = struct.unpack_from("<H", data, at)[0]
            yield row, column + place, style, _unpack_rk(data[at + 2 : at + 6])


def _unpack_rk(data: bytes) -> float:
    """Return a number of four bytes: 30 bits of a float or integer, perhaps of its hundredfold."""
    bits = struct.unpack("<I", data)[0]
    if bits & 2:
        number = float(struct.unpack("<i", data)[0] >> 2)
    else:
        number = float(struct.unpack("<d", bytes(4) + struct.pack("<I", bits & ~3))[0])
    return number / 100 if bits & 1 else number


def records_of_sheet(body: bytes, sheet: str) -> Iterator[tuple[int, bytes]]:
    """Yield the kind and the data of each record of a sheet; "" is the first sheet.

    Raises:
        LookupError, ValueError, struct.error: it is damaged, or has no such sheet.
    """
    stream = _workbook(body)
    depth = 0
    for kind, data in _records(stream, _start_of(stream, sheet)):
        depth += (kind == _BEGIN) - (kind == _END)  # charts inside a sheet have an end of their own
        if depth == 0:
            return
        yield kind, data
    raise ValueError("the sheet has no end")


def _error_code(kind: int, data: bytes) -> int | None:
    if kind == _BOOL_OR_ERROR and data[7]:
        return data[6]
    # A result that is not a number has FFFF in its last two bytes, and 2 in the first if an error.
    if kind in _FORMULA and data[6] == 2 and data[12:14] == b"\xff\xff":
        return data[8]
    return None


def _records(stream: bytes, start: int) -> Iterator[tuple[int, bytes]]:
    while start + 4 <= len(stream):
        kind, size = struct.unpack_from("<HH", stream, start)
        yield kind, stream[start + 4 : start + 4 + size]
        start += 4 + size


def _start_of(stream: bytes, sheet: str) -> int:
    version = 0
    for kind, data in _records(stream, 0):
        if kind == _BEGIN:
            version = struct.unpack_from("<H", data)[0]
        if kind == _SHEET and sheet in ("", _sheet_name(data, version)):
            return int(struct.unpack_from("<I", data)[0])
        if kind == _END:
            break
    raise LookupError("no such sheet")


def _sheet_name(data: bytes, version: int) -> str:
    count = data[6]
    if version < _UNICODE_FROM:
        return data[7 : 7 + count].decode("cp1252", errors="replace")
    is_wide = data[7] & 1
    return data[8 : 8 + count * (1 + is_wide)].decode("utf-16-le" if is_wide else "latin-1")


def _workbook(body: bytes) -> bytes:
    """Return the stream with the workbook of a compound file."""
    shift, mini_shift = struct.unpack_from("<HH", body, 30)
    first, _, _, mini_first = struct.unpack_from("<IIII", body, 48)
    size = 1 << shift
    table = _table(body, size)
    directory = _chain(body, table, first, size, size)
    entries = {}
    for start in range(0, len(directory), _ENTRY):
        entry = directory[start : start + _ENTRY]
        length = struct.unpack_from("<H", entry, 64)[0]
        name = entry[: max(length - 2, 0)].decode("utf-16-le", errors="replace")
        entries[name] = struct.unpack_from("<II", entry, 116)
    begin, total = entries["Workbook"] if "Workbook" in entries else entries["Book"]
    if total >= _MINI_LIMIT:
        return _chain(body, table, begin, size, size)[:total]
    small = _chain(body, table, mini_first, size, size)
    mini_table = struct.unpack(f"<{len(small) // 4}I", small)
    inside = _chain(body, table, entries["Root Entry"][0], size, size)
    return _chain(inside, mini_table, begin, 1 << mini_shift, 0)[:total]


def _table(body: bytes, size: int) -> tuple[int, ...]:
    """Return the table that says which sector follows each sector."""
    sectors = list(struct.unpack_from("<109I", body, 76))
    following = struct.unpack_from("<I", body, 68)[0]
    for _ in range(len(body) // size):
        if following >= _FREE:
            break
        part = struct.unpack_from(f"<{size // 4}I", body, (following + 1) * size)
        sectors += part[:-1]
        following = part[-1]
    joined = b"".join(
        body[(sector + 1) * size : (sector + 2) * size] for sector in sectors if sector < _FREE
    )
    return struct.unpack(f"<{len(joined) // 4}I", joined[: len(joined) // 4 * 4])


def _chain(body: bytes, table: tuple[int, ...], sector: int, size: int, offset: int) -> bytes:
    """Return the sectors of a chain, one behind the other; `offset` is where the first begins.

    Raises:
        ValueError: the chain does not end.
        LookupError: it leads out of the file.
    """
    pieces: list[bytes] = []
    for _ in range(len(table) + 1):
        if sector >= _FREE:
            return b"".join(pieces)
        pieces.append(body[sector * size + offset : (sector + 1) * size + offset])
        sector = table[sector]
    raise ValueError("a chain of sectors has no end")
