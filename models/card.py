"""The model card: written after training (TRIPOD+AI), read as JSON, described as plain text."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from consent import MLTRAINING, View
from models import booster
from models.cohort import Cohort
from models.errors import ModelsBroken
from models.evaluation import Attack, Bin, Estimate, Evaluation
from models.features import Matrix
from models.manifest import canonical_json
from models.question import Question
from models.suppression import suppress
from models.training_runs import TrainingRun
from records.documents import UNDATED

FORMAT: Final = "vouchsafe-card-1"

INTERVAL_NOTE: Final = (
    "The interval of a prediction is Wilson's 95 % interval of the share that had the label among"
    " the held-out patients with a similar prediction (see the calibration bins), widened to"
    " include the prediction itself. It describes patients like this one, not this patient."
)
ATTACK_NOTE: Final = (
    "Loss-threshold attack on the published model: training patients against held-out patients, by"
    " the predicted probability of the true outcome. It is the simplest attack, without shadow"
    " models; a stronger one could find more."
)
GATE_RULE: Final = (
    "Size, leakage and the membership attack are compared with their thresholds as measured; a"
    " calibration threshold counts as missed when the whole 95 % interval of the figure lies"
    " beyond it."
)


@dataclass(frozen=True, slots=True)
class TrainingResult:
    """A fitted model with everything that it was made from and every figure measured on it.

    `importance` is, for each predicting feature, the mean absolute change of the log-odds among the
    held-out patients.
    """

    raw: bytes
    cohort: Cohort
    training: Matrix
    held_out: Matrix
    evaluation: Evaluation
    attack: Attack
    importance: list[float]


@dataclass(frozen=True, slots=True)
class Card:
    """A model card; its canonical JSON is what is hashed and anchored."""

    content: Mapping[str, Any]

    def to_json(self) -> bytes:
        """Return the canonical JSON of the card."""
        return canonical_json(dict(self.content))

    @property
    def sha256(self) -> str:
        """The hash of the canonical JSON, lower-case hex."""
        return hashlib.sha256(self.to_json()).hexdigest()

    @classmethod
    def from_json(cls, text: bytes) -> Card:
        """Return the card of a text that `to_json` wrote.

        Raises:
            ModelsBroken: the text is not a card.
        """
        try:
            content = json.loads(text)
        except ValueError as exc:
            raise ModelsBroken("the model card cannot be read") from exc
        if not isinstance(content, dict) or content.get("format") != FORMAT:
            raise ModelsBroken(f"unrecognised model card: expected the format {FORMAT}")
        return cls(content)

    def bins(self) -> tuple[Bin, ...]:
        """Return the calibration bins, which the interval of a prediction is taken from."""
        return tuple(
            Bin(row["until"], row["n"], row["mean"], Estimate(**row["observed"]))
            for row in self.content["evaluation"]["bins"]
        )

    def to_lines(self) -> list[str]:
        """Return the card as plain text without control characters, for a terminal."""
        content = self.content
        lines = [
            *_section("Intended use", [content["intended_use"]]),
            *_section("Limits", content["limits"]),
            *_section("Outcome", [content["outcome"]["definition"]]),
            *_section("Patients", _patient_lines(content)),
            *_section("Performance on held-out patients", _performance_lines(content)),
            *_section("Subgroups", _subgroup_lines(content)),
            *_section("Membership attack", [*_attack_lines(content), ATTACK_NOTE]),
            *_section("Interval of a prediction", [INTERVAL_NOTE]),
            *_section("Inputs", _input_lines(content)),
            *_section("Provenance", _provenance_lines(content)),
        ]
        return ["".join(char if char.isprintable() else " " for char in line) for line in lines]


def create_card(run: TrainingRun, question: Question, result: TrainingResult) -> Card:
    """Return the card of a model that was just trained: the items of TRIPOD+AI that are known."""
    return Card(
        {
            "format": FORMAT,
            "model": {
                "id": run.model_id,
                "sha256": hashlib.sha256(result.raw).hexdigest(),
                "size_bytes": len(result.raw),
                "kind": "gradient-boosted trees (XGBoost, UBJSON)",
                "predecessor": run.predecessor,
            },
            "question": {
                "id": question.id,
                "title": question.title,
                "sha256": question.sha256,
            },
            "study": run.study,
            "purpose": MLTRAINING,
            "intended_use": question.intended_use,
            "limits": list(question.limits),
            "outcome": {
                "code": question.label.code,
                "words": question.label.words,
                "definition": question.label.definition,
            },
            "data": _data(result),
            "predictors": _predictors(question, result),
            "evaluation": round_figures(asdict(result.evaluation)),
            "attack": round_figures(asdict(result.attack)),
            "gate": round_figures(asdict(question.gate)),
            "gate_rule": GATE_RULE,
            "provenance": _provenance(question, result.cohort),
        }
    )


def round_figures(content: Any) -> Any:
    """Return the content with every float at four decimals: more would be false precision."""
    if isinstance(content, float):
        return round(content, 4)
    if isinstance(content, Mapping):
        return {key: round_figures(value) for key, value in content.items()}
    if isinstance(content, list | tuple):
        return [round_figures(value) for value in content]
    return content


def _data(result: TrainingResult) -> dict[str, Any]:
    records = result.cohort.records.values()
    days = [record.recorded_on for record in records if record.recorded_on != UNDATED] or [UNDATED]
    labels = np.concatenate([result.training.labels, result.held_out.labels])
    return {
        "patients": len(labels),
        "training": len(result.training.labels),
        "held_out": len(result.held_out.labels),
        "events": int(labels.sum()),
        "from": min(days),
        "to": max(days),
        "custodians": sorted({record.custodian for record in records}),
        "left_out": _suppress_all(result.cohort.excluded),
        "refused": _suppress_all(result.cohort.refused),
        "partition": "by a keyed hash of the patient: a withdrawal moves no other patient",
        "missing": "missing values stay missing: each split of a tree learns a direction for them",
    }


def _suppress_all(counts: Mapping[str, int]) -> dict[str, int | str]:
    return {reason: suppress(count) for reason, count in sorted(counts.items()) if count}


def _predictors(question: Question, result: TrainingResult) -> list[dict[str, Any]]:
    missing_shares = np.isnan(result.training.values).mean(axis=0).tolist()
    predictors = []
    for column, importance in zip(question.predictors(), result.importance, strict=True):
        feature = question.features[column]
        predictors.append(
            {
                "code": feature.code,
                "words": feature.words,
                "category": feature.category,
                "accepts": feature.accepted,
                "missing": feature.missing,
                "missing_share": round(missing_shares[column], 3),
                "mean_log_odds": round(importance, 4),
            }
        )
    return predictors


def _provenance(question: Question, cohort: Cohort) -> dict[str, Any]:
    manifest = cohort.manifest
    return {
        "manifest_root": manifest.root.hex(),
        "lines": len(manifest.lines),
        "consents": len(cohort.consents()),
        "view": _view(cohort.view),
        "seed": manifest.seed,
        "parameters": dict(question.parameters),
        "code": hash_code(),
        "libraries": {
            "python": ".".join(map(str, sys.version_info[:3])),
            "numpy": np.__version__,
            "xgboost": booster.version(),
        },
    }


def _view(view: View) -> dict[str, Any]:
    return {
        "chain_id": view.chain_id,
        "contract": view.contract,
        "block_number": view.block_number,
        "block_hash": view.block_hash.hex(),
        "count": view.count,
        "head": view.head.hex(),
    }


def hash_code() -> str:
    """Return the sha-256 over the sources of this package: which code made the model."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def _section(title: str, lines: list[str]) -> list[str]:
    return [title, *(f"  {line}" for line in lines)]


def _format_estimate(estimate: Mapping[str, float] | None) -> str:
    if estimate is None:
        return "not reportable"
    return f"{estimate['value']:.3f} ({estimate['low']:.3f} to {estimate['high']:.3f})"


def _patient_lines(content: Mapping[str, Any]) -> list[str]:
    data = content["data"]
    return [
        f"patients: {data['patients']}, {data['events']} with the label",
        f"training: {data['training']}, held out for testing: {data['held_out']}",
        f"records from {data['from']} to {data['to']}",
        *(f"patients left out, {reason}: {count}" for reason, count in data["left_out"].items()),
        *(f"records refused, {reason}: {count}" for reason, count in data["refused"].items()),
    ]


def _performance_lines(content: Mapping[str, Any]) -> list[str]:
    figures = content["evaluation"]
    return [
        f"AUROC (95 % interval, DeLong): {_format_estimate(figures['auroc'])}",
        f"area under the precision-recall curve: {figures['auprc']:.3f}"
        f" (chance: the prevalence, {figures['prevalence']:.3f})",
        f"calibration slope: {figures['slope']:.2f} (ideal: 1)",
        f"calibration in the large: {figures['intercept']:.2f} (ideal: 0)",
        f"observed to expected: {figures['observed_to_expected']:.2f} (ideal: 1)",
        f"Brier score: {figures['brier']:.3f}, scaled: {figures['scaled_brier']:.3f}"
        " (1 is perfect, 0 is knowing only the prevalence)",
    ]


def _subgroup_lines(content: Mapping[str, Any]) -> list[str]:
    return [
        f"{group['words']}: too few patients to report"
        if group["n"] is None
        else f"{group['words']}: {group['n']} patients, {group['events']} with the label,"
        f" AUROC {_format_estimate(group['auroc'])},"
        f" observed to expected {group['observed_to_expected']:.2f}"
        for group in content["evaluation"]["groups"]
    ]


def _attack_lines(content: Mapping[str, Any]) -> list[str]:
    attack = content["attack"]
    return [
        f"AUROC: {attack['auroc']:.3f} (chance: 0.5)",
        f"training patients found at 1 % false positives: {attack['tpr_at_1_percent_fpr']:.3f}"
        " (chance: 0.01)",
    ]


def _input_lines(content: Mapping[str, Any]) -> list[str]:
    return [
        f"{row['words']} ({row['code']}): {row['accepts']}; missing {row['missing_share']:.1%}"
        for row in content["predictors"]
    ]


def _provenance_lines(content: Mapping[str, Any]) -> list[str]:
    origin = content["provenance"]
    libraries = ", ".join(f"{name} {version}" for name, version in origin["libraries"].items())
    parameters = ", ".join(f"{name} {value:g}" for name, value in origin["parameters"].items())
    return [
        f"model: {content['model']['id']} (sha-256 {content['model']['sha256']})",
        f"study: {content['study']}",
        f"question: {content['question']['id']} (sha-256 {content['question']['sha256']})",
        f"manifest: {origin['lines']} lines, root {origin['manifest_root']}",
        f"ledger: block {origin['view']['block_number']}, change {origin['view']['count']}",
        f"code: {origin['code']}",
        f"libraries: {libraries}",
        f"parameters: {parameters}",
        f"seed: {origin['seed']}",
    ]
