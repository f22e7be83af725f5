"""The interface of models/: questions, studies, training, models, predictions, checks."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa

from consent import Finding
from models.budget import DEFAULT_BUDGET, Budget
from models.card import Card, read_stored_card
from models.card_document import CardDocument, draw_plot
from models.cohort import Cohort, gather_cohort
from models.consent_check import ConsentCheck
from models.corrections import note_corrections
from models.dummy import create_dummy
from models.errors import ModelsNotFound, ModelsRefused
from models.external_validation import (
    ExternalValidation,
    list_external_validations,
    validate_externally,
)
from models.inputs import InputValue
from models.integrity import IntegrityCheck, export_evidence
from models.manifest import Manifest
from models.model_files import CARD, MANIFEST, REPORTS, ModelFiles
from models.monitoring import ModelMonitor
from models.plots import SUFFIXES
from models.ports import Clock, ConsentLedger, Progress, RecordStore, no_progress
from models.prediction import Prediction, PredictionRequest, Predictor
from models.pseudonymised import PseudonymisedRelease, PseudonymisedRequest, create_pseudonymised
from models.question import Question, load_stored_question
from models.question_check import QuestionCheck, check_question
from models.registry import ENDED, UNSERVED, Model, ModelRegistry
from models.release import Release, ReleaseRequest, create_release
from models.scorer import Scorer
from models.serving import DEFAULT_GRACE_S, AffectedModel, ModelServing
from models.studies import Study, StudyRegistry
from models.training import Trainer
from models.training_runs import RUNNING, TrainingRun, TrainingRuns

QUESTIONS: Final = Path(__file__).parent / "questions"


@dataclass(frozen=True)
class Diagnostics:
    """The interface of the package; app.py gives it every port.

    Attributes:
        engine: the database.
        ledger: the consents.
        store: the records.
        home: the folder of the models' files.
        clock: seconds UTC.
        grace_s: how long a model that lost consent may continue to answer.
        question_folders: the folders of question files; a later folder's file wins.
        scorer: runs models in a separate process.
        budget: how much work a training run may do.
    """

    engine: sa.Engine
    ledger: ConsentLedger
    store: RecordStore
    home: Path
    clock: Clock
    grace_s: int = DEFAULT_GRACE_S
    question_folders: tuple[Path, ...] = (QUESTIONS,)
    scorer: Scorer = field(default_factory=Scorer)
    budget: Budget = DEFAULT_BUDGET

    @cached_property
    def _registry(self) -> ModelRegistry:
        return ModelRegistry(self.engine)

    @cached_property
    def _studies(self) -> StudyRegistry:
        return StudyRegistry(self.engine)

    @cached_property
    def _runs(self) -> TrainingRuns:
        return TrainingRuns(self.engine)

    @cached_property
    def _files(self) -> ModelFiles:
        return ModelFiles(self.home)

    @property
    def _consents(self) -> ConsentCheck:
        return ConsentCheck(self.ledger, self.store)

    @cached_property
    def _serving(self) -> ModelServing:
        serving = ModelServing(self._consents, self._registry, self._files, self.clock)
        serving.grace_s = self.grace_s
        serving.on_retired = self.scorer.close
        return serving

    @cached_property
    def _trainer(self) -> Trainer:
        return Trainer(
            ledger=self.ledger,
            store=self.store,
            studies=self._studies,
            runs=self._runs,
            registry=self._registry,
            files=self._files,
            clock=self.clock,
            budget=self.budget,
        )

    @cached_property
    def _predictor(self) -> Predictor:
        return Predictor(self.store, self._serving, self._files, self.scorer)

    @cached_property
    def monitor(self) -> ModelMonitor:
        """Measures drift and calibration of what was served."""
        return ModelMonitor(self.store, self._files, self._runs, self._studies, self.clock)

    def questions(self) -> list[Question]:
        """Return every question, by id.

        Raises:
            DeclarationInvalid: a question file is invalid.
        """
        paths = [path for folder in self.question_folders for path in sorted(folder.glob("*.toml"))]
        by_id = {question.id: question for question in map(Question.load, paths)}
        return [by_id[name] for name in sorted(by_id)]

    def question(self, question_id: str) -> Question:
        """Return a question.

        Raises:
            ModelsNotFound: no question has this id.
        """
        for question in self.questions():
            if question.id == question_id:
                return question
        raise ModelsNotFound(f"no question {question_id}")

    def add_study(self, study: Study) -> None:
        """Register a study; repeating the call changes nothing.

        Raises:
            ModelsInvalid: the id is not a study's, or another study has it.
        """
        self._studies.add(study)

    def studies(self) -> list[Study]:
        """Return every study, by id."""
        return self._studies.all()

    def training_runs(self) -> list[TrainingRun]:
        """Return every training run, oldest first."""
        return self._runs.all()

    def runs_of(self, study_ids: Sequence[str]) -> list[TrainingRun]:
        """Return the training runs of these studies, oldest first."""
        return self._runs.of_studies(study_ids)

    def gather(self, study_id: str, question_id: str) -> Cohort:
        """Return what the study may train on now; see `models.cohort.gather_cohort`."""
        self._studies.require_open(study_id, self.clock())
        return gather_cohort(self.store, self.question(question_id), study_id)

    def train(self, study_id: str, question_id: str, progress: Progress = no_progress) -> Model:
        """Return the active model of a new run.

        Raises:
            ModelsNotFound: the study or the question does not exist.
            ModelsRefused: the study has ended.
            ModelsError: see `models.training.Trainer.train`.
        """
        self._studies.require_open(study_id, self.clock())
        return self._start_run(study_id, self.question(question_id).text, None, progress)

    def retrain(self, model_id: str, progress: Progress = no_progress) -> Model:
        """Return the active successor, trained from scratch on what is permitted now.

        The question is the one that the model was made for, word for word; the file of the old
        model is destroyed when the successor is active.

        Raises:
            ModelsRefused: the model was never active, has a successor, or its study has ended.
            ModelsError: see `train`.
        """
        model = self._registry.get(model_id)
        if model.state in UNSERVED or model.successor is not None:
            raise ModelsRefused(f"model {model_id} is {model.state} and cannot be replaced")
        self._studies.require_open(model.study, self.clock())
        return self._start_run(model.study, model.question_text, model_id, progress)

    def _start_run(
        self, study: str, text: str, predecessor: str | None, progress: Progress
    ) -> Model:
        run = self._runs.start(
            study=study,
            question=load_stored_question(text).id,
            question_text=text,
            predecessor=predecessor,
            started_at_s=int(self.clock()),
        )
        return self.resume(run.id, progress)

    def resume(self, run_id: int, progress: Progress = no_progress) -> Model:
        """Return the active model of an interrupted run.

        Raises:
            ModelsRefused: the run has ended.
            ModelsError: see `train`.
        """
        run = self._runs.get(run_id)
        if run.state != RUNNING:
            raise ModelsRefused(f"training run {run_id} is {run.state}")
        model = self._trainer.train(run, progress)
        # The process may hold a model that this one replaced.
        self.scorer.close()
        return model

    def models(self) -> list[Model]:
        """Return every model in any state, oldest first."""
        return self._registry.all()

    def model(self, model_id: str) -> Model:
        """Return a model.

        Raises:
            ModelsNotFound: the model does not exist.
        """
        return self._registry.get(model_id)

    def serving_model(self, question_id: str) -> Model:
        """Return the model that serves a question; see `ModelRegistry.serving_model`.

        Raises:
            ModelsNotFound: no model is in service for it.
        """
        return self._registry.serving_model(question_id)

    def card(self, model_id: str) -> Card:
        """Return the card of a model; it is kept when the model is destroyed.

        Raises:
            ModelsNotFound: the model does not exist.
            ModelsBroken: the file is not a card.
        """
        return read_stored_card(self._files.read(self._registry.get(model_id).id, CARD))[0]

    def manifest(self, model_id: str) -> Manifest:
        """Return the manifest of a model; it is kept when the model is destroyed.

        Raises:
            ModelsNotFound: the model does not exist.
            ModelsBroken: the file is not a manifest.
        """
        return Manifest.from_json(self._files.read(self._registry.get(model_id).id, MANIFEST))

    def evaluate(self, model_id: str, study_id: str) -> ExternalValidation:
        """Return how well a model predicts for the patients of another study; it is stored.

        Raises:
            ModelsNotFound: the model or the study does not exist.
            ModelsRefused: the study has ended, or trained the model, or its people are too close to
                those of earlier figures.
            ConsentsChanged: a consent ended meanwhile.
            CohortTooSmall: see `models.external_validation.validate_externally`.
        """
        self._studies.require_open(study_id, self.clock())
        model = self._registry.get(model_id)
        return validate_externally(self._consents, self._files, self._runs, model, study_id)

    def external_validations(self, model_id: str) -> list[ExternalValidation]:
        """Return the newest external validation of a model on each study.

        Raises:
            ModelsNotFound: the model does not exist.
        """
        return list_external_validations(self._files, self._registry.get(model_id).id)

    def picture(self, model_id: str, name: str) -> bytes:
        """Return a plot of the card, drawn on first use.

        `name` is one of `models.plots.list_plots`, with .svg or .png.

        Raises:
            ModelsNotFound: the model or the plot does not exist.
        """
        card = self.card(model_id)
        if not name.endswith(SUFFIXES):
            raise ModelsNotFound(f"no plot {name}")
        return self._files.read_or_make(model_id, name, lambda: draw_plot(card.content, name))

    def report_picture(self, report: CardDocument, name: str) -> bytes:
        """Return a plot of a report, drawn on first use; ModelsNotFound if there is none."""
        stored = f"{report.mark}-{name}"
        return self._files.read_or_make(REPORTS, stored, lambda: report.draw(name))

    def apply_withdrawals(self) -> list[AffectedModel]:
        """Mark the models in service that lost consent, and return them.

        Those whose grace period has ended are retired and not returned.
        """
        return self._serving.apply_withdrawals()

    def retire(self, model_id: str) -> Model:
        """Take a model out of service for good, destroy its file and return it.

        A model that has ended stays as it is.

        Raises:
            ModelsNotFound: the model does not exist.
        """
        if self._registry.get(model_id).state not in ENDED:
            self._serving.retire(model_id)
        return self._registry.get(model_id)

    def apply_corrections(self, record_ids: Sequence[str]) -> list[AffectedModel]:
        """Mark the active models that were trained on one of these records, and return them.

        Call it after a value of the records was corrected or deleted; their grace period begins,
        as after a withdrawal. The model of a run under way is marked when it becomes active.
        """
        corrected = note_corrections(self._files, self._runs, self.store, record_ids)
        return self._serving.apply_corrections(
            lambda model_id: any(line.record in corrected for line in self.manifest(model_id).lines)
        )

    def lost_patients(self, model_id: str) -> int:
        """Return of how many patients a model, in any state, was trained who permit it no longer.

        Raises:
            ModelsNotFound, ModelsBroken: see `manifest`.
        """
        study = self._registry.get(model_id).study
        lost = self._consents.find_lost(study, self.manifest(model_id))
        return len({line.patient for line in lost})

    def models_trained_under(self, consent_ids: list[bytes]) -> list[Model]:
        """Return the models in any state that were trained under any of these consents."""
        return self._registry.models_trained_under(consent_ids)

    def predict(self, request: PredictionRequest) -> Prediction:
        """Return one prediction; see `models.prediction.Predictor.predict` for the errors."""
        return self._predictor.predict(request)

    def input_values(self, request: PredictionRequest) -> tuple[InputValue, ...]:
        """Return the values that the model would receive; the access is journalled by then.

        Raises:
            StorageNotFound: the patient does not exist, or none of the records is permitted.
        """
        question = load_stored_question(self._registry.get(request.model_id).question_text)
        return self._predictor.input_values(question, request)

    def release(self, question_id: str, request: ReleaseRequest) -> Release:
        """Return a training set for export; see `models.release.create_release`."""
        self._studies.require_open(request.study, self.clock())
        return create_release(self.store, self.question(question_id), request)

    def pseudonymise(self, question_id: str, request: PseudonymisedRequest) -> PseudonymisedRelease:
        """Return a pseudonymised copy; see `models.pseudonymised.create_pseudonymised`."""
        self._studies.require_open(request.study, self.clock())
        return create_pseudonymised(self.store, self.question(question_id), request)

    def dummy(self, question_id: str) -> bytes:
        """Return dummy data in the layout of a copy; see `models.dummy.create_dummy`.

        Raises:
            ModelsNotFound: no question has this id.
        """
        return create_dummy(self.question(question_id))

    def check_question(self, study_id: str, question: Question) -> QuestionCheck:
        """Return which codes of a question the records that the study may use have.

        The question need not be installed; the records are opened for training, and journalled.

        Raises:
            ModelsNotFound, ModelsRefused: the study does not exist, or has ended.
        """
        self._studies.require_open(study_id, self.clock())
        return check_question(self.store, question, study_id)

    def check(self, progress: Callable[[str], None] | None = None) -> list[Finding]:
        """Return the findings of the integrity check; an empty list means no problems."""
        check = IntegrityCheck(self.ledger, self._consents, self._registry, self._files)
        return check.run(progress)

    def evidence(self, model_ids: Container[str] | None = None) -> Iterator[dict[str, Any]]:
        """Yield every manifest and card; see `export_evidence`."""
        return export_evidence(self._registry, self._files, model_ids)

    def close(self) -> None:
        """End the process that runs models."""
        self.scorer.close()
