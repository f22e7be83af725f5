"""The diagnostics as one object: questions, studies, runs, models, answers, checks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa

import storage
from consent import Finding
from models.card import Card
from models.cohort import Cohort, gather
from models.errors import ModelsNotFound, ModelsRefused
from models.files import CARD, MANIFEST, Files
from models.inputs import InputValue, input_values
from models.manifest import Manifest
from models.plots import draw
from models.ports import Clock, ConsentLedger, Progress, RecordStore, silent
from models.prediction import Clinic, Prediction, PredictionRequest, predict
from models.question import DIAGNOSIS, Question, remembered
from models.registry import PUBLISHED, TRAINED, Model, Registry
from models.release import Release, ReleaseRequest, release
from models.scorer import Scorer
from models.serving import AffectedModel, Serving
from models.soundness import check, evidence
from models.studies import RUNNING, Studies, Study, TrainingRun
from models.training import Workshop, train
from storage import AccessRequest

QUESTIONS: Final = Path(__file__).parent / "questions"
DEFAULT_GRACE_S: Final = 30 * 86_400


@dataclass(frozen=True)
class Diagnostics:
    """The front door; app.py hands it everything that it works with.

    Attributes:
        engine: the database.
        law: the consents.
        safe: the records.
        home: the folder of the models' files.
        clock: seconds UTC.
        grace_s: how long a model that lost consent may go on answering.
        question_folders: where question files lie; a later folder's file wins.
    """

    engine: sa.Engine
    ledger: ConsentLedger
    store: RecordStore
    home: Path
    clock: Clock
    grace_s: int = DEFAULT_GRACE_S
    question_folders: tuple[Path, ...] = (QUESTIONS,)
    scorer: Scorer = field(default_factory=Scorer)

    @cached_property
    def _registry(self) -> Registry:
        return Registry(self.engine)

    @cached_property
    def _studies(self) -> Studies:
        return Studies(self.engine)

    @cached_property
    def _files(self) -> Files:
        return Files(self.home)

    @cached_property
    def _serving(self) -> Serving:
        serving = Serving(self.ledger, self._registry, self._files, self.clock)
        serving.grace_s = self.grace_s
        serving.on_end = self.scorer.close
        return serving

    @cached_property
    def _workshop(self) -> Workshop:
        return Workshop(
            self.ledger, self.store, self._studies, self._registry, self._files, self.clock
        )

    def questions(self) -> list[Question]:
        """Return every question, by id.

        Raises:
            DeclarationInvalid: a file makes no sense.
        """
        paths = [path for folder in self.question_folders for path in sorted(folder.glob("*.toml"))]
        found = {one.id: one for one in map(Question.load, paths)}
        return [found[name] for name in sorted(found)]

    def question(self, question_id: str) -> Question:
        """Return a question.

        Raises:
            NotFound: there is none of this id.
        """
        found = {one.id: one for one in self.questions()}
        if question_id not in found:
            raise ModelsNotFound(f"no question {question_id}")
        return found[question_id]

    def add_study(self, study: Study) -> None:
        """Write down a study; the same again changes nothing.

        Raises:
            BadlyAsked: the id is no study's, or another study has it.
        """
        self._studies.add(study)

    def studies(self) -> list[Study]:
        """Return every study, by id."""
        return self._studies.all()

    def training_runs(self) -> list[TrainingRun]:
        """Return every run, oldest first, each with what became of it."""
        return self._studies.runs()

    def gather(self, study_id: str, question_id: str) -> Cohort:
        """Return what the study may learn from now; see `models.cohort.gather`."""
        self._studies.require_open(study_id, self.clock())
        return gather(self.store, self.question(question_id), study_id)

    def train(self, study_id: str, question_id: str, progress: Progress = silent) -> Model:
        """Return the active model of a new run; see `models.training.train` for what it raises."""
        self._studies.require_open(study_id, self.clock())
        return self._run(study_id, self.question(question_id).text, None, progress)

    def retrain(self, model_id: str, progress: Progress = silent) -> Model:
        """Return the active successor, trained from scratch on what is permitted now.

        The question is the one that the model was made for, word for word; the old model's file is
        destroyed when its successor answers.
        """
        model = self._registry.get(model_id)
        if model.state in (TRAINED, PUBLISHED) or model.successor is not None:
            raise ModelsRefused(f"model {model_id} is {model.state}: it cannot be replaced")
        self._studies.require_open(model.study, self.clock())
        return self._run(model.study, model.question_text, model_id, progress)

    def _run(self, study: str, text: str, predecessor: str | None, progress: Progress) -> Model:
        question = Question.parse(text, "kept question")
        row = {
            "study": study,
            "question": question.id,
            "question_text": text,
            "predecessor": predecessor,
            "started_at_s": int(self.clock()),
        }
        return self.resume(self._studies.begin(row).id, progress)

    def resume(self, run_id: int, progress: Progress = silent) -> Model:
        """Return the model of a run that was interrupted; one that is over is refused."""
        run = self._studies.run(run_id)
        if run.state != RUNNING:
            raise ModelsRefused(f"run {run_id} is {run.state}")
        made = train(self._workshop, run, progress)
        if made.predecessor is not None:
            self.scorer.close()
        return made

    def models(self) -> list[Model]:
        """Return every model, whatever its state, oldest first."""
        return self._registry.all()

    def model(self, model_id: str) -> Model:
        """Return a model.

        Raises:
            NotFound: no such model.
        """
        return self._registry.get(model_id)

    def serving_model(self, question_id: str) -> Model:
        """Return the newest model that answers a question.

        Raises:
            NotFound: none does.
        """
        return self._registry.serving_model(question_id)

    def card(self, model_id: str) -> Card:
        """Return a model's card; it outlives the model.

        Raises:
            NotFound: no such model.
            Broken: the file is not a card.
        """
        return Card.from_json(self._files.read(self._registry.get(model_id).id, CARD))

    def manifest(self, model_id: str) -> Manifest:
        """Return a model's manifest; it outlives the model.

        Raises:
            NotFound: no such model.
            Broken: the file is not a manifest.
        """
        return Manifest.from_json(self._files.read(self._registry.get(model_id).id, MANIFEST))

    def picture(self, model_id: str, name: str) -> bytes:
        """Return one of the card's pictures, drawn when it is first asked for.

        `name` is calibration, decision, contributions, distributions or groups, with .svg or .png.

        Raises:
            NotFound: no such model, or no such picture.
        """
        card = self.card(model_id)
        try:
            return self._files.read(model_id, name if name.endswith((".svg", ".png")) else "")
        except ModelsNotFound:
            drawn = draw(card, name)
        if drawn is None:
            raise ModelsNotFound(f"no picture {name}")
        self._files.write(model_id, name, drawn)
        return drawn

    def apply_withdrawals(self) -> list[AffectedModel]:
        """Return the models in service that lost consent; those past their grace are ended now."""
        return self._serving.apply_withdrawals()

    def models_trained_under(self, consent_ids: list[bytes]) -> list[Model]:
        """Return every model, over or not, that learned by one of these consents."""
        return self._registry.models_trained_under(consent_ids)

    def predict(self, asked: PredictionRequest) -> Prediction:
        """Return one answer; see `models.prediction.diagnose` for what it raises."""
        return predict(Clinic(self.store, self._serving, self._files, self.scorer), asked)

    def input_values(self, asked: PredictionRequest) -> tuple[InputValue, ...]:
        """Return what the model would be given; opening the records for it is in the journal.

        Raises:
            NotFound (storage): no such patient, or none of the records is permitted.
        """
        question = remembered(self._registry.get(asked.model_id).question_text)
        who = None, (asked.subject,), asked.reason, asked.actor
        gathered = self.store.vault.gather(
            AccessRequest(asked.party, DIAGNOSIS, question.categories, *who)
        )
        if not gathered.records:
            raise storage.StorageNotFound("no such patient, or not for you")
        return input_values(question, gathered.records)

    def release(self, question_id: str, asked: ReleaseRequest) -> Release:
        """Return a training set that may leave; see `models.release.release`."""
        self._studies.require_open(asked.study, self.clock())
        return release(self.store, self.question(question_id), asked)

    def check(self, progress: Callable[[str], None] | None = None) -> list[Finding]:
        """Return what does not fit together; nothing is good."""
        return check(self._workshop, progress)

    def evidence(self) -> Iterator[dict[str, Any]]:
        """Yield every manifest and card, for whoever wants to check them without us."""
        return evidence(self._workshop)

    def close(self) -> None:
        """End the process that runs models."""
        self.scorer.close()
