"""Adds noise to counts of people before consent, so that many counts tell little of one person."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from statistics import NormalDist
from typing import Final

from models.suppression import MIN_COHORT, MIN_COUNT

STEP: Final = 10
DEVIATION: Final = 20.0
"""Of a number of people in the count of a question (standard deviation, people)."""
MARGIN: Final = round(2 * DEVIATION)
"""A number of people in the count of a question is within so many of the true one, 95 in 100."""
LEAST_COHORT: Final = MIN_COHORT + MARGIN
"""A cohort is shown from about so many people on."""
LIST_DEVIATION: Final = 10.0
"""Of a number of people in the list of codes, which is the same for everybody."""
LIST_MARGIN: Final = round(2 * LIST_DEVIATION)
"""A number of people in the list of codes is within so many of the true one, 95 in 100."""
LIST_LEAST: Final = MIN_COUNT + round(3 * LIST_DEVIATION)
"""The `least` of `count` for codes, names, units and values. There are very many of these texts:
with this bound, one that a single person has is listed in one of a billion draws."""
LEAST_LISTED: Final = LIST_LEAST + LIST_MARGIN
"""A code with fewer people than about this is not listed."""
_NORMAL: Final = NormalDist()
_BITS: Final = 53


@dataclass(frozen=True, slots=True)
class CountNoise:
    """Adds normal noise to numbers of people, then rounds them to tens.

    The noise of a number depends on its name alone and never on who is counted: whether two numbers
    are equal does not tell whether two groups are. The same name always has the same noise, so a
    count that is read again teaches nothing. Each number is a Gaussian mechanism (Dong, Roth and
    Su: Gaussian differential privacy, 2022, theorem 2.7 and corollary 3.3): rounding and hiding
    come after the noise, so that they reveal nothing more.

    Attributes:
        keyed: a keyed hash to 32 bytes that only this installation can compute.
    """

    keyed: Callable[[bytes], bytes]

    def count(
        self, size: int, name: str, *, least: int = MIN_COUNT, deviation: float = DEVIATION
    ) -> int | None:
        """Return the number to show, in tens; None if it may well be below `least`.

        Args:
            size: the exact number of people.
            name: of this number, among all that are ever shown.
            least: a number is shown from two deviations above it on.
            deviation: of the noise, in people.
        """
        noisy = self._add(size, name, deviation)
        if noisy < least + 2 * deviation:
            return None
        return round(noisy / STEP) * STEP

    def share(self, size: int, name: str, *, of: int, deviation: float) -> int | None:
        """Return how many percent of a number that is shown a part of it is, in steps of 5.

        None if the noise is more than 5 % of the whole: the share would say nothing.
        """
        if deviation > of / 20:
            return None
        noisy = self._add(size, name, deviation)
        return 5 * round(20 * min(1.0, max(0.0, noisy / of)))

    def _add(self, size: int, name: str, deviation: float) -> float:
        """Return a number with its noise; another deviation is another draw."""
        drawn = self.keyed(f"{deviation:g}/{name}".encode())
        share = int.from_bytes(drawn[:8], "big") >> (64 - _BITS)
        return size + deviation * _NORMAL.inv_cdf((share + 0.5) / 2**_BITS)
