"""Gathers the records permitted at one view, and says whom it left out and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from consent import View
from models.errors import InputOutOfRange
from models.features import Matrix, eligible, label_of, newest, to_row
from models.manifest import HELD_OUT_PART, TRAINING_PART, Line, Manifest
from models.ports import RecordStore
from models.question import TRAINING, Question
from storage import AccessRequest, AccessResult, Record

NO_LABEL = "no-label"
NO_CATEGORY = "required-category-missing"
OUT_OF_RANGE = "value-out-of-range"
INELIGIBLE = "ineligible"


@dataclass(frozen=True, slots=True)
class Cohort:
    """Permitted, usable patients at one view, written down in a manifest.

    `records` finds each manifest line's record by its keyed hash. `left_out` counts patients whose
    permitted records do not make a row; `refused` counts the records that the ledger refused.
    """

    view: View
    manifest: Manifest
    records: Mapping[str, Record]
    left_out: Mapping[str, int]
    refused: Mapping[str, int]

    def consents(self) -> list[bytes]:
        """Return the consents that this cohort rests on, each once."""
        return [
            bytes.fromhex(one) for one in sorted({line.consent for line in self.manifest.lines})
        ]


def gather(store: RecordStore, question: Question, study: str) -> Cohort:
    """Return the cohort that the ledger permits the study now, for training alone.

    Raises:
        UnitMismatch: a record is in another unit than the question.
        StorageError, ConsentError: the record store or the ledger is away or in doubt.
    """
    categories = (*question.categories, question.label.category)
    why = f"cohort for {question.id}"
    gathered = store.vault.gather(AccessRequest(study, TRAINING, categories, None, None, why))
    by_subject: dict[bytes, list[Record]] = {}
    for record in gathered.records:
        by_subject.setdefault(record.subject, []).append(record)
    left_out: Counter[str] = Counter()
    used: dict[bytes, str] = {}
    drawn = store.pseudonyms(f"split {question.id}")
    for subject, records in by_subject.items():
        reason = unusable(question, records)
        if reason:
            left_out[reason] += 1
        else:
            used[subject] = _part(drawn(subject), question.held_out)
    manifest, lookup = _written(store, question, gathered, used)
    return Cohort(gathered.view, manifest, lookup, dict(left_out), dict(gathered.refused))


def unusable(question: Question, records: Iterable[Record]) -> str:
    """Return why a patient's records make no row of the matrix, or ""."""
    held = list(records)
    label = label_of(question, held)
    if label is None:
        return NO_LABEL
    held = [one for one in held if one.recorded_on <= label[1]]
    if not set(question.required) <= {one.category for one in held}:
        return NO_CATEGORY
    try:
        row = to_row(question, newest(held))
    except InputOutOfRange:
        return OUT_OF_RANGE
    return INELIGIBLE if eligible(question, row) else ""


def _part(drawn: bytes, held_out: float) -> str:
    # Drawn by the patient's own keyed hash: whoever leaves, nobody else changes sides.
    share = int.from_bytes(drawn[:8], "big") / 2**64
    return HELD_OUT_PART if share < held_out else TRAINING_PART


def _written(
    store: RecordStore, question: Question, gathered: AccessResult, used: Mapping[bytes, str]
) -> tuple[Manifest, dict[str, Record]]:
    of_patient, of_record = (
        store.pseudonyms("manifest patient"),
        store.pseudonyms("manifest record"),
    )
    patients = {one: of_patient(one).hex() for one in used}
    lines, lookup = [], {}
    for record, consent in zip(gathered.records, gathered.consents, strict=True):
        part = used.get(record.subject)
        if part is not None:
            name = of_record(bytes.fromhex(record.record_id)).hex()
            patient = patients[record.subject]
            lookup[name] = record
            lines.append(Line(patient, name, record.version, consent.hex(), "permitted", part))
    return Manifest.of(question.sha256, lines), lookup


def matrix(
    question: Question, manifest: Manifest, records: Mapping[str, Record], part: str
) -> Matrix:
    """Return the rows of a part, in the manifest's order; the same for whoever holds the records.

    Raises:
        KeyError: a line's record is not among `records`.
    """
    by_patient: dict[str, list[Record]] = {}
    for line in manifest.lines:
        if line.part == part:
            by_patient.setdefault(line.patient, []).append(records[line.record])
    values = np.empty((len(by_patient), len(question.features)), np.float32)
    labels = np.empty(len(by_patient), np.bool_)
    for place, held in enumerate(by_patient.values()):
        label = label_of(question, held)
        # Nobody without a label is on a manifest; what came after the label would tell of it.
        labels[place], day = label or (False, "")
        values[place] = to_row(question, newest(held, day))
    return Matrix(values, labels)
