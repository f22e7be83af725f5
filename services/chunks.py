"""Cuts long lists into chunks that one statement of the database takes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, TypeVar

CHUNK_SIZE: Final = 500
_Value = TypeVar("_Value")


def chunks(values: Sequence[_Value], size: int = CHUNK_SIZE) -> Iterator[Sequence[_Value]]:
    """Yield the values in their order, at most `size` of them at once."""
    for start in range(0, len(values), size):
        yield values[start : start + size]
