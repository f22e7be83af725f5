"""Asks several chain nodes at the same time, and waits for none that keeps the others waiting."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import TypeVar

from consent.errors import LedgerUnavailable

LATE_S = 1.0
"""How much later than enough others a node may answer; or as late again as they, if that is more.

A node that answers just within its deadline would else delay every view of the ledger."""

_T = TypeVar("_T")


def ask_nodes(indexes: Sequence[int], question: Callable[[int], _T], enough: int) -> dict[int, _T]:
    """Return, in their order, the answers of those nodes that give one and are not late."""
    # Threads of its own for each question: none is inherited by a process that forks.
    pool = ThreadPoolExecutor(max(1, len(indexes)))
    try:
        futures = {index: pool.submit(_ask, question, index) for index in indexes}
        _wait(list(futures.values()), enough)
        answers = {index: each.result() for index, each in futures.items() if each.done()}
    finally:
        pool.shutdown(wait=False)  # a late one ends by its own deadline
    return {index: answer[0] for index, answer in answers.items() if answer}


def _ask(question: Callable[[int], _T], index: int) -> list[_T]:
    try:
        return [question(index)]
    except LedgerUnavailable:
        return []


def _wait(futures: Sequence[Future[list[_T]]], enough: int) -> None:
    began_s, ends_s = time.monotonic(), float("inf")
    open_ones = set(futures)
    while open_ones and (now_s := time.monotonic()) < ends_s:
        limit_s = None if ends_s == float("inf") else ends_s - now_s
        open_ones = wait(open_ones, limit_s, FIRST_COMPLETED).not_done
        answered = [each for each in futures if each.done() and not each.exception()]
        if limit_s is None and sum(bool(each.result()) for each in answered) >= enough:
            now_s = time.monotonic()
            ends_s = now_s + max(LATE_S, now_s - began_s)
