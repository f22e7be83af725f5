"""The ledger in columns that only grow, and immutable states of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from consent.subject_index import Hashes, Integers, Numbers, SubjectIndex
from consent.terms import Stop, Withdrawal

ROLE_OWN: Final = 0
ROLE_DELEGATE: Final = 1
ROLES_THAT_GRANT: Final = frozenset({ROLE_OWN, ROLE_DELEGATE})

_HASH_BYTES = 32


class Enrolments(NamedTuple):
    """Subjects that a custodian enrolled."""

    subject: Hashes


class Grants(NamedTuple):
    """Grants that the ledger accepted; times are whole seconds UTC."""

    subject: Hashes
    terms_hash: Hashes
    key_hash: Hashes
    signed_at_s: Integers
    not_after_s: Integers


class Withdrawals(NamedTuple):
    """Withdrawn commitments, also those without a grant (tombstones)."""

    subject: Hashes
    terms_hash: Hashes


class PendingRefusal(NamedTuple):
    """A signed refusal (deny) that is acknowledged and not on the ledger yet; seconds UTC."""

    subject: bytes
    terms_hash: bytes
    signed_at_s: int
    not_after_s: int


class Stops(NamedTuple):
    """Stops; each voids the grants that its subject signed at or before it."""

    subject: Hashes
    issued_at_s: Integers


class Keys(NamedTuple):
    """Keys that can sign for a subject: enrolled, added or recovered; `until_s` 0: no end."""

    subject: Hashes
    key_hash: Hashes
    role: Integers
    until_s: Integers


class Removals(NamedTuple):
    """Keys removed permanently; grants that the ledger accepted before stay valid."""

    subject: Hashes
    key_hash: Hashes


Rows = Enrolments | Grants | Withdrawals | Stops | Keys | Removals
KINDS: Final[tuple[Any, ...]] = (Enrolments, Grants, Withdrawals, Stops, Keys, Removals)
_INTEGERS: Final = frozenset({"signed_at_s", "not_after_s", "issued_at_s", "role", "until_s"})


def columns(kind: type[Rows], rows: Iterable[Sequence[Any]]) -> Any:
    """Turn rows (32 bytes and integers, in the order of the fields) into columns."""
    values_of_rows = list(rows)
    arrays: list[npt.NDArray[Any]] = []
    for index, name in enumerate(kind._fields):
        values = [row[index] for row in values_of_rows]
        if name in _INTEGERS:
            arrays.append(np.array(values, np.int64))
        else:
            arrays.append(np.frombuffer(b"".join(values), np.uint8).reshape(-1, _HASH_BYTES))
    return kind(*arrays)


class _Table:
    """The rows of one kind so far; arrays double when full, and no row is ever changed."""

    def __init__(self, kind: type[Rows]) -> None:
        self.kind = kind
        self.length = 0
        self._columns: list[npt.NDArray[Any]] = [*columns(kind, [])]
        self._numbers = np.empty(0, np.int32)

    def extend(self, rows: Rows, numbers: Numbers) -> None:
        new_length = self.length + len(numbers)
        if new_length > len(self._numbers):
            self._grow(max(new_length, 2 * len(self._numbers), 1024))
        for column, values in zip(self._columns, rows, strict=True):
            column[self.length : new_length] = values
        self._numbers[self.length : new_length] = numbers
        self.length = new_length

    def _grow(self, capacity: int) -> None:
        grown: list[npt.NDArray[Any]] = []
        for old in (*self._columns, self._numbers):
            new = np.empty((capacity, *old.shape[1:]), old.dtype)
            new[: self.length] = old[: self.length]
            grown.append(new)
        self._numbers = grown.pop()
        self._columns = grown

    def snapshot(self) -> tuple[Any, Numbers]:
        """Return the rows so far and the numbers of their subjects, read-only."""
        frozen = [_frozen(column[: self.length]) for column in self._columns]
        return self.kind(*frozen), _frozen(self._numbers[: self.length])


def _joined(first: tuple[Any, ...], second: tuple[Any, ...]) -> list[npt.NDArray[Any]]:
    return [np.concatenate(pair) for pair in zip(first, second, strict=True)]


def _frozen(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    view = array.view()
    view.flags.writeable = False
    return view


@dataclass(frozen=True, slots=True)
class Of:
    """For each kind of row, the numbers of the subjects that the rows are about."""

    enrolments: Numbers
    grants: Numbers
    withdrawals: Numbers
    stops: Numbers
    keys: Numbers
    removals: Numbers


@dataclass(frozen=True, slots=True, eq=False)
class LedgerState:
    """The ledger after `count` operations; immutable, whatever is added to its log later.

    Two states with the same `log` differ only by rows added at the end. `pending_*` are signed
    withdrawals and stops that are seen but not final: they end permits, but lift no deny. Only the
    first `permitting_grants` grants may permit; those after them came later and may only deny.
    `pending_refusals` are acknowledged and not on the ledger yet; they deny.
    """

    log: LedgerLog
    count: int
    head: bytes
    index: SubjectIndex
    of: Of
    enrolments: Enrolments
    grants: Grants
    withdrawals: Withdrawals
    stops: Stops
    keys: Keys
    removals: Removals
    pending_withdrawals: Withdrawals
    pending_stops: Stops
    permitting_grants: int
    pending_refusals: tuple[PendingRefusal, ...] = ()

    @property
    def basis(self) -> tuple[object, ...]:
        """What decisions rest on besides the time; an anchor leaves it equal."""
        final = (self.enrolments, self.grants, self.withdrawals, self.stops, self.keys)
        rows = (*final, self.removals, self.pending_withdrawals, self.pending_stops)
        lengths = [len(each.subject) for each in rows]
        return (self.log, *lengths, self.permitting_grants, self.pending_refusals)

    def with_refusals_since(self, newer: LedgerState) -> LedgerState:
        """Return this state with every later "no" of a newer state of its log, and no later permit.

        A later withdrawal or stop counts as pending, and so does each that is pending there; a
        later grant may only deny.
        """
        withdrawn, stopped = len(self.withdrawals.subject), len(self.stops.subject)
        state = replace(
            self,
            index=newer.index,
            of=replace(self.of, grants=newer.of.grants, keys=newer.of.keys),
            grants=newer.grants,
            keys=newer.keys,
        )
        return state.with_pending(
            [
                Withdrawal(subject.tobytes(), terms_hash.tobytes())
                for subject, terms_hash in (
                    *zip(
                        newer.withdrawals.subject[withdrawn:],
                        newer.withdrawals.terms_hash[withdrawn:],
                        strict=True,
                    ),
                    *zip(*newer.pending_withdrawals, strict=True),
                )
            ],
            [
                Stop(subject.tobytes(), int(issued_at_s))
                for subject, issued_at_s in (
                    *zip(
                        newer.stops.subject[stopped:],
                        newer.stops.issued_at_s[stopped:],
                        strict=True,
                    ),
                    *zip(*newer.pending_stops, strict=True),
                )
            ],
        )

    def with_pending(self, withdrawals: Iterable[Withdrawal], stops: Iterable[Stop]) -> LedgerState:
        """Return this state with these as pending too: they end permits, but lift no deny."""
        withdrawal_rows = columns(Withdrawals, [(w.subject, w.terms_hash) for w in withdrawals])
        stop_rows = columns(Stops, [(s.subject, s.issued_at_s) for s in stops])
        return replace(
            self,
            pending_withdrawals=Withdrawals(*_joined(self.pending_withdrawals, withdrawal_rows)),
            pending_stops=Stops(*_joined(self.pending_stops, stop_rows)),
        )

    def last_stops(self, numbers: Numbers) -> dict[bytes, int]:
        """Return when each of these subjects last stopped everything; one that never did is absent.

        Args:
            numbers: the subjects, as `index` numbers them.
        """
        last: dict[bytes, int] = {}
        for row in np.flatnonzero(np.isin(self.of.stops, numbers)).tolist():
            subject, at_s = self.stops.subject[row].tobytes(), int(self.stops.issued_at_s[row])
            last[subject] = max(last.get(subject, at_s), at_s)
        return last

    def is_enrolled(self, subject: bytes) -> bool:
        """Return whether a custodian has enrolled the subject."""
        number = self.index.find_one(subject)
        return number >= 0 and bool((self.of.enrolments == number).any())

    def find_enrolled(self, subjects: Sequence[bytes]) -> set[bytes]:
        """Return those of these subjects that a custodian has enrolled."""
        whole = [subject for subject in subjects if len(subject) == _HASH_BYTES]
        words = np.frombuffer(b"".join(whole), np.uint8).reshape(-1, _HASH_BYTES)
        numbers = self.index.find(words)
        is_enrolled = (numbers >= 0) & np.isin(numbers, self.of.enrolments)
        return {subject for subject, known in zip(whole, is_enrolled, strict=True) if known}

    def expired_keys(self, now_s: int) -> list[tuple[bytes, bytes]]:
        """Return subject and hash of every delegate's key whose end has passed, removed or not."""
        rows = np.flatnonzero((self.keys.until_s > 0) & (self.keys.until_s < now_s)).tolist()
        return [
            (self.keys.subject[row].tobytes(), self.keys.key_hash[row].tobytes()) for row in rows
        ]


class LedgerLog:
    """Everything in the ledger's events, in order; its owner (the mirror) extends it.

    One thread extends a log; states may be read by any thread meanwhile. A history that is not a
    continuation (a chain that lost blocks) is a new log.
    """

    def __init__(self) -> None:
        self._index = SubjectIndex()
        self._tables = {kind: _Table(kind) for kind in KINDS}

    def extend(self, rows: Rows) -> None:
        """Add rows of one kind, (n, 32) bytes and (n,) integers; a million at once is fine.

        Raises:
            ValueError: the columns differ in length or a hash is not 32 bytes.
        """
        subjects = rows.subject
        if any(len(column) != len(subjects) for column in rows):
            raise ValueError("columns of different lengths")
        self._index, numbers = self._index.extended(subjects)
        self._tables[type(rows)].extend(rows, numbers)

    def state(self, count: int, head: bytes) -> LedgerState:
        """Return the state after what was added so far, under the ledger's own count and head."""
        frozen = [self._tables[kind].snapshot() for kind in KINDS]
        enrolments, grants, withdrawals, stops, keys, removals = [rows for rows, _ in frozen]
        return LedgerState(
            log=self,
            count=count,
            head=head,
            index=self._index,
            of=Of(*(numbers for _, numbers in frozen)),
            enrolments=enrolments,
            grants=grants,
            withdrawals=withdrawals,
            stops=stops,
            keys=keys,
            removals=removals,
            pending_withdrawals=columns(Withdrawals, []),
            pending_stops=columns(Stops, []),
            permitting_grants=len(grants.subject),
        )
