"""Joins the ledger's state with the stored terms, in columns that grow with both."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice
from typing import Final

import numpy as np
import numpy.typing as npt

from consent.consent_terms import ConsentTermsStore, StoredTerms
from consent.state import ROLES_THAT_GRANT, LedgerLog, LedgerState
from consent.subject_index import Hashes, Integers, Numbers, SubjectIndex
from consent.terms_columns import TermsColumns, TermsSnapshot, pair_codes
from consent.typed_data import consent_ids

Flags = npt.NDArray[np.bool_]
_Change = tuple[int, StoredTerms]
_NEVER_S: Final = -1
_PART_ROWS: Final = 5_000


@dataclass(frozen=True, slots=True, eq=False)
class Consents:
    """Every consent at one state of ledger and terms, by number; immutable.

    `granted` lists the numbers of the granted consents, subject by subject, each in the order of
    the ledger; subject k has those from ``starts[k]`` to ``starts[k + 1]``. `seen_withdrawn` and
    `stopped_at_s` also include what is seen but not final. What `is_later` than the view may only
    deny.
    """

    subjects: SubjectIndex
    ids: Hashes
    terms: TermsSnapshot
    granted: Numbers
    starts: npt.NDArray[np.int64]
    signed_at_s: Integers
    not_after_s: Integers
    good_key: Flags
    withdrawn: Flags
    seen_withdrawn: Flags
    enrolled: Flags
    stopped_at_s: Integers
    is_later: Flags


class Register:
    """Compiles consents into columns, each change once; safe to use from many threads."""

    def __init__(self, consent_terms: ConsentTermsStore) -> None:
        self._consent_terms = consent_terms
        self._lock = threading.Lock()
        self._compiler = _Compiler(LedgerLog())
        self._compiled_at: tuple[int, bytes, int, int, int] | None = None
        self._consents: Consents | None = None

    def at(self, state: LedgerState) -> Consents:
        """Return the consents at this state, with pending revocations.

        Raises:
            LedgerUnavailable: the terms cannot be read.
        """
        with self._lock:
            if self._compiler.log is not state.log:
                self._compiler, self._compiled_at = _Compiler(state.log), None
            self._compiler.take(state, self._consent_terms)
            grants = len(state.of.grants), state.permitting_grants
            done = (state.count, state.head, self._compiler.generation, *grants)
            if self._consents is None or done != self._compiled_at:
                self._consents, self._compiled_at = self._compiler.compile_at(state), done
            return self._with_pending(self._consents, state)

    def _with_pending(self, consents: Consents, state: LedgerState) -> Consents:
        withdrawn, stopped = consents.withdrawn, consents.stopped_at_s
        if len(state.pending_withdrawals.subject):
            numbers = self._compiler.ids.find(_ids(*state.pending_withdrawals))
            withdrawn = withdrawn.copy()
            withdrawn[numbers[(numbers >= 0) & (numbers < len(withdrawn))]] = True
        if len(state.pending_stops.subject):
            numbers = consents.subjects.find(state.pending_stops.subject)
            stopped = stopped.copy()
            known = numbers >= 0
            np.maximum.at(stopped, numbers[known], state.pending_stops.issued_at_s[known])
        return replace(consents, seen_withdrawn=withdrawn, stopped_at_s=stopped)


class _Compiler:
    """The columns of one log so far; they only grow."""

    def __init__(self, log: LedgerLog) -> None:
        self.log = log
        self.generation = 0
        self.ids = SubjectIndex()
        self.terms = TermsColumns()
        self.grants: Numbers = np.empty(0, np.int32)
        self.withdrawals: Numbers = np.empty(0, np.int32)
        self.good_key: Flags = np.empty(0, np.bool_)
        self.keys = _KeyTable()

    def take(self, state: LedgerState, consent_terms: ConsentTermsStore) -> None:
        """Add what is new in the state and in the terms; an older state has nothing new."""
        if self._is_behind(state):
            self._take_grants(state)
            self._take_withdrawals(state)
        if consent_terms.generation() != self.generation:
            for part in _parts(consent_terms.load_since(self.generation)):
                self._take_terms([stored for _, stored in part])
                self.generation = part[-1][0]
        if len(self.terms.rows) < self.ids.count:
            self._take_terms([])

    def _is_behind(self, state: LedgerState) -> bool:
        """Return whether a state that is not older has something new."""
        own = (len(self.grants), self.keys.length, len(self.withdrawals))
        theirs = (len(state.of.grants), len(state.of.keys), len(state.of.withdrawals))
        return theirs != own and theirs[0] >= own[0] and theirs[1] >= own[1]

    def compile_at(self, state: LedgerState) -> Consents:
        """Return the columns as of this state, which may be older than the newest."""
        grants = self.grants[: len(state.of.grants)]
        withdrawals = self.withdrawals[: len(state.of.withdrawals)]
        subjects, count = state.index.count, self.ids.count
        order = np.argsort(state.of.grants, kind="stable")
        counts = np.bincount(state.of.grants, minlength=subjects)
        withdrawn = _flags(withdrawals, count)
        stopped = np.full(subjects, _NEVER_S, np.int64)
        np.maximum.at(stopped, state.of.stops, state.stops.issued_at_s)
        return Consents(
            subjects=state.index,
            ids=self.ids.subjects(),
            terms=self.terms.snapshot(),
            granted=grants[order],
            starts=np.concatenate([[0], np.cumsum(counts)]),
            signed_at_s=_scattered(grants, state.grants.signed_at_s, count),
            not_after_s=_scattered(grants, state.grants.not_after_s, count),
            good_key=_flags(grants[self.good_key[: len(grants)]], count),
            withdrawn=withdrawn,
            seen_withdrawn=withdrawn,
            enrolled=_flags(state.of.enrolments, subjects),
            stopped_at_s=stopped,
            is_later=_flags(grants[state.permitting_grants :], count),
        )

    def _take_grants(self, state: LedgerState) -> None:
        done, grants = len(self.grants), state.grants
        self.ids, numbers = self.ids.extended(_ids(grants.subject[done:], grants.terms_hash[done:]))
        self.grants = np.concatenate([self.grants, numbers])
        self.keys.take(state)
        good_key = np.zeros(len(self.grants), np.bool_)
        good_key[:done] = self.good_key
        unproved = np.flatnonzero(~good_key)
        good_key[unproved] = self.keys.may_grant(state, unproved)
        self.good_key = good_key

    def _take_withdrawals(self, state: LedgerState) -> None:
        done, rows = len(self.withdrawals), state.withdrawals
        self.ids, numbers = self.ids.extended(_ids(rows.subject[done:], rows.terms_hash[done:]))
        self.withdrawals = np.concatenate([self.withdrawals, numbers])

    def _take_terms(self, consent_terms: list[StoredTerms]) -> None:
        names = b"".join(stored.consent_id for stored in consent_terms)
        self.ids, numbers = self.ids.extended(_hashes(names))
        self.terms.put(numbers, consent_terms, self.ids.count)


class _KeyTable:
    """Which key of which subject has which role; only the first row of a key counts."""

    def __init__(self) -> None:
        self.length = 0
        self._index = SubjectIndex()
        self._codes: Integers = np.empty(0, np.int64)
        self._rows: Integers = np.empty(0, np.int64)

    def take(self, state: LedgerState) -> None:
        """Add the keys that are new in this state, which is not older than the newest."""
        new = slice(self.length, len(state.of.keys))
        self._index, numbers = self._index.extended(state.keys.key_hash[new])
        codes = np.concatenate([self._codes, pair_codes(state.of.keys[new], numbers)])
        rows = np.concatenate([self._rows, np.arange(new.start, new.stop)])
        order = np.argsort(codes, kind="stable")
        self._codes, self._rows, self.length = codes[order], rows[order], new.stop

    def may_grant(self, state: LedgerState, grants: npt.NDArray[np.intp]) -> Flags:
        """Return for each of these grants whether its key was allowed to sign it."""
        if self.length == 0:
            return np.zeros(len(grants), np.bool_)
        key_hashes = state.grants.key_hash.take(grants, axis=0)
        codes = pair_codes(state.of.grants.take(grants), self._index.find(key_hashes))
        at = np.searchsorted(self._codes, codes)
        known = self._codes.take(at, mode="clip") == codes
        rows = self._rows.take(at, mode="clip")
        until_s = state.keys.until_s.take(rows)
        in_time = (until_s == 0) | (state.grants.signed_at_s.take(grants) <= until_s)
        has_role = np.isin(state.keys.role.take(rows), list(ROLES_THAT_GRANT))
        may: Flags = known & has_role & in_time
        return may


def _parts(changes: Iterator[_Change]) -> Iterator[list[_Change]]:
    while part := list(islice(changes, _PART_ROWS)):
        yield part


def _ids(subjects: Hashes, terms_hashes: Hashes) -> Hashes:
    return _hashes(consent_ids(np.concatenate([subjects, terms_hashes], axis=1).tobytes()))


def _hashes(joined: bytes) -> Hashes:
    return np.frombuffer(joined, np.uint8).reshape(-1, 32)


def _flags(numbers: Numbers, count: int) -> Flags:
    flags = np.zeros(count, np.bool_)
    flags[numbers] = True
    return flags


def _scattered(numbers: Numbers, values: Integers, count: int) -> Integers:
    scattered = np.zeros(count, np.int64)
    scattered[numbers] = values
    return scattered
