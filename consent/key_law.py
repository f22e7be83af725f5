"""The part of the front door that is about whose keys speak for a subject."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Final

from consent import abi
from consent.chain import Chain
from consent.keys import SubjectKey, find_ended, list_keys
from consent.mirror import Mirror
from consent.recoveries import READY, WAITING, Recovery, timed
from consent.relayer import Relayer
from consent.state import LedgerState
from consent.terms import KeyAddition, KeyRemoval, RecoveryVeto, Signed, View
from consent.transactions import Outcome
from consent.view import MAX_SKEW_S

_ENDED_AT_ONCE: Final = 100


class KeyLedger(ABC):
    """Keys of subjects, delegates and recoveries; see `ConsentLedger`, which is this too."""

    def __init__(
        self,
        relayer: Relayer,
        mirror: Mirror,
        chain: Chain,
        contract: str,
        clock: Callable[[], float],
    ) -> None:
        self._relayer = relayer
        self._mirror = mirror
        self._chain = chain
        self._contract = contract
        self._clock = clock

    def add_key(self, signed: Sequence[Signed]) -> list[Outcome]:
        """Add keys: each KeyAddition signed by an own key, `proof` by the new key itself.

        Outcomes are as those of `ConsentLedger.grant`, one after the other.
        """
        return self._relayer.submit(KeyAddition, signed)

    def remove_key(self, signed: Sequence[Signed]) -> list[Outcome]:
        """Remove keys for ever; each KeyRemoval signed by an own key of the subject."""
        return self._relayer.submit(KeyRemoval, signed)

    def veto_recovery(self, signed: Sequence[Signed]) -> list[Outcome]:
        """End recoveries; each RecoveryVeto signed by an own key of the subject."""
        return self._relayer.submit(RecoveryVeto, signed)

    def propose_recovery(self, signed: Signed) -> Outcome:
        """Propose a new key for a patient who lost all: an Enrolment that this key signed.

        It waits RECOVERY_DELAY (`recoveries_of` says until when); any own key may veto it.

        Raises:
            BadlyAsked: not an Enrolment.
            LedgerUnavailable: the chain is away; nothing was kept.
        """
        return self._relayer.propose(signed)

    def finish_recovery(self, subject: bytes) -> Outcome:
        """Make the proposed key one of the patient's own, once its time has come.

        Raises:
            LedgerUnavailable: the chain is away; nothing was kept.
        """
        waits = [one for one in self.recoveries_of(subject) if one.state in (WAITING, READY)]
        if not waits:
            return Outcome(False, "recovery-not-pending", None, "")
        if waits[0].state != READY:
            return Outcome(False, "recovery-too-early", None, "")
        return self._relayer.call("recover", abi.COMPLETE_RECOVERY, subject)

    def keys_of(self, subject: bytes) -> list[SubjectKey]:
        """Return every key that the subject has or had, oldest first.

        Raises:
            ViewRefused, LedgerUnavailable: as `ConsentLedger.view`.
        """
        return list_keys(self._newest()[1], self._mirror.events, self._chain, subject)

    def recoveries_of(self, subject: bytes) -> list[Recovery]:
        """Return what was ever proposed for a subject, oldest first.

        Raises:
            ViewRefused, LedgerUnavailable: as `ConsentLedger.view`.
        """
        self._newest()
        found = self._mirror.recoveries.of(subject)
        return timed(self._chain, self._contract, found, self._clock())

    def recoveries(self) -> list[Recovery]:
        """Return every recovery that waits, or whose time has come.

        Raises:
            ViewRefused, LedgerUnavailable: as `ConsentLedger.view`.
        """
        self._newest()
        found = self._mirror.recoveries.waiting()
        return timed(self._chain, self._contract, found, self._clock())

    def end_expired_keys(self, limit: int = _ENDED_AT_ONCE) -> list[Outcome]:
        """Remove delegates' keys whose end has passed, at most so many; call it once a minute.

        From a little after the end, so that a chain whose clock is behind ours takes it. What a
        key granted stays; nothing is brought for it here from the end itself on.

        Raises:
            ViewRefused, LedgerUnavailable: as `ConsentLedger.view`.
        """
        state = self._newest()[1]
        outcomes: list[Outcome] = []
        gone = {
            (subject.tobytes(), key_hash.tobytes())
            for subject, key_hash in zip(*state.removals, strict=True)
        }
        for subject, key_hash in find_ended(state, int(self._clock()) - MAX_SKEW_S):
            if (subject, key_hash) in gone or len(outcomes) == limit:
                continue
            known = {key.key_hash: key.signer for key in self.keys_of(subject)}
            if signer := known[key_hash]:
                outcomes.append(self._relayer.call("end-key", abi.END_KEY, subject, signer))
        return outcomes

    @abstractmethod
    def _newest(self) -> tuple[View, LedgerState]:
        """Return the newest view and its state, or refuse."""
