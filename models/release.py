"""Creates an anonymised training set for export, with its measured risk and terms beside it."""

from __future__ import annotations

import hashlib
import io
import json
import re
import zipfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from types import MappingProxyType
from typing import Any, Final

import numpy as np

from consent import HRESCH, OBLIGATIONS, View
from models.anonymity import (
    MAX_DISTANCE,
    MIN_DIVERSITY,
    Band,
    Classes,
    Labels,
    PrivacyMeasures,
    find_releasable_after,
    measure,
)
from models.cohort import exclusion_reasons, to_matrix
from models.copy_plan import CopyPlan, find_hidden, make_plan, require_plan
from models.earlier_copies import EarlierCopy, find_batches, find_deleted, to_row_name
from models.errors import CohortTooSmall, ConsentsChanged, ModelsInvalid
from models.features import Matrix
from models.persons import group_by_person, row_key
from models.ports import RecordStore
from models.question import Question
from models.question_parts import QUASI, Feature
from models.suppression import MIN_COHORT, MIN_COUNT, conceal, suppress
from records.csv_out import to_csv
from records.table_file import write_parquet
from records.values import NUMBER
from storage import AccessRequest, AccessResult, Record

_PERMITTED: Final = "permitted"
_ZIP_DATE: Final = (1980, 1, 1, 0, 0, 0)  # ZIP's first day: the same rows make the same bytes
_MAX_COLUMN_CHARACTERS: Final = 40
AGREEMENT: Final = (
    "Use this set only for the study that it was made for. Do not try to find out who anybody "
    "is. Do not link it with other data. Do not pass it on. Keep it locked, and keep a record of "
    "each use. When people in it withdraw, delete it within 14 days and say so. Delete it by its "
    "end and say so."
)

Table = dict[str, list[Any]]


@dataclass(frozen=True, slots=True)
class ReleaseRequest:
    """Who requests a training set.

    Attributes:
        study: the study that requests it.
        release: the name of this copy; the pseudonyms depend on it, so copies cannot be joined.
        ends_on: ISO date by which it must be deleted.
        actor: the researcher.
        columns: the codes of the chosen features; empty: the platform chooses. Only the first
            copy of a study can choose.
        plan: that of the study's first copy; None for the first.
        earlier: the study's earlier copies.
    """

    study: str
    release: str
    ends_on: str
    actor: str
    columns: tuple[str, ...] = ()
    plan: CopyPlan | None = None
    earlier: tuple[EarlierCopy, ...] = ()


@dataclass(frozen=True, slots=True)
class Release:
    """One training set.

    Attributes:
        content: the ZIP: data.parquet, manifest.json, dictionary.json and .csv, agreement.txt,
            deleted.json (by earlier copy, the rows whose people no longer permit it).
        rows, columns: its size.
        left_out: the pseudonyms of the rows that had to stay out.
        measures: how alike its rows are.
        plan: its columns and bands, for the study's next copy.
        names: the pseudonym of each row.
        parts: by pseudonym, the ids of the records that the row was made of.
        view: the ledger view of the decision.
    """

    content: bytes
    rows: int
    columns: int
    left_out: tuple[str, ...]
    measures: PrivacyMeasures
    plan: CopyPlan
    names: tuple[str, ...]
    parts: Mapping[str, tuple[str, ...]]
    view: View


@dataclass(frozen=True, slots=True)
class CopyColumn:
    """One column of the copy: its name, what it is, and its cells."""

    name: str
    meaning: str
    feature: Feature | None
    cells: list[Any]


def create_release(store: RecordStore, question: Question, request: ReleaseRequest) -> Release:
    """Return the set of all patients who permit the study a copy now; it is journalled first.

    The set leaves the vault, so the purpose is HRESCH, which patients permit separately.

    Raises:
        CohortTooSmall: fewer than 50 people permit it, or could be included.
        ConsentsChanged: somebody's permission ended while the set was made; it may be made again.
        ModelsInvalid: a chosen column is not a feature, or a direct identifier; or the question
            was changed since the study's first copy.
        StorageError, ConsentError: the record store or the ledger is unavailable or inconsistent.
    """
    used, why = question.training_categories, f"training set {request.release}"
    access = AccessRequest(request.study, HRESCH, used, None, None, why, request.actor)
    gathered = store.vault.gather(access)
    patients = find_usable(store, question, gathered)
    if len(patients) < MIN_COHORT:
        raise CohortTooSmall(f"no training set: fewer than {MIN_COHORT} people permit a copy")
    pseudonym = store.pseudonyms(f"release {request.study} {request.release}")
    rows = sorted((to_row_name(pseudonym(key)), key) for key in patients)
    named = [(name, patients[key]) for name, key in rows]
    matrix = _one_row_each(to_matrix(question, [records for _, records in named]))
    plan = _find_plan(question, matrix, request)
    classes = plan.recoding.classes(matrix.values.astype(np.float64))
    batches = find_batches(store, request.study, request.earlier, [patients[k] for _, k in rows])
    is_kept = find_releasable_after(classes, matrix.labels, batches)
    if is_kept.sum() < MIN_COHORT:
        raise CohortTooSmall(f"no training set: fewer than {MIN_COHORT} people could be included")
    names = tuple(name for (name, _), stays in zip(named, is_kept, strict=True) if stays)
    left_out = tuple(name for (name, _), stays in zip(named, is_kept, strict=True) if not stays)
    columns = make_columns(
        question,
        plan,
        matrix.rows(is_kept),
        classes[is_kept],
        [is_new[is_kept] for is_new in batches],
    )
    measures = measure(classes[is_kept], matrix.labels[is_kept])
    facts = _describe(question, request, gathered.view, measures)
    facts |= describe_duties(gathered) | {
        "left_out": conceal(len(left_out)),  # exact, it would tell who joined
        "names": names,
        "columns_left_out": [
            feature.words for n, feature in enumerate(question.features) if n not in plan.columns
        ],
    }
    content = pack_copy(
        [CopyColumn("name", "a pseudonym", None, list(names)), *columns],
        facts,
        find_deleted(store, request.study, request.earlier, patients, gathered.records),
    )
    require_permitted(store, access, gathered)
    return Release(
        content=content,
        rows=len(names),
        columns=len(columns) + 1,
        left_out=left_out,
        measures=measures,
        plan=plan,
        names=names,
        parts={
            name: tuple(sorted(record.record_id for record in records))
            for (name, records), stays in zip(named, is_kept, strict=True)
            if stays
        },
        view=gathered.view,
    )


def find_usable(
    store: RecordStore, question: Question, gathered: AccessResult
) -> dict[bytes, list[Record]]:
    """Return the records of each person who makes a row, by the row's key."""
    people = list(group_by_person(store, gathered.records).values())
    reasons = exclusion_reasons(question, people, Counter())
    return {
        row_key(record.subject for record in records): records
        for records, reason in zip(people, reasons, strict=True)
        if not reason
    }


def _find_plan(question: Question, matrix: Matrix, request: ReleaseRequest) -> CopyPlan:
    if request.plan is None:
        return make_plan(question, matrix, request.columns)
    require_plan(question, request.plan)
    return request.plan


def _one_row_each(matrix: Matrix) -> Matrix:
    if matrix.people is not None:
        raise ModelsInvalid("a copy has one row a person: set take of [index] to first or last")
    return matrix


def require_permitted(store: RecordStore, access: AccessRequest, gathered: AccessResult) -> None:
    """Ask for the whole decision on every gathered record again, right before the set leaves.

    Raises:
        ConsentsChanged: one of the decisions is another now.
    """
    subjects = sorted({record.subject for record in gathered.records})
    decisions = store.vault.decide_again(replace(access, subjects=subjects))
    for record, consent in zip(gathered.records, gathered.consents, strict=True):
        if decisions.get(bytes.fromhex(record.record_id)) != (_PERMITTED, consent):
            raise ConsentsChanged("permissions changed while the set was made. Try again.")


def make_columns(
    question: Question,
    plan: CopyPlan,
    matrix: Matrix,
    classes: Classes,
    batches: Sequence[Labels] = (),
) -> list[CopyColumn]:
    """Return the columns of the copy of these rows, the label last.

    `batches` are those of `find_batches`.
    """
    bands = plan.recoding.bands()
    columns: list[CopyColumn] = []
    for position, feature in enumerate(question.features):
        name = make_column_name(feature.words, [column.name for column in columns])
        values = matrix.values[:, position].astype(np.float64)
        if position in plan.recoding.columns:
            limits = [bands[node][position] for node in classes]
            if feature.kind == NUMBER:
                place_in_centre = plan.recoding.columns.index(position)
                centres = [plan.recoding.centres[node][place_in_centre] for node in classes]
                columns += _number_columns(feature, name, limits, centres)
            else:
                has_missing = bool(np.isnan(values).any())
                cells = [_words(feature, band, has_missing) for band in limits]
                columns.append(CopyColumn(name, "one of these values", feature, cells))
        elif position in plan.columns:
            edges = plan.edges.get(position)
            columns.append(_other_column(feature, name, values, edges, (classes, batches)))
    return [*columns, CopyColumn("label", question.label.words, None, matrix.labels.tolist())]


def _number_columns(
    feature: Feature, name: str, limits: Sequence[Band], centres: Sequence[float]
) -> list[CopyColumn]:
    return [
        CopyColumn(name, "the mean of the row's class", feature, [_number(c) for c in centres]),
        CopyColumn(f"{name}_low", "at least this", feature, [_number(band.low) for band in limits]),
        CopyColumn(f"{name}_high", "below this", feature, [_number(band.high) for band in limits]),
    ]


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _words(feature: Feature, band: Band, has_missing: bool) -> str:
    """Return the words of a band: categories by their index, or no (0) and yes (1)."""
    known = feature.values or ("no", "yes")
    words = [word for index, word in enumerate(known) if band.low <= index < band.high]
    return " | ".join(words + ([feature.missing] if has_missing and band.may_be_missing else []))


def _other_column(
    feature: Feature,
    name: str,
    values: np.ndarray,
    edges: tuple[float, ...] | None,
    groups: tuple[Classes, Sequence[Labels]],
) -> CopyColumn:
    """Return the column of a feature that nobody is recognised by: bands of numbers, or words."""
    classes, batches = groups
    is_missing = np.isnan(values)
    filled = np.where(is_missing, -1, values)
    index = (filled if edges is None else np.digitize(filled, edges)).astype(np.intp)
    index[is_missing] = -1
    is_hidden = find_hidden(feature, index, classes, batches) | is_missing
    if edges is None:
        texts = feature.values or ("no", "yes")
    else:
        ends = zip([None, *edges], [*edges, None], strict=True)
        texts = tuple(_range_text(low, high) for low, high in ends)
    cells = [None if hidden else texts[i] for i, hidden in zip(index, is_hidden, strict=True)]
    return CopyColumn(name, "a band" if edges is not None else "the value", feature, cells)


def _range_text(low: float | None, high: float | None) -> str:
    if low is None:
        return f"below {high:g}" if high is not None else "any"
    return f"{low:g} or more" if high is None else f"{low:g} to below {high:g}"


def make_column_name(words: str, taken: Sequence[str]) -> str:
    """Return the name of a feature's column, which no other column has."""
    stem = re.sub(r"[^a-z0-9]+", "_", words.lower()).strip("_")[:_MAX_COLUMN_CHARACTERS]
    stem = stem or "column"
    name, number = stem, 2
    while name in {*taken, "name", "label"}:
        name, number = f"{stem}_{number}", number + 1
    return name


def _describe(
    question: Question, request: ReleaseRequest, view: View, measures: PrivacyMeasures
) -> dict[str, Any]:
    return {
        "format": "vouchsafe training set 2",
        "level": "anonymised",
        "study": request.study,
        "release": request.release,
        "question": {"id": question.id, "sha256": question.sha256},
        "limits": {"k": MIN_COUNT, "diversity": MIN_DIVERSITY, "distance": MAX_DISTANCE},
        "measured": asdict(measures),
        "risk": {
            "prosecutor": {"max": measures.max_risk, "mean": measures.mean_risk},
            "journalist": {"at_most": measures.max_risk},
        },
        "rows": measures.rows,
        "ends_on": request.ends_on,
    } | describe_view(view)


def describe_view(view: View) -> dict[str, Any]:
    """Return the ledger view of a copy, for its manifest."""
    head = view.head.hex()
    return {"view": {"block_number": view.block_number, "count": view.count, "head": head}}


def describe_duties(gathered: AccessResult) -> dict[str, Any]:
    """Return the duties that come with a copy, for its manifest: those of every consent in it."""
    return {"duties": {code: OBLIGATIONS[code].label for code in gathered.duties}}


def _make_dictionary(columns: Sequence[CopyColumn]) -> list[dict[str, Any]]:
    return [
        {
            "column": column.name,
            "words": column.feature.words if column.feature else column.meaning,
            "code": column.feature.code if column.feature else "",
            "unit": column.feature.unit if column.feature else "",
            "cells": column.meaning,
            "coarse": column.feature is not None and column.feature.disclosure == QUASI,
            "disclosure": column.feature.disclosure if column.feature else "",
            "missing": suppress(sum(cell is None for cell in column.cells)),
        }
        for column in columns
    ]


def pack_copy(
    columns: Sequence[CopyColumn],
    facts: Mapping[str, Any],
    deleted: Mapping[str, list[str]],
    agreement: str = AGREEMENT,
    more: Mapping[str, bytes] = MappingProxyType({}),
) -> bytes:
    """Return the ZIP; the manifest has the hash of every other file, also of `more`."""
    dictionary = _make_dictionary(columns)
    files = {
        **more,
        "data.parquet": write_parquet({column.name: column.cells for column in columns}),
        "dictionary.json": _to_json(dictionary),
        "dictionary.csv": _to_csv(dictionary),
        "agreement.txt": (agreement + "\n").encode(),
        "deleted.json": _to_json(deleted),
    }
    hashes = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    files["manifest.json"] = _to_json({**facts, "sha256": hashes})
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in sorted(files.items()):
            archive.writestr(zipfile.ZipInfo(name, _ZIP_DATE), content)
    return buffer.getvalue()


def _to_csv(rows: list[dict[str, Any]]) -> bytes:
    return to_csv([list(rows[0]), *(list(row.values()) for row in rows)], "\n").encode()


def _to_json(content: Any) -> bytes:
    return json.dumps(content, indent=1, sort_keys=True).encode() + b"\n"
