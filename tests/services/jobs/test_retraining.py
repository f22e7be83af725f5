"""Affected models are retrained by themselves, one retraining a study, within a budget."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace

import pytest

from consent import LedgerUnavailable
from services.jobs.queue import DONE, FAILED, JobQueue
from services.jobs.retraining import AFTER_FAILURE_S, AGAIN_AFTER_S, Retraining

NOW_S = 1_800_000_000.0


@dataclass
class Models:
    """Two studies, one of them over, and the models that lost consent."""

    affected: list[str] = field(default_factory=list)
    changes: int = 7
    """Of the ledger."""
    compared: int = 0

    def studies(self):
        return [
            SimpleNamespace(id="study:s", until_s=NOW_S * 2),
            SimpleNamespace(id="study:over", until_s=NOW_S - 1),
        ]

    def apply_withdrawals(self):
        self.compared += 1
        return [
            SimpleNamespace(model=SimpleNamespace(id=f"{study}-1", study=study))
            for study in self.affected
        ]


@pytest.fixture
def now() -> list[float]:
    return [NOW_S]


@pytest.fixture
def jobs(sqlite_engine, now) -> JobQueue:
    return JobQueue(sqlite_engine, lambda: now[0])


@pytest.fixture
def models() -> Models:
    return Models()


@pytest.fixture
def retraining(models, jobs, now) -> Retraining:
    return Retraining(
        diagnostics=models,
        jobs=jobs,
        clock=lambda: now[0],
        count_changes=lambda: models.changes,
    )


def queued(jobs) -> list[dict]:
    return [job.arguments for job in jobs.newest(kind="retrain", limit=9)]


def test_a_model_that_lost_consent_is_retrained_without_anybody_asking(
    retraining, models, jobs
) -> None:
    retraining.queue_affected()
    assert queued(jobs) == []
    models.affected = ["study:s"]
    retraining.queue_affected()
    retraining.queue_affected()
    assert queued(jobs) == [{"model": "study:s-1"}]


def test_later_withdrawals_wait_an_hour_and_a_failure_a_day(retraining, models, jobs, now) -> None:
    models.affected = ["study:s"]
    for state, wait_s in ((DONE, AGAIN_AFTER_S), (FAILED, AFTER_FAILURE_S)):
        retraining.queue_affected()
        count = len(queued(jobs))
        jobs.end(jobs.claim(jobs.newest(kind="retrain", limit=1)[0].id), state, {})
        now[0] += wait_s - 1
        retraining.queue_affected()
        assert len(queued(jobs)) == count
        now[0] += 1
    retraining.queue_affected()
    assert len(queued(jobs)) == 3


def test_a_long_comparison_is_repeated_after_a_rest_and_at_once_after_a_change_of_the_ledger(
    retraining, models, now
) -> None:
    compare = models.apply_withdrawals

    def compare_slowly():
        now[0] += 3
        return compare()

    models.apply_withdrawals = compare_slowly
    retraining.queue_affected()
    now[0] += 59
    retraining.queue_affected()
    assert models.compared == 1
    models.changes += 1
    retraining.queue_affected()
    assert models.compared == 2
    now[0] += 60
    retraining.queue_affected()
    assert models.compared == 3


def test_no_model_of_a_study_that_is_over_is_retrained(retraining, models, jobs) -> None:
    models.affected = ["study:over"]
    retraining.queue_affected()
    assert queued(jobs) == []


def test_nothing_is_queued_while_the_ledger_cannot_be_asked(retraining, models, jobs) -> None:
    def refuse():
        raise LedgerUnavailable("away")

    models.apply_withdrawals = refuse
    with pytest.raises(LedgerUnavailable):
        retraining.queue_affected()
    assert queued(jobs) == []
