"""The monthly reports of models in service, made from stored predictions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from models import MonthlyReport, ServedAnswer
from services.model_monitoring import ModelMonitoring

JUNE_S = 1_780_617_600
"""5 June 2026."""
MAY_S = JUNE_S - 10 * 86_400


class Monitor:
    """Keeps reports in memory."""

    def __init__(self) -> None:
        self.reports: dict[str, list[MonthlyReport]] = {}
        self.answers: list[ServedAnswer] = []
        self.others: Sequence[Any] = ()

    def measure(
        self, model: Any, month: str, answers: list[ServedAnswer], others: Sequence[Any] = ()
    ) -> MonthlyReport:
        self.answers, self.others = answers, others
        drift = [{"words": "age", "psi": 0.3}, {"words": "estimate", "psi": 0.02}]
        content = {"model": model.id, "month": month, "answers": len(answers), "drift": drift}
        report = MonthlyReport({**content, "is_alarm": True, "outcomes": None})
        self.reports.setdefault(model.id, []).append(report)
        return report

    def list_reports(self, model_id: str) -> list[MonthlyReport]:
        return self.reports.get(model_id, [])


@pytest.fixture
def world() -> SimpleNamespace:
    models = [
        SimpleNamespace(id="m-1", question="m", state="active", trained_at_s=MAY_S),
        SimpleNamespace(id="m-0", question="m", state="retired", trained_at_s=MAY_S),
        SimpleNamespace(id="n-1", question="n", state="retired", trained_at_s=MAY_S),
    ]
    monitor = Monitor()
    stored = [
        SimpleNamespace(subject=b"a", at_s=at_s, body={"model": name, "probability": chance})
        for name, at_s, chance in (
            ("m-1", MAY_S, 0.2),
            ("m-0", MAY_S, 0.2),
            ("m-1", MAY_S, 0.2),
            ("m-1", JUNE_S - 10, 0.9),
        )
    ]
    now = [float(JUNE_S)]
    monitoring = ModelMonitoring(
        diagnostics=SimpleNamespace(models=lambda: models, monitor=monitor),
        predictions=SimpleNamespace(
            read_since=lambda since_s: (each for each in stored if each.at_s >= since_s)
        ),
        clock=lambda: now[0],
    )
    return SimpleNamespace(monitoring=monitoring, monitor=monitor, now=now, models=models)


def test_each_model_in_service_gets_one_report_a_month(world) -> None:
    for _ in range(2):
        world.monitoring.measure_due()
    assert {name: len(reports) for name, reports in world.monitor.reports.items()} == {"m-1": 1}
    world.now[0] += 31 * 86_400
    world.monitoring.measure_due()
    assert [month.month for month in world.monitoring.list_months("m-1")] == ["2026-06", "2026-05"]


def test_a_month_before_the_model_was_trained_has_no_report(world) -> None:
    world.models[0].trained_at_s = JUNE_S - 10
    world.monitoring.measure_due()
    assert world.monitoring.list_newest() == []
    world.now[0] += 31 * 86_400
    world.monitoring.measure_due()
    assert [month.month for month in world.monitoring.list_months("m-1")] == ["2026-06"]


def test_a_report_reads_the_answers_of_its_model_until_the_months_end_alone(world) -> None:
    world.monitoring.measure_due()
    assert [answer.probability for answer in world.monitor.answers] == [0.2, 0.2]
    assert [each.id for each in world.monitor.others] == ["m-0", "n-1"]  # in any state
    world.now[0] += 31 * 86_400
    world.monitoring.measure_due()
    assert [answer.probability for answer in world.monitor.answers] == [0.2, 0.2, 0.9]


def test_readers_see_the_input_that_moved_most_and_the_alarm(world) -> None:
    assert world.monitoring.count_alarms() == 0
    world.monitoring.measure_due()
    (month,) = world.monitoring.list_newest()
    assert (month.worst_input, month.worst_psi, month.estimate_psi) == ("age", 0.3, 0.02)
    assert (month.is_alarm, month.outcomes, month.auroc) == (True, "", None)
    assert world.monitoring.count_alarms() == 1


def test_a_report_of_an_earlier_release_has_no_interval_of_the_ratio(world) -> None:
    area = {"value": 0.8, "low": 0.7, "high": 0.9}
    counts = {"answers": 120, "events": 30, "auroc": area}
    for ratio in (1.1, {"value": 1.1, "low": 0.9, "high": 1.3}):
        report = world.monitor.measure(world.models[0], "2026-05", [])
        report.content["outcomes"] = counts | {"observed_to_expected": ratio}
    new, old = world.monitoring.list_months("m-1")
    assert old == replace(new, observed_to_expected_low=None, observed_to_expected_high=None)
    assert (new.observed_to_expected, new.auroc) == (1.1, 0.8)
    assert (new.observed_to_expected_low, new.observed_to_expected_high) == (0.9, 1.3)
