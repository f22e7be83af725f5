"""Draws how much each person counts in the fit of a published model.

Two models, before and after one person left, then differ by how much everybody counts. So their
answers tell little of that person.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from typing import Final

import numpy as np

from models.calibration import Floats

_HIDING: Final = 150
"""The variance of the weights adds up to so many people, among whom one cannot be made out."""
_MOST: Final = 0.5
"""More would cost more than a fifth of the people, which each model of the evaluation lacks too."""


def bound_of(people: int) -> float:
    """Return how far a weight is from 1 among so many people."""
    return min(_MOST, math.sqrt(_HIDING / people))


def draw_weights(persons: Sequence[str]) -> Floats:
    """Return for each row 1 plus or minus the bound, by a coin that is tossed for each person.

    The coins follow from everybody together: the same people always have the same weights, and
    anyone with the manifest can compute them. With one person more or less, all are tossed again.

    Args:
        persons: the keyed hash of each row's person; rows of one person have one weight.
    """
    people = sorted(set(persons))
    everybody = hashlib.sha256("\0".join(people).encode()).digest()
    tossed = {each: hashlib.sha256(everybody + each.encode()).digest()[0] & 1 for each in people}
    bound = bound_of(len(people))
    return np.array([1 + bound if tossed[each] else 1 - bound for each in persons], np.float64)
