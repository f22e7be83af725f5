"""Writes the card of a model that was just made."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from models import booster
from models.card import FORMAT, GATE_RULE, Card, figures, rounded
from models.cohort import Cohort
from models.evaluation import Attack, Evaluation
from models.features import Matrix, accepts
from models.question import TRAINING, Question
from models.studies import TrainingRun
from models.suppression import suppress


@dataclass(frozen=True, slots=True)
class Made:
    """A fitted model with everything that it was made from and found to be.

    `importance` is, for each predicting feature, the mean change of the log-odds among held-out
    patients, either way.
    """

    raw: bytes
    cohort: Cohort
    training: Matrix
    held_out: Matrix
    evaluation: Evaluation
    attack: Attack
    importance: list[float]


def write_card(run: TrainingRun, question: Question, made: Made) -> Card:
    """Return the card: what TRIPOD+AI asks for, as far as a machine can know it."""
    return Card(
        {
            "format": FORMAT,
            "model": {
                "id": run.model_id,
                "sha256": hashlib.sha256(made.raw).hexdigest(),
                "size_bytes": len(made.raw),
                "kind": "gradient-boosted trees (XGBoost, UBJSON)",
                "predecessor": run.predecessor,
            },
            "question": {
                "id": question.id,
                "title": question.title,
                "sha256": question.sha256,
            },
            "study": run.study,
            "purpose": TRAINING,
            "intended_use": question.intended_use,
            "limits": list(question.limits),
            "outcome": {
                "code": question.label.code,
                "words": question.label.words,
                "definition": question.label.definition,
            },
            "data": _data(made),
            "predictors": _predictors(question, made),
            "evaluation": figures(made.evaluation),
            "attack": figures(made.attack),
            "gate": rounded(asdict(question.gate)),
            "gate_rule": GATE_RULE,
            "provenance": _provenance(question, made),
        }
    )


def _data(made: Made) -> dict[str, Any]:
    records = made.cohort.records.values()
    days = [record.recorded_on for record in records]
    labels = np.concatenate([made.training.labels, made.held_out.labels])
    return {
        "patients": len(labels),
        "training": len(made.training.labels),
        "held_out": len(made.held_out.labels),
        "events": int(labels.sum()),
        "from": min(days),
        "to": max(days),
        "custodians": sorted({record.custodian for record in records}),
        "left_out": _shown(made.cohort.left_out),
        "refused": _shown(made.cohort.refused),
        "partition": "by a keyed hash of the patient: who leaves moves nobody else",
        "missing": "a missing value stays missing: each split learns which way it goes",
    }


def _shown(counts: Mapping[str, int]) -> dict[str, int | str]:
    return {reason: suppress(count) for reason, count in sorted(counts.items()) if count}


def _predictors(question: Question, made: Made) -> list[dict[str, Any]]:
    absent = np.isnan(made.training.values).mean(axis=0).tolist()
    found = []
    for place, importance in zip(question.predictors(), made.importance, strict=True):
        feature = question.features[place]
        found.append(
            {
                "code": feature.code,
                "words": feature.words,
                "category": feature.category,
                "accepts": accepts(feature),
                "missing": feature.missing,
                "missing_share": round(absent[place], 3),
                "mean_log_odds": round(importance, 4),
            }
        )
    return found


def _provenance(question: Question, made: Made) -> dict[str, Any]:
    view = made.cohort.view
    manifest = made.cohort.manifest
    return {
        "manifest_root": manifest.root.hex(),
        "lines": len(manifest.lines),
        "consents": len(made.cohort.consents()),
        "view": {
            "chain_id": view.chain_id,
            "contract": view.contract,
            "block_number": view.block_number,
            "block_hash": view.block_hash.hex(),
            "count": view.count,
            "head": view.head.hex(),
        },
        "seed": manifest.seed,
        "parameters": dict(question.parameters),
        "code": code_hash(),
        "libraries": {
            "python": ".".join(map(str, sys.version_info[:3])),
            "numpy": np.__version__,
            "xgboost": booster.version(),
        },
    }


def code_hash() -> str:
    """Return the sha-256 over this package's own sources: which code made the model."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()
