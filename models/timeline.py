"""Define the timed parts of a question: index, windows, outcome, and how events are read."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

import numpy as np
import numpy.typing as npt

from records.units import UnitRules

SYSTEMS: Final = MappingProxyType(
    {
        "loinc": "http://loinc.org",
        "snomed": "http://snomed.info/sct",
        "icd10": "http://hl7.org/fhir/sid/icd-10",
        "icd10cm": "http://hl7.org/fhir/sid/icd-10-cm",
        "icd10gm": "http://fhir.de/CodeSystem/bfarm/icd-10-gm",
        "rxnorm": "http://www.nlm.nih.gov/research/umls/rxnorm",
        "atc": "http://www.whocc.no/atc",
        "actcode": "http://terminology.hl7.org/CodeSystem/v3-ActCode",
    }
)
"""Short names of code systems in questions; a system of exactly the short name matches too."""

FIRST: Final = "first"
LAST: Final = "last"
EACH: Final = "each"
DATE: Final = "date"
INDEX_TAKES: Final = (FIRST, LAST, EACH, DATE)

EXISTS: Final = "exists"
COUNT: Final = "count"
DAYS_SINCE: Final = "days-since"
AGE: Final = "age"
VALUE_TAKES: Final = (FIRST, LAST, "mean", "min", "max", "sd", "slope")
TAKES: Final = (*VALUE_TAKES, EXISTS, COUNT, DAYS_SINCE, AGE)
FREQUENCY_TAKES: Final = (COUNT, DAYS_SINCE)
"""They tell how often one is tested, so what a clinician suspected."""

LIMIT: Final = "limit"
HALF: Final = "half"
MISSING: Final = "missing"
BOUND_RULES: Final = (LIMIT, HALF, MISSING)

DAY_S: Final = 86_400
_DURATION: Final = re.compile(r"([+-]?)(\d{1,6})(h|d|w|mo|y)\Z")
_SECONDS: Final = MappingProxyType(
    {"h": 3600, "d": DAY_S, "w": 7 * DAY_S, "mo": int(30.4375 * DAY_S), "y": int(365.25 * DAY_S)}
)


@dataclass(frozen=True, slots=True)
class Duration:
    """A signed length of time; only hours make it finer than days."""

    seconds: int
    in_days: bool

    @property
    def days(self) -> int:
        """Whole days, towards zero: 5 years are 1,826."""
        return int(self.seconds / DAY_S)


def parse_duration(text: str) -> Duration | None:
    """Return the duration of a text such as `-2y`, `30d` or `6h`; None if it is none."""
    match = _DURATION.match(text)
    if match is None:
        return None
    sign = -1 if match[1] == "-" else 1
    return Duration(sign * int(match[2]) * _SECONDS[match[3]], match[3] != "h")


@dataclass(frozen=True, slots=True)
class Window:
    """A span around the index; both ends belong to it, and `low` None means ever before.

    Ends in days, weeks, months or years count calendar days (UTC): 0d is the day of the index.
    """

    low: Duration | None
    high: Duration

    @property
    def in_days(self) -> bool:
        """Whether calendar days are compared, not seconds."""
        return self.high.in_days and (self.low is None or self.low.in_days)

    def contains(
        self, start: npt.NDArray[np.int64], index: npt.NDArray[np.int64]
    ) -> npt.NDArray[np.bool_]:
        """Return whether each start (seconds) lies in the window around its index."""
        inside: npt.NDArray[np.bool_] = self._distance(start, index) <= self._end(self.high)
        return inside if self.low is None else inside & ~self.is_before(start, index)

    def is_before(
        self, start: npt.NDArray[np.int64], index: npt.NDArray[np.int64]
    ) -> npt.NDArray[np.bool_]:
        """Return whether each start lies before the window."""
        if self.low is None:
            return np.zeros(len(start), np.bool_)
        before: npt.NDArray[np.bool_] = self._distance(start, index) < self._end(self.low)
        return before

    def _distance(
        self, start: npt.NDArray[np.int64], index: npt.NDArray[np.int64]
    ) -> npt.NDArray[np.int64]:
        return start // DAY_S - index // DAY_S if self.in_days else start - index

    def _end(self, end: Duration) -> int:
        return end.days if self.in_days else end.seconds


@dataclass(frozen=True, slots=True)
class Codes:
    """Codes and, with `*` at the end, prefixes of codes."""

    patterns: tuple[str, ...]

    def match(self, codes: Sequence[str]) -> npt.NDArray[np.bool_]:
        """Return which of the codes are meant."""
        exact = {pattern for pattern in self.patterns if not pattern.endswith("*")}
        prefixes = tuple(pattern[:-1] for pattern in self.patterns if pattern.endswith("*"))
        is_meant = (code in exact or code.startswith(prefixes) for code in codes)
        return np.fromiter(is_meant, np.bool_, len(codes))

    def find_inside(self, others: Codes) -> str | None:
        """Return the first pattern of which every code is meant by `others` too, or None."""
        for pattern in self.patterns:
            for other in others.patterns:
                is_prefix = other.endswith("*") and pattern.startswith(other[:-1])
                if pattern == other or is_prefix:
                    return pattern
        return None


@dataclass(frozen=True, slots=True)
class Reading:
    """How a feature is read from events.

    Attributes:
        codes: the codes that are its events.
        take: one of TAKES.
        within: the window, which ends at or before the index.
        bounds: how `<0.5` is read; one of BOUND_RULES.
        status: words of uncertain events that are read too, such as `provisional`.
    """

    codes: Codes
    take: str
    within: Window
    bounds: str = LIMIT
    status: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Index:
    """When the prediction is made: at an event, or for everybody on one date.

    `at_s` is set for `date`; `apart` is the least time between the rows of one person for `each`;
    `delay` moves the index after its event.
    """

    take: str
    codes: Codes
    category: str
    at_s: int | None
    apart: Duration
    delay: Duration


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the label is: an event, or a value, in a window around the index.

    Attributes:
        positive: the value that is positive; None if every event is.
        minimum, maximum: the bounds of a positive number, in `unit`.
        never_before: whether people who had it before the window are left out.
        absent_is_negative: whether people without such an event are negative, or left out.
    """

    codes: Codes
    within: Window
    never_before: bool
    absent_is_negative: bool
    positive: bool | str | None
    minimum: float
    maximum: float
    unit: str
    status: tuple[str, ...]

    @property
    def is_prevalent(self) -> bool:
        """Whether the window begins at or before the index."""
        return self.within.low is None or self.within.low.seconds <= 0


@dataclass(frozen=True, slots=True)
class Timeline:
    """The timed part of a question of format 2.

    Attributes:
        before, after: how long a person must have been observed around the index; None for any.
        leaking: codes that reveal the label; their events are never read.
    """

    index: Index
    outcome: Outcome
    before: Duration | None
    after: Duration | None
    leaking: Codes
    units: UnitRules = field(default_factory=UnitRules)

    @property
    def is_follow_up_unknown(self) -> bool:
        """Whether an absent label is negative although nobody says how long patients are seen."""
        is_future = self.outcome.within.high.seconds > 0
        return self.outcome.absent_is_negative and is_future and self.after is None

    @property
    def hidden(self) -> Codes:
        """The codes whose events no feature may read, even as one of several codings."""
        if not self.outcome.is_prevalent:
            return self.leaking
        return Codes((*self.leaking.patterns, *self.outcome.codes.patterns))


def expand_codes(codes: Iterable[str], same: Iterable[tuple[str, ...]] = ()) -> Codes:
    """Return codes with short systems written out, and with every code that means the same."""
    patterns: dict[str, None] = {}
    groups = [[name for code in group for name in _spell(code)] for group in same]
    for code in codes:
        for name in _spell(code):
            patterns[name] = None
            for group in groups:
                if name in group:
                    patterns |= dict.fromkeys(group)
    return Codes(tuple(patterns))


def _spell(code: str) -> tuple[str, ...]:
    system, bar, local = code.partition("|")
    return (f"{SYSTEMS[system]}|{local}", code) if bar and system in SYSTEMS else (code,)
