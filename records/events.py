"""Build the event table of a cohort: one row a coding of each fact, in numpy columns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from records.ages import resolve_ages
from records.certainty import CONFIRMED
from records.event_rules import BIRTH
from records.extraction import ROW_FIELDS, Row, events_of
from storage import Record

_CHUNK_ROWS: Final = 65_536
"""After so many rows they become arrays: lists of Python objects take ten times the memory."""

Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class EventTable:
    """Events in the order of subject, start, record and place in the record.

    Attributes:
        subject: index of the subject, as the caller numbered them.
        event: number of the event; rows of one event differ in code or coded value only.
        start, end, known: seconds UTC; `known` is when it could first be read.
        precision: index in PRECISIONS (records/event_times.py).
        code: index in `codes`, each `system|code`, or BIRTH, SEX or DEATH.
        value: the number, NaN if it is none; 0 or 1 for a boolean.
        unit: index in `units`, as the sender wrote it.
        bound: index in BOUNDS, for a number such as `<0.5`.
        text: index in `texts`, for a coded value or a text.
        kind: index in KINDS (records/event_values.py).
        status: index in `statuses`; `confirmed`, or what makes the event uncertain.
        category: index in `categories`.
        doc: index in `docs`, the ids of the records.
        no_event: how many resources gave no event, by reason.
    """

    subject: Integers
    event: Integers
    start: Integers
    end: Integers
    known: Integers
    precision: Integers
    code: Integers
    value: Floats
    unit: Integers
    bound: Integers
    text: Integers
    kind: Integers
    status: Integers
    category: Integers
    doc: Integers
    codes: tuple[str, ...]
    units: tuple[str, ...]
    texts: tuple[str, ...]
    statuses: tuple[str, ...]
    categories: tuple[str, ...]
    docs: tuple[str, ...]
    no_event: Mapping[str, int]

    def __len__(self) -> int:
        """The number of rows."""
        return len(self.subject)

    def take(self, rows: npt.NDArray[Any]) -> EventTable:
        """Return the chosen rows, by index or mask, in the given order."""
        columns = {
            field.name: value[rows] if isinstance(value, np.ndarray) else value
            for field in fields(self)
            for value in (getattr(self, field.name),)
        }
        return EventTable(**columns)


class EventBuilder:
    """Collects the events of records, then returns them as one table."""

    def __init__(self) -> None:
        """Collect nothing yet."""
        self._rows: list[Row] = []
        self._places: list[tuple[int, int, int, int, int]] = []
        self._chunks: list[dict[str, npt.NDArray[Any]]] = []
        self._words: dict[str, dict[str, int]] = {name: {} for name in _WORDS}
        self._words["status"][CONFIRMED] = 0
        self._categories: dict[str, int] = {}
        self._docs: dict[str, int] = {}
        self._events = 0
        self._no_event: Counter[str] = Counter()

    def add_record(self, subject: int, record: Record) -> None:
        """Add the events of a record of either schema, of the person with this number."""
        category = _intern(self._categories, record.category)
        doc = _intern(self._docs, record.record_id)
        rows, no_event = events_of(record)
        if no_event:
            self._no_event.update(no_event)
        if rows:
            self._places.append((len(rows), subject, category, doc, self._events))
            self._rows += rows
            self._events += rows[-1][0] + 1
        if len(self._rows) >= _CHUNK_ROWS:
            self._pack()

    def _pack(self) -> None:
        """Turn the collected rows into arrays."""
        fields_of_rows: dict[str, Any] = dict(
            zip(ROW_FIELDS, zip(*self._rows, strict=True), strict=True)
        )
        for name, vocabulary in self._words.items():
            words = fields_of_rows[name]
            for word in dict.fromkeys(words):
                _intern(vocabulary, word)
            fields_of_rows[name] = [vocabulary[word] for word in words]
        arrays = {
            name: np.array(column, np.float64 if name == "value" else np.int64)
            for name, column in fields_of_rows.items()
        }
        places = np.array(self._places, np.int64)
        subject, category, doc, first = np.repeat(places[:, 1:], places[:, 0], axis=0).T
        arrays |= {"subject": subject, "category": category, "doc": doc}
        arrays["event"] += first
        self._chunks.append(arrays)
        self._rows, self._places = [], []

    def build(self) -> EventTable:
        """Return the table of everything that was added."""
        if self._rows:
            self._pack()
        arrays: dict[str, Any] = {
            name: np.concatenate(
                [chunk[name] for chunk in self._chunks]
                or [np.empty(0, np.float64 if name == "value" else np.int64)]
            )
            for name in _COLUMNS
        }
        self._chunks.clear()
        arrays = resolve_ages(arrays, self._words["code"].get(BIRTH), self._no_event)
        table = EventTable(
            **arrays,
            codes=tuple(self._words["code"]),
            units=tuple(self._words["unit"]),
            texts=tuple(self._words["text"]),
            statuses=tuple(self._words["status"]),
            categories=tuple(self._categories),
            docs=tuple(self._docs),
            no_event=dict(self._no_event),
        )
        # By the record's id, not by the order in which records came: the same records give the
        # same order, so the same model.
        ranks = _ranks(table.docs)[table.doc] if len(table) else table.doc
        return table.take(np.lexsort((table.event, ranks, table.start, table.subject)))


_COLUMNS: Final = tuple(field.name for field in fields(EventTable))[:15]
_WORDS: Final = ("code", "unit", "text", "status")


def _intern(vocabulary: dict[str, int], word: str) -> int:
    return vocabulary.setdefault(word, len(vocabulary))


def _ranks(words: Sequence[str]) -> Integers:
    ranks = np.empty(len(words), np.int64)
    ranks[sorted(range(len(words)), key=words.__getitem__)] = np.arange(len(words))
    return ranks
