"""Refuses every view of a state older than the mark, until an operator confirms the restore."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from typing import Any, Final

from consent.abi import Change
from consent.chain import Tip
from consent.errors import ConsentInvalid, ViewRefused
from consent.events import Events
from consent.mirror import Mirror
from consent.outbox import Outbox, StoredTransaction
from consent.state import LedgerState
from consent.state_mark import UNKNOWN, MarkedState, StateMark
from consent.typed_data import Op, next_head

_WORD: Final = 32
REMEDY: Final = "if an older copy was restored, run `vouchsafe restore --confirm`"


Linked = Callable[[Set[bytes]], Iterable[bytes]]
"""Returns these subjects, and all others of the same persons."""


@dataclass(frozen=True, slots=True)
class RestoreResult:
    """What confirming a restore did.

    Attributes:
        suspended: how many grants permit nothing until their patients sign again.
        revocations: how many later withdrawals and stops were taken from the evidence.
    """

    suspended: int
    revocations: int


class RestoreGuard:
    """Compares each new state of ledger and outbox with the mark, and raises the mark to it."""

    def __init__(self, mark: StateMark, mirror: Mirror, outbox: Outbox) -> None:
        self._mark = mark
        self._mirror = mirror
        self._events: Events = mirror.events
        self._outbox = outbox
        self._marked_count = -1
        self._accepted: Tip | None = None
        self._seen: tuple[int, int] | None = None
        self._may_have_open = True
        mark.blank = lambda: UNKNOWN if self._is_known() else MarkedState()

    def require(self, tip: Tip) -> None:
        """Refuse a state that is older than the mark, and raise the mark to a newer one.

        Raises:
            ViewRefused: an older copy of chain or database, or the mark's file is missing.
        """
        version = self._mark.version()  # before it is read, so that no later change is missed
        if tip == self._accepted and not self._may_have_open and self._is_unchanged(version):
            return
        # Also while this runs: the database may have become an older copy since the last look.
        if (fault := self.find_fault(tip)) is not None:
            raise ViewRefused(f"{fault}: {REMEDY}")
        if tip.count != self._marked_count:
            self._raise(tip)
            if tip.count:  # only now: before, a missing file would be a lost mark
                self._events.require_marked()
        if self._may_have_open:
            self._unmark_settled()
        self._accepted, self._seen = tip, version

    def _is_unchanged(self, version: tuple[int, int] | None) -> bool:
        """Return whether, since the last look, processes marked at most rows of the journal."""
        if version is not None and version == self._seen:
            return True
        marked = self._mark.read()
        self._may_have_open |= marked is not None and bool(marked.open)
        if marked is None or self._may_have_open or marked.count != self._marked_count:
            return False
        self._seen = version
        return True

    def find_fault(self, tip: Tip) -> str | None:
        """Return why the state is older than the mark, or None."""
        marked = self._mark.read()
        if marked is None and not self._is_known():
            return None
        if marked is None or marked.count < 0:
            return f"the mark {self._mark.path} is missing"
        # Read after the mark: another process may have gone on, and raised it, since this view.
        count = max(tip.count, self._events.mark().tip.count)
        if count < marked.count:
            return f"the ledger has {count} changes, and had {marked.count} before"
        if self._events.head_at(marked.count) != marked.head:
            return "the ledger has another history than the one that was marked"
        if marked.open - self._outbox.known(sorted(marked.open)):
            return (
                "withdrawals, stops or refusals that were acknowledged are missing from the outbox"
            )
        return None

    def note_revocations(self, transactions: Iterable[StoredTransaction]) -> None:
        """Mark these transactions before any page reports that their messages are in force."""
        new = {transaction.hash for transaction in transactions}

        def noted(before: MarkedState) -> MarkedState:
            # What is marked stays: one that is missing shows that an older copy was restored.
            return replace(before, open=before.open | self._outbox.open_revocations() | new)

        self._mark.change(noted)
        self._may_have_open = True

    def confirm(
        self, evidence: Iterable[Mapping[str, Any]] | None, linked: Linked
    ) -> RestoreResult:
        """Accept the state as it is, and write a new mark.

        Without evidence, every grant so far permits nothing until its patient signs again. With
        evidence that leads from this state to the mark, the withdrawals and stops in it count. A
        grant in it may be a refusal, which is lost: all that its person permitted before waits for
        a new signature, also under `linked` subjects. The other grants stay; unless a "no" is lost
        that no chain had confirmed: nobody can say whose it was, so all grants wait for a new
        signature then too.

        Raises:
            ConsentInvalid: nothing to confirm, or evidence that does not lead to the mark.
        """
        view, _ = self._mirror.sync()
        tip = Tip(view.head, view.count)
        if self.find_fault(tip) is None:
            raise ConsentInvalid("the state is not older than the mark: nothing to confirm")
        marked = self._mark.read()
        if evidence is None or marked is None or marked.count < 0:
            result = RestoreResult(self._mirror.suspend(tip.count), 0)
        else:
            later = _lead(tip, marked, evidence)
            is_lost = bool(marked.open - self._outbox.known(sorted(marked.open)))
            signers = {change.body[:_WORD] for change in later if change.op == Op.GRANTED}
            suspended, ends = _ends_of(linked(signers), self._mirror.state())
            suspended = self._mirror.suspend(tip.count) if is_lost else suspended
            revocations = self._mirror.import_revocations(later)
            self._mirror.import_revocations(ends)
            result = RestoreResult(suspended, revocations)
        still_open = frozenset(self._outbox.open_revocations())
        self._mark.change(lambda before: MarkedState(*_both(tip), before.journal, still_open))
        self._events.require_marked()
        self._marked_count = tip.count
        return result

    def _unmark_settled(self) -> None:
        """Unmark the transactions whose changes the marked count covers by now."""

        def settled(before: MarkedState) -> MarkedState:
            still_open = self._outbox.open_revocations()
            if before.count < self._events.mark().tip.count:
                return before
            known = self._outbox.known(sorted(before.open))  # one that is missing stays marked
            return replace(before, open=(before.open - known) | still_open)

        self._may_have_open = bool(self._mark.change(settled).open)

    def _raise(self, tip: Tip) -> None:
        def raised(before: MarkedState) -> MarkedState:
            if before.count < 0 or tip.count <= before.count:
                return before
            return replace(before, count=tip.count, head=tip.head)

        if self._mark.change(raised).count < 0:
            self._marked_count = -1
            raise ViewRefused(f"the mark {self._mark.path} is missing: {REMEDY}")
        self._marked_count = tip.count

    def _is_known(self) -> bool:
        """Return whether this database ever had a mark; a missing one is then a lost one."""
        return self._events.suspended() is not None


def _both(tip: Tip) -> tuple[int, bytes]:
    return tip.count, tip.head


def _ends_of(subjects: Iterable[bytes], state: LedgerState) -> tuple[int, Sequence[Change]]:
    """Return how many grants these subjects gave up to this state, and stops that end them."""
    suspended, stops = 0, list[Change]()
    for subject in subjects:
        times_s = state.grants.signed_at_s[state.of.grants == state.index.find_one(subject)]
        if len(times_s):
            suspended += len(times_s)
            body = subject + int(times_s.max()).to_bytes(_WORD, "big")
            stops.append(Change(Op.STOPPED, body, b"", 0))
    return suspended, stops


def _lead(tip: Tip, marked: MarkedState, evidence: Iterable[Mapping[str, Any]]) -> list[Change]:
    """Return the evidence's changes from this state to the mark, proved by the rolling head."""
    head, changes = tip.head, list[Change]()
    try:
        for line in evidence:
            position = tip.count + len(changes)
            if line.get("kind") != "operation" or line["position"] <= position:
                continue
            if position == marked.count:
                break
            words = [bytes.fromhex(word.removeprefix("0x")) for word in line["words"]]
            op = Op[line["op"].upper()]
            head = next_head(head, op, words)
            changes.append(Change(op, b"".join(words), b"", 0))
    except (KeyError, TypeError, ValueError, AttributeError) as exc:
        raise ConsentInvalid("the evidence cannot be read") from exc
    if head != marked.head or tip.count + len(changes) != marked.count:
        raise ConsentInvalid(
            f"the evidence does not lead from change {tip.count} to the marked change "
            f"{marked.count}; use a newer bundle, or confirm without one"
        )
    return changes
