"""Counts people for a question before anybody is asked; what leaves has noise, or is hidden."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from models.census import Census
from models.count_noise import DEVIATION, LIST_DEVIATION, LIST_LEAST, CountNoise
from models.errors import ModelsInvalid
from models.question import Question
from models.sample_size import plan_sample_size
from models.selection import Selection, possible_reasons, select
from models.suppression import MIN_COHORT, MIN_COUNT
from models.windows import EventReader
from records.event_rules import BIRTH, DEATH, DEATH_UNDATED, SEX
from records.event_values import KINDS, NOTHING, NUMBER
from records.events import Integers
from records.values import CATEGORY

MAX_VALUES: Final = 20
Flags = npt.NDArray[np.bool_]
_ANY: Final = -(1 << 32)
"""Fewer people than any number with noise has."""
_Source = tuple[CountNoise, str]
"""The noise of every count, and the period within which it stays the same."""
_PERSON_NAMES: Final = {BIRTH: "date of birth", SEX: "sex", DEATH: "death"}


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeSummary:
    """A code that enough people have.

    Attributes:
        code: `system|code`, or BIRTH, SEX or DEATH.
        name: what its senders call it; empty if they do not say, or too few people have that name.
        category: of consent, in which most people have it, by numbers with noise.
        kind: `number`, `boolean`, `code`, `text`, or `none` for an event without a value, as most
            people have it, by numbers with noise.
        unit: in which most people have a number, by numbers with noise; "" if few have each.
        values: the most frequent coded values or texts, each of people enough to count.
        people: how many have it, with noise, in tens.
        missing_percent: of how many it is missing, in steps of 5, from the numbers shown.
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
    """How many people a question would have if everybody permitted it; every number has noise.

    Attributes:
        people: with a row; None if they may be fewer than `MIN_COHORT`.
        events: of these, with the outcome; None if it, or its opposite, is hidden.
        needed: the smallest cohort that the criteria of Riley et al. ask for; None without events.
        parameters: of a regression with these features, which the criteria count.
        excluded: how many have no row, by reason; small numbers are left out.
        missing: of the people, in how many percent a feature has no value, by its name; empty for
            a cohort that is too small to say.
    """

    people: int | None
    events: int | None
    needed: int | None
    parameters: int
    excluded: Mapping[str, int]
    missing: Mapping[str, int]


def summarise_codes(census: Census, noise: CountNoise, period: str) -> list[CodeSummary]:
    """Return the codes that enough people have, the most frequent first.

    Args:
        census: of everybody who may be counted.
        noise: of every count.
        period: within which the noise of a code stays the same.
    """
    events = census.events
    total = count_everybody(census, noise, period) or 0
    order = np.argsort(events.code, kind="stable")
    starts = np.searchsorted(events.code[order], np.arange(len(events.codes) + 1))
    summaries = []
    for number, code in enumerate(events.codes):
        if code == DEATH_UNDATED:
            continue
        rows = order[starts[number] : starts[number + 1]]
        size = len(np.unique(events.subject[rows]))
        people = _listed(size, f"{period}/{code}", noise)
        if people is not None:
            summaries.append(_summarise(census, code, rows, (people, total), (noise, period)))
    return sorted(summaries, key=lambda summary: (-summary.people, summary.code))


def count_everybody(census: Census, noise: CountNoise, period: str) -> int | None:
    """Return how many people a census has, in tens; None if few."""
    return _listed(len(census.subjects), period, noise)


def _listed(size: int, name: str, noise: CountNoise) -> int | None:
    return noise.count(size, f"list/{name}", least=LIST_LEAST, deviation=LIST_DEVIATION)


def _summarise(
    census: Census,
    code: str,
    rows: Integers,
    counts: tuple[int, int],
    source: _Source,
) -> CodeSummary:
    """Return the summary of a code; `counts` are to be shown: who has it, and everybody."""
    events = census.events
    people, total = counts
    subjects, numbers = events.subject[rows], rows[events.kind[rows] == NUMBER]
    kinds = _people_by(subjects, events.kind[rows], KINDS)
    categories = _people_by(subjects, events.category[rows], events.categories)
    units = _people_by(events.subject[numbers], events.unit[numbers], events.units)
    kind = _most_frequent(kinds, f"{code}/kind", source, least=_ANY)
    is_number, has_value = kind == KINDS[NUMBER], kind != KINDS[NOTHING]
    name = _most_frequent(census.names.get(code, {}), f"{code}/name", source, least=LIST_LEAST)
    return CodeSummary(
        code=code,
        name=name or _PERSON_NAMES.get(code, ""),
        category=_most_frequent(categories, f"{code}/category", source, least=_ANY),
        kind=kind,
        unit=_most_frequent(units, f"{code}/unit", source, least=LIST_LEAST) if is_number else "",
        values=_values(census, code, rows, source) if has_value and not is_number else (),
        people=people,
        missing_percent=_in_steps(max(0, 1 - people / max(people, total))),
    )


def _most_frequent(sizes: Mapping[str, int], name: str, source: _Source, *, least: int) -> str:
    """Return the option that most people have, by numbers with noise: one person decides nothing.

    "" if each option may well have fewer people than `least`.
    """
    noise, period = source
    chosen, most = "", -math.inf
    for option in sorted(sizes):
        names = f"list/{period}/{name}/{option}"
        people = noise.count(sizes[option], names, least=least, deviation=LIST_DEVIATION)
        if people is not None and people > most:
            chosen, most = option, people
    return chosen


def _people_by(people: Integers, options: Integers, names: Sequence[str]) -> Counter[str]:
    """Return how many people have each option."""
    pairs = np.unique(people.astype(np.int64) * len(names) + options)
    return Counter(names[option] for option in (pairs % len(names)).tolist())


def _values(census: Census, code: str, rows: Integers, source: _Source) -> tuple[str, ...]:
    """Return the values that enough people have; an exact size decides neither which nor where."""
    noise, period = source
    events = census.events
    ordered = rows[np.argsort(events.text[rows], kind="stable")]
    texts, starts = np.unique(events.text[ordered], return_index=True)
    counts: Counter[str] = Counter()
    for text, part in zip(texts.tolist(), np.split(ordered, starts[1:]), strict=True):
        size, value = len(np.unique(events.subject[part])), events.texts[text]
        counts[value] = _listed(size, f"{period}/{code}/{value}", noise) or 0
    common = sorted(counts, key=lambda text: (-counts[text], text))
    return tuple(text for text in common[:MAX_VALUES] if text and counts[text])


def count_people(
    question: Question, census: Census, refusing: Collection[bytes], noise: CountNoise, name: str
) -> QuestionCount:
    """Return how many people a question would have, and how many with its outcome.

    One person changes at most the people, the events, one reason and the missing values, of which
    the last are as noisy together as one number is: all of it is as revealing as one number with
    half of `DEVIATION`.

    Args:
        question: of format 2.
        census: of everybody who may be counted.
        refusing: those who refuse since the census was taken; they are not counted.
        noise: of every count.
        name: of this count among all counts; the same name has the same noise.

    Raises:
        ModelsInvalid: the question is of format 1.
    """
    if question.timeline is None:
        raise ModelsInvalid(f"question {question.id} has format 1: only format 2 can be counted")
    names = census.subjects
    staying = np.array([subject not in refusing for subject in names], np.bool_)
    reader = EventReader(census.events, question.timeline)
    selection = select(question, reader, len(names))
    is_counted = staying[selection.indexes.subject]
    rows = selection.indexes.take(is_counted)
    ill = rows.subject[selection.labels[is_counted]]
    size = len(np.unique(rows.subject))
    people = noise.count(size, f"{name}/people", least=MIN_COHORT)
    parameters = _count_parameters(question)
    if people is None:
        return QuestionCount(
            people=None, events=None, needed=None, parameters=parameters, excluded={}, missing={}
        )
    events = noise.count(len(np.unique(ill)), f"{name}/events")
    if events is not None and people - events < MIN_COUNT + 2 * DEVIATION:
        events = None
    lacking = np.isnan(reader.read(question.features, rows, question.categories))
    return QuestionCount(
        people=people,
        events=events,
        needed=plan_sample_size(people, events, parameters) if events else None,
        parameters=parameters,
        excluded=_excluded(question, selection, staying, noise, name),
        missing=_missing(question, (rows.subject, lacking), people, noise, name),
    )


def _count_parameters(question: Question) -> int:
    predictors = [feature for feature in question.features if feature.predicts]
    return sum(len(part.values) - 1 if part.kind == CATEGORY else 1 for part in predictors)


def _excluded(
    question: Question, selection: Selection, staying: Flags, noise: CountNoise, name: str
) -> dict[str, int]:
    """Return how many have no row, by reason.

    Also the number of a reason that nobody has is drawn: else one that is shown, as one in a
    hundred would be, proves that somebody has it.
    """
    reasons = selection.excluded.items()
    sizes = Counter(reason for subject, reason in reasons if staying[subject])
    counts = {
        reason: noise.count(sizes[reason], f"{name}/excluded/{reason}")
        for reason in possible_reasons(question)
    }
    visible = Counter({reason: count for reason, count in counts.items() if count is not None})
    return dict(visible.most_common())


def _missing(
    question: Question, lacking: tuple[Integers, Flags], people: int, noise: CountNoise, name: str
) -> dict[str, int]:
    """Return the missing share of each feature; `lacking` are the rows' people, and their gaps.

    All shares together are as noisy as one number is, so none is shown of a small cohort.
    """
    deviation = DEVIATION * math.sqrt(len(question.features))
    shares: dict[str, int] = {}
    for feature, gaps in zip(question.features, lacking[1].T, strict=True):
        size = len(np.unique(lacking[0][gaps]))
        share = noise.share(size, f"{name}/missing/{feature.code}", of=people, deviation=deviation)
        if share is not None:
            shares[feature.code] = share
    return shares


def _in_steps(share: float) -> int:
    """Return a share as percent, in steps of 5."""
    return 5 * round(20 * share)
