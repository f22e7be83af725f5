"""Runs independent pieces of work on all cores; the results are in the order of the pieces."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from multiprocessing.pool import ThreadPool
from typing import Final, TypeVar

Piece = TypeVar("Piece")
Result = TypeVar("Result")

MAX_THREADS: Final = 8
_MAX_CELLS: Final = 20_000_000
"""Each thread copies the cells that it works on: all threads together copy about so many."""


def count_threads(cells: int) -> int:
    """Return how many threads may work at once, each on a copy of this many cells."""
    cores = len(os.sched_getaffinity(0))  # those that this process may use
    return max(1, min(cores, MAX_THREADS, _MAX_CELLS // max(1, cells)))


def run_each(
    work: Callable[[Piece], Result], pieces: Sequence[Piece], threads: int
) -> list[Result]:
    """Return what `work` returns for each piece, the same for any number of threads.

    The first exception is raised; pieces that were not begun by then are left out. It is for work
    that spends its time in libraries that let other threads run.
    """
    from threadpoolctl import threadpool_limits

    count = min(threads, len(pieces))
    if count <= 1:
        return [work(piece) for piece in pieces]
    # The libraries start no threads of their own in these: OpenMP has a limit for each thread,
    # OpenBLAS one for the process, which `develop` ends. They are daemons: a process that ends
    # does not wait for them.
    pool = ThreadPool(count, threadpool_limits, (1,))
    results: list[Result] = []
    try:
        results.extend(pool.imap(work, pieces))
    finally:
        if len(results) < len(pieces):
            pool.terminate()
        else:
            pool.close()
    return results
