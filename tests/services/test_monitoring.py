"""What operators monitor, with parts that are available and unavailable."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest
import sqlalchemy as sa

from consent import LedgerUnavailable
from services.monitoring import MonitoringService
from storage import StoreUnavailable


class Journal:
    """A journal of outcomes, oldest first, of which the first `last_anchored` are anchored."""

    def __init__(self) -> None:
        self.outcomes = ["permitted", "no-consent"]
        self.last_anchored = 1

    def size(self) -> int:
        return len(self.outcomes)

    def anchored(self) -> int:
        return self.last_anchored

    def count_outcomes(self, first: int, last: int) -> dict[str, int]:
        rows = self.outcomes[first - 1 : last]
        return {outcome: rows.count(outcome) for outcome in rows}


class Ledger:
    """A ledger that can become unavailable."""

    def __init__(self) -> None:
        self.is_available = True

    def view(self) -> SimpleNamespace:
        self._require()
        return SimpleNamespace(seen_at_s=990, block_time_s=985)

    def anchors(self, kind: str, last: int) -> list[SimpleNamespace]:
        self._require()
        return [SimpleNamespace(block_number=7)]

    def chain_nodes(self) -> dict[str, int]:
        return {"agrees": 2, "behind": 1}

    def refused_revocations(self) -> int:
        return 2

    def block_times(self, numbers: list[int]) -> list[int]:
        return [900 for _ in numbers]

    def _require(self) -> None:
        if not self.is_available:
            raise LedgerUnavailable("no answer from the node for 5 s")


@pytest.fixture
def parts(tmp_path: Path) -> SimpleNamespace:
    """The ports of a monitoring service; a test changes what it needs."""
    return SimpleNamespace(
        models=SimpleNamespace(count_alarms=lambda: 1),
        ledger=Ledger(),
        store=SimpleNamespace(journal=Journal(), ipfs_version=lambda: "0.43", is_sealed=False),
        jobs=SimpleNamespace(counts=lambda: {("train", "queued"): 2}),
        workers=SimpleNamespace(is_any_alive=lambda: True),
        installation=SimpleNamespace(clock=lambda: 1_000.0, home=tmp_path),
    )


def test_every_part_is_measured(parts) -> None:
    measured = MonitoringService(**vars(parts)).measure()
    assert set(measured.parts) == {"ledger", "store", "journal", "root_key", "worker"}
    assert all(measured.parts.values())
    assert (measured.ledger_lag_s, measured.block_age_s, measured.anchor_age_s) == (10, 15, 100)
    assert measured.unanchored_rows == 1
    assert measured.refused_revocations == 2
    assert measured.drifting_models == 1
    assert measured.chain_nodes["behind"] == 1
    assert measured.jobs == {("train", "queued"): 2}
    assert measured.disk_free_bytes > 0


def test_outcomes_are_counted_from_the_first_measurement_on(parts) -> None:
    monitoring = MonitoringService(**vars(parts))
    assert monitoring.measure().outcomes == {}
    parts.store.journal.outcomes += ["permitted", "permitted", "expired"]
    assert monitoring.measure().outcomes == {"permitted": 2, "expired": 1}
    parts.store.journal.outcomes += ["expired"]
    assert monitoring.measure().outcomes == {"permitted": 2, "expired": 2}


def test_the_lag_of_an_unavailable_ledger_grows(parts) -> None:
    now = [1_000.0]
    parts.installation.clock = lambda: now[0]
    monitoring = MonitoringService(**vars(parts))
    monitoring.measure()
    parts.ledger.is_available = False
    now[0] += 60
    measured = monitoring.measure()
    assert (measured.parts["ledger"], measured.ledger_lag_s) == (False, 70)
    assert measured.anchor_age_s is None


def test_an_unavailable_part_does_not_hide_the_others(parts) -> None:
    def unavailable(*_: object) -> None:
        raise StoreUnavailable("the IPFS node does not answer")

    def locked() -> None:
        raise sa.exc.OperationalError("SELECT secret", {}, None)

    parts.store.ipfs_version, parts.jobs.counts = unavailable, locked
    measured = MonitoringService(**vars(parts)).measure()
    assert [part for part, is_up in measured.parts.items() if not is_up] == ["store"]
    assert measured.jobs == {}
    assert measured.ledger_lag_s == 10
