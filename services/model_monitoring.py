"""Makes the monthly reports of the models in service, for custodians and researchers."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from attrs import define

from models import Diagnostics, Model, MonthlyReport, ServedAnswer, month_before, year_until
from services.cards import IN_SERVICE
from services.requests import StoredPrediction, StoredPredictions

LOG: Final = logging.getLogger("vouchsafe.monitoring")
_NO_INPUT: Final[dict[str, Any]] = {"words": "", "psi": None}


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelMonth:
    """A month of a model as its readers see it; None where there were too few answers.

    Attributes:
        answers: how many, in tens.
        estimate_psi: how far the estimates moved from those of the training.
        worst_input, worst_psi: the input that moved most.
        is_alarm: whether an index is above 0.25.
        outcomes: how many answers of the year until then have a known outcome, in tens.
        events: how many of those patients had the outcome, in tens.
        observed_to_expected, auroc: of those, with 95 % intervals; reports of earlier releases
            have none of the first.
    """

    model: str
    month: str
    answers: str
    estimate_psi: float | None
    worst_input: str
    worst_psi: float | None
    is_alarm: bool
    outcomes: str
    events: str
    observed_to_expected: float | None = None
    observed_to_expected_low: float | None = None
    observed_to_expected_high: float | None = None
    auroc: float | None = None
    auroc_low: float | None = None
    auroc_high: float | None = None

    @property
    def state(self) -> str:
        """``alarm``, ``fine``, or ``few`` where there were too few answers for any index."""
        if self.is_alarm:
            return "alarm"
        return "few" if self.estimate_psi is None and self.worst_psi is None else "fine"


@define(eq=False, repr=False, kw_only=True)
class ModelMonitoring:
    """Makes and reads the monthly reports; counts in them are in tens."""

    _diagnostics: Diagnostics
    _predictions: StoredPredictions
    _clock: Callable[[], float]

    def measure_due(self) -> None:
        """Make the report of the last month for each model in service that has none yet.

        It reads the answers of that month and of the eleven before, none of a later one. A model
        that was trained after that month has no report of it.

        Raises:
            StorageError, ConsentError: a part is unavailable; call it again.
        """
        month = month_before(self._clock())
        since_s, until_s = year_until(month)
        due = [
            model
            for model in self._in_service()
            if model.trained_at_s < until_s and not self._has_report(model.id, month)
        ]
        if not due:
            return
        served: dict[str, list[ServedAnswer]] = {model.id: [] for model in due}
        for each in self._predictions.read_since(since_s):
            if each.at_s < until_s and each.body["model"] in served:
                served[each.body["model"]].append(_served(each))
        for model in due:
            answers = served[model.id]
            others = [each for each in self._diagnostics.models() if each.id != model.id]
            if self._diagnostics.monitor.measure(model, month, answers, others).is_alarm:
                LOG.warning("model %s: what it was given in %s has shifted", model.id, month)

    def list_months(self, model_id: str) -> Sequence[ModelMonth]:
        """Return the months of a model, the newest first."""
        reports = self._diagnostics.monitor.list_reports(model_id)
        return [_month_of(report) for report in reversed(reports)]

    def list_newest(self) -> Sequence[ModelMonth]:
        """Return the newest month of each model in service that has one."""
        months = (self.list_months(model.id)[:1] for model in self._in_service())
        return [month for newest in months for month in newest]

    def count_alarms(self) -> int:
        """Return how many models in service have an alarm in their newest month."""
        return sum(month.is_alarm for month in self.list_newest())

    def _in_service(self) -> list[Model]:
        return [model for model in self._diagnostics.models() if model.state in IN_SERVICE]

    def _has_report(self, model_id: str, month: str) -> bool:
        return any(
            report.content["month"] == month
            for report in self._diagnostics.monitor.list_reports(model_id)
        )


def _served(prediction: StoredPrediction) -> ServedAnswer:
    body = prediction.body
    places = tuple(body.get("places", ()))
    return ServedAnswer(prediction.subject, prediction.at_s, body["probability"], places)


def _month_of(report: MonthlyReport) -> ModelMonth:
    content = report.content
    rows: list[dict[str, Any]] = [row for row in content["drift"] if row["psi"] is not None]
    worst: dict[str, Any] = max(rows[:-1], key=lambda row: row["psi"], default=_NO_INPUT)
    outcomes = content["outcomes"] or {}
    ratio, area = outcomes.get("observed_to_expected", {}), outcomes.get("auroc", {})
    if not isinstance(ratio, dict):
        ratio = {"value": ratio}
    return ModelMonth(
        model=content["model"],
        month=content["month"],
        answers=str(content["answers"]),
        estimate_psi=rows[-1]["psi"] if rows else None,
        worst_input=worst["words"],
        worst_psi=worst["psi"],
        is_alarm=report.is_alarm,
        outcomes=str(outcomes.get("answers", "")),
        events=str(outcomes.get("events", "")),
        observed_to_expected=ratio.get("value"),
        observed_to_expected_low=ratio.get("low"),
        observed_to_expected_high=ratio.get("high"),
        auroc=area.get("value"),
        auroc_low=area.get("low"),
        auroc_high=area.get("high"),
    )
