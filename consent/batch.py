"""Decides a million requests of one party in one pass, each as `decide` would."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from consent.decision import BY_WEIGHT, REASONS, UNDECIDED
from consent.errors import ConsentInvalid
from consent.register import Consents, Flags
from consent.standing import Clocks
from consent.subject_index import Hashes, Numbers
from consent.terms import Decision, View
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
from consent.vocabulary import CATEGORY_CODES, OBLIGATIONS, PURPOSES
from consent.wording import is_party

_CODE: Final = {reason: np.uint8(place) for place, reason in enumerate(REASONS)}
_WEIGHT: Final = np.array([BY_WEIGHT.index(reason) for reason in REASONS], np.int64)
_BY_WEIGHT: Final = np.array([_CODE[reason] for reason in BY_WEIGHT], np.uint8)
_UNDECIDED: Final = [_CODE[reason] for reason in sorted(UNDECIDED)]
_HEX: Final = np.zeros(256, np.bool_)
_HEX[list(b"0123456789abcdef")] = True
_EIGHT_TRUE: Final = 0x0101010101010101
_FOUR_TRUE: Final = 0x01010101
_ID_BYTES: Final = 32
_PLACE_BITS: Final = 40
_AT_ONCE: Final = 65_536
"""Records at once: what is worked on stays in the processor's cache."""
_MAX_PAIRS: Final = 1 << 20
"""Records beside consents at once: a subject with thousands of each takes time, not memory."""


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
            BadlyAsked: another shape or another type than said above.
        """
        count = len(self.subjects)
        shapes = ((self.subjects, (count, _ID_BYTES), np.uint8), (self.records, (count,), "S32"))
        numbers = ((self.categories, (count,), np.int16), (self.recorded_on, (count,), np.int32))
        for column, shape, kind in (*shapes, *numbers):
            if column.shape != shape or column.dtype != np.dtype(kind):
                raise ConsentInvalid(f"a column of the batch is not {shape} of {np.dtype(kind)}")

    def part(self, some: slice) -> DecisionRequestBatch:
        """Return some of the records, without copying them."""
        return replace(
            self,
            subjects=self.subjects[some],
            records=self.records[some],
            categories=self.categories[some],
            recorded_on=self.recorded_on[some],
        )


@dataclass(frozen=True, slots=True, eq=False)
class Decisions:
    """What was decided for each record of a batch, in its order.

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
        """Return how many records got each reason that was given at all."""
        held = np.bincount(self.reasons, minlength=len(REASONS)).tolist()
        return {reason: count for reason, count in zip(REASONS, held, strict=True) if count}

    def part(self, some: slice) -> Decisions:
        """Return some of the decisions; what is written there is written here."""
        return Decisions(self.view, self.reasons[some], self.consents[some], self.obligations[some])

    def one(self, place: int) -> Decision:
        """Return the decision for one record; of several consents that agreed, the first."""
        reason = REASONS[self.reasons[place]]
        name = self.consents[place].tobytes()
        bits = int(self.obligations[place])
        owed = tuple(code for bit, code in enumerate(OBLIGATIONS) if bits >> bit & 1)
        return Decision(
            reason == "permitted", reason, (name,) if any(name) else (), owed, self.view
        )


@dataclass(frozen=True, slots=True, eq=False)
class _Pairs:
    """Each record beside each consent of its subject, record by record."""

    record: npt.NDArray[np.intp]
    subject: Numbers
    consent: Numbers
    terms: npt.NDArray[Any]
    asked: npt.NDArray[np.intp]
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
        for at in range(0, count, _AT_ONCE):
            some = slice(at, at + _AT_ONCE)
            _decide_some(batch.part(some), consents, clocks, decisions.part(some))
    return decisions


def _decide_some(
    batch: DecisionRequestBatch, consents: Consents, clocks: Clocks, decisions: Decisions
) -> None:
    subjects = consents.subjects.find(batch.subjects)
    count = len(subjects)
    if count > 1 and _held(subjects, consents).sum() > _MAX_PAIRS:
        for half in (slice(0, count // 2), slice(count // 2, count)):
            _decide_some(batch.part(half), consents, clocks, decisions.part(half))
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


def _held(numbers: Numbers, consents: Consents) -> npt.NDArray[np.int64]:
    """Return how many grants each of these subjects has, none where it is not known."""
    known = numbers.clip(0)
    lengths = consents.starts.take(known + 1, mode="clip") - consents.starts.take(known)
    return np.where(numbers >= 0, lengths, 0)


def _pairs(subjects: Numbers, consents: Consents) -> _Pairs:
    known = np.flatnonzero(subjects >= 0)
    numbers = subjects.take(known)
    starts = consents.starts.take(numbers)
    lengths = _held(numbers, consents)
    ends = np.cumsum(lengths)
    place = np.repeat(np.arange(len(known)), lengths)
    within = np.arange(len(place)) - (ends - lengths).take(place)
    consent = consents.granted.take(starts.take(place) + within)
    some = lengths > 0
    return _Pairs(
        record=known.take(place),
        subject=numbers.take(place),
        consent=consent,
        terms=consents.terms.rows.take(consent),
        asked=known[some],
        first=(ends - lengths)[some],
    )


def _verdicts(
    batch: DecisionRequestBatch, consents: Consents, pairs: _Pairs, clocks: Clocks
) -> npt.NDArray[np.uint8]:
    """Return what each consent says to the record beside it, the farthest miss written last."""
    kind = pairs.terms["kind"]
    verdicts = _attributes(batch, consents, pairs)
    speaks = verdicts == _CODE["permitted"]
    for reason, fails in _faults(consents, pairs, clocks):
        verdicts[fails] = _CODE[reason]
    not_after_s = consents.not_after_s.take(pairs.consent)
    signed_at_s = consents.signed_at_s.take(pairs.consent)
    may_bar = (
        ~consents.withdrawn.take(pairs.consent)
        & (signed_at_s > consents.stopped_at_s.take(pairs.subject))
        & (clocks.earlier_s <= not_after_s)
    )
    bars = may_bar & (kind >= DENY)
    verdicts[bars] = _CODE["no-consent"]
    verdicts[bars & speaks] = _CODE["denied"]
    if PURPOSE_BIT[batch.purpose] & RESEARCH_BITS:
        verdicts[bars & speaks & (kind == OPT_OUT)] = _CODE["opted-out"]
    verdicts[may_bar & (kind == UNKNOWN)] = _CODE["unknown-word"]
    verdicts[may_bar & (kind == MISSING)] = _CODE["opening-missing"]
    # By what stands above nothing else is left here; a yes is said to a permit alone.
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
    yield "stopped", signed_at_s <= consents.seen_stopped_at_s.take(pairs.subject)
    yield "expired", clocks.later_s > consents.not_after_s.take(pairs.consent)
    yield "not-yet", signed_at_s > clocks.earlier_s
    yield "bad-key", ~consents.good_key.take(pairs.consent)
    yield "not-enrolled", ~consents.enrolled.take(pairs.subject)


def _combine(
    decisions: Decisions, consents: Consents, pairs: _Pairs, verdicts: npt.NDArray[np.uint8]
) -> None:
    """Write for each record what weighs most among its consents, and the first that said it."""
    weights = _WEIGHT.take(verdicts) << _PLACE_BITS | np.arange(len(verdicts))
    best = np.minimum.reduceat(weights, pairs.first)
    reasons = _BY_WEIGHT.take(best >> _PLACE_BITS)
    decided = ~np.isin(reasons, _UNDECIDED)
    asked = pairs.asked[decided]
    decisions.reasons[asked] = reasons[decided]
    by = pairs.consent.take(best[decided] & (1 << _PLACE_BITS) - 1)
    decisions.consents[asked] = consents.ids.take(by, axis=0)
    owed = np.where(verdicts == _CODE["permitted"], pairs.terms["obligations"], 0)
    decisions.obligations[pairs.asked] = np.bitwise_or.reduceat(owed, pairs.first)
