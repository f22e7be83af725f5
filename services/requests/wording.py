"""Says in the patient's language what a permission allows: the words that are signed."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence

from consent import ANY, Terms
from services.requests.choices import COPY, Choice
from services.words import Words


def day_of(words: Words, iso: str) -> str:
    """Return an ISO date in words: "3 March 2027"."""
    at = datetime.datetime.fromisoformat(iso).replace(tzinfo=datetime.UTC)
    return words.day(at.timestamp())


def categories_in(words: Words, codes: Iterable[str]) -> str:
    """Return categories in a patient's words: "blood tests and medicines"."""
    told = ["any" if code == ANY else code for code in codes]
    return words.listed(words(f"category-{code}") for code in told)


def purposes_in(words: Words, codes: Iterable[str]) -> str:
    """Return purposes in a patient's words; that of a copy is said apart."""
    return words.listed(words(f"purpose-{code}") for code in codes if code != COPY)


def span_in(words: Words, first: str, last: str) -> str:
    """Return a period of records in words."""
    if first and last:
        return words(
            "check-dates-span", **{"from": day_of(words, first), "to": day_of(words, last)}
        )
    if first:
        return words("check-dates-from", **{"from": day_of(words, first)})
    return words("check-dates-to", to=day_of(words, last)) if last else words("check-dates-all")


def statement(words: Words, who: str, choice: Choice, records: Sequence[str]) -> str:
    """Return the sentences that a patient reads and signs for this choice."""
    told = [
        words(
            "statement-allow",
            who=who,
            what=categories_in(words, choice.categories),
            purposes=purposes_in(words, choice.purposes),
        )
    ]
    if choice.data_from or choice.data_to:
        told.append(words("statement-dates", span=span_in(words, choice.data_from, choice.data_to)))
    if ANY not in records:
        told.append(words("statement-records", n=words.number(len(records))))
    told.append(words("statement-copy" if choice.may_copy else "statement-no-copy"))
    told.append(words("statement-end", date=day_of(words, choice.ends_on)))
    return " ".join(told)


def allows(words: Words, who: str, terms: Terms) -> str:
    """Return what a permission allows, in one sentence."""
    return words(
        "consent-allows",
        study=who,
        categories=categories_in(words, terms.categories),
        purposes=purposes_in(words, terms.purposes),
    )
