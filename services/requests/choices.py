"""Narrows what is asked: a patient may allow all of it, less of it, and never more."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from consent import ANY
from services.requests.requests import DAY_S, RequestDetails
from services.statement import RequestedTerms

COPY: Final = "HRESCH"
"""A copy that leaves is research outside the vault: a purpose of its own (docs/decisions/0013)."""


class ChoiceInvalid(Exception):
    """What was chosen cannot be signed; `errors` names each field and the text that says why."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        """Keep {field: key of the text}."""
        super().__init__(", ".join(errors))
        self.errors = errors


@dataclass(frozen=True, slots=True)
class Choice:
    """What a patient allows of a request.

    Attributes:
        purposes, categories: codes, each asked for.
        data_from, data_to: ISO dates, or "", within what is asked for.
        ends_on: ISO date of the last day on which it counts.
        may_copy: True if a copy may leave.
        left_out: ids of single records that stay closed.
    """

    purposes: tuple[str, ...]
    categories: tuple[str, ...]
    data_from: str
    data_to: str
    ends_on: str
    may_copy: bool = False
    left_out: tuple[str, ...] = ()

    def kept(self) -> dict[str, Any]:
        """Return this as JSON for the draft."""
        return {name: getattr(self, name) for name in Choice.__slots__}

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> Choice:
        """Return the choice of a draft."""
        lists = {name: tuple(kept[name]) for name in ("purposes", "categories", "left_out")}
        return cls(**{**kept, **lists})

    def not_after_s(self) -> int:
        """Return the last second of the last day, UTC."""
        day = datetime.date.fromisoformat(self.ends_on)
        start = datetime.datetime.combine(day, datetime.time.min, datetime.UTC)
        return int(start.timestamp()) + DAY_S - 1

    def asked(self, party: str, held: Mapping[str, str]) -> RequestedTerms:
        """Return the terms of this choice; `held` is {record id: category} of what is here.

        With single records left out, the rest is named one by one, so later ones are not meant.
        """
        records: Sequence[str] = (ANY,)
        if self.left_out:
            out = set(self.left_out)
            records = sorted(
                one for one, kind in held.items() if kind in self.categories and one not in out
            )
        purposes = (*self.purposes, COPY) if self.may_copy else self.purposes
        period = self.data_from, self.data_to
        return RequestedTerms("permit", party, purposes, self.categories, records, *period)


def latest_end(wanted: RequestDetails, now_s: float) -> str:
    """Return the last day on which a permission that is signed now may count."""
    return (
        datetime.datetime.fromtimestamp(now_s + wanted.days * DAY_S, datetime.UTC)
        .date()
        .isoformat()
    )


def whole(wanted: RequestDetails, now_s: float) -> Choice:
    """Return all that is asked for; a copy is never part of that: it has a tick of its own."""
    period = wanted.data_from, wanted.data_to
    return Choice(wanted.purposes, wanted.categories, *period, latest_end(wanted, now_s))


def narrowed(wanted: RequestDetails, chosen: Choice, now_s: float) -> Choice:
    """Return what was chosen, as far as it was asked for.

    Raises:
        ChoiceInvalid: nothing is left of it, or a day makes no sense; each field is named.
    """
    errors: dict[str, str] = {}
    purposes = tuple(one for one in wanted.purposes if one in chosen.purposes)
    categories = tuple(one for one in wanted.categories if one in chosen.categories)
    if not purposes:
        errors["purposes"] = "limits-error-purposes"
    if not categories:
        errors["categories"] = "limits-error-categories"
    today = datetime.datetime.fromtimestamp(now_s, datetime.UTC).date().isoformat()
    if not today < chosen.ends_on <= latest_end(wanted, now_s):
        errors["end"] = "limits-error-end"
    first = max(wanted.data_from, chosen.data_from)
    last = min(filter(None, (wanted.data_to, chosen.data_to)), default="")
    if first and last and first > last:
        errors["from"] = "limits-error-dates"
    if errors:
        raise ChoiceInvalid(errors)
    may_copy = chosen.may_copy and wanted.wants_copy
    return Choice(purposes, categories, first, last, chosen.ends_on, may_copy, chosen.left_out)
