"""Lists a subject's keys, and finds delegates' keys whose end has passed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from consent import abi
from consent.chain import Chain
from consent.events import Events, key_name
from consent.state import LedgerState
from consent.typed_data import keccak


@dataclass(frozen=True, slots=True)
class SubjectKey:
    """A key that speaks, or spoke, for a subject.

    `signer` is b"" where only its hash is known here. `role` 0 is the patient's own, 1 a delegate's
    with an end `until_s`. `added_at_s` is the time of the block that is at `block_number` now; None
    where that is not known.
    """

    signer: bytes
    key_hash: bytes
    role: int
    until_s: int
    block_number: int
    added_at_s: int | None
    is_removed: bool


def list_keys(state: LedgerState, events: Events, chain: Chain, subject: bytes) -> list[SubjectKey]:
    """Return every key that a subject has or had, oldest first.

    Which keys there are is as proved as every decision; the rows of events only add what the
    hashes stand for.

    Raises:
        LedgerUnavailable: the chain is away.
    """
    number = state.index.find_one(subject)
    rows = np.flatnonzero(state.of.keys == number).tolist()
    gone = state.removals.key_hash[state.of.removals == number]
    removed = {key_hash.tobytes() for key_hash in gone}
    known = {keccak(change.signer): change for _, change in events.named([key_name(subject)])}
    hashes = [state.keys.key_hash[row].tobytes() for row in rows]
    blocks = [known[one].block_number if one in known else -1 for one in hashes]
    asked = [block for block in blocks if block >= 0]
    times = iter(block_times(chain, asked) if asked else [])
    return [
        SubjectKey(
            known[one].signer if one in known else b"",
            one,
            int(state.keys.role[row]),
            int(state.keys.until_s[row]),
            block,
            next(times) if block >= 0 else None,
            one in removed,
        )
        for row, one, block in zip(rows, hashes, blocks, strict=True)
    ]


def block_times(chain: Chain, blocks: Sequence[int]) -> list[int | None]:
    """Return when these blocks were made, seconds UTC; None where the chain has no such block."""
    asked = [("eth_getBlockByNumber", [hex(block), False]) for block in blocks]
    return chain.read_each(lambda found: found and abi.number(found["timestamp"]), asked)


def find_ended(state: LedgerState, now_s: int) -> list[tuple[bytes, bytes]]:
    """Return subject and hash of every delegate's key whose end has passed, removed or not."""
    ended = np.flatnonzero((state.keys.until_s > 0) & (state.keys.until_s < now_s)).tolist()
    return [
        (state.keys.subject[row].tobytes(), state.keys.key_hash[row].tobytes()) for row in ended
    ]
