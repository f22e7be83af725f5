"""How far a job is, in percent of the whole job; a job's steps are of different lengths."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

Progress = Callable[[str, int, int], None]
"""Takes a step, how much of it is done, and of how much."""
WHOLE: Final = 100
LAST: Final = 99
"""What a job reaches before it has ended."""
_STEPS: Final[Mapping[str, Sequence[tuple[str, int]]]] = {
    "verify": (
        ("ledger", 5),
        ("mirror", 10),
        ("catalogue", 20),
        ("blocks", 30),
        ("journal", 25),
        ("manifests", 5),
        ("cards", 5),
    ),
}
"""The steps of a kind whose every step counts from 0, each with its part of the whole."""


def percent_of(kind: str, step: str, done: int, of: int) -> int:
    """Return how far a job of this kind is: 0 to 99 while it runs.

    Other kinds than those of `_STEPS` report how far the whole job is. A step that is not known
    here is at its beginning. `of` is above 0.
    """
    share = min(1.0, done / of)
    before, part = 0, WHOLE
    steps = _STEPS.get(kind)
    if steps is not None:
        names = [name for name, _ in steps]
        index = names.index(step) if step in names else 0
        before = sum(weight for _, weight in steps[:index])
        part = steps[index][1] if step in names else 0
    return min(LAST, int(before + part * share))
