"""Permissions in the patient's language: the sentences that are shown and signed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

from consent import ANY, Terms
from models import format_unit
from records.documents import UNDATED
from services.requests.choices import COPY, COPY_PURPOSES, PSEUDONYMISED_COPY, WHOLE_COPY
from services.statement import RequestedTerms
from services.words import LANGUAGES, Words

COPY_TEXTS: Final = {
    COPY: "check-copies-yes",
    PSEUDONYMISED_COPY: "check-copies-pseudonymised",
    WHOLE_COPY: "check-copies-whole",
}
"""By purpose, the key of the words for the copy that it allows."""
_BEGINNINGS: Final = (
    "statement-allow",
    "statement-forbid-all",
    "statement-forbid",
    "statement-opt-out",
)
_GAP: Final = "\N{REPLACEMENT CHARACTER}"
_NOT_PLAIN: Final = re.compile(r"[^a-z0-9]+")


def format_day(words: Words, iso: str) -> str:
    """Return an ISO date in words: "3 March 2027"; a record without a day says so."""
    return words("frame-unknown-day") if iso == UNDATED else words.iso_day(iso)


def format_record(words: Words, category: str, recorded_on: str) -> str:
    """Return which record is meant, in words: "blood tests, 3 March 2027"."""
    return f"{words(f'category-{category}')}, {format_day(words, recorded_on)}"


def format_categories(words: Words, codes: Iterable[str]) -> str:
    """Return categories in a patient's words: "blood tests and medicines"."""
    return words.listed(words(f"category-{'any' if code == ANY else code}") for code in codes)


def format_purposes(words: Words, codes: Iterable[str]) -> str:
    """Return purposes in a patient's words; a copy is named only if it is the sole purpose."""
    all_codes = list(codes)
    others = [code for code in all_codes if code not in COPY_PURPOSES]
    return words.listed(words(f"purpose-{code}") for code in others or all_codes)


def _signed_purposes(words: Words, codes: Iterable[str], *, has_copy_sentence: bool) -> str:
    """Return purposes in the first person: "to treat me"; a copy may have its own sentence."""
    all_codes = list(codes)
    others = [code for code in all_codes if code not in COPY_PURPOSES]
    listed = others if others and has_copy_sentence else all_codes
    texts = ((f"purpose-mine-{code}", f"purpose-{code}") for code in listed)
    return words.listed(words(mine if words.has(mine) else plain) for mine, plain in texts)


def format_period(words: Words, first: str, last: str) -> str:
    """Return a period of records in words."""
    if first and last:
        days = {"from": format_day(words, first), "to": format_day(words, last)}
        return words("check-dates-span", **days)
    if first:
        return words("check-dates-from", **{"from": format_day(words, first)})
    return words("check-dates-to", to=format_day(words, last)) if last else words("check-dates-all")


def make_statement(words: Words, party_name: str, requested: RequestedTerms, ends_on: str) -> str:
    """Return the sentences that a patient reads and signs; `ends_on` is the last day (ISO)."""
    is_permit = requested.decision != "deny"
    facts = {
        "what": format_categories(words, requested.categories),
        "purposes": _signed_purposes(words, requested.purposes, has_copy_sentence=is_permit),
    }
    if requested.recipient == ANY:
        sentences = [words("statement-forbid-all", **facts)]
    else:
        key = "statement-allow" if is_permit else "statement-forbid"
        sentences = [words(key, who=party_name, **facts)]
    sentences += _narrower(words, requested)
    if is_permit:
        sentences += [words(key) for key in _copy_keys(requested.purposes)]
    end = "statement-end" if is_permit else "statement-forbid-end"
    sentences.append(words(end, date=format_day(words, ends_on)))
    return " ".join(sentences)


def find_language(statement: str) -> str:
    """Return the language of a signed statement; "" if it is not one that we wrote."""
    gaps = {"who": _GAP, "what": _GAP, "purposes": _GAP}
    for language in LANGUAGES:
        words = Words(language)
        if any(statement.startswith(words(k, **gaps).partition(_GAP)[0]) for k in _BEGINNINGS):
            return language
    return ""


def _copy_keys(purposes: Sequence[str]) -> list[str]:
    """Return the keys of the sentences that say which copies may be downloaded."""
    keys = {
        COPY: "statement-copy",
        PSEUDONYMISED_COPY: "statement-copy-pseudonymised",
        WHOLE_COPY: "statement-copy-whole",
    }
    return [key for code, key in keys.items() if code in purposes] or ["statement-no-copy"]


def _narrower(words: Words, terms: Terms | RequestedTerms) -> list[str]:
    """Return the sentences that narrow the categories: to dates, to individual records."""
    sentences = []
    if terms.data_from or terms.data_to:
        period = format_period(words, terms.data_from, terms.data_to)
        sentences.append(words("statement-dates", span=period))
    if ANY not in terms.records:
        sentences.append(words("statement-records", n=len(terms.records)))
    return sentences


def summarise(words: Words, party_name: str, terms: Terms, *, is_past: bool = False) -> str:
    """Return what a permission allows, or allowed, and, unless past, its limits and copies."""
    key = "consent-allowed" if is_past else "consent-allows"
    categories = format_categories(words, terms.categories)
    purposes = format_purposes(words, terms.purposes)
    sentence = words(key, study=party_name, categories=categories, purposes=purposes)
    if is_past:
        return sentence
    sentence = " ".join([sentence, *_narrower(words, terms)])
    if set(terms.purposes) <= set(COPY_PURPOSES):
        return sentence
    copies = [f"{words(text)}." for code, text in COPY_TEXTS.items() if code in terms.purposes]
    return " ".join([sentence, *copies])


def slug(text: str) -> str:
    """Return the part of a text's key that names a value: "lead-in-blood"."""
    return _NOT_PLAIN.sub("-", text.lower()).strip("-")


def format_name(words: Words, name: str) -> str:
    """Return what a value is called in the reader's language; `name` itself if it has no text."""
    key = f"measure-{slug(name)}"
    return words(key) if words.has(key) else name


def format_condition(words: Words, condition: str) -> str:
    """Return the subject of a request in the reader's language.

    A clinician who names no question asks for the text `ask-condition`, stored in English.
    """
    if condition == Words("en")("ask-condition"):
        return words("ask-condition")
    return format_name(words, condition)


def format_value(words: Words, value: bool | float | str, unit: str) -> str:
    """Return a value with its unit as people write them, in the reader's language."""
    if isinstance(value, bool):
        text = words("frame-yes" if value else "frame-no")
    elif isinstance(value, float | int):
        decimals = len(f"{value:z.3f}".rstrip("0").partition(".")[2])
        text = words.number(value, decimals)
    else:
        key = f"value-{slug(value)}"
        text = words(key) if words.has(key) else value
    return f"{text} {name_unit(words, unit)}".strip()


def name_unit(words: Words, unit: str) -> str:
    """Return a unit as people write it, in the reader's language."""
    written = format_unit(unit)
    key = f"unit-{slug(written)}"
    return words(key) if words.has(key) else written
