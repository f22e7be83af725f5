"""One run: gather, fit, evaluate, pass the gate, ask the ledger again, publish, activate."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from models.booster import Booster, Probabilities, fit
from models.card import Card
from models.cohort import Cohort, gather, matrix
from models.errors import CohortTooSmall, ConsentsChanged, GateClosed, ModelsError, RunCancelled
from models.evaluation import Attack, Evaluation, evaluate, membership
from models.features import Matrix
from models.files import CARD, MANIFEST, MODEL, Files
from models.leaks import suspects
from models.manifest import HELD_OUT_PART, TRAINING_PART, Manifest
from models.ports import Clock, ConsentLedger, Progress, RecordStore
from models.question import Question, remembered
from models.registry import ACTIVE, OVER, PUBLISHED, REPLACED, TRAINED, Model, Registry
from models.report import Made, write_card
from models.studies import DONE, FAILED, REFUSED, STOPPED, Studies, TrainingRun
from models.subgroups import subgroups
from models.suppression import MIN_COUNT
from storage import Record

STEPS: Final = ("gather", "fit", "evaluate", "publish", "activate")
_MOST_GATHERINGS: Final = 5

_Z_95: Final = 1.96
_MOST_SLOPE_ERROR: Final = 0.35


@dataclass(frozen=True, slots=True)
class Workshop:
    """Everything that a run works with."""

    ledger: ConsentLedger
    store: RecordStore
    studies: Studies
    registry: Registry
    files: Files
    clock: Clock

    def now_s(self) -> int:
        """Return the time in whole seconds UTC."""
        return int(self.clock())


def recompute(manifest: Manifest, records: Mapping[str, Record], question: Question) -> str:
    """Return the sha-256 that the manifest's model must have, from its records alone.

    Whoever holds the records of the training lines, found by their keyed hashes, gets the very
    bytes that were published; records that are not on the manifest cannot have touched them.
    """
    return hashlib.sha256(_fit(manifest, records, question)).hexdigest()


def _fit(manifest: Manifest, records: Mapping[str, Record], question: Question) -> bytes:
    rows = matrix(question, manifest, records, TRAINING_PART)
    return fit(rows, question, manifest.seed)


def train(workshop: Workshop, run: TrainingRun, progress: Progress) -> Model:
    """Return the active model that the run made; a run that was killed goes on where it can.

    The ledger is asked when the cohort is gathered, before the fit, before publishing and before
    activation; whenever a consent was lost in between, the cohort is gathered anew.

    Raises:
        CohortTooSmall: too few permitted patients.
        GateClosed: the model is not good enough, or remembers too much; nothing is kept of it.
        ConsentsChanged: consents were lost at every attempt.
        RunCancelled: `progress` said so.
    """
    try:
        model = _made(workshop, run, progress)
    except ModelsError as exc:
        _forget(workshop, run)
        state = {RunCancelled: STOPPED, GateClosed: REFUSED, CohortTooSmall: REFUSED}
        ended = {"state": state.get(type(exc), FAILED), "note": str(exc)}
        workshop.studies.note(run.id, **ended, ended_at_s=workshop.now_s())
        raise
    workshop.studies.note(run.id, state=DONE, step="activate", ended_at_s=workshop.now_s())
    return model


def _made(workshop: Workshop, run: TrainingRun, progress: Progress) -> Model:
    question = remembered(run.question_text)
    for _ in range(_MOST_GATHERINGS):
        found = workshop.registry.find(run.model_id)
        if found is None or found.state in OVER:
            cohort = _gathered(workshop, run, question, progress)
            found = _fitted(workshop, run, cohort, progress)
        if found is not None and _published(workshop, run, found, progress):
            return workshop.registry.get(run.model_id)
        _forget(workshop, run)
    raise ConsentsChanged(f"consents of run {run.id} changed during every attempt. Start it again.")


def _step(workshop: Workshop, run: TrainingRun, progress: Progress, step: str) -> None:
    progress(step, STEPS.index(step), len(STEPS))
    workshop.studies.note(run.id, step=step)


def _gathered(
    workshop: Workshop, run: TrainingRun, question: Question, progress: Progress
) -> Cohort:
    _step(workshop, run, progress, "gather")
    workshop.studies.require_open(run.study, workshop.clock())
    cohort = gather(workshop.store, question, run.study)
    parts = [cohort.manifest.patients(part) for part in (TRAINING_PART, HELD_OUT_PART)]
    if len(parts[0]) + len(parts[1]) < question.gate.min_patients:
        # How many there are is not said: it is a count of patients, and a small one.
        raise CohortTooSmall(f"fewer than {question.gate.min_patients} permitted patients")
    return cohort


def _fitted(
    workshop: Workshop, run: TrainingRun, cohort: Cohort, progress: Progress
) -> Model | None:
    """Write down the trained model, or return None if a consent was lost since the gathering."""
    _step(workshop, run, progress, "fit")
    question = remembered(run.question_text)
    held = matrix(question, cohort.manifest, cohort.records, HELD_OUT_PART)
    rows = matrix(question, cohort.manifest, cohort.records, TRAINING_PART)
    _require_outcomes(rows, held)
    if workshop.ledger.find_ended(cohort.consents()):
        return None
    raw = fit(rows, question, cohort.manifest.seed)
    _step(workshop, run, progress, "evaluate")
    evaluation, attack, importance = _tried(raw, question, rows, held)
    failures = closed(question, evaluation, attack) + suspects(_both(rows, held), question)
    if failures:
        raise GateClosed(failures)
    made = Made(raw, cohort, rows, held, evaluation, attack, importance)
    card = write_card(run, question, made)
    return _kept(workshop, run, made, card)


def _require_outcomes(*parts: Matrix) -> None:
    for part in parts:
        events = int(part.labels.sum())
        if min(events, len(part.labels) - events) < MIN_COUNT:
            raise CohortTooSmall("too few patients with, or without, the label to try a model on")


def _both(rows: Matrix, held: Matrix) -> Matrix:
    values = np.concatenate([rows.values, held.values])
    return Matrix(values, np.concatenate([rows.labels, held.labels]))


def _tried(
    raw: bytes, question: Question, rows: Matrix, held: Matrix
) -> tuple[Evaluation, Attack, list[float]]:
    booster = Booster(raw)

    def told(part: Matrix) -> Probabilities:
        return booster.predict(part.values[:, question.predictors()])

    tried = told(held)
    groups = subgroups(question, held)
    evaluation = evaluate(held.labels, tried, groups, question.thresholds)
    attack = membership((rows.labels, told(rows)), (held.labels, tried))
    log_odds = booster.contributions(held.values[:, question.predictors()])[:, :-1]
    return evaluation, attack, np.abs(log_odds).mean(axis=0).tolist()


def closed(question: Question, evaluation: Evaluation, attack: Attack) -> tuple[str, ...]:
    """Return, in words, every condition of the publish gate that the model fails; none is good."""
    gate = question.gate
    # Held-out patients are a sample: a bound is broken when the 95 % interval lies beyond it. So
    # that a wide interval opens no gate, there must be enough outcomes to judge by.
    slope, slope_by = evaluation.slope, _Z_95 * evaluation.slope_error
    large, large_by = abs(evaluation.intercept), _Z_95 * evaluation.intercept_error
    conditions = (
        (
            attack.auroc <= gate.max_attack_auroc,
            f"membership attack AUROC {attack.auroc:.3f}, at most {gate.max_attack_auroc:g}",
        ),
        (
            attack.tpr_at_1_percent_fpr <= gate.max_attack_tpr,
            f"membership attack finds {attack.tpr_at_1_percent_fpr:.3f} at 1 % false alarms, "
            f"at most {gate.max_attack_tpr:g}",
        ),
        (
            gate.min_slope <= slope + slope_by and slope - slope_by <= gate.max_slope,
            f"calibration slope {slope:.2f} ± {slope_by:.2f}, "
            f"{gate.min_slope:g} to {gate.max_slope:g}",
        ),
        (
            large - large_by <= gate.max_intercept,
            f"calibration in the large {evaluation.intercept:.2f} ± {large_by:.2f}, "
            f"at most {gate.max_intercept:g} either way",
        ),
        (
            evaluation.slope_error <= _MOST_SLOPE_ERROR,
            f"too few outcomes to judge calibration by: slope ± {slope_by:.2f}, "
            f"at most {_Z_95 * _MOST_SLOPE_ERROR:.2f}",
        ),
        (
            evaluation.auroc.low > 0.5,
            f"AUROC {evaluation.auroc.value:.3f} may be chance: from {evaluation.auroc.low:.3f}, "
            "more than 0.5",
        ),
    )
    return tuple(words for holds, words in conditions if not holds)


def _kept(workshop: Workshop, run: TrainingRun, made: Made, card: Card) -> Model:
    name = run.model_id
    contents = {
        MODEL: made.raw,
        MANIFEST: made.cohort.manifest.to_json(),
        CARD: card.to_json(),
    }
    for file, content in contents.items():
        workshop.files.write(name, file, content)
    model = Model(
        id=name,
        study=run.study,
        question=run.question,
        question_text=run.question_text,
        sha256=hashlib.sha256(made.raw).hexdigest(),
        card_sha256=card.sha256,
        manifest_root=made.cohort.manifest.root.hex(),
        trained_at_s=workshop.now_s(),
        predecessor=run.predecessor,
    )
    workshop.registry.add(model, made.cohort.consents())
    return model


def _published(workshop: Workshop, run: TrainingRun, model: Model, progress: Progress) -> bool:
    """Publish and activate the model; False if a consent was lost before either."""
    consents = workshop.registry.consents(model.id)
    if model.state == TRAINED:
        _step(workshop, run, progress, "publish")
        if workshop.ledger.find_ended(consents):
            return False
        lines = workshop.files.read(model.id, MANIFEST).count(b'"record"')
        workshop.ledger.anchor("manifest", bytes.fromhex(model.manifest_root), lines)
        workshop.ledger.anchor("card", bytes.fromhex(model.card_sha256), 1)
        workshop.registry.move(model.id, PUBLISHED, workshop.now_s())
    if workshop.registry.get(model.id).state == PUBLISHED:
        _step(workshop, run, progress, "activate")
        if workshop.ledger.find_ended(consents):
            return False
        workshop.registry.move(model.id, ACTIVE, workshop.now_s())
    _replace(workshop, model)
    return True


def _replace(workshop: Workshop, model: Model) -> None:
    if model.predecessor is None:
        return
    if workshop.registry.get(model.predecessor).state not in OVER:
        workshop.registry.move(model.predecessor, REPLACED, workshop.now_s(), model.id)
    workshop.files.destroy_model(model.predecessor)


def _forget(workshop: Workshop, run: TrainingRun) -> None:
    """Leave nothing of a model that never became active."""
    found = workshop.registry.find(run.model_id)
    if found is None or found.state in (TRAINED, PUBLISHED):
        workshop.files.destroy_all(run.model_id)
        workshop.registry.forget(run.model_id)
