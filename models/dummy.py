"""Makes dummy data in the layout of a released copy, from a question alone: nobody is in it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from models.anonymity import find_releasable
from models.copy_plan import PROPOSED_COLUMNS, make_plan
from models.features import Matrix
from models.question import Question
from models.question_parts import DIRECT, Feature
from models.release import CopyColumn, make_columns, pack_copy
from models.timeline import AGE, COUNT, DAYS_SINCE, EXISTS
from records.values import BOOLEAN, CATEGORY

ROWS: Final = 2000
_POSITIVE: Final = 0.25
_MISSING: Final = 0.1
_NOTE: Final = (
    "Dummy data: drawn at random from the question's ranges, without any record. A model of it"
    " knows nothing. The columns and files are those of a real copy."
)


def create_dummy(question: Question, codes: Sequence[str] = ()) -> bytes:
    """Return a ZIP with the files of a released copy, filled at random; always the same bytes.

    Args:
        question: whose features it has.
        codes: of the features that it has; empty: the first of the question.

    Raises:
        ModelsInvalid: a code is not a feature of the question, or a direct identifier.
    """
    draw = np.random.default_rng(int(question.sha256[:16], 16))
    labels = draw.random(ROWS) < _POSITIVE
    columns = [_column(feature, draw) for feature in question.features]
    matrix = Matrix(np.stack(columns, axis=1).astype(np.float32), labels)
    usable = [feature.code for feature in question.features if feature.disclosure != DIRECT]
    plan = make_plan(question, matrix, codes or usable[:PROPOSED_COLUMNS])
    classes = plan.recoding.classes(matrix.values.astype(np.float64))
    stays = find_releasable(classes, labels)
    rows = make_columns(question, plan, matrix.rows(stays), classes[stays])
    names = [f"{number:032x}" for number in range(int(stays.sum()))]
    facts: dict[str, Any] = {
        "format": "vouchsafe training set 2",
        "level": "dummy",
        "note": _NOTE,
        "question": {"id": question.id, "sha256": question.sha256},
        "rows": len(names),
        "names": names,
    }
    return pack_copy([CopyColumn("name", "a pseudonym", None, names), *rows], facts, {})


def _column(feature: Feature, draw: np.random.Generator) -> np.ndarray:
    take = feature.reading.take if feature.reading is not None else ""
    if feature.kind == CATEGORY:
        values = draw.integers(0, len(feature.values), ROWS).astype(np.float64)
    elif feature.kind == BOOLEAN:
        values = (draw.random(ROWS) < _POSITIVE).astype(np.float64)
    else:
        low, high = _range(feature, take)
        values = np.round(draw.triangular(low, (low + high) / 2, high, ROWS), 1)
    is_missing = draw.random(ROWS) < _MISSING
    return values if take in (EXISTS, COUNT) else np.where(is_missing, np.nan, values)


def _range(feature: Feature, take: str) -> tuple[float, float]:
    """Return the range to draw from: the question's, or a plain guess where it has none."""
    low, high = {AGE: (18.0, 90.0), COUNT: (0.0, 12.0), DAYS_SINCE: (0.0, 730.0)}.get(
        take, (0.0, 100.0)
    )
    if np.isfinite(feature.minimum):
        low, high = feature.minimum, max(high, feature.minimum + 1)
    if np.isfinite(feature.maximum):
        low, high = min(low, feature.maximum - 1), feature.maximum
    return low, high
