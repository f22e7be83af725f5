"""Queues the retraining of models that lost consent, without anybody asking for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from attrs import define, field

from consent import DAY_S
from models import Diagnostics
from services.jobs.queue import DONE, JobQueue

RETRAIN: Final = "retrain"
AGAIN_AFTER_S: Final = 3_600
"""Further withdrawals wait so long after a retraining of the study, and are then one retraining."""
AFTER_FAILURE_S: Final = DAY_S
"""A run that failed is tried again once a day until the model's grace period ends."""
REST: Final = 20
"""Where nothing changed on the ledger, this many times as long as a comparison took is rested."""
MAX_REST_S: Final = 600


@define(eq=False, repr=False, kw_only=True)
class Retraining:
    """Replaces affected models: one retraining a study at a time, at once, and then hourly.

    `_count_changes` returns how many changes the ledger has; nothing is compared yet.
    """

    _diagnostics: Diagnostics
    _jobs: JobQueue
    _clock: Callable[[], float]
    _count_changes: Callable[[], int]
    _changes: int = field(init=False, default=-1)
    _rests_until_s: float = field(init=False, default=0.0)

    def queue_affected(self) -> None:
        """Compare every model with the ledger; queue a retraining of each that lost consent.

        A model whose successor is not trained before its grace period ends is retired then. Each
        change of the ledger leads to a comparison; without one (consents also end by time, and
        records are corrected), it rests a while, so that large cohorts do not occupy the worker.

        Raises:
            LedgerUnavailable (consent): nothing is queued; call it again.
        """
        now_s, changes = self._clock(), self._count_changes()
        if changes == self._changes and now_s < self._rests_until_s:
            return
        open_studies = {s.id for s in self._diagnostics.studies() if s.until_s > now_s}
        for affected in self._diagnostics.apply_withdrawals():
            model = affected.model
            if model.study in open_studies and self._is_due(model.study):
                self._jobs.enqueue(RETRAIN, {"model": model.id}, model.study)
        took_s = self._clock() - now_s
        self._changes = changes
        self._rests_until_s = now_s + took_s + min(MAX_REST_S, REST * took_s)

    def _is_due(self, study: str) -> bool:
        newest = self._jobs.find_newest(kind=RETRAIN, requested_by=study)
        if newest is None:
            return True
        if newest.is_active:
            return False
        wait_s = AGAIN_AFTER_S if newest.state == DONE else AFTER_FAILURE_S
        return self._clock() >= newest.requested_at_s + wait_s
