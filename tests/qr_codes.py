"""Reads back the modules of a QR code that a page draws, and computes those of a text."""

from __future__ import annotations

import re

import segno

BORDER = 4


def modules_of(text: str) -> set[tuple[int, int]]:
    """Return the places (row, column) of the black modules of a text's code."""
    matrix = segno.make_qr(text, error="m").matrix
    return {(y, x) for y, row in enumerate(matrix) for x, module in enumerate(row) if module}


def drawn_modules(page: str) -> set[tuple[int, int]]:
    """Return the places of the modules that the one code of a page paints black.

    The path is lines of width 1: `M x y` begins, `m dx dy` moves, `h n` paints n modules.
    """
    (path,) = re.findall(r'<path[^>]* stroke="#000" d="([^"]*)"', page)
    x, y, painted = 0.0, 0.0, set()
    for command, numbers in re.findall(r"([Mmh])([-\d. ]+)", path):
        values = [float(number) for number in re.findall(r"-?[\d.]+", numbers)]
        if command == "h":
            columns = range(int(x), int(x + values[0]))
            painted |= {(int(y) - BORDER, column - BORDER) for column in columns}
            x += values[0]
        elif command == "M":
            x, y = values
        else:
            x, y = x + values[0], y + values[1]
    return painted
