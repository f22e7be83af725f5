"""The training runs of a study, and the reports of those that the gate refused."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from attrs import define

from models import Diagnostics, TrainingRun, document_report
from services.cards import CardFiles, ModelCards
from services.errors import NotFound
from services.researcher.owned_studies import OwnedStudies


@dataclass(frozen=True, slots=True, kw_only=True)
class MissedThreshold:
    """A threshold that a run missed, and what would open the gate."""

    code: str
    feature: str
    measured: str
    required: str
    message: str
    remedy: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunReport:
    """A training run; a refused one with what was measured.

    Attributes:
        state: running, done, refused, stopped or failed.
        note: why it did not succeed; otherwise empty.
        card: what the card would have stated; empty unless the gate refused the run.
        model: the id of the model that it made; "" if there is none.
    """

    id: int
    question: str
    state: str
    note: str
    started_at_s: int
    ended_at_s: int | None
    failures: Sequence[MissedThreshold]
    card: Mapping[str, Any]
    model: str = ""

    @property
    def has_report(self) -> bool:
        """Whether the gate left a report."""
        return bool(self.failures)

    @property
    def has_figures(self) -> bool:
        """Whether a model was made and measured."""
        return "evaluation" in self.card


@define(eq=False, repr=False, kw_only=True)
class StudyRuns:
    """The runs of a researcher's studies.

    NotFound is raised for a study or run that does not exist or is not the party's.
    """

    _owned: OwnedStudies
    _diagnostics: Diagnostics
    _cards: ModelCards

    def list(self, party: str, name: str) -> Sequence[RunReport]:
        """Return the runs of a study, the newest first."""
        study = self._owned.get(party, name)
        return [_report(run) for run in self._diagnostics.runs_of([study.study])][::-1]

    def get(self, party: str, name: str, run_id: str) -> RunReport:
        """Return a run of a study."""
        for report in self.list(party, name):
            if str(report.id) == run_id:
                return report
        raise NotFound

    def files(self, party: str, name: str, run_id: str) -> CardFiles:
        """Return the report of a refused run as files.

        Raises:
            NotFound: also if the gate left no report.
        """
        study = self._owned.get(party, name)
        for run in self._diagnostics.runs_of([study.study]):
            document = document_report(run) if str(run.id) == run_id else None
            if document is not None:
                return self._cards.report_files(f"run-{run_id}", document)
        raise NotFound


def _report(run: TrainingRun) -> RunReport:
    report = json.loads(run.report) if run.report else {"failures": [], "card": {}}
    names = ("code", "feature", "measured", "required", "message", "remedy")
    return RunReport(
        id=run.id,
        question=run.question,
        state=run.state,
        note=run.note,
        started_at_s=run.started_at_s,
        ended_at_s=run.ended_at_s,
        failures=[MissedThreshold(**{k: row[k] for k in names}) for row in report["failures"]],
        card=report["card"],
        model=run.model_id if run.state == "done" else "",
    )
