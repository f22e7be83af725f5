"""Decides which columns the copies of a study have, and how coarse they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from models.anonymity import Classes, Labels, Numbers, Recoding, find_recoding
from models.errors import ModelsInvalid
from models.features import Matrix
from models.question import Question
from models.question_parts import DIRECT, QUASI, SENSITIVE, Feature
from models.suppression import MIN_COUNT
from records.values import NUMBER

PROPOSED_COLUMNS: Final = 8
"""How many columns a copy has when nobody chose; with more, every band becomes wider."""
MAX_CORRELATION: Final = 0.8
"""A column that follows a chosen one more closely than this adds little."""
_BANDS: Final = 5


@dataclass(frozen=True, slots=True)
class CopyPlan:
    """What the copies of a study have, fixed by its first copy.

    Attributes:
        recoding: the classes, over all columns that a person could be recognised by.
        edges: by matrix column of other numbers, the ends of its bands, in ascending order.
        words: the matrix columns of other words.
        codes: of the features in these columns, in order; empty for a copy of an earlier release.
    """

    recoding: Recoding
    edges: dict[int, tuple[float, ...]]
    words: tuple[int, ...]
    codes: tuple[str, ...] = ()

    @property
    def columns(self) -> list[int]:
        """The matrix columns of a copy, in the question's order."""
        return sorted({*self.recoding.columns, *self.edges, *self.words})

    def to_json(self) -> dict[str, Any]:
        """Return the plan as JSON values; `of_json` reads it."""
        edges = {str(column): list(edges) for column, edges in self.edges.items()}
        stored = {"recoding": self.recoding.to_json(), "edges": edges, "words": list(self.words)}
        return stored | {"codes": list(self.codes)}

    @classmethod
    def of_json(cls, stored: dict[str, Any]) -> CopyPlan:
        """Return the plan that `to_json` wrote."""
        edges = {int(column): tuple(edges) for column, edges in stored["edges"].items()}
        codes = tuple(stored.get("codes", ()))
        return cls(Recoding.of_json(stored["recoding"]), edges, tuple(stored["words"]), codes)


def make_plan(question: Question, matrix: Matrix, codes: Sequence[str]) -> CopyPlan:
    """Return the plan of a study's first copy.

    Args:
        question: whose features the copies have.
        matrix: of everybody who permits the first copy.
        codes: of the features that the study chose; empty: the columns that tell most of the label
            and little of each other are chosen.

    Raises:
        ModelsInvalid: a code is not a feature, or a direct identifier.
    """
    values = matrix.values.astype(np.float64)
    chosen = _require_columns(question, codes) if codes else _propose(question, values, matrix)
    features = question.features
    quasi = [column for column in chosen if features[column].disclosure == QUASI]
    others = [column for column in chosen if features[column].disclosure != QUASI]
    return CopyPlan(
        recoding=find_recoding(values, matrix.labels, quasi),
        edges={c: _edges(values[:, c]) for c in others if features[c].kind == NUMBER},
        words=tuple(column for column in others if features[column].kind != NUMBER),
        codes=tuple(features[column].code for column in sorted(chosen)),
    )


def require_plan(question: Question, plan: CopyPlan) -> None:
    """Require that the columns of an earlier copy's plan are still those features.

    Raises:
        ModelsInvalid: the question was changed since.
    """
    columns, features = plan.columns, question.features
    is_known = max(columns, default=-1) < len(features)
    codes = tuple(features[column].code for column in columns) if is_known else ()
    is_same = is_known and plan.codes in ((), codes)
    if not is_same or any(features[column].disclosure == DIRECT for column in columns):
        raise ModelsInvalid(
            f"question {question.id} was changed since the study's first copy: a new copy would "
            "have other columns. Install it as it was, or propose a new study"
        )


def find_hidden(
    feature: Feature, bands: Classes, classes: Classes, batches: Sequence[Labels] = ()
) -> np.ndarray:
    """Return for each row whether its cell is hidden: a sensitive value that its class would tell.

    Args:
        feature: whose cells these are.
        bands: the number of each row's band or word; negative if its value is missing.
        classes: of each row.
        batches: those of `find_batches`. Who has the earlier copies can tell these parts of a class
            from each other. If one has one value, the whole class is hidden: a part that alone is
            hidden has the value that the other parts do not show.
    """
    is_hidden = np.zeros(len(classes), np.bool_)
    if feature.disclosure != SENSITIVE:
        return is_hidden
    is_in_all = ~np.any([is_hidden, *batches], axis=0)
    for part in (~is_hidden, is_in_all, *batches):
        # A missing value is no diversity: everybody else of the class would be known.
        rows = part & (bands >= 0)
        pairs = np.unique(np.column_stack([classes[rows], bands[rows]]), axis=0)
        diverse, counts = np.unique(pairs[:, 0], return_counts=True)
        is_hidden |= np.isin(classes, np.setdiff1d(classes[part], diverse[counts > 1]))
    return is_hidden


def _require_columns(question: Question, codes: Sequence[str]) -> list[int]:
    column_of = question.columns()
    for code in codes:
        if code not in column_of:
            raise ModelsInvalid(f"column {code} is not a feature of the question; leave it out")
        if question.features[column_of[code]].disclosure == DIRECT:
            raise ModelsInvalid(f"column {code} identifies a person; leave it out")
    return sorted({column_of[code] for code in codes})


def _propose(question: Question, values: Numbers, matrix: Matrix) -> list[int]:
    usable = [c for c, f in enumerate(question.features) if f.disclosure != DIRECT]
    strength = {column: _strength(values[:, column], matrix.labels) for column in usable}
    chosen: list[int] = []
    for column in sorted(usable, key=lambda c: (-strength[c], c)):
        follows = any(_correlation(values, column, other) > MAX_CORRELATION for other in chosen)
        if strength[column] > 0 and not follows and len(chosen) < PROPOSED_COLUMNS:
            chosen.append(column)
    return sorted(chosen)


def _strength(column: Numbers, labels: Labels) -> float:
    """Return how far the column orders people by the label: AUROC's distance from 0.5."""
    present = ~np.isnan(column)
    values, truth = column[present], labels[present]
    positive, negative = int(truth.sum()), int((~truth).sum())
    if not positive or not negative:
        return 0.0
    # The mean rank of equal values; the sum of ranks gives the AUROC (Mann and Whitney 1947).
    _, index, counts = np.unique(values, return_inverse=True, return_counts=True)
    mean_rank = np.cumsum(counts) - (counts - 1) / 2
    ranks = float(mean_rank[index][truth].sum())
    return abs((ranks - positive * (positive + 1) / 2) / (positive * negative) - 0.5)


def _correlation(values: Numbers, first: int, second: int) -> float:
    both = ~np.isnan(values[:, first]) & ~np.isnan(values[:, second])
    pair = values[both][:, [first, second]]
    if len(pair) < 2 or not pair.std(axis=0).all():
        return 0.0
    return abs(float(np.asarray(np.corrcoef(pair.T))[0, 1]))


def _edges(column: Numbers) -> tuple[float, ...]:
    present = column[~np.isnan(column)]
    # Bands of fewer people would tell their values, since each end lies between two of these.
    bands = min(_BANDS, len(present) // MIN_COUNT)
    if bands < 2:
        return ()
    inner = np.quantile(present, np.arange(1, bands) / bands)
    return tuple(sorted({float(f"{edge:.3g}") for edge in inner}))
