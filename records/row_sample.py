"""Keeps rows of a table that are spread over all of it, as many as fit in memory."""

from __future__ import annotations

from typing import Final

MAX_ROWS: Final = 20_000
"""Of larger tables every second, fourth, … row is kept."""
MAX_SIZE: Final = 32_000_000
"""Cells and characters of all rows: of a table with wide rows or long texts fewer are kept."""


class RowSample:
    """Every row of a small table; `rows` are those that are kept."""

    def __init__(self) -> None:
        self.rows: list[list[str]] = []
        self._step = 1
        self._size = 0

    def see(self, number: int, cells: list[str]) -> None:
        """Keep a row, by its number from 1, if it is one of those to keep."""
        if number % self._step:
            return
        self.rows.append(cells)
        self._size += _size_of(cells)
        if len(self.rows) > MAX_ROWS or self._size > MAX_SIZE:
            del self.rows[::2]
            self._size = sum(map(_size_of, self.rows))
            self._step *= 2


def _size_of(cells: list[str]) -> int:
    return len(cells) + sum(map(len, cells))
