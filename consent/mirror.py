"""Copies the ledger's events into the database, proved at each step by the rolling head."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

import numpy as np
import sqlalchemy as sa

from consent import abi
from consent.chain import Chain, Look, Newest, Tip
from consent.chain_nodes import QUORUM
from consent.change_rows import rows_of
from consent.deployment import Deployment
from consent.errors import LedgerBroken, LedgerUnavailable, ViewRefused
from consent.events import START, ChangeRun, Events, Mark, leads, roll
from consent.freshness import MAX_AHEAD_S
from consent.prover import PROVED, UNPROVED, Ground, Prover
from consent.recoveries import Recoveries
from consent.revocations import PendingRevocations, parse_revocations
from consent.state import LedgerLog, LedgerState
from consent.terms import View
from consent.typed_data import GENESIS_HEAD, Op

_WORD: Final = 32
_FIRST_STEP_BACK: Final = 64
_BACK_FACTOR: Final = 8
_MAX_RACES: Final = 20
_PROVED_AT_ONCE: Final = 20_000


def _unproved_revocations(
    changes: Sequence[abi.Change], proofs: Sequence[int]
) -> list[tuple[int, bytes]]:
    return [
        (change.op, change.body)
        for change, proof in zip(changes, proofs, strict=True)
        if proof == UNPROVED and change.op in (Op.WITHDRAWN, Op.STOPPED)
    ]


def _of_enrolled(
    state: LedgerState, revocations: Sequence[tuple[int, bytes]]
) -> list[tuple[int, bytes]]:
    """Return those of subjects whom our accounts enrolled: nothing else is permitted here.

    On a shared ledger, those of others' subjects would cost memory, and time with every block.
    """
    if not revocations:
        return []
    joined = b"".join(body[:_WORD] for _, body in revocations)
    numbers = state.index.find(np.frombuffer(joined, np.uint8).reshape(-1, _WORD))
    is_ours = (numbers >= 0) & np.isin(numbers, state.of.enrolments)
    return [each for each, ours in zip(revocations, is_ours.tolist(), strict=True) if ours]


def _is_same_proof(change: abi.Change, stored: int, proved: int) -> bool:
    """Return whether a change was stored with the proof that it has now.

    The delay of a proposal may count from later than its block: from when it was first seen here.
    """
    if change.op != Op.RECOVERY_PROPOSED:
        return stored == proved
    return stored * proved > 0 and abs(stored) >= abs(proved) - MAX_AHEAD_S


class MisprovedChanges(NamedTuple):
    """Changes by their positions: those that nothing proves, and others with another proof."""

    unproved: Sequence[tuple[int, abi.Change]]
    differing: Sequence[tuple[int, abi.Change]]


class Mirror:
    """The ledger in the database and in memory; several processes may share the database.

    Events are accepted only if the head rolled over them equals the contract's head at that block,
    and each gives a right only if `prover` proves it by the signatures in its transaction.
    """

    def __init__(
        self,
        engine: sa.Engine,
        chain: Chain,
        deployment: Deployment,
        prover: Prover,
        clock: Callable[[], float],
    ) -> None:
        self.events = Events(engine)
        self.revocations = PendingRevocations(engine)
        self._chain = chain
        self._deployment = deployment
        self.prover = prover
        self._clock = clock
        self._lock = threading.Lock()
        self._synced_at_s = 0
        self._reset()

    def sync(self) -> tuple[View, LedgerState]:
        """Read what is new and return the ledger as the chain shows it now.

        Raises:
            LedgerUnavailable: the chain or the database is unavailable.
            ViewRefused: the chain is behind what was used before.
            LedgerBroken: another chain, another history, or events that do not prove themselves.
        """
        with self._lock:
            seen_at_s = int(self._clock())
            try:
                return self._sync_by_any(seen_at_s)
            except sa.exc.DBAPIError as exc:
                raise LedgerUnavailable("the mirror cannot be used: database error") from exc

    def state(self) -> LedgerState:
        """Return the newest state that was read here; it may be behind the chain."""
        return self._state

    def rebuild(self) -> None:
        """Read the whole ledger from the chain again and replace all rows, lost or altered.

        The mark stays in force: a chain that does not lead through it is not accepted.

        Raises:
            LedgerBroken: the chain's events do not lead to its head, or not through the mark.
            ViewRefused: the chain is behind the mark.
        """
        with self._lock:
            self._accepted_tips.clear()
            look, mark = self._look(0), self.events.mark()
            tip = self._tips(look)[0]
            if tip.count < mark.tip.count:
                raise ViewRefused("the ledger is behind its mark")
            changes, heads = self._changes_since(look, tip, START)
            if [GENESIS_HEAD, *heads][mark.tip.count] != mark.tip.head:
                raise LedgerBroken("the chain's events do not lead to its head through the mark")
            # What the node says of a proposal's time counts only where no earlier look remains.
            known, until_s = self.events.proposal_times(), self._synced_at_s or int(self._clock())
            times_s = [
                known.get(position, until_s if position > mark.tip.count > 0 else 0)
                for position in range(1, len(changes) + 1)
            ]
            newest = Mark(tip, look.final.number, look.final.hash)
            proofs = self._prove_all(changes, times_s)
            self.events.replace(newest, ChangeRun(changes, heads, proofs))
            self._reset()

    def find_misproved(self) -> MisprovedChanges:
        """Return the changes whose stored proof is not what their signatures prove now.

        What was proved when a change was read is stored beside the rows, where the head does not
        cover it.

        Raises:
            LedgerUnavailable: the chain or the database is unavailable.
            LedgerBroken: the chain's events do not lead to its head.
        """
        look = self._look(0)
        changes, _ = self._changes_since(look, self._tips(look)[0], START)
        proofs = self._prove_all(changes)
        stored, unproved = self.events.unusual_proofs(), dict(self.events.unproved())
        differing = list[tuple[int, abi.Change]]()
        for position, (change, proof) in enumerate(zip(changes, proofs, strict=True), start=1):
            if proof == UNPROVED:
                unproved[position] = change
            elif position not in unproved and not _is_same_proof(
                change, stored.get(position, PROVED), proof
            ):
                differing.append((position, change))
        return MisprovedChanges(sorted(unproved.items()), differing)

    def suspend(self, count: int) -> int:
        """Let the grants up to this position permit nothing any more; return how many they are."""
        with self._lock:
            suspended = self.events.suspend(count)
            self._reset()
            return suspended

    def import_revocations(self, changes: Sequence[abi.Change]) -> int:
        """Let the withdrawals and stops among these changes end permits; return their number."""
        with self._lock:
            known = self.revocations.all()
            self.revocations.add(changes, known)
            self.events.begin_epoch()
            self._reset()
            return len(self.revocations.all()) - len(known)

    def _reset(self) -> None:
        self._log = LedgerLog()
        self.recoveries = Recoveries()
        self.roles = self.prover.first_roles()
        self._mark = START
        self._unproved: list[tuple[int, bytes]] = []
        self._state = self._log.state(0, GENESIS_HEAD)
        self._accepted_tips: dict[tuple[bytes, bytes], tuple[Tip, Sequence[Newest]]] = {}

    def _prove_all(self, changes: Sequence[abi.Change], times_s: Sequence[int] = ()) -> list[int]:
        """Return the proof of each change of a whole ledger, part by part; see `Prover.prove`."""
        log, recoveries, proofs = LedgerLog(), Recoveries(), list[int]()
        roles = self.prover.first_roles()
        for at in range(0, len(changes), _PROVED_AT_ONCE):
            part = changes[at : at + _PROVED_AT_ONCE]
            ground = Ground(log.state(at, GENESIS_HEAD), recoveries, roles)
            new = self.prover.prove(part, ground, times_s[at : at + _PROVED_AT_ONCE])
            for rows in rows_of(part, new):
                log.extend(rows)
            recoveries.extend(part, new)
            roles.extend(part, new)
            proofs += new
        return proofs

    def _sync_by_any(self, seen_at_s: int) -> tuple[View, LedgerState]:
        """Return what the nodes agree on, though the events of some do not lead there."""
        while True:
            try:
                return self._sync(seen_at_s)
            except (LedgerBroken, ViewRefused):
                if not self._chain.change_reader():
                    raise

    def _sync(self, seen_at_s: int) -> tuple[View, LedgerState]:
        for _ in range(_MAX_RACES):
            # Before the chain is read, so that a chain behind what any process used is detected.
            if self.events.mark() != self._mark:
                self._load_rows()
            look = self._look(max(self._mark.block_number, 0))
            self._require_accepted(look)
            final, newest = self._tips(look)
            if self._catch_up(look, final):
                self._synced_at_s = seen_at_s
                seen = self._view_of(look, newest, seen_at_s)
                self._accepted_tips = {(look.final.hash, look.latest.hash): (final, newest)}
                return seen
        raise LedgerUnavailable(
            f"the mirror is busy: other processes wrote first {_MAX_RACES} times; try again"
        )

    def _view_of(
        self, look: Look, newest: Sequence[Newest], seen_at_s: int
    ) -> tuple[View, LedgerState]:
        state, newest_s = self._state, look.latest.time_s
        if self._deployment.finality != "single":
            newest_s = self._see_newest(look.final.number, newest)
            known = set(self._unproved)  # they are in the state already
            pending = [entry for entry in self.revocations.all() if entry not in known]
            state = state.with_pending(*parse_revocations(pending))
        view = View(
            self._deployment.chain_id,
            self._deployment.contract,
            self._deployment.code_hash,
            look.final.number,
            look.final.hash,
            newest_s,  # the newest time that the chain gives
            self._mark.tip.count,
            self._mark.tip.head,
            seen_at_s - math.ceil(look.behind_s),
        )
        return view, state

    def _look(self, accepted: int) -> Look:
        look = self._chain.look(self._deployment.contract, self._deployment.finality, accepted)
        self._deployment.require_matching(look)
        return look

    def _tips(self, look: Look) -> tuple[Tip, Sequence[Newest]]:
        """Return the ledger at the final block, and at the newest block of each node."""
        if look.tip is not None:
            return look.tip, look.newest
        hashes = look.final.hash, look.latest.hash
        if hashes in self._accepted_tips:  # what the ledger was at a block does not change
            return self._accepted_tips[hashes]
        final, latest = self._chain.tips(self._deployment.contract, hashes)
        return final, [Newest(0, look.latest, latest)]

    def _require_accepted(self, look: Look) -> None:
        # A single validator may mine lost blocks again: there, `head` shows whether they agree.
        if self._deployment.finality == "single" or self._mark == START:
            return
        if look.final.number < self._mark.block_number or look.accepted is None:
            raise ViewRefused("the chain's finality is behind a block that was accepted before")
        if look.accepted.hash != self._mark.block_hash:
            raise LedgerBroken("the chain shows another block where one was accepted before")

    def _catch_up(self, look: Look, tip: Tip) -> bool:
        """Bring the mirror to `tip`; False if another process wrote meanwhile."""
        own = self._mark.tip
        if tip.count < own.count:
            raise ViewRefused(f"the ledger is behind its mark: {tip.count} of {own.count} changes")
        if tip.count == own.count:
            if tip != own:
                raise LedgerBroken("the ledger has another history than the one used before")
            return True
        changes, heads = self._changes_since(look, tip, self._mark)
        if own.count == 0:
            proofs = self._prove_all(changes)
        else:
            # A new process does not know when the others last looked: a delay then starts now.
            until_s = self._synced_at_s or int(self._clock())
            ground = Ground(self._state, self.recoveries, self.roles)
            times_s = [until_s] * len(changes)
            proofs = self.prover.prove(changes, ground, times_s, is_whole=False)
        stretch = ChangeRun(changes, heads, proofs)
        mark = Mark(tip, look.final.number, look.final.hash, self._mark.epoch)
        if not self.events.append(own, mark, stretch):
            return False
        self._extend(stretch, mark)
        self.revocations.remove_final(stretch.changes)
        return True

    def _load_rows(self) -> None:
        """Load the rows that this or another process wrote since."""
        mark, stretch = self.events.since(self._mark.tip.count)
        if self._mark != START and mark.epoch != self._mark.epoch:
            self._reset()  # a restore or a rebuild, perhaps by another process: old views end
            mark, stretch = self.events.since(0)
        if self._mark == START:
            # Seen on a chain that may not show them now, as after a restore: they end permits too.
            self._unproved = self.revocations.all()
        heads = [self._mark.tip.head, *roll(self._mark.tip.head, stretch.changes)]
        reached = Tip(heads[-1], self._mark.tip.count + len(stretch.changes))
        if reached != mark.tip or heads[1:] != stretch.heads:
            raise LedgerBroken("the mirror failed verification: rebuild it with recover")
        self._extend(stretch, mark)

    def _extend(self, stretch: ChangeRun, mark: Mark) -> None:
        for rows in rows_of(stretch.changes, stretch.proofs):
            self._log.extend(rows)
        self.recoveries.extend(stretch.changes, stretch.proofs)
        self.roles.extend(stretch.changes, stretch.proofs)
        self._mark = mark
        self._state = self._log.state(mark.tip.count, mark.tip.head)
        revocations = _unproved_revocations(stretch.changes, stretch.proofs)
        self._unproved += _of_enrolled(self._state, revocations)
        if self._unproved:  # they end permits, as those that are not final do, but lift no refusal
            self._state = self._state.with_pending(*parse_revocations(self._unproved))

    def _changes_since(
        self, look: Look, tip: Tip, mark: Mark
    ) -> tuple[Sequence[abi.Change], Sequence[bytes]]:
        """Return the changes after a mark, and the head after each.

        It goes back further where blocks were mined again, the deployment's perhaps among them.
        """
        own, back = mark.tip, _FIRST_STEP_BACK
        first = max(mark.block_number + 1, self._deployment.block_number)
        while True:
            changes = self._read(first, look.final.number)
            known = own.count - (tip.count - len(changes))
            head = self.events.head_at(own.count - known) if known >= 0 else None
            if head is not None:
                heads = [head, *roll(head, changes)]
                if len(heads) > known and heads[known] == own.head and heads[-1] == tip.head:
                    return changes[known:], heads[known + 1 :]
            if first <= self._deployment.first_block:
                raise LedgerBroken("the chain's events do not lead to its head")
            first, back = max(first - back, self._deployment.first_block), back * _BACK_FACTOR

    def _read(self, first: int, last: int) -> list[abi.Change]:
        rows = self._chain.changes(self._deployment.contract, first, last)
        return [change for change in rows if change.op != abi.REFUSED]

    def _see_newest(self, final: int, newest: Sequence[Newest]) -> int:
        """Store the revocations after the final block that any node shows: they can only deny.

        Of several nodes two must prove theirs, since one alone could leave some out. Return the
        newest time that as many of these show, in seconds UTC.
        """
        own, needed = self._mark.tip, min(QUORUM, len(newest))
        later = [each for each in newest if each.tip != own]
        read = self._chain.newest_changes(self._deployment.contract, final, later) if later else {}
        if len(newest) - len(later) + len(read) < needed:
            raise LedgerUnavailable("too few chain nodes give the newest events: try again")
        times_s: list[int] = []
        seen: list[abi.Change] = []
        for each in newest:
            changes = [change for change in read.get(each.node, ()) if change.op != abi.REFUSED]
            if leads(own, changes, each.tip):
                times_s.append(each.block.time_s)
                seen += changes
        if seen:
            self.revocations.add(seen, self.revocations.all())
        if len(times_s) < needed:
            raise ViewRefused("the chain's newest events do not lead to its head")
        return sorted(times_s)[-needed]
