"""Measure how well a column of a table separates a label by itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from records.cells import USUAL_MISSING, NumberFormat, normalised
from records.faults import CellInvalid


def separation(
    cells: Sequence[str], labels: Sequence[bool], is_number: bool, numbers: NumberFormat
) -> tuple[float, float]:
    """Return the AUROC of a column alone, and of its missingness alone; 0.5 is no separation.

    A category is ordered by the share of positives of each value, on the same rows, so that many
    values separate a little by chance.
    """
    is_missing = [normalised(cell) in USUAL_MISSING for cell in cells]
    pairs = [
        (cell, label)
        for cell, label, absent in zip(cells, labels, is_missing, strict=True)
        if not absent
    ]
    scores = _numbers(pairs, numbers) if is_number else _shares(pairs)
    absences = [(float(m), label) for m, label in zip(is_missing, labels, strict=True)]
    return _auroc(scores), _auroc(absences)


def _numbers(pairs: Sequence[tuple[str, bool]], numbers: NumberFormat) -> list[tuple[float, bool]]:
    scores = []
    for cell, label in pairs:
        try:
            scores.append((numbers.read(cell.strip())[0], label))
        except CellInvalid:
            continue
    return scores


def _shares(pairs: Sequence[tuple[str, bool]]) -> list[tuple[float, bool]]:
    counts, positives = Counter[str](), Counter[str]()
    for cell, label in pairs:
        counts[normalised(cell)] += 1
        positives[normalised(cell)] += label
    return [(positives[normalised(c)] / counts[normalised(c)], label) for c, label in pairs]


def _auroc(scores: list[tuple[float, bool]]) -> float:
    """Return the area under the ROC curve, or its mirror image if that is larger."""
    positives = sum(label for _, label in scores)
    negatives = len(scores) - positives
    if not positives or not negatives:
        return 0.5
    ranks, place = 0.0, 0
    scores = sorted(scores)
    while place < len(scores):
        end = place
        while end < len(scores) and scores[end][0] == scores[place][0]:
            end += 1
        middle = (place + 1 + end) / 2  # tied scores share their mean rank
        ranks += middle * sum(label for _, label in scores[place:end])
        place = end
    area = (ranks - positives * (positives + 1) / 2) / (positives * negatives)
    return max(area, 1 - area)
