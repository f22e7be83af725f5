"""Checks the matrix before a model is made: empty features, identifiers, copied patients."""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np

from models.calibration import Floats
from models.copies import Integers, find_complete_copies, find_copies
from models.features import Matrix, Values
from models.gate import GateCode, GateFailure
from models.near_copies import NearCopies, find_near_copies
from models.question import Feature, Question
from models.question_parts import DIRECT
from models.suppression import MIN_COUNT, steady
from records.values import CATEGORY, NUMBER

_UNIQUE: Final = 0.95
_MIN_PATIENTS: Final = 50
_LARGE: Final = 100_000
_MANY_CATEGORIES: Final = 30
_MIN_COPIES: Final = 0.02
_MIN_NEAR_COPIES: Final = 0.04
"""Honest tables had up to 0.007 (docs/decisions/0034-near-copies.md)."""
_SHOWN_PAIRS: Final = 3


@dataclass(frozen=True)
class Predictors:
    """The predictors of a matrix, whose copies are searched for once.

    Attributes:
        values: shape (n, predictors).
        is_number: which predictors are numbers.
        compares_gaps: whether rows that lack the same values can be copies.
    """

    values: Values
    is_number: Sequence[bool]
    compares_gaps: bool = True

    @classmethod
    def of(cls, matrix: Matrix, question: Question, *, compares_gaps: bool = True) -> Predictors:
        """Return the predictors of a question; `compares_gaps` is that of the budget."""
        columns = question.predictors()
        kinds = [question.features[column].kind for column in columns]
        return cls(matrix.values[:, columns], [kind == NUMBER for kind in kinds], compares_gaps)

    @cached_property
    def near_copies(self) -> NearCopies:
        """The rows that are nearly another row."""
        return find_near_copies(self.values, self.is_number)

    @cached_property
    def firsts(self) -> Integers:
        """For each row the first row that it is a copy of, or its own number."""
        find = find_copies if self.compares_gaps else find_complete_copies
        return find(self.values)


def check_data(
    matrix: Matrix,
    question: Question,
    codes: Iterable[str],
    predictors: Predictors | None = None,
) -> list[GateFailure]:
    """Return what is wrong with the rows themselves; empty if a model may be made.

    Args:
        matrix: one row a patient.
        question: which columns predict.
        codes: those that enough patients have, of which the nearest is named.
        predictors: of the matrix, if their copies are needed again.
    """
    rows = predictors or Predictors.of(matrix, question)
    known = sorted(set(codes))
    failures = [
        failure
        for column in question.predictors()
        for failure in _check_feature(question.features[column], matrix.values[:, column], known)
    ]
    return [*failures, *(_check_copies(rows) or _check_near_copies(rows))]


def _check_feature(feature: Feature, cells: Values, codes: Sequence[str]) -> list[GateFailure]:
    present = cells[~np.isnan(cells)].astype(np.float64)
    name = f"{feature.words} ({feature.code})"
    if feature.disclosure == DIRECT:
        return [_failure(GateCode.DIRECT_IDENTIFIER, 1, name, maximum=0)]
    if not len(present) and not feature.may_be_rare:
        near = difflib.get_close_matches(feature.code, codes, 1, 0.6)
        hint = (
            f"nearest code in the data: {near[0]}"
            if near
            else "no similar code that 11 patients have"
        )
        return [_failure(GateCode.FEATURE_MISSING, 0, f"{name}; {hint}", minimum=0)]
    kinds = len(np.unique(present))
    is_constant = kinds == 1 and len(present) == len(cells)
    if is_constant and not feature.may_be_rare:
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


def _check_copies(predictors: Predictors) -> list[GateFailure]:
    values, firsts = predictors.values, predictors.firsts
    rows = np.flatnonzero(firsts != np.arange(len(values)))
    share = len(rows) / len(values)
    if len(rows) < MIN_COUNT or share < _MIN_COPIES:
        return []
    pairs = [(int(firsts[row]), int(row)) for row in rows[:_SHOWN_PAIRS]]
    return [_failure(GateCode.COPIES, share, _describe(len(rows), pairs), maximum=_MIN_COPIES)]


def _check_near_copies(predictors: Predictors) -> list[GateFailure]:
    near = predictors.near_copies
    if len(near.rows) < MIN_COUNT or near.share < _MIN_NEAR_COPIES:
        return []
    pairs = sorted({(min(pair), max(pair)) for pair in zip(near.rows, near.others, strict=True)})
    text = _describe(len(near.rows), pairs[:_SHOWN_PAIRS])
    return [_failure(GateCode.NEAR_COPIES, near.share, text, maximum=_MIN_NEAR_COPIES)]


def _describe(count: int, pairs: Sequence[tuple[int, int]]) -> str:
    """Say how many patients, in tens, and name some pairs by their places in the manifest."""
    places = ", ".join(f"{first + 1} and {second + 1}" for first, second in pairs)
    return f"about {steady(count)} patients; for example numbers {places} of the manifest"


def name_persons(predictors: Predictors, patients: Sequence[str]) -> list[str]:
    """Return the name by which each row is drawn: copies, also near ones, have one name.

    So that copies of a person never test a model that learned from the other copy. Where equal
    rows are expected by chance, every patient keeps their own name.

    Args:
        predictors: of the rows.
        patients: keyed hash of each row's person.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    n, near, firsts = len(predictors.values), predictors.near_copies, predictors.firsts
    rows, others = np.array(near.rows, np.int64), np.array(near.others, np.int64)
    copies = np.flatnonzero(firsts != np.arange(n))
    rows, others = np.append(rows, copies), np.append(others, firsts[copies])
    if not len(rows):
        return list(patients)
    links = coo_array((np.ones(len(rows)), (rows, others)), shape=(n, n))
    _, groups = connected_components(links, directed=False)
    _, first_of_group = np.unique(groups, return_index=True)
    return [patients[row] for row in first_of_group[groups]]


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
