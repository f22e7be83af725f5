"""The keys of subjects: adding, removing, listing and recovering them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from consent import abi
from consent.chain import Chain
from consent.events import Events, key_name
from consent.freshness import MAX_SKEW_S
from consent.mirror import Mirror
from consent.outbox_rows import FAILED, WRITTEN
from consent.outcomes import PENDING
from consent.recoveries import READY, WAITING, Recovery, with_ready_times
from consent.relayer import Relayer
from consent.state import ROLE_OWN, LedgerState
from consent.terms import Enrolment, KeyAddition, KeyRemoval, RecoveryVeto, Signed
from consent.transactions import KINDS, Outcome
from consent.typed_data import Op, keccak
from consent.views import Views

_MAX_REMOVALS: Final = 100


@dataclass(frozen=True, slots=True)
class SubjectKey:
    """A key that can sign for a subject now, or could once.

    Attributes:
        signer: the key itself, 20 or 84 bytes; b"" where only its hash is known here.
        key_hash: the Keccak-256 of the signer.
        role: 0 for the patient's own key, 1 for a delegate's.
        until_s: when a delegate's key ends, seconds UTC; 0 for no end.
        block_number: the block that added it; -1 where that is not known.
        added_at_s: the time of the block that has this number now; None where not known.
        is_removed: True if it can no longer sign.
    """

    signer: bytes
    key_hash: bytes
    role: int
    until_s: int
    block_number: int
    added_at_s: int | None
    is_removed: bool


class SubjectKeys:
    """The keys, delegates and recoveries of every subject on one ledger."""

    def __init__(
        self,
        relayer: Relayer,
        mirror: Mirror,
        views: Views,
        chain: Chain,
        clock: Callable[[], float],
    ) -> None:
        self._relayer = relayer
        self._mirror = mirror
        self._views = views
        self._chain = chain
        self._clock = clock

    def add(self, signed: Sequence[Signed]) -> list[Outcome]:
        """Add keys: each KeyAddition signed by an own key, `proof` by the new key itself.

        The messages are sent one after the other; outcomes are as for `ConsentLedger.grant`.
        """
        return self._relayer.submit(KeyAddition, signed)

    def remove(self, signed: Sequence[Signed]) -> list[Outcome]:
        """Remove keys permanently; each KeyRemoval signed by an own key of the subject."""
        return self._relayer.submit(KeyRemoval, signed)

    def propose_recovery(self, signed: Signed) -> Outcome:
        """Propose a new key for a patient without any: an Enrolment signed by the new key.

        It takes effect after the recovery delay (see `Recovery.ready_at_s`) unless a key of the
        patient vetoes it.

        Raises:
            ConsentInvalid: not an Enrolment.
            LedgerUnavailable: the chain is unavailable; nothing was stored.
        """
        return self._relayer.propose(signed)

    def veto_recovery(self, signed: Sequence[Signed]) -> list[Outcome]:
        """End recoveries; each RecoveryVeto signed by an own key of the subject."""
        return self._relayer.submit(RecoveryVeto, signed)

    def is_refused(self, subject: bytes, signer: bytes) -> bool:
        """Return whether an own key of the subject refused a proposed key through this ledger.

        True from the moment at which the signed refusal is stored, whatever the node says of it.
        """
        refused = self._relayer.unshown(KINDS[RecoveryVeto].name)
        return (Op.RECOVERY_VETOED, subject + keccak(signer)) in refused

    def is_removal_signed(self, subject: bytes, signer: bytes) -> bool:
        """Return whether an own key signed the removal of a key, which the ledger does not show.

        True from the moment at which the signed removal is stored, whatever the node says of it.
        One by a key that was itself removed meanwhile no longer counts: it came too late. Nor does
        one by a delegate: that the contract accepts it is the node's word alone.

        Raises:
            ViewRefused, LedgerUnavailable: as `ConsentLedger.view`.
        """
        name = Op.KEY_REMOVED, subject + keccak(signer)
        unshown = self._relayer.list_unshown(KINDS[KeyRemoval].name)
        by = {keccak(each.signer) for each in unshown if (each.op, each.words) == name}
        keys = self.of_subject(subject) if by else ()
        own = [key for key in keys if key.role == ROLE_OWN and not key.is_removed]
        return any(key.key_hash in by for key in own)

    def is_enrolling(self, subject: bytes, signer: bytes) -> bool:
        """Return whether this key's enrolment is on its way: sent, and not on the ledger yet."""
        return self._has_unshown(subject, signer, [WRITTEN])

    def was_sent(self, subject: bytes, signer: bytes) -> bool:
        """Return whether this key's enrolment was sent, and is not on the ledger yet, or never.

        Everybody can read its signature: a transaction that failed is on the chain as well.
        """
        return self._has_unshown(subject, signer, [WRITTEN, FAILED])

    def _has_unshown(self, subject: bytes, signer: bytes, states: Sequence[str]) -> bool:
        sent = self._relayer.unshown(KINDS[Enrolment].name, states)
        key_hash = keccak(signer)
        return any(
            words[: len(subject)] == subject and words.endswith(key_hash) for _, words in sent
        )

    def finish_recovery(self, subject: bytes) -> Outcome:
        """Make the proposed key one of the patient's own, once the delay has passed.

        Raises:
            LedgerUnavailable: the chain is unavailable; nothing was stored.
        """
        recoveries = self.recoveries_of(subject)
        states = [recovery.state for recovery in recoveries if recovery.state in (WAITING, READY)]
        if not states:
            return Outcome(False, "recovery-not-pending", None, "")
        if states[0] != READY:
            return Outcome(False, "recovery-too-early", None, "")
        outcome = self._relayer.call("recover", abi.COMPLETE_RECOVERY, subject)
        verified = self._mirror.recoveries.of_subject(subject)
        if outcome.ok and any(recovery.state == WAITING for recovery in verified):
            return replace(outcome, ok=False, reason=PENDING)  # the node's word alone
        return outcome

    def of_subject(self, subject: bytes) -> list[SubjectKey]:
        """Return every key that the subject has or had, oldest first.

        Raises:
            ViewRefused, LedgerUnavailable: as `ConsentLedger.view`.
        """
        return list_keys(self._views.newest()[1], self._mirror.events, self._chain, subject)

    def recoveries_of(self, subject: bytes) -> list[Recovery]:
        """Return every recovery that was proposed for a subject, oldest first.

        Raises:
            ViewRefused, LedgerUnavailable: as `ConsentLedger.view`.
        """
        self._views.newest()
        return self._with_ready_times(self._mirror.recoveries.of_subject(subject))

    def open_recoveries(self) -> list[Recovery]:
        """Return every recovery that is waiting or ready to be finished.

        Raises:
            ViewRefused, LedgerUnavailable: as `ConsentLedger.view`.
        """
        self._views.newest()
        return self._with_ready_times(self._mirror.recoveries.waiting())

    def refused_recoveries(self, since_s: float) -> list[Recovery]:
        """Return each subject's newest recovery, if proposed since then and refused by the patient.

        Raises:
            ViewRefused, LedgerUnavailable: as `ConsentLedger.view`.
        """
        self._views.newest()
        refused = self._mirror.recoveries.vetoed()
        return [recovery for recovery in refused if recovery.since_s >= since_s]

    def remove_expired(self, limit: int = _MAX_REMOVALS) -> list[Outcome]:
        """Remove delegates' keys after their end, at most `limit`; call it once a minute.

        It waits a little after the end, so that a chain whose clock is behind ours accepts it.
        Grants signed by such a key stay in force; new ones are refused here from the end on.

        Raises:
            ViewRefused, LedgerUnavailable: as `ConsentLedger.view`.
        """
        state = self._views.newest()[1]
        outcomes: list[Outcome] = []
        removed = {
            (subject.tobytes(), key_hash.tobytes())
            for subject, key_hash in zip(*state.removals, strict=True)
        }
        for subject, key_hash in state.expired_keys(int(self._clock()) - MAX_SKEW_S):
            if (subject, key_hash) in removed or len(outcomes) == limit:
                continue
            signers = {key.key_hash: key.signer for key in self.of_subject(subject)}
            if signer := signers[key_hash]:
                outcomes.append(self._relayer.call("end-key", abi.END_KEY, subject, signer))
        return outcomes

    def _with_ready_times(self, recoveries: Sequence[Recovery]) -> list[Recovery]:
        return with_ready_times(self._chain, self._relayer.contract, recoveries, self._clock())


def list_keys(state: LedgerState, events: Events, chain: Chain, subject: bytes) -> list[SubjectKey]:
    """Return every key that a subject has or had, oldest first.

    The state proves which keys there are; the event rows only add the signers behind the hashes.

    Raises:
        LedgerUnavailable: the chain is unavailable.
    """
    number = state.index.find_one(subject)
    rows = np.flatnonzero(state.of.keys == number).tolist()
    removals = state.removals.key_hash[state.of.removals == number]
    removed = {key_hash.tobytes() for key_hash in removals}
    added = {keccak(change.signer): change for _, change in events.named([key_name(subject)])}
    blocks = sorted({change.block_number for change in added.values()})
    times = dict(zip(blocks, chain.block_times(blocks), strict=True))
    keys = []
    for row in rows:
        key_hash = state.keys.key_hash[row].tobytes()
        change = added.get(key_hash)
        keys.append(
            SubjectKey(
                change.signer if change else b"",
                key_hash,
                int(state.keys.role[row]),
                int(state.keys.until_s[row]),
                change.block_number if change else -1,
                times[change.block_number] if change else None,
                key_hash in removed,
            )
        )
    return keys
