"""Fits, saves, loads and asks gradient-boosted trees; the only file that knows xgboost."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from models.errors import ModelsBroken
from records.values import CATEGORY

if TYPE_CHECKING:  # the scorer's process needs neither the ledger nor the record store
    from models.features import Matrix, Values
    from models.question import Question

Probabilities = npt.NDArray[np.float64]


def fit(matrix: Matrix, question: Question, seed: int) -> bytes:
    """Return the model as UBJSON; the same rows in the same order give the same bytes.

    One thread, histograms, no sampling of rows or columns: what a model is depends on nothing but
    its rows, their order, the question's parameters, the seed and the library's version.
    """
    import xgboost

    wanted = dict(question.parameters)
    rounds = int(wanted.pop("rounds"))
    fixed = {
        "objective": "binary:logistic",
        "tree_method": "hist",
        "device": "cpu",
        "nthread": 1,
        "seed": seed,
        "subsample": 1,
        "colsample_bytree": 1,
        "validate_parameters": True,
    }
    try:
        data = _data(matrix.values, question, matrix.labels.astype(np.float32))
        fitted = xgboost.train({**wanted, **fixed}, data, rounds)
        return bytes(fitted.save_raw("ubj"))
    except xgboost.core.XGBoostError as exc:
        raise ModelsBroken("the model cannot be fitted to these rows") from exc


def _data(values: Values, question: Question, labels: Any = None) -> Any:
    columns = question.predictors()
    types = ["c" if question.features[n].kind == CATEGORY else "q" for n in columns]
    return _matrix(values[:, columns], types, labels)


def _matrix(values: Values, types: Sequence[str] | None, labels: Any = None) -> Any:
    import xgboost

    return xgboost.DMatrix(
        np.ascontiguousarray(values, np.float32),
        labels,
        feature_types=types,
        enable_categorical=True,
        nthread=1,
    )


class Booster:
    """A model that answers; `values` holds the predicting columns only, (n, predictors)."""

    def __init__(self, raw: bytes) -> None:
        """Take the bytes of a model that we wrote; see `load` for those of a file."""
        import xgboost

        try:
            self._booster = xgboost.Booster({"nthread": 1}, model_file=bytearray(raw))
        except xgboost.core.XGBoostError as exc:
            raise ModelsBroken("the model cannot be read") from exc
        self._types = self._booster.feature_types

    @classmethod
    def load(cls, path: Path, sha256: str) -> Booster:
        """Return the model of a file, if it is the very file that was written.

        Raises:
            Broken: the file is not there or another one; XGBoost has seen nothing of it then.
        """
        try:
            raw = path.read_bytes()
        except OSError as exc:
            raise ModelsBroken(f"model {sha256[:16]} cannot be read") from exc
        # A tampered model can end the process that loads it: the hash comes first.
        if hashlib.sha256(raw).hexdigest() != sha256:
            raise ModelsBroken(f"model {sha256[:16]} is not the file that was written")
        return cls(raw)

    def predict(self, values: Values) -> Probabilities:
        """Return the probability of each row, shape (n,)."""
        answer = self._booster.predict(_matrix(values, self._types))
        return np.asarray(answer, np.float64)

    def contributions(self, values: Values) -> Probabilities:
        """Return what each feature adds to the log-odds, and the bias; (n, predictors + 1).

        These are exact SHAP values: each row sums to the logit of its probability.
        """
        answer = self._booster.predict(_matrix(values, self._types), pred_contribs=True)
        return np.asarray(answer, np.float64)


def version() -> str:
    """Return the library's version: part of what decides a model's bytes."""
    import xgboost

    return str(xgboost.__version__)
