"""Checks the matrix before a model is made: empty features, identifiers, copied patients."""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np

from models.calibration import Floats
from models.features import Matrix, Values
from models.gate import GateCode, GateFailure
from models.question import Feature, Question
from models.suppression import MIN_COUNT
from records.values import CATEGORY, NUMBER

_UNIQUE: Final = 0.95
_MIN_PATIENTS: Final = 50
_LARGE: Final = 100_000
_MANY_CATEGORIES: Final = 30
_MIN_COPIES: Final = 0.02
_RAREST: Final = 1e-9
_MIN_DIFFERENT: Final = 0.2
_CHANCE: Final = 50
"""Copies are reported if there are this many times more than chance would make."""


def check_data(matrix: Matrix, question: Question, codes: Iterable[str]) -> list[GateFailure]:
    """Return what is wrong with the rows themselves; empty if a model may be made.

    Args:
        matrix: one row a patient.
        question: which columns predict.
        codes: every code that occurs in the patients' records, to name the nearest one.
    """
    known = sorted(set(codes))
    failures = [
        failure
        for column in question.predictors()
        for failure in _check_feature(question.features[column], matrix.values[:, column], known)
    ]
    return [*failures, *_check_copies(matrix.values[:, question.predictors()])]


def _check_feature(feature: Feature, cells: Values, codes: Sequence[str]) -> list[GateFailure]:
    present = cells[~np.isnan(cells)].astype(np.float64)
    name = f"{feature.words} ({feature.code})"
    if not len(present):
        near = difflib.get_close_matches(feature.code, codes, 1, 0.6)
        hint = f"nearest code in the data: {near[0]}" if near else "no similar code in the data"
        return [_failure(GateCode.FEATURE_MISSING, 0, f"{name}; {hint}", minimum=0)]
    kinds = len(np.unique(present))
    if kinds == 1 and len(present) == len(cells):
        return [_failure(GateCode.FEATURE_CONSTANT, 1, name, minimum=1)]
    if len(present) >= _MIN_PATIENTS and _is_identifier(feature, present, kinds):
        share = kinds / len(present)
        return [_failure(GateCode.IDENTIFIER, share, name, maximum=_UNIQUE)]
    return []


def _is_identifier(feature: Feature, present: Floats, kinds: int) -> bool:
    if feature.kind == CATEGORY:
        # Names and free text: about as many values as people.
        return kinds > _MANY_CATEGORIES and kinds > len(present) / 4
    if feature.kind != NUMBER or kinds < _UNIQUE * len(present):
        return False
    if not bool((present == present.round()).all()):
        return False
    width = float(present.max() - present.min()) + 1
    is_counted = width <= 2 * len(present)
    is_number_of_a_file = float(present.min()) >= _LARGE and bool((present % 10).any())
    return is_counted or is_number_of_a_file


def _check_copies(values: Values) -> list[GateFailure]:
    copies = len(values) - len(np.unique(values, axis=0, equal_nan=True))
    share = copies / len(values)
    if copies < MIN_COUNT or share < _MIN_COPIES or not are_copies_odd(values, copies):
        return []
    return [_failure(GateCode.COPIES, share, "", maximum=_MIN_COPIES)]


def are_copies_odd(values: Values, copies: int) -> bool:
    """Return whether there are far more equal rows than chance makes of independent columns.

    How often two people share a value is estimated without the copies.
    """
    n, different = len(values), np.unique(values, axis=0, equal_nan=True)
    if len(different) < _MIN_DIFFERENT * n:
        return False  # few features of few values: equal rows are expected
    log_chance = 0.0
    for column in different.T:
        present = column[~np.isnan(column)]
        _, counts = np.unique(present, return_counts=True)
        groups = np.append(counts, len(different) - len(present)).astype(np.float64)
        pairs = float((groups * (groups - 1)).sum()) / max(1, len(different) * (len(different) - 1))
        log_chance += math.log(max(pairs, _RAREST))
    expected = n * (n - 1) / 2 * math.exp(log_chance)
    return copies > _CHANCE * expected


def name_persons(values: Values, patients: Sequence[str]) -> list[str]:
    """Return the name by which each row is drawn: equal rows have the name of the first.

    So that copies of a person never test a model that learned from the other copy. Where equal
    rows are expected by chance, every patient keeps their own name.
    """
    copies = len(values) - len(np.unique(values, axis=0, equal_nan=True))
    if not copies or not are_copies_odd(values, copies):
        return list(patients)
    first: dict[bytes, str] = {}
    names = []
    for row, patient in zip(np.nan_to_num(values, nan=-9e9), patients, strict=True):
        names.append(first.setdefault(row.tobytes(), patient))
    return names


def _failure(
    code: GateCode,
    measured: float,
    feature: str,
    *,
    minimum: float = -math.inf,
    maximum: float = math.inf,
) -> GateFailure:
    return GateFailure(
        code=code, measured=measured, feature=feature, minimum=minimum, maximum=maximum
    )
