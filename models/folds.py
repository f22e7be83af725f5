"""Draws folds and halves of patients by a keyed hash, so that nobody can draw again."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from models.calibration import Labels

Folds = npt.NDArray[np.int64]
"""The fold of each row, from 0."""
_SEPARATOR = "\0"


def draw_folds(
    labels: Labels, patients: Sequence[str], *, folds: int, draw: Sequence[str]
) -> Folds:
    """Return the fold of each patient, with the same share of each outcome in every fold.

    Each outcome is sorted by the hash and cut into equal pieces: when a patient leaves, only
    patients next to a cut can change their fold. Rows with the same name get the same fold.

    Args:
        labels: whether each patient has the label.
        patients: keyed hashes of the persons, which only this installation can compute.
        folds: how many.
        draw: names the draw, e.g. study, label and repeat.
    """
    ranks = _hash_ranks(patients, draw)
    result = np.zeros(len(labels), np.int64)
    for outcome in (False, True):
        rows = np.flatnonzero(labels == outcome)
        ordered = rows[np.argsort(ranks[rows], kind="stable")]
        result[ordered] = np.arange(len(ordered)) * folds // max(1, len(ordered))
    first: dict[str, int] = {}
    for row, patient in enumerate(patients):
        result[row] = result[first.setdefault(patient, row)]
    return result


def _hash_ranks(patients: Sequence[str], draw: Sequence[str]) -> npt.NDArray[np.uint64]:
    prefix = hashlib.sha256(_SEPARATOR.join(draw).encode())
    ranks = np.empty(len(patients), np.uint64)
    for row, patient in enumerate(patients):
        digest = prefix.copy()
        digest.update(_SEPARATOR.encode() + patient.encode())
        ranks[row] = int.from_bytes(digest.digest()[:8], "big")
    return ranks
