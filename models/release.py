"""Creates a training set for export: pseudonymous, k-anonymous, with its terms of use beside it."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from consent import HRESCH, View
from models.anonymity import HIDDEN, anonymise, quasi_identifiers
from models.cohort import exclusion_reason, group_by_subject, to_matrix
from models.errors import CohortTooSmall, ConsentsChanged
from models.ports import RecordStore
from models.question import Question
from models.suppression import MIN_COHORT, MIN_COUNT, suppress
from records.table_file import write_parquet
from records.values import NUMBER
from storage import AccessRequest, AccessResult, Record

PSEUDONYM_CHARACTERS: Final = 32
_PERMITTED: Final = "permitted"
_ZIP_DATE: Final = (1980, 1, 1, 0, 0, 0)  # ZIP's first day: the same rows make the same bytes
AGREEMENT: Final = (
    "Use this set only for the study that it was made for. Do not try to find out who anybody "
    "is. Do not link it with other data. Do not pass it on. Keep it locked. When people in it "
    "withdraw, delete their rows within 14 days and say so. Delete all of it by its end and say so."
)

Table = dict[str, list[Any]]


@dataclass(frozen=True, slots=True)
class ReleaseRequest:
    """Who requests a training set.

    Attributes:
        study: the study that requests it.
        release: the name of this release; the pseudonyms depend on it.
        ends_on: ISO date by which it must be deleted.
        actor: the researcher.
        before: the pseudonyms of the rows in the study's earlier sets.
    """

    study: str
    release: str
    ends_on: str
    actor: str
    before: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Release:
    """One training set.

    Attributes:
        content: the ZIP: data.parquet, manifest.json, dictionary.json and .csv, agreement.txt,
            deleted.json (pseudonyms of earlier rows that are no longer permitted).
        rows, columns: its size.
        left_out: how many rows were too rare to include.
        k: the smallest class of quasi-identifiers in it.
        names: the pseudonym of each row.
        view: the ledger view of the decision.
    """

    content: bytes
    rows: int
    columns: int
    left_out: int
    k: int
    names: tuple[str, ...]
    view: View


def create_release(store: RecordStore, question: Question, request: ReleaseRequest) -> Release:
    """Return the set of all patients who permit the study a copy now; it is journalled first.

    The set leaves the vault, so the purpose is HRESCH, which patients permit separately.

    Raises:
        CohortTooSmall: fewer than 50 people permit it, or could be included.
        ConsentsChanged: somebody's permission ended while the set was made; it may be made again.
        StorageError, ConsentError: the record store or the ledger is unavailable or inconsistent.
    """
    categories = (*question.categories, question.label.category)
    why = f"training set {request.release}"
    access = AccessRequest(request.study, HRESCH, categories, None, None, why, request.actor)
    gathered = store.vault.gather(access)
    patients = [
        (subject, records)
        for subject, records in group_by_subject(gathered.records).items()
        if not exclusion_reason(question, records)
    ]
    if len(patients) < MIN_COHORT:
        raise CohortTooSmall(f"no training set: fewer than {MIN_COHORT} people permit a copy")
    pseudonym = store.pseudonyms(f"release {request.study} {request.release}")
    named = sorted(
        (pseudonym(subject).hex()[:PSEUDONYM_CHARACTERS], records) for subject, records in patients
    )
    table = _make_table(question, named)
    names, rows = tuple(table["name"]), len(table["name"])
    if rows < MIN_COHORT:
        raise CohortTooSmall(f"no training set: fewer than {MIN_COHORT} people could be included")
    left_out = len(named) - rows
    withdrawn = sorted(set(request.before) - {name for name, _ in named})
    facts = _describe(question, request, gathered.view)
    facts |= {"rows": rows, "left_out": suppress(left_out), "names": names}
    content = _pack(question, table, facts, withdrawn)
    _require_permitted(store, access, gathered)
    return Release(content, rows, len(table), left_out, MIN_COUNT, names, gathered.view)


def _require_permitted(store: RecordStore, access: AccessRequest, gathered: AccessResult) -> None:
    """Ask for the whole decision on every gathered record again, right before the set leaves."""
    subjects = sorted({record.subject for record in gathered.records})
    decisions = store.vault.decide_again(replace(access, subjects=subjects))
    for record, consent in zip(gathered.records, gathered.consents, strict=True):
        if decisions.get(bytes.fromhex(record.record_id)) != (_PERMITTED, consent):
            raise ConsentsChanged("permissions changed while the set was made. Try again.")


def _make_table(question: Question, named: Sequence[tuple[str, list[Record]]]) -> Table:
    """Return the columns of the rows that may be released."""
    matrix = to_matrix(question, [records for _, records in named])
    anonymous = anonymise(question, matrix.values)
    table: Table = {"name": [name for name, _ in named]}
    for column, feature in enumerate(question.features):
        coarse = anonymous.columns.get(feature.code)
        values = matrix.values[:, column]
        table[feature.code] = coarse or _to_cells(values, feature.kind == NUMBER)
    table["label"] = matrix.labels.tolist()
    return {
        name: [cell for cell, is_kept in zip(cells, anonymous.is_kept, strict=True) if is_kept]
        for name, cells in table.items()
    }


def _to_cells(column: np.ndarray, is_number: bool) -> list[float | int | None]:
    cells = [None if np.isnan(value) else round(float(value), 3) for value in column]
    return cells if is_number else [None if cell is None else int(cell) for cell in cells]


def _describe(question: Question, request: ReleaseRequest, view: View) -> dict[str, Any]:
    return {
        "format": "vouchsafe training set 1",
        "study": request.study,
        "release": request.release,
        "question": {"id": question.id, "sha256": question.sha256},
        "k": MIN_COUNT,
        "ends_on": request.ends_on,
        "view": {"block_number": view.block_number, "count": view.count, "head": view.head.hex()},
    }


def _make_dictionary(question: Question, table: Table) -> list[dict[str, Any]]:
    features = {feature.code: feature for feature in question.features}
    coarse = {feature.code for feature in quasi_identifiers(question)}
    others = {"name": "a pseudonym", "label": question.label.words}
    dictionary: list[dict[str, Any]] = []
    for name, cells in table.items():
        feature = features.get(name)
        missing = sum(cell is None or cell == HIDDEN for cell in cells)
        dictionary.append(
            {
                "column": name,
                "words": feature.words if feature else others[name],
                "accepts": feature.accepted if feature else "",
                "unit": feature.unit if feature else "",
                "coarse": name in coarse,
                "missing": suppress(missing),
            }
        )
    return dictionary


def _pack(
    question: Question, table: Table, facts: Mapping[str, Any], withdrawn: list[str]
) -> bytes:
    """Return the ZIP; the manifest has the hash of every other file."""
    dictionary = _make_dictionary(question, table)
    files = {
        "data.parquet": write_parquet(table),
        "dictionary.json": _to_json(dictionary),
        "dictionary.csv": _to_csv(dictionary),
        "agreement.txt": (AGREEMENT + "\n").encode(),
        "deleted.json": _to_json(withdrawn),
    }
    hashes = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    files["manifest.json"] = _to_json({**facts, "sha256": hashes})
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in sorted(files.items()):
            archive.writestr(zipfile.ZipInfo(name, _ZIP_DATE), content)
    return buffer.getvalue()


def _to_csv(rows: list[dict[str, Any]]) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def _to_json(content: Any) -> bytes:
    return json.dumps(content, indent=1, sort_keys=True).encode() + b"\n"
