"""Gathers the cohort that is permitted at one view, and counts the patients left out by reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from consent import MLTRAINING, View
from models.errors import InputOutOfRange
from models.features import Matrix, find_failed_rule, find_label, latest_observations, to_row
from models.manifest import TRAINING_PART, Manifest, ManifestLine
from models.persons import group_by_person
from models.ports import RecordStore
from models.question import Question
from models.selection import (
    INELIGIBLE,
    NO_CATEGORY,
    NO_LABEL,
    find_extractor,
    find_timed_reasons,
    make_timed_matrix,
)
from models.suppression import MIN_COUNT
from models.windows import UNIT
from records.extraction import codes_of_record
from storage import AccessRequest, AccessResult, Record
from storage.collector import collector_paused

OUT_OF_RANGE: Final = "value-out-of-range"
RECORD_LABEL: Final = "manifest record"
PATIENT_LABEL: Final = "manifest patient"
"""Names the keyed hash by which a manifest lists its records."""
_PERMITTED: Final = "permitted"


@dataclass(frozen=True, slots=True)
class Cohort:
    """Permitted, usable patients at one view, with their manifest.

    `records` has the record of each manifest line, by its keyed hash; for a question of format 2
    with its events in place of its content. `excluded` counts patients
    whose permitted records do not make a row; `refused` counts the records that the ledger refused.
    `unread` counts the values that are missing because their unit, kind or range cannot be read, by
    feature and reason. `left_out` has the lines of the usable patients whom a run leaves out.
    """

    view: View
    manifest: Manifest
    records: Mapping[str, Record]
    excluded: Mapping[str, int]
    refused: Mapping[str, int]
    unread: Mapping[tuple[str, str], int] = field(default_factory=dict)
    left_out: Manifest | None = None

    def consents(self) -> list[bytes]:
        """Return the ids of the consents that permit this cohort, each once."""
        return [
            bytes.fromhex(name) for name in sorted({line.consent for line in self.manifest.lines})
        ]


@collector_paused()
def gather_cohort(store: RecordStore, question: Question, study: str) -> Cohort:
    """Return the cohort that the ledger permits the study now, for training alone.

    Raises:
        StorageError, ConsentError: the record store or the ledger is unavailable or inconsistent.
    """
    categories, why = question.training_categories, f"cohort for {question.id}"
    gathered = store.vault.gather(
        AccessRequest(study, MLTRAINING, categories, None, None, why),
        extractor=find_extractor(question),
    )
    by_person = group_by_person(store, gathered.records)
    unread: Counter[tuple[str, str]] = Counter()
    reasons = exclusion_reasons(question, list(by_person.values()), unread)
    excluded = Counter(reason for reason in reasons if reason)
    included = [
        (person, records)
        for (person, records), reason in zip(by_person.items(), reasons, strict=True)
        if not reason
    ]
    manifest, by_hash = _make_manifest(store, question, gathered, dict(included))
    refused = dict(gathered.refused)
    return Cohort(gathered.view, manifest, by_hash, dict(excluded), refused, dict(unread))


def exclusion_reasons(
    question: Question, patients: Sequence[Sequence[Record]], unread: Counter[tuple[str, str]]
) -> list[str]:
    """Return for each patient why the records make no row of the matrix; empty if they do.

    On return `unread` has how many values cannot be read, by feature and reason.
    """
    if question.timeline is not None:
        return find_timed_reasons(question, patients, unread)
    unconverted: Counter[str] = Counter()
    reasons = [_exclusion_reason(question, records, unconverted) for records in patients]
    unread.update({(code, UNIT): count for code, count in unconverted.items()})
    return reasons


def _exclusion_reason(
    question: Question, records: Sequence[Record], unconverted: Counter[str]
) -> str:
    label = find_label(question, records)
    if label is None:
        return NO_LABEL
    _, day = label
    in_time = [record for record in records if record.recorded_on <= day]
    if not set(question.required) <= {record.category for record in in_time}:
        return NO_CATEGORY
    try:
        row = to_row(question, latest_observations(in_time), unconverted)
    except InputOutOfRange:
        return OUT_OF_RANGE
    return "" if find_failed_rule(question, row) is None else INELIGIBLE


def _make_manifest(
    store: RecordStore,
    question: Question,
    gathered: AccessResult,
    included: Mapping[bytes, Sequence[Record]],
) -> tuple[Manifest, dict[str, Record]]:
    """Return the manifest of the persons to include, and their records by keyed hash.

    Every patient trains the model: the evaluation is out of fold.
    """
    hash_patient = store.pseudonyms(PATIENT_LABEL)
    hash_record = store.pseudonyms(RECORD_LABEL)
    patients: dict[bytes, str] = {}
    for person, records in included.items():
        patients |= dict.fromkeys((r.subject for r in records), hash_patient(person).hex())
    lines, by_hash = [], {}
    for record, consent in zip(gathered.records, gathered.consents, strict=True):
        if record.subject in patients:
            name = hash_record(bytes.fromhex(record.record_id)).hex()
            patient = patients[record.subject]
            by_hash[name] = record
            lines.append(
                ManifestLine(
                    patient, name, record.version, consent.hex(), _PERMITTED, TRAINING_PART
                )
            )
    return Manifest.of(question.sha256, lines), by_hash


def list_common_codes(cohort: Cohort) -> set[str]:
    """Return the codes that at least 11 patients have: a rarer one would tell of few."""
    codes: dict[str, set[str]] = {}
    for line in cohort.manifest.lines:
        for code in codes_of_record(cohort.records[line.record]):
            codes.setdefault(code, set()).add(line.patient)
    return {code for code, patients in codes.items() if len(patients) >= MIN_COUNT}


@collector_paused()
def build_matrix(
    question: Question, manifest: Manifest, records: Mapping[str, Record], part: str
) -> Matrix:
    """Return the rows of a part in the manifest's order; anyone with the records gets the same.

    Raises:
        KeyError: a line's record is not among `records`.
    """
    by_patient: dict[str, list[Record]] = {}
    for line in manifest.lines:
        if line.part == part:
            by_patient.setdefault(line.patient, []).append(records[line.record])
    return to_matrix(question, list(by_patient.values()))


def to_matrix(question: Question, patients: Sequence[Sequence[Record]]) -> Matrix:
    """Return a row for each patient, with the label; every patient must have one.

    Raises:
        InputOutOfRange: see `models.features.to_row`.
    """
    if question.timeline is not None:
        return make_timed_matrix(question, patients)
    rows, labels = [], []
    for records in patients:
        # Without a label a patient is in no cohort; records after the label would reveal it.
        label, day = find_label(question, records) or (False, "")
        labels.append(label)
        rows.append(to_row(question, latest_observations(records, day), Counter()))
    values = np.array(rows, np.float32).reshape(len(rows), len(question.features))
    return Matrix(values, np.array(labels, np.bool_))
