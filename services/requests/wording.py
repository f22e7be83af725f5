"""Permissions in the patient's language: the sentences that are shown and signed."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence

from consent import ANY, Terms
from services.requests.choices import COPY, Choice
from services.words import Words


def format_day(words: Words, iso: str) -> str:
    """Return an ISO date in words: "3 March 2027"."""
    at = datetime.datetime.fromisoformat(iso).replace(tzinfo=datetime.UTC)
    return words.day(at.timestamp())


def format_categories(words: Words, codes: Iterable[str]) -> str:
    """Return categories in a patient's words: "blood tests and medicines"."""
    return words.listed(words(f"category-{'any' if code == ANY else code}") for code in codes)


def format_purposes(words: Words, codes: Iterable[str]) -> str:
    """Return purposes in a patient's words, but for that of a copy, which has its own sentence."""
    return words.listed(words(f"purpose-{code}") for code in codes if code != COPY)


def format_period(words: Words, first: str, last: str) -> str:
    """Return a period of records in words."""
    if first and last:
        days = {"from": format_day(words, first), "to": format_day(words, last)}
        return words("check-dates-span", **days)
    if first:
        return words("check-dates-from", **{"from": format_day(words, first)})
    return words("check-dates-to", to=format_day(words, last)) if last else words("check-dates-all")


def make_statement(words: Words, party_name: str, choice: Choice, records: Sequence[str]) -> str:
    """Return the sentences that a patient reads and signs for this choice."""
    categories = format_categories(words, choice.categories)
    purposes = format_purposes(words, choice.purposes)
    sentences = [words("statement-allow", who=party_name, what=categories, purposes=purposes)]
    if choice.data_from or choice.data_to:
        period = format_period(words, choice.data_from, choice.data_to)
        sentences.append(words("statement-dates", span=period))
    if ANY not in records:
        sentences.append(words("statement-records", n=words.number(len(records))))
    sentences.append(words("statement-copy" if choice.may_copy else "statement-no-copy"))
    sentences.append(words("statement-end", date=format_day(words, choice.ends_on)))
    return " ".join(sentences)


def summarise(words: Words, party_name: str, terms: Terms) -> str:
    """Return what a permission allows, in one sentence."""
    categories = format_categories(words, terms.categories)
    purposes = format_purposes(words, terms.purposes)
    return words("consent-allows", study=party_name, categories=categories, purposes=purposes)
