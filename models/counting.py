"""Counts people for a question that nobody was asked for yet; what leaves is rounded or hidden."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from models.census import Census
from models.errors import ModelsInvalid
from models.question import Question
from models.sample_size import plan_sample_size
from models.selection import select
from models.suppression import MIN_COHORT, MIN_COUNT
from models.windows import EventReader
from records.event_rules import BIRTH, DEATH, SEX
from records.event_values import KINDS, NOTHING, NUMBER
from records.events import EventTable, Integers
from records.values import CATEGORY

STEP: Final = 10
MAX_VALUES: Final = 20
_PERSON_NAMES: Final = {BIRTH: "date of birth", SEX: "sex", DEATH: "death"}


@dataclass(frozen=True, slots=True)
class Rounding:
    """Rounds counts of people to tens, up or down, by a keyed draw from who is counted.

    The same people always give the same number, so that asking again teaches nothing; one person
    more or less draws again, so that two counts do not tell whether somebody is in one of them.

    Attributes:
        keyed: a keyed hash to 32 bytes that only this installation can compute.
    """

    keyed: Callable[[bytes], bytes]

    def count(self, subjects: Collection[bytes]) -> int | None:
        """Return the number to show; None for fewer than `MIN_COUNT`, and for nobody."""
        if len(subjects) < MIN_COUNT:
            return None
        name = hashlib.sha256(b"".join(sorted(subjects))).digest()
        draw = int.from_bytes(self.keyed(name)[:8], "big") % STEP
        return max(STEP, (len(subjects) + draw) // STEP * STEP)


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeSummary:
    """A code that enough people have.

    Attributes:
        code: `system|code`, or BIRTH, SEX or DEATH.
        name: what its senders call it; empty if they do not say.
        category: of consent, of most of its records.
        kind: `number`, `boolean`, `code`, `text`, or `none` for an event without a value.
        unit: in which most numbers are written.
        values: the most frequent coded values or texts, each of at least `MIN_COUNT` people.
        people: how many have it, rounded.
        missing_percent: of how many it is missing.
    """

    code: str
    name: str
    category: str
    kind: str
    unit: str
    values: tuple[str, ...]
    people: int
    missing_percent: int


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionCount:
    """How many people a question would have if everybody permitted it; counts are rounded.

    Attributes:
        people: with a row; None if fewer than `MIN_COHORT`.
        events: of these, with the outcome; None if it, or its opposite, is hidden.
        needed: the smallest cohort that the criteria of Riley et al. ask for; None without events.
        parameters: of a regression with these features, which the criteria count.
        excluded: how many have no row, by reason; small numbers are left out.
        missing: of the people, in how many percent each feature has no value; by its name.
    """

    people: int | None
    events: int | None
    needed: int | None
    parameters: int
    excluded: Mapping[str, int]
    missing: Mapping[str, int]


def summarise_codes(census: Census, rounding: Rounding) -> list[CodeSummary]:
    """Return the codes that at least `MIN_COUNT` people have, the most frequent first."""
    events = census.events
    order = np.argsort(events.code, kind="stable")
    starts = np.searchsorted(events.code[order], np.arange(len(events.codes) + 1))
    summaries = []
    for number, code in enumerate(events.codes):
        rows = order[starts[number] : starts[number + 1]]
        subjects = np.unique(events.subject[rows])
        people = rounding.count([census.subjects[subject] for subject in subjects.tolist()])
        if people is not None:
            summaries.append(_summarise(census, code, rows, people))
    return sorted(summaries, key=lambda summary: (-summary.people, summary.code))


def _summarise(census: Census, code: str, rows: Integers, people: int) -> CodeSummary:
    events = census.events
    kind = _most_frequent(events.kind[rows])
    numbers = rows[events.kind[rows] == NUMBER]
    whole = max(len(census.subjects), people)
    return CodeSummary(
        code=code,
        name=census.names.get(code, _PERSON_NAMES.get(code, "")),
        category=events.categories[_most_frequent(events.category[rows])],
        kind=KINDS[kind],
        unit=events.units[_most_frequent(events.unit[numbers])] if kind == NUMBER else "",
        values=_values(events, rows) if kind not in (NUMBER, NOTHING) else (),
        people=people,
        missing_percent=round(100 * (1 - people / whole)),
    )


def _most_frequent(numbers: Integers) -> int:
    return int(np.bincount(numbers).argmax())


def _values(events: EventTable, rows: Integers) -> tuple[str, ...]:
    pairs = np.unique(np.stack([events.text[rows], events.subject[rows]]), axis=1)[0]
    sizes = np.bincount(pairs)
    common = [text for text in np.argsort(-sizes, kind="stable") if sizes[text] >= MIN_COUNT]
    return tuple(events.texts[text] for text in common[:MAX_VALUES] if events.texts[text])


def count_people(
    question: Question, census: Census, refusing: Collection[bytes], rounding: Rounding
) -> QuestionCount:
    """Return how many people a question would have, and how many with its outcome.

    Args:
        question: of format 2.
        census: of everybody who may be counted.
        refusing: those who refuse since the census was taken; they are not counted.
        rounding: of every count.

    Raises:
        ModelsInvalid: the question is of format 1.
    """
    if question.timeline is None:
        raise ModelsInvalid(f"question {question.id} has format 1: only format 2 can be counted")
    names = census.subjects
    staying = [subject not in refusing for subject in names]
    reader = EventReader(census.events, question.timeline)
    selection = select(question, reader, len(names))
    rows = selection.indexes.take(np.array(staying, np.bool_)[selection.indexes.subject])
    positive = selection.labels[np.array(staying, np.bool_)[selection.indexes.subject]]
    people = {names[subject] for subject in rows.subject.tolist()}
    ill = {names[subject] for subject in rows.subject[positive].tolist()}
    visible = rounding.count(people) if len(people) >= MIN_COHORT else None
    events = _events(ill, people, rounding) if visible is not None else None
    parameters = _count_parameters(question)
    missing: dict[str, int] = {}
    if visible is not None:
        values = reader.read(question.features, rows, question.categories)
        missing = _missing(question, values)
    return QuestionCount(
        people=visible,
        events=events,
        needed=plan_sample_size(visible, events, parameters) if visible and events else None,
        parameters=parameters,
        excluded=_excluded(selection.excluded, names, staying, rounding) if visible else {},
        missing=missing,
    )


def _events(ill: Collection[bytes], people: Collection[bytes], rounding: Rounding) -> int | None:
    if len(people) - len(ill) < MIN_COUNT:
        return None
    return rounding.count(ill)


def _count_parameters(question: Question) -> int:
    predictors = [feature for feature in question.features if feature.predicts]
    return sum(len(part.values) - 1 if part.kind == CATEGORY else 1 for part in predictors)


def _excluded(
    reasons: Mapping[int, str], names: Sequence[bytes], staying: Sequence[bool], rounding: Rounding
) -> dict[str, int]:
    by_reason: dict[str, list[bytes]] = {}
    for subject, reason in reasons.items():
        if staying[subject]:
            by_reason.setdefault(reason, []).append(names[subject])
    counts = {reason: rounding.count(subjects) for reason, subjects in by_reason.items()}
    sizes = Counter({reason: count for reason, count in counts.items() if count is not None})
    return dict(sizes.most_common())


def _missing(question: Question, values: np.ndarray) -> dict[str, int]:
    """Return the missing share in steps of five percent, which few people hardly move."""
    shares = np.isnan(values).mean(axis=0)
    return {
        feature.code: 5 * round(20 * float(share))
        for feature, share in zip(question.features, shares, strict=True)
    }
