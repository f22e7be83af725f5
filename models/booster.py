"""Fits, saves, loads and runs gradient-boosted trees; the only file that imports xgboost."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from models.errors import ModelsBroken

if TYPE_CHECKING:  # the scorer process imports neither the ledger nor the record store
    from models.features import Matrix, Values
    from models.question import Question

Probabilities = npt.NDArray[np.float64]


def fit(matrix: Matrix, question: Question, seed: int) -> bytes:
    """Return the model as UBJSON; the same rows in the same order give the same bytes.

    One thread, histograms, no sampling of rows or columns: a model depends on nothing but its
    rows, their order, the question's parameters, the seed and the version of the library.

    Raises:
        ModelsBroken: XGBoost rejects the rows.
    """
    import xgboost

    from records.values import CATEGORY

    chosen = dict(question.parameters)
    rounds = int(chosen.pop("rounds"))
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
    columns = question.predictors()
    types = ["c" if question.features[n].kind == CATEGORY else "q" for n in columns]
    try:
        rows = _dmatrix(matrix.values[:, columns], types, matrix.labels.astype(np.float32))
        booster = xgboost.train({**chosen, **fixed}, rows, rounds)
        return bytes(booster.save_raw("ubj"))
    except xgboost.core.XGBoostError as exc:
        raise ModelsBroken("the model cannot be fitted to these rows") from exc


def _dmatrix(values: Values, types: Sequence[str] | None, labels: Any = None) -> Any:
    import xgboost

    return xgboost.DMatrix(
        np.ascontiguousarray(values, np.float32),
        labels,
        feature_types=types,
        enable_categorical=True,
        nthread=1,
    )


class Booster:
    """A loaded model; `values` has the predicting columns only, shape (n, predictors)."""

    def __init__(self, raw: bytes) -> None:
        """Load the bytes of a model that `fit` returned; use `load` for a file.

        Raises:
            ModelsBroken: XGBoost cannot read the bytes.
        """
        import xgboost

        try:
            self._booster = xgboost.Booster({"nthread": 1}, model_file=bytearray(raw))
        except xgboost.core.XGBoostError as exc:
            raise ModelsBroken("the model cannot be read") from exc
        self._types = self._booster.feature_types

    @classmethod
    def load(cls, path: Path, sha256: str) -> Booster:
        """Return the model of a file, if the file has this hash.

        Raises:
            ModelsBroken: the file is missing or has another hash; XGBoost has not read it then.
        """
        try:
            raw = path.read_bytes()
        except OSError as exc:
            raise ModelsBroken(f"model {sha256[:16]} cannot be read") from exc
        # A tampered model can end the process that loads it: check the hash first.
        if hashlib.sha256(raw).hexdigest() != sha256:
            raise ModelsBroken(f"model {sha256[:16]} is not the file that was written")
        return cls(raw)

    def predict(self, values: Values) -> Probabilities:
        """Return the probability of each row, shape (n,)."""
        probabilities = self._booster.predict(_dmatrix(values, self._types))
        return np.asarray(probabilities, np.float64)

    def contributions(self, values: Values) -> Probabilities:
        """Return what each feature adds to the log-odds, then the bias; (n, predictors + 1).

        These are exact SHAP values: each row sums to the logit of its probability.
        """
        log_odds = self._booster.predict(_dmatrix(values, self._types), pred_contribs=True)
        return np.asarray(log_odds, np.float64)


def version() -> str:
    """Return the version of the library, which a model's bytes depend on."""
    import xgboost

    return str(xgboost.__version__)
