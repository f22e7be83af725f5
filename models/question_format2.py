"""Read a question of format 2: index, observation, outcome, features with windows, units."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from models.question_parts import Feature, Label, Rule, Subgroup
from models.question_reading import (
    read_category,
    read_disclosure,
    read_rule_of,
    require_range_and_values,
)
from models.timeline import (
    AGE,
    BOUND_RULES,
    DATE,
    EACH,
    EXISTS,
    FIRST,
    INDEX_TAKES,
    LAST,
    LIMIT,
    TAKES,
    VALUE_TAKES,
    Codes,
    Duration,
    Index,
    Outcome,
    Reading,
    Timeline,
    Window,
    expand_codes,
    parse_duration,
)
from records.event_rules import BIRTH, PERSON_CODES
from records.event_times import read_moment
from records.event_values import TEXT_SYSTEM
from records.strict_toml import Section
from records.units import UnitRules
from records.values import BOOLEAN, CATEGORY, KINDS, NUMBER, is_unit

_NO_TIME: Final = Duration(0, in_days=True)
_MAX_NAME_CHARACTERS: Final = 64

Same = tuple[tuple[str, ...], ...]


def read_same(top: Section) -> Same:
    """Return the groups of codes that mean the same."""
    groups = []
    for section in top.sections("same", required=False):
        codes = (section.text("code"), *section.texts("as"))
        section.close()
        groups.append(tuple(_checked(section, code) for code in codes))
    return tuple(groups)


def read_timeline(top: Section, same: Same) -> tuple[Timeline, Label]:
    """Return the timed part of a question, and its label."""
    outcome, label = _read_outcome(top.section("label"), same)
    before, after = _read_observed(top)
    timeline = Timeline(
        index=_read_index(top.section("index"), same),
        outcome=outcome,
        before=before,
        after=after,
        leaking=expand_codes([_checked(top, code) for code in top.texts("leaking", ())], same),
        units=_read_units(top),
    )
    return timeline, label


def read_timed_feature(section: Section, same: Same) -> Feature:
    """Return a feature of format 2; its `code` is its name."""
    name = section.text("name")
    if not name.isascii() or not name.replace("-", "").replace("_", "").isalnum():
        raise section.error("name", "only ASCII letters, digits, hyphens and _ are allowed")
    if len(name) > _MAX_NAME_CHARACTERS:
        raise section.error("name", f"may have at most {_MAX_NAME_CHARACTERS} characters")
    reading = _read_reading(section, same)
    values = section.texts("values", ()) if reading.take in (FIRST, LAST) else ()
    kind = _read_kind(section, reading, values)
    minimum, maximum = section.find_number("minimum"), section.find_number("maximum")
    is_number = kind == NUMBER
    feature = Feature(
        code=name,
        words=section.text("words", name),
        kind=kind,
        category=read_category(section),
        unit=_read_unit(section, reading) if is_number else "",
        minimum=(-math.inf if minimum is None else minimum) if is_number else 0.0,
        maximum=(math.inf if maximum is None else maximum) if is_number else 1.0,
        values=values,
        missing=section.text("missing", "not recorded"),
        predicts=section.boolean("predicts", True),
        reviewed=section.text("reviewed", ""),
        disclosure=read_disclosure(section),
        may_be_rare=section.boolean("may_be_rare", False),
        reading=reading,
    )
    section.close()
    require_range_and_values(feature, section)
    return feature


def read_timed_rule(section: Section) -> Rule:
    """Return an eligibility criterion, which names a feature."""
    return read_rule_of(section.text("feature"), section)


def read_timed_subgroup(section: Section) -> Subgroup:
    """Return a subgroup, which names a feature."""
    words, feature = section.text("words"), section.text("feature")
    subgroup = Subgroup(words, feature, section.numbers("edges"))
    section.close()
    if list(subgroup.edges) != sorted(set(subgroup.edges)):
        raise section.error("edges", "must be in ascending order, without duplicates")
    return subgroup


def require_no_timed_leak(timeline: Timeline, features: Sequence[Feature], top: Section) -> None:
    """Refuse features that are the label, or that reveal it."""
    outcome = timeline.outcome
    hidden = timeline.hidden
    if outcome.never_before:
        # Nobody in the cohort has the label before the index: it could say nothing.
        hidden = Codes((*hidden.patterns, *outcome.codes.patterns))
    for feature in features:
        inside = feature.reading and feature.reading.codes.find_inside(hidden)
        if inside:
            raise top.error("features", f"{inside} reveals the label, so it cannot be a feature")


def _checked(section: Section, code: str) -> str:
    system, bar, local = code.partition("|")
    is_person = code in PERSON_CODES
    is_coded = bool(bar and system and local and code.isprintable() and not system.isspace())
    ends = local.removesuffix("*")
    if is_coded and system != TEXT_SYSTEM and ends != ends.strip():
        raise section.error(
            "codes", f"{code!r} begins or ends with a blank, as no code does; remove the blank"
        )
    if not (is_person or is_coded) or "*" in code[:-1]:
        known = ", ".join(PERSON_CODES)
        raise section.error("codes", f"{code!r}: expected system|code, system|prefix*, or {known}")
    return code


def _read_codes(section: Section, same: Same) -> Codes:
    codes = section.texts("codes")
    if not codes:
        raise section.error("codes", "at least one code is required")
    return expand_codes([_checked(section, code) for code in codes], same)


def _read_word(section: Section, key: str, words: Sequence[str], default: str) -> str:
    word = section.text(key, default)
    if word not in words:
        raise section.error(key, f"is unknown; known: {', '.join(words)}")
    return word


def _read_duration(section: Section, key: str) -> Duration | None:
    if not section.has(key):
        return None
    duration = parse_duration(section.text(key))
    if duration is None or duration.seconds < 0:
        raise section.error(key, "expected a length of time such as 365d, 6h or 5y")
    return duration


def _read_window(section: Section, default: Window) -> Window:
    if not section.has("within"):
        return default
    texts = section.texts("within", may_repeat=True)  # a single day: both ends are equal
    ends = [parse_duration(text) for text in texts]
    low, high = ends if len(ends) == 2 else (None, None)
    if low is None or high is None or low.seconds > high.seconds:
        expected = 'expected two times in ascending order, e.g. ["-2y", "0d"]'
        raise section.error("within", f"{expected}, each in h, d, w, mo or y")
    return Window(low, high)


def _read_index(section: Section, same: Same) -> Index:
    take = _read_word(section, "take", INDEX_TAKES, FIRST)
    moment = read_moment(section.text("date")) if take == DATE else None
    if take == DATE and moment is None:
        raise section.error("date", "expected a date such as 2024-01-31")
    index = Index(
        take=take,
        codes=Codes(()) if take == DATE else _read_codes(section, same),
        category="" if take == DATE else read_category(section),
        at_s=None if moment is None else moment.first,
        apart=(_read_duration(section, "apart") if take == EACH else None) or _NO_TIME,
        delay=_read_duration(section, "delay") or _NO_TIME,
    )
    section.close()
    return index


def _read_observed(top: Section) -> tuple[Duration | None, Duration | None]:
    if not top.has("observed"):
        return None, None
    section = top.section("observed")
    before, after = _read_duration(section, "before"), _read_duration(section, "after")
    section.close()
    return before, after


def _read_outcome(section: Section, same: Same) -> tuple[Outcome, Label]:
    positive = section.boolean_or_text("positive") if section.has("positive") else None
    minimum, maximum = section.find_number("minimum"), section.find_number("maximum")
    outcome = Outcome(
        codes=_read_codes(section, same),
        within=_read_window(section, Window(_NO_TIME, _NO_TIME)),
        never_before=section.boolean("never_before", False),
        absent_is_negative=_read_word(section, "absent", ("negative", "missing"), "missing")
        == "negative",
        positive=positive,
        minimum=-math.inf if minimum is None else minimum,
        maximum=math.inf if maximum is None else maximum,
        unit=section.text("unit", "1"),
        status=section.texts("status", ()),
    )
    label = Label(
        code=outcome.codes.patterns[0],
        category=read_category(section),
        positive=True if positive is None else positive,
        words=section.text("words"),
        definition=section.text("definition"),
    )
    section.close()
    has_range = minimum is not None or maximum is not None
    if has_range and positive is not None:
        raise section.error("positive", "give the value or the range that is positive, not both")
    if outcome.minimum > outcome.maximum:
        problem = f"{outcome.minimum:g} is above the maximum, {outcome.maximum:g}"
        raise section.error("minimum", f"{problem}, so nothing could be positive; correct one")
    has_value = positive is not None or has_range
    if not has_value and not outcome.absent_is_negative:
        raise section.error("absent", 'is required to be "negative" where every event is positive')
    return outcome, label


def _read_reading(section: Section, same: Same) -> Reading:
    take = _read_word(section, "take", TAKES, LAST)
    window = _read_window(section, Window(None, _NO_TIME))
    if window.high.seconds > 0:
        raise section.error("within", "a feature's window must end at or before the index (0d)")
    return Reading(
        codes=Codes((BIRTH,)) if take == AGE else _read_codes(section, same),
        take=take,
        within=window,
        bounds=_read_word(section, "bounds", BOUND_RULES, LIMIT),
        status=section.texts("status", ()),
    )


def _read_kind(section: Section, reading: Reading, values: Sequence[str]) -> str:
    default = CATEGORY if values else BOOLEAN if reading.take == EXISTS else NUMBER
    kind = _read_word(section, "kind", KINDS, default)
    may_be_any = reading.take in (FIRST, LAST)
    if kind != default and not (may_be_any and kind == BOOLEAN and not values):
        raise section.error("kind", f"must be {default} here")
    return kind


def _read_unit(section: Section, reading: Reading) -> str:
    if reading.take in VALUE_TAKES:
        return section.text("unit")
    return {AGE: "a"}.get(reading.take, "d" if reading.take == "days-since" else "{count}")


def _read_units(top: Section) -> UnitRules:
    habits: dict[tuple[str, str], str] = {}
    molar: dict[str, float] = {}
    for section in top.sections("unit", required=False):
        code, unit = _checked(section, section.text("code")), section.text("from")
        if not is_unit(meant := section.text("is")):
            raise section.error("is", f"{meant!r} is not a unit of UCUM, such as Cel or mg/dL")
        habits |= dict.fromkeys(_keys(code, unit), meant)
        section.close()
    for section in top.sections("molar", required=False):
        code, grams = _checked(section, section.text("code")), section.number("grams")
        section.close()
        if grams <= 0:
            raise section.error("grams", "must be above 0")
        molar |= {name: grams for name, _ in _keys(code, "")}
    return UnitRules(habits, molar)


def _keys(code: str, unit: str) -> list[tuple[str, str]]:
    return [(pattern, unit) for pattern in expand_codes([code]).patterns]
