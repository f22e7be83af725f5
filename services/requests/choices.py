"""A patient's choice on a request: all of it, or less of it, and never more."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from consent import ANY, DAY_S, HRESCH, PSEUDRESCH, RECRESCH
from services.dates import end_of_day_s, iso_day
from services.requests.consent_requests import RequestDetails
from services.statement import RequestedTerms

COPY: Final = HRESCH
"""An anonymised copy is research outside the vault: a purpose of its own (docs/decisions/0013)."""
PSEUDONYMISED_COPY: Final = PSEUDRESCH
"""A pseudonymised copy is another purpose, which neither of the two permits for the other."""
WHOLE_COPY: Final = RECRESCH
"""A pseudonymised copy with whole records is a third one."""
COPY_PURPOSES: Final = (COPY, PSEUDONYMISED_COPY, WHOLE_COPY)
_FIELDS: Final = ("purposes", "categories", "data_from", "data_to", "ends_on")
"""In the order of the form, in which a page lists what is wrong."""


class ChoiceInvalid(Exception):
    """The choice cannot be signed.

    Attributes:
        errors: for each field, the key of the text that says why.
    """

    def __init__(self, errors: Mapping[str, str]) -> None:
        """Keep {field: key of the text}."""
        super().__init__(", ".join(errors))
        self.errors = errors


@dataclass(frozen=True, slots=True)
class Choice:
    """The part of a request that a patient allows.

    Attributes:
        purposes, categories: codes, each of them requested.
        data_from, data_to: ISO dates, or "", within the requested period.
        ends_on: ISO date of the last day of the permission.
        is_pseudonymised: True if that copy has exact values and pseudonyms, under an agreement.
        whole_records: True if that copy has whole records, not only the question's variables.
        left_out: ids of individual records that stay closed.
    """

    purposes: tuple[str, ...]
    categories: tuple[str, ...]
    data_from: str
    data_to: str
    ends_on: str
    may_copy: bool = False
    left_out: tuple[str, ...] = ()
    is_pseudonymised: bool = False
    whole_records: bool = False

    def to_json(self) -> dict[str, Any]:
        """Return the choice for the draft."""
        return {name: getattr(self, name) for name in Choice.__slots__}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Choice:
        """Return the choice of a draft."""
        lists = {name: tuple(stored[name]) for name in ("purposes", "categories", "left_out")}
        return cls(**{**stored, **lists})

    def not_after_s(self) -> int:
        """Return the last second of the last day, UTC."""
        return end_of_day_s(datetime.date.fromisoformat(self.ends_on))

    def to_terms(self, party: str, record_categories: Mapping[str, str]) -> RequestedTerms:
        """Return the terms of this choice.

        With individual records left out, each other record is named, so later ones are excluded.

        `record_categories` has the category of each stored record by its id.
        """
        records: Sequence[str] = (ANY,)
        if self.left_out:
            left_out = set(self.left_out)
            records = sorted(
                record
                for record, category in record_categories.items()
                if category in self.categories and record not in left_out
            )
        purposes = (*self.purposes, self._copy_purpose()) if self.may_copy else self.purposes
        period = self.data_from, self.data_to
        return RequestedTerms("permit", party, purposes, self.categories, records, *period)

    def _copy_purpose(self) -> str:
        whole_or_not = WHOLE_COPY if self.whole_records else PSEUDONYMISED_COPY
        return whole_or_not if self.is_pseudonymised else COPY


def latest_end(details: RequestDetails, now_s: float) -> str:
    """Return the latest last day (ISO) of a permission signed now: never after the study."""
    until_s = now_s + details.days * DAY_S
    return iso_day(min(until_s, details.until_s) if details.until_s else until_s)


def full_choice(details: RequestDetails, now_s: float) -> Choice:
    """Return the choice of everything requested but a copy, which must be chosen separately."""
    period = details.data_from, details.data_to
    end = latest_end(details, now_s)
    return Choice(
        details.purposes,
        details.categories,
        *period,
        end,
        is_pseudonymised=bool(details.agreement),
        whole_records=details.whole_records,
    )


def restrict(details: RequestDetails, choice: Choice, now_s: float) -> Choice:
    """Return the part of a choice that was requested.

    Raises:
        ChoiceInvalid: nothing is left of it, or a date is out of range; each field is named.
    """
    errors = {
        name: "error-day"
        for name in ("data_from", "data_to", "ends_on")
        if not _is_day_or_empty(getattr(choice, name))
    }
    purposes = tuple(code for code in details.purposes if code in choice.purposes)
    categories = tuple(code for code in details.categories if code in choice.categories)
    if not purposes:
        errors["purposes"] = "limits-error-purposes"
    if not categories:
        errors["categories"] = "limits-error-categories"
    if not iso_day(now_s) < choice.ends_on <= latest_end(details, now_s):
        errors.setdefault("ends_on", "limits-error-end")
    first = max(details.data_from, choice.data_from)
    last = min(filter(None, (details.data_to, choice.data_to)), default="")
    if first and last and first > last:
        errors.setdefault("data_from", "limits-error-dates")
    if errors:
        raise ChoiceInvalid({name: errors[name] for name in _FIELDS if name in errors})
    may_copy = choice.may_copy and details.wants_copy
    return Choice(
        purposes,
        categories,
        first,
        last,
        choice.ends_on,
        may_copy,
        choice.left_out,
        is_pseudonymised=bool(details.agreement),
        whole_records=details.whole_records,
    )


def _is_day_or_empty(text: str) -> bool:
    if not text:
        return True
    try:
        return datetime.date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False
