"""Counts people for a question before anybody is asked; what leaves is rounded or hidden."""

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
from records.events import Integers
from records.values import CATEGORY

STEP: Final = 10
MAX_VALUES: Final = 20
_PERSON_NAMES: Final = {BIRTH: "date of birth", SEX: "sex", DEATH: "death"}


@dataclass(frozen=True, slots=True)
class Rounding:
    """Rounds counts of people to tens, up or down, by a keyed draw from who is counted.

    The same people always give the same number, so that asking again teaches nothing; one person
    more or less draws again, so that two counts do not tell whether somebody is in one of them.
    From which size on a count is shown is drawn likewise: a count that appears tells no exact size.

    Attributes:
        keyed: a keyed hash to 32 bytes that only this installation can compute.
    """

    keyed: Callable[[bytes], bytes]

    def count(self, subjects: Collection[bytes], least: int = MIN_COUNT) -> int | None:
        """Return the number to show; None for fewer than `least` and up to nine, by the draw."""
        name = hashlib.sha256(b"".join(sorted(subjects))).digest()
        drawn = self.keyed(name)
        rounding, cut_off = (int.from_bytes(part, "big") % STEP for part in (drawn[:8], drawn[8:]))
        if len(subjects) < least + cut_off:
            return None
        return max(STEP, (len(subjects) + rounding) // STEP * STEP)

    def share(self, part: Collection[bytes], whole: Collection[bytes]) -> int | None:
        """Return how many percent of the whole a part of it is, in steps of 5.

        It is computed from what `count` shows; None where that hides the part, or all the others.
        """
        some, total = self.count(part), self.count(whole)
        if some is None or total is None or self.count(set(whole).difference(part)) is None:
            return None
        return min(100, _in_steps(some / total))


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeSummary:
    """A code that enough people have.

    Attributes:
        code: `system|code`, or BIRTH, SEX or DEATH.
        name: what its senders call it; empty if they do not say.
        category: of consent, of most of its records.
        kind: `number`, `boolean`, `code`, `text`, or `none` for an event without a value.
        unit: in which most numbers are written.
        values: the most frequent coded values or texts, each of people enough to count.
        people: how many have it, rounded.
        missing_percent: of how many it is missing, in steps of 5, from rounded numbers.
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
        missing: of the people, in how many percent a feature has no value, by its name; only of
            features that enough people have and enough people lack.
    """

    people: int | None
    events: int | None
    needed: int | None
    parameters: int
    excluded: Mapping[str, int]
    missing: Mapping[str, int]


def summarise_codes(census: Census, rounding: Rounding) -> list[CodeSummary]:
    """Return the codes that enough people have, the most frequent first."""
    events = census.events
    total = rounding.count(census.subjects) or 0
    order = np.argsort(events.code, kind="stable")
    starts = np.searchsorted(events.code[order], np.arange(len(events.codes) + 1))
    summaries = []
    for number, code in enumerate(events.codes):
        rows = order[starts[number] : starts[number + 1]]
        subjects = np.unique(events.subject[rows])
        people = rounding.count([census.subjects[subject] for subject in subjects.tolist()])
        if people is not None:
            summaries.append(_summarise(census, code, rows, (people, total), rounding))
    return sorted(summaries, key=lambda summary: (-summary.people, summary.code))


def _summarise(
    census: Census, code: str, rows: Integers, counts: tuple[int, int], rounding: Rounding
) -> CodeSummary:
    """Return the summary of a code; `counts` are rounded: who has it, and everybody."""
    events = census.events
    people, total = counts
    kind = _most_frequent(events.kind[rows])
    numbers = rows[events.kind[rows] == NUMBER]
    return CodeSummary(
        code=code,
        name=census.names.get(code, _PERSON_NAMES.get(code, "")),
        category=events.categories[_most_frequent(events.category[rows])],
        kind=KINDS[kind],
        unit=events.units[_most_frequent(events.unit[numbers])] if kind == NUMBER else "",
        values=_values(census, rows, rounding) if kind not in (NUMBER, NOTHING) else (),
        people=people,
        missing_percent=_in_steps(1 - people / max(people, total)),
    )


def _most_frequent(numbers: Integers) -> int:
    return int(np.bincount(numbers).argmax())


def _values(census: Census, rows: Integers, rounding: Rounding) -> tuple[str, ...]:
    """Return the values that enough people have; an exact size decides neither which nor where."""
    events = census.events
    ordered = rows[np.argsort(events.text[rows], kind="stable")]
    texts, starts = np.unique(events.text[ordered], return_index=True)
    counts: Counter[str] = Counter()
    for text, part in zip(texts.tolist(), np.split(ordered, starts[1:]), strict=True):
        people = {census.subjects[each] for each in events.subject[part].tolist()}
        counts[events.texts[text]] = rounding.count(people) or 0
    common = sorted(counts, key=lambda text: (-counts[text], text))
    return tuple(text for text in common[:MAX_VALUES] if text and counts[text])


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
    visible = rounding.count(people, MIN_COHORT)
    events = _events(ill, people, rounding) if visible is not None else None
    parameters = _count_parameters(question)
    missing: dict[str, int] = {}
    if visible is not None:
        values = reader.read(question.features, rows, question.categories)
        missing = _missing(question, values, [names[s] for s in rows.subject.tolist()], rounding)
    return QuestionCount(
        people=visible,
        events=events,
        needed=plan_sample_size(visible, events, parameters) if visible and events else None,
        parameters=parameters,
        excluded=_excluded(selection.excluded, names, staying, rounding) if visible else {},
        missing=missing,
    )


def _events(ill: set[bytes], people: set[bytes], rounding: Rounding) -> int | None:
    return None if rounding.count(people - ill) is None else rounding.count(ill)


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


def _missing(
    question: Question, values: np.ndarray, subjects: Sequence[bytes], rounding: Rounding
) -> dict[str, int]:
    """Return the missing share of each feature of which it may be shown."""
    shares: dict[str, int] = {}
    for feature, lacking in zip(question.features, np.isnan(values).T, strict=True):
        rows = np.flatnonzero(lacking).tolist()
        share = rounding.share({subjects[row] for row in rows}, set(subjects))
        if share is not None:
            shares[feature.code] = share
    return shares


def _in_steps(share: float) -> int:
    """Return a share as percent, in steps of 5."""
    return 5 * round(20 * share)
