"""Compares a question with the records that a study may use: codes, units, and nearest names."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from consent import MLTRAINING
from models.persons import group_by_person
from models.ports import RecordStore
from models.question import Question
from models.suppression import MIN_COUNT, suppress
from models.timeline import VALUE_TAKES, Codes
from records.event_values import NUMBER as NUMBER_KIND
from records.events import EventBuilder, EventTable, Integers
from records.extraction import EVENTS
from records.units import UnitRules
from records.values import NUMBER, is_unit
from storage import AccessRequest

_NEAREST: Final = 3
_LIKENESS: Final = 0.5
LABEL: Final = "label"
INDEX: Final = "index"


@dataclass(frozen=True, slots=True)
class UnitUse:
    """A unit in which values were written, how many, and whether they can be converted."""

    unit: str
    values: int | str
    is_readable: bool


@dataclass(frozen=True, slots=True)
class CodeUse:
    """How the records use the codes of one part of a question.

    Attributes:
        name: of the feature, or ``label`` or ``index``.
        codes: as the question has them, short systems written out.
        people, events: how many; small numbers are hidden.
        units: of numbers, the most frequent first.
        unit: what the feature wants; empty if it wants none.
        is_unit_known: whether that is a unit of UCUM.
        nearest: codes of the records that are most like those of the question, if it has none.
    """

    name: str
    codes: tuple[str, ...]
    people: int | str
    events: int | str
    units: tuple[UnitUse, ...]
    unit: str
    is_unit_known: bool
    nearest: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class QuestionCheck:
    """What the records of a study have of a question's codes.

    `people` is whose records were opened; `no_event` counts resources without an event, by reason.
    """

    people: int | str
    parts: tuple[CodeUse, ...]
    no_event: dict[str, int | str]


def check_question(store: RecordStore, question: Question, study: str) -> QuestionCheck:
    """Return how the records that a study may train on use the codes of a question.

    Raises:
        StorageError, ConsentError: the record store or the ledger is unavailable or inconsistent.
    """
    why = f"codes of {question.id}"
    access = AccessRequest(study, MLTRAINING, question.training_categories, None, None, why)
    gathered = store.vault.gather(access, extractor=EVENTS)
    by_person = group_by_person(store, gathered.records)
    builder = EventBuilder()
    for number, records in enumerate(by_person.values()):
        for record in records:
            builder.add_record(number, record)
    events = builder.build()
    timeline = question.timeline
    rules = UnitRules() if timeline is None else timeline.units
    parts = [_use(events, name, codes, unit, rules) for name, codes, unit in _parts(question)]
    no_event = {reason: suppress(count) for reason, count in sorted(events.no_event.items())}
    return QuestionCheck(suppress(len(by_person)), tuple(parts), no_event)


def _parts(question: Question) -> list[tuple[str, Codes, str]]:
    parts = [(LABEL, Codes((question.label.code,)), "")]
    if question.timeline is not None:
        outcome, index = question.timeline.outcome, question.timeline.index
        parts = [(LABEL, outcome.codes, ""), (INDEX, index.codes, "")]
    for feature in question.features:
        take = feature.reading.take if feature.reading is not None else VALUE_TAKES[0]
        is_measured = feature.kind == NUMBER and take in VALUE_TAKES
        parts.append((feature.code, Codes(feature.codes), feature.unit if is_measured else ""))
    return [part for part in parts if part[1].patterns]


def _use(events: EventTable, name: str, codes: Codes, unit: str, rules: UnitRules) -> CodeUse:
    meant = codes.match(events.codes)
    rows = np.flatnonzero(meant[events.code]) if len(events) else np.empty(0, np.int64)
    return CodeUse(
        name=name,
        codes=codes.patterns,
        people=suppress(len(np.unique(events.subject[rows]))),
        events=suppress(len(np.unique(events.event[rows]))),
        units=_units(events, rows, unit, rules) if unit else (),
        unit=unit,
        is_unit_known=not unit or is_unit(unit),
        nearest=() if len(rows) else _nearest(events, codes.patterns),
    )


def _units(events: EventTable, rows: Integers, unit: str, rules: UnitRules) -> tuple[UnitUse, ...]:
    numbers = rows[events.kind[rows] == NUMBER_KIND]
    many = len(events.units)
    counts: Counter[str] = Counter()
    readable: dict[str, bool] = {}
    keys, sizes = np.unique(events.code[numbers] * many + events.unit[numbers], return_counts=True)
    for key, size in zip(keys.tolist(), sizes.tolist(), strict=True):
        code, written = events.codes[key // many], events.units[key % many]
        counts[written] += size
        is_read = rules.find_conversion(code, written, unit) is not None
        readable[written] = is_read and readable.get(written, True)
    return tuple(
        UnitUse(written, suppress(count), readable[written])
        for written, count in counts.most_common()
    )


def _nearest(events: EventTable, patterns: Sequence[str]) -> tuple[str, ...]:
    """Return codes that enough people have, most like those that nobody has."""
    people = np.unique(np.stack([events.code, events.subject]), axis=1)[0]
    sizes = np.bincount(people, minlength=len(events.codes))
    common = [code for code, size in zip(events.codes, sizes, strict=True) if size >= MIN_COUNT]
    nearest: dict[str, None] = {}
    for pattern in patterns:
        name = pattern.rstrip("*")
        nearest |= dict.fromkeys(difflib.get_close_matches(name, common, _NEAREST, _LIKENESS))
    return tuple(nearest)[:_NEAREST]
