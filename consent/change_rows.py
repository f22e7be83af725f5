"""Turns changes of the ledger into rows of its columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from consent import abi
from consent.prover import UNPROVED
from consent.state import (
    ROLE_OWN,
    Enrolments,
    Grants,
    Keys,
    Removals,
    Rows,
    Stops,
    Withdrawals,
)
from consent.typed_data import Op

_WORD: Final = 32
NO_KEY: Final = bytes(_WORD)
"""The hash of no key."""


def rows_of(changes: Sequence[abi.Change], proofs: Sequence[int]) -> list[Rows]:
    """Return what a run of changes adds to the ledger's columns, kind by kind.

    A change that is not proved adds nothing, but for a grant: it is stored under no key, so that it
    permits nothing and still counts as a refusal if its terms are one.
    """
    bodies: dict[int, list[bytes]] = {}
    for change, proof in zip(changes, proofs, strict=True):
        body = change.body
        if proof == UNPROVED:
            if change.op != Op.GRANTED:
                continue
            body = body[: 2 * _WORD] + NO_KEY + body[3 * _WORD :]
        bodies.setdefault(change.op, []).append(body)
    rows: list[Rows] = []
    for op, same_op in bodies.items():
        words = np.frombuffer(b"".join(same_op), np.uint8).reshape(len(same_op), -1, _WORD)
        rows += _rows(op, words)
    return rows


def _rows(op: int, words: npt.NDArray[np.uint8]) -> list[Rows]:
    none = np.zeros(len(words), np.int64)
    own = none + ROLE_OWN
    subject = words[:, 0]
    match op:
        case Op.ENROLLED:
            return [Enrolments(subject), Keys(subject, words[:, 2], own, none)]
        case Op.KEY_ADDED:
            return [Keys(subject, words[:, 1], _whole(words, 2), _whole(words, 3))]
        case Op.RECOVERED:
            return [Keys(subject, words[:, 1], own, none)]
        case Op.KEY_REMOVED:
            return [Removals(subject, words[:, 1])]
        case Op.GRANTED:
            times = _whole(words, 3), _whole(words, 4)
            return [Grants(subject, words[:, 1], words[:, 2], *times)]
        case Op.WITHDRAWN:
            return [Withdrawals(subject, words[:, 1])]
        case Op.STOPPED:
            return [Stops(subject, _whole(words, 1))]
    return []  # anchors, open recoveries, roles and pauses do not affect decisions


def _whole(words: npt.NDArray[np.uint8], index: int) -> npt.NDArray[np.int64]:
    eight = np.ascontiguousarray(words[:, index, _WORD - 8 :])
    return eight.view(">i8").reshape(-1).astype(np.int64)
