"""The contract's rules for grants and stops, applied here so that no refused one is ever sent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from consent.freshness import MAX_SKEW_S
from consent.key_ring import KeyRing
from consent.state import LedgerState
from consent.subject_index import Numbers
from consent.terms import Grant, RecoveryVeto, Signed, Stop, Withdrawal
from consent.typed_data import keccak, terms_hash

_NEVER_S: Final = -1


class AdmissionRules:
    """What the mirrored ledger says of some messages; one pass over it for all of them.

    `now_s` is the host's clock, `block_time_s` the newest block's, 0 if the chain is unavailable.
    """

    def __init__(
        self, state: LedgerState, signed: Sequence[Signed], now_s: int, block_time_s: int
    ) -> None:
        self._now_s = now_s
        self._latest_s = max(now_s, block_time_s) + MAX_SKEW_S
        subjects = {item.message.subject for item in signed}
        self._ring = KeyRing(state, subjects)
        hashes = np.frombuffer(b"".join(subjects), np.uint8).reshape(-1, 32)
        numbers = state.index.find(hashes)
        numbers = numbers[numbers >= 0]
        has_grants = any(isinstance(item.message, Grant) for item in signed)
        self._used = _used(state, numbers) if has_grants else set[bytes]()
        self._stopped = state.last_stops(numbers) if has_grants else dict[bytes, int]()

    def find_refusal(self, signed: Signed) -> str | None:
        """Return the code of the rule that the message breaks, as the contract would; None: none.

        A withdrawal or stop needs an active key only: it counts as soon as it is stored, so a
        stranger's must not be stored at all.
        """
        message = signed.message
        if isinstance(message, Grant):
            return self._of_grant(message, keccak(signed.signer))
        if isinstance(message, Withdrawal | Stop):
            if isinstance(message, Stop) and message.issued_at_s > self._latest_s:
                return "time-in-future"
            is_active = self._ring.is_active(message.subject, keccak(signed.signer))
            return None if is_active else "key-unknown"
        if isinstance(message, RecoveryVeto):
            return self._of_veto(message.subject, keccak(signed.signer))
        return None

    def _of_veto(self, subject: bytes, key_hash: bytes) -> str | None:
        """Return why, as in the contract: only an own key holds up a recovery, and no delegate."""
        if self._ring.is_own(subject, key_hash):
            return None
        return "role-forbids" if self._ring.is_active(subject, key_hash) else "key-unknown"

    def _of_grant(self, grant: Grant, key_hash: bytes) -> str | None:
        subject = grant.subject
        name = subject + terms_hash(grant.terms)
        key = self._ring.find(subject, key_hash)
        until_s = key.until_s if key else 0
        rules = {
            "not-enrolled": subject not in self._ring.enrolled,
            "period-empty": grant.not_after_s <= grant.signed_at_s,
            "time-in-future": grant.signed_at_s > self._latest_s,
            "stopped-since": grant.signed_at_s <= self._stopped.get(subject, _NEVER_S),
            "consent-id-used": name in self._used,
            "key-unknown": not self._ring.is_active(subject, key_hash),
            # By our own clock too, whatever time a delegate claims to have signed at.
            "key-ended": 0 < until_s < max(grant.signed_at_s, self._now_s),
        }
        refusal = next((code for code, is_broken in rules.items() if is_broken), None)
        if refusal is None:
            self._used.add(name)
        return refusal


def _used(state: LedgerState, numbers: Numbers) -> set[bytes]:
    """Return subject and commitment, joined, of every grant and withdrawal of these subjects."""
    used: set[bytes] = set()
    for rows, of in ((state.grants, state.of.grants), (state.withdrawals, state.of.withdrawals)):
        mine = np.flatnonzero(np.isin(of, numbers))
        pairs = np.concatenate([rows.subject[mine], rows.terms_hash[mine]], axis=1)
        used.update(np.ascontiguousarray(pairs).view("V64")[:, 0].tolist() if len(mine) else ())
    return used
