"""Build the event table of a cohort: one row a coding of each fact, in numpy columns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import orjson

from records.event_rules import CONFIRMED, MALFORMED, Fact, NoEvent, NoEventError, facts_of
from records.event_times import read_moment
from records.event_values import Resource, value_of_observation, with_bound
from records.values import BOUND_SUFFIX
from storage import Record

EXTRACTOR: Final = 2
"""Changes whenever the same resources would give other events."""

Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
_Place = tuple[int, int, int]
"""Indexes of the subject, the category and the record."""


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
        self._rows: list[tuple[Any, ...]] = []
        self._codes: dict[str, int] = {}
        self._units: dict[str, int] = {}
        self._texts: dict[str, int] = {}
        self._statuses: dict[str, int] = {CONFIRMED: 0}
        self._categories: dict[str, int] = {}
        self._docs: dict[str, int] = {}
        self._events = 0
        self._no_event: Counter[str] = Counter()

    def add_record(self, subject: int, record: Record) -> None:
        """Add the events of a record of either schema, of the person with this number."""
        category = _intern(self._categories, record.category)
        place = subject, category, _intern(self._docs, record.record_id)
        if record.resources:
            self._add_resources(place, record)
        else:
            self._add_observations(place, record)

    def _add_resources(self, place: _Place, record: Record) -> None:
        parsed: list[Resource] = [orjson.loads(resource) for resource in record.resources]
        others: dict[str, Resource] = {}
        if len(parsed) > 1:
            others = {
                f"Medication/{resource.get('id')}": resource
                for resource in parsed
                if resource.get("resourceType") == "Medication"
            }
        for resource, arrival in zip(parsed, record.arrivals, strict=True):
            try:
                for fact in facts_of(resource, others):
                    self._add(place, fact, arrival.at_s)
            except NoEventError as exc:
                self._no_event[exc.reason.value] += 1
            except MALFORMED:
                self._no_event[NoEvent.MALFORMED.value] += 1

    def _add_observations(self, place: _Place, record: Record) -> None:
        """Add the observations of schema 1: each an event of that day, known on that day."""
        moment = read_moment(record.recorded_on)
        if moment is None:
            self._no_event[NoEvent.NO_DATE.value] += len(record.observations)
            return
        for code in sorted(record.observations):
            if code.endswith(BOUND_SUFFIX):
                continue
            value = value_of_observation(*record.observations[code])
            bound, _ = record.observations.get(code + BOUND_SUFFIX, ("", ""))
            values = [with_bound(value, str(bound)) if bound else value]
            fact = Fact([code], moment, moment.first, moment.first, values, CONFIRMED)
            self._add(place, fact, moment.first)

    def _add(self, place: _Place, fact: Fact, arrived_s: int) -> None:
        start = fact.start
        # A slip in the year, such as 2204 for 2024, would always win as the newest value.
        if start.first > arrived_s:
            raise NoEventError(NoEvent.AFTER_ARRIVAL)
        subject, category, doc = place
        event, status = self._events, _intern(self._statuses, fact.status)
        self._events += 1
        for code in fact.codes:
            number = _intern(self._codes, code)
            for kind, value, unit, bound, text in fact.values:
                self._rows.append(
                    (
                        subject,
                        event,
                        start.first,
                        max(fact.end, start.first),
                        fact.known,
                        start.precision,
                        number,
                        value,
                        _intern(self._units, unit),
                        bound,
                        _intern(self._texts, text),
                        kind,
                        status,
                        category,
                        doc,
                    )
                )

    def build(self) -> EventTable:
        """Return the table of everything that was added."""
        columns = list(zip(*self._rows, strict=True)) or [()] * len(_COLUMNS)
        self._rows.clear()
        arrays: dict[str, Any] = {
            name: np.array(column, np.float64 if name == "value" else np.int64)
            for name, column in zip(_COLUMNS, columns, strict=True)
        }
        table = EventTable(
            **arrays,
            codes=tuple(self._codes),
            units=tuple(self._units),
            texts=tuple(self._texts),
            statuses=tuple(self._statuses),
            categories=tuple(self._categories),
            docs=tuple(self._docs),
            no_event=dict(self._no_event),
        )
        # By the record's id, not by the order in which records came: the same records give the
        # same order, so the same model.
        ranks = _ranks(table.docs)[table.doc] if len(table) else table.doc
        return table.take(np.lexsort((table.event, ranks, table.start, table.subject)))


_COLUMNS: Final = tuple(field.name for field in fields(EventTable))[:15]


def _intern(vocabulary: dict[str, int], word: str) -> int:
    return vocabulary.setdefault(word, len(vocabulary))


def _ranks(words: Sequence[str]) -> Integers:
    ranks = np.empty(len(words), np.int64)
    ranks[sorted(range(len(words)), key=words.__getitem__)] = np.arange(len(words))
    return ranks
