"""Pauses Python's cycle collector while many records are in memory."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def collector_paused() -> Iterator[None]:
    """Pause Python's cycle collector, which scans a cohort's records again and again.

    It is the process's: where two pauses overlap, the first to end ends both, at a loss of speed
    only (docs/decisions/0017-fast-paths-in-storage.md).
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
