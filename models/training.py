"""Trains a model: gather, fit, evaluate, check the gate and the ledger, publish, activate."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from models.assessment import assess
from models.booster import fit
from models.budget import DEFAULT_BUDGET, Budget
from models.card import Card
from models.card_content import TrainingResult, create_card, describe_model_before
from models.cohort import Cohort, build_matrix, gather_cohort, list_common_codes
from models.consent_check import ConsentCheck
from models.corrections import was_corrected
from models.data_checks import Predictors, check_data, name_persons
from models.development import Conditions, develop
from models.earlier_groups import (
    EarlierGroup,
    choose_left_out,
    find_groups,
    keep_people,
    leave_out,
)
from models.errors import (
    CohortTooSmall,
    ConsentsChanged,
    GateClosed,
    ModelsBroken,
    ModelsError,
    ModelsInvalid,
    ModelsNotFound,
    RunCancelled,
)
from models.features import Matrix
from models.manifest import HELD_OUT_PART, TRAINING_PART, Manifest
from models.model_files import CARD, MANIFEST, MODEL, ModelFiles
from models.ports import Clock, ConsentLedger, Progress, RecordStore
from models.question import Question, load_stored_question
from models.registry import (
    ACTIVE,
    AFFECTED,
    ENDED,
    PUBLISHED,
    REPLACED,
    SERVING,
    TRAINED,
    UNSERVED,
    Model,
    ModelRegistry,
)
from models.repeated_figures import repeat_in_card, repeat_in_data
from models.splits import split_patients
from models.studies import StudyRegistry
from models.suppression import MIN_COUNT
from models.training_report import describe_data, make_report
from models.training_runs import DONE, FAILED, REFUSED, STOPPED, TrainingRun, TrainingRuns
from storage import Record

STEPS: Final = ("gather", "fit", "evaluate", "publish", "activate")
_MAX_ATTEMPTS: Final = 5

_Prepared = tuple[Cohort, Matrix, Predictors, list[EarlierGroup]]


def recompute(
    manifest: Manifest,
    records: Mapping[str, Record],
    question: Question,
    study: str = "",
    budget: Budget = DEFAULT_BUDGET,
) -> str:
    """Return the sha-256 that the manifest's model must have, from its records alone.

    Anyone with the records of the training lines, by their keyed hashes, gets the bytes that were
    published; records that are not in the manifest cannot have influenced them. Search and
    recalibration are repeated too. A manifest with a held-out part is of a model that was fitted
    with the question's parameters alone.

    Args:
        manifest: of the model.
        records: by keyed hash.
        question: word for word as it was.
        study: that trained the model; it names the draw of the folds.
        budget: that the card states.

    Raises:
        KeyError: a record of a training line is not among `records`.
    """
    rows = build_matrix(question, manifest, records, TRAINING_PART)
    if manifest.patients(HELD_OUT_PART):
        return hashlib.sha256(fit(rows, question, manifest.seed)).hexdigest()
    predictors = Predictors.of(rows, question, compares_gaps=budget.compares_gaps)
    patients = manifest.patients(TRAINING_PART)
    persons = name_persons(predictors, patients)
    conditions = Conditions(study, budget, manifest.seed, tuple(patients))
    return develop(rows, persons, question, conditions).sha256


@dataclass(frozen=True, slots=True, kw_only=True)
class Trainer:
    """Trains models; one call of `train` finishes one run."""

    ledger: ConsentLedger
    store: RecordStore
    studies: StudyRegistry
    runs: TrainingRuns
    registry: ModelRegistry
    files: ModelFiles
    clock: Clock
    budget: Budget = DEFAULT_BUDGET

    def train(self, run: TrainingRun, progress: Progress) -> Model:
        """Return the active model of the run; an interrupted run continues where it can.

        It is affected at once if a record that it learned from was corrected meanwhile.

        The ledger is asked when the cohort is gathered, before the fit, before publication and
        before activation; if a consent was lost in between, the cohort is gathered again.

        Raises:
            CohortTooSmall: there are too few permitted patients.
            GateClosed: the model does not meet the gate; the run's report and manifest are kept.
            ConsentsChanged: consents were lost during every attempt.
            RunCancelled: `progress` cancelled the run.
            StorageError, ConsentError: a part is unavailable; the run can be resumed.
        """
        try:
            model = self._make(run, progress)
        except ModelsError as exc:
            states = {RunCancelled: STOPPED, GateClosed: REFUSED, CohortTooSmall: REFUSED}
            ended = {"state": states.get(type(exc), FAILED), "ended_at_s": self._now_s()}
            report = None
            with self.files.comparing():
                self._discard(run)
                if isinstance(exc, GateClosed):
                    report, exc.run = json.dumps(exc.report), run.model_id
                    if exc.people is not None:  # for `find_groups`, before anybody sees the figures
                        keep_people(self.files, run.model_id, exc.people)
            self.runs.update(run.id, note=str(exc), report=report, **ended)
            raise
        self.runs.update(run.id, state=DONE, step="activate", ended_at_s=self._now_s())
        return model

    def _now_s(self) -> int:
        return int(self.clock())

    def _make(self, run: TrainingRun, progress: Progress) -> Model:
        question = load_stored_question(run.question_text)
        for _ in range(_MAX_ATTEMPTS):
            model = self.registry.find(run.model_id)
            if model is None or model.state in ENDED:
                cohort = self._gather(run, question, progress)
                model = self._fit(run, question, cohort, progress)
            try:
                if model is not None and self._publish(run, model, progress):
                    return self.registry.get(run.model_id)
            except ModelsNotFound:
                pass  # it lost a consent, and another process has destroyed it meanwhile
            self._discard(run)
        raise ConsentsChanged(f"consents of run {run.id} changed during every attempt. Try again.")

    def _step(self, run: TrainingRun, progress: Progress, step: str) -> None:
        progress(step, STEPS.index(step), len(STEPS))
        self.runs.update(run.id, step=step)

    def _gather(self, run: TrainingRun, question: Question, progress: Progress) -> Cohort:
        self._step(run, progress, "gather")
        self.studies.require_open(run.study, self.clock())
        cohort = gather_cohort(self.store, question, run.study)
        patients = {line.patient for line in cohort.manifest.lines}
        if len(patients) < question.gate.min_patients:
            # The message does not say how many there are: a small count of patients is hidden.
            minimum = question.gate.min_patients
            raise CohortTooSmall(f"too few permitted patients: fewer than {minimum}")
        return cohort

    def _fit(
        self, run: TrainingRun, question: Question, cohort: Cohort, progress: Progress
    ) -> Model | None:
        """Store the trained model; None if a consent was lost since the cohort was gathered."""
        self._step(run, progress, "fit")
        earlier = self.runs.count_earlier(run)
        cohort, matrix, predictors, figures = self._prepare(run, question, cohort)
        if self._has_lost_consent(run, cohort.manifest):
            return None
        patients = cohort.manifest.patients(TRAINING_PART)
        budget = self.budget.for_patients(len(matrix.labels))
        conditions = Conditions(run.study, budget, cohort.manifest.seed, tuple(patients))
        persons = name_persons(predictors, patients)
        development = develop(matrix, persons, question, conditions)
        self._step(run, progress, "evaluate")
        parts = split_patients(question, cohort, matrix)
        assessment = assess(matrix, patients, question, development, parts)
        result = TrainingResult(
            cohort=cohort,
            matrix=matrix,
            development=development,
            assessment=assessment,
            earlier=earlier,
            budget=budget,
            before=self._describe_before(run),
        )
        card, failures = repeat_in_card(
            figures, create_card(run, question, result), assessment.failures
        )
        if failures:
            raise GateClosed(failures, make_report(failures, card.content), cohort)
        return self._store(run, card, result)

    def _prepare(self, run: TrainingRun, question: Question, cohort: Cohort) -> _Prepared:
        """Return whom the model learns from; the gate closes if their data have flaws."""
        people = cohort.manifest.patients(TRAINING_PART)
        with self.files.comparing():
            groups = find_groups(self.files, self.runs, run, cohort)
            left_out = choose_left_out(groups, people, question.gate.min_patients)
            smaller = leave_out(cohort, left_out)
            keep_people(self.files, run.model_id, smaller)  # a run at the same time compares them
        matrix = build_matrix(question, smaller.manifest, smaller.records, TRAINING_PART)
        _require_one_row_each(matrix)
        _require_outcomes(matrix)
        predictors = Predictors.of(matrix, question)
        figures = [group for group in groups if group.may_be_repeated]
        flaws = check_data(matrix, question, list_common_codes(smaller), predictors)
        if flaws:
            counts = describe_data(smaller, matrix, self.runs.count_earlier(run))
            stated, failures = repeat_in_data(figures, counts, flaws)
            raise GateClosed(failures, make_report(failures, stated), smaller)
        return smaller, matrix, predictors, figures

    def _describe_before(self, run: TrainingRun) -> dict[str, Any] | None:
        """Return the figures of the model that this run would replace; None if there is none.

        A card that cannot be read, which `verify` reports, does not stop the run: only the id of
        its model is known then.
        """
        trained = (run.study, run.question)
        served = [model for model in self.registry.all() if model.state not in UNSERVED]
        before = [model.id for model in served if (model.study, model.question) == trained]
        if not before:
            return None
        try:
            return describe_model_before(Card.from_json(self.files.read(before[-1], CARD)))
        except (ModelsNotFound, ModelsBroken, KeyError, ValueError):
            return {"id": before[-1]}

    def _store(self, run: TrainingRun, card: Card, result: TrainingResult) -> Model:
        manifest = result.cohort.manifest
        self.files.write(run.model_id, MODEL, result.development.raw)
        self.files.write(run.model_id, CARD, card.to_json())
        model = Model(
            id=run.model_id,
            study=run.study,
            question=run.question,
            question_text=run.question_text,
            sha256=result.development.sha256,
            card_sha256=card.sha256,
            manifest_root=manifest.root.hex(),
            trained_at_s=self._now_s(),
            predecessor=run.predecessor,
        )
        self.registry.add(model, result.cohort.consents())
        return model

    def _publish(self, run: TrainingRun, model: Model, progress: Progress) -> bool:
        """Publish and activate the model; False if a consent was lost before either."""
        manifest = Manifest.from_json(self.files.read(model.id, MANIFEST))
        if model.state == TRAINED:
            self._step(run, progress, "publish")
            if self._has_lost_consent(run, manifest):
                return False
            root = bytes.fromhex(model.manifest_root)
            self.ledger.anchor("manifest", root, len(manifest.lines))
            self.ledger.anchor("card", bytes.fromhex(model.card_sha256), 1)
            self.registry.change_state(model.id, PUBLISHED, self._now_s())
        if self.registry.get(model.id).state == PUBLISHED:
            self._step(run, progress, "activate")
            if self._has_lost_consent(run, manifest):
                return False
            self.registry.change_state(model.id, ACTIVE, self._now_s())
        self._mark_if_corrected(model, manifest)
        self._replace_others(model)
        return True

    def _mark_if_corrected(self, model: Model, manifest: Manifest) -> None:
        """Mark a model as affected if a record was corrected after it was read.

        The cohort is not gathered again: corrections come often, and a run would never end.
        """
        is_active = self.registry.get(model.id).state == ACTIVE
        if is_active and was_corrected(self.files, model.id, manifest):
            self.registry.change_state(model.id, AFFECTED, self._now_s())

    def _has_lost_consent(self, run: TrainingRun, manifest: Manifest) -> bool:
        return bool(ConsentCheck(self.ledger, self.store).find_lost(run.study, manifest))

    def _replace_others(self, model: Model) -> None:
        """End every other model of this study and question: one at a time is in use."""
        for other in self.registry.all():
            is_same = (other.study, other.question) == (model.study, model.question)
            if not is_same or other.id == model.id:
                continue
            if other.state in SERVING:
                self.registry.change_state(other.id, REPLACED, self._now_s(), model.id)
            # Also after a crash between the two: the file goes whenever its model has ended.
            if self.registry.get(other.id).state in ENDED:
                self.files.destroy_model(other.id)

    def _discard(self, run: TrainingRun) -> None:
        """Remove every trace of a model that was never active."""
        model = self.registry.find(run.model_id)
        if model is None or model.state in UNSERVED:
            self.files.destroy_all(run.model_id)
            self.registry.delete_unserved(run.model_id)


def _require_one_row_each(matrix: Matrix) -> None:
    if matrix.people is not None:
        # Folds and the privacy attack name one row a patient.
        raise ModelsInvalid("a model has one row a patient: set take of [index] to first or last")


def _require_outcomes(matrix: Matrix) -> None:
    events = int(matrix.labels.sum())
    if min(events, len(matrix.labels) - events) < MIN_COUNT:
        message = (
            f"fewer than {MIN_COUNT} people have the outcome, or fewer than {MIN_COUNT} do not; "
            "train again when more people permit it"
        )
        raise CohortTooSmall(message)
