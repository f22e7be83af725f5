"""Decides many requests of one party and purpose in one pass, each as `decide` would."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from consent.decision import BY_WEIGHT, REASONS, UNDECIDED
from consent.errors import ConsentInvalid
from consent.grant_status import Clocks
from consent.register import Consents, Flags
from consent.subject_index import Hashes, Numbers
from consent.terms import View
from consent.terms_columns import (
    ANYBODY,
    DENY,
    MISSING,
    NOBODY,
    OPT_OUT,
    PERMIT,
    PURPOSE_BIT,
    RESEARCH_BITS,
    UNKNOWN,
)
from consent.vocabulary import CATEGORY_CODES, PURPOSES
from consent.wording import is_party

_CODE: Final = {reason: np.uint8(index) for index, reason in enumerate(REASONS)}
_WEIGHT: Final = np.array([BY_WEIGHT.index(reason) for reason in REASONS], np.int64)
_BY_WEIGHT: Final = np.array([_CODE[reason] for reason in BY_WEIGHT], np.uint8)
_FROM_NO_CONSENT: Final = [_CODE[reason] for reason in sorted(UNDECIDED)]
_HEX: Final = np.zeros(256, np.bool_)
_HEX[list(b"0123456789abcdef")] = True
_EIGHT_TRUE: Final = 0x0101010101010101
_FOUR_TRUE: Final = 0x01010101
_ID_BYTES: Final = 32
_INDEX_BITS: Final = 40
_CHUNK_ROWS: Final = 65_536
"""Records in a chunk: its columns fit into the processor's cache."""
_MAX_PAIRS: Final = 1 << 20
"""Pairs of record and consent in a chunk: a subject with thousands of each costs no memory."""


@dataclass(frozen=True, slots=True, eq=False)
class DecisionRequestBatch:
    """One party and one purpose, and n records in columns of one length.

    `subjects` (n, 32) uint8; `records` (n,) ids as ``S32``; `categories` (n,) int16, index in
    CATEGORY_CODES; `recorded_on` (n,) int32, days since 1970-01-01.
    """

    party: str
    purpose: str
    subjects: Hashes
    records: npt.NDArray[np.bytes_]
    categories: npt.NDArray[np.int16]
    recorded_on: npt.NDArray[np.int32]

    def __post_init__(self) -> None:
        """Refuse columns that do not fit together.

        Raises:
            ConsentInvalid: another shape or another type than described above.
        """
        count = len(self.subjects)
        shapes = ((self.subjects, (count, _ID_BYTES), np.uint8), (self.records, (count,), "S32"))
        numbers = ((self.categories, (count,), np.int16), (self.recorded_on, (count,), np.int32))
        for column, shape, kind in (*shapes, *numbers):
            if column.shape != shape or column.dtype != np.dtype(kind):
                raise ConsentInvalid(
                    f"a column of the batch is {column.shape} of {column.dtype}, "
                    f"not {shape} of {np.dtype(kind)}"
                )

    def part(self, rows: slice) -> DecisionRequestBatch:
        """Return these records, without copying them."""
        return replace(
            self,
            subjects=self.subjects[rows],
            records=self.records[rows],
            categories=self.categories[rows],
            recorded_on=self.recorded_on[rows],
        )


@dataclass(frozen=True, slots=True, eq=False)
class Decisions:
    """The decision for each record of a batch, in its order.

    `reasons` (n,) uint8, index in REASONS, 0 = permitted; `consents` (n, 32), the first consent
    that decided, zeros if none did; `obligations` (n,) uint32, bits in the order of OBLIGATIONS.
    """

    view: View
    reasons: npt.NDArray[np.uint8]
    consents: Hashes
    obligations: npt.NDArray[np.uint32]

    def permitted(self) -> Flags:
        """Return the mask of the records that are permitted."""
        mask: Flags = self.reasons == _CODE["permitted"]
        return mask

    def counts(self) -> dict[str, int]:
        """Return how many records got each reason, without those that none got."""
        counts = np.bincount(self.reasons, minlength=len(REASONS)).tolist()
        return {reason: count for reason, count in zip(REASONS, counts, strict=True) if count}

    def part(self, rows: slice) -> Decisions:
        """Return these decisions, as a view: what is written there is written here."""
        return Decisions(self.view, self.reasons[rows], self.consents[rows], self.obligations[rows])


@dataclass(frozen=True, slots=True, eq=False)
class _Pairs:
    """Each record with each consent of its subject, record by record."""

    record: npt.NDArray[np.intp]
    subject: Numbers
    consent: Numbers
    terms: npt.NDArray[Any]
    with_consents: npt.NDArray[np.intp]
    first: npt.NDArray[np.intp]
    """The records that have any pair, and where the pairs of each start."""


def decide_many(
    batch: DecisionRequestBatch, consents: Consents, view: View, now_s: float
) -> Decisions:
    """Decide each record as `decide` would; a million take about half a second."""
    count = len(batch.subjects)
    reasons = np.full(count, _CODE["unknown-word"], np.uint8)
    deciding = np.zeros((count, _ID_BYTES), np.uint8)
    decisions = Decisions(view, reasons, deciding, np.zeros(count, np.uint32))
    if is_party(batch.party) and batch.purpose in PURPOSES:
        clocks = Clocks.of(view, now_s)
        for at in range(0, count, _CHUNK_ROWS):
            rows = slice(at, at + _CHUNK_ROWS)
            _decide_rows(batch.part(rows), consents, clocks, decisions.part(rows))
    return decisions


def _decide_rows(
    batch: DecisionRequestBatch, consents: Consents, clocks: Clocks, decisions: Decisions
) -> None:
    subjects = consents.subjects.find(batch.subjects)
    count = len(subjects)
    if count > 1 and _consents_of(subjects, consents).sum() > _MAX_PAIRS:
        for half in (slice(0, count // 2), slice(count // 2, count)):
            _decide_rows(batch.part(half), consents, clocks, decisions.part(half))
        return
    reasons = decisions.reasons
    enrolled = consents.enrolled.take(subjects, mode="clip") if consents.subjects.count else False
    reasons[:] = _CODE["not-enrolled"]
    reasons[enrolled & (subjects >= 0)] = _CODE["no-consent"]
    pairs = _pairs(subjects, consents)
    if len(pairs.record):
        _combine(decisions, consents, pairs, _verdicts(batch, consents, pairs, clocks))
    not_understood = ~_understood(batch)
    reasons[not_understood] = _CODE["unknown-word"]
    decisions.consents[not_understood] = 0
    decisions.obligations[reasons != _CODE["permitted"]] = 0


def _understood(batch: DecisionRequestBatch) -> Flags:
    letters = np.ascontiguousarray(batch.records).view(np.uint8)
    eights = _HEX.take(letters).view(np.uint64).reshape(-1, _ID_BYTES // 8) == _EIGHT_TRUE
    known = (batch.categories >= 0) & (batch.categories < len(CATEGORY_CODES))
    understood: Flags = known & (eights.view(np.uint32)[:, 0] == _FOUR_TRUE)
    return understood


def _consents_of(numbers: Numbers, consents: Consents) -> npt.NDArray[np.int64]:
    """Return how many grants each of these subjects has, none where it is not known."""
    known = numbers.clip(0)
    lengths = consents.starts.take(known + 1, mode="clip") - consents.starts.take(known)
    return np.where(numbers >= 0, lengths, 0)


def _pairs(subjects: Numbers, consents: Consents) -> _Pairs:
    known = np.flatnonzero(subjects >= 0)
    numbers = subjects.take(known)
    starts = consents.starts.take(numbers)
    lengths = _consents_of(numbers, consents)
    ends = np.cumsum(lengths)
    index = np.repeat(np.arange(len(known)), lengths)
    within = np.arange(len(index)) - (ends - lengths).take(index)
    consent = consents.granted.take(starts.take(index) + within)
    rows = lengths > 0
    return _Pairs(
        record=known.take(index),
        subject=numbers.take(index),
        consent=consent,
        terms=consents.terms.rows.take(consent),
        with_consents=known[rows],
        first=(ends - lengths)[rows],
    )


def _verdicts(
    batch: DecisionRequestBatch, consents: Consents, pairs: _Pairs, clocks: Clocks
) -> npt.NDArray[np.uint8]:
    """Return what each consent says to the record beside it, the farthest miss written last."""
    kind = pairs.terms["kind"]
    verdicts = _attributes(batch, consents, pairs)
    applies = verdicts == _CODE["permitted"]
    for reason, fails in _faults(consents, pairs, clocks):
        verdicts[fails] = _CODE[reason]
    not_after_s = consents.not_after_s.take(pairs.consent)
    # A stop is not among the ends of a deny.
    may_deny = ~consents.withdrawn.take(pairs.consent) & (clocks.earlier_s <= not_after_s)
    denies = may_deny & (kind >= DENY)
    verdicts[denies] = _CODE["no-consent"]
    verdicts[denies & applies] = _CODE["denied"]
    if PURPOSE_BIT[batch.purpose] & RESEARCH_BITS:
        verdicts[denies & applies & (kind == OPT_OUT)] = _CODE["opted-out"]
    verdicts[may_deny & (kind == UNKNOWN)] = _CODE["unknown-word"]
    verdicts[may_deny & (kind == MISSING)] = _CODE["opening-missing"]
    # After the lines above nothing else should be left; only a permit may permit.
    verdicts[(verdicts == _CODE["permitted"]) & (kind != PERMIT)] = _CODE["no-consent"]
    return verdicts


def _attributes(
    batch: DecisionRequestBatch, consents: Consents, pairs: _Pairs
) -> npt.NDArray[np.uint8]:
    terms = pairs.terms
    verdicts = np.full(len(pairs.record), _CODE["permitted"], np.uint8)
    named = np.flatnonzero(~terms["any_record"])
    ids = np.ascontiguousarray(batch.records.take(pairs.record.take(named)))
    named_here = consents.terms.name_records(
        pairs.consent.take(named), ids.view(np.uint8).reshape(-1, _ID_BYTES)
    )
    verdicts[named[~named_here]] = _CODE["other-record"]
    day = batch.recorded_on.take(pairs.record)
    verdicts[(day < terms["first_day"]) | (day > terms["last_day"])] = _CODE["outside-period"]
    category = batch.categories.take(pairs.record).clip(0, len(CATEGORY_CODES)).astype(np.uint64)
    verdicts[terms["categories"] >> category & np.uint64(1) == 0] = _CODE["other-category"]
    purpose = np.uint64(PURPOSE_BIT[batch.purpose])
    verdicts[terms["purposes"] & purpose == 0] = _CODE["other-purpose"]
    recipient = terms["recipient"]
    other = (recipient != ANYBODY) & (recipient != consents.terms.recipient(batch.party))
    verdicts[other | (recipient == NOBODY)] = _CODE["other-recipient"]
    return verdicts


def _faults(consents: Consents, pairs: _Pairs, clocks: Clocks) -> Iterator[tuple[str, Flags]]:
    signed_at_s = consents.signed_at_s.take(pairs.consent)
    yield "withdrawn", consents.seen_withdrawn.take(pairs.consent)
    yield "stopped", signed_at_s <= consents.stopped_at_s.take(pairs.subject)
    yield "expired", clocks.later_s > consents.not_after_s.take(pairs.consent)
    yield "not-yet", (signed_at_s > clocks.earlier_s) | consents.is_later.take(pairs.consent)
    yield "bad-key", ~consents.good_key.take(pairs.consent)
    yield "not-enrolled", ~consents.enrolled.take(pairs.subject)


def _combine(
    decisions: Decisions, consents: Consents, pairs: _Pairs, verdicts: npt.NDArray[np.uint8]
) -> None:
    """Write for each record the reason that wins among its consents, and the first with it."""
    weights = _WEIGHT.take(verdicts) << _INDEX_BITS | np.arange(len(verdicts))
    best = np.minimum.reduceat(weights, pairs.first)
    reasons = _BY_WEIGHT.take(best >> _INDEX_BITS)
    decided = ~np.isin(reasons, _FROM_NO_CONSENT)
    with_consents = pairs.with_consents[decided]
    decisions.reasons[with_consents] = reasons[decided]
    by = pairs.consent.take(best[decided] & (1 << _INDEX_BITS) - 1)
    decisions.consents[with_consents] = consents.ids.take(by, axis=0)
    obligations = np.where(verdicts == _CODE["permitted"], pairs.terms["obligations"], 0)
    decisions.obligations[pairs.with_consents] = np.bitwise_or.reduceat(obligations, pairs.first)
