"""Describes the patients of a cohort: Table 1 by outcome, with small counts hidden."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from models.calibration import Floats, Labels
from models.features import Matrix
from models.question import Feature, Question
from models.question_parts import DIRECT, format_unit, spell_value
from models.suppression import MIN_COUNT, coarsen, coarsen_missing
from models.telling import compare_columns
from records.values import CATEGORY, NUMBER


@dataclass(frozen=True, slots=True)
class Characteristic:
    """One row of Table 1; what would tell of few patients is None.

    Attributes:
        words: the feature with its unit, and the category where it has several.
        is_share: True for shares of patients, False for median and quartiles.
        without, having: among patients without and with the label: share or (Q1, median, Q3).
        missing: share of all patients without a value, see `coarsen_missing`.
    """

    words: str
    is_share: bool
    without: tuple[float, ...] | None
    having: tuple[float, ...] | None
    missing: float | None


def describe_patients(matrix: Matrix, question: Question) -> tuple[Characteristic, ...]:
    """Return the rows of Table 1, in the question's order, without direct identifiers."""
    columns = [
        column for column, feature in enumerate(question.features) if feature.disclosure != DIRECT
    ]
    categories = [question.features[column].kind == CATEGORY for column in columns]
    telling = compare_columns(matrix.values[:, columns], categories)
    return tuple(
        _hide(row, is_rare, is_close)
        for column, is_rare, is_close in zip(columns, telling.rare, telling.close, strict=True)
        for row in _describe(
            question.features[column], matrix.values[:, column].astype(np.float64), matrix.labels
        )
    )


def _hide(row: Characteristic, is_rare: bool, is_close: bool) -> Characteristic:
    if is_close:
        return replace(row, without=None, having=None, missing=None)
    return replace(row, without=None, having=None) if is_rare else row


def _describe(feature: Feature, cells: Floats, labels: Labels) -> list[Characteristic]:
    missing = coarsen_missing(float(np.isnan(cells).mean()), len(cells))
    parts = without, having = (cells[~labels], cells[labels])
    if feature.kind == NUMBER:
        unit = format_unit(feature.unit)
        words = f"{feature.words} ({unit})" if unit else feature.words
        return [Characteristic(words, False, _quartiles(without), _quartiles(having), missing)]
    names = list(map(spell_value, feature.values))
    pairs = list(enumerate(names)) if names else [(1, "yes")]
    hidden = _find_hidden([value for value, _ in pairs], parts) if names else set()
    return [
        Characteristic(
            f"{feature.words}: {name}",
            True,
            None if value in hidden else _share(without, value),
            None if value in hidden else _share(having, value),
            missing,
        )
        for value, name in pairs
    ]


def _find_hidden(values: Sequence[int], parts: Sequence[Floats]) -> set[int]:
    """Return the categories whose shares would tell of few patients, alone or by what is left.

    All shares of a part make 1, so who has a rare category could be computed from the others.
    A category that nobody has counts as rare: else the hidden categories would tell whether
    somebody has it.
    """
    counts = {value: [int((part == value).sum()) for part in parts] for value in values}
    hidden = {value for value, sizes in counts.items() if _is_small(sizes)}
    visible = [value for value in values if value not in hidden]
    for value in sorted(visible, key=lambda value: sum(counts[value])):
        rest = [sum(sizes) for sizes in zip(*(counts[each] for each in hidden), strict=True)]
        if not hidden or (len(hidden) > 1 and not _is_small(rest)):
            break
        hidden.add(value)
    return hidden


def _is_small(sizes: Sequence[int]) -> bool:
    return min(sizes) < MIN_COUNT


def _quartiles(cells: Floats) -> tuple[float, ...] | None:
    present = cells[~np.isnan(cells)]
    if len(present) < MIN_COUNT:
        return None
    return tuple(float(f"{q:.3g}") for q in np.quantile(present, [0.25, 0.5, 0.75]))


def _share(cells: Floats, value: int) -> tuple[float, ...] | None:
    present = cells[~np.isnan(cells)]
    count = int((present == value).sum())
    if min(count, len(present) - count) < MIN_COUNT:
        return None
    return (coarsen(count / len(present), len(present)),)
