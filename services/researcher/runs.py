"""Cohort counts and training while the caller waits: for the operator's command line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from consent import View
from models import CardDocument, Diagnostics, Model, ModelsNotFound, document_report
from services.cards import ModelCard, ModelCards
from services.jobs.progress import Progress


@dataclass(frozen=True, slots=True, kw_only=True)
class GatheredCohort:
    """What a study may use for training now; the records were opened, and journalled.

    Attributes:
        refused_records: how many records were refused, by reason.
        left_out_patients: how many patients make no row, by reason.
        unread_values: how many values are missing because they cannot be read, by feature and
            reason: unit, bound, kind, outside.
        manifest_root: of the records, hex.
    """

    patients: int
    records: int
    refused_records: Mapping[str, int]
    left_out_patients: Mapping[str, int]
    unread_values: Mapping[str, int]
    manifest_root: str
    view: View


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelList:
    """Every model, and the ids of those that lost consent."""

    models: Sequence[Model]
    affected: Sequence[str]


class ModelRuns:
    """What the operator may do for any study; no count is suppressed."""

    def __init__(self, *, diagnostics: Diagnostics, cards: ModelCards) -> None:
        self._diagnostics = diagnostics
        self._cards = cards

    def gather(self, study: str, question_id: str) -> GatheredCohort:
        """Count what a study may use for training now.

        Raises:
            ModelsNotFound (models): there is no such study or question.
        """
        cohort = self._diagnostics.gather(study, question_id)
        return GatheredCohort(
            patients=len({line.patient for line in cohort.manifest.lines}),
            records=len(cohort.records),
            refused_records=dict(cohort.refused),
            left_out_patients=dict(cohort.excluded),
            unread_values={
                f"{feature} {reason}": count
                for (feature, reason), count in sorted(cohort.unread.items())
            },
            manifest_root=cohort.manifest.root.hex(),
            view=cohort.view,
        )

    def train(self, study: str, question_id: str, progress: Progress) -> ModelCard:
        """Train a model of a study and publish it if it passes the gate.

        Raises:
            GateClosed, CohortTooSmall, ModelsNotFound (models): no model is published.
        """
        return self._cards.get(self._diagnostics.train(study, question_id, progress).id)

    def retrain(self, model_id: str, progress: Progress) -> ModelCard:
        """Replace a model by one trained from scratch on what is permitted now.

        Raises:
            GateClosed, CohortTooSmall, ModelsNotFound, ModelsRefused (models): it is not replaced.
        """
        return self._cards.get(self._diagnostics.retrain(model_id, progress).id)

    def report(self, name: str) -> CardDocument:
        """Return the report of a refused run; its name is the id that its model would have had.

        Raises:
            ModelsNotFound (models): no model and no refused run has this name.
        """
        for run in self._diagnostics.training_runs():
            document = document_report(run) if run.model_id == name else None
            if document is not None:
                return document
        raise ModelsNotFound(f"no model {name}, and no refused run with a report")

    def list(self) -> ModelList:
        """Return every model, oldest first; models past their grace time are retired first."""
        affected = [entry.model.id for entry in self._diagnostics.apply_withdrawals()]
        return ModelList(models=self._diagnostics.models(), affected=sorted(affected))
