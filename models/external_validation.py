"""Evaluates a published model on the patients of another study, with a card of its own."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

import numpy as np

from models.booster import feature_types
from models.card import read_stored_card
from models.card_content import describe_evaluation, round_figures
from models.card_document import CardDocument
from models.card_text import (
    THRESHOLDS,
    describe_groups,
    describe_performance,
    describe_thresholds,
    format_share,
    make_printable,
    make_section,
)
from models.cohort import Cohort, build_matrix, gather_cohort
from models.consent_check import ConsentCheck
from models.earlier_groups import (
    EarlierGroup,
    choose_left_out,
    find_groups,
    leave_out,
    read_left_out,
)
from models.errors import (
    CohortTooSmall,
    ConsentsChanged,
    ModelsBroken,
    ModelsNotFound,
    ModelsRefused,
)
from models.evaluated_people import keep_evaluated, name_study
from models.evaluation import evaluate
from models.features import Values
from models.manifest import TRAINING_PART, Manifest
from models.model_files import CARD, MANIFEST, MODEL, ModelFiles
from models.performance import make_threshold_table
from models.question import load_stored_question
from models.registry import UNSERVED, Model
from models.served_model import load_model
from models.shown_groups import differ_in_few, name_people
from models.subgroups import divide_into_subgroups
from models.suppression import MIN_COHORT, MIN_COUNT, coarsen_missing, conceal, steady
from models.telling import VisibleCuts, compare_columns
from models.training_runs import TrainingRuns

FORMAT: Final = "vouchsafe external validation 1"
_PREFIX: Final = "external-"
_FINE_COHORT: Final = 500
"""Of fewer people shares have two decimals: the third would tell the outcome of a few."""


@dataclass(frozen=True, slots=True)
class ExternalValidation:
    """What a model achieves on another study's patients; `content` is JSON.

    Attributes:
        content: model, study, ledger view, counts of patients in tens, how many were left out
            because the model learned from them, how many since the figures would else tell of a
            few people, the figures of `models.evaluation.Evaluation`, and
            the table of decisions at thresholds.
    """

    content: dict[str, Any]

    def to_lines(self) -> list[str]:
        """Return it as lines for a terminal."""
        content = self.content
        return make_printable(
            [
                f"External validation of model {content['model']}",
                f"  study: {content['study']}, patients: {content['patients']}, "
                f"with the outcome: {content['events']}",
                f"  left out, since the model learned from them: {content['in_training']}",
                *self._left_out_lines(),
                f"  AUROC when the model was developed: {content['developed_auroc']:z.3f}",
                f"  share of missing values: {format_share(content['missing'])}",
                *make_section("Performance on other patients", describe_performance(content)),
                *make_section(THRESHOLDS, describe_thresholds(content)),
                *make_section("Subgroups", describe_groups(content)),
                *make_section("Origin", self._origin_lines()),
            ]
        )

    def _left_out_lines(self) -> list[str]:
        if "left_out" not in self.content:  # of an earlier release
            return []
        return [f"  left out, so that no figures tell of a few people: {self.content['left_out']}"]

    def _origin_lines(self) -> list[str]:
        content = self.content
        return [
            f"model: {content['model']} (sha-256 {content['sha256']})",
            f"question: {content['question']['id']} (sha-256 {content['question']['sha256']})",
            f"ledger: block {content['view']['block_number']}, head {content['view']['head']}",
        ]

    def document(self) -> CardDocument:
        """Return it in each of its forms."""
        model, study = self.content["model"], self.content["study"]
        return CardDocument(
            title=f"External validation of model {model}",
            name=f"On the patients of {study}",
            study=study,
            content=self.content,
            figures=self.content,
            lines=self.to_lines(),
        )


def validate_externally(
    consents: ConsentCheck,
    files: ModelFiles,
    runs: TrainingRuns,
    model: Model,
    study: str,
) -> ExternalValidation:
    """Return how well a model predicts for the patients who permit another study to train.

    Nobody whom the model learned from, or whom its training left out, is among them. The result is
    stored with the model; it is returned again until 11 people or more joined, left or had their
    records changed since every earlier result, also on another study, so that no difference tells
    an outcome. Up to 22 people are left out, so that the others differ in nobody or in 11 or more
    from each group that a run or another model has figures about.

    Args:
        consents: with the records; the access is journalled for the study.
        files: of the models.
        runs: all training runs, also that of the model.
        model: whose file must be there.
        study: whose permissions are asked for.

    Raises:
        ModelsRefused: the training of the model has not ended; it is of this study; or fewer than
            11 of the patients are others than those of another study that it was evaluated on; or
            one to ten are others than those that another model was evaluated on, or have other
            records; or the two models learned from people of whom one to ten differ; or too few
            are others than those of a run or of a model of another question.
        CohortTooSmall: fewer than 50 patients, or fewer than 11 with or without the outcome.
        ConsentsChanged: a consent ended meanwhile; nothing was stored.
        ModelsBroken: the file or the card of the model is missing or was changed.
        StorageError, ConsentError: the record store or the ledger is unavailable or inconsistent.
    """
    _require_evaluable(model, study)
    question = load_stored_question(model.question_text)
    served = load_model(files.path(model.id, MODEL), model.sha256)
    card, _ = read_stored_card(files.read(model.id, CARD))
    permitted = gather_cohort(consents.store, question, study)
    untrained, known = _find_new(files, model.id, permitted.manifest)
    _require_enough(len(untrained.patients(TRAINING_PART)))
    with files.comparing():  # until the people are stored: others would not see them
        cohort = _choose_people(files, runs, model, study, replace(permitted, manifest=untrained))
        if isinstance(cohort, ExternalValidation):
            return cohort
        matrix = build_matrix(question, cohort.manifest, cohort.records, TRAINING_PART)
        events = int(matrix.labels.sum())
        size = len(matrix.labels)
        _require_enough(size, events)
        values = matrix.values[:, question.predictors()]
        probabilities = served.predict(values)
        subgroups = divide_into_subgroups(question, matrix)
        cuts = VisibleCuts(probabilities)
        evaluation = evaluate(matrix.labels, probabilities, subgroups, question.thresholds, cuts)
        table = make_threshold_table(matrix.labels, probabilities, question.thresholds, cuts)
        decimals = 2 if size < _FINE_COHORT else 3
        content = {
            "format": FORMAT,
            "model": model.id,
            "sha256": model.sha256,
            "study": study,
            "question": {"id": question.id, "sha256": question.sha256},
            "outcome": {"words": question.label.words, "definition": question.label.definition},
            "view": {"block_number": cohort.view.block_number, "head": cohort.view.head.hex()},
            "patients": steady(size),
            "events": steady(events),
            "in_training": conceal(known),
            "left_out": conceal(_count_left_out(cohort)),
            "developed_auroc": card.content["evaluation"]["auroc"]["value"],
            "evaluation": describe_evaluation(evaluation, decimals),
            "thresholds": round_figures([asdict(row) for row in table], decimals),
            "missing": measure_missing(values, feature_types(question)),
        }
        _write(consents, files, cohort, content)
        return ExternalValidation(content)


def _count_left_out(cohort: Cohort) -> int:
    return len(cohort.left_out.patients(TRAINING_PART)) if cohort.left_out else 0


def _require_evaluable(model: Model, study: str) -> None:
    if model.state in UNSERVED:  # its run may yet delete it, with the people on whom it was tested
        raise ModelsRefused(f"model {model.id} is not in use yet; evaluate when its training ended")
    if study == model.study:
        raise ModelsRefused(f"study {study} trained model {model.id}; name another study")


def _require_enough(size: int, events: int | None = None) -> None:
    if size < MIN_COHORT or (events is not None and min(events, size - events) < MIN_COUNT):
        raise CohortTooSmall(
            f"too few patients: at least {MIN_COHORT} who did not train the model are required, "
            f"{MIN_COUNT} of them with and {MIN_COUNT} without the outcome"
        )


def _find_new(files: ModelFiles, model_id: str, manifest: Manifest) -> tuple[Manifest, int]:
    """Return the patients who are new to a model, and how many others it learned from.

    Whom its training left out is neither: else each withdrawal would bring others.
    """
    trained = {line.patient for line in Manifest.from_json(files.read(model_id, MANIFEST)).lines}
    passed_over = trained | {line.patient for line in read_left_out(files, model_id)}
    lines = [line for line in manifest.lines if line.patient not in passed_over]
    known = trained.intersection(manifest.patients(TRAINING_PART))
    return replace(manifest, lines=tuple(lines)), len(known)


def measure_missing(values: Values, types: Sequence[str]) -> float | None:
    """Return the mean share of missing values; None if no input may be counted.

    An input that fewer than 11 patients tell apart is not counted, else the share would tell
    whether somebody has a value; the share of each other input is in steps.

    Args:
        values: shape (n, inputs); NaN is missing.
        types: of each input, c for a category.
    """
    telling = compare_columns(values, [kind == "c" for kind in types]).columns
    shares = [
        coarsen_missing(float(np.isnan(column).mean()), len(column))
        for column, is_telling in zip(values.T, telling, strict=True)
        if not is_telling
    ]
    return round(float(np.mean(shares)), 2) if shares else None


def list_external_validations(files: ModelFiles, model_id: str) -> list[ExternalValidation]:
    """Return the newest external validation of a model on each study, by study.

    Raises:
        ModelsBroken: a file is not JSON.
    """
    try:
        contents = [json.loads(raw) for raw in files.read_all(model_id, _PREFIX)]
    except ValueError as exc:
        raise ModelsBroken(f"an external validation of model {model_id} is not JSON") from exc
    return [ExternalValidation(content) for content in contents]


def _choose_people(
    files: ModelFiles, runs: TrainingRuns, model: Model, study: str, cohort: Cohort
) -> Cohort | ExternalValidation:
    """Return the cohort without a few people, or the stored result if it may not be replaced.

    Raises:
        ModelsRefused: the people are too close to earlier ones, and there is no result to return.
    """
    run = next(each for each in runs.all() if each.model_id == model.id)
    groups = find_groups(files, runs, run, cohort)
    stored = None
    try:
        stored = ExternalValidation(json.loads(files.read(model.id, _file_name(study))))
    except ModelsNotFound:  # an interrupted one has people, and nobody saw its figures
        interrupted = model.id, name_study(study)
        groups = [group for group in groups if group.evaluated != interrupted]
    try:
        _require_far(files, model.id, study, groups)
        return leave_out(cohort, _choose_left_out(study, groups, cohort))
    except ModelsRefused:
        if stored is None:
            raise
        return stored


def _require_far(
    files: ModelFiles, model_id: str, study: str, groups: Sequence[EarlierGroup]
) -> None:
    """Refuse people who are too close to those of another result of this question.

    The same patients with the same records may be those of a result of another model, unless one
    to ten people joined or left its training, or were corrected, since: the difference of the two
    results would tell their outcomes.
    """
    for group in groups:
        if group.evaluated is None or not (group.is_same and group.is_close):
            continue
        other, _ = group.evaluated
        if other == model_id:
            raise ModelsRefused(
                f"study {study} has the same patients as another study that model {model_id} was "
                f"evaluated on, or fewer than {MIN_COUNT} others; evaluate again when more people "
                "permit it"
            )
        if group.moved or not _may_be_compared(files, model_id, other):
            raise ModelsRefused(
                f"model {other} was evaluated on nearly the same patients: fewer than "
                f"{MIN_COUNT} of them, or of those whom the models learned from, joined, left "
                "or had records changed since; evaluate again when more people permit it"
            )


def _choose_left_out(study: str, groups: Sequence[EarlierGroup], cohort: Cohort) -> frozenset[str]:
    """Return the few who are left out, so that the others are apart from each earlier group."""
    try:
        return choose_left_out(groups, cohort.manifest.patients(TRAINING_PART), MIN_COHORT)
    except CohortTooSmall as exc:
        raise ModelsRefused(
            f"study {study} has nearly the same patients as an earlier training or evaluation, and "
            f"too few others: no two groups with figures may differ in fewer than {MIN_COUNT} "
            "people; evaluate again when more people permit it"
        ) from exc


def _may_be_compared(files: ModelFiles, model_id: str, other: str) -> bool:
    """Return whether results of two models on the same patients tell of nobody's outcome.

    Neither may differ in a few: whom they learned from, nor who permitted it. Else each
    withdrawal would allow another result, since a model leaves others out for it.
    """
    manifests = [Manifest.from_json(files.read(each, MANIFEST)) for each in (model_id, other)]
    permitted = [
        replace(manifest, lines=(*manifest.lines, *read_left_out(files, each)))
        for manifest, each in zip(manifests, (model_id, other), strict=True)
    ]
    return not any(differ_in_few(*map(name_people, pair)) for pair in (manifests, permitted))


def _write(
    consents: ConsentCheck, files: ModelFiles, cohort: Cohort, content: Mapping[str, Any]
) -> None:
    """Store a result and who it is about, if every consent still permits it."""
    model_id, study = content["model"], content["study"]
    if consents.find_lost(study, cohort.manifest):
        raise ConsentsChanged("a consent ended during the evaluation; start it again")
    # The people first: after a crash, the older result is returned, or a new one made.
    keep_evaluated(files, model_id, study, cohort)
    files.write(model_id, _file_name(study), json.dumps(content, sort_keys=True).encode())


def _file_name(study: str) -> str:
    return f"{_PREFIX}{name_study(study)}.json"
