"""Reads and writes model files: a learner with its recalibration, scored without any library."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from models.booster import Booster
from models.errors import ModelsBroken
from models.logistic import LogisticModel
from models.recalibration import Recalibration

if TYPE_CHECKING:  # the scorer process imports neither the ledger nor the record store
    from models.features import Values

_FORMAT: Final = "vouchsafe-model-3"
_WITHOUT_FOLDS: Final = "vouchsafe-model-2"
XGBOOST: Final = "xgboost"
LOGISTIC: Final = "logistic"
_JSON_START: Final = b'{"'
_MIN_DISTANCE: Final = 1e-9

Floats = npt.NDArray[np.float64]
Learner = Booster | LogisticModel


@dataclass(frozen=True, slots=True)
class FoldLearner:
    """Answers about these people, by their keyed hashes: it learned from all others."""

    people: frozenset[str]
    learner: Learner


@dataclass(frozen=True, slots=True)
class ServedModel:
    """A learner and the map that calibrates it.

    `folds` has who answers about the people whom `learner` learned from; empty in files of earlier
    releases, and of very many people.
    """

    learner: Learner
    recalibration: Recalibration
    folds: tuple[FoldLearner, ...] = ()

    def about(self, names: Collection[str]) -> ServedModel:
        """Return what answers about a person: a learner that did not learn from that person.

        Else an answer of this model and one of a model without that person would tell the outcome.

        Args:
            names: keyed hashes of each number of the person.
        """
        for fold in self.folds:
            if not fold.people.isdisjoint(names):
                return ServedModel(fold.learner, self.recalibration)
        return self

    def predict(self, values: Values) -> Floats:
        """Return the calibrated probability of each row, shape (n,)."""
        return self._probabilities(self.learner.log_odds(values))

    def contributions(self, values: Values) -> Floats:
        """Return what each feature adds to the log-odds, then the base; (n, predictors + 1).

        Each row sums to the logit of its probability. Where the calibration is a curve, every
        contribution of a row is stretched by the same factor.
        """
        return self._calibrated(self.learner.contributions(values))

    def explain(self, values: Values) -> tuple[Floats, Floats]:
        """Return `predict` and `contributions` of the same rows, for less work."""
        log_odds, parts = self.learner.explain(values)
        return self._probabilities(log_odds), self._calibrated(parts)

    def _probabilities(self, log_odds: Floats) -> Floats:
        return np.asarray(1 / (1 + np.exp(-self.recalibration.apply(log_odds))), np.float64)

    def _calibrated(self, parts: Floats) -> Floats:
        base, total = parts[:, -1], parts.sum(axis=1)
        new_base = self.recalibration.apply(base)
        distance = total - base
        is_near = np.abs(distance) < _MIN_DISTANCE
        gain = self.recalibration.apply(total) - new_base
        factor = np.where(is_near, 1.0, gain / np.where(is_near, 1.0, distance))
        return np.column_stack([parts[:, :-1] * factor[:, None], new_base])


def write_model(
    learner: Learner, recalibration: Recalibration, folds: Sequence[FoldLearner] = ()
) -> bytes:
    """Return the model file; the same input gives the same bytes."""
    content = {
        "format": _FORMAT if folds else _WITHOUT_FOLDS,
        "recalibration": recalibration.content(),
        **_describe(learner),
    }
    if folds:
        content["folds"] = [
            {"people": sorted(fold.people), **_describe(fold.learner)} for fold in folds
        ]
    return json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def _describe(learner: Learner) -> dict[str, Any]:
    if isinstance(learner, LogisticModel):
        return {"kind": LOGISTIC, "logistic": learner.content()}
    return {"kind": XGBOOST, "booster": base64.b64encode(learner.write()).decode()}


def read_model(raw: bytes) -> ServedModel:
    """Return the model of a file's bytes, also of the first format: trees alone.

    Raises:
        ModelsBroken: the bytes are not a model.
    """
    if not raw:
        raise ModelsBroken("the model cannot be read")
    if not raw.startswith(_JSON_START):
        return ServedModel(Booster.read(raw), Recalibration())
    try:
        content = json.loads(raw)
        if content["format"] not in (_FORMAT, _WITHOUT_FOLDS):
            raise ModelsBroken("the model has an unknown format")
        folds = [
            FoldLearner(frozenset(fold["people"]), _read_learner(fold))
            for fold in content.get("folds", ())
        ]
        recalibration = Recalibration.of_content(content["recalibration"])
        return ServedModel(_read_learner(content), recalibration, tuple(folds))
    except (ValueError, KeyError, TypeError, binascii.Error) as exc:
        raise ModelsBroken("the model cannot be read") from exc


def _read_learner(content: Mapping[str, Any]) -> Learner:
    if content["kind"] == LOGISTIC:
        return LogisticModel.of_content(content["logistic"])
    return Booster.read(base64.b64decode(content["booster"], validate=True))


def load_model(path: Path, sha256: str) -> ServedModel:
    """Return the model of a file, if the file has this hash.

    Raises:
        ModelsBroken: the file is missing or has another hash; nothing has read it then.
    """
    try:
        raw = path.read_bytes()
    except OSError as exc:
        raise ModelsBroken(f"model {sha256[:16]} cannot be read") from exc
    # A tampered model can end the process that loads it: check the hash first.
    if hashlib.sha256(raw).hexdigest() != sha256:
        raise ModelsBroken(f"model {sha256[:16]} is not the file that was written")
    return read_model(raw)
