"""Draws how much each person counts in the fit of a published model.

Two models, before and after one person left or was corrected, then differ by how much everybody
counts. So their answers tell less of that person.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from typing import Final

import numpy as np

from models.calibration import Floats, Labels
from models.features import Values

_HIDING: Final = 150
"""The variance of the weights adds up to so many people, among whom one cannot be made out."""
_MOST: Final = 0.5
"""More would cost more than a fifth of the people, which each model of the evaluation lacks too."""


def bound_of(people: int) -> float:
    """Return how far a weight is from 1 among so many people."""
    return min(_MOST, math.sqrt(_HIDING / people))


def draw_weights(persons: Sequence[str], values: Values, labels: Labels) -> Floats:
    """Return for each row 1 plus or minus the bound, by a coin that is tossed for each person.

    The coins follow from all rows together: the same rows always have the same weights, and anyone
    with the records can compute them. If one person joins, leaves or has another value or outcome,
    all are tossed again.

    Args:
        persons: the keyed hash of each row's person; rows of one person have one weight.
        values: the predictors, shape (n, predictors).
        labels: shape (n,).
    """
    everybody = _hash_rows(persons, values, labels)
    people = set(persons)
    tossed = {each: hashlib.sha256(everybody + each.encode()).digest()[0] & 1 for each in people}
    bound = bound_of(len(people))
    return np.array([1 + bound if tossed[each] else 1 - bound for each in persons], np.float64)


def _hash_rows(persons: Sequence[str], values: Values, labels: Labels) -> bytes:
    """Return a hash of all rows, whatever their order is."""
    plain = np.asarray(values, "<f4") + np.float32(0)  # -0 and 0 are the same value
    plain[np.isnan(plain)] = np.nan  # and so are missing values, whatever their bits are
    rows = [
        hashlib.sha256(f"{int(label)} {person} ".encode() + row.tobytes()).digest()
        for person, row, label in zip(persons, plain, labels, strict=True)
    ]
    return hashlib.sha256(b"".join(sorted(rows))).digest()
