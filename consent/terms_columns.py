"""Turns terms into columns, which many requests can be compared with at once."""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from consent.consent_terms import StoredTerms
from consent.decision import is_opt_out, is_sound
from consent.subject_index import Hashes, Integers, Numbers, SubjectIndex
from consent.terms import ANY, Terms
from consent.vocabulary import CATEGORY_CODES, COVERS, OBLIGATIONS, PURPOSES, RESEARCH

MISSING: Final = 0
UNKNOWN: Final = 1
PERMIT: Final = 2
DENY: Final = 3
OPT_OUT: Final = 4
"""What is known of a consent's terms (`kind`); a row of zeros means missing terms."""

ROW: Final = np.dtype(
    [
        ("purposes", np.uint64),
        ("categories", np.uint64),
        ("obligations", np.uint32),
        ("recipient", np.int32),
        ("first_day", np.int32),
        ("last_day", np.int32),
        ("any_record", np.bool_),
        ("kind", np.uint8),
    ],
    align=True,
)
ANYBODY: Final = 0
NOBODY: Final = -1
_EPOCH: Final = date(1970, 1, 1).toordinal()
_DAYS: Final = np.iinfo(np.int32)
_ALL: Final = (1 << 64) - 1
_CATEGORY_BIT: Final = {code: 1 << bit for bit, code in enumerate(CATEGORY_CODES)}
PURPOSE_BIT: Final = {code: 1 << bit for bit, code in enumerate(PURPOSES)}
_OBLIGATION_BIT: Final = {code: 1 << bit for bit, code in enumerate(OBLIGATIONS)}
RESEARCH_BITS: Final = sum(PURPOSE_BIT[code] for code in RESEARCH)
_MAX_SHARED: Final = 4096

_Row = tuple[int, int, int, int, int, int, bool, int]


class TermsColumns:
    """Terms by their consent's number; its owner adds to it, one thread at a time."""

    def __init__(self) -> None:
        self.rows: npt.NDArray[Any] = np.zeros(0, ROW)
        self._recipients = {ANY: ANYBODY}
        self._record_index = SubjectIndex()
        self._named: Integers = np.empty(0, np.int64)

    def put(self, numbers: Numbers, consent_terms: list[StoredTerms], count: int) -> None:
        """Set the rows of these consents, in a fresh array of `count` rows; the old one stays."""
        rows = np.zeros(count, ROW)
        rows[: len(self.rows)] = self.rows
        if consent_terms:
            rows[numbers] = np.array([self._row(stored.terms) for stored in consent_terms], ROW)
        self.rows = rows
        named = [
            (number, record.encode())
            for number, stored in zip(numbers.tolist(), consent_terms, strict=True)
            if stored.terms is not None and rows["kind"][number] >= PERMIT
            for record in stored.terms.records
            if record != ANY
        ]
        if named:
            self._name([number for number, _ in named], b"".join(record for _, record in named))

    def snapshot(self) -> TermsSnapshot:
        """Return an immutable copy of what is known now."""
        return TermsSnapshot(self.rows, self._recipients, self._record_index, self._named)

    def _row(self, terms: Terms | None) -> _Row:
        if terms is None:
            return (0, 0, 0, NOBODY, 0, 0, False, MISSING)
        if not is_sound(terms):
            return (0, 0, 0, NOBODY, 0, 0, False, UNKNOWN)
        opt_out = is_opt_out(terms)
        kind = OPT_OUT if opt_out else DENY if terms.decision == "deny" else PERMIT
        return (
            _purposes(terms.purposes) | (RESEARCH_BITS if opt_out else 0),
            _categories(terms.categories),
            _obligations(terms.obligations),
            self._recipients.setdefault(terms.recipient, len(self._recipients)),
            day_of(terms.data_from) if terms.data_from else int(_DAYS.min),
            day_of(terms.data_to) if terms.data_to else int(_DAYS.max),
            terms.records == (ANY,),
            kind,
        )

    def _name(self, numbers: list[int], records: bytes) -> None:
        ids = np.frombuffer(records, np.uint8).reshape(-1, 32)
        self._record_index, records_named = self._record_index.extended(ids)
        codes = pair_codes(np.array(numbers, np.int32), records_named)
        self._named = np.sort(np.concatenate([self._named, codes]))


class TermsSnapshot:
    """Terms in columns as they were at one moment."""

    def __init__(
        self,
        rows: npt.NDArray[Any],
        recipients: dict[str, int],
        record_index: SubjectIndex,
        named: Integers,
    ) -> None:
        self.rows = rows
        self._recipients = recipients
        self._record_index = record_index
        self._named = named

    def recipient(self, party: str) -> int:
        """Return the party's number, NOBODY when no terms name it."""
        return self._recipients.get(party, NOBODY)

    def name_records(self, consents: Numbers, records: Hashes) -> npt.NDArray[np.bool_]:
        """Return for each consent whether its terms name the record beside it, by its id."""
        if len(self._named) == 0:
            return np.zeros(len(consents), np.bool_)
        codes = pair_codes(consents, self._record_index.find(records))
        at = np.searchsorted(self._named, codes)
        named_here: npt.NDArray[np.bool_] = self._named.take(at, mode="clip") == codes
        return named_here


def pair_codes(first: Numbers, second: Numbers) -> Integers:
    """Return one integer for each pair of numbers; -1, which no pair has, where `second` is -1."""
    return (first.astype(np.int64) << 32) | second.astype(np.int64)


@lru_cache(maxsize=_MAX_SHARED)
def day_of(text: str) -> int:
    """Return the days from 1970-01-01 to an ISO date."""
    return date.fromisoformat(text).toordinal() - _EPOCH


@lru_cache(maxsize=_MAX_SHARED)
def _purposes(codes: tuple[str, ...]) -> int:
    return sum(PURPOSE_BIT[code] for code in frozenset().union(*(COVERS[c] for c in codes)))


@lru_cache(maxsize=_MAX_SHARED)
def _categories(codes: tuple[str, ...]) -> int:
    return _ALL if codes == (ANY,) else sum(_CATEGORY_BIT[code] for code in set(codes))


@lru_cache(maxsize=_MAX_SHARED)
def _obligations(codes: tuple[str, ...]) -> int:
    return sum(_OBLIGATION_BIT[code] for code in set(codes))
