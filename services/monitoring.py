"""Measures what operators monitor: available parts, queues, ledger lag, anchors, disk."""

from __future__ import annotations

import logging
import shutil
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, TypeVar

from attrs import define, field

from consent import ConsentError, ConsentLedger
from models import ModelsError
from services import database
from services.installation import Installation
from services.jobs.heartbeats import Workers
from services.jobs.queue import JobQueue
from services.model_monitoring import ModelMonitoring
from storage import RecordStore, StorageError

LOG: Final = logging.getLogger("vouchsafe.monitoring")
Value = TypeVar("Value")


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurements:
    """The state of the installation now; None is what an unavailable part would have told.

    Attributes:
        parts: whether each part is available.
        outcomes: how many records were released or refused, by journal outcome, in all processes
            since this one was first asked.
        jobs: the number of active jobs by kind and state.
        ledger_lag_s: since the ledger was last seen.
        block_age_s: since the block that was last seen.
        anchor_age_s: since the newest journal anchor.
        unanchored_rows: journal rows after the newest anchor.
        chain_nodes: how many of several chain nodes agree, lag, disagree or are unavailable.
        refused_revocations: withdrawals, stops, refusals that the contract refused after they were
            acknowledged; their patients must sign again.
        drifting_models: models in service whose newest monthly report has an alarm.
        disk_free_bytes: where the files of this installation are.
    """

    parts: Mapping[str, bool]
    outcomes: Mapping[str, int]
    jobs: Mapping[tuple[str, str], int]
    ledger_lag_s: float | None
    block_age_s: float | None
    anchor_age_s: float | None
    unanchored_rows: int | None
    chain_nodes: Mapping[str, int]
    refused_revocations: int | None
    drifting_models: int | None
    disk_free_bytes: int


@define(eq=False, repr=False, kw_only=True)
class MonitoringService:
    """What operators monitor; it contains no personal data."""

    _models: ModelMonitoring
    _ledger: ConsentLedger
    _store: RecordStore
    _jobs: JobQueue
    _workers: Workers
    _installation: Installation
    _lock: threading.Lock = field(init=False, factory=threading.Lock)
    _counted_seq: int | None = field(init=False, default=None)
    _outcomes: Counter[str] = field(init=False, factory=Counter)
    _seen: tuple[float, float] | None = field(init=False, default=None)

    def part_states(self) -> dict[str, bool]:
        """Return whether each part that requests need is available; the log says why not."""
        return {
            "ledger": _read("ledger", self._ledger.view) is not None,
            "store": _read("store", self._store.ipfs_version) is not None,
            "journal": _read("journal", self._store.journal.size) is not None,
            "root_key": not self._store.is_sealed,
            "worker": bool(_read("worker", self._workers.is_any_alive)),
        }

    def measure(self) -> Measurements:
        """Return all measurements; an unavailable part costs only its own."""
        now_s, states = self._installation.clock(), self.part_states()
        view = _read("ledger", self._ledger.view)
        if view is not None:
            self._seen = (view.seen_at_s, view.block_time_s)
        lag_s, block_age_s = (now_s - at_s for at_s in self._seen) if self._seen else (None, None)
        anchored_at_s = _read("ledger", self._anchored_at_s)
        return Measurements(
            parts=states,
            outcomes=_read("journal", self._count_outcomes) or dict(self._outcomes),
            jobs=_read("jobs", self._jobs.counts) or {},
            ledger_lag_s=lag_s,
            block_age_s=block_age_s,
            anchor_age_s=None if anchored_at_s is None else now_s - anchored_at_s,
            unanchored_rows=_read("journal", self._count_unanchored_rows),
            chain_nodes=self._ledger.chain_nodes(),
            refused_revocations=_read("ledger", self._ledger.refused_revocations),
            drifting_models=_read("models", self._models.count_alarms),
            disk_free_bytes=shutil.disk_usage(self._installation.home).free,
        )

    def _anchored_at_s(self) -> int | None:
        anchors = self._ledger.anchors("journal", 1)
        return self._ledger.block_times([anchors[0].block_number])[0] if anchors else None

    def _count_unanchored_rows(self) -> int:
        journal = self._store.journal
        return max(0, journal.size() - journal.anchored())

    def _count_outcomes(self) -> dict[str, int]:
        # The journal holds the decisions of every process, the worker's too.
        with self._lock:
            journal = self._store.journal
            last = journal.size()
            if self._counted_seq is not None:
                self._outcomes.update(journal.count_outcomes(self._counted_seq + 1, last))
            self._counted_seq = last
            return dict(self._outcomes)


def _read(part: str, read: Callable[[], Value]) -> Value | None:
    try:
        return read()
    except (ConsentError, ModelsError, StorageError) as exc:
        # The reason is logged only: it may name an address or a path.
        LOG.warning("%s: %s: %s", part, type(exc).__name__, exc)
    except database.UNAVAILABLE_ERRORS:
        LOG.warning("%s: %s", part, database.UNAVAILABLE_MESSAGE)
    return None
