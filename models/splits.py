"""Splits the patients of a cohort by custodian, date or a category, if the question says so."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from models.cohort import Cohort
from models.features import Matrix, Values, find_label
from models.manifest import TRAINING_PART
from models.plan import BY_CUSTODIAN, BY_DATE
from models.question import Question
from models.suppression import MIN_COUNT
from records.documents import UNDATED
from storage import Record

_PERIODS = 4


def split_patients(question: Question, cohort: Cohort, matrix: Matrix) -> list[str]:
    """Return the part of each patient, in the order of the matrix; empty without a split.

    By date there are four periods with about as many patients each, by the day of the label, or
    of the last record where a question has windows. Their names tell no patient's day.
    """
    split_by = question.plan.split_by
    if not split_by:
        return []
    if split_by not in (BY_CUSTODIAN, BY_DATE):
        column = question.columns()[split_by]
        feature = question.features[column]
        return [feature.format(float(cell)) for cell in matrix.values[:, column]]
    patients = _records_of_patients(cohort)
    if split_by == BY_CUSTODIAN:
        return [records[0].custodian for records in patients]
    return _periods([_last_day(question, records) for records in patients])


def list_sites(question: Question, records: Sequence[Record], row: Values) -> set[str]:
    """Return the sites of one patient, as `split_patients` names them.

    Empty if the question is not split by site. A site that is missing has the empty name, which
    no model learned from.

    Args:
        question: with its split.
        records: of the patient.
        row: the patient's row of the matrix.
    """
    split_by = question.plan.split_by
    if split_by in ("", BY_DATE):
        return set()
    if split_by == BY_CUSTODIAN:
        return {record.custodian for record in records}
    column = question.columns()[split_by]
    cell = float(row[column])
    return {"" if np.isnan(cell) else question.features[column].format(cell)}


def _last_day(question: Question, records: list[Record]) -> str:
    label = None if question.timeline is not None else find_label(question, records)
    return label[1] if label else max(record.recorded_on for record in records)


def _records_of_patients(cohort: Cohort) -> list[list[Record]]:
    by_patient: dict[str, list[Record]] = {}
    for line in cohort.manifest.lines:
        if line.part == TRAINING_PART:
            by_patient.setdefault(line.patient, []).append(cohort.records[line.record])
    return list(by_patient.values())


def _periods(days: list[str]) -> list[str]:
    """Return the period of each day; names have years of several patients, never a day."""
    ordered = sorted(days)
    starts = sorted({ordered[len(ordered) * part // _PERIODS] for part in range(_PERIODS)})
    places = np.maximum(np.searchsorted(starts, days, side="right") - 1, 0)
    names = []
    for place in range(len(starts)):
        years = sorted(d[:4] for d, at in zip(days, places, strict=True) if at == place)
        names.append(f"period {place + 1} of {len(starts)}{_years_text(years)}")
    return [names[place] for place in places.tolist()]


def _years_text(years: list[str]) -> str:
    """Return from and to which year at least 11 patients of a period have theirs, or nothing."""
    if len(years) < 2 * MIN_COUNT or UNDATED[:4] in years:
        return ""
    first, last = years[MIN_COUNT - 1], years[-MIN_COUNT]
    return f" ({first})" if first == last else f" ({first} to {last})"
