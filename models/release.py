"""Makes a training set that may leave: pseudonymous, k-anonymous, with its duties beside it."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from consent import View
from models.anonymity import HIDDEN, anonymise, quasi_identifiers
from models.cohort import unusable
from models.errors import CohortTooSmall
from models.features import accepts, label_of, newest, to_row
from models.ports import RecordStore
from models.question import Question
from models.suppression import MIN_COHORT, MIN_COUNT, suppress
from records.table_file import write_parquet
from records.values import NUMBER
from storage import AccessRequest, Record

PURPOSE: Final = "HRESCH"
"""A copy leaves the vault: research by the study itself, which the patient ticked apart."""
NAME_CHARACTERS: Final = 32
_EPOCH: Final = (1980, 1, 1, 0, 0, 0)  # a ZIP's first day: the same rows make the same bytes
AGREEMENT: Final = (
    "Use this set only for the study that it was made for. Do not try to find out who anybody "
    "is. Do not link it with other data. Do not pass it on. Keep it locked. When people in it "
    "withdraw, delete their rows within 14 days and say so. Delete all of it by its end and say so."
)


@dataclass(frozen=True, slots=True)
class Release:
    """One training set, made now.

    Attributes:
        content: the ZIP: data.parquet, manifest.json, dictionary.json and .csv, agreement.txt,
            deleted.json (whose rows were in an earlier copy, and who permit it no more).
        rows, columns: its size. `left_out` rows were too rare to be shown.
        k: the smallest class of quasi-identifiers in it.
        names: the pseudonym of each row.
        view: the ledger as it was decided by.
    """

    content: bytes
    rows: int
    columns: int
    left_out: int
    k: int
    names: tuple[str, ...]
    view: View


@dataclass(frozen=True, slots=True)
class ReleaseRequest:
    """Who takes a copy: the study, a name for this release, its end, and who had rows before."""

    study: str
    release: str
    ends_on: str
    actor: str
    before: tuple[str, ...] = ()


def release(store: RecordStore, question: Question, asked: ReleaseRequest) -> Release:
    """Return the set of everybody who permits the study a copy now; the journal has it first.

    Raises:
        CohortTooSmall: fewer than 50 people permit it.
        StorageError, ConsentError: the record store or the ledger is away or in doubt.
    """
    categories = (*question.categories, question.label.category)
    why = f"training set {asked.release}"
    gathered = store.vault.gather(
        AccessRequest(asked.study, PURPOSE, categories, None, None, why, asked.actor)
    )
    by_subject: dict[bytes, list[Record]] = {}
    for record in gathered.records:
        by_subject.setdefault(record.subject, []).append(record)
    used = {s: held for s, held in by_subject.items() if not unusable(question, held)}
    if len(used) < MIN_COHORT:
        raise CohortTooSmall("no set: fewer than 50 people permit a copy")
    name_of = store.pseudonyms(f"release {asked.study} {asked.release}")
    named = sorted((name_of(s).hex()[:NAME_CHARACTERS], held) for s, held in used.items())
    table, kept = _table(question, named)
    names = tuple(name for (name, _), stays in zip(named, kept, strict=True) if stays)
    rows, left_out = len(names), len(named) - len(names)
    if rows < MIN_COHORT:
        raise CohortTooSmall("no set: fewer than 50 people could be shown")
    counts = {"rows": rows, "left_out": suppress(left_out)}
    facts = _facts(question, asked, gathered.view, counts)
    told = _dictionary(question, table)
    parts = {
        "data.parquet": write_parquet(table),
        "dictionary.json": _json(told),
        "dictionary.csv": _csv(told),
        "agreement.txt": (AGREEMENT + "\n").encode(),
        "deleted.json": _json(sorted(set(asked.before) - {name for name, _ in named})),
    }
    hashes = {one: hashlib.sha256(content).hexdigest() for one, content in parts.items()}
    parts["manifest.json"] = _json(facts | {"names": names, "sha256": hashes})
    return Release(_zipped(parts), rows, len(table), left_out, MIN_COUNT, names, gathered.view)


def _table(
    question: Question, named: list[tuple[str, list[Record]]]
) -> tuple[dict[str, list[Any]], np.ndarray]:
    """Return the columns of the rows that stay, and which rows those are."""
    values = np.empty((len(named), len(question.features)), np.float32)
    labels = []
    for place, (_, held) in enumerate(named):
        label, day = label_of(question, held) or (False, "")
        labels.append(label)
        values[place] = to_row(question, newest(held, day))
    made = anonymise(question, values)
    table: dict[str, list[Any]] = {"name": [name for name, _ in named]}
    for place, feature in enumerate(question.features):
        told = made.columns.get(feature.code)
        table[feature.code] = told if told else _cells(values[:, place], feature.kind == NUMBER)
    table["label"] = labels
    kept = made.kept
    return {
        name: [cell for cell, stays in zip(column, kept, strict=True) if stays]
        for name, column in table.items()
    }, kept


def _cells(column: np.ndarray, is_number: bool) -> list[float | int | None]:
    told = [None if np.isnan(one) else round(float(one), 3) for one in column]
    return told if is_number else [None if one is None else int(one) for one in told]


def _facts(
    question: Question, asked: ReleaseRequest, view: View, counts: Mapping[str, int | str]
) -> dict[str, Any]:
    return {
        "format": "vouchsafe training set 1",
        "study": asked.study,
        "release": asked.release,
        "question": {"id": question.id, "sha256": question.sha256},
        "k": MIN_COUNT,
        "ends_on": asked.ends_on,
        "view": {"block_number": view.block_number, "count": view.count, "head": view.head.hex()},
        **counts,
    }


def _dictionary(question: Question, table: Mapping[str, list[Any]]) -> list[dict[str, Any]]:
    known = {one.code: one for one in question.features}
    coarse = {one.code for one in quasi_identifiers(question)}
    others = {"name": "a pseudonym", "label": question.label.words}
    told: list[dict[str, Any]] = []
    for name, column in table.items():
        feature = known.get(name)
        missing = sum(cell is None or cell == HIDDEN for cell in column)
        told.append(
            {
                "column": name,
                "words": feature.words if feature else others[name],
                "accepts": accepts(feature) if feature else "",
                "unit": feature.unit if feature else "",
                "coarse": name in coarse,
                "missing": suppress(missing),
            }
        )
    return told


def _csv(told: list[dict[str, Any]]) -> bytes:
    made = io.StringIO()
    writer = csv.DictWriter(made, list(told[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(told)
    return made.getvalue().encode()


def _json(told: Any) -> bytes:
    return json.dumps(told, indent=1, sort_keys=True).encode() + b"\n"


def _zipped(parts: Mapping[str, bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in sorted(parts.items()):
            archive.writestr(zipfile.ZipInfo(name, _EPOCH), content)
    return made.getvalue()
