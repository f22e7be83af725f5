"""The models of a researcher's studies: training jobs, cards, and the effect of withdrawals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from attrs import define

from models import Diagnostics, ExternalValidation, Model
from services.cards import CardFiles, ModelCard, ModelCards
from services.errors import NotFound
from services.jobs.queue import ACTIVE, Job, JobQueue
from services.model_monitoring import ModelMonitoring, ModelMonth
from services.parties import study_name
from services.requests import FeasibilityCounts
from services.requests.proposals import Proposal
from services.researcher.owned_studies import OwnedStudies

MAX_LISTED: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelStatus:
    """A model with its card, and how many people it was trained on permit it no longer.

    Attributes:
        withdrawals: of people who withdrew, stopped, opted out or refused, whose permission ended
            or who were erased; 0 if nobody, 1 to 10 if fewer than 11.
        stops_at_s: when an affected model stops answering if it is not replaced before.
    """

    card: ModelCard
    withdrawals: int
    stops_at_s: int

    @property
    def model(self) -> Model:
        """The model."""
        return self.card.model

    @property
    def study_name(self) -> str:
        """The study's name in addresses."""
        return study_name(self.model.study)

    @property
    def is_affected(self) -> bool:
        """Whether anybody permits it no longer."""
        return self.withdrawals > 0


class WithdrawalCounts:
    """How many people a model was trained on permit it no longer, for whatever reason."""

    def __init__(self, *, diagnostics: Diagnostics, feasibility: FeasibilityCounts) -> None:
        self._diagnostics = diagnostics
        self._feasibility = feasibility

    def count(self, model: Model) -> int:
        """Return the count as it may be shown; that anybody left is shown at once."""
        left = self._diagnostics.lost_patients(model.id)
        return self._feasibility.leavers(f"{model.id} gone", left)

    def stops_at_s(self, model: Model) -> int:
        """Return when an affected model stops answering; 0 for one that is not."""
        if model.affected_at_s is None:
            return 0
        return model.affected_at_s + self._diagnostics.grace_s


@define(eq=False, repr=False, kw_only=True)
class StudyModels:
    """Training of a researcher's models by the worker, and the models themselves.

    NotFound is raised for a model, study or job that does not exist or is not the party's.
    """

    _owned: OwnedStudies
    _jobs: JobQueue
    _cards: ModelCards
    _withdrawals: WithdrawalCounts
    _monitoring: ModelMonitoring
    _diagnostics: Diagnostics

    def list(self, party: str) -> Sequence[Model]:
        """Return the models of a party's studies, the newest first."""
        return self._owned.models(self._owned.list(party))

    def get(self, party: str, model_id: str) -> ModelStatus:
        """Return a model of a party's studies."""
        model = self._owned.model(party, model_id)
        return ModelStatus(
            card=self._cards.get(model.id),
            withdrawals=self._withdrawals.count(model),
            stops_at_s=self._withdrawals.stops_at_s(model),
        )

    def months(self, party: str, model_id: str) -> Sequence[ModelMonth]:
        """Return the monthly reports of a model in service, the newest first."""
        return self._monitoring.list_months(self._owned.model(party, model_id).id)

    def train(self, party: str, name: str) -> Job:
        """Return the job that trains a model of a study; a training in progress is returned.

        Raises:
            NotFound: also if the study is not approved.
        """
        study = self._owned.get_approved(party, name)
        arguments = {"study": study.study, "question": study.question}
        return self._jobs.enqueue("train", arguments, study.study)

    def retrain(self, party: str, model_id: str) -> Job:
        """Return the job that trains the successor of a model on what is permitted now."""
        model = self._owned.model(party, model_id)
        return self._jobs.enqueue("retrain", {"model": model.id}, model.study)

    def evaluate(self, party: str, model_id: str, name: str) -> Job:
        """Return the job that evaluates a model on the patients of another study of the party.

        Raises:
            NotFound: also if the study is not approved, or has another question.
        """
        model, study = self._evaluated(party, model_id, name)
        arguments = {"model": model.id, "study": study.study}
        return self._jobs.enqueue("evaluate", arguments, study.study)

    def evaluate_now(self, party: str, model_id: str, name: str) -> ExternalValidation:
        """Return how well a model predicts for the patients of another study of the party.

        Raises:
            NotFound: as `evaluate`.
            ModelsRefused, CohortTooSmall (models): see `Diagnostics.evaluate`.
        """
        model, study = self._evaluated(party, model_id, name)
        return self._diagnostics.evaluate(model.id, study.study)

    def _evaluated(self, party: str, model_id: str, name: str) -> tuple[Model, Proposal]:
        model, study = self._owned.model(party, model_id), self._owned.get_approved(party, name)
        if study.question != model.question:
            raise NotFound
        return model, study

    def external_validations(self, party: str, model_id: str) -> Sequence[ExternalValidation]:
        """Return the newest external validation of a model on each study."""
        return self._diagnostics.external_validations(self._owned.model(party, model_id).id)

    def external_validation(self, party: str, model_id: str, name: str) -> ExternalValidation:
        """Return the newest external validation of a model on a study, by the study's name.

        Raises:
            NotFound: also if the model was not evaluated on this study.
        """
        for validation in self.external_validations(party, model_id):
            if study_name(validation.content["study"]) == study_name(name):
                return validation
        raise NotFound

    def validation_files(self, party: str, model_id: str, name: str) -> CardFiles:
        """Return an external validation as files.

        Raises:
            NotFound: as `external_validation`.
        """
        report = self.external_validation(party, model_id, name).document()
        return self._cards.report_files(f"{model_id}-{name}", report)

    def retire(self, party: str, model_id: str) -> ModelStatus:
        """Take a model out of service for good; one that has ended stays as it is."""
        self._diagnostics.retire(self._owned.model(party, model_id).id)
        return self.get(party, model_id)

    def files(self, party: str, model_id: str) -> CardFiles:
        """Return a model's card as files."""
        return self._cards.files(self._owned.model(party, model_id).id)

    def compare(self, party: str, name: str) -> Sequence[ModelCard]:
        """Return the newest ten models of a study with their cards, the newest first."""
        models = self._owned.models([self._owned.get(party, name)])
        return [self._cards.get(model.id) for model in models[:MAX_LISTED]]

    def active_job(self, party: str, name: str) -> Job | None:
        """Return the newest job of a study that is queued or running, if there is one."""
        study = self._owned.get(party, name)
        return self._jobs.find_newest(requested_by=study.study, states=ACTIVE)

    def job(self, party: str, name: str, job_id: str) -> Job:
        """Return a job of a study."""
        study = self._owned.get(party, name)
        job = self._jobs.find(job_id)
        if job is None or job.requested_by != study.study:
            raise NotFound
        return job

    def cancel(self, party: str, name: str, job_id: str) -> Job:
        """Ask a job of a study to end; a finished job stays as it is."""
        self._jobs.cancel(self.job(party, name, job_id).id)
        return self.job(party, name, job_id)
