"""Joins what several threads submit at the same moment into one batch."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Final

from consent.errors import ConsentError
from consent.terms import Signed
from consent.transactions import Outcome


@dataclass(frozen=True, slots=True)
class _Submission:
    """A signed message whose thread waits for its outcome."""

    signed: Signed
    outcome: Future[Outcome] = field(default_factory=Future)


class SubmissionGroup:
    """Submits one batch at a time; what arrives meanwhile is the next batch.

    So one patient is sent alone and at once, and a hundred who sign in the same second share a
    few transactions, each of which costs less for a message than a transaction of its own.
    """

    def __init__(self, submit: Callable[[Sequence[Signed]], list[Outcome]]) -> None:
        """Send batches by `submit`, which returns the outcome of each message in order."""
        self._submit: Final = submit
        self._lock: Final = threading.Lock()
        self._turn: Final = threading.Lock()
        self._waiting: list[_Submission] = []

    def submit(self, signed: Signed) -> Outcome:
        """Return the outcome of one message.

        Raises:
            ConsentError: what `submit` raised; each message of the batch gets it.
        """
        own = _Submission(signed)
        with self._lock:
            self._waiting.append(own)
        with self._turn:  # whose turn it is submits what waits, for all
            if not own.outcome.done():
                self._submit_waiting()
        return own.outcome.result()

    def _submit_waiting(self) -> None:
        with self._lock:
            batch, self._waiting = self._waiting, []
        try:
            outcomes = self._submit([submission.signed for submission in batch])
            for submission, outcome in zip(batch, outcomes, strict=True):
                submission.outcome.set_result(outcome)
        except ConsentError as exc:
            for submission in batch:
                submission.outcome.set_exception(exc)
        finally:  # after an error that nobody foresaw, no other thread waits without end
            for submission in batch:
                submission.outcome.cancel()
