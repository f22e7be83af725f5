"""Writes a question of format 2 as TOML from choices for each of its parts, made on a page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from models.counting import CodeSummary
from models.timeline import AGE, DATE, EXISTS, FIRST, LAST, VALUE_TAKES
from records.draft import slug, toml_number, toml_text
from records.event_rules import BIRTH
from records.values import BOOLEAN

INDEX_DAY: Final = "0d"
ALWAYS: Final = "-100y"
MAX_NAME: Final = 40
_BOOLEANS: Final = ("true", "false")


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureChoice:
    """One input of a question that is being built.

    Attributes:
        name: of the feature; letters, digits, hyphens.
        words: its name for people; the name if empty.
        codes: each `system|code` or `system|prefix*`; none for an age.
        category: of consent, of its records.
        take: how it is read, one of `models.timeline.TAKES`.
        unit: UCUM, of a number.
        values: of a coded value.
        is_boolean: whether its value is true or false.
        since, until: its window before the index; since everything if empty.
        minimum, maximum: between which a person is eligible; None for no bound.
    """

    name: str
    category: str
    codes: tuple[str, ...] = ()
    words: str = ""
    take: str = LAST
    unit: str = ""
    values: tuple[str, ...] = ()
    is_boolean: bool = False
    since: str = ""
    until: str = ""
    minimum: float | None = None
    maximum: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionChoices:
    """A question that is being built; every part may still be empty.

    Attributes:
        index_take: `first`, `last` or `date`.
        index_codes, index_category: of the event at which the prediction is made.
        index_date: ISO, for `date`.
        before, after: how long a person must be observed, such as `365d`; any time if empty.
        outcome_codes, outcome_category: of the outcome.
        outcome_since, outcome_until: its window around the index, such as `1d` and `5y`.
        outcome_positive: the value that is positive: `true`, `false`, a coded value or a text;
            every event is if empty.
        outcome_minimum, outcome_maximum, outcome_unit: of a number that is the outcome.
        never_before: whether people who had it before are left out.
        absent_is_negative: whether people without it have a negative outcome, or none.
    """

    id: str = ""
    title: str = ""
    intended_use: str = ""
    limits: tuple[str, ...] = ()
    index_take: str = FIRST
    index_codes: tuple[str, ...] = ()
    index_category: str = ""
    index_date: str = ""
    before: str = ""
    after: str = ""
    outcome_codes: tuple[str, ...] = ()
    outcome_category: str = ""
    outcome_words: str = ""
    outcome_definition: str = ""
    outcome_since: str = INDEX_DAY
    outcome_until: str = INDEX_DAY
    outcome_positive: str = ""
    outcome_minimum: float | None = None
    outcome_maximum: float | None = None
    outcome_unit: str = ""
    never_before: bool = False
    absent_is_negative: bool = True
    features: tuple[FeatureChoice, ...] = ()

    @property
    def empty_parts(self) -> tuple[str, ...]:
        """The names of the fields that are still empty and that every such question needs."""
        names = ["title", "id", "intended_use"]
        if self.index_take == DATE:
            names.append("index_date")
        else:
            names += ["index_codes", "index_category"]
        names += ["outcome_words", "outcome_definition", "outcome_codes", "outcome_category"]
        names += ["outcome_since", "outcome_until", "features"]
        return tuple(name for name in names if not getattr(self, name))


def add_code(choices: QuestionChoices, code: CodeSummary) -> QuestionChoices:
    """Return the choices with one more input: a code as most of its records have it."""
    names = [feature.name for feature in choices.features]
    name = _new_name(slug(code.name or code.code.rpartition("|")[2], MAX_NAME), names)
    is_birth = code.code == BIRTH
    feature = FeatureChoice(
        name="age" if is_birth and "age" not in names else name,
        category=code.category,
        codes=(code.code,),
        words="" if is_birth else code.name,
        take=AGE if is_birth else EXISTS if code.kind == "none" else LAST,
        unit=code.unit,
        values=code.values,
        is_boolean=code.kind == "boolean",
    )
    return replace(choices, features=(*choices.features, feature))


def _new_name(name: str, names: Sequence[str]) -> str:
    number = 2
    new = name
    while new in names:
        new, number = f"{name}-{number}", number + 1
    return new


def write_question(choices: QuestionChoices) -> str:
    """Return the question as TOML; `Question.parse` says whether it is complete."""
    lines = [
        "format = 2",
        f"id = {toml_text(choices.id)}",
        f"title = {toml_text(choices.title)}",
        f"intended_use = {toml_text(choices.intended_use)}",
        f"limits = {_texts(choices.limits)}",
        *_index(choices),
        *_observed(choices),
        *_outcome(choices),
        "",
        "[parameters]",
    ]
    for feature in choices.features:
        lines += _feature(feature)
    for feature in choices.features:
        lines += _eligibility(feature)
    return "\n".join(lines) + "\n"


def _texts(texts: Sequence[str]) -> str:
    return f"[{', '.join(map(toml_text, texts))}]"


def _index(choices: QuestionChoices) -> Iterator[str]:
    yield from ("", "[index]", f"take = {toml_text(choices.index_take)}")
    if choices.index_take == DATE:
        yield f"date = {toml_text(choices.index_date)}"
        return
    yield f"codes = {_texts(choices.index_codes)}"
    yield f"category = {toml_text(choices.index_category)}"


def _observed(choices: QuestionChoices) -> Iterator[str]:
    if choices.before or choices.after:
        yield from ("", "[observed]")
    if choices.before:
        yield f"before = {toml_text(choices.before)}"
    if choices.after:
        yield f"after = {toml_text(choices.after)}"


def _outcome(choices: QuestionChoices) -> Iterator[str]:
    yield from ("", "[label]", f"codes = {_texts(choices.outcome_codes)}")
    yield f"category = {toml_text(choices.outcome_category)}"
    yield _window(choices.outcome_since, choices.outcome_until)
    if choices.never_before:
        yield "never_before = true"
    if choices.absent_is_negative:
        yield 'absent = "negative"'
    if choices.outcome_positive:
        positive = choices.outcome_positive
        yield f"positive = {positive if positive in _BOOLEANS else toml_text(positive)}"
    yield from _bounds(choices.outcome_minimum, choices.outcome_maximum)
    if choices.outcome_unit:
        yield f"unit = {toml_text(choices.outcome_unit)}"
    yield f"words = {toml_text(choices.outcome_words)}"
    yield f"definition = {toml_text(choices.outcome_definition)}"


def _feature(feature: FeatureChoice) -> Iterator[str]:
    yield from ("", "[[features]]", f"name = {toml_text(feature.name)}")
    if feature.words:
        yield f"words = {toml_text(feature.words)}"
    if feature.take != AGE:
        yield f"codes = {_texts(feature.codes)}"
    yield f"category = {toml_text(feature.category)}"
    yield f"take = {toml_text(feature.take)}"
    yield "may_be_rare = true"
    if feature.since or feature.until:
        yield _window(feature.since or ALWAYS, feature.until or INDEX_DAY)
    if feature.values:
        yield f"values = {_texts(feature.values)}"
    elif feature.is_boolean:
        yield f"kind = {toml_text(BOOLEAN)}"
    elif feature.take in VALUE_TAKES:
        yield f"unit = {toml_text(feature.unit)}"


def _window(since: str, until: str) -> str:
    return f"within = {_texts((since, until))}"


def _eligibility(feature: FeatureChoice) -> Iterator[str]:
    if feature.minimum is None and feature.maximum is None:
        return
    yield from ("", "[[eligibility]]", f"feature = {toml_text(feature.name)}")
    yield from _bounds(feature.minimum, feature.maximum)


def _bounds(minimum: float | None, maximum: float | None) -> Iterator[str]:
    if minimum is not None:
        yield f"minimum = {toml_number(float(minimum))}"
    if maximum is not None:
        yield f"maximum = {toml_number(float(maximum))}"
